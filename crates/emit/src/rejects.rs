//! The table of rejected records, as text or as a workbook.

use contactmill_wire::csv_cell::{escape, unescape};
use contactmill_wire::files::{REJECTS, REJECTS_WORKBOOK};
use contactmill_wire::manifest::OutputFile;

use crate::error::EmitError;
use crate::file::{ContactFile, ResultFiles};
use crate::tables::Table;
use crate::workbook::Workbook;

/// What rejected records are written as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum RejectsFormat {
    /// `rejects.csv`.
    #[default]
    Csv,
    /// `rejects.xlsx`, in which every cell is text. What no sheet can hold stands in `rejects.csv`.
    Xlsx,
}

/// The table of rejected records.
pub(crate) enum Rejects {
    Csv(Box<Table>),
    Xlsx(Box<RejectsWorkbook>),
}

/// The rejected records in a workbook, and those that it cannot hold.
pub(crate) struct RejectsWorkbook {
    workbook: Workbook,
    header: Vec<String>,
    files: ResultFiles,
    others: Option<Table<ContactFile>>,
}

impl Rejects {
    pub(crate) fn create(
        format: RejectsFormat,
        header: &[&str],
        files: &ResultFiles,
    ) -> Result<Self, EmitError> {
        if format == RejectsFormat::Csv || !Workbook::can_hold(header) {
            let mut table = Table::new(files.create(REJECTS)?, files.path_of(REJECTS))?;
            table.write(header.iter().copied())?;
            return Ok(Rejects::Csv(Box::new(table)));
        }
        let mut rejects = RejectsWorkbook {
            workbook: Workbook::create(REJECTS_WORKBOOK, files)?,
            header: header.iter().copied().map(str::to_owned).collect(),
            files: files.clone(),
            others: None,
        };
        rejects.write(header)?;
        Ok(Rejects::Xlsx(Box::new(rejects)))
    }

    pub(crate) fn write<'f>(
        &mut self,
        fields: impl Iterator<Item = &'f str>,
    ) -> Result<(), EmitError> {
        match self {
            Rejects::Csv(table) => table.write(fields),
            Rejects::Xlsx(rejects) => rejects.write(&fields.collect::<Vec<_>>()),
        }
    }

    /// Ends the files. Returns those that the manifest lists.
    pub(crate) fn finish(self) -> Result<Vec<OutputFile>, EmitError> {
        match self {
            Rejects::Csv(table) => table.into_file().finish().map(|()| Vec::new()),
            Rejects::Xlsx(rejects) => {
                let mut files = vec![rejects.workbook.finish()?];
                if let Some(others) = rejects.others {
                    files.push(others.into_file().finish()?);
                }
                Ok(files)
            }
        }
    }
}

impl RejectsWorkbook {
    fn write(&mut self, fields: &[&str]) -> Result<(), EmitError> {
        // Text needs no escape, save for what reading would take for one.
        let cells: Vec<_> = fields
            .iter()
            .map(|field| if unescape(field) == *field { (*field).into() } else { escape(field) })
            .collect();
        let cells: Vec<&str> = cells.iter().map(AsRef::as_ref).collect();
        if self.workbook.write(&cells)? {
            return Ok(());
        }
        let others = match &mut self.others {
            Some(others) => others,
            none => {
                let file = ContactFile::create(&self.files, REJECTS)?;
                let table = none.insert(Table::new(file, self.files.path_of(REJECTS))?);
                table.write(self.header.iter().map(String::as_str))?;
                table
            }
        };
        others.write(fields.iter().copied())
    }
}
