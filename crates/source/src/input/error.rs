//! Why an input could not be read any further.

use std::fmt;
use std::io;
use std::sync::Arc;

use crate::input::limits::DecompressLimits;
use crate::input::misfit::{Misfit, write_misfit};
use crate::input::sheet::Sheet;
use crate::input::skipped::SkippedMember;

/// Why an input could not be read any further, and where.
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
    /// The thread that is to read it cannot be started.
    NoThread(io::Error),
    /// It is a directory.
    Directory,
    /// The header row holds bytes that are not text in its encoding.
    HeaderEncoding,
    /// It is of a format that cannot be read.
    Format {
        /// What it is, by its first bytes.
        format: &'static str,
    },
    /// It was changed while it was read.
    Changed,
    /// Its records have more different keys than the maximum number of columns.
    TooManyColumns {
        /// The limit.
        max: usize,
    },
    /// It is one JSON object that holds a whole table.
    TableInObject {
        /// What that is.
        holds: &'static str,
    },
    /// The first row of a JSON table cannot be read.
    HeaderRow,
    /// It is damaged: a compressed file, a workbook or a file of columns.
    Damaged {
        /// What it is, such as `gzip file`.
        what: &'static str,
        /// What was found.
        error: String,
    },
    /// It is too large when it is decompressed.
    Inflated {
        /// The limits.
        limits: DecompressLimits,
    },
    /// A part of it would take too much memory.
    TooLargeInside {
        /// What it is, such as `Parquet file`.
        what: &'static str,
        /// The part.
        part: &'static str,
        /// How to write it instead.
        instead: &'static str,
    },
    /// It is written in a way that is not supported.
    NotRead {
        /// What is written in this way, such as `cells of this workbook stand too far apart`.
        what: String,
        /// What to do.
        instead: &'static str,
    },
    /// It is protected by a password.
    Password {
        /// What it is, such as `this workbook`.
        what: &'static str,
    },
    /// A file in an archive is compressed by a method that is not supported.
    Compression {
        /// The method.
        method: String,
    },
    /// An archive has no file that records can be read from.
    NothingInside {
        /// The files in it.
        skipped_members: Vec<SkippedMember>,
    },
    /// A column is of a type that cannot be read.
    Column {
        /// Its name.
        column: String,
        /// What it holds, such as `lists of structs`.
        holds: &'static str,
    },
    /// A workbook has no sheet of the name that was asked for.
    UnknownSheet {
        /// The name.
        sheet: String,
        /// The names there are.
        sheets: Vec<String>,
    },
    /// A sheet of a workbook was asked for twice.
    SheetTwice {
        /// Its name.
        sheet: String,
        /// The names there are.
        sheets: Vec<String>,
    },
    /// Several sheets of a workbook hold contacts, and none was named.
    SeveralSheets {
        /// These sheets.
        sheets: Vec<Sheet>,
    },
    /// A quote in the header row is never closed.
    HeaderQuote,
    /// The header row is larger than a record may be.
    HeaderTooLarge {
        /// The limit in bytes.
        max: usize,
    },
    /// A cell cannot be corrected as asked.
    Fix {
        /// The input that the cell is in.
        input: String,
        /// The number of its record.
        record: u64,
        /// The name of its column.
        column: String,
        /// Why not.
        misfit: Misfit,
    },
}

impl SourceProblem {
    pub(crate) fn damaged(what: &'static str, error: impl fmt::Display) -> Self {
        SourceProblem::Damaged { what, error: error.to_string() }
    }

    /// The problem of a reader: an input/output error, or a problem that one of our readers has wrapped
    /// in one.
    pub(crate) fn reading(error: io::Error) -> Self {
        match error.downcast::<SourceProblem>() {
            Ok(problem) => problem,
            Err(error) => SourceProblem::Io(error),
        }
    }
}

