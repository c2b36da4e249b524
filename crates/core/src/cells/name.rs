//! Name cells.

use std::borrow::Cow;
use std::sync::LazyLock;

use unicode_normalization::{UnicodeNormalization, is_nfc};

use crate::data::{self, Prefilter};
use crate::text::{
    ascii_digit, head, is_invisible, is_joiner, is_plain, says_nothing, without_text_mark,
};

/// Whether a text is in Unicode's normalization form C.
fn is_composed(text: &str) -> bool {
    text.chars().all(is_always_composed) || is_nfc(text)
}

/// Whether a text of such characters is in form C, in whatever order they stand (UAX #15): nearly all letters
/// of names in Latin, Cyrillic, Hebrew, Arabic, Devanagari, Thai, kana, Han and Hangul. None composes with the
/// one before it, and no two marks among them could change places.
const fn is_always_composed(c: char) -> bool {
    matches!(c, '\0'..='\u{2FF}' | '\u{400}'..='\u{482}' | '\u{5D0}'..='\u{5EA}' | '\u{620}'..='\u{64A}'
        | '\u{900}'..='\u{93B}' | '\u{93D}'..='\u{950}' | '\u{E01}'..='\u{E37}' | '\u{3041}'..='\u{3096}'
        | '\u{30A1}'..='\u{30FA}' | '\u{4E00}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7A3}')
}

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
        Cow::Owned(if is_composed(&tidy) { tidy } else { tidy.nfc().collect() })
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
    // Nearly all names begin with one.
    let has_letter = name.starts_with(|c: char| c.is_ascii_alphabetic());
    if !has_letter && (is_blank_to_the_eye(name) || has_no_letters(without_text_mark(name)))
        || says_nothing(name)
        || is_repeated(name)
    {
        return true;
    }
    let is_bracket = |c: char| matches!(c, '(' | ')' | '<' | '>' | '[' | ']');
    // A bracket on either side.
    if name.len() > FILTER.max_bytes() + 2 {
        return false;
    }
    let name = name.trim_matches(is_bracket);
    says_nothing(name)
        || FILTER.may_be(name) && NOBODY.iter().any(|nobody| name.eq_ignore_ascii_case(nobody))
}

/// Nothing but space, invisible characters, and letters that look like space: fillers of Hangul and the
/// blank pattern of Braille.
fn is_blank_to_the_eye(name: &str) -> bool {
    let shows_nothing =
        |c| matches!(c, '\u{115F}' | '\u{1160}' | '\u{2800}' | '\u{3164}' | '\u{FFA0}');
    name.chars().all(|c| c.is_whitespace() || is_invisible(c) || shows_nothing(c))
}

/// Digits, the layout of numbers and dashes, nothing else.
fn has_no_letters(name: &str) -> bool {
    let is_mark = |c| {
        matches!(c, ' '..='#' | '('..='/' | ':'..=';' | '=' | '?' | '_' | '|' | '~' | '·' | '•' | '…'
            | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FF0D}')
    };
    name.chars().all(|c| is_mark(c) || ascii_digit(c).is_some())
}

/// A placeholder, two times or more: `null null`.
fn is_repeated(name: &str) -> bool {
    let Some(end) = name.bytes().position(|byte| byte == b' ') else { return false };
    let (first, others) = (&name[..end], &name[end + 1..]);
    // Nearly all names end here.
    others.len() >= end
        && others.as_bytes()[..end].eq_ignore_ascii_case(first.as_bytes())
        && others.split(' ').all(|other| other.eq_ignore_ascii_case(first))
        && says_nothing(first)
}

#[cfg(test)]
mod tests {
    use unicode_normalization::char::canonical_combining_class;
    use unicode_normalization::{IsNormalized, is_nfc_quick};

    use super::*;

    #[test]
    fn what_is_always_composed_neither_composes_nor_changes_places() {
        const VIRAMA: u8 = 9;
        for c in ('\0'..=char::MAX).filter(|&c| is_always_composed(c)) {
            assert_eq!(is_nfc_quick([c].into_iter()), IsNormalized::Yes, "{c:?}");
            assert!(matches!(canonical_combining_class(c), 0 | VIRAMA), "{c:?}");
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
