//! What holds for every page, whatever the result.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::fs;

use contactmill_core::{Reason, WarningCode};
use contactmill_report::{MAX_BYTES, masked, of_folder};
use contactmill_wire::csv_cell::write_row;
use contactmill_wire::manifest::{
    Column, ColumnDamage, Counts, ExclusionList, Manifest, Mapping, OptOuts,
};
use proptest::prelude::*;

/// Text that is longest once it is escaped.
fn nasty() -> String {
    "\"&<".repeat(100)
}

/// A result in which everything happened that can, and all names are long.
fn worst(folder: &std::path::Path) -> Manifest {
    let codes = |all: Vec<&str>| all.into_iter().map(|code| (code.to_owned(), 3)).collect();
    let reasons: Vec<&str> = Reason::ALL.iter().map(|reason| reason.code()).collect();
    let warnings: Vec<&str> = WarningCode::ALL.iter().map(|code| code.code()).collect();
    let (mut rejects, mut warned) = (Vec::new(), Vec::new());
    write_row(["Phone", "_source", "_record", "_line", "_field", "_reason", "_hint"], &mut rejects);
    write_row(["source", "record", "line", "field", "code", "before", "after"], &mut warned);
    for n in 0..3 {
        let cell = format!("{}{}", "-".repeat(n), nasty());
        for reason in &reasons {
            write_row([&cell, "in.csv", "1", "1", "phone", reason, ""], &mut rejects);
        }
        for code in &warnings {
            write_row(["in.csv", "1", "1", "phone", code, &cell, &cell], &mut warned);
        }
    }
    fs::write(folder.join("rejects.csv"), rejects).unwrap();
    fs::write(folder.join("warnings.csv"), warned).unwrap();
    let phone = Column {
        column: "Phone".into(),
        field: Some("phone".into()),
        content: None,
        looks_like: None,
        sensitive: None,
    };
    let named = |n: u64| format!("{n}{}", nasty());
    let path = || "in.csv".to_owned();
    Manifest {
        mapping: vec![Mapping {
            path: path(),
            preset: None,
            columns: vec![phone],
            missing: Vec::new(),
        }],
        counts: Counts { records: 900, contacts: 500, duplicates: 9, ..Counts::default() },
        opt_outs: (0..99)
            .map(|n| OptOuts { path: path(), column: named(n), contacts: 1 })
            .collect(),
        exclusion_lists: (0..99)
            .map(|n| ExclusionList { path: named(n), ..ExclusionList::default() })
            .collect(),
        rejected_by_reason: codes(reasons),
        warnings_by_code: codes(warnings),
        contacts_by_region: contactmill_core::Region::ALL
            .iter()
            .map(|region| (region.as_str().to_owned(), 1))
            .collect(),
        contacts_with_email: 500,
        contacts_by_email_domain: (0..20).map(|n| (named(n), 5)).collect(),
        clusters_by_size: (2..=10).map(|size| (size, 1)).collect(),
        damage_by_column: (0..999)
            .map(|n| ColumnDamage { path: path(), column: named(n), rejected: 1, warnings: 1 })
            .collect(),
        ..Manifest::default()
    }
}

#[test]
fn the_page_of_the_worst_result_is_small() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = worst(folder.path());
    let mut json = Vec::new();
    manifest.write(&mut json).unwrap();
    fs::write(folder.path().join("manifest.json"), json).unwrap();
    let page = of_folder(folder.path()).unwrap();
    assert!(page.len() <= MAX_BYTES, "{}", page.len());
    // All reasons are there, with what is shown of each at the least.
    assert!(Reason::ALL.iter().all(|reason| page.contains(reason.code())));
    assert!(page.ends_with("</html>"));
}

#[test]
fn a_later_version_s_code_is_shown_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let counts = Counts { records: 2, rejected: 2, ..Counts::default() };
    let rejected_by_reason = [("phone_from_the_moon".to_owned(), 2)].into();
    let manifest = Manifest { counts, rejected_by_reason, ..Manifest::default() };
    let page = contactmill_report::page(&manifest, folder.path()).unwrap();
    assert!(page.contains("<h3>phone_from_the_moon</h3>"));
}

proptest! {
    #[test]
    fn nothing_is_left_of_letters_and_digits(value in "\\PC{0,40}") {
        let masked = masked(&value);
        let is_hidden = |c: char| !c.is_alphanumeric() || "0xXאع".contains(c);
        prop_assert!(masked.chars().all(is_hidden), "{masked}");
        // Nobody can tell two values of one layout apart.
        prop_assert_eq!(contactmill_report::masked(&masked), masked);
    }
}
