//! Why a command failed, in the words of the command line.

use std::fmt;
use std::io;
use std::path::PathBuf;

use contactmill::columns::{MappedField, MappingError, PhoneCandidate};
use contactmill::{Error, Hint, MaxRejects};
use contactmill_report::ReportError;

use contactmill_review::StartError;

use crate::hints;
use crate::shell::shell_word;
use crate::summary::grouped;
use crate::upload::UploadFailure;

/// Why a command could not do what was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A run of `convert` or `inspect` could not go on.
    Run(Error),
    /// The columns that a profile may have named are not there.
    OtherLayout {
        error: Error,
        profile: PathBuf,
    },
    StandardInputTwice,
    /// The list of inputs cannot be read, or names none.
    InputList {
        list: PathBuf,
        error: Option<io::Error>,
    },
    /// What was typed is no command.
    Usage(clap::Error),
    /// A profile cannot be read or written, or says something that is no option.
    Profile {
        path: PathBuf,
        message: String,
    },
    /// The pages of the manual cannot be written.
    Pages {
        folder: PathBuf,
        error: io::Error,
    },
    /// There is no page about a result.
    Report(ReportError),
    /// The page about a result cannot be written.
    Page {
        out: PathBuf,
        error: io::Error,
    },
    StandardInput(io::Error),
    StandardOutput(io::Error),
    /// The results are in place, and the summary cannot be written.
    Summary {
        out: PathBuf,
        error: io::Error,
    },
    /// More records were rejected than `--max-rejects` allows.
    TooManyRejects {
        rejected: u64,
        records: u64,
        max: MaxRejects,
    },
    Signals(io::Error),
    /// A signal asked for it, with the exit code that it has.
    Stopped(Option<u8>),
    Upload(UploadFailure),
    Sandbox(io::Error),
    Review(StartError),
}

impl Failure {
    /// The exit code of the process.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Failure::Stopped(Some(code)) => *code,
            Failure::Upload(failure) => failure.exit_code(),
            Failure::TooManyRejects { .. } => 3,
            Failure::Usage(error) => u8::try_from(error.exit_code()).unwrap_or(2),
            _ => 1,
        }
    }

    /// The failure of a run with a profile, where that may be the cause.
    pub(crate) fn with_profile(self, profile: Option<PathBuf>) -> Self {
        match (self, profile) {
            (Failure::Run(error), Some(profile)) if names_unknown_column(&error) => {
                Failure::OtherLayout { error, profile }
            }
            (failure, _) => failure,
        }
    }
}

fn names_unknown_column(error: &Error) -> bool {
    let hint = error.hint();
    matches!(hint, Some(Hint::Columns { error: MappingError::UnknownColumn { .. }, .. }))
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Run(error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Run(error) => run_failure(f, error),
            Failure::OtherLayout { error, profile } => {
                run_failure(f, error)?;
                write!(f, "\n  if {} is for another layout, leave it out", profile.display())
            }
            Failure::StandardInputTwice => f.write_str("standard input (-) can be read only once"),
            Failure::InputList { list, error: Some(error) } => {
                write!(f, "{}: the list of inputs cannot be read: {error}", list.display())
            }
            Failure::InputList { list, error: None } => {
                write!(f, "{}: the list of inputs names no file", list.display())
            }
            Failure::Profile { path, message } => write!(f, "{}: {message}", path.display()),
            Failure::Usage(error) => error.fmt(f),
            Failure::TooManyRejects { rejected, records, max } => {
                let (rejected, records) = (grouped(*rejected), grouped(*records));
                write!(
                    f,
                    "{rejected} of {records} records were rejected: over --max-rejects {max}"
                )?;
                f.write_str("\n  the results are written all the same")
            }
            Failure::Signals(error) => write!(f, "cannot listen to signals: {error}"),
            Failure::Stopped(_) => f.write_str("stopped by a signal; nothing was written"),
            Failure::Upload(failure) => failure.fmt(f),
            Failure::Sandbox(error) => {
                write!(f, "the sandbox cannot listen: {error}; name another port with --port")
            }
            Failure::Review(StartError::Input(error)) => run_failure(f, error),
            Failure::Review(StartError::Listen(error)) => {
                write!(f, "the page cannot be served: {error}; name another port with --port")
            }
            Failure::Review(error @ StartError::Fixes { .. }) => {
                write!(f, "{error}; name another file with --fixes")
            }
            Failure::Review(error) => error.fmt(f),
            Failure::Summary { out, error } => write!(
                f,
                "standard output cannot be written: {error}\n  the results are whole, in {}",
                out.display()
            ),
            Failure::Pages { folder, error } => {
                write!(f, "{}: the pages cannot be written: {error}", folder.display())
            }
            Failure::Report(error) => error.fmt(f),
            Failure::Page { out, error } => {
                write!(f, "{}: cannot be written: {error}", out.display())
            }
            Failure::StandardInput(error) => {
                write!(f, "standard input cannot be read: {error}")
            }
            Failure::StandardOutput(error) => {
                write!(f, "standard output cannot be written: {error}")
            }
        }
    }
}

