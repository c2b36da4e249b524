//! Results that are split: what the parts hold together is what the run holds without them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod program;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use program::{
    check_laws, check_threads, contactmill, contacts, convert, converted, fails, files,
    folder_with, limited, manifest, rows, text,
};
use proptest::prelude::*;
use serde_json::Value;

/// A contact as text, so that it can be counted.
fn counted(contacts: Vec<Value>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for contact in contacts {
        *counts.entry(contact.to_string()).or_default() += 1;
    }
    counts
}

fn folders(out: &Path) -> Vec<String> {
    let parts = manifest(out)["parts"].as_array().unwrap().clone();
    parts.iter().map(|part| part["folder"].as_str().unwrap().to_owned()).collect()
}

/// The rows of a table, wherever they stand.
fn sorted_rows(folders: &[&Path], table: &str) -> Vec<Vec<String>> {
    let of = |folder: &&Path| rows(&folder.join(table));
    let row = |row: csv::StringRecord| row.iter().map(str::to_owned).collect();
    let mut rows: Vec<Vec<String>> = folders.iter().flat_map(of).map(row).collect();
    rows.sort_unstable();
    rows
}

fn is_subsequence(part: &[Value], all: &[Value]) -> bool {
    let mut all = all.iter();
    part.iter().all(|contact| all.any(|other| other == contact))
}

