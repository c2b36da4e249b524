//! The delimiter of delimited text.

use std::fmt;
use std::str::FromStr;

/// The byte between two fields of delimited text.
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
    /// Another byte; [`Delimiter::from_byte`] says which are possible.
    Other(u8),
}

impl Delimiter {
    /// The delimiters that are looked for when none is given.
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

    /// The delimiter that is this byte: any ASCII byte except letters, digits, the quote, line ends
    /// and NUL.
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

/// The text does not name a delimiter.
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
