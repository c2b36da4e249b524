//! The manifest of a result folder: what went in, what came out, how it was read.
//!
//! Its form is part of what users and scripts rely on: `docs/import-api.md` and `docs/formats.md` in
//! the repository. A field that a later version adds is ignored when it is read.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::{Deserialize, Serialize};

/// The version of the form: the value of [`Manifest::schema`].
pub const SCHEMA: u32 = 1;

/// `manifest.json`.
///
/// It holds no times and no number of threads: the same bytes and options give the same manifest.
///
/// ```
/// use contactmill_wire::manifest::{Manifest, SCHEMA};
///
/// let manifest = Manifest::default();
/// let mut json = Vec::new();
/// manifest.write(&mut json)?;
/// let read: Manifest = serde_json::from_slice(&json)?;
/// assert_eq!((read.schema, read.counts.records), (SCHEMA, 0));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of this form.
    pub schema: u32,
    /// What wrote it.
    pub tool: Tool,
    /// What was read.
    pub inputs: Vec<Input>,
    /// What each column was taken for, by input.
    pub mapping: Vec<Mapping>,
    /// The options of the run.
    pub options: Options,
    /// Where the records ended.
    pub counts: Counts,
    /// The parts that the results are split into, each a result folder in this one with files and a
    /// manifest of its own; absent when they are not split.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
    /// Which part of a split result this is; absent when it is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<PartValue>,
    /// The exclusion lists; absent when there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclusion_lists: Vec<ExclusionList>,
    /// Contacts that opted out, by the first column that says so, whatever became of them; absent when
    /// there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub opt_outs: Vec<OptOuts>,
    /// Excluded records by reason; absent when there are none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub excluded_by_reason: BTreeMap<String, u64>,
    /// Rejected records by reason.
    pub rejected_by_reason: BTreeMap<String, u64>,
    /// Warnings by code.
    pub warnings_by_code: BTreeMap<String, u64>,
    /// Contacts by the region of their number.
    pub contacts_by_region: BTreeMap<String, u64>,
    /// The files of contacts.
    pub files: Vec<OutputFile>,
}

impl Default for Manifest {
    fn default() -> Self {
        Manifest {
            schema: SCHEMA,
            tool: Tool::default(),
            inputs: Vec::new(),
            mapping: Vec::new(),
            options: Options::default(),
            counts: Counts::default(),
            parts: Vec::new(),
            part: None,
            exclusion_lists: Vec::new(),
            opt_outs: Vec::new(),
            excluded_by_reason: BTreeMap::new(),
            rejected_by_reason: BTreeMap::new(),
            warnings_by_code: BTreeMap::new(),
            contacts_by_region: BTreeMap::new(),
            files: Vec::new(),
        }
    }
}

impl Manifest {
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
}

/// The tool that wrote a manifest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The version of the numbering-plan metadata.
    pub phone_metadata: String,
}

/// One input, or one member of an archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// The path as the user gave it, followed by the name of the member.
    pub path: String,
    /// The format, such as `csv`.
    pub format: String,
    /// The encoding, such as `utf-8`.
    pub encoding: String,
    /// Size in bytes.
    pub bytes: u64,
    /// SHA-256 of the bytes, in hexadecimal.
    pub sha256: String,
    /// Number of records.
    pub records: u64,
    /// Columns that were skipped, as their values have no text; absent when there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped_columns: Vec<String>,
}

/// What the columns of one input were taken for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapping {
    /// The input.
    pub path: String,
    /// The known export that it is, such as `google-contacts`; absent when it is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preset: Option<String>,
    /// The columns, in order.
    pub columns: Vec<Column>,
}

/// What one column was taken for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// The name.
    pub column: String,
    /// The field, as `--map` takes it; `null` when the column is not carried over.
    pub field: Option<String>,
    /// What the cells said, where they decided; absent where the header, a known export or the user
    /// did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<ContentDecision>,
}

/// What the cells of a column said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContentDecision {
    /// How sure that is, in percent.
    pub confidence: u8,
    /// Why, in words.
    pub why: String,
}

