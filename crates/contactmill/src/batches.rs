//! Tables in memory: Arrow batches in, Arrow batches out, and no files.
//!
//! * [`NormalizeTable`] gives a row for each row, while they are read.
//! * [`ConvertTable`] is [`Convert`](crate::Convert) for a table: duplicates are merged, and what came of
//!   all rows are tables again.
//! * [`NormalizePhones`] reads a column of phone numbers.
//!
//! Rows are read as those of a Parquet file are.

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::AtomicBool;

use arrow_array::{RecordBatch, RecordBatchReader};
use arrow_schema::{ArrowError, DataType, SchemaRef};
use contactmill_core::cells::{PhoneReading, read_phone};
use contactmill_core::columns::{ColumnMap, FieldMapping, Resumed, Sampled};
use contactmill_core::dedup::DedupPolicy;
use contactmill_core::pipeline::{
    Pipeline, PipelineOptions, RecordReader, Stopped, scratch_in_memory,
};
use contactmill_core::records::{Block, Source, SourceId};
use contactmill_core::{Normalizer, Options};
pub use contactmill_emit::TableBatches;
use contactmill_emit::{OutcomeRows, PhoneRows, ResultBatches, manifest_counts};
use contactmill_source::BatchSource;
pub use contactmill_source::SkippedColumn;

pub use crate::decided::DecidedColumns;
use crate::error::{Error, Problem};
use crate::manifest::Counts;
use crate::opening::Described;

/// Reads a table row by row: each gives one row, with its contact or the reason why there is none.
///
/// ```
/// use std::sync::Arc;
///
/// use arrow_array::cast::AsArray;
/// use arrow_array::{RecordBatch, RecordBatchIterator, StringArray};
/// use contactmill::batches::NormalizeTable;
///
/// let phones = StringArray::from(vec!["+91 98765 43210", "9.19877E+11", ""]);
/// let batch = RecordBatch::try_from_iter([("phone", Arc::new(phones) as _)])?;
/// let schema = batch.schema();
/// let rows = NormalizeTable::new("leads", RecordBatchIterator::new([Ok(batch)], schema)).run()?;
/// let rows: Vec<RecordBatch> = rows.collect::<Result<_, _>>()?;
/// let status = rows[0]["status"].as_string::<i32>();
/// assert_eq!(status.iter().flatten().collect::<Vec<_>>(), ["contact", "rejected", "blank"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "nothing happens before `run`"]
pub struct NormalizeTable {
    table: Table,
}

/// A table that is to be read, and how.
struct Table {
    name: String,
    batches: Box<dyn RecordBatchReader + Send>,
    options: Options,
    mapping: FieldMapping,
    decided: Option<DecidedColumns>,
}

impl NormalizeTable {
    /// The rows of these batches, under a name for messages.
    pub fn new(name: &str, batches: impl RecordBatchReader + Send + 'static) -> Self {
        NormalizeTable { table: Table::new(name, batches) }
    }

    /// How contacts are read.
    pub fn options(mut self, options: Options) -> Self {
        self.table.options = options;
        self
    }

    /// What columns hold. What is not said, the header says, or the cells.
    pub fn mapping(mut self, mapping: FieldMapping) -> Self {
        self.table.mapping = mapping;
        self
    }

    /// What columns hold, decided on other rows of the same table: [`NormalizedRows::decided`] says it.
    pub fn decided(mut self, columns: DecidedColumns) -> Self {
        self.table.decided = Some(columns);
        self
    }

    /// Decides on the columns, by the header and the first thousand rows. The others are read as the
    /// result is.
    ///
    /// # Errors
    ///
    /// When the table cannot be read, or its columns are not known.
    pub fn run(self) -> Result<NormalizedRows, Error> {
        let normalizer = Normalizer::new(self.table.options.clone());
        let (source, map) = self.table.open()?;
        let rows = OutcomeRows::default();
        Ok(NormalizedRows { source, map, normalizer, rows, ready: VecDeque::new() })
    }
}

