//! Profiles: options and a mapping in a file, for dumps that come again and again.
//!
//! A profile is TOML. Its keys are the options of `convert` as they are written on the command line,
//! and a table `[map]` holds the column, or the columns, of each field. An option that was typed is
//! not taken from the profile: what was typed wins. Tags to add and exclusion lists are collected from
//! both.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::Path;

use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory, FromArgMatches};
use contactmill::columns::{ColumnMap, FieldMapping, MappedField};
use toml::{Table, Value};

use crate::args::{Arguments, Command};
use crate::failure::Failure;

/// Options that are about one run and not about the files that it reads.
const OF_ONE_RUN: [&str; 13] = [
    "inputs-from",
    "out",
    "overwrite",
    "json",
    "quiet",
    "progress",
    "show-values",
    "threads",
    "sample",
    "since",
    "profile",
    "help",
    "version",
];

/// Options that are taken from the profile and from what was typed.
const ADDED_UP: [&str; 2] = ["add-tag", "exclude"];

/// The words as a command, and where each of its values comes from.
fn parse(words: &[OsString]) -> Result<(Arguments, ArgMatches), clap::Error> {
    let matches = Arguments::command().try_get_matches_from(words)?;
    let arguments = Arguments::from_arg_matches(&matches)
        .map_err(|error| error.format(&mut Arguments::command()))?;
    Ok((arguments, matches))
}

/// These words as a command, with the profile that they name.
pub(crate) fn with_profile(typed: &[OsString]) -> Result<Arguments, Failure> {
    let (arguments, matches) = parse(typed).map_err(Failure::Usage)?;
    let Some((path, mapping)) = arguments.command.profile() else { return Ok(arguments) };
    let fail = |message: String| Failure::Profile { path: path.to_owned(), message };
    let text =
        std::fs::read_to_string(path).map_err(|error| fail(format!("cannot be read: {error}")))?;
    let table: Table = text.parse().map_err(|error: toml::de::Error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let message = error.message().trim().replace('\n', "; ");
        fail(format!("is no profile: line {line}: {message}"))
    })?;
    let is_convert = matches!(arguments.command, Command::Convert(_));
    let matches = matches.subcommand().map(|(_, matches)| matches);
    let is_typed =
        |id: &str| matches.is_some_and(|m| m.value_source(id) == Some(ValueSource::CommandLine));
    let said = options(&table, &mapping, &is_typed, is_convert).map_err(fail)?;
    // The name of the program and of the command come first.
    let (before, behind) = typed.split_at(2.min(typed.len()));
    // What it says is looked at by itself, so that an error speaks of the file.
    let mut check: Vec<OsString> = ["contactmill", "convert", "-"].map(OsString::from).into();
    check.extend(options(&table, &FieldMapping::default(), &|_| false, true).map_err(fail)?);
    if let Err(error) = parse(&check) {
        let text = error.to_string();
        let line = text.lines().next().unwrap_or_default();
        return Err(fail(line.trim_start_matches("error: ").to_owned()));
    }
    let all = [before, &said, behind].concat();
    let (arguments, _) = parse(&all).map_err(Failure::Usage)?;
    Ok(arguments)
}

/// The profile as options, without those that were typed; those that only `convert` has are left
/// out elsewhere.
fn options(
    table: &Table,
    mapping: &FieldMapping,
    is_typed: &dyn Fn(&str) -> bool,
    is_convert: bool,
) -> Result<Vec<OsString>, String> {
    let arguments = Arguments::command();
    let id_of = |command: &str, key: &str| {
        let mut known = arguments.find_subcommand(command)?.get_arguments();
        Some(known.find(|known| known.get_long() == Some(key))?.get_id().as_str().to_owned())
    };
    let mut options = Vec::new();
    for (key, value) in table {
        if key == "map" {
            let Value::Table(fields) = value else {
                return Err("map must be a table: [map], and below it phone = \"Mobile\"".into());
            };
            for (field, columns) in fields {
                for column in texts(field, columns)? {
                    if !is_taken(mapping, field, &column) {
                        options.push(format!("--map={field}={column}").into());
                    }
                }
            }
        } else if id_of("convert", key).is_none() || OF_ONE_RUN.contains(&key.as_str()) {
            return Err(format!("{key} is no option that a profile can hold"));
        } else if let Some(id) = id_of(if is_convert { "convert" } else { "inspect" }, key)
            && (!is_typed(&id) || ADDED_UP.contains(&key.as_str()))
        {
            if let Value::Boolean(is_on) = value
                && is_flag(&arguments, key)
            {
                if *is_on {
                    options.push(format!("--{key}").into());
                }
                continue;
            }
            options.extend(texts(key, value)?.iter().map(|text| format!("--{key}={text}").into()));
        }
    }
    Ok(options)
}

