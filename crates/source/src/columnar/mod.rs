//! Files of columns: Parquet, and Arrow's IPC format.
//!
//! A struct becomes the columns of its fields, named by their path (`contact.phone`); the elements of
//! a list stand in one cell, with `; ` between.

mod ipc;
mod pages;
mod parquet;

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::SourceProblem;
use crate::format::Format;
use crate::input::Input;
use crate::table::TableSource;
use crate::unpack::InflateLimits;

/// What such files are called in errors.
const ARROW: &str = "Arrow file";
const PARQUET: &str = "Parquet file";

/// How much of a file may have to be in memory at a time: a batch of rows, or a page of every column.
const MAX_HELD: u64 = 512 << 20;

/// More would have to be in memory than there may be.
fn too_much(what: &'static str, part: &'static str, instead: &'static str) -> SourceProblem {
    SourceProblem::TooLargeInside { what, part, instead }
}

/// What stands between the elements of a list.
const BETWEEN: &str = "; ";

/// Opens a file of columns.
pub(crate) fn open(
    format: Format,
    input: Input,
    limits: InflateLimits,
) -> Result<TableSource, SourceProblem> {
    // The readers panic on some damaged metadata; rows are read on a thread that expects it too.
    let opened = catch_unwind(AssertUnwindSafe(|| match format {
        Format::Parquet => parquet::open(input, limits),
        _ => ipc::open(input),
    }));
    let what = if format == Format::Parquet { PARQUET } else { ARROW };
    opened.unwrap_or_else(|_| Err(SourceProblem::damaged(what, "it cannot be parsed")))
}

/// The name of a field in a struct.
fn path(above: &str, name: &str) -> String {
    if above.is_empty() { name.to_owned() } else { format!("{above}.{name}") }
}
