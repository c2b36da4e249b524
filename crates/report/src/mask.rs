//! Hides what a value says and keeps how it is laid out.

/// The value with a `0` for each digit and an `x` or `X` for each letter; layout stays. Letters that are
/// written from right to left become one that is.
///
/// ```
/// use contactmill_report::masked;
///
/// assert_eq!(masked("+91 98765-43210"), "+00 00000-00000");
/// assert_eq!(masked("9.19877E+11"), "0.00000X+00");
/// assert_eq!(masked("Asha <asha@example.com>"), "Xxxx <xxxx@xxxxxxx.xxx>");
/// assert_eq!(masked("آشا ०९८"), "ععع 000");
/// ```
#[must_use]
pub fn masked(value: &str) -> String {
    value.chars().filter(|&c| !is_format(c)).map(masked_character).collect()
}

fn masked_character(c: char) -> char {
    match c {
        _ if c.is_numeric() => '0',
        'A'..='Z' => 'X',
        'a'..='z' => 'x',
        // Line ends and the like are layout, which a page cannot show.
        _ if c.is_whitespace() || c.is_control() => ' ',
        ' '..='~' => c,
        '\u{591}'..='\u{5ff}' => 'א',
        '\u{600}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}' => 'ع',
        '‐'..='―' | '‘'..='„' | '•' | '…' | '«' | '»' | '·' | '＋' | '（' | '）' => {
            c
        }
        _ if c.is_uppercase() => 'X',
        _ => 'x',
    }
}

/// Marks of direction and the like, which nobody sees.
const fn is_format(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// At most this many characters of a masked value, with a sign where there are more.
pub(crate) fn cut(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        Some((at, _)) => format!("{}…", text[..at].trim_end()),
        None => text.to_owned(),
    }
}
