//! Why a run could not go on.

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use contactmill_core::columns::MappingError;
use contactmill_core::pipeline::{NoThreads, Stopped};
use contactmill_emit::EmitError;
use contactmill_report::ReportError;
use contactmill_source::{Sheet, SourceError, SourceProblem};

use crate::corrected::ExcludedBefore;
use crate::distributed::DistributedProblem;
use crate::fixes::FixesProblem;
use crate::since::SinceProblem;

/// A run that could not go on: what is wrong, where, and what to do.
///
/// Its text never holds the cells of a record.
///
/// ```
/// use contactmill::{Convert, ErrorKind};
///
/// # let folder = tempfile::tempdir()?;
/// # let out = folder.path().join("out");
/// let error = Convert::new(["no-such-file.csv"]).out(&out).run().unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Input);
/// assert_eq!(error.source_name(), Some("no-such-file.csv"));
/// assert_eq!(error.to_string(), "no-such-file.csv: no such file");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Error(Box<Problem>);

/// Kinds of [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// An input is not there, cannot be read, is damaged, or is of a format that is not read.
    Input,
    /// An input was changed while it was read.
    InputChanged,
    /// The columns of an input are not known well enough to read it.
    Mapping,
    /// No number and no address can be read in an exclusion list.
    ExclusionList,
    /// An input is a table of an earlier run that left people out, whom this one would not leave out.
    ExcludedBefore,
    /// The earlier result cannot be compared with: see [`Convert::since`](crate::Convert::since).
    Since,
    /// A correction does not fit the inputs, or cannot be read: see
    /// [`Convert::fixes`](crate::Convert::fixes).
    Fixes,
    /// The inputs have more records than one run can number.
    TooManyRecords,
    /// The results would be split into more parts than there may be.
    TooManyParts,
    /// The folder holds results already.
    OutputExists,
    /// The folder cannot hold results: it holds something else, or is no folder.
    OutputFolder,
    /// Another run, or an upload, is at work in the folder.
    OutputInUse,
    /// The function that [`Convert::may_replace`](crate::Convert::may_replace) takes objected.
    NotReplaced,
    /// Results, or temporary files beside them, cannot be written.
    Output,
    /// The run cannot be distributed, or a process takes part in it with another version or other
    /// options: see [`distributed`](crate::distributed).
    Distributed,
    /// Threads cannot be started.
    Threads,
    /// The run was stopped, as asked.
    Stopped,
}

