//! The manifest of a result folder: what went in, what came out, how it was read.
//!
//! Its form is part of what users and scripts rely on: `docs/import-api.md` and `docs/formats.md` in
//! the repository. A field that a later version adds is ignored when it is read.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use crate::files::{REJECTS, holds_rejects};

/// The version of the form: the value of [`Manifest::schema`].
pub const SCHEMA: u32 = 1;

/// The size of a cluster in [`Manifest::clusters_by_size`] that stands for all larger ones, too.
pub const MAX_CLUSTER: u64 = 10;

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
    /// What of the inputs was not read; absent when there is nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<Skipped>,
    /// What each column was taken for, by input.
    pub mapping: Vec<Mapping>,
    /// How much of the inputs was read, if only a sample of their records was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample: Option<Sample>,
    /// The options of the run.
    pub options: Options,
    /// Where the records ended.
    pub counts: Counts,
    /// How the contacts compare with those of an earlier result; absent when they were not compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Since>,
    /// How many cells were corrected by hand; absent without a file of corrections.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed: Option<Fixed>,
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
    /// Contacts by the kind of line of their number; absent when there are none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub contacts_by_line_type: BTreeMap<String, u64>,
    /// Contacts with an e-mail address; absent when there are none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub contacts_with_email: u64,
    /// Contacts by the domain of their e-mail address: the most frequent domains, of those that five
    /// contacts or more have; absent when there are none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub contacts_by_email_domain: BTreeMap<String, u64>,
    /// Contacts that several records came to, by the number of those; [`MAX_CLUSTER`] stands for that and
    /// more. Absent when there are none, and in a part of a split result.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub clusters_by_size: BTreeMap<u64, u64>,
    /// Values of duplicates that lost against another, by field, all attributes together; absent when there
    /// are none, and in a part of a split result.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub conflicts_by_field: BTreeMap<String, u64>,
    /// The columns in which values were not as they should be; absent when there are none, and in a part of
    /// a split result.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub damage_by_column: Vec<ColumnDamage>,
    /// How numbers without a country code fit regions; absent unless that speaks for a region that was not
    /// named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region_advice: Option<RegionAdvice>,
    /// The files of contacts; with a workbook of rejected records, that, and the table of those that it
    /// cannot hold.
    pub files: Vec<OutputFile>,
}

impl Default for Manifest {
    fn default() -> Self {
        Manifest {
            schema: SCHEMA,
            tool: Tool::default(),
            inputs: Vec::new(),
            skipped: Vec::new(),
            mapping: Vec::new(),
            sample: None,
            options: Options::default(),
            counts: Counts::default(),
            since: None,
            fixed: None,
            parts: Vec::new(),
            part: None,
            exclusion_lists: Vec::new(),
            opt_outs: Vec::new(),
            excluded_by_reason: BTreeMap::new(),
            rejected_by_reason: BTreeMap::new(),
            warnings_by_code: BTreeMap::new(),
            contacts_by_region: BTreeMap::new(),
            contacts_by_line_type: BTreeMap::new(),
            contacts_with_email: 0,
            contacts_by_email_domain: BTreeMap::new(),
            clusters_by_size: BTreeMap::new(),
            conflicts_by_field: BTreeMap::new(),
            damage_by_column: Vec::new(),
            region_advice: None,
            files: Vec::new(),
        }
    }
}

impl Manifest {
    /// The files of contacts.
    pub fn contact_files(&self) -> impl Iterator<Item = &OutputFile> {
        self.files.iter().filter(|file| !holds_rejects(&file.path))
    }

    /// The names of the files of rejected records. In a second one stand those that the first cannot hold.
    ///
    /// ```
    /// assert_eq!(contactmill_wire::manifest::Manifest::default().reject_files(), ["rejects.csv"]);
    /// ```
    #[must_use]
    pub fn reject_files(&self) -> Vec<&str> {
        let listed = self.files.iter().map(|file| file.path.as_str());
        let listed: Vec<&str> = listed.filter(|name| holds_rejects(name)).collect();
        if listed.is_empty() { vec![REJECTS] } else { listed }
    }

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
    /// Number of records; of a sample, those in it.
    pub records: u64,
    /// Columns that were skipped, as their values have no text; absent when there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped_columns: Vec<String>,
}

/// A member of an archive, or a sheet of a workbook, that was not read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// The path as the user gave it, followed by the name of the member.
    pub path: String,
    /// What it is, such as `empty`.
    pub what: String,
}

/// A sample of the records of all inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// Number of records in it.
    pub records: u64,
    /// Number of records that the inputs have.
    pub of: u64,
}

/// Cells that were corrected by hand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fixed {
    /// Number of cells.
    pub cells: u64,
    /// Number of records that they are in.
    pub records: u64,
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
    /// The fields that contacts should have and no column holds: `name`; absent when there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
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
    /// The field that the column looks like and does not hold; absent where it looks like none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub looks_like: Option<String>,
    /// Why it looks sensitive; absent where it does not, or is no attribute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sensitive: Option<Sensitive>,
}

