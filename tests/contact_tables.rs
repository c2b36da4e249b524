//! Contacts as one table (`--to csv|ndjson|parquet`): the same contacts as in import arrays, each with
//! the place of its record, and the same again when the table is read back.
//!
//! Without Python and its packages `duckdb`, `polars` and `pyarrow`, what these read is not tested,
//! which is said and passes, unless `CONTACTMILL_READERS` is set. `CONTACTMILL_PYTHON` is the
//! interpreter, `python3` by default.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod program;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use contactmill_benches::contacts::write as write_dump;
use program::{
    check_laws, check_threads, contactmill, contacts, converted, folder_with, manifest, table, text,
};
use proptest::prelude::*;
use serde_json::Value;

const TABLES: [&str; 3] = ["csv", "ndjson", "parquet"];

/// Contacts of import arrays with their attributes in the order of the keys.
fn sorted(mut contacts: Vec<Value>) -> Vec<Value> {
    for contact in &mut contacts {
        let attributes = contact["profile"]["userDetails"]["attributes"].as_array_mut().unwrap();
        attributes.sort_by_key(|attribute| attribute["key"].to_string());
    }
    contacts
}

/// Converts to import arrays and to every table, and every table to import arrays again.
fn check_tables(folder: &Path, arguments: &[&str]) {
    let run = |more: &[&str]| converted(folder, &[arguments, &["--quiet"], more].concat());
    run(&["--overwrite", "-o", "import"]);
    let expected = sorted(contacts(&folder.join("import")));
    for to in TABLES {
        run(&["--overwrite", "--to", to, "-o", to]);
        check_laws(&folder.join(to));
        let rows = table::of(&folder.join(to)).unwrap();
        assert_eq!(rows.iter().map(table::imported).collect::<Vec<_>>(), expected, "{to}");

        let table = format!("{to}/contacts.{to}");
        converted(folder, &[&table, "--quiet", "--overwrite", "-o", "again"]);
        let again = folder.join("again");
        check_laws(&again);
        assert_eq!(sorted(contacts(&again)), expected, "{to}");
        let mut warnings = manifest(&again)["warnings_by_code"].clone();
        // A slip that is suspected is so again.
        warnings.as_object_mut().unwrap().remove("email_typo_suspected");
        // A number that stood in for a name stands in again.
        warnings.as_object_mut().unwrap().remove("name_from_phone");
        assert_eq!(warnings, serde_json::json!({}), "{to}");
    }
}

#[test]
fn tables_of_a_large_dump_hold_its_contacts_and_read_back_as_themselves() {
    let folder = tempfile::tempdir().unwrap();
    let mut dump = fs::File::create(folder.path().join("in.csv")).unwrap();
    write_dump(&mut dump, 3_000, 11).unwrap();
    check_tables(folder.path(), &["in.csv", "--region", "IN"]);
    for to in TABLES {
        let arguments = ["in.csv", "--region", "IN", "--quiet", "--to", to].map(String::from);
        check_threads(folder.path(), &arguments);
    }
}

#[test]
fn a_table_without_contacts_has_its_columns() {
    let folder = folder_with(b"Name,Phone\nAsha,nobody\n");
    check_tables(folder.path(), &["in.csv"]);
    let csv = fs::read_to_string(folder.path().join("csv/contacts.csv")).unwrap();
    assert_eq!(csv.lines().count(), 1);
}

#[test]
fn a_contact_that_no_array_could_hold_stands_in_a_table() {
    let note = "x".repeat(3_000);
    let folder = folder_with(format!("Name,Phone,Note\nAsha,+919876543210,{note}\n").as_bytes());
    for to in TABLES {
        let limits = ["--max-bytes", "1000", "--max-contacts", "1", "--layout", "lines"];
        let arguments = [&["in.csv", "--quiet", "--to", to, "-o", to], &limits[..]].concat();
        converted(folder.path(), &arguments);
        assert_eq!(table::of(&folder.path().join(to)).unwrap().len(), 1);
    }
}

