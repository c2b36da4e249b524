//! The tables beside the arrays: rejects, duplicates, warnings, and who was excluded.

use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use contactmill_core::columns::{BOOKKEEPING_COLUMNS, is_bookkeeping_header};
use contactmill_core::dedup::Conflict;
use contactmill_core::exclusion::Exclusion;
use contactmill_core::pipeline::DuplicateEncoder;
use contactmill_core::records::{Position, Record, RecordId, SourceId};
use contactmill_core::{Field, Reason, Rejection, Warning};
use contactmill_wire::csv_cell::{BYTE_ORDER_MARK, Cell, write_cell, write_row};
use contactmill_wire::files::{DUPLICATES, EXCLUDED, WARNINGS};
use contactmill_wire::manifest::OutputFile;

use crate::error::EmitError;
use crate::file::{ResultFile, ResultFiles};
use crate::rejects::{Rejects, RejectsFormat};

/// One CSV file of a result.
pub(crate) struct Table<W: Write = ResultFile> {
    path: PathBuf,
    file: W,
    /// The last row, kept for its memory.
    row: Vec<u8>,
}

impl Table {
    pub(crate) fn create(name: &str, files: &ResultFiles) -> Result<Self, EmitError> {
        Table::new(files.create(name)?, files.path_of(name))
    }
}

impl<W: Write> Table<W> {
    /// The table in a file that nothing was written to yet.
    pub(crate) fn new(mut file: W, path: PathBuf) -> Result<Self, EmitError> {
        let marked = file.write_all(BYTE_ORDER_MARK.as_bytes());
        marked.map_err(EmitError::io(&path, "cannot be written"))?;
        Ok(Table { path, file, row: Vec::new() })
    }

    /// Writes a row, each field escaped so that spreadsheets leave it alone. A record with surplus fields
    /// keeps them at the end of its row.
    pub(crate) fn write<'f>(
        &mut self,
        fields: impl IntoIterator<Item: Into<Cell<'f>>>,
    ) -> Result<(), EmitError> {
        self.row.clear();
        write_row(fields, &mut self.row);
        let written = self.file.write_all(&self.row);
        written.map_err(EmitError::io(&self.path, "cannot be written"))
    }

    /// Writes a row as [`write_row`] made it.
    fn write_encoded(&mut self, row: &[u8]) -> Result<(), EmitError> {
        let written = self.file.write_all(row);
        written.map_err(EmitError::io(&self.path, "cannot be written"))
    }

    /// The file, which is to be finished.
    pub(crate) fn into_file(self) -> W {
        self.file
    }
}

/// The columns of all inputs, in the order in which they first appear, and the index of each input's
/// own columns among them.
pub(crate) struct OriginalColumns {
    pub(crate) names: Vec<String>,
    /// By input: the index of each of its columns, `None` for bookkeeping columns.
    indexes: Vec<Vec<Option<usize>>>,
}

impl OriginalColumns {
    pub(crate) fn of(headers: &[&[String]]) -> Self {
        let mut names: Vec<String> = Vec::new();
        let mut by_name: HashMap<(&str, usize), usize> = HashMap::new();
        let mut indexes = Vec::with_capacity(headers.len());
        for header in headers {
            let is_own = is_bookkeeping_header(header);
            let mut seen: HashMap<&str, usize> = HashMap::new();
            let mut of_input = Vec::with_capacity(header.len());
            for name in *header {
                if is_own && BOOKKEEPING_COLUMNS.contains(&name.as_str()) {
                    of_input.push(None);
                    continue;
                }
                // The second column of a name is another column than the first.
                let count = seen.entry(name).or_default();
                let index = *by_name.entry((name, *count)).or_insert_with(|| {
                    names.push(name.clone());
                    names.len() - 1
                });
                *count += 1;
                of_input.push(Some(index));
            }
            indexes.push(of_input);
        }
        OriginalColumns { names, indexes }
    }

