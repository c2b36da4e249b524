//! What of an input is not read.

/// A file in an archive that no records can be read from, such as a picture or prose, or a sheet of a
/// workbook that is not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkippedMember {
    /// Its name, after the name of the archive or the workbook.
    pub name: String,
    /// What it is.
    pub what: &'static str,
}
