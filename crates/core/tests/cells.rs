//! The tables of cells under `tests/cells`: each row is a test, named after its file, line and cell.
//! `cargo test --test cells trunk` runs the rows about trunk prefixes.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::process::ExitCode;

use contactmill_core::cells::{Phone, read_phone};
use contactmill_core::options::{BareDigits, PhoneMode};
use contactmill_core::{Field, Normalizer, Options, PhoneNumber, RawContact, WarningCode};
use libtest_mimic::{Arguments, Trial};

const PHONE: &str = include_str!("cells/phone.tsv");
const EMAIL: &str = include_str!("cells/email.tsv");

fn main() -> ExitCode {
    let mut trials = Vec::new();
    add(&mut trials, "phone", PHONE, |row| {
        let [options, cell, expected] = columns(row);
        let cell = cell.replace("\\n", "\n").replace("\\t", "\t");
        assert_eq!(phone(options, &cell), expected);
    });
    add(&mut trials, "email", EMAIL, |row| {
        let [cell, expected] = columns(row);
        assert_eq!(email(&unescaped(cell)), unescaped(expected));
    });
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// Adds a test for each row of a table, named with the heading above it.
fn add(trials: &mut Vec<Trial>, file: &str, table: &'static str, check: fn(&'static str)) {
    let before = trials.len();
    let mut heading = "";
    for (row, line) in table.lines().zip(1..) {
        if let Some(text) = row.strip_prefix("# ") {
            heading = text;
        } else if !row.is_empty() {
            let name = format!("{file}.tsv:{line} {heading}: {row}");
            trials.push(Trial::test(name, move || {
                check(row);
                Ok(())
            }));
        }
    }
    assert!(trials.len() - before > 100, "{file}.tsv has lost its rows");
}

/// The first columns of a row; what follows is a note.
fn columns<const N: usize>(row: &str) -> [&str; N] {
    let columns: Vec<&str> = row.split('\t').take(N).collect();
    columns.try_into().unwrap_or_else(|_| panic!("{N} columns with tabs between them: {row:?}"))
}

/// The outcome of a phone cell as the table writes it.
fn phone(options: &str, cell: &str) -> String {
    let options = Options {
        region: options.split(' ').next().and_then(|code| code.parse().ok()),
        phones: match options.contains("strict") {
            true => PhoneMode::Strict,
            false => PhoneMode::Recover,
        },
        bare_digits: match options.contains("international") {
            true => BareDigits::International,
            false => BareDigits::National,
        },
        ..Options::default()
    };
    let reading = match read_phone(cell, &options) {
        Err(reason) => return reason.code().to_owned(),
        Ok(reading) => reading,
    };
    let written = |number: PhoneNumber, extension: Option<&str>| {
        let text = format!("{}/{}", number.calling_code(), number.national_number());
        match extension {
            Some(extension) => format!("{text} x{extension}"),
            None => text,
        }
    };
    let mut text = written(reading.number(), reading.extension());
    for Phone { number, extension, .. } in reading.others() {
        text += &format!(" + {}", written(*number, extension.as_deref()));
    }
    for code in reading.repairs() {
        text += &format!(" [{code}]");
    }
    text
}

/// The outcome of an e-mail cell as the table writes it.
fn email(cell: &str) -> String {
    let mut raw = RawContact::default();
    raw.phones.push("+91 98765 43210");
    raw.emails.push(cell);
    let read = Normalizer::new(Options::default()).normalize(&raw).unwrap();
    let warnings = |code| {
        let all = read.warnings.iter();
        all.filter(move |warning| warning.field == Field::Email && warning.code == code)
    };
    let contact = &read.contact;
    let Some(first) = &contact.email else {
        return match warnings(WarningCode::EmailDropped).count() {
            0 => "empty".to_owned(),
            _ => "bad".to_owned(),
        };
    };
    let others = contact.attributes.iter().filter(|attribute| attribute.key.starts_with("email_"));
    let addresses = std::iter::once(first.as_str()).chain(others.map(|own| own.value.as_str()));
    let suggested = |address: &str| {
        let mut typos = warnings(WarningCode::EmailTypoSuspected);
        match typos.find(|warning| &*warning.before == address) {
            Some(warning) => format!("{address} ({}?)", warning.after),
            None => address.to_owned(),
        }
    };
    addresses.map(suggested).collect::<Vec<_>>().join(" + ")
}

/// `{U+200B}` is the character, `{a*65}` the letter repeated.
fn unescaped(cell: &str) -> String {
    let mut text = String::new();
    let mut rest = cell;
    while let Some((before, after)) = rest.split_once('{') {
        let (inside, behind) = after.split_once('}').unwrap();
        text += before;
        match inside.strip_prefix("U+") {
            Some(hex) => text.extend(char::from_u32(u32::from_str_radix(hex, 16).unwrap())),
            None => {
                let (letters, times) = inside.split_once('*').unwrap();
                text += &letters.repeat(times.parse().unwrap());
            }
        }
        rest = behind;
    }
    text + rest
}
