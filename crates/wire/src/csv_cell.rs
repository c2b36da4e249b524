//! Cells of the CSV files that people open in a spreadsheet.
//!
//! A spreadsheet takes a cell for a formula, a number or a date wherever it can, and saves what it took it
//! for. Such a value stands behind an apostrophe, which [`unescape`] takes off again. Excel keeps the
//! apostrophe when it saves, Gnumeric drops it: both give the value.

use std::borrow::Cow;

use crate::bytes::any_byte;

/// What a file begins with so that Excel reads it as UTF-8.
pub const BYTE_ORDER_MARK: &str = "\u{feff}";

/// The value, behind an apostrophe where a spreadsheet would run it as a formula (CSV injection) or save
/// another one, and where it begins with an apostrophe itself.
///
/// ```
/// use contactmill_wire::csv_cell::escape;
///
/// assert_eq!(escape("+91 98765 43210"), "'+91 98765 43210");
/// assert_eq!(escape("0612345678"), "'0612345678");
/// assert_eq!(escape("3/4"), "'3/4");
/// assert_eq!(escape("'Abu"), "''Abu");
/// assert_eq!(escape("Asha"), "Asha");
/// assert_eq!(escape("98765 43210"), "98765 43210");
/// ```
#[must_use]
pub fn escape(value: &str) -> Cow<'_, str> {
    match is_escaped(value) {
        true => Cow::Owned(format!("'{value}")),
        false => Cow::Borrowed(value),
    }
}

/// Appends a row: its cells, [escaped](escape), and in quotes where they have to be (RFC 4180). An escaped cell
/// always is, as Gnumeric takes what stands behind the first quotes of a file for its delimiter:
/// `"Verma, Asha",'+91…` would come apart at every apostrophe.
///
/// ```
/// use contactmill_wire::csv_cell::write_row;
///
/// let mut row = Vec::new();
/// write_row(["Verma, Asha", "+91 98765 43210", "Pune"], &mut row);
/// assert_eq!(row, b"\"Verma, Asha\",\"'+91 98765 43210\",Pune\n");
/// ```
pub fn write_row<'c>(cells: impl IntoIterator<Item = &'c str>, out: &mut Vec<u8>) {
    for (index, cell) in cells.into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_cell(cell, out);
    }
    out.push(b'\n');
}

/// Appends a cell, as [`write_row`] does.
pub fn write_cell(value: &str, out: &mut Vec<u8>) {
    let is_special = |byte: u8| (byte == b'"') | (byte == b',') | (byte == b'\r') | (byte == b'\n');
    let is_escaped = is_escaped(value);
    if !is_escaped && !any_byte(value.as_bytes(), is_special) {
        return out.extend_from_slice(value.as_bytes());
    }
    out.extend_from_slice(if is_escaped { b"\"'" } else { b"\"" });
    for (index, part) in value.split('"').enumerate() {
        if index > 0 {
            out.extend_from_slice(b"\"\"");
        }
        out.extend_from_slice(part.as_bytes());
    }
    out.push(b'"');
}

/// The value that [`escape`] escaped; as it is where nothing is escaped.
///
/// ```
/// use contactmill_wire::csv_cell::unescape;
///
/// assert_eq!(unescape("'+91 98765 43210"), "+91 98765 43210");
/// assert_eq!(unescape("''Abu"), "'Abu");
/// assert_eq!(unescape("'Abu"), "'Abu");
/// ```
#[must_use]
pub fn unescape(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|value| is_escaped(value)).unwrap_or(cell)
}

const SPACES: [char; 3] = [' ', '\u{a0}', '\u{202f}'];

fn is_escaped(value: &str) -> bool {
    let Some(first) = value.bytes().next() else { return false };
    match first {
        b'\'' | b'=' | b'+' | b'-' | b'@' | b'\t' | b'\r' | b'\n' => true,
        b'a'..=b'z' | b'A'..=b'Z' => begins_like_a_word_that_is_read(value) && is_read(value),
        b'0'..=b'9' if are_digits(value) => !is_kept_number(value),
        // Spaces, currencies and wide forms begin with these, most scripts do not.
        0..0x80 | 0xC2 | 0xE2 | 0xEF => is_read(value),
        _ => false,
    }
}

