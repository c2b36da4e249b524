//! `contactmill convert`: from inputs to a result folder.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use contactmill_core::pipeline::{Emitted, NoThreads, Pipeline, Settings, Sink, Stopped};
use contactmill_core::{
    ColumnMap, ColumnRole, Conflict, DecidedBy, Decision, METADATA_VERSION, MappedField,
    MappingError, Normalizer, Position, Reason, Record, RecordId, Region, Rejection, Resumed,
    Scratch, SourceId, Warning, WarningCode,
};
use contactmill_emit::{
    ArrayEncoding, ContentDecision, EmitError, InputEntry, InputTable, Manifest, MappedColumn,
    MappingEntry, ResultWriter, Staging, Tool,
};
use contactmill_source::SourceError;

use crate::args::ConvertArguments;
use crate::opening::{OpenInput, Opening, is_standard_input};
use crate::progress::Progress;
use crate::signals::Signals;
use crate::summary::Summary;
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
        /// The column that most likely holds phone numbers.
        suggestion: Option<String>,
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
    /// A profile cannot be read or written, or says something that is no option.
    Profile {
        path: PathBuf,
        message: String,
    },
    StandardInput(io::Error),
    StandardOutput(io::Error),
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
            Failure::Mapping { source, error, suggestion } => {
                write!(f, "{source}: ")?;
                mapping_failure(f, error, suggestion.as_deref())
            }
            Failure::StandardInputTwice => f.write_str("standard input (-) can be read only once"),
            Failure::InputInOut { input } => write!(
                f,
                "{input} stands in the folder that would be replaced; name another with --out"
            ),
            Failure::Changed { input } => write!(f, "{input}: was changed while it was read"),
            Failure::Profile { path, message } => write!(f, "{}: {message}", path.display()),
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
    suggestion: Option<&str>,
) -> fmt::Result {
    match error {
        MappingError::NoPhoneColumn { columns } => {
            writeln!(f, "no column is called like one with phone numbers")?;
            writeln!(f, "  its columns are: {}", columns.join(", "))?;
            let column = suggestion.unwrap_or("COLUMN");
            write!(f, "  say which one it is: --map {}", shell_word(&format!("phone={column}")))
        }
        MappingError::NoHeader { columns } => {
            writeln!(f, "the first row is data; a header row is needed above it")?;
            let example = ["name", "phone", "email"].into_iter().map(String::from);
            let names: Vec<String> = example
                .chain((4..).map(|number| format!("column{number}")))
                .take(*columns)
                .collect();
            write!(f, "  add a first line such as: {}", names.join(","))
        }
        MappingError::UnknownColumn { column, columns } => {
            writeln!(f, "there is no column {column:?}")?;
            write!(f, "  its columns are: {}", columns.join(", "))
        }
    }
}

/// The text as one word of a shell.
pub(crate) fn shell_word(text: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "=_-./:+@%".contains(c);
    if text.chars().all(is_plain) {
        text.to_owned()
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
    let staging = Staging::new(&arguments.out, arguments.existing())?;
    let scratch = || staging.scratch();
    let is_header = |row: &[String]| arguments.mapping().resolve(row).is_ok();
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

    let limits = arguments.batch_limits();
    let tables: Vec<InputTable<'_>> = inputs
        .iter()
        .map(|input| InputTable { name: &input.name, header: &input.header })
        .collect();
    let result =
        ResultWriter::new(&staging, &tables, limits, arguments.layout(), arguments.writing())?;
    let total = inputs.iter().map(|input| input.bytes).sum();
    let mut sink = Reporting {
        result,
        progress: Progress::new(arguments.display.progress, arguments.display.quiet, total),
        phone_columns: Vec::new(),
        examples: Examples::default(),
    };

    let normalizer = Normalizer::new(arguments.options());
    let encoding = ArrayEncoding { max_array_bytes: limits.max_bytes };
    // Until here a signal ends the process as it would any other; the next run cleans up behind it.
    let signals = Signals::listen().map_err(Failure::Signals)?;
    let scratch = || Ok(Box::new(staging.scratch()?) as Box<dyn Scratch>);
    let settings = Settings {
        threads: arguments.threads(),
        dedup: arguments.dedup(),
        encoding: Some(&encoding),
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
        schema: 1,
        tool: Tool {
            name: env!("CARGO_PKG_NAME"),
            version: env!("CARGO_PKG_VERSION"),
            phone_metadata: METADATA_VERSION,
        },
        inputs: inputs.iter().map(input_entry).collect(),
        mapping: inputs.iter().map(mapping_entry).collect(),
        options: arguments.for_manifest(),
        counts: counts.into(),
        rejected_by_reason: by_code(&finished.rejected, Reason::code, |tally| tally.count),
        warnings_by_code: by_code(&finished.warnings, WarningCode::code, |tally| tally.count),
        contacts_by_region: by_code(&finished.regions, Region::as_str, |count| *count),
        files: finished.files.clone(),
    };
    let path = staging.path_of("manifest.json");
    let cannot = |error| EmitError::Io { path, action: "cannot be written", error };
    manifest.write(io::BufWriter::new(staging.create("manifest.json")?)).map_err(cannot)?;
    staging.commit()?;
    progress.finish();

    let written = if arguments.display.json {
        manifest.write(io::stdout().lock())
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
        summary.write(&mut anstream::stdout().lock())
    };
    match written {
        // Whoever reads has seen enough, and the files are in place.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            return Err(Failure::StandardOutput(error));
        }
        _ => {}
    }
    let max = arguments.limits.max_rejects;
    Ok(match max.is_some_and(|max| max.is_exceeded(counts.rejected, counts.records)) {
        true => ExitCode::from(3),
        false => ExitCode::SUCCESS,
    })
}

fn input_entry(input: &OpenInput) -> InputEntry {
    InputEntry {
        path: input.name.clone(),
        format: input.format.name().to_owned(),
        encoding: input.encoding.to_string(),
        bytes: input.bytes,
        sha256: input.sha256.clone(),
        records: input.records,
    }
}

fn mapping_entry(input: &OpenInput) -> MappingEntry {
    let mut entry = MappingEntry { path: input.name.clone(), preset: None, columns: Vec::new() };
    if let Some(map) = &input.map {
        entry.preset = map.preset().map(|(id, _)| id);
        entry.columns = map
            .columns()
            .enumerate()
            .map(|(index, (name, role))| MappedColumn {
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
) -> BTreeMap<&'static str, u64> {
    counts.iter().map(|(&key, value)| (code(key), count(value))).collect()
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
