//! Laws of merging: whose values a contact may take, and that nothing shows what should not.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::cell::Cell;
use std::collections::HashSet;

use contactmill_core::cells::read_phone;
use contactmill_core::columns::FieldMapping;
use contactmill_core::dedup::DedupPolicy;
use contactmill_core::pipeline::{Counts, Emitted, Outcome, Outcomes, Pipeline, PipelineOptions};
use contactmill_core::records::{RecordId, Rows, SourceId};
use contactmill_core::{Contact, Normalizer, Options, PhoneNumber, Region};
use proptest::prelude::*;

const HEADER: [&str; 4] = ["Name", "Phone", "Email", "Plan"];

type Row = [String; 4];

/// Numbers of which some are other forms of others.
const PHONES: [&str; 7] = [
    "+919876543210",
    // With a warning.
    "0091 99887 76655",
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
    /// The records of the contacts.
    emitted: Vec<RecordId>,
    /// Record, kept record and lost values of each duplicate.
    duplicates: Vec<(RecordId, RecordId, Vec<String>)>,
    warnings: Vec<(RecordId, &'static str, String)>,
    rejected: usize,
    counts: Counts,
}

fn options() -> Options {
    Options { region: Some(Region::IN), ..Options::default() }
}

fn run(rows: &[Row], threads: usize) -> Run {
    run_all(&[rows.to_vec()], DedupPolicy::Merge, threads)
}

fn run_all(sources: &[Vec<Row>], dedup: DedupPolicy, threads: usize) -> Run {
    let mut run = Run::default();
    let normalizer = Normalizer::new(options());
    let map = FieldMapping::default().resolve(&HEADER.map(String::from)).unwrap();
    let mut outcomes = Outcomes::new(|outcome| match outcome {
        Outcome::Contact { contact: Emitted::AsIs(contact), position } => {
            run.emitted.push(position.id());
            run.contacts.push(contact.clone().into_owned());
        }
        Outcome::Duplicate { record, kept, conflicts } => {
            let lost = conflicts.iter().map(|lost| format!("{}={}", lost.field, lost.value));
            run.duplicates.push((record.position().id(), kept, lost.collect()));
        }
        Outcome::Rejected { .. } => run.rejected += 1,
        Outcome::Warning { position, warning } => {
            run.warnings.push((position.id(), warning.code.code(), warning.after.to_string()));
        }
        _ => {}
    });
    let options = PipelineOptions { threads, dedup, ..PipelineOptions::default() };
    let mut pipeline = Pipeline::new(&normalizer, options).unwrap();
    for (rows, number) in sources.iter().zip(0..) {
        let mut source = Rows::new(rows.iter());
        pipeline.feed(SourceId(number), &mut source, &map, &mut outcomes).unwrap();
    }
    run.counts = pipeline.finish(&mut outcomes).unwrap();
    run
}

/// The records of sources, each with its number.
fn numbered(sources: &[Vec<Row>]) -> Vec<(RecordId, PhoneNumber)> {
    let of_source = |(rows, source): (&Vec<Row>, u32)| {
        let rows = rows.iter().zip(1..).map(move |(row, record)| {
            let id = RecordId { source: SourceId(source), record };
            (id, read_phone(&row[1], &options()).unwrap().number())
        });
        rows.collect::<Vec<_>>()
    };
    sources.iter().zip(0..).flat_map(of_source).collect()
}

/// The contact as a row, with an empty name where the number stands in.
fn row_of(contact: &Contact<'_>) -> Row {
    let name = if contact.name.stands_in() { "" } else { contact.name.as_str() };
    let email = contact.email.as_ref().map_or("", |email| email.as_str());
    let plan = contact.attributes.first().map_or("", |plan| plan.value.as_str());
    [name.into(), contact.phone.e164().to_string(), email.into(), plan.into()]
}

/// What is counted is what was handed over.
fn check_counts(run: &Run, records: usize) {
    let Counts { contacts, duplicates, warnings, rejected, .. } = run.counts;
    assert_eq!(run.counts.records, records as u64);
    assert_eq!(contacts, run.contacts.len() as u64);
    assert_eq!(duplicates, run.duplicates.len() as u64);
    assert_eq!(warnings, run.warnings.len() as u64);
    assert_eq!(rejected, run.rejected as u64);
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
            let row = &rows[number.record as usize - 1];
            let [name, phone, email, plan] = row;
            let phone = read_phone(phone, &options()).unwrap().number().e164().to_string();
            for value in [name, &phone, email, plan].into_iter().filter(|value| !value.is_empty()) {
                prop_assert!(emitted.contains(value) || lost.contains(value.as_str()), "{value}");
            }
        }
        for (number, code, after) in &run.warnings {
            if ["phone_shared", "phone_variant_of_another"].contains(code) {
                prop_assert!(after.starts_with("input 1 record "), "{number:?} {code} {after}");
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
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn every_policy_keeps_the_record_that_its_rule_says(
        sources in proptest::collection::vec(rows(), 1..4),
    ) {
        let records = numbered(&sources);
        let of_number = |number| records.iter().filter(move |(_, other)| *other == number).map(|(id, _)| *id);
        for policy in [DedupPolicy::None, DedupPolicy::First, DedupPolicy::Last] {
            let run = run_all(&sources, policy, 1);
            let (mut emitted, mut duplicates) = (Vec::new(), Vec::new());
            for &(id, number) in &records {
                let kept = match policy {
                    DedupPolicy::First => of_number(number).next(),
                    DedupPolicy::Last => of_number(number).next_back(),
                    _ => Some(id),
                };
                match kept {
                    Some(kept) if kept != id => duplicates.push((id, kept, Vec::new())),
                    _ => emitted.push(id),
                }
            }
            prop_assert_eq!(&run.emitted, &emitted);
            prop_assert_eq!(&run.duplicates, &duplicates);
            check_counts(&run, records.len());
        }
    }

    #[test]
    fn a_record_is_merged_into_one_with_a_form_of_its_number(
        sources in proptest::collection::vec(rows(), 1..4),
    ) {
        let records = numbered(&sources);
        let number = |id| records.iter().find(|(other, _)| *other == id).unwrap().1.to_string();
        let run = run_all(&sources, DedupPolicy::Merge, 1);
        check_counts(&run, records.len());
        for &(id, kept, _) in &run.duplicates {
            prop_assert!(run.emitted.contains(&kept), "{kept:?}");
            // The forms of a number differ in a digit behind the calling code, and end alike.
            let [own, other] = [number(id), number(kept)];
            prop_assert_eq!(&own[own.len() - 8..], &other[other.len() - 8..]);
        }
        // Every warning stands before the outcome of its record, so those of records come in order.
        let repaired = run.warnings.iter().filter(|(_, code, _)| *code == "phone_idd_prefix");
        prop_assert!(repaired.map(|(id, ..)| id).is_sorted());
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

#[test]
fn contacts_that_are_final_are_emitted_while_the_input_is_read() {
    let rows = [["Asha", "+91 98765 43210"], ["Ravi", "+91 99887 76655"]];
    let map = FieldMapping::default().resolve(&["Name", "Phone"].map(String::from)).unwrap();
    let normalizer = Normalizer::new(options());
    for (dedup, while_read) in [
        (DedupPolicy::None, 2),
        (DedupPolicy::First, 2),
        (DedupPolicy::Last, 0),
        (DedupPolicy::Merge, 0),
    ] {
        let emitted = Cell::new(0);
        let mut outcomes = Outcomes::new(|outcome| {
            if let Outcome::Contact { .. } = outcome {
                emitted.set(emitted.get() + 1);
            }
        });
        let options = PipelineOptions { threads: 1, dedup, ..PipelineOptions::default() };
        let mut pipeline = Pipeline::new(&normalizer, options).unwrap();
        pipeline.feed(SourceId(0), &mut Rows::new(rows.iter()), &map, &mut outcomes).unwrap();
        assert_eq!(emitted.get(), while_read, "{dedup:?}");
        pipeline.finish(&mut outcomes).unwrap();
        assert_eq!(emitted.get(), 2, "{dedup:?}");
    }
}

#[test]
fn forms_of_a_number_are_one_contact_where_they_are_one_person() {
    let row =
        |name: &str, phone: &str| vec![[name.into(), phone.into(), String::new(), String::new()]];
    let id = |source| RecordId { source: SourceId(source), record: 1 };
    let [one, other] = ["+541123456789", "+5491123456789"];
    let run = run_all(&[row("Asha", one), row("Asha Patel", other)], DedupPolicy::Merge, 1);
    assert_eq!((run.emitted, run.warnings), (vec![id(0)], vec![]));
    let [(merged, kept, _)] = &run.duplicates[..] else { panic!("{:?}", run.duplicates) };
    assert_eq!((*merged, *kept), (id(1), id(0)));

    let run = run_all(&[row("Asha", one), row("Ravi", other)], DedupPolicy::Merge, 1);
    assert_eq!((run.emitted, run.duplicates), (vec![id(0), id(1)], vec![]));
    let warning = (id(1), "phone_variant_of_another", "input 1 record 1".to_owned());
    assert_eq!(run.warnings, [warning]);
}
