//! What the fuzzers of formats start from and what they have found, checked in every test run; and
//! a few thousand mangled forms of it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(clippy::duplicate_mod, reason = "each property brings what it needs")]

#[path = "../fuzz/properties/json.rs"]
mod json;
#[path = "../fuzz/properties/vcard.rs"]
mod vcard;

use std::fs;
use std::path::Path;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// The files of a folder under `fuzz`, by name.
fn inputs(folder: &str) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(Path::new(ROOT).join("fuzz").join(folder)).unwrap();
    let mut inputs: Vec<_> = entries
        .map(|entry| entry.unwrap())
        .map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            (format!("{folder}/{name}"), fs::read(entry.path()).unwrap())
        })
        .filter(|(name, _)| !name.ends_with(".gitkeep"))
        .collect();
    inputs.sort_unstable();
    inputs
}

#[track_caller]
fn check_all(target: &str, check: fn(&[u8])) {
    let seeds = inputs(&format!("corpus/{target}"));
    assert!(seeds.len() > 5);
    let mut inputs = [seeds, inputs(&format!("regressions/{target}"))].concat();
    // Cut off at every byte, and with every byte replaced by one that means something.
    let mangled: Vec<(String, Vec<u8>)> = inputs
        .iter()
        .filter(|(_, input)| input.len() < 400)
        .flat_map(|(name, input)| {
            (0..input.len()).flat_map(move |at| {
                let cut = (format!("{name} cut at {at}"), input[..at].to_vec());
                let changed = b"\"\n{]\\ \xFF".iter().map(move |&byte| {
                    let mut bytes = input.clone();
                    bytes[at] = byte;
                    (format!("{name} with {byte:#04x} at {at}"), bytes)
                });
                std::iter::once(cut).chain(changed)
            })
        })
        .collect();
    inputs.extend(mangled);
    inputs.retain(|(_, input)| std::panic::catch_unwind(|| check(input)).is_err());
    let failed: Vec<&str> = inputs.iter().take(10).map(|(name, _)| name.as_str()).collect();
    assert!(failed.is_empty(), "{} failed, such as: {}", inputs.len(), failed.join(", "));
}

#[test]
fn json_holds_on_every_seed_and_every_finding() {
    check_all("json", json::check);
}

#[test]
fn vcard_holds_on_every_seed_and_every_finding() {
    check_all("vcard", vcard::check);
}
