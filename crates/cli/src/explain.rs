//! `contactmill explain`: how one value is read, step by step.

use std::io::{self, BufRead, Read, Write};
use std::process::ExitCode;

use anstyle::AnsiColor;
use contactmill_core::explain::{Explained, Explanation, Step, StepKind};
use contactmill_core::{Normalizer, Reason, Warning};
use contactmill_emit::phone_json;
use serde::Serialize;

use crate::args::{ExplainArguments, FieldArgument};
use crate::convert::Failure;
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
    let explainer = Explainer {
        normalizer: Normalizer::new(arguments.options()),
        field: arguments.field,
        json: arguments.json,
    };
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
    normalizer: Normalizer,
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
        let (field, explanation) = self.explained(value);
        if self.json {
            let object = Object {
                value,
                field,
                steps: explanation.steps.iter().map(StepObject::from).collect(),
                outcome: OutcomeObject::from(&explanation.outcome),
            };
            serde_json::to_writer(&mut *out, &object)?;
            return writeln!(out);
        }
        writeln!(out, "{HEADING}{}{HEADING:#}", visible(value))?;
        for Step { kind, text, .. } in &explanation.steps {
            let style = if *kind == StepKind::Taken { Style::new() } else { DIM };
            writeln!(out, "  {style}{:<8}{style:#} {}", kind.as_str(), visible(text))?;
        }
        write_outcome(&explanation.outcome, field, out)
    }

    fn explained(&self, value: &str) -> (FieldArgument, Explanation) {
        let field = self.field.unwrap_or(FieldArgument::Phone);
        let explanation = match field {
            FieldArgument::Phone => self.normalizer.explain_phone(value),
            FieldArgument::Email => self.normalizer.explain_email(value),
        };
        match self.field.is_none() && explanation.outcome.is_err() && value.contains('@') {
            true => (FieldArgument::Email, self.normalizer.explain_email(value)),
            false => (field, explanation),
        }
    }
}

fn write_outcome(
    outcome: &Result<Explained, Reason>,
    field: FieldArgument,
    out: &mut impl Write,
) -> io::Result<()> {
    match outcome {
        Err(reason) => {
            writeln!(out, "  {BAD}{:<8}{BAD:#} {reason}: {}", "rejected", reason.meaning())?;
            writeln!(out, "  {:<8} {}", "to do", reason.advice())?;
        }
        Ok(explained) => {
            match explained.phone {
                Some(number) => {
                    write!(out, "  {GOOD}{:<8}{GOOD:#} ", "phone")?;
                    let mut json = Vec::new();
                    phone_json(number, &mut json);
                    json.push(b'\n');
                    out.write_all(&json)?;
                }
                None if field == FieldArgument::Email => {
                    let json = serde_json::to_string(email(explained))?;
                    writeln!(out, "  {GOOD}{:<8}{GOOD:#} {}", "email", visible(&json))?;
                }
                None => {}
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

fn email(explained: &Explained) -> &str {
    explained.email.as_ref().map_or("", |email| email.as_str())
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

#[derive(Serialize)]
struct Object<'e> {
    value: &'e str,
    field: FieldArgument,
    steps: Vec<StepObject<'e>>,
    #[serde(flatten)]
    outcome: OutcomeObject<'e>,
}

#[derive(Serialize)]
struct StepObject<'e> {
    step: &'static str,
    text: &'e str,
}

impl<'e> From<&'e Step> for StepObject<'e> {
    fn from(step: &'e Step) -> Self {
        StepObject { step: step.kind.as_str(), text: &step.text }
    }
}

#[derive(Serialize)]
#[serde(tag = "outcome", rename_all = "lowercase")]
enum OutcomeObject<'e> {
    Accepted {
        #[serde(skip_serializing_if = "Option::is_none")]
        phone: Option<serde_json::Value>,
        email: &'e str,
        attributes: Vec<AttributeObject<'e>>,
        warnings: Vec<WarningObject<'e>>,
    },
    Rejected {
        reason: &'static str,
        meaning: &'static str,
        hint: &'static str,
    },
}

#[derive(Serialize)]
struct AttributeObject<'e> {
    key: &'e str,
    value: &'e str,
}

#[derive(Serialize)]
struct WarningObject<'e> {
    code: &'static str,
    before: &'e str,
    after: &'e str,
}

impl<'e> From<&'e Result<Explained, Reason>> for OutcomeObject<'e> {
    fn from(outcome: &'e Result<Explained, Reason>) -> Self {
        let explained = match outcome {
            Err(reason) => {
                return OutcomeObject::Rejected {
                    reason: reason.code(),
                    meaning: reason.meaning(),
                    hint: reason.advice(),
                };
            }
            Ok(explained) => explained,
        };
        let attribute = |attribute: &'e contactmill_core::contact::Attribute<'_>| AttributeObject {
            key: &attribute.key,
            value: attribute.value.as_str(),
        };
        let warning = |warning: &'e Warning| WarningObject {
            code: warning.code.code(),
            before: &warning.before,
            after: &warning.after,
        };
        OutcomeObject::Accepted {
            phone: explained.phone.and_then(|number| {
                let mut json = Vec::new();
                phone_json(number, &mut json);
                serde_json::from_slice(&json).ok()
            }),
            email: email(explained),
            attributes: explained.attributes.iter().map(attribute).collect(),
            warnings: explained.warnings.iter().map(warning).collect(),
        }
    }
}
