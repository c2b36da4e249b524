//! What both formats share: how values become text, and what they may take.

use crate::input::error::SourceProblem;

/// What errors call such files.
pub(super) const ARROW: &str = "Arrow file";
pub(super) const PARQUET: &str = "Parquet file";

/// Maximum memory for the parts of a file that are needed at once: a batch of rows, or a page of every
/// column.
pub(super) const MAX_MEMORY: u64 = 512 << 20;

/// The problem that a part of a file would take too much memory.
pub(super) fn too_large(
    what: &'static str,
    part: &'static str,
    instead: &'static str,
) -> SourceProblem {
    SourceProblem::TooLargeInside { what, part, instead }
}

/// The separator of the elements of a list.
pub(super) const SEPARATOR: &str = "; ";

/// What columns without a plain form as text hold.
pub(super) const NO_TEXT: &str = "bytes that are no text";
pub(super) const NESTED: &str = "lists of structs";
pub(super) const OTHER: &str = "values of a type that is not read";

/// The number of values of a column of bytes that show whether they are text.
pub(super) const BYTES_SAMPLE: usize = 100;

/// Appends bytes as text, and returns whether they are text. If not, it appends only their number.
pub(super) fn push_bytes(text: &mut String, bytes: &[u8]) -> bool {
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

/// Whether bytes are text: UTF-8 without control characters other than tabs and line breaks.
pub(super) fn is_text(bytes: &[u8]) -> bool {
    let is_plain = |&byte: &u8| byte >= 0x20 || matches!(byte, b'\t' | b'\n' | b'\r');
    std::str::from_utf8(bytes).is_ok() && bytes.iter().all(is_plain)
}

/// Appends the date or time that a number stands for, or else the number. Returns whether it stands for
/// one.
pub(super) fn push_or_number(text: &mut String, moment: Option<String>, number: i64) -> bool {
    let is_moment = moment.is_some();
    text.push_str(&moment.unwrap_or_else(|| number.to_string()));
    is_moment
}

/// The path of a field in a struct.
pub(super) fn path(above: &str, name: &str) -> String {
    if above.is_empty() { name.to_owned() } else { format!("{above}.{name}") }
}
