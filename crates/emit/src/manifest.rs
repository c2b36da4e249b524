//! The manifest: what went in, what came out, how it was read.

use std::collections::BTreeMap;
use std::io::{self, Write};

use contactmill_core::pipeline::Counts;
use serde::Serialize;

use crate::beside::MANIFEST;
use crate::error::EmitError;
use crate::staging::Staging;

/// `manifest.json`: written last; without it a folder is no result.
///
/// It holds no times and no number of threads: the same bytes and options give the same manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Manifest<O> {
    /// The version of this form: 1.
    pub schema: u32,
    /// What wrote it.
    pub tool: Tool,
    /// What was read.
    pub inputs: Vec<InputEntry>,
    /// What each column was taken for, by input.
    pub mapping: Vec<MappingEntry>,
    /// The options of the run.
    pub options: O,
    /// Where the records ended.
    pub counts: ManifestCounts,
    /// Rejected records by reason.
    pub rejected_by_reason: BTreeMap<&'static str, u64>,
    /// Warnings by code.
    pub warnings_by_code: BTreeMap<&'static str, u64>,
    /// Contacts by the region of their number.
    pub contacts_by_region: BTreeMap<&'static str, u64>,
    /// The import arrays.
    pub files: Vec<OutputFile>,
}

/// The tool that wrote a manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tool {
    /// Its name.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
    /// The version of the numbering-plan metadata.
    pub phone_metadata: &'static str,
}

/// One input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InputEntry {
    /// As the user named it.
    pub path: String,
    /// Its format, such as `csv`.
    pub format: String,
    /// Its encoding, such as `utf-8`.
    pub encoding: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// The SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// How many records it has.
    pub records: u64,
    /// Columns whose values have no text, and that were skipped; absent when there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub skipped_columns: Vec<String>,
}

/// What the columns of one input were taken for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MappingEntry {
    /// The input.
    pub path: String,
    /// The known export that it is, such as `google-contacts`; absent when it is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preset: Option<&'static str>,
    /// Its columns, in order.
    pub columns: Vec<MappedColumn>,
}

/// What one column was taken for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MappedColumn {
    /// Its name.
    pub column: String,
    /// The field, as `--map` writes it; `null` when the column is not carried over.
    pub field: Option<String>,
    /// What its cells said, where they decided; absent where the header, a preset or the user did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<ContentDecision>,
}

/// What the cells of a column said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ContentDecision {
    /// How sure that is, in percent.
    pub confidence: u8,
    /// Why, in words.
    pub why: String,
}

/// Where the records ended: records = contacts + duplicates + rejected + blank.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ManifestCounts {
    /// Records read.
    pub records: u64,
    /// Contacts emitted.
    pub contacts: u64,
    /// Records merged away or skipped.
    pub duplicates: u64,
    /// Records rejected.
    pub rejected: u64,
    /// Records without data.
    pub blank: u64,
    /// Warnings.
    pub warnings: u64,
}

impl From<Counts> for ManifestCounts {
    fn from(counts: Counts) -> Self {
        let Counts { records, contacts, duplicates, rejected, blank, warnings, .. } = counts;
        ManifestCounts { records, contacts, duplicates, rejected, blank, warnings }
    }
}

/// One file of import arrays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OutputFile {
    /// Its name in the folder.
    pub path: String,
    /// How many contacts it holds.
    pub contacts: u64,
    /// Its length in bytes.
    pub bytes: u64,
    /// The SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
}

impl<O: Serialize> Manifest<O> {
    /// Writes the manifest as JSON, indented, with a line end, and flushes `out`.
    ///
    /// # Errors
    ///
    /// When `out` cannot be written.
    pub fn write(&self, mut out: impl Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut out, self)?;
        out.write_all(b"\n")?;
        out.flush()
    }

    /// Writes `manifest.json`, the last file of a result.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn write_to(&self, staging: &Staging) -> Result<(), EmitError> {
        let mut file = staging.create(MANIFEST)?;
        self.write(&mut file).map_err(|error| file.failed(error))?;
        file.finish()
    }
}