/// Nearly no word does.
fn begins_like_a_word_that_is_read(value: &str) -> bool {
    let Some(begin) = value.as_bytes().first_chunk::<3>() else { return false };
    matches!(
        &begin.map(|byte| byte.to_ascii_lowercase()),
        b"jan"
            | b"feb"
            | b"mar"
            | b"apr"
            | b"may"
            | b"jun"
            | b"jul"
            | b"aug"
            | b"sep"
            | b"oct"
            | b"nov"
            | b"dec"
            | b"tru"
            | b"fal"
    )
}

/// Whether a spreadsheet reads something else than text.
fn is_read(value: &str) -> bool {
    let text = value.trim_matches(SPACES);
    begins_formula(text)
        || is_number(text)
        || is_moment(text)
        || TRUTH_VALUES.iter().any(|word| text.eq_ignore_ascii_case(word))
}

const TRUTH_VALUES: [&str; 2] = ["true", "false"];

/// Excel for Japanese takes the wide forms, too.
fn begins_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'])
}

fn are_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Digits that every spreadsheet saves as they are: without a leading zero, and fewer than it would write
/// with an exponent.
fn is_kept_number(value: &str) -> bool {
    are_digits(value) && value.len() < 12 && (value == "0" || !value.starts_with('0'))
}

/// Whether a spreadsheet of some country reads a number: digits, perhaps with thousands set apart,
/// decimals, an exponent, a currency or a percent sign, or in brackets, which make it negative.
fn is_number(text: &str) -> bool {
    let is_of_none = |byte: u8| byte.is_ascii_alphabetic() & (byte | 0x20 != b'e') | (byte == b'/');
    if any_byte(text.as_bytes(), is_of_none) {
        return false;
    }
    let inside = text.strip_prefix('(').and_then(|text| text.strip_suffix(')'));
    let signs = |c| SPACES.contains(&c) || matches!(c, '$' | '€' | '£' | '¥' | '₹' | '%' | '-');
    let text = inside.unwrap_or(text).trim_matches(signs);
    match text.split_once(['e', 'E']) {
        Some((number, exponent)) => {
            is_decimal(number) && are_digits(exponent.trim_start_matches(['+', '-']))
        }
        None => is_decimal(text),
    }
}

