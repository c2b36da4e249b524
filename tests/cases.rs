//! The cases under `tests/data/cases`: what goes in, and every file that must come out.
//!
//! A case is a folder. `args` holds the arguments of `convert`, one a line, and names the inputs
//! that stand beside it; `stdin`, if there is one, is standard input. `expected` holds what must
//! come out: every file of the result, and `stdout`, `stderr` and `exit-code` where they are not
//! empty or 0. Of a workbook, `expected` holds the sheet; of a Parquet file, the rows; of `contacts.index`,
//! nothing, as its laws are checked for every result. The manifest's versions are written `{version}` and
//! `{metadata}`.
//!
//! Each case is a test with the name of its folder: `cargo test --test cases merge` runs those about
//! merging. To write the expectations of a new case: `UPDATE_CASES=1 cargo test --test cases NAME`,
//! and read them before they are committed.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod program;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{ExitCode, Output, Stdio};

use libtest_mimic::{Arguments, Trial};
use program::{check_laws, check_threads, contactmill, files, sheet, table, text};

const CASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/cases");

type Files = Vec<(String, String)>;

fn arguments_of(case: &Path) -> Vec<String> {
    let arguments = fs::read_to_string(case.join("args")).unwrap();
    arguments.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

fn run(case: &Path, arguments: &[String]) -> Output {
    let mut child = contactmill()
        .arg("convert")
        .args(arguments)
        .current_dir(case)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let input = fs::read(case.join("stdin")).unwrap_or_default();
    // A run that fails early does not read its input.
    let _ = child.stdin.take().unwrap().write_all(&input);
    child.wait_with_output().unwrap()
}

/// A file of a result; of a workbook, its sheet, a row a line; of a Parquet file, its rows.
fn as_text((name, bytes): (String, Vec<u8>)) -> (String, String) {
    match name.rsplit_once('.') {
        Some((_, "xlsx")) => (format!("{name}.xml"), sheet(&bytes).replace("<row ", "\n<row ")),
        Some((_, "parquet")) => (format!("{name}.txt"), table::parquet_text(bytes)),
        _ => (name, text(&bytes)),
    }
}

/// What a run printed and wrote.
fn outcome(output: &Output, out: &Path) -> Files {
    let mut found: Files = Vec::new();
    if out.exists() {
        let is_text = |(name, _): &(String, Vec<u8>)| !name.ends_with("contacts.index");
        found = files(out).into_iter().filter(is_text).map(as_text).collect();
    }
    let code = output.status.code().unwrap();
    let printed = [
        ("stdout", text(&output.stdout)),
        ("stderr", text(&output.stderr)),
        ("exit-code", if code == 0 { String::new() } else { format!("{code}\n") }),
    ];
    found.extend(
        printed.into_iter().filter(|(_, text)| !text.is_empty()).map(|(n, text)| (n.into(), text)),
    );
    for (_, text) in &mut found {
        *text = text
            .replace(&format!("\"{}\"", env!("CARGO_PKG_VERSION")), "\"{version}\"")
            .replace(&format!("\"{}\"", contactmill_core::METADATA_VERSION), "\"{metadata}\"")
            .replace(&format!(" {}, ", env!("CARGO_PKG_VERSION")), " {version}, ")
            .replace(&format!(" plans {}", contactmill_core::METADATA_VERSION), " plans {metadata}")
            .replace(&out.display().to_string(), "{out}");
    }
    found.sort_unstable();
    found
}

fn check(case: &Path) {
    let parent = tempfile::tempdir().unwrap();
    let out = parent.path().join("out");
    let mut arguments = arguments_of(case);
    let plain = arguments.clone();
    arguments.extend(["--out".into(), out.display().to_string()]);
    let output = run(case, &arguments);
    if out.exists() {
        check_laws(&out);
        check_in(case, parent.path(), &plain);
    }
    let found = outcome(&output, &out);
    let expected = case.join("expected");
    if std::env::var_os("UPDATE_CASES").is_some() {
        let _ = fs::remove_dir_all(&expected);
        fs::create_dir(&expected).unwrap();
        for (name, text) in &found {
            let path = expected.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        return;
    }
    let expected: Files =
        files(&expected).into_iter().map(|(name, bytes)| (name, text(&bytes))).collect();
    let names = |files: &Files| files.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&found), names(&expected), "{}", text(&output.stderr));
    for ((name, found), (_, expected)) in found.iter().zip(&expected) {
        assert_eq!(found, expected, "{name}");
    }
}

