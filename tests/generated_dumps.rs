//! Generated dumps of any size through the real command.
//!
//! `CONTACTMILL_ROWS=1000000 cargo test --release --test generated_dumps` is the long form.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod program;

use std::fs::{self, File};
use std::path::Path;

use contactmill_benches::contacts;
use program::{
    check_laws, check_threads, column, contacts as imported, converted, files, manifest, rows,
};
use proptest::prelude::*;
use serde_json::Value;

fn row_count() -> u64 {
    match std::env::var("CONTACTMILL_ROWS") {
        Ok(rows) => rows.parse().unwrap(),
        Err(_) => 20_000,
    }
}

fn dump(folder: &Path, rows: u64, seed: u64) {
    let mut file = File::create(folder.join("in.csv")).unwrap();
    contacts::write(&mut file, rows, seed).unwrap();
}

#[test]
fn every_record_of_a_large_dump_ends_in_one_place() {
    let folder = tempfile::tempdir().unwrap();
    dump(folder.path(), row_count(), 2);
    let out = folder.path().join("out");
    converted(folder.path(), &["in.csv", "--region", "IN", "-o", "out"]);
    check_laws(&out);
    assert_eq!(manifest(&out)["counts"]["records"], row_count());
    let arguments = ["in.csv", "--region", "IN", "--quiet"].map(String::from);
    check_threads(folder.path(), &arguments);
}

#[test]
fn a_sample_of_a_large_dump_has_the_numbers_of_the_whole_in_every_block() {
    let folder = tempfile::tempdir().unwrap();
    dump(folder.path(), row_count(), 5);
    fs::copy(folder.path().join("in.csv"), folder.path().join("again.csv")).unwrap();
    let inputs = ["in.csv", "again.csv", "--region", "IN"];
    converted(folder.path(), &[&inputs[..], &["--dedup", "none", "-o", "all"]].concat());
    converted(
        folder.path(),
        &[&inputs[..], &["--dedup", "none", "--sample", "1999", "-o", "out"]].concat(),
    );
    let out = folder.path().join("out");
    check_laws(&out);
    assert_eq!(manifest(&out)["counts"]["records"], 1999);
    let whole: std::collections::HashSet<Vec<u8>> = rows(&folder.path().join("all/rejects.csv"))
        .iter()
        .map(|row| row.as_slice().as_bytes().to_vec())
        .collect();
    let rejects = rows(&out.join("rejects.csv"));
    assert!(rejects.len() > 20);
    assert!(rejects.iter().all(|row| whole.contains(row.as_slice().as_bytes())));
    let merged = [&inputs[..], &["--sample", "1999"]].concat();
    check_threads(folder.path(), &merged.into_iter().map(String::from).collect::<Vec<_>>());
}

#[test]
fn rejects_fed_back_are_rejected_in_the_same_way() {
    let folder = tempfile::tempdir().unwrap();
    dump(folder.path(), row_count(), 3);
    let options = ["--region", "IN", "--bad-email", "reject", "--missing-name", "reject"];
    let run = |input: &str, out: &str| {
        let mut arguments = options.to_vec();
        arguments.extend([input, "--quiet", "-o", out]);
        converted(folder.path(), &arguments);
    };
    run("in.csv", "first");
    run("first/rejects.csv", "second");
    let rejects = |out: &str| {
        let path = folder.path().join(out).join("rejects.csv");
        let (fields, reasons) = (column(&path, "_field"), column(&path, "_reason"));
        let data = rows(&path)
            .into_iter()
            .map(|row| row.iter().take(8).map(str::to_owned).collect::<Vec<_>>());
        data.zip(fields).zip(reasons).collect::<Vec<_>>()
    };
    let (first, second) = (rejects("first"), rejects("second"));
    assert!(first.len() as u64 > row_count() / 50);
    assert_eq!(first, second);
}

