//! What the fuzzer starts from and what it has found, checked in every test run.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../fuzz/properties/phone.rs"]
mod phone;

use std::fs;
use std::path::Path;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// The files of a folder under `fuzz`, by name.
fn inputs(folder: &str) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(Path::new(ROOT).join("fuzz").join(folder)).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut inputs: Vec<_> = paths
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (format!("{folder}/{name}"), fs::read(path).unwrap())
        })
        .collect();
    inputs.sort_unstable();
    inputs
}

#[test]
fn every_seed_and_every_finding_reads_as_the_library_reads_it() {
    let mut inputs = [inputs("corpus/phone"), inputs("regressions/phone")].concat();
    assert!(inputs.len() > 100);
    inputs.retain(|(_, input)| std::panic::catch_unwind(|| phone::check(input)).is_err());
    let failed: Vec<&str> = inputs.iter().map(|(name, _)| name.as_str()).collect();
    assert!(failed.is_empty(), "failed: {}", failed.join(", "));
}

#[test]
fn inputs_are_named_and_end_where_their_text_ends() {
    for (name, input) in [inputs("corpus/phone"), inputs("regressions/phone")].concat() {
        // A name of 40 hex digits is the fuzzer's.
        assert!(name.rsplit('/').next().unwrap().len() < 40, "{name}: say what it is");
        // An editor's line end would make it another cell.
        assert!(!input.ends_with(b"\n"), "{name} ends with a line end");
    }
}
