//! Masked values from the tables of a result: a few for each reason and each warning.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::Path;

use contactmill_core::columns::column_names;
use contactmill_wire::csv_cell::unescape;
use contactmill_wire::files::{REJECTS, WARNINGS};
use contactmill_wire::manifest::Manifest;
use csv::StringRecord;

use crate::ReportError;
use crate::mask::masked;

/// Maximum number of examples of a code.
const SHOWN: usize = 3;

/// Maximum number of rows of a code that are looked at for examples that differ.
const LOOKED_AT: u64 = 200;

/// A masked value and, for a warning, what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Example {
    pub(crate) before: String,
    pub(crate) after: Option<String>,
}

/// Examples by code.
#[derive(Debug, Default)]
pub(crate) struct Examples {
    pub(crate) rejects: BTreeMap<String, Vec<Example>>,
    pub(crate) warnings: BTreeMap<String, Vec<Example>>,
}

impl Examples {
    /// Reads the tables of a result; of a split one, those of its parts.
    pub(crate) fn read(manifest: &Manifest, folder: &Path) -> Result<Self, ReportError> {
        let mut rejects = Collector::of(&manifest.rejected_by_reason);
        let mut warnings = Collector::of(&manifest.warnings_by_code);
        let mut folders: Vec<_> =
            manifest.parts.iter().map(|part| folder.join(&part.folder)).collect();
        if folders.is_empty() {
            folders.push(folder.to_owned());
        }
        for folder in &folders {
            rejects.read(&folder.join(REJECTS), |header| {
                let columns = RejectColumns::of(header, manifest);
                move |row| Some((row.get(columns.reason)?.to_owned(), columns.example(row)))
            })?;
            warnings
                .read(&folder.join(WARNINGS), |_| |row| Some((row.get(4)?.into(), warning(row))))?;
        }
        Ok(Examples { rejects: rejects.found, warnings: warnings.found })
    }
}

/// The example of a row of the table of warnings.
fn warning(row: &StringRecord) -> Option<Example> {
    let [before, after] = [5, 6].map(|at| masked(unescape(row.get(at).unwrap_or_default())));
    let code = row.get(4)?;
    // What stands behind these is no value of the record.
    let is_value = !matches!(
        code,
        "phone_shared" | "phone_variant_of_another" | "phone_dropped" | "value_unreadable"
    );
    let after = Some(after).filter(|after| is_value && !after.is_empty());
    (!before.is_empty() || after.is_some()).then_some(Example { before, after })
}

/// Where the values at fault stand in a table of rejected records.
struct RejectColumns {
    /// The fields of the columns, by input.
    fields: BTreeMap<String, Vec<(String, usize)>>,
    source: usize,
    field: usize,
    reason: usize,
}

impl RejectColumns {
    fn of(header: &StringRecord, manifest: &Manifest) -> Self {
        let names = column_names(&header.iter().map(str::to_owned).collect::<Vec<_>>());
        let added = |name: &str| {
            let mut columns = (0..header.len()).rev();
            columns.find(|&at| header.get(at) == Some(name)).unwrap_or(usize::MAX)
        };
        let place = |name: &str| names.iter().position(|own| own == name);
        let fields = manifest.mapping.iter().map(|mapping| {
            let columns = mapping.columns.iter();
            let columns = columns.filter_map(|own| Some((own.field.clone()?, place(&own.column)?)));
            (mapping.path.clone(), columns.collect())
        });
        let (source, field, reason) = (added("_source"), added("_field"), added("_reason"));
        RejectColumns { fields: fields.collect(), source, field, reason }
    }

    /// The value of a row that is at fault; the row, where that is not one value.
    fn example(&self, row: &StringRecord) -> Option<Example> {
        let field = row.get(self.field)?;
        let shown =
            |cell: &str| Some(masked(unescape(cell).trim())).filter(|text| !text.is_empty());
        let before = if matches!(field, "row" | "text") {
            let cells: Vec<String> = row.iter().take(self.source).filter_map(shown).collect();
            cells.join(" | ")
        } else {
            let columns = self.fields.get(row.get(self.source)?)?.iter();
            let mut columns = columns.filter(|(own, _)| is_of(own, field));
            columns.find_map(|&(_, at)| shown(row.get(at)?))?
        };
        (!before.is_empty()).then_some(Example { before, after: None })
    }
}

/// Whether a column is of the field that a rejection names.
fn is_of(column: &str, field: &str) -> bool {
    column == field || field == "name" && matches!(column, "first_name" | "last_name")
}

/// Collects examples that differ, of codes that are known to come.
struct Collector {
    /// Rows of each code that are still to come.
    left: BTreeMap<String, u64>,
    found: BTreeMap<String, Vec<Example>>,
}

impl Collector {
    fn of(counts: &BTreeMap<String, u64>) -> Self {
        let left = counts.iter().map(|(code, &count)| (code.clone(), count.min(LOOKED_AT)));
        Collector { left: left.filter(|&(_, count)| count > 0).collect(), found: BTreeMap::new() }
    }

    /// Reads a table until there is enough of everything. One that is not there has nothing.
    fn read<F>(
        &mut self,
        path: &Path,
        of_header: impl FnOnce(&StringRecord) -> F,
    ) -> Result<(), ReportError>
    where
        F: Fn(&StringRecord) -> Option<(String, Option<Example>)>,
    {
        let failed = |error| ReportError::Unreadable { path: path.to_owned(), error };
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(failed(error)),
        };
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(file);
        let failed = |error: csv::Error| failed(error.into());
        let of_row = of_header(reader.headers().map_err(failed)?);
        let mut row = StringRecord::new();
        while !self.left.is_empty() && reader.read_record(&mut row).map_err(failed)? {
            if let Some((code, example)) = of_row(&row) {
                self.take(code, example);
            }
        }
        Ok(())
    }

    fn take(&mut self, code: String, example: Option<Example>) {
        let Some(left) = self.left.get_mut(&code) else { return };
        *left -= 1;
        let is_last = *left == 0;
        let found = self.found.entry(code.clone()).or_default();
        if let Some(example) = example.filter(|example| !found.contains(example)) {
            found.push(example);
        }
        if is_last || found.len() == SHOWN {
            self.left.remove(&code);
        }
    }
}
