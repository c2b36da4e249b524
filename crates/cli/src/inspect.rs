//! `contactmill inspect`: what is in a dump, and how it would be read.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use contactmill_core::Normalizer;
use contactmill_core::columns::{ColumnMap, Resumed};
use contactmill_core::inspect::{Inspection, Inspector};
use contactmill_core::records::SourceId;
use contactmill_source::ReadOptions;
use serde_json::Value;

use crate::args::InspectArguments;
use crate::convert::Failure;
use crate::opening::{OpenInput, Opening, check_inputs, is_standard_input};
use crate::profile;
use crate::terminal;

mod report;
mod table;

/// What was found in one part of an input.
pub(crate) struct InspectedInput {
    name: String,
    format: &'static str,
    encoding: String,
    /// Of delimited text.
    delimiter: Option<String>,
    /// How its fields are quoted, where it is not the usual way.
    quotes: Option<&'static str>,
    bytes: u64,
    /// How its columns are taken; nothing when it is empty, and the error where they cannot be.
    seen: Option<Seen>,
}

/// The columns and what is in them.
pub(crate) struct Seen {
    map: ColumnMap,
    inspection: Inspection,
    /// Contacts as they would come out, in the form of an import array, with the line of each.
    examples: Vec<(u64, Value)>,
}

/// A file without a name, for what has to be copied, unpacked or decoded; its owner alone can read
/// it, and it goes with the process. It is beside the user's own files where that can be, and in the
/// system's folder for temporary files where it cannot: inspecting writes nothing, so the folder one
/// works in need not be writable.
fn scratch() -> io::Result<File> {
    private_in(Path::new(".")).or_else(|here| {
        let folder = std::env::temp_dir();
        private_in(&folder).map_err(|there| {
            let message = format!(
                "it is copied to a file while it is looked at, which can be made neither in this \
                 folder ({here}) nor in {} ({there}); name another with TMPDIR",
                folder.display()
            );
            io::Error::other(message)
        })
    })
}

/// A file without a name in this folder.
fn private_in(folder: &Path) -> io::Result<File> {
    let file = tempfile::tempfile_in(folder)?;
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok(file)
}

/// Looks at every input and says what was found.
pub(crate) fn run(arguments: &InspectArguments) -> Result<ExitCode, Failure> {
    if arguments.inputs.iter().filter(|path| is_standard_input(path)).count() > 1 {
        return Err(Failure::StandardInputTwice);
    }
    check_inputs(&arguments.inputs)?;
    if let Some(path) = arguments.write_profile.as_deref() {
        profile::check(path)?;
    }
    let mapping = arguments.mapping();
    let is_header = |row: &[String]| mapping.is_header(row);
    let reading = arguments.reading.options(&scratch, &is_header);
    let opening = Opening {
        reading,
        mapping: arguments.mapping(),
        options: arguments.options(),
        is_quiet: false,
    };
    let mut parts = Vec::new();
    for input in opening.all(&arguments.inputs)? {
        parts.push(inspect(input, reading, arguments)?);
    }
    if let Some(path) = &arguments.write_profile {
        write_profile(path, &parts, arguments)?;
    }
    let written = if arguments.json {
        let mut out = terminal::json();
        report::write(&mut out, &parts).and_then(|()| out.flush())
    } else {
        let mut out = terminal::stdout();
        table::write(&mut out, &parts, arguments).and_then(|()| out.flush())
    };
    match written {
        // Whoever reads has seen enough.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::StandardOutput(error))
        }
        _ => Ok(ExitCode::SUCCESS),
    }
}

fn inspect(
    input: OpenInput,
    reading: ReadOptions<'_>,
    arguments: &InspectArguments,
) -> Result<InspectedInput, Failure> {
    let mut inspected = InspectedInput {
        name: input.name,
        format: input.format.name(),
        encoding: input.encoding.to_string(),
        delimiter: input.delimiter,
        quotes: input.quotes,
        bytes: input.bytes,
        seen: None,
    };
    let Some(map) = input.map else { return Ok(inspected) };
    let mut source = match input.source {
        Some(source) => source,
        None => Resumed::from(input.part.open(reading)?),
    };
    if source.source().header() != input.header {
        return Err(Failure::Changed { input: inspected.name });
    }
    let normalizer = Normalizer::new(arguments.options());
    let mut inspector = Inspector::new(&normalizer, &map);
    inspector.read(SourceId(0), &mut source)?;
    let inspection = inspector.finish();
    let examples = inspection
        .examples
        .iter()
        .map(|(position, contact)| {
            let mut json = Vec::new();
            contactmill_emit::contact_json(contact, &mut json);
            let mut value = serde_json::from_slice(&json).unwrap_or_default();
            if !arguments.show_values {
                mask(&mut value);
            }
            (position.line, value)
        })
        .collect();
    inspected.seen = Some(Seen { map, inspection, examples });
    Ok(inspected)
}

/// Puts dots in the place of what is personal in a contact; keys and calling codes are not.
fn mask(value: &mut Value) {
    match value {
        Value::String(text) => *text = masked(text),
        Value::Array(values) => values.iter_mut().for_each(mask),
        Value::Object(fields) => {
            for (key, value) in fields {
                if key != "key" && key != "prefix" {
                    mask(value);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The text with all but the first character of every word, and the last two digits of a number,
/// replaced by dots.
fn masked(text: &str) -> String {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let mut seen = 0;
    let mut is_first = true;
    text.chars()
        .map(|c| {
            let was_first = std::mem::replace(&mut is_first, !c.is_alphanumeric());
            seen += usize::from(c.is_ascii_digit());
            match c {
                _ if c.is_ascii_digit() && seen + 2 > digits && digits >= 7 => c,
                _ if c.is_alphabetic() && was_first => c,
                _ if c.is_alphanumeric() => '·',
                _ => c,
            }
        })
        .collect()
}

fn write_profile(
    path: &Path,
    parts: &[InspectedInput],
    arguments: &InspectArguments,
) -> Result<(), Failure> {
    let mut seen = parts.iter().filter_map(|part| part.seen.as_ref());
    let Some(seen) = seen.find(|seen| seen.map.columns().next().is_some()) else {
        let message = "no input has columns to write a profile of".to_owned();
        return Err(Failure::Profile { path: path.to_owned(), message });
    };
    profile::write(path, &seen.map, &arguments.for_profile())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_known_by_a_masked_value() {
        assert_eq!(masked("Asha Verma-Rao"), "A··· V····-R··");
        assert_eq!(masked("asha@example.com"), "a···@e······.c··");
        assert_eq!(masked("9876543210"), "········10");
        assert_eq!(masked("+91 98765 43210"), "+·· ····· ···10");
        assert_eq!(masked("Flat 12"), "F··· ··");
    }
}
