//! The names of the files in a result folder.

/// The manifest, written last: without it a folder is no result.
pub const MANIFEST: &str = "manifest.json";

/// All import arrays, one a line.
pub const IMPORT_LINES: &str = "import.jsonl";

/// All contacts as a table.
pub const CONTACTS_CSV: &str = "contacts.csv";

/// All contacts as a table, an object a line.
pub const CONTACTS_NDJSON: &str = "contacts.ndjson";

/// All contacts as a table in columns.
pub const CONTACTS_PARQUET: &str = "contacts.parquet";

/// Records that were rejected.
pub const REJECTS: &str = "rejects.csv";

/// [`REJECTS`] as a workbook.
pub const REJECTS_WORKBOOK: &str = "rejects.xlsx";

/// Records that were merged into others or skipped.
pub const DUPLICATES: &str = "duplicates.csv";

/// Records of people who must not be written to.
pub const EXCLUDED: &str = "excluded.csv";

/// Values that were changed or are suspect.
pub const WARNINGS: &str = "warnings.csv";

/// Contacts of an earlier result that are in this one no more.
pub const GONE: &str = "gone.csv";

/// Which contacts a result stands for, and what each of them says.
pub const INDEX: &str = "contacts.index";

/// What came of the run, as a page to look at.
pub const REPORT: &str = "report.html";

/// [`REPORT`] while it is written.
pub const REPORT_NEW: &str = "report.html.new";

/// What an upload sent, and what the service answered.
pub const JOURNAL: &str = "upload.journal";

/// Contacts that the service refused.
pub const REFUSED: &str = "refused.csv";

/// [`REFUSED`] while it is written.
pub const REFUSED_NEW: &str = "refused.csv.new";

/// The [`REFUSED`] of another upload, such as a rehearsal.
pub const REFUSED_OLD: &str = "refused.csv.old";

/// All files with a name of their own.
const NAMED: &[&str] = &[
    MANIFEST,
    IMPORT_LINES,
    CONTACTS_CSV,
    CONTACTS_NDJSON,
    CONTACTS_PARQUET,
    REJECTS,
    REJECTS_WORKBOOK,
    DUPLICATES,
    EXCLUDED,
    WARNINGS,
    GONE,
    INDEX,
    REPORT,
    REPORT_NEW,
    JOURNAL,
    REFUSED,
    REFUSED_NEW,
    REFUSED_OLD,
];

/// Minimum number of digits in the name of an import array.
const ARRAY_DIGITS: usize = 6;

/// The name of an import array in a file of its own, by its number from 1.
///
/// ```
/// assert_eq!(contactmill_wire::files::import_array(12), "import-000012.json");
/// ```
#[must_use]
pub fn import_array(number: usize) -> String {
    format!("import-{number:0ARRAY_DIGITS$}.json")
}

/// Whether a file of a manifest holds rejected records, and not contacts.
///
/// ```
/// use contactmill_wire::files::holds_rejects;
///
/// assert!(holds_rejects("rejects.xlsx") && !holds_rejects("import-000001.json"));
/// ```
#[must_use]
pub fn holds_rejects(name: &str) -> bool {
    [REJECTS, REJECTS_WORKBOOK].contains(&name)
}

/// Whether contactmill writes files of this name into a result folder. A folder with any other file
/// is never replaced.
///
/// ```
/// use contactmill_wire::files::is_result_file;
///
/// assert!(is_result_file("import-000001.json") && is_result_file("refused.csv.new"));
/// assert!(!is_result_file("notes.txt") && !is_result_file("import-1.json"));
/// ```
#[must_use]
pub fn is_result_file(name: &str) -> bool {
    NAMED.contains(&name) || is_import_array(name)
}

/// Whether [`import_array`] makes this name.
fn is_import_array(name: &str) -> bool {
    let digits = name.strip_prefix("import-").and_then(|rest| rest.strip_suffix(".json"));
    digits.is_some_and(|digits| {
        digits.len() >= ARRAY_DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_array_has_a_name_that_is_known() {
        for number in [1, 999_999, 1_000_000, 123_456_789] {
            assert!(is_result_file(&import_array(number)), "{number}");
        }
    }

    #[test]
    fn names_that_only_resemble_ours_are_a_users() {
        for name in [
            "import-.json",
            "import-1.json",
            "import-00001.json",
            "import-00000a.json",
            "import-+00001.json",
            "import-000001.json.bak",
            "Import-000001.json",
            "import-000001",
            "refused.csv.old.old",
            "refused.csv.bak",
            "journal",
            ".lock",
            "",
        ] {
            assert!(!is_result_file(name), "{name}");
        }
    }
}
