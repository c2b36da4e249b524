//! Files of columns: Parquet, and Arrow's IPC format.
//!
//! A struct becomes the columns of its fields, named by their path (`contact.phone`). The elements of a
//! list share one cell, with `; ` between them.

mod batches;
mod cells;
mod encrypted;
mod ipc;
mod moment;
mod pages;
mod parquet;
mod thrift;
mod values;

pub use self::batches::{BatchBlock, BatchSource};
use self::values::{ARROW, PARQUET};
use crate::input::Input;
use crate::input::error::SourceProblem;
use crate::input::format::Format;
use crate::input::limits::DecompressLimits;
use crate::records::contained::contained;
use crate::records::table::TableSource;

/// Opens a file of columns.
pub(crate) fn open(
    format: Format,
    input: Input,
    limits: DecompressLimits,
) -> Result<TableSource, SourceProblem> {
    match format {
        Format::Parquet => contained(PARQUET, || parquet::open(input, limits)),
        _ => contained(ARROW, || ipc::open(input, limits)),
    }
}
