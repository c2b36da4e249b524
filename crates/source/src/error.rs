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
    /// The header row holds bytes that are no text in its encoding.
    HeaderEncoding,
    /// It is of a format that cannot be read.
    Format {
        /// What it is, by its first bytes.
        format: &'static str,
    },
    /// It was changed while it was read.
    Changed,
    /// Its records have more different keys than there may be columns.
    TooManyColumns {
        /// The limit.
        max: usize,
    },
    /// A quote in the header row is never closed.
    HeaderQuote,
    /// The header row is larger than a record may be.
    HeaderTooLarge {
        /// The limit in bytes.
        max: usize,
    },
}

impl SourceProblem {
    /// What went wrong in a reader: an input/output error, or what one of our own readers packed
    /// into it.
    pub(crate) fn reading(error: io::Error) -> Self {
        match error.downcast::<SourceProblem>() {
            Ok(problem) => problem,
            Err(error) => SourceProblem::Io(error),
        }
    }
}

impl fmt::Display for SourceProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl std::error::Error for SourceProblem {}

impl From<SourceProblem> for io::Error {
    fn from(problem: SourceProblem) -> Self {
        io::Error::other(problem)
    }
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
            SourceProblem::HeaderEncoding => f.write_str(
                "the header row holds bytes that are no text; say which encoding it is in, \
                 such as --encoding windows-1252",
            ),
            SourceProblem::Format { format } => {
                write!(f, "this is {format}, which cannot be read; export it as CSV or XLSX")
            }
            SourceProblem::Changed => f.write_str("was changed while it was read"),
            SourceProblem::TooManyColumns { max } => write!(
                f,
                "its records have more than {max} different keys; are there values among the keys?"
            ),
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
