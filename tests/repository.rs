//! What the repository says of itself, held against what is there.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use contactmill_core::{Reason, WarningCode};
use serde_json::Value;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// The crates that each crate may depend on: the arrows of `docs/architecture.md`.
const ARROWS: &[(&str, &[&str])] = &[
    (
        "contactmill",
        &[
            "contactmill-source",
            "contactmill-emit",
            "contactmill-core",
            "contactmill-upload",
            "contactmill-sandbox",
        ],
    ),
    ("contactmill-source", &["contactmill-core"]),
    ("contactmill-emit", &["contactmill-core"]),
    ("contactmill-upload", &[]),
    ("contactmill-sandbox", &[]),
    ("contactmill-core", &["contactmill-phone"]),
    ("contactmill-phone", &[]),
    ("contactmill-codegen", &["contactmill-phone"]),
    (
        "contactmill-benches",
        &["contactmill-core", "contactmill-emit", "contactmill-phone", "contactmill-source"],
    ),
    ("contactmill-fuzz", &["contactmill-core", "contactmill-phone", "contactmill-source"]),
];

/// The packages of this platform: those of others need not have been downloaded.
fn metadata() -> Value {
    let version = Command::new("rustc").arg("-vV").output().unwrap().stdout;
    let version = String::from_utf8(version).unwrap();
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--filter-platform", host])
        .current_dir(ROOT)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The normal dependencies of every package, by name, as they are resolved.
fn dependencies(metadata: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let packages = metadata["packages"].as_array().unwrap().iter();
    let names: BTreeMap<&str, &str> = packages
        .map(|package| (package["id"].as_str().unwrap(), package["name"].as_str().unwrap()))
        .collect();
    let name = |id: &Value| names[id.as_str().unwrap()].to_owned();
    let is_normal = |dependency: &&Value| {
        dependency["dep_kinds"].as_array().unwrap().iter().any(|kind| kind["kind"].is_null())
    };
    let nodes = metadata["resolve"]["nodes"].as_array().unwrap().iter();
    nodes
        .map(|node| {
            let direct = node["deps"].as_array().unwrap().iter().filter(is_normal);
            (name(&node["id"]), direct.map(|dependency| name(&dependency["pkg"])).collect())
        })
        .collect()
}

#[test]
fn dependencies_point_only_where_the_architecture_says() {
    let dependencies = dependencies(&metadata());
    let ours = |name: &str| name.starts_with("contactmill");
    let found: BTreeSet<&str> =
        dependencies.keys().map(String::as_str).filter(|name| ours(name)).collect();
    let known: BTreeSet<&str> = ARROWS.iter().map(|(name, _)| *name).collect();
    assert_eq!(found, known, "a crate was added or removed: say what it may depend on");
    for (name, allowed) in ARROWS {
        for dependency in dependencies[*name].iter().filter(|dependency| ours(dependency)) {
            assert!(
                allowed.contains(&dependency.as_str()),
                "{name} must not depend on {dependency}"
            );
        }
    }
}

#[test]
fn the_core_pulls_in_no_json_http_terminal_or_async() {
    let dependencies = dependencies(&metadata());
    let mut reached = BTreeSet::new();
    let mut next = vec!["contactmill-core".to_owned()];
    while let Some(name) = next.pop() {
        if reached.insert(name.clone()) {
            next.extend(dependencies.get(&name).into_iter().flatten().cloned());
        }
    }
    for unwanted in ["serde_json", "ureq", "clap", "tokio", "indicatif"] {
        assert!(!reached.contains(unwanted), "contactmill-core reaches {unwanted}");
    }
}

/// The codes in the tables of a Markdown page, in order: first cells in backquotes.
fn codes_in(page: &str, heading: &str) -> Vec<String> {
    let section = page.split(&format!("\n## {heading}\n")).nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    section
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_page_of_reasons_lists_the_codes_there_are_and_no_other() {
    let page = fs::read_to_string(Path::new(ROOT).join("docs/reasons.md")).unwrap();
    let reasons: Vec<&str> = Reason::ALL.iter().map(|reason| reason.code()).collect();
    assert_eq!(codes_in(&page, "Reasons"), reasons);
    let warnings: Vec<&str> = WarningCode::ALL.iter().map(|code| code.code()).collect();
    assert_eq!(codes_in(&page, "Warnings"), warnings);
}

#[test]
fn the_sample_is_what_the_generator_writes() {
    let mut generated = Vec::new();
    contactmill_benches::contacts::write(&mut generated, 300, 1).unwrap();
    let sample = fs::read(Path::new(ROOT).join("tests/data/contacts.csv")).unwrap();
    assert!(sample == generated, "make-contacts 300 --seed 1 -o tests/data/contacts.csv");
}

#[test]
fn links_between_the_pages_lead_somewhere() {
    let pages = [
        "README.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "docs/architecture.md",
        "docs/reasons.md",
        "docs/formats.md",
        "docs/import-api.md",
        "docs/sources.md",
        "docs/upload.md",
    ];
    for page in pages {
        let path = Path::new(ROOT).join(page);
        let text = fs::read_to_string(&path).unwrap();
        for target in text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
            let file = target.split('#').next().unwrap();
            if !file.is_empty() && !file.contains("://") {
                assert!(path.parent().unwrap().join(file).exists(), "{page} links to {target}");
            }
        }
    }
}