/// What the cells of a column said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContentDecision {
    /// How sure that is, in percent.
    pub confidence: u8,
    /// Why, in words.
    pub why: String,
}

/// Why an attribute looks sensitive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sensitive {
    /// What it is, such as `identity`, `card` or `birth-date`.
    pub kind: String,
    /// Whether its header says so.
    pub by_header: bool,
    /// What its cells say, where their check digits prove it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// How numbers without a country code fit regions. Nothing is read by it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RegionAdvice {
    /// Numbers without a country code that were tried in every region.
    pub without_code: u64,
    /// The region that they are likely of.
    pub likely: Option<String>,
    /// The region that they fit much better than the one of the options.
    pub better: Option<String>,
    /// The regions that they fit best.
    pub regions: Vec<RegionFit>,
}

/// How numbers without a country code fit one region.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RegionFit {
    /// The region.
    pub region: String,
    /// Valid numbers of those tried.
    pub valid: u64,
    /// Those of them that are, or may be, of a mobile.
    pub mobile: u64,
    /// Other numbers that are written with its calling code.
    pub written: u64,
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
    /// The sheets, where they were given; `*` is all.
    pub sheet: Option<Vec<String>>,
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
    /// What contacts are written as: `csv`, `ndjson` or `parquet`; absent for import arrays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Maximum number of contacts in one array.
    pub max_contacts: usize,
    /// Maximum size of one array, in bytes.
    pub max_bytes: usize,
    /// `files` or `lines`.
    pub layout: String,
    /// `xlsx`; absent when rejected records are written as CSV.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rejects: Option<String>,
    /// Whether a page about the run is written; absent when it is not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub report: bool,
    /// How many records may be rejected before the run counts as bad.
    pub max_rejects: Option<String>,
    /// `country`, or the column by which the results are split; absent when they are not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub split_by: Option<String>,
    /// The earlier result that the contacts were compared with; absent when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// The file of corrections; absent when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fixes: Option<String>,
}

/// Where the records ended: records = contacts + unchanged + duplicates + excluded + rejected + blank.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// Records read.
    pub records: u64,
    /// Contacts emitted.
    pub contacts: u64,
    /// Contacts that an earlier result has just as they are, and that are not emitted again; absent when
    /// there are none.
    #[serde(skip_serializing_if = "is_zero")]
    pub unchanged: u64,
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

/// How the contacts of a run compare with those known from an earlier result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Since {
    /// Contacts whose number was not known: emitted.
    pub new: u64,
    /// Contacts that say something else than the one known with their number: emitted.
    pub changed: u64,
    /// Contacts that are as they were: not emitted.
    pub unchanged: u64,
    /// Known contacts that the run has not: listed in `gone.csv`.
    pub gone: u64,
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

/// Whether a file that is called as a manifest is of something else: web extensions and web apps have one, too.
///
/// ```
/// use contactmill_wire::manifest::is_of_another_program;
///
/// assert!(is_of_another_program(br#"{"manifest_version": 3, "name": "Notes"}"#));
/// assert!(!is_of_another_program(br#"{"schema": 1, "files": []}"#));
/// ```
#[must_use]
pub fn is_of_another_program(json: &[u8]) -> bool {
    let object: serde_json::Result<serde_json::Map<_, _>> = serde_json::from_slice(json);
    object.is_ok_and(|object| !object.is_empty() && !object.contains_key("schema"))
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

/// How many values of a column were not as they should be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ColumnDamage {
    /// The input.
    pub path: String,
    /// The column.
    pub column: String,
    /// Values for which their record was rejected.
    pub rejected: u64,
    /// Warnings about values of contacts that were read.
    pub warnings: u64,
}

/// One file, of contacts unless its name says otherwise.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back_and_says_which_files_hold_what() {
        let file = |path: &str| OutputFile {
            path: path.to_owned(),
            contacts: 1,
            bytes: 2,
            sha256: String::new(),
        };
        let part = Part { folder: "IN".to_owned(), ..Part::default() };
        let manifest = Manifest {
            files: vec![file("import-000001.json"), file("rejects.xlsx"), file("rejects.csv")],
            parts: vec![part.clone()],
            counts: Counts { records: 1, contacts: 1, ..Counts::default() },
            ..Manifest::default()
        };
        let mut json = Vec::new();
        manifest.write(&mut json).unwrap();
        assert!(json.ends_with(b"}\n"));
        let read: Manifest = serde_json::from_slice(&json).unwrap();
        assert_eq!(read, manifest);
        assert_eq!(parts_of(&json).unwrap(), [part]);
        let contacts: Vec<&str> = read.contact_files().map(|file| file.path.as_str()).collect();
        assert_eq!(contacts, ["import-000001.json"]);
        assert_eq!(read.reject_files(), ["rejects.xlsx", "rejects.csv"]);
        assert_eq!(Manifest::default().reject_files(), ["rejects.csv"]);
    }

    #[test]
    fn excluded_records_are_counted_only_where_there_are_any() {
        let written =
            |excluded| serde_json::to_string(&Counts { excluded, ..Counts::default() }).unwrap();
        assert!(!written(0).contains("excluded"));
        assert!(written(3).contains(r#""excluded":3"#));
    }
}
