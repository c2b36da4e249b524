//! `contactmill convert`: from inputs to a result folder.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use contactmill_core::columns::{
    ColumnMap, ColumnRole, DecidedBy, Decision, MappedField, MappingError, PhoneCandidate, Resumed,
};
use contactmill_core::dedup::Conflict;
use contactmill_core::pipeline::Scratch;
use contactmill_core::pipeline::{Emitted, NoThreads, Pipeline, PipelineOptions, Sink, Stopped};
use contactmill_core::records::{Position, Record, RecordId, SourceId};
use contactmill_core::{
    METADATA_VERSION, Normalizer, Reason, Region, Rejection, Warning, WarningCode,
};
use contactmill_emit::{
    ArrayWriter, ContactWriter, EmitError, InputTable, ResultWriter, Staging, StagingNote,
    manifest_counts, write_manifest,
};
use contactmill_source::SourceError;
use contactmill_upload::{JournalError, UploadError, unsettled};
use contactmill_wire::manifest::{Column, ContentDecision, Input, Manifest, Mapping, SCHEMA, Tool};

use crate::args::ConvertArguments;
use crate::opening::{OpenInput, Opening, check_inputs, is_standard_input};
use crate::progress::Progress;
use crate::signals::Signals;
use crate::summary::Summary;
use crate::terminal::{self, is_obeyed};
use crate::upload::UploadFailure;

/// Why a run could not go on.
#[derive(Debug)]
pub(crate) enum Failure {
    Source(SourceError),
    Emit(EmitError),
    Threads(NoThreads),
    Mapping {
        source: String,
        error: MappingError,
        /// Whether `--no-header` would read the input without one.
        takes_no_header: bool,
    },
    StandardInputTwice,
    /// An input stands in the folder that is going to be replaced.
    InputInOut {
        input: String,
    },
    /// An input is not what it was when its header was read.
    Changed {
        input: String,
    },
    /// What was typed is no command.
    Usage(clap::Error),
    /// A profile cannot be read or written, or says something that is no option.
    Profile {
        path: PathBuf,
        message: String,
    },
    StandardInput(io::Error),
    StandardOutput(io::Error),
    /// The results are in place, and what there is to say of them cannot be written.
    Summary {
        out: PathBuf,
        error: io::Error,
    },
    /// The results that would be replaced were uploaded in part.
    Unsettled {
        out: PathBuf,
        what: String,
    },
    Signals(io::Error),
    /// What had to be set aside could not be written to the staging folder or read back.
    Scratch {
        out: PathBuf,
        error: io::Error,
    },
    TooManyRecords,
    /// A signal asked for it, with the exit code that it has.
    Stopped(Option<u8>),
    Upload(UploadFailure),
    Sandbox(io::Error),
}

impl Failure {
    /// What the process exits with.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Failure::Stopped(Some(code)) => *code,
            Failure::Upload(failure) => failure.exit_code(),
            Failure::Usage(error) => u8::try_from(error.exit_code()).unwrap_or(2),
            _ => 1,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Source(error) => error.fmt(f),
            Failure::Emit(error) => error.fmt(f),
            Failure::Threads(error) => error.fmt(f),
            Failure::Mapping { source, error, takes_no_header } => {
                write!(f, "{source}: ")?;
                mapping_failure(f, error, *takes_no_header)
            }
            Failure::StandardInputTwice => f.write_str("standard input (-) can be read only once"),
            Failure::InputInOut { input } => write!(
                f,
                "{input} stands in the folder that would be replaced; name another with --out"
            ),
            Failure::Changed { input } => write!(f, "{input}: was changed while it was read"),
            Failure::Profile { path, message } => write!(f, "{}: {message}", path.display()),
            Failure::Usage(error) => error.fmt(f),
            Failure::Signals(error) => write!(f, "cannot listen to signals: {error}"),
            Failure::Stopped(_) => f.write_str("stopped by a signal; nothing was written"),
            Failure::Scratch { out, error } => {
                write!(f, "contacts cannot be set aside beside {}: {error}", out.display())
            }
            Failure::TooManyRecords => f.write_str(
                "the inputs have more than 4,294,967,295 records\n  convert them in several runs",
            ),
            Failure::Upload(failure) => failure.fmt(f),
            Failure::Sandbox(error) => {
                write!(f, "the sandbox cannot listen: {error}; name another port with --port")
            }
            Failure::Summary { out, error } => write!(
                f,
                "standard output cannot be written: {error}\n  the results are whole, in {}",
                out.display()
            ),
            Failure::Unsettled { out, what } => write!(
                f,
                "{}: {what}\n  Replacing the results would forget which are in. Finish the upload, \
                 name another folder with --out, or give --overwrite twice",
                out.display()
            ),
            Failure::StandardInput(error) => {
                write!(f, "standard input cannot be read: {error}")
            }
            Failure::StandardOutput(error) => {
                write!(f, "standard output cannot be written: {error}")
            }
        }
    }
}

