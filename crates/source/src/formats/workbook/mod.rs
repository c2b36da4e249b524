//! Sheets of workbooks.
//!
//! A sheet is read cell by cell, so that two cells in far corners cost only two cells. Each row becomes a
//! record. The last result of a formula is its value; nothing is computed.

mod biff;
mod cell;
mod events;
mod formulas;
pub(crate) mod html;
mod ods;
mod sheet;
mod shown;
mod xls;
mod xlsx;

use self::sheet::{Choose, choose};
use crate::input::Input;
use crate::input::error::SourceProblem;
use crate::input::format::Format;
use crate::input::options::{ReadOptions, Sheets};
use crate::input::sheet::Sheet;
use crate::records::contained::contained;
use crate::records::header::HeaderSearch;
use crate::records::table::TableSource;

/// Opens the sheet of a workbook that holds the contacts.
pub(crate) fn open(
    format: Format,
    input: Input,
    options: ReadOptions<'_>,
) -> Result<TableSource, SourceProblem> {
    let mut sheets: Vec<String> = Vec::new();
    let mut table = open_chosen(format, input, options, &mut |candidates| {
        let filled = candidates.iter().filter(|candidate| !candidate.rows.is_empty());
        sheets = filled.map(|candidate| candidate.name.clone()).collect();
        let chosen = choose(candidates, options)?;
        let is_other = |name: &String| chosen.as_ref().is_some_and(|one| one.sheet != *name);
        sheets.retain(|name| !matches!(options.sheets, Sheets::Named(_)) && is_other(name));
        Ok(chosen)
    })?;
    table.unread_sheets = sheets;
    Ok(table)
}

/// The sheets of a workbook, in order.
pub(crate) fn sheets(
    format: Format,
    input: Input,
    options: ReadOptions<'_>,
) -> Result<Vec<Sheet>, SourceProblem> {
    listed(options, |choose| open_chosen(format, input, options, choose))
}

/// The sheets that may be chosen when something is opened.
fn listed<T>(
    options: ReadOptions<'_>,
    open: impl FnOnce(Choose<'_>) -> Result<T, SourceProblem>,
) -> Result<Vec<Sheet>, SourceProblem> {
    let (mut sheets, search) = (Vec::new(), HeaderSearch::new(&options));
    open(&mut |candidates| {
        sheets = sheet::sheets(&candidates, search);
        Ok(None)
    })?;
    Ok(sheets)
}

fn open_chosen(
    format: Format,
    input: Input,
    options: ReadOptions<'_>,
    choose: Choose<'_>,
) -> Result<TableSource, SourceProblem> {
    // The parsers of workbooks panic on some kinds of damage.
    contained("workbook", || match format {
        Format::Xlsx => xlsx::open(input, options, choose),
        Format::Ods => ods::open(input, options, choose),
        _ => xls::open(input, options, choose),
    })
}
