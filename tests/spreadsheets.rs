//! What people open in a spreadsheet goes back in as it was.
//!
//! Without Gnumeric's `ssconvert` the spreadsheet itself cannot be tested, which is said and passes,
//! unless `CONTACTMILL_SPREADSHEET` is set.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod program;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use contactmill_wire::csv_cell::unescape;
use program::{check_laws, column, contacts, converted, manifest, rows, text};
use proptest::prelude::*;
use serde_json::Value;

const VARIABLE: &str = "CONTACTMILL_SPREADSHEET";

/// Whether there is a spreadsheet to test with.
fn has_spreadsheet() -> bool {
    let Err(error) = Command::new("ssconvert").arg("--version").output() else { return true };
    assert!(std::env::var_os(VARIABLE).is_none(), "ssconvert is required: {error}");
    // Not by a macro, whose text the test harness would keep to itself.
    let skipped =
        format!("\nSKIPPED, no spreadsheet was tested: ssconvert cannot be used: {error}\n");
    #[allow(clippy::disallowed_methods, reason = "a test has no terminal of ours")]
    std::io::stderr().write_all(skipped.as_bytes()).unwrap();
    false
}

/// Opens a file in the spreadsheet and saves it as another.
fn save_as(folder: &Path, from: &str, to: &str) {
    let output = Command::new("ssconvert").args([from, to]).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
}

/// A dump of these cells. Every third has a record with the cell for a number, too; of the others, some
/// have the mark of a spreadsheet before their number.
fn write_dump(folder: &Path, cells: &[&str]) {
    let mut writer = csv::Writer::from_path(folder.join("in.csv")).unwrap();
    writer.write_record(["Name", "Phone", "Note"]).unwrap();
    for (index, cell) in cells.iter().enumerate() {
        let phone = [cell, "'+919876543210", "+91 98765 43210"][index % 3];
        writer.write_record([cell, phone, cell]).unwrap();
    }
    writer.flush().unwrap();
}

/// The notes of a table of ours.
fn notes(table: &Path) -> Vec<String> {
    column(table, "Note").iter().map(|cell| unescape(cell).to_owned()).collect()
}

/// Cells of all kinds that spreadsheets change, and some that they do not.
const CELLS: &[&str] = &[
    "=1+1",
    "+91 98",
    "-5",
    "@SUM(A1)",
    "\t=1",
    "'Abu",
    "0612345678",
    "123456789012",
    "9876543210",
    "98765432101",
    " 98765 ",
    "1E5",
    "9.19877E+11",
    "98765.50",
    "1,234",
    "12,34,567",
    "9'876'543",
    "50%",
    "$5",
    "€5",
    "'Abu Bakr",
    "(0123456789)",
    "123-",
    "020 123 456",
    "1-2",
    "3/4",
    "1 1/2",
    "2024-05-01",
    "2024-05-01T10:00:00Z",
    "2024-05-01 10:00:00",
    "2026-10-04T09:12:03+05:30",
    "12.05.2024",
    "12-3456",
    "12-34-56",
    "12:30",
    "5 PM",
    "Mar 5",
    "MARCH1",
    "5 May 2024",
    "true",
    "FALSE",
    "98765 43210",
    "98765-43210",
    "(020) 1234 5678",
    "987.654.3210",
    "06 12 34 56 78",
    "555-1234",
    "May",
    "nan",
    "inf",
    "#N/A",
    "Zoë",
    "आशा",
    "two\nlines",
    "a \"quote\"",
    "a;b,c",
    "5 km",
    "1 2",
    "1.2.3.4",
    "p:+919876543210",
    "<a & b>",
    " padded ",
    "=\"0123\"",
    "\u{a0}0123",
    "1e-5",
    "5.",
];

#[test]
fn a_spreadsheet_breaks_nothing_that_goes_back_in() {
    if !has_spreadsheet() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    // Each cell is in a record of every kind.
    let cells: Vec<&str> = CELLS.iter().flat_map(|cell| [*cell; 3]).collect();
    write_dump(path, &cells);
    fs::write(path.join("list.txt"), "+91 98765 43210\n").unwrap();
    converted(path, &["in.csv", "-o", "csv"]);
    converted(path, &["in.csv", "-o", "xlsx", "--rejects", "xlsx"]);
    converted(path, &["in.csv", "-o", "excluding", "--exclude", "list.txt"]);
    let excluded = "excluding/excluded.csv";
    save_as(path, excluded, "saved.csv");
    let notes = |table: &str| -> Vec<String> {
        let cells = column(&path.join(table), "Note");
        cells.iter().map(|cell| unescape(cell).trim().to_owned()).collect()
    };
    assert_eq!(notes("saved.csv"), notes(excluded));
    for table in ["csv/rejects.csv", "csv/duplicates.csv", "xlsx/rejects.xlsx"] {
        let untouched = convert_again(path, table, "untouched");
        for saved in ["saved.csv", "saved.xlsx", "saved.ods"] {
            save_as(path, table, saved);
            assert_eq!(convert_again(path, saved, "again"), untouched, "{table} as {saved}");
            // What Gnumeric saves as CSV has no escapes any more.
            if saved != "saved.csv" {
                save_as(path, saved, "once-more.csv");
                let again = convert_again(path, "once-more.csv", "again");
                assert_eq!(again, untouched, "{table} as {saved} as CSV");
            }
        }
    }
}

