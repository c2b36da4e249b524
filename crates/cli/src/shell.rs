//! Words for a shell.

use crate::terminal::is_obeyed;

/// The text as one word of a shell, without characters that a terminal obeys.
pub(crate) fn shell_word(text: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "=_-./:+@%".contains(c);
    if text.chars().all(is_plain) {
        text.to_owned()
    } else if text.chars().any(is_obeyed) {
        let spelt = |c: char| match c {
            '\'' | '\\' => format!("\\{c}"),
            _ if is_obeyed(c) => format!("\\u{:04x}", u32::from(c)),
            _ => c.to_string(),
        };
        format!("$'{}'", text.chars().map(spelt).collect::<String>())
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}
