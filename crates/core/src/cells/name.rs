//! Name cells.

use std::borrow::Cow;
use std::sync::LazyLock;

use unicode_normalization::{UnicodeNormalization, is_nfc};

use crate::data::{self, Prefilter};
use crate::text::{ascii_digit, head, is_blank, is_invisible, is_joiner, is_plain, says_nothing};

/// Most names of people and companies stay far below; what is longer is a note in the wrong cell.
pub(crate) const MAX_CHARACTERS: usize = 256;

/// A name and what was done to get it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NameReading<'c> {
    pub(crate) name: Cow<'c, str>,
    /// Control or bidirectional characters were taken off.
    pub(crate) hidden_removed: bool,
    pub(crate) truncated: bool,
}

impl NameReading<'_> {
    /// The same with a text of its own.
    pub(crate) fn into_owned(self) -> NameReading<'static> {
        NameReading { name: Cow::Owned(self.name.into_owned()), ..self }
    }
}

/// Reads a name cell; `None` when it holds no name: nothing, a placeholder, only a number.
pub(crate) fn read(cell: &str) -> Option<NameReading<'_>> {
    let mut hidden_removed = false;
    let mut name = if is_plain(cell) {
        Cow::Borrowed(cell)
    } else {
        let mut tidy = String::with_capacity(cell.len());
        for c in cell.chars() {
            if c.is_whitespace() {
                if !tidy.is_empty() && !tidy.ends_with(' ') {
                    tidy.push(' ');
                }
            } else if c.is_control() || is_invisible(c) && !is_joiner(c) {
                hidden_removed = true;
            } else {
                tidy.push(c);
            }
        }
        tidy.truncate(tidy.trim_end().len());
        Cow::Owned(if is_nfc(&tidy) { tidy } else { tidy.nfc().collect() })
    };
    let truncated = name.len() > MAX_CHARACTERS && head(&name, MAX_CHARACTERS) != name;
    if truncated {
        name = Cow::Owned(head(&name, MAX_CHARACTERS).trim_end().to_owned());
    }
    (!names_nobody(&name)).then_some(NameReading { name, hidden_removed, truncated })
}

/// Placeholders that stand in cells of names alone.
static NOBODY: LazyLock<Vec<&str>> =
    LazyLock::new(|| data::words(data::PLACEHOLDERS, "name").collect());

/// Sorts out nearly every name before any is compared with [`NOBODY`].
static FILTER: Prefilter = Prefilter::of(data::PLACEHOLDERS, "name");

fn names_nobody(name: &str) -> bool {
    if is_blank(name) || says_nothing(name) || is_number(name) {
        return true;
    }
    let is_bracket = |c: char| matches!(c, '(' | ')' | '<' | '>' | '[' | ']');
    // A bracket on either side.
    if name.len() > FILTER.max_bytes() + 2 {
        return false;
    }
    let name = name.trim_matches(is_bracket);
    FILTER.may_be(name) && NOBODY.iter().any(|nobody| name.eq_ignore_ascii_case(nobody))
}

/// Digits and the layout of numbers, nothing else.
fn is_number(name: &str) -> bool {
    name.chars().all(|c| ascii_digit(c).is_some() || " +-./()#".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(cell: &str, expected: Option<&str>) {
        assert_eq!(read(cell).map(|reading| reading.name.into_owned()).as_deref(), expected);
    }

    #[test]
    fn layout_is_tidied_and_letters_are_left_alone() {
        check("Asha Verma", Some("Asha Verma"));
        check("  Asha \t\n Verma\u{a0}", Some("Asha Verma"));
        check("McDONALD o'Brien", Some("McDONALD o'Brien"));
        check("Jose\u{301}", Some("José"));
        check("\u{202a}Asha\u{202c}", Some("Asha"));
        check("क्\u{200d}ष", Some("क्\u{200d}ष"));
        check("A\0sha", Some("Asha"));
    }

    #[test]
    fn what_names_nobody_is_missing() {
        for cell in ["", " ", "n/a", "-", "+91 98765 43210", "९८७", "(no name)", "\u{200d}", "#N/A"]
        {
            check(cell, None);
        }
    }

    #[test]
    fn a_novel_in_the_name_cell_is_cut() {
        let reading_of = "é".repeat(300);
        let reading = read(&reading_of).unwrap();
        assert!(reading.truncated);
        assert_eq!(reading.name.chars().count(), MAX_CHARACTERS);
    }
}
