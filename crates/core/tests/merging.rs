//! Laws of merging: whose values a contact may take, and that nothing shows what should not.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::HashSet;

use contactmill_core::columns::FieldMapping;
use contactmill_core::pipeline::{Emitted, Outcome, Outcomes, Pipeline, PipelineOptions};
use contactmill_core::records::{Rows, SourceId};
use contactmill_core::{Contact, Normalizer, Options, Region};
use proptest::prelude::*;

const HEADER: [&str; 4] = ["Name", "Phone", "Email", "Plan"];

type Row = [String; 4];

/// Numbers of which some are other forms of others.
const PHONES: [&str; 6] = [
    "+919876543210",
    "+541123456789",
    "+5491123456789",
    "+541145678901",
    "+5491145678901",
    "+525541637145",
];

/// People who share no word of their names, and how they are written.
const PEOPLE: [[&str; 3]; 3] =
    [["Asha", "Asha Patel", "PATEL, Asha"], ["Ravi", "ravi", "Ravi Iyer"], ["Zoë", "Zoe", "zoë"]];

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let row = (0..PEOPLE.len(), 0..5_usize, 0..PHONES.len(), 0..3_u8);
    let row = row.prop_map(|(person, form, phone, filled)| {
        let name = PEOPLE[person].get(form).copied().unwrap_or_default();
        // A record without a name could be anyone's, so it brings nothing of a person.
        let value = |text: String, is_there: bool| {
            if is_there && !name.is_empty() { text } else { String::new() }
        };
        let email = value(format!("p{person}@example.com"), filled > 0);
        [name.into(), PHONES[phone].into(), email, value(format!("plan {person}"), filled > 1)]
    });
    proptest::collection::vec(row, 0..40)
}

#[derive(Debug, Default, PartialEq)]
struct Run {
    contacts: Vec<Contact<'static>>,
    /// Number, kept number and lost values of each duplicate.
    duplicates: Vec<(u64, u64, Vec<String>)>,
    warnings: Vec<(u64, &'static str, String)>,
    rejected: usize,
}

fn run(rows: &[Row], threads: usize) -> Run {
    let mut run = Run::default();
    let normalizer = Normalizer::new(Options { region: Some(Region::IN), ..Options::default() });
    let map = FieldMapping::default().resolve(&HEADER.map(String::from)).unwrap();
    let mut outcomes = Outcomes::new(|outcome| match outcome {
        Outcome::Contact { contact: Emitted::AsIs(contact), .. } => {
            run.contacts.push(contact.clone().into_owned());
        }
        Outcome::Duplicate { record, kept, conflicts } => {
            let lost = conflicts.iter().map(|lost| format!("{}={}", lost.field, lost.value));
            run.duplicates.push((record.position().record, kept.record, lost.collect()));
        }
        Outcome::Rejected { .. } => run.rejected += 1,
        Outcome::Warning { position, warning } => {
            run.warnings.push((position.record, warning.code.code(), warning.after.to_string()));
        }
        _ => {}
    });
    let options = PipelineOptions { threads, ..PipelineOptions::default() };
    let mut pipeline = Pipeline::new(&normalizer, options).unwrap();
    let mut source = Rows::new(rows.iter());
    pipeline.feed(SourceId(0), &mut source, &map, &mut outcomes).unwrap();
    pipeline.finish(&mut outcomes).unwrap();
    run
}

/// The contact as a row, with an empty name where the number stands in.
fn row_of(contact: &Contact<'_>) -> Row {
    let name = if contact.name.stands_in() { "" } else { contact.name.as_str() };
    let email = contact.email.as_ref().map_or("", |email| email.as_str());
    let plan = contact.attributes.first().map_or("", |plan| plan.value.as_str());
    [name.into(), contact.phone.e164().to_string(), email.into(), plan.into()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn nothing_of_a_person_crosses_over_to_another(rows in rows()) {
        let run = run(&rows, 1);
        prop_assert_eq!(run.contacts.len() + run.duplicates.len() + run.rejected, rows.len());
        prop_assert_eq!(run.rejected, 0);
        let mut numbers = HashSet::new();
        for contact in &run.contacts {
            prop_assert!(numbers.insert(contact.phone), "{} is there twice", contact.phone);
            let [name, _, email, plan] = row_of(contact);
            let person = PEOPLE.iter().position(|names| names.contains(&name.as_str()));
            let owner = |text: &str| text.bytes().find(u8::is_ascii_digit).map(|digit| digit - b'0');
            for value in [email, plan].iter().filter(|value| !value.is_empty()) {
                prop_assert_eq!(owner(value).map(usize::from), person, "{:?}", contact);
            }
        }
        // Every value of a duplicate is in a contact or among what it, or what took it, lost.
        let emitted: HashSet<String> = run.contacts.iter().flat_map(row_of).collect();
        let lost: HashSet<&str> =
            run.duplicates.iter().flat_map(|(_, _, lost)| lost).map(|one| one.split_once('=').unwrap().1).collect();
        for (number, kept, _) in &run.duplicates {
            prop_assert!(kept < number);
            prop_assert!(run.duplicates.iter().all(|(other, ..)| other != kept));
            let row = &rows[*number as usize - 1];
            for value in row.iter().filter(|value| !value.is_empty()) {
                prop_assert!(emitted.contains(value) || lost.contains(value.as_str()), "{value}");
            }
        }
        for (number, code, after) in &run.warnings {
            if code.starts_with("phone_") {
                prop_assert!(after.starts_with("input 1 record "), "{number} {code} {after}");
            }
        }
    }

    #[test]
    fn what_came_out_merges_to_itself(rows in rows()) {
        let first = run(&rows, 1);
        let again: Vec<Row> = first.contacts.iter().map(row_of).collect();
        let again = run(&again, 1);
        prop_assert_eq!(again.contacts, first.contacts);
        prop_assert_eq!(again.duplicates, []);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn threads_do_not_show(rows in rows()) {
        // More than one block of rows.
        let rows: Vec<Row> = rows.iter().cycle().take(rows.len() * 60).cloned().collect();
        let expected = run(&rows, 1);
        for threads in [2, 7] {
            prop_assert_eq!(&run(&rows, threads), &expected);
        }
    }
}