/// Whether an option of `convert` is said or not, and takes no value.
fn is_flag(arguments: &clap::Command, key: &str) -> bool {
    let convert = arguments.find_subcommand("convert");
    let option = convert.and_then(|command| {
        command.get_arguments().find(|argument| argument.get_long() == Some(key))
    });
    option.is_some_and(|option| !option.get_action().takes_values())
}

/// Whether `--map` says something else of the field or of the column.
fn is_taken(typed: &FieldMapping, field: &str, column: &str) -> bool {
    typed.assignments.iter().any(|(taken, of)| taken.to_string() == field || of == column)
}

/// A value, or several, as text.
fn texts(key: &str, value: &Value) -> Result<Vec<String>, String> {
    match value {
        Value::String(text) => Ok(vec![text.clone()]),
        Value::Integer(number) => Ok(vec![number.to_string()]),
        Value::Array(values) => {
            let texts = values.iter().map(|value| texts(key, value));
            Ok(texts.collect::<Result<Vec<_>, _>>()?.concat())
        }
        _ => Err(format!("{key} must be a text, or a list of texts")),
    }
}

/// Whether a profile may be written there, before anything is looked at for it.
pub(crate) fn check(path: &Path) -> Result<(), Failure> {
    match path.symlink_metadata() {
        Ok(_) => Err(is_there(path)),
        // Whatever else is wrong is said where it is written.
        Err(_) => Ok(()),
    }
}

fn is_there(path: &Path) -> Failure {
    let message = "is there already; name another file".to_owned();
    Failure::Profile { path: path.to_owned(), message }
}

/// Keys and values as lines of TOML; several values of one key are a list.
fn toml_lines(values: impl Iterator<Item = (String, Value)>) -> String {
    let mut by_key: Vec<(String, Vec<Value>)> = Vec::new();
    for (key, value) in values {
        match by_key.iter_mut().find(|(known, _)| *known == key) {
            Some((_, values)) => values.push(value),
            None => by_key.push((key, vec![value])),
        }
    }
    let mut lines = String::new();
    for (key, mut values) in by_key {
        let value = if values.len() == 1 { values.remove(0) } else { Value::Array(values) };
        let _ = writeln!(lines, "{key} = {value}");
    }
    lines
}

/// The profile by which files with these columns are read as this one.
pub(crate) fn write(
    path: &Path,
    map: &ColumnMap,
    options: &[(&str, String)],
) -> Result<(), Failure> {
    let mut text = String::from("# How contactmill reads such files: convert --profile FILE\n");
    let arguments = Arguments::command();
    let options = options.iter().map(|(name, value)| match is_flag(&arguments, name) {
        true => ((*name).to_owned(), Value::Boolean(true)),
        false => ((*name).to_owned(), Value::String(value.clone())),
    });
    text.push_str(&toml_lines(options));
    text.push_str("\n[map]\n");
    let fields = map.fields().filter(|(field, _)| !matches!(field, MappedField::Attribute(_)));
    let fields =
        fields.map(|(field, column)| (field.to_string(), Value::String(column.to_owned())));
    text.push_str(&toml_lines(fields));
    let fail = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => is_there(path),
        _ => {
            let message = format!("cannot be written: {error}");
            Failure::Profile { path: path.to_owned(), message }
        }
    };
    let mut file = std::fs::File::create_new(path).map_err(fail)?;
    let written = std::io::Write::write_all(&mut file, text.as_bytes());
    written.and_then(|()| file.sync_all()).map_err(|error| {
        // Half a profile would be read as a whole one, and stand in the way of the next.
        let _ = std::fs::remove_file(path);
        fail(error)
    })
}
