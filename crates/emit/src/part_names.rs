//! The folders of the parts of a split result, named by their values.

use std::collections::HashSet;

use contactmill_wire::files::is_result_file;
use unicode_normalization::UnicodeNormalization;

/// The folder of records without a value.
const NO_VALUE: &str = "none";

/// Maximum length of a name in bytes. File systems take 255; what stands in the folder, and the path
/// to it, need room as well.
const MAX_BYTES: usize = 80;

/// Stands for a character that a file system or a shell would take for something else.
const REPLACEMENT: char = '_';

/// The names that are taken, each as file systems that know no case compare it.
#[derive(Debug)]
pub(crate) struct PartNames(HashSet<String>);

impl PartNames {
    pub(crate) fn new() -> Self {
        // No value may be called like the absence of one.
        PartNames(HashSet::from([compared(NO_VALUE)]))
    }

    /// The name for the next value: like the value, safe on every file system, and no other's.
    pub(crate) fn name(&mut self, value: Option<&str>) -> String {
        let Some(value) = value else { return NO_VALUE.to_owned() };
        let safe = safe(value);
        let numbered = (2..).map(|number| format!("{safe}-{number}"));
        let mut names = std::iter::once(safe.clone()).chain(numbered);
        // There are fewer names taken than numbers.
        names.find(|name| self.0.insert(compared(name))).unwrap_or(safe)
    }
}

/// A name as file systems compare it that know neither case nor composed forms.
fn compared(name: &str) -> String {
    name.nfkd().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

/// The value as a file name that every file system takes, and that means nothing else.
fn safe(value: &str) -> String {
    let is_bad =
        |c: char| c.is_control() || "/\\:*?\"<>|".contains(c) || (c.is_whitespace() && c != ' ');
    let mut name: String = value.chars().map(|c| if is_bad(c) { REPLACEMENT } else { c }).collect();
    let mut ends = (0..=MAX_BYTES.min(name.len())).rev();
    name.truncate(ends.find(|&end| name.is_char_boundary(end)).unwrap_or(0));
    // Windows drops dots and spaces at the end.
    name.truncate(name.trim_end_matches(['.', ' ']).len());
    let means_something_else = name.is_empty()
        || name.starts_with(['.', '-', '~'])
        || is_device(&name)
        || is_result_file(&name.to_lowercase());
    if means_something_else {
        name.insert(0, REPLACEMENT);
    }
    name
}

/// Whether Windows takes the name for a device, whatever its extension.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_uppercase();
    let numbered = || {
        let number = stem.strip_prefix("COM").or_else(|| stem.strip_prefix("LPT"))?;
        let mut number = number.chars();
        Some(
            number.next().is_some_and(|c| c.is_ascii_digit() || "¹²³".contains(c))
                && number.next().is_none(),
        )
    };
    matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$")
        || numbered().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_folder_is_named_like_its_value_where_that_is_safe() {
        let mut names = PartNames::new();
        for (value, name) in [
            (Some("IN"), "IN"),
            (Some("New Delhi"), "New Delhi"),
            (Some("São Paulo"), "São Paulo"),
            (Some("in"), "in-2"),
            (Some("In"), "In-3"),
            (Some("in-2"), "in-2-2"),
            (None, "none"),
            (Some("None"), "None-2"),
            (Some(".."), "_"),
            (Some("../../etc"), "_.._.._etc"),
            (Some("a/b\\c:d"), "a_b_c_d"),
            (Some("a_b_c:d"), "a_b_c_d-2"),
            (Some("con"), "_con"),
            (Some("Com1.csv"), "_Com1.csv"),
            (Some("COM¹"), "_COM¹"),
            (Some("Community"), "Community"),
            (Some("Manifest.JSON"), "_Manifest.JSON"),
            (Some("-rf"), "_-rf"),
            (Some("Acme Inc."), "Acme Inc"),
            (Some("a\u{2028}b\nc"), "a_b_c"),
        ] {
            assert_eq!(names.name(value), name);
        }
    }

    proptest! {
        #[test]
        fn names_are_safe_and_no_two_are_the_same(values in proptest::collection::hash_set(
            prop_oneof![".{1,200}", "[aAbB./ ]{1,4}", "(?i)con|nul|none|rejects.csv"], 1..30)) {
            let mut names = PartNames::new();
            let mut seen = HashSet::from(["none".to_owned()]);
            for value in values {
                let name = names.name(Some(&value));
                prop_assert!(seen.insert(name.to_lowercase()), "{name:?}");
                prop_assert!(!name.contains(['/', '\\', ':', '\n', '\0']), "{name:?}");
                prop_assert!(!name.starts_with('.') && !name.ends_with(['.', ' ']), "{name:?}");
                prop_assert!((1..=MAX_BYTES + 5).contains(&name.len()), "{name:?}");
                prop_assert!(!is_result_file(&name.to_lowercase()) && !is_device(&name));
            }
        }
    }
}
