//! `contactmill upload`: a result folder into the service.

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

use anstyle::AnsiColor;
use contactmill::displaced_results;
use contactmill_upload::{
    ArraySlice, CaFileError, CertificateFault, Ended, FolderError, HttpTransport, ImportFolder,
    MASKED, REFUSED, Remaining, Report, Target, TargetError, Token, TokenError, UploadError,
    UploadOptions, Uploader, body_bytes, least_time, remaining,
};
use serde_json::json;

use crate::failure::Failure;
use crate::hints;
use crate::shell::shell_word;
use crate::signals::Signals;
use crate::summary::grouped;
use crate::terminal::{self, Style};
use crate::upload_args::UploadArguments;
use crate::upload_progress::{UploadProgress, long};

/// The variable that may hold the token.
const TOKEN_VARIABLE: &str = "CONTACTMILL_TOKEN";

/// Maximum number of slices without a clear answer that are listed. The JSON has all of them.
const LISTED: usize = 8;

/// The message when everything is acknowledged or refused.
const NOTHING_LEFT: &str = "There is nothing left to send. If the service has forgotten it, as a sandbox\ndoes that was started again, or has been put right, --again sends it all once\nmore.";

const HEADING: Style = Style::new().bold();
const GOOD: Style = Style::of(AnsiColor::Green).bold();
const BAD: Style = Style::of(AnsiColor::Red).bold();

/// Why an upload did not come to its end.
#[derive(Debug)]
pub(crate) enum UploadFailure {
    Target(TargetError),
    Folder(FolderError),
    Token(TokenError),
    NoToken,
    CaFile(CaFileError),
    Upload(UploadError),
    /// The run ended early, or left contacts without a clear answer.
    Ended(Box<Report>, RunContext),
}

/// What a message about a run needs beside its report.
#[derive(Clone, Debug)]
pub(crate) struct RunContext {
    url: String,
    contacts: u64,
    max_wait: Duration,
    /// Whether everything was sent once more.
    again: bool,
    /// The exit code of the signal that stopped it.
    signal: Option<u8>,
}

impl UploadFailure {
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            UploadFailure::Ended(report, context) => match report.ended {
                Ended::Unauthorized { .. } => 5,
                Ended::Interrupted => context.signal.unwrap_or(1),
                _ => 1,
            },
            UploadFailure::Target(_) => 2,
            _ => 1,
        }
    }
}

impl fmt::Display for UploadFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UploadFailure::Target(error) => error.fmt(f),
            UploadFailure::Folder(error) => {
                error.fmt(f)?;
                folder_advice(f, error)
            }
            UploadFailure::Token(error) => error.fmt(f),
            UploadFailure::NoToken => write!(
                f,
                "there is no token: name a file with --token-file, or set {TOKEN_VARIABLE}"
            ),
            UploadFailure::CaFile(error) => error.fmt(f),
            UploadFailure::Upload(error) => error.fmt(f),
            UploadFailure::Ended(report, context) => {
                ended(f, report, context)?;
                let RunContext { contacts, again, .. } = context;
                let (done, all) = (grouped(report.acknowledged), grouped(*contacts));
                let without = if *again { " without --again" } else { "" };
                write!(
                    f,
                    "\n  {done} of {all} contacts are in; the same command{without} goes on from here"
                )
            }
        }
    }
}

/// Maximum number of parts of a result that are listed.
const LISTED_PARTS: usize = 8;

/// What to do about a folder that is not uploaded.
fn folder_advice(f: &mut fmt::Formatter<'_>, error: &FolderError) -> fmt::Result {
    match error {
        FolderError::NoManifest { folder } => match displaced_results(folder) {
            Some(displaced) => write!(
                f,
                "\n  A run was stopped while it replaced the results; the earlier ones are in {}. To \
                 have them back, rename that",
                displaced.display()
            ),
            None => Ok(()),
        },
        FolderError::Split { folder, parts } => {
            for part in parts.iter().take(LISTED_PARTS) {
                let part = shell_word(&folder.join(part).display().to_string());
                write!(f, "\n  contactmill upload {part} --target NAME")?;
            }
            match parts.len().saturating_sub(LISTED_PARTS) {
                0 => Ok(()),
                more => write!(f, "\n  and {} more, in manifest.json", grouped(more as u64)),
            }
        }
        _ => Ok(()),
    }
}

