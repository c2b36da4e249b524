//! Telling what the beginning of a file says of the rest.

use std::fmt;

use super::block::Fields;

/// The byte order mark of UTF-8.
pub(super) const BOM: &[u8] = b"\xEF\xBB\xBF";

/// What stands between two fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Delimiter {
    /// `,`
    #[default]
    Comma,
    /// `;`
    Semicolon,
    /// A tab.
    Tab,
    /// `|`
    Pipe,
}

impl Delimiter {
    /// All delimiters that are looked for.
    pub const ALL: [Delimiter; 4] =
        [Delimiter::Comma, Delimiter::Semicolon, Delimiter::Tab, Delimiter::Pipe];

    /// The byte itself.
    #[must_use]
    pub const fn byte(self) -> u8 {
        match self {
            Delimiter::Comma => b',',
            Delimiter::Semicolon => b';',
            Delimiter::Tab => b'\t',
            Delimiter::Pipe => b'|',
        }
    }
}

impl fmt::Display for Delimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Delimiter::Comma => "comma",
            Delimiter::Semicolon => "semicolon",
            Delimiter::Tab => "tab",
            Delimiter::Pipe => "pipe",
        })
    }
}

/// The delimiter that a first line `sep=;` declares, as Excel writes it, and the line's length.
pub(super) fn declared(head: &[u8]) -> Option<(Delimiter, usize)> {
    let &delimiter = head.strip_prefix(b"sep=").or(head.strip_prefix(b"SEP="))?.first()?;
    let delimiter = Delimiter::ALL.into_iter().find(|known| known.byte() == delimiter)?;
    let line_end = match &head[5..] {
        [b'\r', b'\n', ..] => 2,
        [b'\r' | b'\n', ..] => 1,
        [] => 0,
        _ => return None,
    };
    Some((delimiter, 5 + line_end))
}

/// The delimiter by which most records have as many fields as the header row, of which there must
/// be two at least; of equals the one that gives more.
pub(super) fn find(head: &[u8], is_all: bool) -> Delimiter {
    // A last record that is not whole would count as one that differs.
    let whole = if is_all { head.len() } else { memchr::memrchr2(b'\n', b'\r', head).unwrap_or(0) };
    let mut best = (Delimiter::default(), 0.0, 1);
    for delimiter in Delimiter::ALL {
        let mut fields = Fields::new(delimiter, whole);
        let mut counts = Vec::new();
        let mut rest = &head[..whole];
        while counts.len() < 200 {
            let Some(read) = fields.read(rest) else { break };
            counts.push(fields.len());
            rest = &rest[read..];
        }
        let Some((&columns, records)) = counts.split_first() else { continue };
        let alike = records.iter().filter(|&&count| count == columns).count();
        let share = if records.is_empty() { 1.0 } else { alike as f64 / records.len() as f64 };
        if columns > 1 && (best.2 == 1 || (share, columns) > (best.1, best.2)) {
            best = (delimiter, share, columns);
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delimiter_is_found_by_header_and_records() {
        for (text, expected) in [
            ("Name,Phone\nA,1\n", Delimiter::Comma),
            ("Name;Phone\nA, B;1\n", Delimiter::Semicolon),
            ("Name\tPhone\nA,B\t1\n", Delimiter::Tab),
            ("Name|Phone\nA|1\n", Delimiter::Pipe),
            ("Name;City, Country;Phone\nA;B;1\n", Delimiter::Semicolon),
            ("Name,Tags;Groups,Phone\nA,x;y,1\nB,z,2\n", Delimiter::Comma),
            ("\"a;b;c\",Phone\nx,1\n", Delimiter::Comma),
            ("Phone\n1\n", Delimiter::Comma),
            ("", Delimiter::Comma),
        ] {
            assert_eq!(find(text.as_bytes(), true), expected, "{text:?}");
        }
    }

    #[test]
    fn excel_can_declare_it() {
        assert_eq!(declared(b"sep=;\r\nName"), Some((Delimiter::Semicolon, 7)));
        assert_eq!(declared(b"sep=x\n"), None);
        assert_eq!(declared(b"Name"), None);
    }
}
