//! `contactmill explain`: how one value is read, step by step.

use std::io::{self, BufRead, Read, Write};
use std::process::ExitCode;

use anstyle::AnsiColor;
use contactmill::{CellField, Explain, Options, Step, StepKind, Warning};

use crate::args::{ExplainArguments, FieldArgument};
use crate::failure::Failure;
use crate::hints;
use crate::terminal::{self, Style, is_obeyed};

/// What a line of standard input is cut to; no cell is read beyond a fraction of that.
const MAX_LINE_BYTES: u64 = 64 * 1024;

const HEADING: Style = Style::new().bold();
const GOOD: Style = Style::of(AnsiColor::Green).bold();
const BAD: Style = Style::of(AnsiColor::Red).bold();
const DIM: Style = Style::new().dimmed();

/// Explains every value.
pub(crate) fn run(arguments: &ExplainArguments) -> Result<ExitCode, Failure> {
    if arguments.values.iter().filter(|value| *value == "-").count() > 1 {
        return Err(Failure::StandardInputTwice);
    }
    let explainer =
        Explainer { options: arguments.options(), field: arguments.field, json: arguments.json };
    match explainer.write_all(&arguments.values) {
        // Whoever reads has seen enough.
        Err(Failure::StandardOutput(error)) if error.kind() == io::ErrorKind::BrokenPipe => {}
        done => done?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads a line without its end; what is longer than [`MAX_LINE_BYTES`] is cut.
fn read_line(input: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    if input.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    if line.pop_if(|last| *last == b'\n').is_none() && line.len() as u64 == MAX_LINE_BYTES {
        input.skip_until(b'\n')?;
    }
    line.pop_if(|last| *last == b'\r');
    Ok(Some(String::from_utf8_lossy(&line).into_owned()))
}

struct Explainer {
    options: Options,
    field: Option<FieldArgument>,
    json: bool,
}

impl Explainer {
    fn write_all(&self, values: &[String]) -> Result<(), Failure> {
        let mut out: Box<dyn Write> =
            if self.json { Box::new(terminal::json()) } else { Box::new(terminal::stdout()) };
        for value in values {
            if value == "-" {
                terminal::say_waiting();
                let mut input = io::stdin().lock();
                while let Some(line) = read_line(&mut input).map_err(Failure::StandardInput)? {
                    self.write(&line, &mut out).map_err(Failure::StandardOutput)?;
                }
            } else {
                self.write(value, &mut out).map_err(Failure::StandardOutput)?;
            }
        }
        out.flush().map_err(Failure::StandardOutput)
    }

    fn write(&self, value: &str, out: &mut impl Write) -> io::Result<()> {
        let explain = self.explain(value);
        if self.json {
            serde_json::to_writer(&mut *out, &explain)?;
            return writeln!(out);
        }
        writeln!(out, "{HEADING}{}{HEADING:#}", visible(value))?;
        for Step { kind, text, .. } in explain.steps() {
            let style = if *kind == StepKind::Taken { Style::new() } else { DIM };
            writeln!(out, "  {style}{:<8}{style:#} {}", kind.as_str(), visible(text))?;
        }
        write_outcome(&explain, out)
    }

    fn explain(&self, value: &str) -> Explain {
        match self.field {
            Some(FieldArgument::Phone) => Explain::phone(value, &self.options),
            Some(FieldArgument::Email) => Explain::email(value, &self.options),
            None => Explain::phone_or_email(value, &self.options),
        }
    }
}

fn write_outcome(explain: &Explain, out: &mut impl Write) -> io::Result<()> {
    match explain.outcome() {
        Err(reason) => {
            writeln!(out, "  {BAD}{:<8}{BAD:#} {reason}: {}", "rejected", reason.meaning())?;
            writeln!(out, "  {:<8} {}", "to do", reason.advice())?;
            if let Some(options) = hints::of_reason(*reason) {
                writeln!(out, "  {:<8} {options}", "option")?;
            }
        }
        Ok(explained) => {
            if let Some(json) = explain.phone_json() {
                writeln!(out, "  {GOOD}{:<8}{GOOD:#} {json}", "phone")?;
            } else if explain.field() == CellField::Email {
                let json = serde_json::to_string(explain.email_address())?;
                writeln!(out, "  {GOOD}{:<8}{GOOD:#} {}", "email", visible(&json))?;
            }
            for attribute in &explained.attributes {
                let value = visible(attribute.value.as_str());
                writeln!(out, "  {:<8} {}: {value}", "also", attribute.key)?;
            }
            for Warning { code, .. } in &explained.warnings {
                writeln!(out, "  {:<8} {code}: {}", "warning", code.meaning())?;
            }
        }
    }
    writeln!(out)
}

/// The text with what a terminal would obey, or not show, spelt out.
fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        let is_hidden = is_obeyed(c)
            || matches!(c, '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}');
        match is_hidden {
            true => shown.extend(c.escape_default()),
            false => shown.push(c),
        }
    }
    shown
}