/// Checks threads on a copy of the inputs: results are not written beside the cases.
fn check_in(case: &Path, parent: &Path, arguments: &[String]) {
    let folder = parent.join("case");
    for (name, bytes) in files(case) {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    check_threads(&folder, arguments);
}

fn main() -> ExitCode {
    let mut cases: Vec<_> =
        fs::read_dir(CASES).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort_unstable();
    assert!(cases.len() > 20);
    let mut trials: Vec<Trial> = cases
        .into_iter()
        .map(|case| {
            let name = case.file_name().unwrap().to_string_lossy().into_owned();
            Trial::test(name, move || {
                check(&case);
                Ok(())
            })
        })
        .collect();
    let about_all_cases: [(&str, fn()); 3] = [
        ("every_option_has_a_case", every_option_has_a_case),
        (
            "the_same_contacts_in_any_format_give_the_same_arrays",
            the_same_contacts_in_any_format_give_the_same_arrays,
        ),
        (
            "cards_of_the_same_contacts_give_the_same_arrays_but_for_attributes",
            cards_of_the_same_contacts_give_the_same_arrays_but_for_attributes,
        ),
    ];
    trials.extend(about_all_cases.map(|(name, check)| {
        Trial::test(name, move || {
            check();
            Ok(())
        })
    }));
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn every_option_has_a_case() {
    let help = contactmill().args(["convert", "--help"]).output().unwrap();
    let mut used = String::new();
    for entry in fs::read_dir(CASES).unwrap() {
        used += &arguments_of(&entry.unwrap().path()).join("\n");
        used.push('\n');
    }
    // These have tests of their own, because they cannot change what is written.
    let elsewhere = ["--threads", "--progress", "--help", "--version", "--out", "--overwrite"];
    let help = text(&help.stdout);
    let words = help.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
    let options: Vec<&str> =
        words.filter(|word| word.len() > 2 && word.starts_with("--")).collect();
    assert!(options.len() > 20, "{help}");
    for option in options {
        let has_case =
            used.lines().any(|line| line == option || line.starts_with(&format!("{option}=")));
        assert!(has_case || elsewhere.contains(&option), "no case uses {option}");
    }
}

/// Cases that hold the contacts of `same-contacts-csv`, in other clothes.
const SAME_CONTACTS: &[&str] = &[
    "arrow-file",
    "arrow-stream",
    "banners-above-the-header",
    "delimiter-unusual",
    "encoding-utf-16-big-endian-without-mark",
    "encoding-windows-1252",
    "gzip-of-two-members",
    "ods",
    "parquet",
    "quotes-single",
    "same-contacts-json",
    "same-contacts-json-lines",
    "standard-input-gzip",
    "wrong-extension",
    "xls",
    "xlsx",
    "zstd-of-utf-16",
];

fn the_same_contacts_in_any_format_give_the_same_arrays() {
    let arrays = |case: &str| {
        let expected = Path::new(CASES).join(case).join("expected");
        fs::read(expected.join("import-000001.json")).unwrap()
    };
    // While expectations are written, they are not all there.
    if std::env::var_os("UPDATE_CASES").is_some() {
        return;
    }
    let csv = arrays("same-contacts-csv");
    for case in SAME_CONTACTS {
        assert!(arrays(case) == csv, "{case}");
    }
}

fn cards_of_the_same_contacts_give_the_same_arrays_but_for_attributes() {
    // What a card calls a city is not what a column does.
    let arrays = |input: &str| {
        let parent = tempfile::tempdir().unwrap();
        let out = parent.path().join("out");
        let arguments = [input, "--region", "IN", "--attributes", "none", "--out"];
        let arguments: Vec<String> =
            arguments.map(str::to_owned).into_iter().chain([out.display().to_string()]).collect();
        assert!(run(Path::new(CASES), &arguments).status.success());
        fs::read(out.join("import-000001.json")).unwrap()
    };
    assert!(arrays("same-contacts-csv/in.csv") == arrays("same-contacts-vcard/contacts.vcf"));
}
