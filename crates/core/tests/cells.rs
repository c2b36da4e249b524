//! The tables of cells under `tests/cells`: each row is a test, named after its file, line and cell.
//! `cargo test -p contactmill-core --test cells trunk` runs the rows about trunk prefixes.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod table;

use std::process::ExitCode;

use contactmill_core::__private::{country, identifiers, is_placeholder, names_agree};
use contactmill_core::cells::{Phone, read_phone};
use contactmill_core::options::{BareDigits, PhoneMode};
use contactmill_core::{Field, Normalizer, Options, PhoneNumber, RawContact, WarningCode};
use libtest_mimic::Arguments;
use table::{add, columns};

/// The tables of phone cells, with fewer rows than each has.
const PHONE: [(&str, &str, usize); 4] = [
    ("phone", include_str!("cells/phone.tsv"), 101),
    ("phone-codes", include_str!("cells/phone-codes.tsv"), 40),
    ("phone-decoded", include_str!("cells/phone-decoded.tsv"), 40),
    ("phone-words", include_str!("cells/phone-words.tsv"), 40),
];
const EMAIL: &str = include_str!("cells/email.tsv");
const IDENTIFIERS: &str = include_str!("cells/identifiers.tsv");
const COUNTRIES: &str = include_str!("cells/countries.tsv");
const NAMES: &str = include_str!("cells/names.tsv");
const PEOPLE: &str = include_str!("cells/people.tsv");
const PLACEHOLDERS: &str = include_str!("cells/placeholders.tsv");

fn main() -> ExitCode {
    let mut trials = Vec::new();
    for (name, table, fewest) in PHONE {
        add(&mut trials, (name, table), fewest, |row| {
            let [options, cell, expected] = columns(row);
            let cell = cell.replace("\\n", "\n").replace("\\t", "\t");
            assert_eq!(phone(options, &cell), expected);
        });
    }
    add(&mut trials, ("email", EMAIL), 101, |row| {
        let [cell, expected] = columns(row);
        assert_eq!(email(&unescaped(cell)), unescaped(expected));
    });
    add(&mut trials, ("countries", COUNTRIES), 30, |row| {
        let [cell, expected] = columns(row);
        assert_eq!(country(&unescaped(cell)), expected);
    });
    add(&mut trials, ("placeholders", PLACEHOLDERS), 30, |row| {
        let [cell, expected] = columns(row);
        let found = if is_placeholder(cell) { "placeholder" } else { "text" };
        assert_eq!(found, expected);
    });
    add(&mut trials, ("identifiers", IDENTIFIERS), 40, |row| {
        let [cell, expected] = columns(row);
        assert_eq!(identifiers(cell), expected);
    });
    add(&mut trials, ("names", NAMES), 30, |row| {
        let [cell, expected] = columns(row);
        assert_eq!(name(&unescaped(cell)), unescaped(expected));
    });
    add(&mut trials, ("people", PEOPLE), 30, |row| {
        let [one, other, expected] = columns(row);
        let (one, other) = (unescaped(one), unescaped(other));
        let found = |agree| if agree { "same" } else { "apart" };
        assert_eq!(found(names_agree(&one, &other)), expected);
        assert_eq!(found(names_agree(&other, &one)), expected);
    });
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
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
    if !reading.notes().is_empty() {
        text += &format!(" {{{}}}", reading.notes().join("; "));
    }
    for code in reading.repairs() {
        text += &format!(" [{code}]");
    }
    text
}

/// The outcome of a name cell as the table writes it.
fn name(cell: &str) -> String {
    let mut raw = RawContact::default();
    raw.phones.push("+91 98765 43210");
    raw.names.push(cell);
    let name = Normalizer::new(Options::default()).normalize(&raw).unwrap().contact.name;
    if name.stands_in() { "missing".to_owned() } else { name.as_str().to_owned() }
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
