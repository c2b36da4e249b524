//! Makes text of others safe to show: it must not move the cursor of a terminal, be invisible, or reverse
//! the text around it.

use std::path::Path;

/// The text on one line. Line ends and tabs become spaces. Control and invisible characters are written
/// as escapes, such as `\u{1b}`.
pub(crate) fn shown(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\r' | '\t' => line.push(' '),
            _ if is_hidden(character) => line.extend(character.escape_unicode()),
            _ => line.push(character),
        }
    }
    line
}

/// A path that is safe to show.
pub(crate) fn shown_path(path: &Path) -> String {
    shown(&path.display().to_string())
}

/// Whether a terminal obeys this character, or shows nothing: control characters (C0, DEL, C1), marks
/// that change the direction of text, line separators, invisible and tag characters. The two joiners
/// stay, as some scripts need them.
pub(crate) fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'
                | '\u{200e}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_and_invisible_characters_are_escaped() {
        for (text, expected) in [
            ("Bot not found", "Bot not found"),
            ("\u{1b}[2Jgone", "\\u{1b}[2Jgone"),
            ("\u{1b}]8;;http://x.test\u{7}link", "\\u{1b}]8;;http://x.test\\u{7}link"),
            ("\u{9b}31m\u{85}\u{7f}", "\\u{9b}31m\\u{85}\\u{7f}"),
            ("a\u{202e}b\u{2066}c\u{200f}", "a\\u{202e}b\\u{2066}c\\u{200f}"),
            ("two\r\nlines\tof it", "two  lines of it"),
            ("\u{2028}\u{feff}\u{e0041}", "\\u{2028}\\u{feff}\\u{e0041}"),
            ("नाम क्\u{200d}ष 名前 é", "नाम क्\u{200d}ष 名前 é"),
        ] {
            assert_eq!(shown(text), expected);
            assert_eq!(shown(&shown(text)), expected, "once is enough");
        }
    }
}