/// The text of the library, and the options that help.
fn run_failure(f: &mut fmt::Formatter<'_>, error: &Error) -> fmt::Result {
    if let Some(Hint::Columns { error: mapping, can_omit_header }) = error.hint() {
        if let Some(name) = error.source_name() {
            write!(f, "{name}: ")?;
        }
        return mapping_failure(f, mapping, can_omit_header);
    }
    if let (Some(Hint::Sheets(sheets)), Some(name)) = (error.hint(), error.source_name()) {
        write!(f, "{name}: several sheets hold contacts; say which to read\n  one or more of:")?;
        return hints::of_sheets(sheets).iter().try_for_each(|line| write!(f, "\n    {line}"));
    }
    write!(f, "{error}")?;
    match error.hint().and_then(hints::of_error) {
        Some(options) => write!(f, "\n  {options}"),
        None => Ok(()),
    }
}

fn mapping_failure(
    f: &mut fmt::Formatter<'_>,
    error: &MappingError,
    can_omit_header: bool,
) -> fmt::Result {
    match error {
        MappingError::NoPhoneColumn { columns, likely } => {
            writeln!(f, "no column header names phone numbers")?;
            writeln!(f, "{}", listed("its columns are:", columns))?;
            let column = likely.as_deref().unwrap_or("COLUMN");
            write!(f, "  say which one it is: --map {}", shell_word(&format!("phone={column}")))
        }
        MappingError::AmbiguousPhone { candidates } => ambiguous_phone(f, candidates),
        MappingError::SeveralCodes { phones } => {
            let codes: Vec<&String> = phones.iter().filter_map(|(_, code)| code.as_ref()).collect();
            match codes.as_slice() {
                [code] => writeln!(
                    f,
                    "{code:?} holds the country calling codes of one of several\n  phones"
                )?,
                _ => writeln!(
                    f,
                    "several phones have country calling codes of their own; say whose to take"
                )?,
            }
            write!(f, "  one of:")?;
            let typed = |field: &str, column: &str| {
                format!(" --map {}", shell_word(&format!("{field}={column}")))
            };
            phones.iter().try_for_each(|(phone, code)| {
                let code = code.as_ref().map(|code| typed("country", code)).unwrap_or_default();
                write!(f, "\n   {}{code}", typed("phone", phone))
            })
        }
        MappingError::OtherThanBefore { assignments } => {
            writeln!(f, "its columns would be taken for other fields than in the")?;
            writeln!(f, "  run that wrote it; say what they are, as in that run:")?;
            assignments.iter().enumerate().try_for_each(|(at, (field, column))| {
                let before = if at == 0 { "   " } else { "" };
                write!(f, "{before} --map {}", shell_word(&format!("{field}={column}")))
            })
        }
        MappingError::OfSeveralInputs { columns } => {
            let names: Vec<String> = columns.iter().map(|name| format!("{name:?}")).collect();
            writeln!(f, "its rows come from inputs in which {} held", names.join(", "))?;
            writeln!(
                f,
                "  different fields; keep the rows of each (`_source`) in a table of their own,"
            )?;
            let attribute = columns.first().map(|name| format!("attr:{name}={name}"));
            let attribute = shell_word(&attribute.unwrap_or_default());
            writeln!(f, "  beside its manifest.json, or say what it holds in all of them:")?;
            write!(f, "    --map {attribute}")
        }
        MappingError::AmbiguousCountry { column } => {
            writeln!(f, "{column:?} may hold the countries of the numbers, or their")?;
            writeln!(
                f,
                "  calling codes; without them, numbers from abroad would be of the region"
            )?;
            let typed = |field: &str| format!("--map {}", shell_word(&format!("{field}={column}")));
            let (countries, other) = (typed("country"), typed(&format!("attr:{column}")));
            let width = countries.chars().count().max(other.chars().count()).min(44);
            writeln!(f, "  one of:\n    {countries:width$}  it does")?;
            write!(f, "    {other:width$}  it holds something else")
        }
        MappingError::OtherHeader { line } => {
            writeln!(f, "line {line} looks like a second header row, with other phone columns")?;
            writeln!(
                f,
                "  than the first; put the rows below it into a file of their own, with it,"
            )?;
            write!(f, "  or make one header row of both")
        }
        MappingError::NoHeader { columns, likely } => {
            let add = match can_omit_header {
                true => {
                    let map = likely.as_ref().map(|letter| format!(" --map phone={letter}"));
                    let map = map.unwrap_or_default();
                    writeln!(f, "the first row is data, and no header")?;
                    writeln!(f, "  if the file has none, say so: --no-header{map}")?;
                    "or add a first line such as:"
                }
                false => {
                    writeln!(f, "the first row is data; a header row is needed above it")?;
                    "add a first line such as:"
                }
            };
            write!(f, "{}", listed(add, &[example_header(*columns)]))
        }
        MappingError::UnknownColumn { column, columns, fits, .. } => {
            writeln!(f, "there is no column {column:?}")?;
            write!(f, "{}", listed("its columns are:", columns))?;
            let map = |(field, column): &(MappedField, String)| {
                format!("--map {}", shell_word(&format!("{field}={column}")))
            };
            let maps: Vec<String> = fits.iter().map(map).collect();
            match maps.as_slice() {
                [] => Ok(()),
                maps => write!(f, "\n{}", wrapped("those that fit:", maps, "")),
            }
        }
        other => write!(f, "{other}"),
    }
}

