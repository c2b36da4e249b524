//! `contactmill explain`, as it is seen: each file in `tests/data/explain` holds the arguments, a
//! line each behind `> `, the lines of standard input behind `< `, and what must be printed.
//!
//! Each file is a test of its name. `UPDATE_CASES=1 cargo test --test explain` writes what is printed
//! now, to be read before it is committed.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod program;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{ExitCode, Stdio};

use libtest_mimic::{Arguments, Trial};
use program::{contactmill, text};

fn printed(arguments: &[&str], input: &str) -> String {
    let mut command = contactmill();
    command.arg("explain").args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{arguments:?}");
    text(&output.stdout)
}

fn check(file: &Path) {
    let case = fs::read_to_string(file).unwrap();
    let behind = |mark: &'static str| case.lines().filter_map(move |l| l.strip_prefix(mark));
    let arguments: Vec<&str> = behind("> ").collect();
    let input: String = behind("< ").map(|line| format!("{line}\n")).collect();
    let is_question = |line: &&str| line.starts_with("> ") || line.starts_with("< ");
    let question: String =
        case.lines().take_while(is_question).map(|line| format!("{line}\n")).collect();
    let found = format!("{question}\n{}", printed(&arguments, &input));
    if std::env::var_os("UPDATE_CASES").is_some() {
        fs::write(file, found).unwrap();
    } else {
        assert_eq!(found, case);
    }
}

fn main() -> ExitCode {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/explain");
    let mut files: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() > 5);
    let mut trials: Vec<Trial> = files
        .into_iter()
        .map(|file| {
            let name = file.file_stem().unwrap().to_string_lossy().into_owned();
            Trial::test(name, move || {
                check(&file);
                Ok(())
            })
        })
        .collect();
    trials.push(Trial::test("an_explanation_ends_as_a_conversion_does", || {
        an_explanation_ends_as_a_conversion_does();
        Ok(())
    }));
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn an_explanation_ends_as_a_conversion_does() {
    let folder = tempfile::tempdir().unwrap();
    let cells = ["+34 0910 123 456", "9.19877E+11", "98765 43210", "+91 91 98765 43210"];
    fs::write(folder.path().join("dump.csv"), format!("phone\n{}\n", cells.join("\n"))).unwrap();
    program::converted(folder.path(), &["dump.csv", "-r", "IN"]);
    let arrays = fs::read_to_string(folder.path().join("contactmill-out/import-000001.json"));
    let rejects = fs::read_to_string(folder.path().join("contactmill-out/rejects.csv")).unwrap();
    let arrays = arrays.unwrap();
    for cell in cells {
        let explained = printed(&["-r", "IN", "--json", cell], "");
        let explained: serde_json::Value = serde_json::from_str(&explained).unwrap();
        match explained["outcome"].as_str() {
            Some("accepted") => {
                let phone = format!(r#""phone":{}"#, explained["phone"]);
                assert!(arrays.contains(&phone), "{cell}: {phone}");
            }
            _ => {
                let reason = explained["reason"].as_str().unwrap();
                let row = rejects.lines().find(|row| row.contains(cell));
                assert!(row.is_some_and(|row| row.contains(reason)), "{cell}: {reason}");
            }
        }
    }
}