/// What was imported, as a CSV file with one column for each field and attribute key.
fn as_csv(contacts: &[Value]) -> (Vec<u8>, Vec<String>) {
    let details = |contact: &Value| contact["profile"]["userDetails"].clone();
    let mut keys: Vec<String> = Vec::new();
    for contact in contacts {
        for attribute in details(contact)["attributes"].as_array().unwrap() {
            let key = attribute["key"].as_str().unwrap().to_owned();
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
    }
    let mut writer = csv::Writer::from_writer(Vec::new());
    let fixed = ["c-name", "c-phone", "c-email", "c-tags"].map(String::from);
    writer
        .write_record(fixed.iter().cloned().chain((0..keys.len()).map(|n| format!("c{n}"))))
        .unwrap();
    for contact in contacts {
        let details = details(contact);
        let string = |value: &Value| value.as_str().unwrap().to_owned();
        let phone = &details["contact"]["phone"];
        let tags: Vec<String> = details["tags"].as_array().unwrap().iter().map(string).collect();
        let mut row = vec![
            string(&details["userProvidedName"]),
            format!("+{}{}", string(&phone["prefix"]), string(&phone["number"])),
            string(&details["contact"]["email"]),
            tags.join("|"),
        ];
        for key in &keys {
            let attributes = details["attributes"].as_array().unwrap();
            let found = attributes.iter().find(|attribute| attribute["key"] == **key);
            row.push(found.map_or(String::new(), |attribute| string(&attribute["value"])));
        }
        writer.write_record(row).unwrap();
    }
    let mut map =
        ["name", "phone", "email", "tags"].map(|field| format!("{field}=c-{field}")).to_vec();
    map.extend(keys.iter().enumerate().map(|(n, key)| format!("attr:{key}=c{n}")));
    (writer.into_inner().unwrap(), map)
}

#[test]
fn what_came_out_put_back_in_comes_out_again_without_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    dump(folder.path(), row_count().min(20_000), 4);
    converted(folder.path(), &["in.csv", "--region", "IN", "--quiet", "-o", "first"]);
    let first = imported(&folder.path().join("first"));
    let (csv, map) = as_csv(&first);
    fs::write(folder.path().join("again.csv"), csv).unwrap();
    let mut arguments =
        vec!["again.csv".to_owned(), "--quiet".into(), "-o".into(), "second".into()];
    for assignment in map {
        arguments.extend(["--map".into(), assignment]);
    }
    converted(folder.path(), &arguments);
    let out = folder.path().join("second");
    let sorted = |mut contacts: Vec<Value>| {
        for contact in &mut contacts {
            let attributes = &mut contact["profile"]["userDetails"]["attributes"];
            attributes
                .as_array_mut()
                .unwrap()
                .sort_by_key(|attribute| attribute["key"].to_string());
        }
        contacts
    };
    assert_eq!(sorted(imported(&out)), sorted(first));
    let mut warnings = manifest(&out)["warnings_by_code"].clone();
    // A number that stood in for a name stands in again.
    warnings.as_object_mut().unwrap().remove("name_from_phone");
    assert_eq!(warnings, serde_json::json!({}));
}

/// Cells and structure that a CSV writer would never produce.
fn messy_csv() -> impl Strategy<Value = String> {
    let cell = prop_oneof![
        Just("+919876543210"),
        Just("9988776655"),
        Just("Asha"),
        Just("\"Verma, A\""),
        Just("\"two\nlines\""),
        Just("\"open"),
        Just("a@example.com"),
        Just(""),
        Just("\0"),
        Just("n/a"),
        Just("=1+1"),
        Just("\u{202e}x"),
        Just("x\"y"),
    ];
    let row = proptest::collection::vec(cell, 0..6).prop_map(|cells| cells.join(","));
    let end = prop_oneof![Just("\n"), Just("\r\n"), Just("\r"), Just("\n\n")];
    proptest::collection::vec((row, end), 0..12)
        .prop_map(|rows| rows.into_iter().map(|(row, end)| row + end).collect::<String>())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_csv_however_broken_loses_a_record(
        body in messy_csv(),
        on_duplicate in proptest::sample::select(&["merge", "first", "last"][..]),
    ) {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("in.csv"), format!("Name,Phone,Email,Note\n{body}")).unwrap();
        let arguments = ["in.csv", "--region", "IN", "--quiet", "--on-duplicate", on_duplicate];
        let mut all = arguments.to_vec();
        all.extend(["-o", "out"]);
        converted(folder.path(), &all);
        check_laws(&folder.path().join("out"));
        check_threads(folder.path(), &arguments.map(String::from));
    }
    #[test]
    fn a_sample_is_a_part_of_the_whole_with_the_numbers_of_its_records(
        bodies in proptest::collection::vec(messy_csv(), 1..3),
        sample in 1_u64..8,
        on_duplicate in proptest::sample::select(&["merge", "first", "last"][..]),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        let names = ["a.csv", "b.csv"].into_iter().take(bodies.len());
        for (name, body) in names.clone().zip(&bodies) {
            fs::write(path.join(name), format!("Name,Phone,Email,Note\n{body}")).unwrap();
        }
        let arguments = |more: &[&str]| -> Vec<String> {
            let all = names.clone().chain(["--region", "IN", "--quiet"]);
            all.chain(more.iter().copied()).map(String::from).collect()
        };
        converted(path, &arguments(&["--dedup", "none", "-o", "all"]));
        let records = manifest(&path.join("all"))["counts"]["records"].as_u64().unwrap();
        let size = sample.to_string();
        converted(path, &arguments(&["--dedup", "none", "--sample", &size, "-o", "sample"]));
        check_laws(&path.join("sample"));
        let of_sample = manifest(&path.join("sample"));
        prop_assert_eq!(&of_sample["counts"]["records"], sample.min(records));
        prop_assert_eq!(of_sample.get("sample").is_some(), sample < records);
        if sample >= records {
            prop_assert_eq!(files(&path.join("sample")), files(&path.join("all")));
        }
        for table in ["rejects.csv", "warnings.csv"] {
            let all = rows(&path.join("all").join(table));
            let of_sample = rows(&path.join("sample").join(table));
            prop_assert!(of_sample.iter().all(|row| all.contains(row)), "{of_sample:?} {all:?}");
        }
        let all = imported(&path.join("all"));
        prop_assert!(imported(&path.join("sample")).iter().all(|contact| all.contains(contact)));
        check_threads(path, &arguments(&["--sample", &size, "--on-duplicate", on_duplicate]));
    }
}