/// A record: a phone cell, a name and a city.
fn record() -> impl Strategy<Value = String> {
    let phone = prop_oneof![
        6 => (0..12u32).prop_map(|n| format!("+91 98765 432{n:02}")),
        4 => (0..12u32).prop_map(|n| format!("+49 1512 34567{n:02}")),
        1 => Just("+800 1234 5678".to_owned()),
        2 => Just("junk".to_owned()),
        1 => Just(String::new()),
    ];
    let city = prop_oneof![
        3 => Just(String::new()),
        9 => "[aAbB./ ]{1,3}",
        1 => Just("none".to_owned()),
        1 => Just("rejects.csv".to_owned()),
    ];
    (phone, "[A-C]?", city, any::<bool>()).prop_map(|(phone, name, city, has_mail)| {
        let mail = if has_mail { format!("{name}@example.com") } else { String::new() };
        if phone.is_empty() && name.is_empty() {
            return ",,,".to_owned();
        }
        format!("{name},{phone},{mail},{city}")
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_parts_together_are_the_run(
        records in proptest::collection::vec(record(), 1..50),
        by in proptest::sample::select(&["country", "City"][..]),
        on_duplicate in proptest::sample::select(&["merge", "first", "last"][..]),
        layout in proptest::sample::select(&["files", "lines"][..]),
    ) {
        let dump = format!("Name,Phone,Email,City\n{}\n", records.join("\n"));
        let folder = folder_with(dump.as_bytes());
        let folder = folder.path();
        fs::write(folder.join("list.txt"), "+91 98765 43203\n").unwrap();
        let arguments = [
            "in.csv", "--quiet", "--max-contacts", "3", "--exclude", "list.txt",
            "--on-duplicate", on_duplicate, "--layout", layout,
        ].map(str::to_owned);
        converted(folder, &[&arguments[..], &["--out".to_owned(), "whole".to_owned()]].concat());
        let split = [&arguments[..], &["--split-by".to_owned(), by.to_owned()]].concat();
        converted(folder, &[&split[..], &["--out".to_owned(), "split".to_owned()]].concat());
        let (whole, out) = (folder.join("whole"), folder.join("split"));
        check_laws(&out);

        let parts: Vec<_> = folders(&out).iter().map(|part| out.join(part)).collect();
        let all = contacts(&whole);
        for part in &parts {
            prop_assert!(is_subsequence(&contacts(part), &all), "a part has another order");
        }
        let of_parts = parts.iter().flat_map(|part| contacts(part)).collect();
        prop_assert_eq!(counted(of_parts), counted(all));
        let paths: Vec<&Path> = parts.iter().map(std::path::PathBuf::as_path).collect();
        for table in ["rejects.csv", "duplicates.csv", "excluded.csv", "warnings.csv"] {
            prop_assert_eq!(sorted_rows(&paths, table), sorted_rows(&[&whole], table), "{}", table);
        }
        let (whole, above) = (manifest(&whole), manifest(&out));
        for field in ["counts", "inputs", "rejected_by_reason", "warnings_by_code", "contacts_by_region"] {
            prop_assert_eq!(&whole[field], &above[field]);
        }
        check_threads(folder, &split);
    }
}

/// A dump with this number of cities.
fn dump_of_cities(cities: usize) -> String {
    let row = |n: usize| format!("A,+91 98765 {:05},City {n}\n", n % 100_000);
    format!("Name,Phone,City\n{}", (0..cities).chain(0..cities).map(row).collect::<String>())
}

#[test]
fn a_thousand_parts_are_written_with_few_open_files() {
    let folder = folder_with(dump_of_cities(1_000).as_bytes());
    for layout in ["files", "lines"] {
        let arguments = [
            "convert",
            "in.csv",
            "--split-by",
            "City",
            "--dedup",
            "none",
            "--layout",
            layout,
            "--out",
            layout,
            "--quiet",
        ];
        let output = limited("-n 48", folder.path(), &arguments);
        assert!(output.status.success(), "{}", text(&output.stderr));
        let out = folder.path().join(layout);
        check_laws(&out);
        assert_eq!(folders(&out).len(), 1_000);
        assert_eq!(contacts(&out.join("City 999")).len(), 2);
    }
}

#[test]
fn more_than_a_thousand_parts_are_an_error_and_nothing_is_written() {
    let folder = folder_with(dump_of_cities(1_001).as_bytes());
    let arguments = ["in.csv", "--split-by", "City", "--out", "out"];
    fails(folder.path(), &arguments, 1, "City has more than 1000 different values");
    assert!(!folder.path().join("out").exists());
    // Nor are earlier results replaced.
    converted(folder.path(), &["in.csv", "--quiet", "--out", "out"]);
    let before = files(&folder.path().join("out"));
    fails(folder.path(), &[&arguments[..], &["--overwrite"]].concat(), 1, "more than 1000");
    assert_eq!(files(&folder.path().join("out")), before);
}

const CITIES: &str = "Name,Phone,City\nAsha,+91 98765 43210,Pune\nRavi,+91 98765 43211,Delhi\n";

#[test]
fn split_results_are_replaced_unless_a_user_has_put_something_there() {
    let folder = folder_with(CITIES.as_bytes());
    let folder = folder.path();
    let split = ["in.csv", "--quiet", "--split-by", "City", "--out", "out"];
    let again = [&split[..], &["--overwrite"]].concat();
    let out = folder.join("out");
    converted(folder, &split);
    fails(folder, &split, 1, "holds results already");
    for (name, is_folder) in [("Pune/notes.txt", false), ("notes", true), ("Pune/sub", true)] {
        match is_folder {
            true => fs::create_dir(out.join(name)).unwrap(),
            false => fs::write(out.join(name), "mine").unwrap(),
        }
        fails(folder, &again, 1, name);
        match is_folder {
            true => fs::remove_dir(out.join(name)).unwrap(),
            false => fs::remove_file(out.join(name)).unwrap(),
        }
    }
    // A part may be gone, once it was dealt with.
    fs::remove_dir_all(out.join("Delhi")).unwrap();
    converted(folder, &again);
    assert_eq!(folders(&out), ["Pune", "Delhi"]);
    converted(folder, &["in.csv", "--quiet", "--out", "out", "--overwrite"]);
    check_laws(&out);
    assert!(!out.join("Pune").exists());
    // A result of its own in the folder is a user's, too.
    converted(folder, &["in.csv", "--quiet", "--out", "out/Pune"]);
    fails(folder, &again, 1, "Pune");
}

#[test]
fn a_part_whose_upload_is_not_finished_keeps_the_results() {
    let folder = folder_with(CITIES.as_bytes());
    let folder = folder.path();
    let split = ["in.csv", "--quiet", "--split-by", "City", "--out", "out"];
    converted(folder, &split);
    fs::write(folder.join("out/Pune/upload.journal"), "not one of ours\n").unwrap();
    let again = [&split[..], &["--overwrite"]].concat();
    fails(folder, &again, 1, "whether its upload is finished cannot be told");
    converted(folder, &[&again[..], &["--overwrite"]].concat());
}

#[test]
fn upload_takes_a_part_and_names_the_parts_of_the_folder_above() {
    let folder = folder_with(CITIES.as_bytes());
    converted(folder.path(), &["in.csv", "--quiet", "--split-by", "City", "--out", "out"]);
    let upload = |results: &str| {
        let mut command = contactmill();
        command.args(["upload", results, "--target", "m1bot", "--dry-run"]);
        command.current_dir(folder.path()).output().unwrap()
    };
    let part = upload("out/Pune");
    assert!(part.status.success(), "{}", text(&part.stderr));
    let above = upload("out");
    assert_eq!(above.status.code(), Some(1));
    let stderr = text(&above.stderr);
    for part in ["Pune", "Delhi"] {
        assert!(
            stderr.contains(&format!("contactmill upload out/{part} --target NAME")),
            "{stderr}"
        );
    }
}

#[test]
fn a_column_that_an_input_lacks_is_an_error_unless_its_records_may_lack_it() {
    let folder = folder_with(CITIES.as_bytes());
    let folder = folder.path();
    fs::write(folder.join("other.csv"), "Name,Phone\nMeera,+91 98765 43212\n").unwrap();
    fs::write(folder.join("other.json"), r#"[{"Name":"Meera","Phone":"+91 98765 43212"}]"#)
        .unwrap();
    let split = ["--quiet", "--split-by", "City", "--out", "out"];
    fails(
        folder,
        &[&["in.csv", "other.csv"], &split[..]].concat(),
        1,
        "other.csv: there is no column",
    );
    fails(folder, &[&["other.json"], &split[..]].concat(), 1, "other.json: there is no column");
    converted(folder, &[&["in.csv", "other.json"], &split[..]].concat());
    check_laws(&folder.join("out"));
    assert_eq!(folders(&folder.join("out")), ["Pune", "Delhi", "none"]);
    // Nothing is nothing, however it is split.
    fs::write(folder.join("empty.csv"), "").unwrap();
    let empty = convert(folder, &["empty.csv", "--split-by", "City", "--out", "empty"]);
    assert!(empty.status.success(), "{}", text(&empty.stderr));
}