/// What comes of a table that goes back in: the contacts, and what is rejected.
fn convert_again(path: &Path, table: &str, out: &str) -> (Vec<Value>, [Vec<String>; 4]) {
    converted(path, &[table, "-o", out, "--overwrite", "--dedup", "none"]);
    let out = path.join(out);
    check_laws(&out);
    let rejects = out.join("rejects.csv");
    // In workbooks, Gnumeric drops white space at the ends of cells.
    let trimmed = |cell: &String| unescape(cell).trim().to_owned();
    let cells = |name| column(&rejects, name).iter().map(trimmed).collect();
    (contacts(&out), ["Name", "Phone", "Note", "_reason"].map(cells))
}

#[test]
fn an_exclusion_list_from_a_spreadsheet_excludes_the_same() {
    if !has_spreadsheet() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    write_dump(path, &["Asha"; 6]);
    fs::write(path.join("list.txt"), "+91 98765 43210\n").unwrap();
    converted(path, &["in.csv", "-o", "out", "--exclude", "list.txt"]);
    for saved in ["saved.csv", "saved.xlsx", "saved.ods"] {
        save_as(path, "out/excluded.csv", saved);
        converted(path, &["in.csv", "-o", "again", "--overwrite", "--exclude", saved]);
        assert_eq!(manifest(&path.join("again"))["counts"]["excluded"], 4, "{saved}");
    }
}

#[test]
fn what_no_sheet_can_hold_stands_in_rejects_csv() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let long = "é".repeat(32_768);
    write_dump(path, &["short", "", "", &long, "", "", &long[2..], "", ""]);
    let output = converted(path, &["in.csv", "-o", "out", "--rejects", "xlsx"]);
    check_laws(&path.join("out"));
    assert_eq!(rows(&path.join("out/rejects.csv")).len(), 1);
    let summary = text(&output.stdout);
    assert!(summary.contains("those of the rejected that no sheet can hold"), "{summary}");
    assert!(summary.contains("correct out/rejects.xlsx and out/rejects.csv, then convert them"));
    converted(path, &["out/rejects.xlsx", "out/rejects.csv", "-o", "again"]);
    assert_eq!(notes(&path.join("again/rejects.csv")), ["short", &long[2..], &long]);
    // As many columns as no sheet has.
    let header: Vec<String> = (0..16_384).map(|column| format!("c{column}")).collect();
    fs::write(path.join("wide.csv"), format!("Phone,{}\nn/a,1\n", header.join(","))).unwrap();
    converted(path, &["wide.csv", "-o", "wide", "--rejects", "xlsx"]);
    assert!(!path.join("wide/rejects.xlsx").exists());
    assert_eq!(rows(&path.join("wide/rejects.csv")).len(), 1);
}

/// Cells of what spreadsheets read something into, and any others.
fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[-'’=+@\t\r\n \u{a0}0-9./:,eE%$()TZ]{0,12}",
        1 => "_x[0-9A-F]{4}_?",
        2 => any::<String>(),
        1 => prop::sample::select(CELLS).prop_map(str::to_owned),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 256, ..ProptestConfig::default() })]

    #[test]
    fn any_cell_comes_back_from_either_table(cells in prop::collection::vec(cell(), 1..300)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        // All without a number.
        let mut writer = csv::Writer::from_path(path.join("in.csv")).unwrap();
        writer.write_record(["Phone", "Note"]).unwrap();
        cells.iter().for_each(|cell| writer.write_record(["n/a", cell]).unwrap());
        writer.flush().unwrap();
        for format in ["csv", "xlsx"] {
            let table = format!("{format}/rejects.{format}");
            converted(path, &["in.csv", "-o", format, "--rejects", format]);
            converted(path, &[&*table, "-o", "again", "--overwrite"]);
            prop_assert_eq!(&notes(&path.join("again/rejects.csv")), &cells, "{}", format);
        }
    }
}
