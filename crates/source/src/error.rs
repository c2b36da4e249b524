//! Why an input could not be read any further.

use std::fmt;
use std::io;
use std::sync::Arc;

/// An input that could not be read any further: which, where and why.
///
/// Its [`Display`](fmt::Display) says what, where and what to do:
/// `contacts.csv: line 3: …`.
#[derive(Debug)]
pub struct SourceError {
    /// The input, as the user named it.
    pub source: Arc<str>,
    /// The physical line, from 1, where there is one.
    pub line: Option<u64>,
    /// What is wrong.
    pub problem: SourceProblem,
}

/// What is wrong with an input.
#[derive(Debug)]
#[non_exhaustive]
pub enum SourceProblem {
    /// It cannot be opened or read.
    Io(io::Error),
    /// It is a directory.
    Directory,
    /// It is not UTF-8.
    NotUtf8 {
        /// The first byte that cannot be.
        value: u8,
        /// Where it stands, from 0.
        byte: u64,
    },
    /// It is UTF-16, by its byte order mark or its many zero bytes.
    Utf16,
    /// It is no delimited text.
    Format {
        /// What it is, by its first bytes.
        format: &'static str,
    },
    /// A quote in the header row is never closed.
    HeaderQuote,
    /// The header row is larger than a record may be.
    HeaderTooLarge {
        /// The limit in bytes.
        max: usize,
    },
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.source)?;
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        match &self.problem {
            SourceProblem::Io(error) if error.kind() == io::ErrorKind::NotFound => {
                f.write_str("no such file")
            }
            SourceProblem::Io(error) => write!(f, "cannot be read: {error}"),
            SourceProblem::Directory => {
                write!(f, "is a folder; name the files in it, such as {}/*.csv", self.source)
            }
            SourceProblem::NotUtf8 { value, byte } => write!(
                f,
                "byte 0x{value:02X} at offset {byte} is not UTF-8; save the file as UTF-8 \
                 (in Excel: \"CSV UTF-8\"), or try: iconv -f WINDOWS-1252 -t UTF-8"
            ),
            SourceProblem::Utf16 => f.write_str(
                "this is UTF-16; save the file as UTF-8 (in Excel: \"CSV UTF-8\"), \
                 or try: iconv -f UTF-16 -t UTF-8",
            ),
            SourceProblem::Format { format } => {
                write!(f, "this is {format}, not delimited text; export it as CSV")
            }
            SourceProblem::HeaderQuote => {
                f.write_str("a quote opened here, in the header row, is never closed; take it out")
            }
            SourceProblem::HeaderTooLarge { max } => write!(
                f,
                "the header row is larger than {max} bytes; is this delimited text with a header?"
            ),
        }
    }
}

impl std::error::Error for SourceError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.problem {
            SourceProblem::Io(error) => Some(error),
            _ => None,
        }
    }
}