/// What the caller can change so that the run succeeds, for whoever wants to say it in the words of
/// a front end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Hint<'e> {
    /// Name another folder: [`Convert::out`](crate::Convert::out).
    Out,
    /// Name another folder, or replace the results in it:
    /// [`Convert::existing`](crate::Convert::existing).
    OutOrReplace,
    /// Name the encoding: [`Reading::encoding`](crate::Reading::encoding).
    Encoding,
    /// Name some of these sheets, or take all: [`Reading::sheets`](crate::Reading::sheets).
    Sheets(&'e [Sheet]),
    /// Raise the limits of decompression: [`Reading::decompress`](crate::Reading::decompress).
    DecompressLimits,
    /// Say what the columns hold, or that there is no header row:
    /// [`Convert::mapping`](crate::Convert::mapping),
    /// [`Reading::no_header`](crate::Reading::no_header).
    Columns {
        /// What is not known of the columns.
        error: &'e MappingError,
        /// Whether the input may be without a header row: whether its format has one at all.
        can_omit_header: bool,
    },
    /// Use one thread: [`Convert::threads`](crate::Convert::threads).
    OneThread,
    /// Leave out who stands in these exclusion lists: [`Convert::exclude`](crate::Convert::exclude).
    Exclude(&'e [String]),
    /// Leave out who opted out: [`Convert::opt_outs`](crate::Convert::opt_outs).
    ExcludeOptOuts,
}

/// An error of whoever uses the library.
pub(crate) type ForeignError = Box<dyn std::error::Error + Send + Sync>;

#[derive(Debug)]
pub(crate) enum Problem {
    Source(SourceError),
    Emit(EmitError),
    Threads(NoThreads),
    Mapping {
        input: String,
        error: MappingError,
        /// Whether the input can be read without a header row.
        can_omit_header: bool,
    },
    /// The columns of an exclusion list are not known, or it has nothing that can be read.
    ExclusionList {
        list: String,
        error: Option<MappingError>,
    },
    /// An earlier run left out whom this one would not.
    ExcludedBefore {
        input: String,
        excluded: ExcludedBefore,
    },
    /// The earlier result cannot be compared with.
    Since {
        folder: PathBuf,
        problem: SinceProblem,
    },
    /// Corrections of cells cannot be read, or do not fit.
    Fixes {
        path: PathBuf,
        line: Option<u64>,
        problem: FixesProblem,
    },
    /// An input stands in the folder that is going to be replaced.
    InputInOut {
        input: String,
    },
    /// The header of an input is not what it was when it was opened first.
    Changed {
        input: String,
    },
    /// There is no page about the run.
    Report(ReportError),
    /// What was deferred cannot be written to the staging folder or read back.
    Scratch {
        out: PathBuf,
        error: io::Error,
    },
    NotReplaced(ForeignError),
    Distributed(DistributedProblem),
    /// A table cannot be made in memory.
    #[cfg(feature = "batches")]
    Batches(ForeignError),
    TooManyRecords,
    Stopped,
}

impl Error {
    /// What a caller's function has failed with; as it is, if it is one of these.
    pub(crate) fn foreign(error: ForeignError) -> Self {
        error.downcast::<Error>().map_or_else(|e| DistributedProblem::Foreign(e).into(), |e| *e)
    }

    /// Whether a list holds nobody, or its columns are not known.
    pub(crate) fn is_of_exclusion_list(&self) -> bool {
        matches!(&*self.0, Problem::ExclusionList { .. })
    }

    /// What kind of error it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match &*self.0 {
            Problem::Source(error) => match &error.problem {
                SourceProblem::Changed => ErrorKind::InputChanged,
                SourceProblem::NoThread(_) => ErrorKind::Threads,
                SourceProblem::Fix { .. } => ErrorKind::Fixes,
                _ => ErrorKind::Input,
            },
            Problem::Emit(error) => match error {
                EmitError::HoldsResults { .. } => ErrorKind::OutputExists,
                EmitError::HoldsOtherFiles { .. }
                | EmitError::NotAFolder { .. }
                | EmitError::NoName { .. } => ErrorKind::OutputFolder,
                EmitError::Busy { .. } => ErrorKind::OutputInUse,
                EmitError::TooManyParts { .. } => ErrorKind::TooManyParts,
                EmitError::NoThread(_) => ErrorKind::Threads,
                _ => ErrorKind::Output,
            },
            Problem::Threads(_) => ErrorKind::Threads,
            Problem::Mapping { .. } => ErrorKind::Mapping,
            Problem::ExclusionList { .. } => ErrorKind::ExclusionList,
            Problem::ExcludedBefore { .. } => ErrorKind::ExcludedBefore,
            Problem::Since { .. } => ErrorKind::Since,
            Problem::Fixes { .. } => ErrorKind::Fixes,
            Problem::InputInOut { .. } => ErrorKind::OutputFolder,
            Problem::Changed { .. } => ErrorKind::InputChanged,
            Problem::Scratch { .. } | Problem::Report(_) => ErrorKind::Output,
            Problem::NotReplaced(_) => ErrorKind::NotReplaced,
            Problem::Distributed(_) => ErrorKind::Distributed,
            #[cfg(feature = "batches")]
            Problem::Batches(_) => ErrorKind::Output,
            Problem::TooManyRecords => ErrorKind::TooManyRecords,
            Problem::Stopped => ErrorKind::Stopped,
        }
    }

    /// The name of the input that is at fault, where there is one.
    #[must_use]
    pub fn source_name(&self) -> Option<&str> {
        match &*self.0 {
            Problem::Source(error) => Some(&error.source),
            Problem::Mapping { input, .. }
            | Problem::ExclusionList { list: input, .. }
            | Problem::ExcludedBefore { input, .. }
            | Problem::InputInOut { input }
            | Problem::Changed { input } => Some(input),
            _ => None,
        }
    }

    /// The line of the input, from 1, where there is one.
    #[must_use]
    pub fn line(&self) -> Option<u64> {
        match &*self.0 {
            Problem::Source(error) => error.line,
            Problem::Fixes { line, .. } => *line,
            _ => None,
        }
    }

    /// What the caller can change.
    #[must_use]
    pub fn hint(&self) -> Option<Hint<'_>> {
        match &*self.0 {
            Problem::Source(error) => match &error.problem {
                SourceProblem::HeaderEncoding => Some(Hint::Encoding),
                SourceProblem::Inflated { .. } => Some(Hint::DecompressLimits),
                SourceProblem::SeveralSheets { sheets } => Some(Hint::Sheets(sheets)),
                _ => None,
            },
            Problem::Emit(error) => match error {
                EmitError::HoldsResults { .. } => Some(Hint::OutOrReplace),
                EmitError::HoldsOtherFiles { .. }
                | EmitError::NotAFolder { .. }
                | EmitError::Busy { .. }
                | EmitError::NoName { .. } => Some(Hint::Out),
                EmitError::NoThread(_) => Some(Hint::OneThread),
                _ => None,
            },
            Problem::Threads(_) => Some(Hint::OneThread),
            Problem::Mapping { error, can_omit_header, .. } => {
                Some(Hint::Columns { error, can_omit_header: *can_omit_header })
            }
            Problem::InputInOut { .. } => Some(Hint::Out),
            Problem::ExcludedBefore { excluded, .. } => match excluded {
                ExcludedBefore::InTable => None,
                ExcludedBefore::ByLists(lists) => Some(Hint::Exclude(lists)),
                ExcludedBefore::ByConsents => Some(Hint::ExcludeOptOuts),
            },
            _ => None,
        }
    }

    /// Whether it is not known what the columns of an input hold, and the caller can say.
    pub(crate) fn is_of_unclear_columns(&self) -> bool {
        let Problem::Mapping { error, .. } = &*self.0 else { return false };
        matches!(
            error,
            MappingError::NoPhoneColumn { .. }
                | MappingError::AmbiguousPhone { .. }
                | MappingError::AmbiguousCountry { .. }
                | MappingError::SeveralCodes { .. }
        )
    }

    /// Whether no column header of an input names phone numbers, or is as the caller says.
    pub(crate) fn is_column_missing(&self) -> bool {
        let Problem::Mapping { error, .. } = &*self.0 else { return false };
        matches!(error, MappingError::NoPhoneColumn { .. } | MappingError::UnknownColumn { .. })
    }

    /// Why a run into this folder stopped.
    pub(crate) fn stopped<S: Into<Error>>(stopped: Stopped<S, EmitError>, out: &Path) -> Error {
        match stopped {
            Stopped::Source(error) => error.into(),
            Stopped::Sink(error) => error.into(),
            Stopped::Asked => Problem::Stopped.into(),
            Stopped::Scratch(error) => Problem::Scratch { out: out.to_owned(), error }.into(),
            Stopped::TooManyRecords => Problem::TooManyRecords.into(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Problem::Source(error) => error.fmt(f),
            Problem::Emit(error) => error.fmt(f),
            Problem::Threads(error) => error.fmt(f),
            Problem::Mapping { input, error, .. } => write!(f, "{input}: {error}"),
            Problem::ExclusionList {
                list,
                error: Some(error @ MappingError::AmbiguousCountry { .. }),
            } => {
                write!(f, "{list}: {error}; if it does, call it Country, else take it out")
            }
            Problem::ExclusionList { list, error } => {
                write!(f, "{list}: no number and no e-mail address can be read in this list")?;
                match error {
                    Some(error) => {
                        write!(f, ": {error}; a list without a header row has one value a line")
                    }
                    None => Ok(()),
                }
            }
            Problem::ExcludedBefore { input, excluded } => write!(f, "{input}: {excluded}"),
            Problem::Since { folder, problem } => write!(f, "{}: {problem}", folder.display()),
            Problem::Fixes { path, line, problem } => {
                write!(f, "{}: ", path.display())?;
                if let Some(line) = line {
                    write!(f, "line {line}: ")?;
                }
                problem.fmt(f)
            }
            Problem::InputInOut { input } => {
                write!(f, "{input} stands in the folder that would be replaced; name another")
            }
            Problem::Changed { input } => write!(f, "{input}: was changed while it was read"),
            Problem::Scratch { out, error } => {
                write!(f, "contacts cannot be set aside beside {}: {error}", out.display())
            }
            Problem::NotReplaced(error) => error.fmt(f),
            Problem::Distributed(problem) => problem.fmt(f),
            Problem::Report(error) => error.fmt(f),
            #[cfg(feature = "batches")]
            Problem::Batches(error) => write!(f, "the table cannot be made: {error}"),
            Problem::TooManyRecords => f.write_str(
                "the inputs have more than 4,294,967,295 records\n  convert them in several runs",
            ),
            Problem::Stopped => f.write_str("stopped as asked; nothing was written"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &*self.0 {
            Problem::Source(error) => error.source(),
            Problem::Emit(error) => error.source(),
            Problem::Threads(error) => error.source(),
            Problem::Mapping { error, .. } => error.source(),
            Problem::ExclusionList { error, .. } => error.as_ref().and_then(|error| error.source()),
            Problem::Scratch { error, .. }
            | Problem::Since { problem: SinceProblem::Io { error, .. }, .. } => Some(error),
            Problem::Fixes { problem: FixesProblem::Io(error), .. } => Some(error),
            Problem::NotReplaced(error) => error.source(),
            Problem::Report(error) => error.source(),
            #[cfg(feature = "batches")]
            Problem::Batches(error) => error.source(),
            Problem::Fixes { .. }
            | Problem::InputInOut { .. }
            | Problem::ExcludedBefore { .. }
            | Problem::Since { .. }
            | Problem::Changed { .. }
            | Problem::Distributed(_)
            | Problem::TooManyRecords
            | Problem::Stopped => None,
        }
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Error(Box::new(problem))
    }
}

impl From<SourceError> for Error {
    fn from(error: SourceError) -> Self {
        Problem::Source(error).into()
    }
}

impl From<EmitError> for Error {
    fn from(error: EmitError) -> Self {
        Problem::Emit(error).into()
    }
}

impl From<NoThreads> for Error {
    fn from(error: NoThreads) -> Self {
        Problem::Threads(error).into()
    }
}

impl From<Infallible> for Error {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}
