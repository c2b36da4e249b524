//! Files of columns: Parquet, and Arrow's IPC format.
//!
//! A struct becomes the columns of its fields, named by their path (`contact.phone`); the elements of
//! a list stand in one cell, with `; ` between.

mod ipc;
mod parquet;

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::SourceProblem;
use crate::format::Format;
use crate::input::Input;
use crate::table::TableSource;
use crate::unpack::InflateLimits;

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
    let what = if format == Format::Parquet { "Parquet file" } else { "Arrow file" };
    opened.unwrap_or_else(|_| Err(SourceProblem::damaged(what, "it cannot be parsed")))
}

/// The name of a field in a struct.
fn path(above: &str, name: &str) -> String {
    if above.is_empty() { name.to_owned() } else { format!("{above}.{name}") }
}
