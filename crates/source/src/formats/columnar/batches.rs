//! A table that is in memory, or comes in batches from another program.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchReader};
use arrow_schema::{ArrowError, SchemaRef};
use contactmill_core::columns::is_bookkeeping_header;
use contactmill_core::records::{Block, Integrity, Position, Record, Source, SourceId};

use super::cells::{Columns, Leaf, Sample};
use crate::input::error::{SourceError, SourceProblem};
use crate::records::contained::contained;
use crate::records::own_file;
use crate::records::table::SkippedColumn;

/// What errors call it.
const TABLE: &str = "table";

/// Number of rows in a block.
const BLOCK_ROWS: usize = 4_096;

/// Maximum size of a row, in bytes of text. What is made of it must fit into an Arrow array.
const MAX_ROW_BYTES: usize = 64 << 20;

/// The rows of an Arrow table as records, read as those of a Parquet file are. Rows come as the blocks
/// are taken, and how they are cut into batches makes no difference.
///
/// ```
/// use std::sync::Arc;
///
/// use arrow_array::{RecordBatch, RecordBatchIterator, StringArray};
/// use contactmill_core::records::{Block, Source};
/// use contactmill_source::BatchSource;
///
/// let phones = Arc::new(StringArray::from(vec![Some("+919876543210"), None]));
/// let batch = RecordBatch::try_from_iter([("phone", phones as _)])?;
/// let schema = batch.schema();
/// let mut source = BatchSource::new("leads", RecordBatchIterator::new([Ok(batch)], schema))?;
/// assert_eq!(source.header(), ["phone"]);
///
/// let block = source.next_block()?.unwrap();
/// let mut cells = Vec::new();
/// block.visit(&mut |record| cells.push(record.get(0).unwrap_or("-").to_owned()))?;
/// assert_eq!(cells, ["+919876543210", ""]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct BatchSource {
    name: Arc<str>,
    header: Vec<String>,
    skipped: Vec<SkippedColumn>,
    columns: Arc<Columns>,
    schema: SchemaRef,
    batches: Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>> + Send>,
    /// What was taken from the batches and is not handed over yet.
    ahead: VecDeque<RecordBatch>,
    /// Number of rows that were handed over.
    rows: u64,
    own_file: bool,
}

impl BatchSource {
    /// A source of the rows of these batches, under a name for messages.
    ///
    /// # Errors
    ///
    /// When the first batches cannot be read, or no column can.
    pub fn new(
        name: &str,
        batches: impl RecordBatchReader + Send + 'static,
    ) -> Result<Self, SourceError> {
        let schema = batches.schema();
        let mut source = BatchSource {
            name: name.into(),
            header: Vec::new(),
            skipped: Vec::new(),
            columns: Arc::default(),
            schema: Arc::clone(&schema),
            batches: Box::new(batches),
            ahead: VecDeque::new(),
            rows: 0,
            own_file: false,
        };
        let mut columns = Columns::of(&schema);
        if columns.have_bytes() {
            let sample = source.sample()?;
            columns.leave_out_binary(&sample);
        }
        let named = columns.named();
        (source.header, source.skipped) = named.map_err(|problem| source.error(problem))?;
        source.own_file = is_bookkeeping_header(&source.header);
        if source.own_file {
            source.header = own_file::unescaped_header(&source.header);
        }
        source.columns = Arc::new(columns);
        Ok(source)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The names of the columns.
    #[must_use]
    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// The further columns, which are not read.
    #[must_use]
    pub fn skipped_columns(&self) -> &[SkippedColumn] {
        &self.skipped
    }

    /// The error that one of these columns is needed and cannot be read.
    #[must_use]
    pub fn cannot_read(&self, skipped: &SkippedColumn) -> SourceError {
        self.error(skipped.problem())
    }

    fn error(&self, problem: SourceProblem) -> SourceError {
        SourceError { source: Arc::clone(&self.name), line: None, problem }
    }

    /// The first batches, which are handed over all the same.
    fn sample(&mut self) -> Result<Vec<RecordBatch>, SourceError> {
        let mut sample = Sample::default();
        while let Some(batch) = self.take()? {
            self.ahead.push_back(batch.clone());
            if !sample.takes(batch) {
                break;
            }
        }
        Ok(sample.batches)
    }

    /// The next batch of the table.
    fn take(&mut self) -> Result<Option<RecordBatch>, SourceError> {
        let next = contained(TABLE, || Ok::<_, SourceProblem>(self.batches.next()));
        let batch = match next.map_err(|problem| self.error(problem))? {
            None => return Ok(None),
            Some(Ok(batch)) => batch,
            Some(Err(error)) => {
                let problem = SourceProblem::Io(std::io::Error::other(error));
                return Err(self.error(problem));
            }
        };
        match batch.schema_ref().fields() == self.schema.fields() {
            true => Ok(Some(batch)),
            false => Err(self.error(SourceProblem::damaged(TABLE, "its columns change"))),
        }
    }
}

impl Source for BatchSource {
    type Block = BatchBlock;
    type Error = SourceError;

