//! The names of the files in a result folder.

/// The manifest, written last: without it a folder is no result.
pub const MANIFEST: &str = "manifest.json";

/// All import arrays, one a line.
pub const IMPORT_LINES: &str = "import.jsonl";

/// Records that were rejected.
pub const REJECTS: &str = "rejects.csv";

/// Records that were merged into others or skipped.
pub const DUPLICATES: &str = "duplicates.csv";

/// Values that were changed or are suspect.
pub const WARNINGS: &str = "warnings.csv";

/// What an upload sent, and what came of it.
pub const JOURNAL: &str = "upload.journal";

/// Contacts that the service refused.
pub const REFUSED: &str = "refused.csv";

/// The name of an import array in a file of its own, by its number from 1.
///
/// ```
/// assert_eq!(contactmill_wire::files::import_array(12), "import-000012.json");
/// ```
#[must_use]
pub fn import_array(number: usize) -> String {
    format!("import-{number:06}.json")
}

/// Whether contactmill writes files of this name into a result folder.
///
/// ```
/// use contactmill_wire::files::is_result_file;
///
/// assert!(is_result_file("import-000001.json") && is_result_file("refused.csv.new"));
/// assert!(!is_result_file("notes.txt") && !is_result_file("import-1a.json"));
/// ```
#[must_use]
pub fn is_result_file(name: &str) -> bool {
    let is_array = name
        .strip_prefix("import-")
        .and_then(|rest| rest.strip_suffix(".json"))
        .is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    let known = [MANIFEST, IMPORT_LINES, REJECTS, DUPLICATES, WARNINGS, JOURNAL, REFUSED];
    let is_refused = name.strip_prefix(REFUSED).is_some_and(|end| matches!(end, ".new" | ".old"));
    is_array || is_refused || known.contains(&name)
}