fn ended(f: &mut fmt::Formatter<'_>, report: &Report, context: &RunContext) -> fmt::Result {
    let RunContext { url, max_wait, .. } = context;
    match &report.ended {
        Ended::Finished => {
            let unknown = grouped(report.unknown_contacts());
            write!(f, "{unknown} contacts have no clear answer: they may be in, or not")
        }
        Ended::Interrupted => f.write_str("stopped by a signal"),
        Ended::Unauthorized { status } => write!(
            f,
            "the service refused the token ({status}); nothing was sent after that. Get a new one"
        ),
        Ended::Unexpected { status, location: Some(location) } => write!(
            f,
            "{url} answered {status}, a redirect to {location}, which was not followed; is the base URL right?"
        ),
        Ended::Unexpected { status, .. } => {
            write!(f, "{url} answered {status}, as no import API does; is the base URL right?")
        }
        Ended::TooLongAWait { wait } => write!(
            f,
            "the service asks to wait {}, and --max-wait allows {}. Start again then, or raise \
             --max-wait",
            long(*wait),
            long(*max_wait)
        ),
        Ended::WaitUsedUp { waited, wait } => write!(
            f,
            "the service has taken nothing for {} and asks to wait {} more, and --max-wait allows {} \
             in all. Start again later, or raise --max-wait",
            long(*waited),
            long(*wait),
            long(*max_wait)
        ),
        Ended::RefusesEverything { status, message } => {
            let words = if message.is_empty() { "it did not say why" } else { message };
            write!(
                f,
                "{url} refuses everything ({status}): {words}\n  So no contact is known to be at fault, \
                 and none was listed as refused. Correct the cause that it names"
            )
        }
        Ended::Unreachable => write!(f, "{url} cannot be reached"),
        Ended::Certificate(CertificateFault { why, is_issuer_unknown }) => {
            write!(f, "{url}: the certificate is not valid: {why}. Nothing was sent to it")?;
            if *is_issuer_unknown { write!(f, "\n  {}", hints::OF_ROOTS) } else { Ok(()) }
        }
        _ => f.write_str("it ended early"),
    }
}

impl std::error::Error for UploadFailure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            UploadFailure::Target(error) => Some(error),
            UploadFailure::Folder(error) => Some(error),
            UploadFailure::Token(error) => Some(error),
            UploadFailure::CaFile(error) => Some(error),
            UploadFailure::Upload(error) => Some(error),
            UploadFailure::NoToken | UploadFailure::Ended(..) => None,
        }
    }
}

impl From<UploadFailure> for Failure {
    fn from(failure: UploadFailure) -> Self {
        Failure::Upload(failure)
    }
}