    fn next_block(&mut self) -> Result<Option<BatchBlock>, SourceError> {
        let mut batches = Vec::new();
        let mut left = BLOCK_ROWS;
        while left > 0 {
            let next = match self.ahead.pop_front() {
                Some(batch) => Some(batch),
                None => self.take()?,
            };
            let Some(batch) = next else { break };
            let rows = batch.num_rows().min(left);
            if rows < batch.num_rows() {
                self.ahead.push_front(batch.slice(rows, batch.num_rows() - rows));
            }
            if rows > 0 {
                batches.push(batch.slice(0, rows));
            }
            left -= rows;
        }
        let (columns, before, own_file) = (Arc::clone(&self.columns), self.rows, self.own_file);
        self.rows += (BLOCK_ROWS - left) as u64;
        Ok((!batches.is_empty()).then_some(BatchBlock { batches, columns, before, own_file }))
    }
}

impl fmt::Debug for BatchSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchSource").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A run of rows of a [`BatchSource`].
#[derive(Debug)]
pub struct BatchBlock {
    batches: Vec<RecordBatch>,
    columns: Arc<Columns>,
    /// Number of rows before.
    before: u64,
    own_file: bool,
}

impl Block for BatchBlock {
    type Error = SourceError;

    /// Rows: what a table in memory takes has little to do with its text.
    fn len_bytes(&self) -> u64 {
        self.batches.iter().map(|batch| batch.num_rows() as u64).sum()
    }

    fn visit(&self, visitor: &mut dyn FnMut(Record<'_>)) -> Result<(), SourceError> {
        let mut fields = Fields::default();
        let mut record = 0;
        for batch in &self.batches {
            let leaves = self.columns.leaves(batch);
            for row in 0..batch.num_rows() {
                record += 1;
                let line = self.before + record;
                let position = Position { source: SourceId::default(), record, line, byte: 0 };
                let integrity = fields.fill(&leaves, row);
                let Fields { text, ends } = &mut fields;
                if self.own_file {
                    let plain = own_file::unescaped_fields(text, ends);
                    visitor(Record::new(&plain, ends, position, integrity));
                } else {
                    visitor(Record::new(text, ends, position, integrity));
                }
            }
        }
        Ok(())
    }
}

/// The fields of a row.
#[derive(Default)]
struct Fields {
    text: String,
    ends: Vec<usize>,
}

impl Fields {
    /// Takes the fields of another row, and returns how it arrived.
    fn fill(&mut self, leaves: &[Leaf<'_>], row: usize) -> Integrity {
        let Fields { text, ends } = self;
        text.clear();
        ends.clear();
        let (mut has_unreadable, mut is_too_large) = (false, false);
        for leaf in leaves {
            let start = text.len();
            if !leaf.is_null(row) && !leaf.push(text, row) {
                text.insert(start, char::REPLACEMENT_CHARACTER);
                has_unreadable = true;
            }
            if text.len() > MAX_ROW_BYTES {
                text.truncate(start);
                is_too_large = true;
            }
            ends.push(text.len());
        }
        match (is_too_large, has_unreadable) {
            (true, _) => Integrity::TooLarge,
            (false, true) => Integrity::UnreadableValue,
            (false, false) => Integrity::Whole,
        }
    }
}
