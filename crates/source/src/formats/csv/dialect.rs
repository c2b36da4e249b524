//! Telling what the beginning of a file says of the rest.

use std::fmt;
use std::str::FromStr;

use super::CsvOptions;
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
    /// Another byte; [`Delimiter::from_byte`] knows which can be one.
    Other(u8),
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
            Delimiter::Other(byte) => byte,
        }
    }

    /// The delimiter that is this byte: any of ASCII but letters, digits, the quote, line ends and
    /// NUL.
    ///
    /// ```
    /// use contactmill_source::Delimiter;
    ///
    /// assert_eq!(Delimiter::from_byte(b';'), Some(Delimiter::Semicolon));
    /// assert_eq!(Delimiter::from_byte(b'^'), Some(Delimiter::Other(b'^')));
    /// assert_eq!(Delimiter::from_byte(b'"'), None);
    /// ```
    #[must_use]
    pub const fn from_byte(byte: u8) -> Option<Delimiter> {
        match byte {
            b',' => Some(Delimiter::Comma),
            b';' => Some(Delimiter::Semicolon),
            b'\t' => Some(Delimiter::Tab),
            b'|' => Some(Delimiter::Pipe),
            0 | b'"' | b'\r' | b'\n' => None,
            other if other.is_ascii() && !other.is_ascii_alphanumeric() => {
                Some(Delimiter::Other(other))
            }
            _ => None,
        }
    }
}

impl fmt::Display for Delimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Delimiter::Comma => f.pad("comma"),
            Delimiter::Semicolon => f.pad("semicolon"),
            Delimiter::Tab => f.pad("tab"),
            Delimiter::Pipe => f.pad("pipe"),
            Delimiter::Other(byte @ b'!'..=b'~') => f.pad(&char::from(*byte).to_string()),
            Delimiter::Other(byte) => f.pad(&format!("\\x{byte:02X}")),
        }
    }
}

/// The text names no delimiter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidDelimiter;

impl fmt::Display for InvalidDelimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "expected one character such as ; or ^ (no letter, digit or quote), \\t, \\x01, \
             or comma, semicolon, tab, pipe",
        )
    }
}

impl std::error::Error for InvalidDelimiter {}

impl FromStr for Delimiter {
    type Err = InvalidDelimiter;

    fn from_str(text: &str) -> Result<Self, InvalidDelimiter> {
        if let Some(known) = Delimiter::ALL.into_iter().find(|known| known.to_string() == text) {
            return Ok(known);
        }
        let byte = match text.as_bytes() {
            [byte] => *byte,
            b"\\t" => b'\t',
            [b'\\', b'x', digits @ ..] if digits.len() == 2 => std::str::from_utf8(digits)
                .ok()
                .and_then(|digits| u8::from_str_radix(digits, 16).ok())
                .ok_or(InvalidDelimiter)?,
            _ => return Err(InvalidDelimiter),
        };
        Delimiter::from_byte(byte).ok_or(InvalidDelimiter)
    }
}

/// The delimiter that a first line `sep=;` declares, as Excel writes it, and the line's length.
pub(super) fn declared(head: &[u8]) -> Option<(Delimiter, usize)> {
    let &delimiter = head.strip_prefix(b"sep=").or(head.strip_prefix(b"SEP="))?.first()?;
    let delimiter = Delimiter::from_byte(delimiter)?;
    let line_end = match &head[5..] {
        [b'\r', b'\n', ..] => 2,
        [b'\r' | b'\n', ..] => 1,
        [] => 0,
        _ => return None,
    };
    Some((delimiter, 5 + line_end))
}

/// How the beginning of a text looks when it is read with a delimiter.
struct Look {
    /// How many columns it has.
    columns: usize,
    /// The share of other records with as many.
    alike: f64,
}

