//! Which sheet is read, and where its header row is.

use contactmill_core::columns::numbered_header;

use crate::input::error::SourceProblem;
use crate::input::options::{ReadOptions, Sheets};
use crate::input::sheet::{Sheet, named};
use crate::records::header::{HeaderSearch, below_row};

/// Maximum number of columns and rows of a sheet in any program.
pub(super) const MAX_COLUMNS: usize = 16_384;
pub(super) const MAX_ROWS: u64 = 1 << 20;

/// A sheet that may be read.
pub(super) struct Candidate {
    pub(super) name: String,
    /// Its first rows, with their numbers.
    pub(super) rows: Vec<(u64, Vec<String>)>,
    pub(super) is_hidden: bool,
}

impl Candidate {
    /// The sheet, whose records are not counted.
    fn sheet(&self, search: HeaderSearch<'_>) -> Sheet {
        Sheet {
            name: self.name.clone(),
            records: None,
            has_contacts: self.may_hold_contacts(search),
            is_hidden: self.is_hidden,
            is_empty: self.rows.is_empty(),
        }
    }

    /// Whether it has a header row for contacts. Where there are none, nothing distinguishes sheets.
    pub(super) fn may_hold_contacts(&self, search: HeaderSearch<'_>) -> bool {
        let rows = self.rows.iter().map(|(_, row)| row.as_slice());
        search.is_without() && !self.rows.is_empty() || search.find(rows).is_some()
    }
}

/// The sheets, whose records are not counted. Where none has a header row for contacts, those have contacts that
/// begin as the first one does: a sheet for each month, whose columns only their cells explain.
pub(super) fn sheets(candidates: &[Candidate], search: HeaderSearch<'_>) -> Vec<Sheet> {
    let mut sheets: Vec<Sheet> =
        candidates.iter().map(|candidate| candidate.sheet(search)).collect();
    if sheets.iter().any(|sheet| sheet.has_contacts && !sheet.is_hidden) {
        return sheets;
    }
    let mut visible = candidates.iter().filter(|candidate| !candidate.is_hidden);
    let first = visible.find_map(|candidate| candidate.rows.first());
    let is_alike = |one: &&Candidate| first.is_some() && one.rows.first() == first;
    if candidates.iter().filter(is_alike).count() > 1 {
        for (sheet, candidate) in sheets.iter_mut().zip(candidates) {
            sheet.has_contacts |= is_alike(&candidate);
        }
    }
    sheets
}

/// The sheet that is read, and its header row.
pub(super) struct Chosen {
    pub(super) sheet: String,
    pub(super) header_row: u64,
    pub(super) header: Vec<String>,
}

/// Chooses one of the sheets of a workbook; `None` where there is nothing to read.
pub(super) type Choose<'c> =
    &'c mut dyn FnMut(Vec<Candidate>) -> Result<Option<Chosen>, SourceProblem>;

/// Chooses a sheet: the one that was named, or else the only one that may hold contacts, or else the
/// first that is not empty. Returns `None` when all are empty.
pub(super) fn choose(
    mut candidates: Vec<Candidate>,
    options: ReadOptions<'_>,
) -> Result<Option<Chosen>, SourceProblem> {
    let search = HeaderSearch::new(&options);
    if let Sheets::Named(wanted) = options.sheets {
        let wanted = named(&sheets(&candidates, search), wanted)?;
        candidates.retain(|one| wanted.iter().any(|sheet| sheet.name == one.name));
    } else if candidates.iter().any(|candidate| !candidate.is_hidden) {
        candidates.retain(|candidate| !candidate.is_hidden);
    }
    candidates.retain(|candidate| !candidate.rows.is_empty());
    let mut sheets = sheets(&candidates, search);
    if sheets.iter().any(|sheet| sheet.has_contacts) {
        sheets.retain(|sheet| sheet.has_contacts);
        candidates.retain(|one| sheets.iter().any(|sheet| sheet.name == one.name));
        if candidates.len() > 1 {
            return Err(SourceProblem::SeveralSheets { sheets });
        }
    }
    let Some(Candidate { name, mut rows, .. }) = candidates.into_iter().next() else {
        return Ok(None);
    };
    if search.is_numbered(rows.first().map(|(_, row)| row.as_slice())) {
        // Rows lack empty cells at their end.
        let columns = rows.iter().map(|(_, row)| row.len()).max().unwrap_or_default();
        return Ok(Some(Chosen { sheet: name, header_row: 0, header: numbered_header(columns) }));
    }
    let at = search.find(rows.iter().map(|(_, row)| row.as_slice())).unwrap_or(0);
    let (header_row, header) = rows.swap_remove(at);
    let above = at.checked_sub(1).and_then(|above| rows.get(above));
    let above = above.filter(|(row, _)| row + 1 == header_row).map(|(_, row)| row.as_slice());
    let header = below_row(above, header);
    Ok(Some(Chosen { sheet: name, header_row, header }))
}
