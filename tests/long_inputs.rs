//! Inputs that are as long, or as many, as they can be: none is lost, and memory does not follow them.
//!
//! CI reads some; `CONTACTMILL_SHEET_ROWS=1048575 CONTACTMILL_INPUTS=50000` reads what can be.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "a test tells what it measured")]

mod program;

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use program::compressed::workbook_of;
use program::{check_laws, contactmill, manifest, peak_mib};

fn setting(name: &str, short: u64) -> u64 {
    std::env::var(name).map_or(short, |value| value.parse().unwrap())
}

/// Converts, and returns the most memory that it took, in MiB, and the time.
#[track_caller]
fn measured(folder: &Path, arguments: &[&str]) -> (u64, Duration) {
    let mut command = contactmill();
    command.args(["convert", "--quiet", "-o", "out"]).args(arguments);
    let began = Instant::now();
    let mut run = command.current_dir(folder).stdin(Stdio::null()).spawn().unwrap();
    let mut peak = 0;
    let status = loop {
        // Of a process that has ended, nothing is told.
        peak = peak.max(peak_mib(&run).unwrap_or(0));
        if let Some(status) = run.try_wait().unwrap() {
            break status;
        }
        sleep(Duration::from_millis(5));
    };
    assert!(status.success(), "{arguments:?}");
    (peak, began.elapsed())
}

fn phone(number: u64) -> String {
    format!("+9198{number:08}")
}

/// A workbook with this number of records below its header row.
fn sheet(records: u64) -> Vec<u8> {
    let mut sheet = String::from("<worksheet><sheetData>");
    for row in 1..=records + 1 {
        let (name, number) = match row {
            1 => ("Name".to_owned(), "Phone".to_owned()),
            _ => (format!("Asha {row}"), phone(row)),
        };
        let cell = |column: char, text: &str| {
            format!("<c r=\"{column}{row}\" t=\"inlineStr\"><is><t>{text}</t></is></c>")
        };
        let cells = cell('A', &name) + &cell('B', &number);
        sheet.push_str(&format!("<row r=\"{row}\">{cells}</row>"));
    }
    workbook_of(&(sheet + "</sheetData></worksheet>"))
}

#[test]
fn a_sheet_of_all_the_rows_that_there_can_be_loses_none() {
    let records = setting("CONTACTMILL_SHEET_ROWS", 20_000);
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("leads.xlsx"), sheet(records)).unwrap();
    let (peak, took) = measured(folder.path(), &["leads.xlsx"]);
    println!("{records} rows of a sheet: {peak} MiB, {took:?}");
    let out = folder.path().join("out");
    assert_eq!(manifest(&out)["counts"]["contacts"], records);
    check_laws(&out);
    assert!(peak < 128 + records / 8_000, "{peak} MiB");
}

#[test]
fn inputs_without_number_are_read_in_their_order() {
    let inputs = setting("CONTACTMILL_INPUTS", 500);
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("in")).unwrap();
    let mut list = String::new();
    for number in 0..inputs {
        let name = format!("in/{number:05}.csv");
        let text = format!("Name,Phone\nAsha,{}\nRavi,{}\n", phone(number), phone(number + 1));
        fs::write(folder.path().join(&name), text).unwrap();
        list.push_str(&name);
        list.push('\n');
    }
    fs::write(folder.path().join("list"), list).unwrap();
    let arguments = ["--inputs-from", "list", "--on-duplicate", "first"];
    let (peak, took) = measured(folder.path(), &arguments);
    println!("{inputs} inputs: {peak} MiB, {took:?}");
    let out = folder.path().join("out");
    let counts = manifest(&out)["counts"].clone();
    assert_eq!(
        (&counts["contacts"], &counts["duplicates"]),
        (&(inputs + 1).into(), &(inputs - 1).into())
    );
    check_laws(&out);
    assert!(peak < 128 + inputs / 100, "{peak} MiB");
}