/// The rows of a [`NormalizeTable`], read as they are asked for: a few thousand are held at a time.
pub struct NormalizedRows {
    source: Resumed<BatchSource>,
    map: ColumnMap,
    normalizer: Normalizer,
    rows: OutcomeRows,
    ready: VecDeque<RecordBatch>,
}

impl NormalizedRows {
    /// What each column of the table was taken for.
    #[must_use]
    pub const fn column_map(&self) -> &ColumnMap {
        &self.map
    }

    /// The columns of the table that are not read, as their values have no plain form as text.
    #[must_use]
    pub fn skipped_columns(&self) -> &[SkippedColumn] {
        self.source.source().skipped_columns()
    }

    /// What was decided on the columns, for whoever reads other rows of the same table.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use arrow_array::{RecordBatch, RecordBatchIterator, StringArray};
    /// use contactmill::batches::NormalizeTable;
    ///
    /// let cell = StringArray::from(vec!["+91 98765 43210"]);
    /// let batch = RecordBatch::try_from_iter([("mobile", Arc::new(cell) as _)])?;
    /// let rows = || RecordBatchIterator::new([Ok(batch.clone())], batch.schema());
    /// let decided = NormalizeTable::new("leads", rows()).run()?.decided();
    /// let rows = NormalizeTable::new("leads", rows()).decided(decided.clone()).run()?;
    /// assert_eq!(rows.decided(), decided);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn decided(&self) -> DecidedColumns {
        DecidedColumns::of(self.source.source().header(), Some(&self.map))
    }

    fn read(&mut self) -> Result<Option<RecordBatch>, ArrowError> {
        while self.ready.is_empty() {
            let Some(block) = self.source.next_block().map_err(foreign)? else { return Ok(None) };
            let NormalizedRows { map, normalizer, rows, ready, .. } = self;
            let mut reader = RecordReader::new(map, normalizer);
            let mut failed = None;
            let mut finish = |rows: &mut OutcomeRows| match rows.finish() {
                Ok(batch) => ready.push_back(batch),
                Err(error) => failed = Some(error),
            };
            let visited = block.visit(&mut |record| {
                reader.read(record, |read| rows.push(read));
                if rows.are_enough() {
                    finish(rows);
                }
            });
            finish(rows);
            visited.map_err(foreign)?;
            failed.map_or(Ok(()), Err)?;
        }
        Ok(self.ready.pop_front())
    }
}

fn foreign(error: impl Into<Error>) -> ArrowError {
    ArrowError::ExternalError(Box::new(error.into()))
}

impl Iterator for NormalizedRows {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

impl RecordBatchReader for NormalizedRows {
    fn schema(&self) -> SchemaRef {
        OutcomeRows::schema()
    }
}

impl fmt::Debug for NormalizedRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NormalizedRows").finish_non_exhaustive()
    }
}

/// Reads a table, merges duplicates, and gives the tables of a result.
///
/// ```
/// use std::sync::Arc;
///
/// use arrow_array::{RecordBatch, RecordBatchIterator, StringArray};
/// use contactmill::batches::ConvertTable;
///
/// let phones = StringArray::from(vec!["+91 98765 43210", "0091-98765-43210", "9.19877E+11"]);
/// let batch = RecordBatch::try_from_iter([("phone", Arc::new(phones) as _)])?;
/// let schema = batch.schema();
/// let result = ConvertTable::new("leads", RecordBatchIterator::new([Ok(batch)], schema)).run()?;
/// let counts = result.counts;
/// assert_eq!((counts.contacts, counts.duplicates, counts.rejected), (1, 1, 1));
/// assert_eq!(result.contacts.batches[0].num_rows(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "nothing happens before `run`"]
pub struct ConvertTable<'c> {
    table: Table,
    dedup: DedupPolicy,
    threads: usize,
    stop: Option<&'c AtomicBool>,
}

