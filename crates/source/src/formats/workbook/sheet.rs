//! Which sheet is read, and where its header row is.

use contactmill_core::columns::numbered_header;

use crate::input::error::SourceProblem;
use crate::input::options::ReadOptions;
use crate::records::header::HeaderSearch;

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

/// The sheet that is read, and its header row.
pub(super) struct Chosen {
    pub(super) sheet: String,
    pub(super) header_row: u64,
    pub(super) header: Vec<String>,
}

/// Chooses a sheet: the one that the user named, or else the only one with a header row for contacts, or
/// else the first that is not empty. Returns `None` when all are empty. Without header rows nothing
/// distinguishes sheets, so there must be only one.
pub(super) fn choose(
    mut candidates: Vec<Candidate>,
    options: ReadOptions<'_>,
) -> Result<Option<Chosen>, SourceProblem> {
    let names = |candidates: &[Candidate]| candidates.iter().map(|c| c.name.clone()).collect();
    if let Some(wanted) = options.sheet {
        let sheets = names(&candidates);
        candidates.retain(|candidate| candidate.name == wanted);
        if candidates.is_empty() {
            return Err(SourceProblem::UnknownSheet { sheet: wanted.to_owned(), sheets });
        }
    } else if candidates.iter().any(|candidate| !candidate.is_hidden) {
        candidates.retain(|candidate| !candidate.is_hidden);
    }
    candidates.retain(|candidate| !candidate.rows.is_empty());
    let search = HeaderSearch::new(&options);
    let fits = |candidate: &Candidate| search.find(rows_of(candidate)).is_some();
    if candidates.iter().any(fits) {
        candidates.retain(fits);
        if candidates.len() > 1 {
            return Err(SourceProblem::SeveralSheets { sheets: names(&candidates) });
        }
    }
    if search.is_without() && candidates.len() > 1 {
        return Err(SourceProblem::SeveralSheets { sheets: names(&candidates) });
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
    Ok(Some(Chosen { sheet: name, header_row, header }))
}

pub(super) fn rows_of(candidate: &Candidate) -> impl Iterator<Item = &[String]> {
    candidate.rows.iter().map(|(_, row)| row.as_slice())
}
