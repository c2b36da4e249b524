//! What a run hands over, as the tables of a result.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::builder::{Int32Builder, Int64Builder, StringBuilder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use contactmill_core::columns::CONTACT_COLUMNS;
use contactmill_core::dedup::Conflict;
use contactmill_core::exclusion::Exclusion;
use contactmill_core::pipeline::{Emitted, Sink};
use contactmill_core::records::{Position, Record, RecordId, SourceId};
use contactmill_core::{ContactEncoder, Reason, Rejection, Warning};

use super::columns::{TextLists, TextMaps, push_displayed, text};
use super::{BATCH_BYTES, BATCH_ROWS};
use crate::contact_table::compact::{CompactRows, RowReader};
use crate::tables::{OriginalColumns, conflicts_cell};

/// A table in memory.
#[derive(Clone, Debug)]
pub struct TableBatches {
    /// Its columns.
    pub schema: SchemaRef,
    /// Its rows.
    pub batches: Vec<RecordBatch>,
}

/// Takes what a run over one table hands over: contacts, and the tables beside them, with the columns
/// that they have as files. The encoder of the run is [`ResultBatches::encoder`].
///
/// ```
/// use contactmill_core::columns::FieldMapping;
/// use contactmill_core::pipeline::{Pipeline, PipelineOptions};
/// use contactmill_core::records::{Rows, SourceId};
/// use contactmill_core::{Normalizer, Options};
/// use contactmill_emit::ResultBatches;
///
/// let header = ["Name", "Phone"].map(String::from);
/// let map = FieldMapping::default().resolve(&header)?;
/// let normalizer = Normalizer::new(Options::default());
/// let mut results = ResultBatches::new("leads", &header);
/// let encoder = Some(ResultBatches::encoder());
/// let mut pipeline = Pipeline::new(&normalizer, PipelineOptions { encoder, ..PipelineOptions::default() })?;
/// let mut rows = Rows::new([["Asha", "+91 98765 43210"], ["Ravi", ""]].into_iter());
/// pipeline.feed(SourceId(0), &mut rows, &map, &mut results)?;
/// pipeline.finish(&mut results)?;
/// let [contacts, rejects, ..] = results.finish()?;
/// assert_eq!((contacts.batches[0].num_rows(), rejects.batches[0].num_rows()), (1, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ResultBatches {
    source: String,
    contacts: Contacts,
    rejects: RecordRows<3>,
    duplicates: RecordRows<3>,
    warnings: Warnings,
    /// The text of `_hint` for each reason that occurred.
    hints: BTreeMap<Reason, String>,
    opt_outs: Vec<(String, u64)>,
}

impl ResultBatches {
    /// Takes the outcomes of a run over the table of this name.
    #[must_use]
    pub fn new(name: &str, header: &[String]) -> Self {
        let originals = || OriginalColumns::of(&[header]);
        ResultBatches {
            source: name.to_owned(),
            contacts: Contacts::default(),
            rejects: RecordRows::new(originals(), ["_field", "_reason", "_hint"]),
            duplicates: RecordRows::new(
                originals(),
                ["_kept_source", "_kept_record", "_conflicts"],
            ),
            warnings: Warnings::default(),
            hints: BTreeMap::new(),
            opt_outs: Vec::new(),
        }
    }

    /// The columns of consents, and the number of contacts that each says must not be written to.
    #[must_use]
    pub fn opt_outs(&self) -> &[(String, u64)] {
        &self.opt_outs
    }

    /// The encoder of the run.
    #[must_use]
    pub fn encoder() -> &'static dyn ContactEncoder {
        &CompactRows
    }

    /// The tables of contacts, rejects, duplicates and warnings.
    ///
    /// # Errors
    ///
    /// When columns do not fit their schema.
    pub fn finish(mut self) -> Result<[TableBatches; 4], ArrowError> {
        Ok([
            self.contacts.finish()?,
            self.rejects.finish()?,
            self.duplicates.finish()?,
            self.warnings.finish()?,
        ])
    }
}

impl Sink for ResultBatches {
    type Error = ArrowError;

    fn contact(&mut self, position: Position, contact: Emitted<'_>) -> Result<(), ArrowError> {
        self.contacts.push(&contact.encoded(&CompactRows), &self.source, position)
    }

    fn rejected(&mut self, record: Record<'_>, rejection: &Rejection) -> Result<(), ArrowError> {
        let reason = rejection.reason;
        let hint = self.hints.entry(reason);
        let hint = hint.or_insert_with(|| format!("{}; {}", reason.meaning(), reason.advice()));
        let field = rejection.field.to_string();
        self.rejects.push(record, &self.source, [&field, reason.code(), hint])
    }