/// What a [`ConvertTable`] gives. The tables have the columns of the files of a result.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TableResult {
    /// Where the rows ended.
    pub counts: Counts,
    /// What each column was taken for.
    pub map: ColumnMap,
    /// The columns that were not read, as their values have no plain form as text.
    pub skipped_columns: Vec<SkippedColumn>,
    /// The columns of consents, and the number of contacts that each says must not be written to. They
    /// are among the contacts all the same.
    pub opt_outs: Vec<(String, u64)>,
    /// The contacts.
    pub contacts: TableBatches,
    /// The rows that were rejected, and why.
    pub rejects: TableBatches,
    /// The rows that were merged into others or skipped in favour of others.
    pub duplicates: TableBatches,
    /// Every value that was changed or is suspect.
    pub warnings: TableBatches,
}

impl<'c> ConvertTable<'c> {
    /// A conversion of the rows of these batches, under a name for messages.
    pub fn new(name: &str, batches: impl RecordBatchReader + Send + 'static) -> Self {
        let (dedup, table) = (DedupPolicy::default(), Table::new(name, batches));
        ConvertTable { table, dedup, threads: 0, stop: None }
    }

    /// How contacts are read.
    pub fn options(mut self, options: Options) -> Self {
        self.table.options = options;
        self
    }

    /// What columns hold. What is not said, the header says, or the cells.
    pub fn mapping(mut self, mapping: FieldMapping) -> Self {
        self.table.mapping = mapping;
        self
    }

    /// Which of several contacts with the same number is kept.
    pub const fn dedup(mut self, dedup: DedupPolicy) -> Self {
        self.dedup = dedup;
        self
    }

    /// Number of worker threads; 0, the default, is one per core. The results are the same.
    pub const fn threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }

    /// Stops the run at the next block once any thread sets this.
    pub const fn stop(mut self, stop: &'c AtomicBool) -> Self {
        self.stop = Some(stop);
        self
    }

    /// Reads all rows.
    ///
    /// # Errors
    ///
    /// When the table cannot be read, or its columns are not known.
    pub fn run(self) -> Result<TableResult, Error> {
        let ConvertTable { table, dedup, threads, stop } = self;
        let (name, normalizer) = (table.name.clone(), Normalizer::new(table.options.clone()));
        let (mut source, map) = table.open()?;
        let skipped_columns = source.source().skipped_columns().to_vec();
        let mut results = ResultBatches::new(&name, source.source().header());
        let options = PipelineOptions {
            threads,
            dedup,
            encoder: Some(ResultBatches::encoder()),
            scratch: &scratch_in_memory,
            stop,
            ..PipelineOptions::default()
        };
        let mut pipeline = Pipeline::new(&normalizer, options)?;
        pipeline.feed(SourceId(0), &mut source, &map, &mut results).map_err(stopped)?;
        let counts = manifest_counts(pipeline.finish(&mut results).map_err(stopped)?, None);
        let opt_outs = results.opt_outs().to_vec();
        let finished = results.finish().map_err(|error| Problem::Batches(error.into()))?;
        let [contacts, rejects, duplicates, warnings] = finished;
        Ok(TableResult {
            counts,
            map,
            skipped_columns,
            opt_outs,
            contacts,
            rejects,
            duplicates,
            warnings,
        })
    }
}

impl fmt::Debug for ConvertTable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConvertTable").field("name", &self.table.name).finish_non_exhaustive()
    }
}

impl fmt::Debug for NormalizeTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NormalizeTable").field("name", &self.table.name).finish_non_exhaustive()
    }
}

fn stopped<S: Into<Error>>(stopped: Stopped<S, ArrowError>) -> Error {
    match stopped {
        Stopped::Source(error) => error.into(),
        Stopped::Sink(error) => Problem::Batches(error.into()).into(),
        Stopped::Scratch(error) => Problem::Batches(error.into()).into(),
        Stopped::TooManyRecords => Problem::TooManyRecords.into(),
        Stopped::Asked => Problem::Stopped.into(),
    }
}

impl Table {
    fn new(name: &str, batches: impl RecordBatchReader + Send + 'static) -> Self {
        Table {
            name: name.to_owned(),
            batches: Box::new(batches),
            options: Options::default(),
            mapping: FieldMapping::default(),
            decided: None,
        }
    }