/// Uploads and reports; the exit code is 4 when contacts were refused.
pub(crate) fn run(arguments: &UploadArguments) -> Result<ExitCode, Failure> {
    let target = arguments.target().map_err(UploadFailure::Target)?;
    let folder = ImportFolder::open(&arguments.folder).map_err(UploadFailure::Folder)?;
    if folder.contacts() == 0 && folder.unchanged() > 0 {
        return nothing_changed(arguments, &folder);
    }
    let options = arguments.options(|| format!("import-{}", folder.fingerprint()));
    if arguments.dry_run {
        return dry_run(arguments, &folder, &target, &options);
    }
    let token = token(arguments)?;
    let ca_file = arguments.sending.ca_file.as_deref();
    let transport = HttpTransport::new(&target, token, arguments.sending.timeout.0, ca_file)
        .map_err(UploadFailure::CaFile)?;
    let journal = |error| UploadFailure::Upload(UploadError::Journal(error));
    let before = remaining(&folder, &target, &options).map_err(journal)?;

    let signals = Signals::listen().map_err(Failure::Signals)?;
    let display = &arguments.display;
    let done = before.acknowledged + before.refused;
    let progress = UploadProgress::new(display.progress, display.quiet, done, folder.contacts());
    let (url, max_wait) = (target.url(), options.max_wait);
    let uploader = Uploader::new(target, transport, options);
    let report = uploader.run(&folder, signals.any(), &|event| progress.show(event));
    progress.finish();
    let report = report.map_err(UploadFailure::Upload)?;

    let written = if display.json {
        write_json(&mut terminal::json(), &report, &folder, &url)
    } else if display.quiet {
        Ok(())
    } else {
        write_summary(&mut terminal::stdout(), &report, &folder, &url)
    };
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            return Err(Failure::StandardOutput(error));
        }
        _ => {}
    }
    if report.ended != Ended::Finished || !report.unknown.is_empty() {
        let context = RunContext {
            url,
            contacts: folder.contacts(),
            max_wait,
            again: arguments.again,
            signal: signals.exit_code(),
        };
        return Err(UploadFailure::Ended(Box::new(report), context).into());
    }
    Ok(if report.refused > 0 { ExitCode::from(4) } else { ExitCode::SUCCESS })
}

/// Says that a result holds nothing to send, as every contact is as it was in an earlier one.
fn nothing_changed(
    arguments: &UploadArguments,
    folder: &ImportFolder,
) -> Result<ExitCode, Failure> {
    let display = &arguments.display;
    let (dir, unchanged) = (folder.shown(), folder.unchanged());
    let written = if display.json {
        let outcome =
            json!({"ended": "finished", "contacts": 0, "unchanged": unchanged, "requests": 0});
        writeln!(terminal::json(), "{outcome:#}")
    } else if display.quiet {
        Ok(())
    } else {
        let unchanged = grouped(unchanged);
        let mut out = terminal::stdout();
        writeln!(out, "Nothing to send: all {unchanged} contacts of {dir} are unchanged")
    };
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::StandardOutput(error))
        }
        _ => Ok(ExitCode::SUCCESS),
    }
}

/// Reads the token: from the file that was named, the variable, or standard input unless it is a
/// terminal.
fn token(arguments: &UploadArguments) -> Result<Token, UploadFailure> {
    let stdin = || Token::read(io::stdin().lock(), "standard input");
    let read = match &arguments.sending.token_file {
        Some(path) if path.as_os_str() == "-" => stdin(),
        Some(path) => Token::from_file(path),
        None => match std::env::var(TOKEN_VARIABLE) {
            Ok(text) if !text.is_empty() => Token::read(text.as_bytes(), TOKEN_VARIABLE),
            _ if io::stdin().is_terminal() => return Err(UploadFailure::NoToken),
            _ => match stdin() {
                // Nobody named standard input, so the error is that there is no token.
                Err(error) if error.is_empty() => return Err(UploadFailure::NoToken),
                read => read,
            },
        },
    };
    read.map_err(UploadFailure::Token)
}

fn dry_run(
    arguments: &UploadArguments,
    folder: &ImportFolder,
    target: &Target,
    options: &UploadOptions,
) -> Result<ExitCode, Failure> {
    // A token that is there has to be one; to type it in, no plan is needed.
    let is_given = match &arguments.sending.token_file {
        Some(path) => path.as_os_str() != "-",
        None => std::env::var_os(TOKEN_VARIABLE).is_some_and(|text| !text.is_empty()),
    };
    if is_given {
        token(arguments)?;
    }
    let journal = |error| UploadFailure::Upload(UploadError::Journal(error));
    let remaining = remaining(folder, target, options).map_err(journal)?;
    let bytes = match remaining.slices.first() {
        Some(slice) => Some(body_bytes(folder, *slice, options).map_err(UploadFailure::Upload)?),
        None => None,
    };
    let again = options.again;
    let plan = Plan { folder, target, remaining: &remaining, first_bytes: bytes, again };
    let written = if arguments.display.json {
        plan.write_json(&mut terminal::json())
    } else {
        plan.write(&mut terminal::stdout())
    };
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::StandardOutput(error))
        }
        _ => Ok(ExitCode::SUCCESS),
    }
}