impl Look {
    /// The columns are those of the first record, unless it stands alone with them: then it is a
    /// banner, and they are those of most records.
    fn of(head: &[u8], is_all: bool, delimiter: Delimiter) -> Option<Look> {
        // A last record that is not whole would count as one that differs.
        let end = memchr::memrchr2(b'\n', b'\r', head).unwrap_or(0);
        let whole = if is_all { head.len() } else { end };
        let mut fields = Fields::new(delimiter, whole);
        let mut counts = Vec::new();
        let mut rest = &head[..whole];
        while counts.len() < 200 {
            let Some(read) = fields.read(rest) else { break };
            counts.push(fields.len());
            rest = &rest[read..];
        }
        let look = |columns: usize| {
            let above = counts.iter().position(|&count| count == columns).unwrap_or(0);
            let records = &counts[above + 1..];
            let alike = records.iter().filter(|&&count| count == columns).count();
            // What stands above is not alike either.
            let others = records.len() + above;
            let alike = if others == 0 { 1.0 } else { alike as f64 / others as f64 };
            Look { columns, alike }
        };
        let first = look(*counts.first()?);
        if first.columns > 1 && first.alike >= 0.5 {
            return Some(first);
        }
        let often = |columns: usize| counts.iter().filter(|&&count| count == columns).count();
        let usual = counts.iter().copied().filter(|&count| count > 1);
        let usual = usual.max_by_key(|&columns| (often(columns), columns));
        Some(usual.filter(|&columns| often(columns) > 1).map_or(first, look))
    }
}

/// The delimiter by which most records have as many fields as the header row, of which there must
/// be two at least; of equals the one that gives more.
pub(super) fn find(head: &[u8], is_all: bool) -> Delimiter {
    let mut best = (Delimiter::default(), Look { columns: 1, alike: 0.0 });
    for delimiter in Delimiter::ALL {
        let Some(look) = Look::of(head, is_all, delimiter) else { continue };
        let is_better = (look.alike, look.columns) > (best.1.alike, best.1.columns);
        if look.columns > 1 && (best.1.columns == 1 || is_better) {
            best = (delimiter, look);
        }
    }
    best.0
}

/// Whether text is a table: most of its records have the columns of its header row, or it is a list
/// of numbers.
pub(crate) fn looks_delimited(head: &[u8], is_all: bool, options: CsvOptions) -> bool {
    let head = head.strip_prefix(BOM).unwrap_or(head);
    let declared = declared(head);
    let (head, declared) = match declared {
        Some((delimiter, len)) => (&head[len..], Some(delimiter)),
        None => (head, None),
    };
    let delimiter = options.delimiter.or(declared).unwrap_or_else(|| find(head, is_all));
    let Some(look) = Look::of(head, is_all, delimiter) else { return false };
    if look.columns > 1 {
        return look.alike >= 0.5;
    }
    let digits = |line: &[u8]| line.iter().filter(|byte| byte.is_ascii_digit()).count();
    let lines =
        || head.split(|&byte| byte == b'\n').skip(1).filter(|line| !line.is_empty()).take(50);
    2 * lines().filter(|line| digits(line) >= 7).count() > lines().count()
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
            ("Export of contacts, March\n\nName;Phone\nA;1\nB;2\n", Delimiter::Semicolon),
            ("Contacts\nName|Phone\nA, B|1\nB, C|2\n", Delimiter::Pipe),
            ("", Delimiter::Comma),
        ] {
            assert_eq!(find(text.as_bytes(), true), expected, "{text:?}");
        }
    }

    #[test]
    fn excel_can_declare_it() {
        assert_eq!(declared(b"sep=;\r\nName"), Some((Delimiter::Semicolon, 7)));
        assert_eq!(declared(b"sep=^\n"), Some((Delimiter::Other(b'^'), 6)));
        assert_eq!(declared(b"sep=x\n"), None);
        assert_eq!(declared(b"Name"), None);
    }

    #[test]
    fn delimiters_are_read_as_people_type_them() {
        for (text, byte) in [
            (";", b';'),
            ("semicolon", b';'),
            ("\\t", b'\t'),
            ("tab", b'\t'),
            ("\\x01", 1),
            ("^", b'^'),
        ] {
            assert_eq!(text.parse().map(Delimiter::byte), Ok(byte), "{text}");
        }
        for text in ["", "a", "\"", "\n", "::", "\\x0A", "\\xFF"] {
            assert_eq!(text.parse::<Delimiter>(), Err(InvalidDelimiter), "{text:?}");
        }
        assert_eq!(Delimiter::Other(1).to_string(), "\\x01");
    }

    #[test]
    fn prose_is_no_table() {
        let options = CsvOptions::default();
        let prose = b"Read me\n\nThese are the leads of March, exported by Meena.\nCall them, \
                      please, before Friday, or write.\nThanks\n";
        assert!(!looks_delimited(prose, true, options));
        assert!(looks_delimited(b"Name,Phone\nAsha,1\n", true, options));
        assert!(looks_delimited(b"Phone\n9876543210\n9988776655\n", true, options));
    }
}