fn is_decimal(text: &str) -> bool {
    let is_separator = |c| matches!(c, '.' | ',' | '\'' | '’') || SPACES.contains(&c);
    let (whole, decimals) = match text.rsplit_once(['.', ',']) {
        Some((whole, decimals))
            if !whole.contains(&text[whole.len()..=whole.len()])
                && !decimals.contains(is_separator) =>
        {
            (whole, decimals)
        }
        _ => (text, ""),
    };
    let mut groups = whole.split(is_separator);
    let first = groups.next().unwrap_or_default();
    // In India, `12,34,567`.
    let is_group = |group: &str| {
        are_digits(group) && (group.len() == 3 || group.len() == 2 && whole.contains(','))
    };
    let is_whole = match whole.len() - first.len() {
        0 => are_digits(first) || first.is_empty() && !decimals.is_empty(),
        _ => are_digits(first) && first.len() <= 3 && groups.all(is_group),
    };
    is_whole && (decimals.is_empty() || are_digits(decimals))
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// Whether a spreadsheet reads a date, a time or a fraction: `3/4`, `2024-05-01`, `12:30`, `5 PM`, `Mar 5`.
fn is_moment(text: &str) -> bool {
    let tells = |byte: u8| matches!(byte, b'-' | b'/' | b'.' | b':') || byte.is_ascii_alphabetic();
    if !any_byte(text.as_bytes(), tells) {
        return false;
    }
    let is_mark = |c| matches!(c, '-' | '/' | '.' | ':' | ',') || SPACES.contains(&c);
    let mut words = text.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| !word.is_empty());
    let is_month = |word: &str| {
        let is = |month: &&str| word.eq_ignore_ascii_case(month);
        begins_like_a_word_that_is_read(word)
            && (MONTHS.iter().any(|month| is(month) || is(&&month[..3])) || is(&"sept"))
    };
    let is_hour = |word: &str| ["am", "pm"].iter().any(|half| word.eq_ignore_ascii_case(half));
    let (mut has_month, mut has_hour) = (false, text.contains(':'));
    let are_known = words.all(|word| {
        has_month |= is_month(word);
        has_hour |= is_hour(word);
        // As ISO 8601 writes a moment.
        is_month(word) || is_hour(word) || matches!(word, "T" | "Z")
    });
    if !are_known || !text.chars().all(|c| is_mark(c) || c.is_ascii_alphanumeric()) {
        return false;
    }
    let runs = text.split(|c: char| !c.is_ascii_digit()).filter(|run| !run.is_empty());
    let (mut count, mut years, mut are_short) = (0, 0, true);
    for run in runs {
        count += 1;
        years += usize::from(run.len() == 4);
        are_short &= matches!(run.len(), 1 | 2 | 4);
    }
    let is_date = || are_short && years < 2 && count < 4;
    match (has_hour, has_month) {
        (true, _) => count > 0,
        (false, true) => count > 0 && is_date(),
        (false, false) => count > 1 && is_date() && text.contains(['-', '/', '.']),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHANGED: &[&str] = &[
        "=1+1",
        "+91",
        "-2",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        " =1",
        "＝1",
        "'",
        "'Abu",
        "'+91",
        "0612345678",
        "00",
        "123456789012",
        " 98765",
        "98765 ",
        "1E5",
        "12e3",
        "9.19877E+11",
        "1e-5",
        "98765.50",
        "98765,50",
        "1,234",
        "12,34,567",
        "1.234,56",
        "9'876'543",
        ".5",
        "5.",
        "50%",
        "$5",
        "5 €",
        "(0123456789)",
        "(123)",
        "123-",
        "020 123 456",
        "1-2",
        "3/4",
        "1 1/2",
        "2024-05-01",
        "12.05.2024",
        "12-3456",
        "1/2/3",
        "12:30",
        "2024-05-01 10:00:00",
        "2024-05-01T10:00:00Z",
        "5 PM",
        "Mar 5",
        "MARCH1",
        "5 May 2024",
        "Sept 2",
        "true",
        "FALSE",
    ];

    const KEPT: &[&str] = &[
        "",
        " ",
        "Asha",
        "0",
        "9876543210",
        "98765432101",
        "98765 43210",
        "98765-43210",
        "(020) 1234 5678",
        "06 12 34 56 78",
        "987.654.3210",
        "987-654-3210",
        "555-1234",
        "May",
        "June Carter",
        "Marc 5",
        "1234-5678",
        "1 2",
        "1.2.3.4",
        "12 Main St",
        "3/4 Block",
        "12/",
        "e5",
        "E",
        "5e",
        ":",
        "asha@example.com",
        "VIP; Pune",
        "n/a",
        "(",
        "()",
        "$",
        ".",
        ",",
        "T",
        "१२३४५६७८९०१२३",
    ];

    #[test]
    fn what_a_spreadsheet_would_change_is_escaped_and_nothing_else() {
        for value in CHANGED {
            assert!(escape(value).starts_with('\''), "{value:?}");
        }
        for value in KEPT {
            assert_eq!(escape(value), *value);
        }
    }

    #[test]
    fn every_word_that_is_read_is_known_by_its_first_letters() {
        for word in MONTHS.iter().chain(&TRUTH_VALUES) {
            assert!(begins_like_a_word_that_is_read(word), "{word}");
        }
    }

    #[test]
    fn every_value_comes_back_from_its_cell() {
        for value in CHANGED.iter().chain(KEPT) {
            assert_eq!(unescape(&escape(value)), *value, "{value:?}");
        }
    }

    #[test]
    fn an_apostrophe_that_nobody_needs_is_the_users() {
        for cell in ["'Abu", "'", "'9876543210", "'n Sync"] {
            assert_eq!(unescape(cell), cell);
        }
    }
}
