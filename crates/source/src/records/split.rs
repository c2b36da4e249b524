//! Parts of an input that can be read by themselves.

/// A part of a text that holds whole records, and can be read without what stands before it.
///
/// [`DumpMember::splits`](crate::DumpMember::splits) finds them, and
/// [`DumpMember::within`](crate::DumpMember::within) reads one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InputSplit {
    /// The offset of its first byte, from 0.
    pub start: u64,
    /// The offset behind its last byte.
    pub end: u64,
    /// The physical line at its start, from 1.
    pub line: u64,
}