/// What would be sent.
struct Plan<'p> {
    folder: &'p ImportFolder,
    target: &'p Target,
    remaining: &'p Remaining,
    /// Size of the first body, in bytes.
    first_bytes: Option<usize>,
    /// Whether everything would be sent once more.
    again: bool,
}

impl Plan<'_> {
    fn least_time(&self) -> Duration {
        least_time(self.target.rate(), self.remaining.slices.len() as u64)
    }

    /// The headers of the first request, with the token masked.
    fn headers(&self) -> Vec<(&'static str, String)> {
        let mut headers = vec![("Authorization", format!("Bearer {MASKED}"))];
        headers.extend(self.target.headers());
        let length = self.first_bytes.map(|bytes| ("Content-Length", bytes.to_string()));
        headers.extend(length);
        headers
    }

    fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let Plan { folder, target, remaining, .. } = self;
        writeln!(out, "{HEADING}Dry run:{HEADING:#} nothing is sent\n")?;
        writeln!(out, "  folder    {}", folder.shown())?;
        writeln!(out, "  target    {}, {}", target.name(), target.url())?;
        let slices = grouped(remaining.slices.len() as u64);
        writeln!(out, "  arrays    {slices} of {}", grouped(folder.arrays().len() as u64))?;
        let contacts = grouped(remaining.contacts());
        writeln!(out, "  contacts  {contacts} of {}", grouped(folder.contacts()))?;
        if remaining.acknowledged + remaining.refused > 0 {
            let (taken, refused) = (grouped(remaining.acknowledged), grouped(remaining.refused));
            writeln!(out, "            {taken} were acknowledged before, {refused} were refused")?;
        }
        let (least, rate) = (long(self.least_time()), target.rate());
        writeln!(out, "  time      {least} at least, at {rate} requests a minute")?;
        let Some(slice) = remaining.slices.first() else {
            writeln!(out, "\n{NOTHING_LEFT}")?;
            return out.flush();
        };
        writeln!(out, "\n{HEADING}The first request{HEADING:#}")?;
        writeln!(out, "  POST {}", target.url())?;
        for (name, value) in self.headers() {
            writeln!(out, "  {name}: {value}")?;
        }
        writeln!(out, "  ({})", slice_name(folder, *slice))?;
        out.flush()
    }

    fn write_json(&self, out: &mut impl Write) -> io::Result<()> {
        let Plan { folder, target, remaining, .. } = self;
        let headers: serde_json::Map<String, serde_json::Value> = self
            .headers()
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.into()))
            .collect();
        let plan = json!({
            "dry_run": true,
            "folder": folder.path().display().to_string(),
            "again": self.again,
            "target": target.name(),
            "url": target.url(),
            "arrays": remaining.slices.len(),
            "contacts": remaining.contacts(),
            "acknowledged_before": remaining.acknowledged,
            "refused_before": remaining.refused,
            "rate": target.rate(),
            "least_seconds": self.least_time().as_secs_f64(),
            "first_request": remaining.slices.first().map(|_| json!({"headers": headers})),
        });
        serde_json::to_writer_pretty(&mut *out, &plan)?;
        writeln!(out)?;
        out.flush()
    }
}

fn slice_name(folder: &ImportFolder, slice: ArraySlice) -> String {
    let Some(array) = folder.arrays().get(slice.array as usize) else { return String::new() };
    let line =
        if array.file.ends_with(".jsonl") { format!(":{}", array.line) } else { String::new() };
    let name = format!("{}{line}", array.file);
    match slice.contacts() {
        1 => format!("contact {} of {name}", slice.first + 1),
        all if all == array.contacts => format!("{name}, {} contacts", grouped(all.into())),
        _ => format!("contacts {} to {} of {name}", slice.first + 1, slice.end),
    }
}

