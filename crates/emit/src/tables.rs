//! The three tables beside the arrays: rejects, duplicates, warnings.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::File;
use std::path::PathBuf;

use contactmill_core::{
    BOOKKEEPING_COLUMNS, Conflict, Position, Record, RecordId, Rejection, SourceId, Warning,
    is_bookkeeping_header,
};

use crate::error::EmitError;
use crate::staging::Staging;

/// The value behind an apostrophe where a spreadsheet would take it for a formula or a number to
/// round: where it begins with `=` `+` `-` `@`, a tab or a line break. A value that begins with
/// apostrophes and then one of these gets one more, so that reading takes off exactly one.
///
/// ```
/// use contactmill_emit::guarded;
///
/// assert_eq!(guarded("+91 98765 43210"), "'+91 98765 43210");
/// assert_eq!(guarded("'+91"), "''+91");
/// assert_eq!(guarded("Asha"), "Asha");
/// ```
#[must_use]
pub fn guarded(value: &str) -> Cow<'_, str> {
    let inner = value.trim_start_matches('\'');
    if inner.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) {
        Cow::Owned(format!("'{value}"))
    } else {
        Cow::Borrowed(value)
    }
}

/// One CSV file of a result.
pub(crate) struct Table {
    path: PathBuf,
    writer: csv::Writer<File>,
}

impl Table {
    fn create(name: &str, staging: &Staging) -> Result<Self, EmitError> {
        let path = staging.path_of(name);
        // A record with surplus fields keeps them behind the others.
        let writer = csv::WriterBuilder::new().flexible(true).from_writer(staging.create(name)?);
        Ok(Table { path, writer })
    }

    fn write<F: AsRef<[u8]>>(
        &mut self,
        fields: impl IntoIterator<Item = F>,
    ) -> Result<(), EmitError> {
        let written = self.writer.write_record(fields);
        written.map_err(|error| EmitError::io(&self.path, "cannot be written")(error.into()))
    }

    pub(crate) fn finish(mut self) -> Result<(), EmitError> {
        self.writer.flush().map_err(EmitError::io(&self.path, "cannot be written"))
    }
}

/// The columns of all inputs, in the order in which they first appear, and where each input's own
/// columns stand among them.
pub(crate) struct OriginalColumns {
    names: Vec<String>,
    /// By input: the place of each of its columns, `None` for bookkeeping columns.
    places: Vec<Vec<Option<usize>>>,
}

impl OriginalColumns {
    pub(crate) fn of(headers: &[&[String]]) -> Self {
        let mut names: Vec<String> = Vec::new();
        let mut by_name: HashMap<(&str, usize), usize> = HashMap::new();
        let mut places = Vec::with_capacity(headers.len());
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
                let at = *by_name.entry((name, *count)).or_insert_with(|| {
                    names.push(name.clone());
                    names.len() - 1
                });
                *count += 1;
                of_input.push(Some(at));
            }
            places.push(of_input);
        }
        OriginalColumns { names, places }
    }

    fn header(&self, added: &[&str]) -> Vec<String> {
        let added = added.iter().map(|&name| name.to_owned());
        self.names.iter().map(|name| guarded(name).into_owned()).chain(added).collect()
    }

    /// The fields of a record in their places, and those behind the last column.
    fn arrange<'r>(&self, record: Record<'r>) -> (Vec<&'r str>, Vec<&'r str>) {
        let places = &self.places[record.position().source.0 as usize];
        let mut fields = vec![""; self.names.len()];
        let mut surplus = Vec::new();
        for (index, text) in record.iter().enumerate() {
            match places.get(index) {
                Some(Some(place)) => fields[*place] = text,
                Some(None) => {}
                None => surplus.push(text),
            }
        }
        (fields, surplus)
    }
}

/// The tables of a result.
pub(crate) struct Tables {
    columns: OriginalColumns,
    inputs: Vec<String>,
    rejects: Table,
    duplicates: Table,
    warnings: Table,
}

impl Tables {
    pub(crate) fn create(
        columns: OriginalColumns,
        inputs: Vec<String>,
        staging: &Staging,
    ) -> Result<Self, EmitError> {
        let mut rejects = Table::create("rejects.csv", staging)?;
        rejects.write(
            columns.header(&["_source", "_record", "_line", "_field", "_reason", "_hint"]),
        )?;
        let mut duplicates = Table::create("duplicates.csv", staging)?;
        duplicates.write(columns.header(&[
            "_source",
            "_record",
            "_line",
            "_kept_source",
            "_kept_record",
            "_conflicts",
        ]))?;
        let mut warnings = Table::create("warnings.csv", staging)?;
        warnings.write(["source", "record", "line", "field", "code", "before", "after"])?;
        Ok(Tables { columns, inputs, rejects, duplicates, warnings })
    }

    fn input(&self, source: SourceId) -> &str {
        &self.inputs[source.0 as usize]
    }

    pub(crate) fn rejected(
        &mut self,
        record: Record<'_>,
        rejection: &Rejection,
    ) -> Result<(), EmitError> {
        let position = record.position();
        let reason = rejection.reason;
        let hint = format!("{}; {}", reason.meaning(), reason.advice());
        let field = rejection.field.to_string();
        let place = [position.record.to_string(), position.line.to_string()];
        let (fields, surplus) = self.columns.arrange(record);
        let added =
            [self.input(position.source), &place[0], &place[1], &field, reason.code(), &hint];
        let row = fields.into_iter().chain(added).chain(surplus).map(guarded);
        self.rejects.write(row.map(Cow::into_owned).collect::<Vec<_>>())
    }

    pub(crate) fn duplicate(
        &mut self,
        record: Record<'_>,
        kept: RecordId,
        conflicts: &[Conflict],
    ) -> Result<(), EmitError> {
        let position = record.position();
        let conflicts: Vec<String> = conflicts.iter().map(conflict).collect();
        let conflicts = conflicts.join("; ");
        let numbers = [position.record, position.line, kept.record].map(|n| n.to_string());
        let (fields, surplus) = self.columns.arrange(record);
        let added = [
            self.input(position.source),
            &numbers[0],
            &numbers[1],
            self.input(kept.source),
            &numbers[2],
            &conflicts,
        ];
        let row = fields.into_iter().chain(added).chain(surplus).map(guarded);
        self.duplicates.write(row.map(Cow::into_owned).collect::<Vec<_>>())
    }

    pub(crate) fn warning(
        &mut self,
        position: Position,
        warning: &Warning,
    ) -> Result<(), EmitError> {
        let numbers = [position.record, position.line].map(|n| n.to_string());
        let field = warning.field.to_string();
        let row = [
            self.input(position.source),
            &numbers[0],
            &numbers[1],
            &field,
            warning.code.code(),
            &warning.before,
            &warning.after,
        ];
        let row: Vec<String> = row.into_iter().map(guarded).map(Cow::into_owned).collect();
        self.warnings.write(row)
    }

    pub(crate) fn finish(self) -> Result<(), EmitError> {
        self.rejects.finish()?;
        self.duplicates.finish()?;
        self.warnings.finish()
    }
}

/// `field=value`; a value with a semicolon, a quote or a line break stands in quotes.
fn conflict(conflict: &Conflict) -> String {
    let value = &conflict.value;
    if value.contains([';', '"', '\n', '\r']) {
        format!("{}=\"{}\"", conflict.field, value.replace('"', "\"\""))
    } else {
        format!("{}={value}", conflict.field)
    }
}
