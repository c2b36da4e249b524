//! Files of columns: Parquet, and Arrow's IPC format.
//!
//! A struct becomes the columns of its fields, named by their path (`contact.phone`); the elements of
//! a list stand in one cell, with `; ` between.

mod encrypted;
mod ipc;
mod moment;
mod pages;
mod parquet;
mod thrift;

use crate::input::Input;
use crate::input::error::SourceProblem;
use crate::input::format::Format;
use crate::input::limits::DecompressLimits;
use crate::records::contained::contained;
use crate::records::table::TableSource;

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
    limits: DecompressLimits,
) -> Result<TableSource, SourceProblem> {
    match format {
        Format::Parquet => contained(PARQUET, || parquet::open(input, limits)),
        _ => contained(ARROW, || ipc::open(input, limits)),
    }
}

/// What columns hold that have no plain form as text.
const NO_TEXT: &str = "bytes that are no text";
const NESTED: &str = "lists of structs";
const OTHER: &str = "values of a type that is not read";

/// How many values of a column of bytes show whether they are text.
const BYTES_LOOKED_AT: usize = 100;

/// Appends bytes as the text that they are; says whether they are. Otherwise it only says how many.
fn push_bytes(text: &mut String, bytes: &[u8]) -> bool {
    match std::str::from_utf8(bytes) {
        Ok(string) if is_text(bytes) => {
            text.push_str(string);
            true
        }
        _ => {
            text.push_str(&format!("{} bytes that are no text", bytes.len()));
            false
        }
    }
}

/// Whether bytes are text: UTF-8 without any control characters but tabs and line breaks.
fn is_text(bytes: &[u8]) -> bool {
    let is_plain = |&byte: &u8| byte >= 0x20 || matches!(byte, b'\t' | b'\n' | b'\r');
    std::str::from_utf8(bytes).is_ok() && bytes.iter().all(is_plain)
}

/// Appends what a number stands for; where it stands for nothing, the number, and says so.
fn push_or_number(text: &mut String, moment: Option<String>, number: i64) -> bool {
    let is_moment = moment.is_some();
    text.push_str(&moment.unwrap_or_else(|| number.to_string()));
    is_moment
}

/// The name of a field in a struct.
fn path(above: &str, name: &str) -> String {
    if above.is_empty() { name.to_owned() } else { format!("{above}.{name}") }
}
