//! Sheets of workbooks.
//!
//! A sheet is read cell by cell, so that two cells in far corners cost only two cells. Each row becomes a
//! record. The last result of a formula is its value; nothing is computed.

mod biff;
mod cell;
mod events;
pub(crate) mod html;
mod ods;
mod sheet;
mod xls;
mod xlsx;

use crate::input::Input;
use crate::input::error::SourceProblem;
use crate::input::format::Format;
use crate::input::options::ReadOptions;
use crate::records::contained::contained;
use crate::records::table::TableSource;

/// Opens the sheet of a workbook that holds the contacts.
pub(crate) fn open(
    format: Format,
    input: Input,
    options: ReadOptions<'_>,
) -> Result<TableSource, SourceProblem> {
    // The parsers of workbooks panic on some kinds of damage.
    contained("workbook", || match format {
        Format::Xlsx => xlsx::open(input, options),
        Format::Ods => ods::open(input, options),
        _ => xls::open(input, options),
    })
}
