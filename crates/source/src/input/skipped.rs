//! Files in an archive that hold no records.

/// A file in an archive that no records can be read from, such as a picture or prose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkippedMember {
    /// Its name, after the name of the archive.
    pub name: String,
    /// What it is.
    pub what: &'static str,
}