fn mapping_failure(
    f: &mut fmt::Formatter<'_>,
    error: &MappingError,
    takes_no_header: bool,
) -> fmt::Result {
    match error {
        MappingError::NoPhoneColumn { columns, likely } => {
            writeln!(f, "no column is called like one with phone numbers")?;
            writeln!(f, "{}", listed("its columns are:", columns))?;
            let column = likely.as_deref().unwrap_or("COLUMN");
            write!(f, "  say which one it is: --map {}", shell_word(&format!("phone={column}")))
        }
        MappingError::AmbiguousPhone { candidates } => {
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
        MappingError::NoHeader { columns, likely } => {
            let add = match takes_no_header {
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
            // A single column is that of the numbers.
            let example = ["name", "phone", "email"].into_iter().skip(usize::from(*columns == 1));
            let names: Vec<String> = example
                .map(String::from)
                .chain((4..).map(|number| format!("column{number}")))
                .take(*columns)
                .collect();
            write!(f, "{}", listed(add, &[names.join(",")]))
        }
        MappingError::UnknownColumn { column, columns } => {
            writeln!(f, "there is no column {column:?}")?;
            write!(f, "{}", listed("its columns are:", columns))
        }
        error => write!(f, "{error}"),
    }
}

/// Words behind a heading, with commas between, on lines of 80 columns.
fn listed(heading: &str, words: &[String]) -> String {
    const WIDTH: usize = 80;
    let mut text = format!("  {heading}");
    let mut width = text.chars().count();
    for (index, word) in words.iter().enumerate() {
        let comma = if index + 1 < words.len() { "," } else { "" };
        let more = word.chars().count() + comma.len() + 1;
        if width + more > WIDTH && index > 0 {
            text.push_str("\n   ");
            width = 3;
        }
        text.push(' ');
        text.push_str(word);
        text.push_str(comma);
        width += more;
    }
    text
}

/// The text as one word of a shell, in which nothing is obeyed by a terminal.
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

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Self {
        Failure::Source(error)
    }
}

impl From<EmitError> for Failure {
    fn from(error: EmitError) -> Self {
        Failure::Emit(error)
    }
}

impl From<NoThreads> for Failure {
    fn from(error: NoThreads) -> Self {
        Failure::Threads(error)
    }
}

impl Failure {
    /// Why a run into this folder stopped.
    fn of<S: Into<Failure>>(
        stopped: Stopped<S, EmitError>,
        out: &Path,
        signals: &Signals,
    ) -> Failure {
        match stopped {
            Stopped::Source(error) => error.into(),
            Stopped::Sink(error) => Failure::Emit(error),
            Stopped::Asked => Failure::Stopped(signals.exit_code()),
            Stopped::Scratch(error) => Failure::Scratch { out: out.to_owned(), error },
            Stopped::TooManyRecords => Failure::TooManyRecords,
        }
    }
}

impl From<Infallible> for Failure {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

/// Converts and reports; the exit code is 3 when too much was rejected, and that of the signal when
/// one stopped the run.
pub(crate) fn run(arguments: &ConvertArguments) -> Result<ExitCode, Failure> {
    if arguments.inputs.iter().filter(|path| is_standard_input(path)).count() > 1 {
        return Err(Failure::StandardInputTwice);
    }
    check_inputs(&arguments.inputs)?;
    // Before there is a staging folder, which must not be left behind.
    let signals = Signals::listen().map_err(Failure::Signals)?;
    let staging = Staging::new(&arguments.out, arguments.existing())?;
    let remove_staging = staging.removal();
    let until_open = signals.end_process(move |code| {
        remove_staging();
        terminal::say_error(&Failure::Stopped(Some(code)));
    });
    tell(staging.notes(), arguments.display.quiet);
    // Better now than after a long run; at its end it is asked again.
    check_upload(staging.out(), arguments)?;
    let scratch = || staging.scratch();
    let mapping = arguments.mapping();
    let is_header = |row: &[String]| mapping.is_header(row);
    let reading = arguments.reading.options(&scratch, &is_header);
    if let Some(input) = arguments.inputs.iter().find(|path| staging.replaces(path)) {
        return Err(Failure::InputInOut { input: input.display().to_string() });
    }
    let opening = Opening {
        reading,
        mapping: arguments.mapping(),
        options: arguments.options(),
        is_quiet: arguments.display.quiet,
    };
    let mut inputs = opening.all(&arguments.inputs)?;
    // From here on a signal is looked for between blocks.
    drop(until_open);

    let limits = arguments.batch_limits();
    let tables: Vec<InputTable<'_>> = inputs
        .iter()
        .map(|input| InputTable { name: &input.name, header: &input.header })
        .collect();
    let contacts =
        ArrayWriter::new(&staging, limits, arguments.layout(), arguments.write_thread())?;
    let encoder = contacts.encoder();
    let result = ResultWriter::new(&staging, &tables, Box::new(contacts))?;
    let total = inputs.iter().map(|input| input.bytes).sum();
    let mut sink = Reporting {
        result,
        progress: Progress::new(arguments.display.progress, arguments.display.quiet, total),
        phone_columns: Vec::new(),
        examples: Examples::default(),
    };

    let normalizer = Normalizer::new(arguments.options());
    let scratch = || Ok(Box::new(staging.scratch()?) as Box<dyn Scratch>);
    let settings = PipelineOptions {
        threads: arguments.threads(),
        dedup: arguments.dedup(),
        encoder: encoder.as_deref(),
        scratch: &scratch,
        stop: Some(signals.any()),
    };
    let mut pipeline = Pipeline::new(&normalizer, settings)?;
    for (index, input) in inputs.iter_mut().enumerate() {
        let mut source = match input.source.take() {
            Some(source) => source,
            None => Resumed::from(input.part.open(reading)?),
        };
        if source.source().header() != input.header {
            return Err(Failure::Changed { input: input.name.clone() });
        }
        if let Some(map) = &input.map {
            sink.phone_columns = phone_columns(map);
            let id = SourceId(u32::try_from(index).unwrap_or(u32::MAX));
            let fed = pipeline.feed(id, &mut source, map, &mut sink);
            input.records =
                fed.map_err(|stopped| Failure::of(stopped, &arguments.out, &signals))?;
        }
        input.sha256 = source.source().sha256()?;
        sink.progress.end_input(input.bytes, input.records);
    }
    sink.progress.writing();
    let finished = pipeline.finish(&mut sink);
    let counts = finished.map_err(|stopped| Failure::of(stopped, &arguments.out, &signals))?;
    let Reporting { result, progress, examples, .. } = sink;
    let finished = result.finish()?;
    let manifest = Manifest {
        schema: SCHEMA,
        tool: Tool {
            name: env!("CARGO_PKG_NAME").to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            phone_metadata: METADATA_VERSION.to_owned(),
        },
        inputs: inputs.iter().map(input_entry).collect(),
        mapping: inputs.iter().map(mapping_entry).collect(),
        options: arguments.for_manifest(),
        counts: manifest_counts(counts),
        rejected_by_reason: by_code(&finished.rejected, Reason::code, |tally| tally.count),
        warnings_by_code: by_code(&finished.warnings, WarningCode::code, |tally| tally.count),
        contacts_by_region: by_code(&finished.regions, Region::as_str, |count| *count),
        files: finished.files.clone(),
    };
    write_manifest(&manifest, &staging)?;
    let committed = staging.commit_if(|out| check_upload(out, arguments))?;
    progress.finish();
    tell(&committed.notes, arguments.display.quiet);

    let written = if arguments.display.json {
        manifest.write(terminal::json())
    } else if arguments.display.quiet {
        Ok(())
    } else {
        let names: Vec<&str> = inputs.iter().map(|input| input.name.as_str()).collect();
        let summary = Summary {
            inputs: &names,
            out: &arguments.out,
            counts,
            finished: &finished,
            examples: arguments.show_values.then_some(&examples),
            layout: arguments.layout(),
            columns: &inputs.iter().flat_map(column_notes).collect::<Vec<_>>(),
        };
        let mut out = terminal::stdout();
        summary.write(&mut out).and_then(|()| out.flush())
    };
    match written {
        // Whoever reads has seen enough, and the files are in place.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            return Err(Failure::Summary { out: arguments.out.clone(), error });
        }
        _ => {}
    }
    let max = arguments.limits.max_rejects;
    Ok(match max.is_some_and(|max| max.is_exceeded(counts.rejected, counts.records)) {
        true => ExitCode::from(3),
        false => ExitCode::SUCCESS,
    })
}

/// Says on standard error what people should know of results that are whole all the same.
fn tell(notes: &[StagingNote], quiet: bool) {
    // That runs do not see each other is nothing new to whoever starts them every day.
    let is_shown = |note: &&StagingNote| !(quiet && matches!(note, StagingNote::NotLocked { .. }));
    for note in notes.iter().filter(is_shown) {
        // Where this cannot be written, the results are whole all the same.
        let _ = writeln!(terminal::stderr(), "note: {note}");
    }
}

/// Whether the results in a folder may be replaced, as far as their upload is concerned.
fn check_upload(out: &Path, arguments: &ConvertArguments) -> Result<(), Failure> {
    let what = match unsettled(out) {
        Ok(None) => return Ok(()),
        Err(UploadError::Journal(JournalError::Busy { .. })) => {
            return Err(EmitError::Busy { path: out.to_owned() }.into());
        }
        _ if arguments.replaces_unsettled() => return Ok(()),
        Ok(Some(unsettled)) => unsettled.to_string(),
        Err(error) => format!("whether its upload is finished cannot be told: {error}"),
    };
    Err(Failure::Unsettled { out: out.to_owned(), what })
}

fn input_entry(input: &OpenInput) -> Input {
    Input {
        path: input.name.clone(),
        format: input.format.name().to_owned(),
        encoding: input.encoding.to_string(),
        bytes: input.bytes,
        sha256: input.sha256.clone(),
        records: input.records,
        skipped_columns: input.skipped.iter().map(|column| column.name.clone()).collect(),
    }
}

fn mapping_entry(input: &OpenInput) -> Mapping {
    let mut entry = Mapping { path: input.name.clone(), preset: None, columns: Vec::new() };
    if let Some(map) = &input.map {
        entry.preset = map.preset().map(|(id, _)| id.to_owned());
        entry.columns = map
            .columns()
            .enumerate()
            .map(|(index, (name, role))| Column {
                column: name.to_owned(),
                field: match role {
                    ColumnRole::Field(field) => Some(field.to_string()),
                    ColumnRole::Ignored | ColumnRole::Bookkeeping => None,
                },
                content: by_content(map, index).map(|decision| ContentDecision {
                    confidence: decision.confidence,
                    why: decision.share.map(|share| share.to_string()).unwrap_or_default(),
                }),
            })
            .collect();
    }
    entry
}

/// The decision on a column, where its cells made it.
fn by_content(map: &ColumnMap, index: usize) -> Option<Decision> {
    map.decision(index).filter(|decision| decision.by == DecidedBy::Content)
}

/// What the summary says of the columns of an input: what export it is, and what its cells decided.
fn column_notes(input: &OpenInput) -> Vec<String> {
    let Some(map) = &input.map else { return Vec::new() };
    let export = map.preset().map(|(_, title)| format!("{} is an export of {title}", input.name));
    let by_cells = map.columns().enumerate().filter_map(|(index, (name, role))| {
        let decision = by_content(map, index)?;
        let what = match role {
            ColumnRole::Field(MappedField::Attribute(_)) => "only an attribute".to_owned(),
            ColumnRole::Field(field) => field.to_string(),
            ColumnRole::Ignored | ColumnRole::Bookkeeping => "left out".to_owned(),
        };
        let why = decision.share.map(|share| share.to_string()).unwrap_or_default();
        Some(format!("{name}: {what}, as {why}"))
    });
    export.into_iter().chain(by_cells).collect()
}

fn by_code<K: Copy, V>(
    counts: &BTreeMap<K, V>,
    code: impl Fn(K) -> &'static str,
    count: impl Fn(&V) -> u64,
) -> BTreeMap<String, u64> {
    counts.iter().map(|(&key, value)| (code(key).to_owned(), count(value))).collect()
}

fn phone_columns(map: &ColumnMap) -> Vec<usize> {
    let is_phone = |role: &ColumnRole| *role == ColumnRole::Field(MappedField::Phone);
    map.columns().enumerate().filter(|(_, (_, role))| is_phone(role)).map(|(at, _)| at).collect()
}

/// The first value for each reason and code: personal data, shown only when asked for.
#[derive(Debug, Default)]
pub(crate) struct Examples {
    pub(crate) rejected: BTreeMap<Reason, String>,
    pub(crate) warnings: BTreeMap<WarningCode, String>,
}

/// Passes everything on to the result, and keeps what is shown to people.
struct Reporting {
    result: ResultWriter,
    progress: Progress,
    phone_columns: Vec<usize>,
    examples: Examples,
}

impl Sink for Reporting {
    type Error = EmitError;

    fn contact(&mut self, position: Position, contact: Emitted<'_>) -> Result<(), EmitError> {
        self.result.contact(position, contact)
    }

    fn rejected(&mut self, record: Record<'_>, rejection: &Rejection) -> Result<(), EmitError> {
        self.examples.rejected.entry(rejection.reason).or_insert_with(|| {
            let cells = self.phone_columns.iter().filter_map(|&column| record.get(column));
            cells.filter(|cell| !cell.is_empty()).collect::<Vec<_>>().join(" | ")
        });
        self.result.rejected(record, rejection)
    }

    fn duplicate(
        &mut self,
        record: Record<'_>,
        kept: RecordId,
        conflicts: &[Conflict],
    ) -> Result<(), EmitError> {
        self.result.duplicate(record, kept, conflicts)
    }

    fn warning(&mut self, position: Position, warning: &Warning) -> Result<(), EmitError> {
        self.examples
            .warnings
            .entry(warning.code)
            .or_insert_with(|| format!("{} → {}", warning.before, warning.after));
        self.result.warning(position, warning)
    }

    fn progress(&mut self, bytes: u64, records: u64) {
        self.progress.show(bytes, records);
    }
}