impl fmt::Display for SourceProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SourceProblem::Io(error) if error.kind() == io::ErrorKind::NotFound => {
                f.write_str("no such file")
            }
            SourceProblem::Io(error) => write!(f, "cannot be read: {error}"),
            SourceProblem::NoThread(error) => write!(
                f,
                "a thread to read it cannot be started ({error}); end other programs, or raise the \
                 limit on processes"
            ),
            SourceProblem::Directory => f.write_str("is a folder; name the files in it"),
            SourceProblem::HeaderEncoding => f.write_str(
                "the header row holds bytes that are no text; name the encoding that it is in, \
                 such as windows-1252",
            ),
            SourceProblem::Format { format } => {
                write!(f, "this is {format}, which cannot be read; export it as CSV or XLSX")
            }
            SourceProblem::Changed => f.write_str("was changed while it was read"),
            SourceProblem::TooManyColumns { max } => write!(
                f,
                "its records have more than {max} different keys; are there values among the keys?"
            ),
            SourceProblem::TableInObject { holds } => write!(
                f,
                "this is one JSON object that holds {holds}; write it as an array of \
                 objects, one for each contact (in pandas, to_json(orient=\"records\"))"
            ),
            SourceProblem::HeaderRow => f.write_str(
                "the first row of this table cannot be read as JSON; the first row must be an array \
                 of column names, in double quotes",
            ),
            SourceProblem::Damaged { what, error } => {
                write!(f, "this {what} is damaged, or was cut off ({error}); get it again")
            }
            SourceProblem::Inflated { limits } => write!(
                f,
                "it decompresses to more than it may ({limits}); if it is meant to, raise the limits"
            ),
            SourceProblem::TooLargeInside { what, part, instead } => {
                write!(
                    f,
                    "{part} of this {what} would not fit into memory; write it with {instead}"
                )
            }
            SourceProblem::NotRead { what, instead } => write!(f, "{what}; {instead}"),
            SourceProblem::Password { what } => {
                write!(f, "{what} is protected by a password; take it off first")
            }
            SourceProblem::Compression { method } => {
                write!(f, "it is compressed with {method}; decompress it first")
            }
            SourceProblem::NothingInside { skipped_members } => {
                f.write_str("there is nothing in it that contacts could be read from")?;
                for SkippedMember { name, what } in skipped_members.iter().take(10) {
                    write!(f, "\n  {name} is {what}")?;
                }
                Ok(())
            }
            SourceProblem::Column { column, holds } => {
                write!(f, "the column {column} cannot be read: it holds {holds}; write it as text")
            }
            SourceProblem::UnknownSheet { sheet, sheets } => {
                write!(f, "there is no sheet {sheet:?}; there are: {}", sheets.join(", "))
            }
            SourceProblem::SheetTwice { sheet, sheets } => write!(
                f,
                "the sheet {sheet:?} is named twice; there are: {}",
                sheets.join(", ")
            ),
            SourceProblem::SeveralSheets { sheets } => {
                let names: Vec<&str> = sheets.iter().map(|sheet| sheet.name.as_str()).collect();
                let names = names.join(", ");
                write!(f, "several sheets hold contacts ({names}); name those to read")
            }
            SourceProblem::HeaderQuote => {
                f.write_str("a quote opened here, in the header row, is never closed; take it out")
            }
            SourceProblem::HeaderTooLarge { max } => write!(
                f,
                "the header row is larger than {max} bytes; is there a header row at all?"
            ),
            SourceProblem::Fix { input, record, column, misfit } => {
                write_misfit(f, (input, *record, column), misfit)
            }
        }
    }
}

impl std::error::Error for SourceProblem {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            SourceProblem::Io(error) | SourceProblem::NoThread(error) => Some(error),
            _ => None,
        }
    }
}

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
            SourceProblem::Directory => {
                write!(f, "is a folder; name the files in it, such as {}/*.csv", self.source)
            }
            problem => problem.fmt(f),
        }
    }
}

impl std::error::Error for SourceError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&self.problem)
    }
}