    /// The fields of a row: those of a record in their columns, those that are added, and surplus
    /// fields of the record.
    pub(crate) fn row<'f, C: From<&'f str>, const ADDED: usize>(
        &self,
        record: Record<'f>,
        added: [C; ADDED],
    ) -> impl Iterator<Item = C> + use<'f, C, ADDED> {
        let indexes = &self.indexes[record.position().source.0 as usize];
        let mut fields = vec![""; self.names.len()];
        for (text, index) in record.iter().zip(indexes) {
            if let Some(index) = index {
                fields[*index] = text;
            }
        }
        let surplus = record.iter().skip(indexes.len());
        fields.into_iter().map(C::from).chain(added).chain(surplus.map(C::from))
    }
}

/// An input as the user named it.
struct Input {
    name: String,
    /// The name as a cell, which comes again in every row.
    cell: Vec<u8>,
}

impl From<String> for Input {
    fn from(name: String) -> Self {
        let mut cell = Vec::new();
        write_cell(&name, &mut cell);
        Input { name, cell }
    }
}

/// What rows of records are made with.
struct RowMaker {
    columns: OriginalColumns,
    inputs: Vec<Input>,
}

impl RowMaker {
    fn input(&self, source: SourceId) -> &Input {
        &self.inputs[source.0 as usize]
    }

    fn input_cell(&self, source: SourceId) -> Cell<'_> {
        Cell::Written(&self.input(source).cell)
    }
}

impl DuplicateEncoder for RowMaker {
    fn encode(
        &self,
        record: Record<'_>,
        kept: RecordId,
        conflicts: &[Conflict],
        out: &mut Vec<u8>,
    ) {
        let position = record.position();
        let conflicts = conflicts_cell(conflicts);
        let added = [
            self.input_cell(position.source),
            position.record.into(),
            position.line.into(),
            self.input_cell(kept.source),
            kept.record.into(),
            conflicts.as_str().into(),
        ];
        write_row(self.columns.row(record, added), out);
    }
}

/// The tables of a result.
pub(crate) struct Tables {
    rows: Arc<RowMaker>,
    /// The last duplicate, kept for its memory.
    duplicate: Vec<u8>,
    rejects: Rejects,
    duplicates: Table,
    /// Only where somebody may be excluded.
    excluded: Option<Table>,
    warnings: Table,
    /// The text of `_hint` for each reason that occurred.
    hints: BTreeMap<Reason, String>,
}

impl Tables {
    pub(crate) fn create(
        columns: OriginalColumns,
        inputs: Vec<String>,
        rejects: RejectsFormat,
        files: &ResultFiles,
    ) -> Result<Self, EmitError> {
        let names = || columns.names.iter().map(String::as_str);
        let added = ["_source", "_record", "_line", "_field", "_reason", "_hint"];
        let header: Vec<&str> = names().chain(added).collect();
        let rejects = Rejects::create(rejects, &header, files)?;
        let mut duplicates = Table::create(DUPLICATES, files)?;
        let added = ["_source", "_record", "_line", "_kept_source", "_kept_record", "_conflicts"];
        duplicates.write(names().chain(added))?;
        let mut warnings = Table::create(WARNINGS, files)?;
        warnings.write(["source", "record", "line", "field", "code", "before", "after"])?;
        let (excluded, hints) = (None, BTreeMap::new());
        let inputs = inputs.into_iter().map(Input::from).collect();
        let (rows, duplicate) = (Arc::new(RowMaker { columns, inputs }), Vec::new());
        Ok(Tables { rows, duplicate, rejects, duplicates, excluded, warnings, hints })
    }

    /// Makes the table of who was excluded, which is a proof even where nobody was.
    pub(crate) fn create_excluded(&mut self, files: &ResultFiles) -> Result<(), EmitError> {
        let mut table = Table::create(EXCLUDED, files)?;
        let names = self.rows.columns.names.iter().map(String::as_str);
        table.write(names.chain(["_source", "_record", "_line", "_field", "_list"]))?;
        self.excluded = Some(table);
        Ok(())
    }

