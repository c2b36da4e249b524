//! Profiles: options and a mapping in a file, for dumps that come again and again.
//!
//! A profile is TOML. Its keys are the options of `convert` as they are written on the command line,
//! and a table `[map]` holds the column, or the columns, of each field. What it says stands before
//! what was typed, so that what was typed wins.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::Path;

use clap::{CommandFactory, Parser};
use contactmill_core::{ColumnMap, FieldMapping, MappedField};
use toml::{Table, Value};

use crate::args::{Arguments, Command};
use crate::convert::Failure;

/// Options that are about one run and not about the files that it reads.
const OF_ONE_RUN: [&str; 10] = [
    "out",
    "overwrite",
    "json",
    "quiet",
    "progress",
    "show-values",
    "threads",
    "profile",
    "help",
    "version",
];

/// What was typed, with the profile that it names.
pub(crate) fn arguments() -> Result<Arguments, Failure> {
    let typed: Vec<OsString> = std::env::args_os().collect();
    let arguments = Arguments::parse_from(&typed);
    let Some((path, mapping)) = arguments.command.profile() else { return Ok(arguments) };
    let fail = |message: String| Failure::Profile { path: path.to_owned(), message };
    let text =
        std::fs::read_to_string(path).map_err(|error| fail(format!("cannot be read: {error}")))?;
    let table: Table = text.parse().map_err(|error| fail(format!("is no profile: {error}")))?;
    let is_convert = matches!(arguments.command, Command::Convert(_));
    let said = options(&table, &mapping, is_convert).map_err(fail)?;
    // The name of the program and of the command come first.
    let (before, behind) = typed.split_at(2.min(typed.len()));
    // What it says is looked at by itself, so that an error speaks of the file.
    let mut check: Vec<OsString> = ["contactmill", "convert", "-"].map(OsString::from).into();
    check.extend(options(&table, &mapping, true).map_err(fail)?);
    if let Err(error) = Arguments::try_parse_from(check) {
        let text = error.to_string();
        let line = text.lines().next().unwrap_or_default();
        return Err(fail(line.trim_start_matches("error: ").to_owned()));
    }
    let all = [before, &said, behind].concat();
    Ok(Arguments::parse_from(all))
}

/// The profile as options; those that only `convert` has are left out elsewhere.
fn options(table: &Table, typed: &FieldMapping, is_convert: bool) -> Result<Vec<OsString>, String> {
    let arguments = Arguments::command();
    let known = |command: &str, key: &str| {
        let command = arguments.find_subcommand(command);
        command.is_some_and(|command| {
            command.get_arguments().any(|argument| argument.get_long() == Some(key))
        })
    };
    let mut options = Vec::new();
    for (key, value) in table {
        if key == "map" {
            let Value::Table(fields) = value else {
                return Err("map must be a table: [map], and below it phone = \"Mobile\"".into());
            };
            for (field, columns) in fields {
                for column in texts(field, columns)? {
                    if !is_taken(typed, field, &column) {
                        options.push(format!("--map={field}={column}").into());
                    }
                }
            }
        } else if !known("convert", key) || OF_ONE_RUN.contains(&key.as_str()) {
            return Err(format!("{key} is no option that a profile can hold"));
        } else if let Value::Boolean(is_on) = value
            && is_flag(&arguments, key)
        {
            if *is_on && (is_convert || known("inspect", key)) {
                options.push(format!("--{key}").into());
            }
        } else if is_convert || known("inspect", key) {
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

/// The profile by which files with these columns are read as this one.
pub(crate) fn write(
    path: &Path,
    map: &ColumnMap,
    options: &[(&str, String)],
) -> Result<(), Failure> {
    let mut text = String::from("# How contactmill reads such files: convert --profile FILE\n");
    let arguments = Arguments::command();
    for (name, value) in options {
        let value = match is_flag(&arguments, name) {
            true => Value::Boolean(true),
            false => Value::String(value.clone()),
        };
        let _ = writeln!(text, "{name} = {value}");
    }
    text.push_str("\n[map]\n");
    let mut fields: Vec<(String, Vec<Value>)> = Vec::new();
    for (field, column) in map.fields() {
        if matches!(field, MappedField::Attribute(_)) {
            continue;
        }
        let (field, column) = (field.to_string(), Value::String(column.to_owned()));
        match fields.iter_mut().find(|(known, _)| *known == field) {
            Some((_, columns)) => columns.push(column),
            None => fields.push((field, vec![column])),
        }
    }
    for (field, mut columns) in fields {
        let value = if columns.len() == 1 { columns.remove(0) } else { Value::Array(columns) };
        let _ = writeln!(text, "{field} = {value}");
    }
    let fail = |error: std::io::Error| {
        let message = match error.kind() {
            std::io::ErrorKind::AlreadyExists => "is there already; name another file".to_owned(),
            _ => format!("cannot be written: {error}"),
        };
        Failure::Profile { path: path.to_owned(), message }
    };
    let mut file = std::fs::File::create_new(path).map_err(fail)?;
    std::io::Write::write_all(&mut file, text.as_bytes()).map_err(fail)?;
    Ok(())
}
