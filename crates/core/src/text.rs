//! Characters that people cannot see, and digits of other scripts.

use std::borrow::Cow;
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::data::{self, Prefilter};

/// The zero of every run of decimal digits (general category Nd) in Unicode 14; the nine
/// characters after each are 1 to 9 (Unicode Standard, section 4.6).
const ZEROS: [u32; 66] = [
    0x30, 0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66,
    0xde6, 0xe50, 0xed0, 0xf20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90,
    0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10,
    0x104a0, 0x10d30, 0x11066, 0x110f0, 0x11136, 0x111d0, 0x112f0, 0x11450, 0x114d0, 0x11650,
    0x116c0, 0x11730, 0x118e0, 0x11950, 0x11c50, 0x11d50, 0x11da0, 0x16a60, 0x16ac0, 0x16b50,
    0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6, 0x1e140, 0x1e2f0, 0x1e950, 0x1fbf0,
];

/// The ASCII digit of a decimal digit in any script.
pub(crate) fn ascii_digit(c: char) -> Option<char> {
    if c.is_ascii() {
        return c.is_ascii_digit().then_some(c);
    }
    let run = ZEROS.partition_point(|&zero| zero <= c as u32).checked_sub(1)?;
    let value = c as u32 - ZEROS[run];
    char::from_digit(value, 10)
}

/// Characters that show nothing and that chat apps and address books leave behind: bidirectional
/// marks and embeddings, zero-width characters, the soft hyphen and the byte order mark.
pub(crate) const fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{061C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{206F}' | '\u{FEFF}')
}

/// The two joiners among the invisible characters, which some scripts need to be spelt right.
pub(crate) const fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200C}' | '\u{200D}')
}

/// Control characters that are not line breaks or tabs.
pub(crate) fn is_bad_control(c: char) -> bool {
    c.is_control() && !matches!(c, '\t' | '\n' | '\r')
}

/// Whether the text has [control characters](is_bad_control) other than line breaks and tabs.
pub(crate) fn has_bad_control(text: &str) -> bool {
    // Control characters of ASCII, or the first byte of U+0080 to U+009F: nearly no text has them.
    let may_be_control = |byte: u8| byte < b' ' || byte == 0x7F || byte == 0xC2;
    text.bytes().fold(false, |found, byte| found | may_be_control(byte))
        && text.contains(is_bad_control)
}

/// Whether the text needs no tidying: printable ASCII and Latin letters (U+00C0 to U+02FF, none of
/// which normalisation changes), single spaces, none at either end.
pub(crate) fn is_plain(text: &str) -> bool {
    // As if a space stood at either end.
    let mut previous = b' ';
    for &byte in text.as_bytes() {
        if !IS_PLAIN[usize::from(byte)] || byte == b' ' && previous == b' ' {
            return false;
        }
        previous = byte;
    }
    previous != b' ' || text.is_empty()
}

/// Bytes of plain text. The first byte of a letter decides; the second may be any.
static IS_PLAIN: [bool; 256] = {
    let mut is_plain = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        is_plain[byte] = matches!(byte as u8, b' '..=b'~' | 0x80..=0xBF | 0xC3..=0xCB);
        byte += 1;
    }
    is_plain
};

/// The text without invisible characters and without white space around it.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || !text.contains(is_invisible) {
        return Cow::Borrowed(text.trim());
    }
    let kept: String = text.chars().filter(|&c| !is_invisible(c)).collect();
    Cow::Owned(kept.trim().to_owned())
}

/// The cell without the apostrophe by which a spreadsheet or a shop marks digits as text: `'+919876543210`,
/// `'01234`. What else begins with one keeps it, such as a name or a year (`'90`).
pub(crate) fn without_text_mark(cell: &str) -> &str {
    let Some(marked) = cell.strip_prefix('\'') else { return cell };
    let digits = marked.strip_prefix('+').unwrap_or(marked);
    let is_no_year = match digits.len() {
        0 => false,
        1..=2 => marked.starts_with('+'),
        3..=4 => marked.starts_with(['+', '0']),
        _ => true,
    };
    if is_no_year && digits.bytes().all(|byte| byte.is_ascii_digit()) { marked } else { cell }
}

/// Whether nothing is left of the text once invisible characters and white space are gone.
pub(crate) fn is_blank(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || is_invisible(c))
}

/// What people and programs write where there is no value.
struct Placeholders {
    filter: Prefilter,
    words: LazyLock<Vec<&'static str>>,
}