/// The columns that could hold the phone number, each as it is typed.
fn ambiguous_phone(f: &mut fmt::Formatter<'_>, candidates: &[PhoneCandidate]) -> fmt::Result {
    if let [PhoneCandidate { column, .. }] = candidates {
        writeln!(f, "the phone stands behind the names of two people")?;
        let typed = shell_word(&format!("phone={column}"));
        return write!(f, "  if it is that of the first, say so: --map {typed}");
    }
    writeln!(f, "several columns hold phone numbers; say whose to take")?;
    write!(f, "  one of:")?;
    let typed = |column: &str| format!("--map {}", shell_word(&format!("phone={column}")));
    let width = candidates.iter().map(|one| typed(&one.column).chars().count()).max();
    // Beside a longer one, nothing fits on a line of 80 columns.
    let width = width.unwrap_or_default().min(34);
    for PhoneCandidate { column, letter, share, .. } in candidates {
        let place = match column == letter {
            true => String::new(),
            false => format!("column {letter}: "),
        };
        let share = share.map(|share| share.to_string()).unwrap_or_default();
        let line = format!("    {:width$}  {place}{share}", typed(column));
        write!(f, "\n{}", line.trim_end_matches([' ', ':']))?;
    }
    Ok(())
}

/// A header row for this number of columns.
fn example_header(columns: usize) -> String {
    // A single column is that of the numbers.
    let example = ["name", "phone", "email"].into_iter().skip(usize::from(columns == 1));
    let names: Vec<String> = example
        .map(String::from)
        .chain((4..).map(|number| format!("column{number}")))
        .take(columns)
        .collect();
    names.join(",")
}

/// Words behind a heading, with commas between, on lines of 80 columns.
fn listed(heading: &str, words: &[String]) -> String {
    wrapped(heading, words, ",")
}

/// Words behind a heading, each but the last with a mark behind it, on lines of 80 columns.
fn wrapped(heading: &str, words: &[String], mark: &str) -> String {
    const WIDTH: usize = 80;
    let mut text = format!("  {heading}");
    let mut width = text.chars().count();
    for (index, word) in words.iter().enumerate() {
        let mark = if index + 1 < words.len() { mark } else { "" };
        let more = word.chars().count() + mark.len() + 1;
        if width + more > WIDTH && index > 0 {
            text.push_str("\n   ");
            width = 3;
        }
        text.push(' ');
        text.push_str(word);
        text.push_str(mark);
        width += more;
    }
    text
}
