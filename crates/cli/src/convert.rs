//! `contactmill convert`: the library's run, with signals, progress and a summary.

use std::fmt;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use contactmill::manifest::Counts;
use contactmill::{Convert, ErrorKind, Event, Manifest, StagingNote};
use contactmill_upload::{JournalError, UploadError, unfinished_upload};

use crate::args::{ConvertArguments, DisplayArguments};
use crate::failure::Failure;
use crate::inputs::inputs;
use crate::progress::Progress;
use crate::signals::{EndsProcess, Signals};
use crate::summary::{RunNotes, Summary};
use crate::terminal;

/// Converts and reports. Too many rejected records are a failure, whose results are in place.
pub(crate) fn run(arguments: &ConvertArguments) -> Result<ExitCode, Failure> {
    let listed = arguments.inputs_from.as_deref();
    let inputs = inputs(&arguments.inputs, listed)?;
    // Before there is a staging folder, which must not be left behind.
    let signals = Signals::listen().map_err(Failure::Signals)?;
    let mut display = Display::new(arguments, &signals);
    let convert = arguments.exclude().iter().fold(Convert::new(inputs), Convert::exclude);
    let ran = convert
        .out(&arguments.out)
        .options(arguments.options())
        .mapping(arguments.mapping())
        .reading(arguments.reading.reading())
        .existing(arguments.existing())
        .may_replace(|out| check_upload(out, arguments.replaces_unfinished()))
        .to(arguments.output())
        .array_limits(arguments.array_limits())
        .array_layout(arguments.layout())
        .rejects(arguments.rejects())
        .opt_outs(arguments.opt_outs())
        .dedup(arguments.dedup())
        .report(arguments.report)
        .max_rejects(arguments.limits.max_rejects)
        .sample(arguments.sample)
        .split_by(arguments.split_by.clone())
        .since(arguments.since.clone())
        .fixes(arguments.fixes.clone())
        .threads(arguments.threads())
        .on_event(|event| display.show(event))
        .stop(signals.any())
        .run();
    let manifest = ran.map_err(|error| match error.kind() {
        ErrorKind::Stopped => Failure::Stopped(signals.exit_code()),
        _ => error.into(),
    })?;
    match write_outcome(&manifest, &display.notes, arguments) {
        // Whoever reads has seen enough, and the files are in place.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            return Err(Failure::Summary { out: arguments.out.clone(), error });
        }
        _ => {}
    }
    let Counts { rejected, records, .. } = manifest.counts;
    match arguments.limits.max_rejects.filter(|max| max.is_exceeded(rejected, records)) {
        Some(max) => Err(Failure::TooManyRejects { rejected, records, max }),
        None => Ok(ExitCode::SUCCESS),
    }
}

/// Prints the manifest or the summary, as was asked.
fn write_outcome(
    manifest: &Manifest,
    notes: &RunNotes,
    arguments: &ConvertArguments,
) -> io::Result<()> {
    if arguments.display.json {
        let mut out = terminal::json();
        return manifest.write(&mut out).and_then(|()| out.flush());
    }
    if arguments.display.quiet {
        return Ok(());
    }
    let (out, layout) = (arguments.out.as_path(), arguments.layout());
    let mut stdout = terminal::stdout();
    Summary { manifest, notes, out, layout }.write(&mut stdout).and_then(|()| stdout.flush())
}

/// What is shown while a run goes on, and kept for its summary.
struct Display<'r> {
    arguments: &'r DisplayArguments,
    signals: &'r Signals,
    /// Until all inputs are open, which may wait for a pipe, a signal ends the process.
    until_started: Option<EndsProcess>,
    progress: Option<Progress>,
    notes: RunNotes,
}

impl<'r> Display<'r> {
    fn new(arguments: &'r ConvertArguments, signals: &'r Signals) -> Self {
        Display {
            arguments: &arguments.display,
            signals,
            until_started: None,
            progress: None,
            notes: RunNotes::new(arguments.show_values),
        }
    }

    fn show(&mut self, event: Event<'_>) {
        self.notes.take(&event);
        match event {
            Event::Staged(staging) => {
                let remove_staging = staging.removal();
                self.until_started = Some(self.signals.end_process(move |code| {
                    remove_staging();
                    terminal::say_error(&Failure::Stopped(Some(code)));
                }));
            }
            Event::Started { bytes } => {
                self.until_started = None;
                let DisplayArguments { progress, quiet, .. } = *self.arguments;
                self.progress = Some(Progress::new(progress, quiet, bytes));
            }
            Event::Progress(so_far) => {
                if let Some(progress) = &mut self.progress {
                    progress.show(so_far.bytes, so_far.records);
                }
            }
            Event::Writing => {
                if let Some(progress) = &self.progress {
                    progress.writing();
                }
            }
            Event::Committed { .. } => {
                if let Some(progress) = self.progress.take() {
                    progress.finish();
                }
            }
            Event::Note(note) => self.say_note(note),
            event if !self.arguments.quiet => terminal::say_event(&event),
            _ => {}
        }
    }

    /// Says on standard error what people should know of results that are whole all the same.
    fn say_note(&self, note: &StagingNote) {
        // That runs do not see each other is nothing new to whoever starts them every day.
        if self.arguments.quiet && matches!(note, StagingNote::NotLocked { .. }) {
            return;
        }
        // Where this cannot be written, the results are whole all the same.
        let _ = writeln!(terminal::stderr(), "note: {note}");
    }
}

/// Why results may not be replaced, as far as their upload is concerned.
#[derive(Debug)]
enum UploadObjection {
    /// An upload is at work in the folder.
    Busy { out: PathBuf },
    /// They were uploaded in part.
    Unfinished { out: PathBuf, what: String },
}

impl fmt::Display for UploadObjection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UploadObjection::Busy { out } => write!(
                f,
                "{}: another contactmill is at work in this folder; let it finish, or name another \
                 folder with --out",
                out.display()
            ),
            UploadObjection::Unfinished { out, what } => write!(
                f,
                "{}: {what}\n  Replacing the results would forget which are in. Finish the upload, \
                 name another folder with --out, or give --overwrite twice",
                out.display()
            ),
        }
    }
}

impl std::error::Error for UploadObjection {}

/// Whether the results in a folder may be replaced, as far as their upload is concerned.
fn check_upload(out: &Path, replaces_unfinished: bool) -> Result<(), UploadObjection> {
    let out = out.to_owned();
    match unfinished_upload(&out) {
        Ok(None) => Ok(()),
        Err(UploadError::Journal(JournalError::Busy { .. })) => Err(UploadObjection::Busy { out }),
        _ if replaces_unfinished => Ok(()),
        Ok(Some(unfinished_upload)) => {
            Err(UploadObjection::Unfinished { out, what: unfinished_upload.to_string() })
        }
        Err(error) => {
            let what = format!("whether its upload is finished cannot be told: {error}");
            Err(UploadObjection::Unfinished { out, what })
        }
    }
}