    /// The rows from the first, and what the columns hold.
    fn open(self) -> Result<(Resumed<BatchSource>, ColumnMap), Error> {
        let source = BatchSource::new(&self.name, self.batches)?;
        if let Some(decided) = self.decided {
            let map = decided.map()?.filter(|_| decided.header == source.header());
            let changed = || Problem::Changed { input: self.name }.into();
            return map.map(|map| (source.into(), map)).ok_or_else(changed);
        }
        let sampled = Sampled::of(source, self.options)?;
        let source = sampled.source();
        let described = Described {
            name: source.name(),
            header: source.header(),
            skipped: source.skipped_columns(),
            can_omit_header: false,
        };
        let cannot_read = |skipped: &SkippedColumn| source.cannot_read(skipped);
        let map = described.columns(&self.mapping, sampled.sample(), cannot_read)?;
        if let Some(error) = self.mapping.unknown_exception(&[source.header()]) {
            let input = self.name;
            return Err(Problem::Mapping { input, error, can_omit_header: false }.into());
        }
        // A sample fits into the first block.
        let resumed = sampled.resume().ok_or(Problem::Changed { input: self.name })?;
        Ok((resumed, map))
    }
}

/// Reads the phone numbers in the first column of a table, which is no struct: a row with the number, or the
/// reason why there is none, for each.
///
/// ```
/// use std::sync::Arc;
///
/// use arrow_array::cast::AsArray;
/// use arrow_array::{RecordBatch, RecordBatchIterator, StringArray};
/// use contactmill::batches::NormalizePhones;
/// use contactmill::{Options, Region};
///
/// let phones = StringArray::from(vec!["098765 43210", "9.19877E+11"]);
/// let batch = RecordBatch::try_from_iter([("phone", Arc::new(phones) as _)])?;
/// let schema = batch.schema();
/// let batches = RecordBatchIterator::new([Ok(batch)], schema);
/// let options = Options { region: Some(Region::IN), ..Options::default() };
/// let read = NormalizePhones::new("leads", batches, options)?.next().unwrap()?;
/// assert_eq!(read["e164"].as_string::<i32>().value(0), "+919876543210");
/// assert_eq!(read["reason"].as_string::<i32>().value(1), "phone_excel_rounded");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct NormalizePhones {
    source: BatchSource,
    options: Options,
}

impl NormalizePhones {
    /// The cells of these batches, under a name for messages. Of the options, how phone cells are read
    /// counts.
    ///
    /// # Errors
    ///
    /// When the column cannot be read, or is a struct.
    pub fn new(
        name: &str,
        batches: impl RecordBatchReader + Send + 'static,
        options: Options,
    ) -> Result<Self, Error> {
        let schema = batches.schema();
        let source = BatchSource::new(name, batches)?;
        // In place of a column that is not one of cells, another one would be the first.
        let column =
            schema.fields().first().filter(|first| source.header().first() != Some(first.name()));
        let not_cells = column.and_then(|column| {
            let skipped =
                source.skipped_columns().iter().find(|skipped| skipped.name == *column.name());
            let is_struct = matches!(column.data_type(), DataType::Struct(_));
            let structs = || SkippedColumn { name: column.name().clone(), holds: "structs" };
            skipped.cloned().or_else(|| is_struct.then(structs))
        });
        match not_cells {
            Some(column) => Err(source.cannot_read(&column).into()),
            None => Ok(NormalizePhones { source, options }),
        }
    }

    fn read(&mut self) -> Result<Option<RecordBatch>, ArrowError> {
        let Some(block) = self.source.next_block().map_err(foreign)? else { return Ok(None) };
        let mut rows = PhoneRows::default();
        let visited = block.visit(&mut |record| {
            let reading = read_phone(record.get(0).unwrap_or_default(), &self.options);
            rows.push(reading.as_ref().map(PhoneReading::number).map_err(|reason| *reason));
        });
        visited.map_err(foreign)?;
        rows.finish().map(Some)
    }
}

impl Iterator for NormalizePhones {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

impl RecordBatchReader for NormalizePhones {
    fn schema(&self) -> SchemaRef {
        PhoneRows::schema()
    }
}