static PLACEHOLDERS: Placeholders = Placeholders {
    filter: Prefilter::of(data::PLACEHOLDERS, "any"),
    words: LazyLock::new(|| data::words(data::PLACEHOLDERS, "any").collect()),
};

/// Whether the cell says that there is no value: `n/a`, `-`, `none`, `#N/A`…
pub(crate) fn says_nothing(text: &str) -> bool {
    PLACEHOLDERS.filter.may_be(text)
        && PLACEHOLDERS.words.iter().any(|nothing| text.eq_ignore_ascii_case(nothing))
}

/// At most `max` characters of the text, cut at a character.
pub(crate) fn head(text: &str, max: usize) -> &str {
    match text.char_indices().nth(max) {
        Some((end, _)) => &text[..end],
        None => text,
    }
}

/// Letters in lower case and digits only, without accents: the form in which names and headers compare.
pub(crate) fn folded(text: &str) -> String {
    if text.is_ascii() {
        let mut bytes = text.as_bytes().to_ascii_lowercase();
        bytes.retain(u8::is_ascii_alphanumeric);
        // ASCII always is UTF-8.
        return String::from_utf8(bytes).unwrap_or_default();
    }
    text.nfkd()
        .filter(|&c| c.is_alphanumeric() && !is_combining_mark(c) || is_letter_mark(c))
        // By way of the upper case, in which `ı` is `I` and `ß` is `SS`.
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .map(without_stroke)
        .collect()
}

/// The letter without its stroke, which Unicode counts as part of the letter, and people as an accent:
/// `Điện thoại`, `Dien thoai`.
const fn without_stroke(c: char) -> char {
    match c {
        'đ' => 'd',
        'ħ' => 'h',
        'ł' => 'l',
        'ø' => 'o',
        'ŧ' => 't',
        other => other,
    }
}

/// Vowel signs of scripts that write them as marks (Devanagari to Myanmar): they are part of the
/// word, unlike the accents of Latin, Greek and Cyrillic.
fn is_letter_mark(c: char) -> bool {
    is_combining_mark(c) && matches!(c as u32, 0x0900..=0x109F)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_of_every_script_become_ascii() {
        for (text, digits) in [("०१२३४५६७८९", "0123456789"), ("٠٩", "09"), ("９", "9"), ("𝟗", "9")]
        {
            let read: String = text.chars().filter_map(ascii_digit).collect();
            assert_eq!(read, digits);
        }
        for c in ['a', '²', '½', '一', 'Ⅳ', '/', ':'] {
            assert_eq!(ascii_digit(c), None, "{c}");
        }
    }

    #[test]
    fn what_is_plain_is_tidy_and_normalised() {
        for c in '\0'..='\u{24FF}' {
            let text = format!("a{c}");
            if is_plain(&text) {
                assert!(text.nfc().eq(text.chars()), "{c:?}");
                assert!(!c.is_control() && !c.is_whitespace() && !is_invisible(c), "{c:?}");
            }
            assert_eq!(is_plain(&text), matches!(c, '!'..='~' | '\u{C0}'..='\u{2FF}'), "{c:?}");
        }
        for text in [" a", "a ", "a  b", "é ", " é", "é  é"] {
            assert!(!is_plain(text), "{text}");
        }
        assert!(is_plain("é é"));
    }

    #[test]
    fn upper_and_lower_case_fold_to_the_same() {
        for text in ["Soyadı", "Straße", "İsim", "Ελλάς", "Łódź", "Россия", "საქართველო"]
        {
            assert_eq!(folded(&text.to_uppercase()), folded(text), "{text}");
        }
        assert_eq!(folded("Soyadı"), "soyadi");
    }

    #[test]
    fn an_apostrophe_before_digits_is_a_mark_of_text_unless_it_may_be_a_year() {
        for (cell, text) in [
            ("'+919876543210", "+919876543210"),
            ("'6700112233", "6700112233"),
            ("'01234", "01234"),
            ("'012", "012"),
            ("'+91", "+91"),
        ] {
            assert_eq!(without_text_mark(cell), text);
        }
        for cell in ["'Abu", "'90", "'1999", "'07", "'90s", "'12345'", "'", "'+", "12345", "''012"]
        {
            assert_eq!(without_text_mark(cell), cell);
        }
    }

    #[test]
    fn what_nobody_sees_is_taken_away() {
        assert_eq!(visible("\u{feff} a\u{200e}b\u{a0}"), "ab");
        assert!(is_blank(" \u{200b}\t\u{a0}"));
    }
}
