//! What carries no meaning in a phone cell: invisible characters, kinds of space and dash, quotes.

use std::borrow::Cow;

use crate::text::{ascii_digit, is_invisible};

/// The cell with ASCII digits, plain spaces and dashes, without invisible characters and without
/// the quotes and text markers of spreadsheets around it. Line breaks stay: they separate numbers.
pub(crate) fn tidy(cell: &str) -> Cow<'_, str> {
    if cell.is_ascii() && !cell.contains(['\t', '\r']) {
        return Cow::Borrowed(unquoted(cell));
    }
    let plain: String = cell.chars().filter(|&c| !is_invisible(c)).map(plain).collect();
    Cow::Owned(unquoted(&plain).to_owned())
}

fn plain(c: char) -> char {
    match c {
        '\n' | '\r' => '\n',
        '\t' => ' ',
        _ if c.is_ascii() => c,
        _ if c.is_whitespace() => ' ',
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FE58}' | '\u{FE63}' | '\u{FF0D}' => '-',
        '\u{FF0B}' | '\u{FE62}' => '+',
        '\u{FF08}' => '(',
        '\u{FF09}' => ')',
        '\u{FF0E}' => '.',
        '\u{FF0F}' => '/',
        '\u{FF3B}' => '[',
        '\u{FF3D}' => ']',
        '\u{2053}' | '\u{223C}' | '\u{FF5E}' => '~',
        _ => ascii_digit(c).unwrap_or(c),
    }
}

/// Takes off `"…"`, a leading `'` or backtick, and `="…"`, which mark a cell as text for
/// spreadsheets, and brackets around all of it.
fn unquoted(text: &str) -> &str {
    let text = text.trim();
    let text = text.strip_prefix("=\"").and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    let text = text.trim_matches(['"', '\'', '`', '“', '”', '‘', '’', '´', 'ʼ', '＇']).trim();
    // A mark that leads to a note elsewhere; more than one hide digits.
    let unmarked = text.trim_end_matches(['†', '‡', '?', '!', '-', ' ']);
    let text = if unmarked.ends_with(|c: char| c.is_ascii_digit()) { unmarked } else { text };
    let text = text.strip_suffix('*').filter(|text| !text.contains('*')).unwrap_or(text).trim_end();
    // The end of a sentence, or a date as in `15. 3. 2024.`
    let is_number = |text: &&str| text.ends_with(|c: char| c.is_ascii_digit());
    let text = text.strip_suffix('.').filter(is_number).unwrap_or(text);
    // A bullet of a list.
    let text =
        ["* ", "• ", "· "].iter().find_map(|bullet| text.strip_prefix(bullet)).unwrap_or(text);
    let unbracketed = |open, close| {
        let inside = text.strip_prefix(open)?.strip_suffix(close)?;
        (!inside.contains([open, close, '"', '\'', ','])).then_some(inside.trim())
    };
    unbracketed('(', ')').or_else(|| unbracketed('[', ']')).unwrap_or(text)
}