fn write_summary(
    out: &mut impl Write,
    report: &Report,
    folder: &ImportFolder,
    url: &str,
) -> io::Result<()> {
    let (dir, all) = (folder.shown(), folder.contacts());
    writeln!(out, "{HEADING}{} contacts{HEADING:#} of {dir} to {url}\n", grouped(all))?;
    let mut row = |count: u64, what: &str, style: Style| {
        let share = if all == 0 { 0.0 } else { count as f64 * 100.0 / all as f64 };
        let count = grouped(count);
        writeln!(out, "  {style}{count:>11}  {what:<12}{style:#} {share:>5.1} %")
    };
    let bad = |count: u64| if count > 0 { BAD } else { Style::new() };
    row(report.acknowledged, "acknowledged", GOOD)?;
    row(report.refused, "refused", bad(report.refused))?;
    row(report.unknown_contacts(), "unknown", bad(report.unknown_contacts()))?;
    if report.left > 0 {
        row(report.left, "not sent", Style::new())?;
    }
    let (requests, took) = (grouped(report.requests), long(report.took));
    let plural = if report.requests == 1 { "" } else { "s" };
    writeln!(out, "\n  {requests} request{plural} in {took}")?;
    if report.acknowledged_before > 0 {
        let before = grouped(report.acknowledged_before);
        writeln!(out, "  {before} contacts were in before this run")?;
    }
    if !report.unknown.is_empty() {
        writeln!(out, "\n{HEADING}Unknown{HEADING:#}: sent, without a clear answer")?;
        for (slice, trouble) in report.unknown.iter().take(LISTED) {
            writeln!(out, "  {}: {trouble}", slice_name(folder, *slice))?;
        }
        if let Some(more @ 1..) = report.unknown.len().checked_sub(LISTED) {
            writeln!(out, "  and {more} more; --json has them all")?;
        }
    }
    if report.refused > 0 {
        writeln!(out, "\n{HEADING}Next{HEADING:#}")?;
        writeln!(out, "  correct {dir}/{REFUSED}, convert it to another folder, upload that")?;
    }
    if report.requests == 0 && report.ended == Ended::Finished && all > 0 {
        writeln!(out, "\n{NOTHING_LEFT}")?;
    }
    out.flush()
}

fn write_json(
    out: &mut impl Write,
    report: &Report,
    folder: &ImportFolder,
    url: &str,
) -> io::Result<()> {
    let unknown = report.unknown.iter().map(|(slice, trouble)| {
        let array = folder.arrays().get(slice.array as usize);
        json!({
            "file": array.map(|array| &array.file),
            "line": array.map(|array| array.line),
            "first": slice.first + 1,
            "last": slice.end,
            "reason": trouble.to_string(),
        })
    });
    let ended = match &report.ended {
        Ended::Finished => "finished",
        Ended::Interrupted => "interrupted",
        Ended::Unauthorized { .. } => "unauthorized",
        Ended::Unexpected { .. } => "unexpected_answer",
        Ended::TooLongAWait { .. } => "too_long_a_wait",
        Ended::WaitUsedUp { .. } => "wait_used_up",
        Ended::RefusesEverything { .. } => "refuses_everything",
        Ended::Unreachable => "unreachable",
        Ended::Certificate(_) => "certificate",
        _ => "other",
    };
    let said = match &report.ended {
        Ended::RefusesEverything { status, message } => {
            json!({"status": status, "message": message})
        }
        _ => serde_json::Value::Null,
    };
    let outcome = json!({
        "url": url,
        "ended": ended,
        "said": said,
        "contacts": folder.contacts(),
        "acknowledged": report.acknowledged,
        "acknowledged_before": report.acknowledged_before,
        "refused": report.refused,
        "unknown": report.unknown_contacts(),
        "left": report.left,
        "requests": report.requests,
        "seconds": report.took.as_secs_f64(),
        "unknown_parts": unknown.collect::<Vec<_>>(),
    });
    serde_json::to_writer_pretty(&mut *out, &outcome)?;
    writeln!(out)?;
    out.flush()
}