    /// Nobody is excluded where there are no lists.
    fn excluded(&mut self, _: Record<'_>, _: Exclusion<'_>) -> Result<(), ArrowError> {
        Ok(())
    }

    fn duplicate(
        &mut self,
        record: Record<'_>,
        kept: RecordId,
        conflicts: &[Conflict],
    ) -> Result<(), ArrowError> {
        let (number, conflicts) = (kept.record.to_string(), conflicts_cell(conflicts));
        self.duplicates.push(record, &self.source, [&self.source, &number, &conflicts])
    }

    fn warning(&mut self, position: Position, warning: &Warning) -> Result<(), ArrowError> {
        self.warnings.push(position, &self.source, warning)
    }

    fn opt_outs(&mut self, _: SourceId, column: &str, contacts: u64) {
        self.opt_outs.push((column.to_owned(), contacts));
    }

    fn source_name(&self, _: SourceId) -> String {
        self.source.clone()
    }
}

/// Batches that are finished, and how much there is of the next one.
#[derive(Default)]
struct Filled {
    batches: Vec<RecordBatch>,
    rows: usize,
    bytes: usize,
}

impl Filled {
    /// Counts a row, and says whether the rows are enough for a batch.
    fn row(&mut self, bytes: usize) -> bool {
        self.rows += 1;
        self.bytes += bytes;
        self.rows >= BATCH_ROWS || self.bytes >= BATCH_BYTES
    }

    fn end_batch(&mut self, batch: RecordBatch) {
        self.batches.push(batch);
        (self.rows, self.bytes) = (0, 0);
    }

    fn table(&mut self, schema: SchemaRef) -> TableBatches {
        TableBatches { schema, batches: std::mem::take(&mut self.batches) }
    }
}

fn number(name: &str) -> Field {
    Field::new(name, DataType::Int64, false)
}

fn push_number(column: &mut Int64Builder, number: u64) {
    column.append_value(number.cast_signed());
}

/// Appends a text; an empty one is null.
fn push_optional(column: &mut StringBuilder, text: &str) {
    column.append_option((!text.is_empty()).then_some(text));
}

/// The contacts, with the columns [`CONTACT_COLUMNS`].
#[derive(Default)]
struct Contacts {
    name: StringBuilder,
    phone: StringBuilder,
    calling_code: Int32Builder,
    national_number: StringBuilder,
    region: StringBuilder,
    line_type: StringBuilder,
    email: StringBuilder,
    tags: TextLists,
    attributes: TextMaps,
    source: StringBuilder,
    record: Int64Builder,
    line: Int64Builder,
    filled: Filled,
}

impl Contacts {
    fn schema() -> SchemaRef {
        let field = |name| match name {
            "calling_code" => Field::new(name, DataType::Int32, false),
            "record" | "line" => number(name),
            "tags" => TextLists::field(name),
            "attributes" => TextMaps::field(name),
            _ => text(name, matches!(name, "region" | "email")),
        };
        Arc::new(Schema::new(CONTACT_COLUMNS.map(field).to_vec()))
    }

    fn push(&mut self, row: &[u8], source: &str, position: Position) -> Result<(), ArrowError> {
        let mut cells = RowReader(row);
        self.name.append_value(cells.str());
        self.phone.append_value(cells.str());
        self.calling_code.append_value(i32::try_from(cells.number()).unwrap_or_default());
        self.national_number.append_value(cells.str());
        push_optional(&mut self.region, cells.str());
        self.line_type.append_value(cells.str());
        push_optional(&mut self.email, cells.str());
        let tags = cells.number();
        self.tags.push((0..tags).map(|_| cells.str()));
        let attributes = cells.number();
        self.attributes.push((0..attributes).map(|_| (cells.str(), cells.str())));
        self.source.append_value(source);
        push_number(&mut self.record, position.record);
        push_number(&mut self.line, position.line);
        if self.filled.row(row.len()) {
            self.end_batch()?;
        }
        Ok(())
    }

    fn end_batch(&mut self) -> Result<(), ArrowError> {
        let columns: Vec<ArrayRef> = vec![
            Arc::new(self.name.finish()),
            Arc::new(self.phone.finish()),
            Arc::new(self.calling_code.finish()),
            Arc::new(self.national_number.finish()),
            Arc::new(self.region.finish()),
            Arc::new(self.line_type.finish()),
            Arc::new(self.email.finish()),
            self.tags.finish()?,
            self.attributes.finish()?,
            Arc::new(self.source.finish()),
            Arc::new(self.record.finish()),
            Arc::new(self.line.finish()),
        ];
        self.filled.end_batch(RecordBatch::try_new(Self::schema(), columns)?);
        Ok(())
    }