    pub(crate) fn excluded(
        &mut self,
        record: Record<'_>,
        exclusion: Exclusion<'_>,
    ) -> Result<(), EmitError> {
        let Some(table) = &mut self.excluded else {
            return Err(EmitError::Unfinished { path: EXCLUDED.into() });
        };
        let position = record.position();
        let (field, list) = match exclusion {
            Exclusion::Listed { field, list, line } => (field, format!("{list}:{line}")),
            Exclusion::OptedOut { column } => (&Field::Contact, column.to_owned()),
            // A new kind says at least what it is.
            other => (&Field::Contact, other.reason().to_string()),
        };
        let field = field.to_string();
        let added = [
            self.rows.input_cell(position.source),
            position.record.into(),
            position.line.into(),
            field.as_str().into(),
            list.as_str().into(),
        ];
        table.write(self.rows.columns.row(record, added))
    }

    pub(crate) fn rejected(
        &mut self,
        record: Record<'_>,
        rejection: &Rejection,
    ) -> Result<(), EmitError> {
        let position = record.position();
        let reason = rejection.reason;
        let hint = self.hints.entry(reason);
        let hint = hint.or_insert_with(|| format!("{}; {}", reason.meaning(), reason.advice()));
        let field = rejection.field.to_string();
        let [number, line] = &mut [itoa::Buffer::new(); 2];
        let added = [
            &self.rows.input(position.source).name,
            number.format(position.record),
            line.format(position.line),
            &field,
            reason.code(),
            hint,
        ];
        self.rejects.write(self.rows.columns.row(record, added))
    }

    pub(crate) fn duplicate(
        &mut self,
        record: Record<'_>,
        kept: RecordId,
        conflicts: &[Conflict],
    ) -> Result<(), EmitError> {
        self.duplicate.clear();
        self.rows.encode(record, kept, conflicts, &mut self.duplicate);
        self.duplicates.write_encoded(&self.duplicate)
    }

    /// What makes rows of duplicates.
    pub(crate) fn duplicate_encoder(&self) -> Arc<dyn DuplicateEncoder> {
        Arc::clone(&self.rows) as Arc<dyn DuplicateEncoder>
    }

    /// Writes a row that [`duplicate_encoder`](Tables::duplicate_encoder) made.
    pub(crate) fn encoded_duplicate(&mut self, row: &[u8]) -> Result<(), EmitError> {
        self.duplicates.write_encoded(row)
    }

    pub(crate) fn warning(
        &mut self,
        position: Position,
        warning: &Warning,
    ) -> Result<(), EmitError> {
        let field = warning.field.to_string();
        self.warnings.write([
            self.rows.input_cell(position.source),
            position.record.into(),
            position.line.into(),
            field.as_str().into(),
            warning.code.code().into(),
            (*warning.before).into(),
            (*warning.after).into(),
        ])
    }

    /// The input as the user named it.
    pub(crate) fn input(&self, source: SourceId) -> &str {
        &self.rows.input(source).name
    }

    /// Ends the tables. Returns those that the manifest lists.
    pub(crate) fn finish(self) -> Result<Vec<OutputFile>, EmitError> {
        let listed = self.rejects.finish()?;
        for table in [Some(self.duplicates), self.excluded, Some(self.warnings)] {
            table.map_or(Ok(()), |table| table.into_file().finish())?;
        }
        Ok(listed)
    }
}

/// `field=value; field=value`; a value with a semicolon, a quote or a line break is quoted.
pub(crate) fn conflicts_cell(conflicts: &[Conflict]) -> String {
    let mut cell = String::with_capacity(conflicts.iter().map(|lost| 16 + lost.value.len()).sum());
    for (index, Conflict { field, value, .. }) in conflicts.iter().enumerate() {
        cell.push_str(if index > 0 { "; " } else { "" });
        match field {
            Field::Attribute(key) => cell.extend(["attr:", key]),
            field => cell.push_str(field.kind()),
        }
        match value.contains([';', '"', '\n', '\r']) {
            true => cell.extend(["=\"", &value.replace('"', "\"\""), "\""]),
            false => cell.extend(["=", value]),
        }
    }
    cell
}