#[test]
fn a_table_is_not_uploaded_and_the_summary_does_not_offer_it() {
    let folder = folder_with(b"Name,Phone\nAsha,+919876543210\n");
    for more in [&["--to", "csv", "-o", "whole"][..], &["--to", "csv", "--sample", "1", "-o", "of"]]
    {
        let output = converted(folder.path(), &[&["in.csv"], more].concat());
        assert!(!text(&output.stdout).contains("contactmill upload"), "{}", text(&output.stdout));
    }
    let arguments = ["upload", "whole", "--target", "botpenguin", "--dry-run"];
    let output = contactmill().args(arguments).current_dir(folder.path()).output().unwrap();
    assert!(!output.status.success());
    assert!(text(&output.stderr).contains("contacts were written as \"csv\""));
}

#[test]
fn a_table_of_each_part_stands_in_its_folder() {
    let folder = folder_with(
        b"Name,Phone,City\nAsha,+919876543210,Pune\nGreta,+4915123456789,Bonn\nRavi,+919876543211,Pune\n",
    );
    for to in TABLES {
        let arguments = ["in.csv", "--quiet", "--split-by", "City", "--to", to].map(String::from);
        converted(folder.path(), &[&arguments[..], &["-o".into(), to.into()]].concat());
        check_laws(&folder.path().join(to));
        assert_eq!(table::of(&folder.path().join(to).join("Pune")).unwrap().len(), 2);
        check_threads(folder.path(), &arguments);
    }
}

/// A dump of rows of hostile cells.
fn messy_dump() -> impl Strategy<Value = String> {
    let text = prop_oneof![
        3 => "[ -~]{0,12}",
        1 => "\\PC{0,8}",
        1 => proptest::sample::select(&[
            "'Abu", "''+1", "=1+1", "0123", "3/4", "n/a", "{\"a\":\"b\"}", "a\\b\"c", "x; y|z",
            "line\nbreak", "\u{202e}x", "9.19877E+11", "true", "'+91", "Ünï", "[a] b",
        ][..]).prop_map(String::from),
    ];
    let row = (0..30_u32, proptest::collection::vec(text, 5)).prop_map(|(phone, cells)| {
        let quoted = |cell: &String| format!("\"{}\"", cell.replace('"', "\"\""));
        let cells: Vec<String> = cells.iter().map(quoted).collect();
        format!("+91 98765 432{phone:02},{}", cells.join(","))
    });
    proptest::collection::vec(row, 1..20)
        .prop_map(|rows| format!("Phone,Name,Tags,City,Pl.an \"x\",Note\n{}\n", rows.join("\n")))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_table_reads_back_as_the_contacts_that_it_holds(
        dump in messy_dump(),
        on_duplicate in proptest::sample::select(&["merge", "first", "last"][..]),
    ) {
        let folder = folder_with(dump.as_bytes());
        let columns = ["--map", "phone=Phone", "--map", "name=Name", "--map", "tags=Tags"];
        check_tables(
            folder.path(),
            &[&["in.csv", "--on-duplicate", on_duplicate], &columns[..]].concat(),
        );
    }
}

/// What other programs read is what we wrote.
#[test]
fn duckdb_polars_and_pyarrow_read_the_tables() {
    let folder = tempfile::tempdir().unwrap();
    let mut dump = fs::File::create(folder.path().join("in.csv")).unwrap();
    write_dump(&mut dump, 2_000, 12).unwrap();
    for to in TABLES {
        converted(folder.path(), &["in.csv", "-r", "IN", "--quiet", "--to", to, "-o", to]);
    }
    let python = std::env::var_os("CONTACTMILL_PYTHON").unwrap_or_else(|| "python3".into());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/read_tables.py");
    let output = Command::new(python).arg(script).current_dir(folder.path()).output();
    let why = match output {
        Ok(output) if output.status.success() => return,
        // A package is missing.
        Ok(output) if output.status.code() == Some(77) => text(&output.stderr),
        Ok(output) => panic!("{}", text(&output.stderr)),
        Err(error) => error.to_string(),
    };
    assert!(std::env::var_os("CONTACTMILL_READERS").is_none(), "readers are required: {why}");
    // Not by a macro, whose text the test harness would keep to itself.
    let skipped = format!("\nSKIPPED, no other reader was tested: {why}\n");
    #[allow(clippy::disallowed_methods, reason = "a test has no terminal of ours")]
    std::io::stderr().write_all(skipped.as_bytes()).unwrap();
}