    fn finish(&mut self) -> Result<TableBatches, ArrowError> {
        if self.filled.rows > 0 {
            self.end_batch()?;
        }
        Ok(self.filled.table(Self::schema()))
    }
}

/// Records with their original columns, `_source`, `_record`, `_line`, and what else is said of them.
/// An empty cell is null.
struct RecordRows<const ADDED: usize> {
    originals: OriginalColumns,
    added: [&'static str; ADDED],
    cells: Vec<StringBuilder>,
    source: StringBuilder,
    record: Int64Builder,
    line: Int64Builder,
    said: [StringBuilder; ADDED],
    filled: Filled,
}

impl<const ADDED: usize> RecordRows<ADDED> {
    fn new(originals: OriginalColumns, added: [&'static str; ADDED]) -> Self {
        let cells = originals.names.iter().map(|_| StringBuilder::new()).collect();
        RecordRows {
            originals,
            added,
            cells,
            source: StringBuilder::new(),
            record: Int64Builder::new(),
            line: Int64Builder::new(),
            said: std::array::from_fn(|_| StringBuilder::new()),
            filled: Filled::default(),
        }
    }

    fn schema(&self) -> SchemaRef {
        let originals = self.originals.names.iter().map(|name| text(name, true));
        let position = [text("_source", false), number("_record"), number("_line")];
        let added = self.added.map(|name| text(name, true));
        Arc::new(Schema::new(originals.chain(position).chain(added).collect::<Vec<_>>()))
    }

    fn push(
        &mut self,
        record: Record<'_>,
        source: &str,
        said: [&str; ADDED],
    ) -> Result<(), ArrowError> {
        let mut bytes = 0;
        let columns = self.cells.iter_mut().chain(&mut self.said);
        for (cell, column) in self.originals.row(record, said).zip(columns) {
            push_optional(column, cell);
            bytes += cell.len();
        }
        let position = record.position();
        self.source.append_value(source);
        push_number(&mut self.record, position.record);
        push_number(&mut self.line, position.line);
        if self.filled.row(bytes) {
            self.end_batch()?;
        }
        Ok(())
    }

    fn end_batch(&mut self) -> Result<(), ArrowError> {
        let schema = self.schema();
        let texts = |column: &mut StringBuilder| Arc::new(column.finish()) as ArrayRef;
        let mut columns: Vec<ArrayRef> = self.cells.iter_mut().map(texts).collect();
        columns.push(texts(&mut self.source));
        columns.push(Arc::new(self.record.finish()));
        columns.push(Arc::new(self.line.finish()));
        columns.extend(self.said.iter_mut().map(texts));
        self.filled.end_batch(RecordBatch::try_new(schema, columns)?);
        Ok(())
    }

    fn finish(&mut self) -> Result<TableBatches, ArrowError> {
        if self.filled.rows > 0 {
            self.end_batch()?;
        }
        Ok(self.filled.table(self.schema()))
    }
}

/// The warnings.
#[derive(Default)]
struct Warnings {
    source: StringBuilder,
    record: Int64Builder,
    line: Int64Builder,
    field: StringBuilder,
    code: StringBuilder,
    before: StringBuilder,
    after: StringBuilder,
    filled: Filled,
}

impl Warnings {
    fn schema() -> SchemaRef {
        let texts = ["field", "code", "before", "after"].map(|name| text(name, false));
        let position = [text("source", false), number("record"), number("line")];
        Arc::new(Schema::new(position.into_iter().chain(texts).collect::<Vec<_>>()))
    }

    fn push(
        &mut self,
        position: Position,
        source: &str,
        warning: &Warning,
    ) -> Result<(), ArrowError> {
        self.source.append_value(source);
        push_number(&mut self.record, position.record);
        push_number(&mut self.line, position.line);
        push_displayed(&mut self.field, &warning.field);
        self.code.append_value(warning.code.code());
        self.before.append_value(&warning.before);
        self.after.append_value(&warning.after);
        if self.filled.row(warning.before.len() + warning.after.len()) {
            self.end_batch()?;
        }
        Ok(())
    }

    fn end_batch(&mut self) -> Result<(), ArrowError> {
        let columns: Vec<ArrayRef> = vec![
            Arc::new(self.source.finish()),
            Arc::new(self.record.finish()),
            Arc::new(self.line.finish()),
            Arc::new(self.field.finish()),
            Arc::new(self.code.finish()),
            Arc::new(self.before.finish()),
            Arc::new(self.after.finish()),
        ];
        self.filled.end_batch(RecordBatch::try_new(Self::schema(), columns)?);
        Ok(())
    }

    fn finish(&mut self) -> Result<TableBatches, ArrowError> {
        if self.filled.rows > 0 {
            self.end_batch()?;
        }
        Ok(self.filled.table(Self::schema()))
    }
}