/// The options that decide what comes out, under the names that they have on the command line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Options {
    /// The default region.
    pub region: Option<String>,
    /// The encoding of text, where it was given.
    pub encoding: Option<String>,
    /// The delimiter, where it was given.
    pub delimiter: Option<String>,
    /// Whether the first row is data; absent when it is not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub no_header: bool,
    /// The sheet, where it was given.
    pub sheet: Option<String>,
    /// How much may come out of a compressed input.
    pub max_inflated: String,
    /// Columns that were assigned to fields: `phone=Mobile`.
    pub map: Vec<String>,
    /// Which other columns become attributes: `all`, `none` or their names.
    pub attributes: String,
    /// Tags for every contact.
    pub add_tags: Vec<String>,
    /// `national` or `international`.
    pub bare_digits: String,
    /// `recover` or `strict`.
    pub phones: String,
    /// `any` or `mobile`.
    pub line_type: String,
    /// `valid` or `possible`.
    pub accept: String,
    /// `phone` or `reject`.
    pub missing_name: String,
    /// `drop` or `reject`.
    pub bad_email: String,
    /// `phone` or `none`.
    pub dedup: String,
    /// `merge`, `first` or `last`.
    pub on_duplicate: String,
    /// The exclusion lists, in order; absent when there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<String>,
    /// `exclude`; absent when people who opted out are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opt_outs: Option<String>,
    /// Maximum number of contacts in one array.
    pub max_contacts: usize,
    /// Maximum size of one array, in bytes.
    pub max_bytes: usize,
    /// `files` or `lines`.
    pub layout: String,
    /// How many records may be rejected before the run counts as bad.
    pub max_rejects: Option<String>,
    /// `country`, or the column by which the results are split; absent when they are not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub split_by: Option<String>,
}

/// Where the records ended: records = contacts + duplicates + excluded + rejected + blank.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// Records read.
    pub records: u64,
    /// Contacts emitted.
    pub contacts: u64,
    /// Records merged into others or skipped.
    pub duplicates: u64,
    /// Records of people who must not be written to; absent when there are none.
    #[serde(skip_serializing_if = "is_zero")]
    pub excluded: u64,
    /// Records rejected.
    pub rejected: u64,
    /// Records without data.
    pub blank: u64,
    /// Warnings.
    pub warnings: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
const fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// One part of a split result.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Part {
    /// The value that its records have; `null` for records without one.
    pub value: Option<String>,
    /// The name of its folder.
    pub folder: String,
    /// Where its records ended. The counts of all parts add up to those of the run.
    pub counts: Counts,
}

/// The value that the records of a part have.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PartValue {
    /// The value; `null` for records without one.
    pub value: Option<String>,
}

/// The parts that a manifest lists.
///
/// ```
/// use contactmill_wire::manifest::parts_of;
///
/// assert_eq!(parts_of(br#"{"schema":1,"parts":[{"folder":"IN"}]}"#)?[0].folder, "IN");
/// assert!(parts_of(b"{}")?.is_empty());
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// # Errors
///
/// When it is no manifest.
pub fn parts_of(json: &[u8]) -> serde_json::Result<Vec<Part>> {
    #[derive(Deserialize)]
    struct Parts {
        #[serde(default)]
        parts: Vec<Part>,
    }
    serde_json::from_slice(json).map(|Parts { parts }| parts)
}

/// An exclusion list, or one member of an archive.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ExclusionList {
    /// The path as the user gave it, followed by the name of the member.
    pub path: String,
    /// Size in bytes.
    pub bytes: u64,
    /// SHA-256 of the bytes, in hexadecimal.
    pub sha256: String,
    /// Phone numbers in it.
    pub numbers: u64,
    /// E-mail addresses in it.
    pub addresses: u64,
    /// Records in which something cannot be read, or nothing stands to be read.
    pub unreadable: u64,
    /// The line of the first of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_unreadable: Option<u64>,
}

/// A column of consents, and how many contacts of its input must not be written to by it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OptOuts {
    /// The input.
    pub path: String,
    /// The column.
    pub column: String,
    /// Number of contacts.
    pub contacts: u64,
}

/// One file of contacts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputFile {
    /// Its name in the folder.
    pub path: String,
    /// Number of contacts in it.
    pub contacts: u64,
    /// Size in bytes.
    pub bytes: u64,
    /// SHA-256 of the bytes, in hexadecimal.
    pub sha256: String,
}
