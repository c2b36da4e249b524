//! The tables of columns under `tests/columns`: each row is a test, named after its file, line and
//! text. `cargo test -p contactmill-core --test columns headers` runs the rows about single headers.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod table;

use std::process::ExitCode;

use contactmill_core::__private::{consent, header, sensitive};
use contactmill_core::columns::{
    ContentSample, FieldMapping, MappedField, MappingError, MappingNote, WhyTaken, WhyUnused,
};
use contactmill_core::records::{Integrity, Position, Record};
use contactmill_core::{Field, Normalizer, Options};
use libtest_mimic::{Arguments, Trial};
use table::{add, columns};

const AREA_CODES: &str = include_str!("columns/area-codes.tsv");
const CONSENTS: &str = include_str!("columns/consents.tsv");
const EXPORTS: &str = include_str!("columns/exports.tsv");
const HEADER_ROWS: &str = include_str!("columns/header-rows.tsv");
const HEADERS: &str = include_str!("columns/headers.tsv");
const NOTES: &str = include_str!("columns/notes.tsv");
const PARTIES: &str = include_str!("columns/parties.tsv");
const PHONE_LABELS: &str = include_str!("columns/phone-labels.tsv");
const SENSITIVE: &str = include_str!("columns/sensitive.tsv");

fn main() -> ExitCode {
    let mut trials = Vec::new();
    add(&mut trials, ("headers", HEADERS), 100, |row| {
        let [text, expected] = columns(row);
        assert_eq!(header(text), expected);
    });
    add(&mut trials, ("exports", EXPORTS), 13, |row| {
        let [header, expected, fields] = columns(row);
        let header = split(header);
        let map = FieldMapping::default().resolve(&header).unwrap();
        assert_eq!(map.preset().map_or("-", |(id, _)| id), expected);
        assert_eq!(outcome(&header, &ContentSample::default()), fields);
    });
    add(&mut trials, ("consents", CONSENTS), 20, |row| {
        let [header, cell, expected] = columns(row);
        assert_eq!(consent(header, cell), expected);
    });
    add(&mut trials, ("sensitive", SENSITIVE), 50, |row| {
        let [header, expected] = columns(row);
        assert_eq!(sensitive(header), expected);
    });
    add(&mut trials, ("phone-labels", PHONE_LABELS), 20, |row| {
        let [header, cells, expected] = columns(row);
        assert_eq!(phone("", &split(header), &split(cells)), expected);
    });
    add(&mut trials, ("area-codes", AREA_CODES), 15, |row| {
        let [region, header, cells, expected] = columns(row);
        assert_eq!(phone(region, &split(header), &split(cells)), expected);
    });
    add(&mut trials, ("notes", NOTES), 15, |row| {
        let [region, header, cells, expected] = columns(row);
        assert_eq!(notes(&split(header), &sample(region, cells)), expected);
    });
    for (table, at_least) in [(("header-rows", HEADER_ROWS), 20), (("parties", PARTIES), 60)] {
        add(&mut trials, table, at_least, |row| {
            let [region, header, cells, expected] = columns(row);
            assert_eq!(outcome(&split(header), &sample(region, cells)), expected);
        });
    }
    trials.push(Trial::test("every known export has a case", || {
        let known = rows(include_str!("../data/exports.tsv")).map(|row| columns::<1>(row)[0]);
        for export in known {
            assert!(rows(EXPORTS).any(|row| columns::<2>(row)[1] == export), "{export}");
        }
        Ok(())
    }));
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// The phone of a record and the warnings about it, or why the record is rejected.
fn phone(region: &str, header: &[String], cells: &[String]) -> String {
    let map = FieldMapping::default().resolve(header).unwrap();
    let mut end = 0;
    let ends: Vec<usize> = cells.iter().map(|cell| (end += cell.len(), end).1).collect();
    let text = cells.concat();
    let record = Record::new(&text, &ends, Position::default(), Integrity::Whole);
    let raw = map.raw_contact(record);
    let options = Options { region: region.parse().ok(), ..Options::default() };
    match Normalizer::new(options).normalize(&raw) {
        Ok(normalized) => {
            let of_phone =
                normalized.warnings.iter().filter(|warning| warning.field == Field::Phone);
            let said = of_phone.map(|warning| format!(" {}", warning.code.code()));
            format!("{}{}", normalized.contact.phone.e164(), said.collect::<String>())
        }
        Err(rejection) => rejection.reason.code().to_owned(),
    }
}

/// What people see of how columns were taken.
fn notes(header: &[String], sample: &ContentSample) -> String {
    let map = FieldMapping::default().resolve_with(header, sample).unwrap();
    let said = map.notes().iter().map(|note| match note {
        MappingNote::Taken { field, column, why } => {
            let why = match why {
                WhyTaken::Cells(_) => "content",
                WhyTaken::HeaderAlone(_) => "header alone",
                _ => "header",
            };
            format!("{field}={} by {why}", header[*column])
        }
        MappingNote::Unused { field, column, why } => {
            let why = match why {
                WhyUnused::Refuted(_) => "refuted".to_owned(),
                WhyUnused::OfOthers => "of others".to_owned(),
                WhyUnused::BehindAnotherName => "behind another".to_owned(),
                WhyUnused::Unnamed(share) => share.to_string(),
                _ => "another".to_owned(),
            };
            format!("{} not {field}: {why}", header[*column])
        }
        MappingNote::Missing { field, likely: Some(likely) } => {
            format!("no {field} ({})", header[*likely])
        }
        MappingNote::Missing { field, .. } => format!("no {field}"),
        other => panic!("{other:?}"),
    });
    let said: Vec<String> = said.collect();
    if said.is_empty() { "-".to_owned() } else { said.join("; ") }
}

fn rows(table: &str) -> impl Iterator<Item = &str> {
    table.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn split(header: &str) -> Vec<String> {
    header.split(',').map(str::to_owned).collect()
}

/// The records that a case writes as `6x Name ##,98765432##; …`.
fn sample(region: &str, cells: &str) -> ContentSample {
    let options = Options { region: region.parse().ok(), ..Options::default() };
    let mut sample = ContentSample::new(options);
    for group in cells.split(';').filter(|group| *group != "-") {
        let (times, row) = group.split_once("x ").unwrap();
        for number in 1..=times.trim().parse().unwrap() {
            let mut ends = Vec::new();
            let mut text = String::new();
            for cell in row.split(',') {
                text.push_str(&numbered(cell, number));
                ends.push(text.len());
            }
            sample.add(Record::new(&text, &ends, Position::default(), Integrity::Whole));
        }
    }
    sample
}

/// A cell with the number of its row in the place of `#`.
fn numbered(cell: &str, number: usize) -> String {
    let width = cell.chars().filter(|&c| c == '#').count();
    match width {
        0 => cell.to_owned(),
        _ => cell.replacen(&"#".repeat(width), &format!("{number:0width$}"), 1),
    }
}

/// Which columns are taken for which fields, or why none are.
fn outcome(header: &[String], sample: &ContentSample) -> String {
    let mapping = FieldMapping::default();
    let map = match mapping.resolve_with(header, sample) {
        Ok(map) => map,
        Err(MappingError::AmbiguousPhone { candidates }) => {
            let columns: Vec<&str> = candidates.iter().map(|one| &*one.column).collect();
            return format!("ambiguous: {}", columns.join(" | "));
        }
        Err(MappingError::SeveralCodes { phones }) => {
            let with_code = |(phone, code): &(String, Option<String>)| match code {
                Some(code) => format!("{phone} with {code}"),
                None => phone.clone(),
            };
            let pairs: Vec<String> = phones.iter().map(with_code).collect();
            return format!("several codes: {}", pairs.join(" | "));
        }
        Err(MappingError::AmbiguousCountry { column }) => {
            return format!("ambiguous country: {column}");
        }
        Err(MappingError::NoPhoneColumn { likely, .. }) => {
            return format!("no phone column: {}", likely.as_deref().unwrap_or("-"));
        }
        Err(MappingError::NoHeader { likely, .. }) => {
            return format!("no header: {}", likely.as_deref().unwrap_or("-"));
        }
        Err(MappingError::OtherHeader { .. }) => return "other header".to_owned(),
        Err(error) => return error.to_string(),
    };
    use MappedField::{Country, Email, FirstName, LastName, Name, Phone, Tags};
    let fields = [Name, FirstName, LastName, Phone, Email, Country, Tags];
    let said = fields.iter().filter_map(|field| {
        let of = map.fields().filter(|(known, _)| *known == field);
        let columns: Vec<&str> = of.map(|(_, column)| column).collect();
        (!columns.is_empty()).then(|| format!("{field}={}", columns.join(", ")))
    });
    said.collect::<Vec<_>>().join("; ")
}
