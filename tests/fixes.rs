//! Cells corrected by hand: the results are those of a corrected dump, and nothing is corrected by chance.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod program;

use std::fs;
use std::io::Write;
use std::path::Path;

use contactmill_wire::fixes::{self, Fix};
use program::{check_laws, converted, fails, files, manifest, text};
use proptest::prelude::*;

const COLUMNS: [&str; 4] = ["Name", "Phone", "Email", "City"];

/// Values that cells have, before and after they are corrected.
const VALUES: [&str; 9] = [
    "",
    "Asha Rao",
    "+91 98765 43210",
    "9.19877E+11",
    "098765 43211",
    "asha@example.com",
    "asha@@example",
    "a \"b\", c",
    "नीता",
];

fn sha256(bytes: &[u8]) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn dump(rows: &[Vec<&str>]) -> Vec<u8> {
    let mut dump = csv::Writer::from_writer(Vec::new());
    dump.write_record(COLUMNS).unwrap();
    rows.iter().for_each(|row| dump.write_record(row).unwrap());
    dump.into_inner().unwrap()
}

fn write_fixes(folder: &Path, fixes: &[Fix]) {
    let mut file = fixes::head();
    fixes.iter().for_each(|fix| fix.write(&mut file));
    fs::write(folder.join("fixes.csv"), file).unwrap();
}

/// The files of a result, without the manifest, which has the digest of the input.
fn results(folder: &Path, arguments: &[&str]) -> Vec<(String, Vec<u8>)> {
    let all = [&["in.csv", "-r", "IN", "-o", "out", "--quiet", "--overwrite"], arguments].concat();
    converted(folder, &all);
    let out = folder.join("out");
    check_laws(&out);
    files(&out).into_iter().filter(|(name, _)| name != "manifest.json").collect()
}

/// The fix of a cell of `rows`, which is made.
fn fixed<'v>(rows: &mut [Vec<&'v str>], sha256: &str, at: (usize, usize, &'v str)) -> Fix {
    let (row, column, after) = at;
    let before = std::mem::replace(&mut rows[row][column], after);
    Fix {
        sha256: sha256.to_owned(),
        member: String::new(),
        record: row as u64 + 1,
        column: COLUMNS[column].to_owned(),
        before: before.to_owned(),
        after: after.to_owned(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn results_with_fixes_are_those_of_a_corrected_dump(
        cells in proptest::collection::vec(
            proptest::collection::vec(proptest::sample::select(&VALUES), 4), 1..40),
        fixes in proptest::collection::vec(
            (any::<proptest::sample::Index>(), 0..4_usize, proptest::sample::select(&VALUES)), 0..30),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let mut rows = cells;
        let before = dump(&rows);
        let sha256 = sha256(&before);
        let made: Vec<Fix> = fixes
            .iter()
            .map(|(row, column, after)| fixed(&mut rows, &sha256, (row.index(cells_of(&before)), *column, after)))
            .collect();
        write_fixes(folder, &made);
        fs::write(folder.join("in.csv"), &before).unwrap();
        let with_fixes = results(folder, &["--fixes", "fixes.csv"]);
        fs::write(folder.join("in.csv"), dump(&rows)).unwrap();
        prop_assert!(with_fixes == results(folder, &[]));
    }
}

/// Number of records of a dump.
fn cells_of(dump: &[u8]) -> usize {
    csv::Reader::from_reader(dump).records().count()
}

#[test]
fn records_of_every_block_are_fixed_by_any_number_of_threads() {
    let numbers: Vec<String> = (0..20_000).map(|row| format!("+9198765{row:05}")).collect();
    let mut rows: Vec<Vec<&str>> =
        numbers.iter().map(|number| vec!["Asha", number, "", "Pune"]).collect();
    let before = dump(&rows);
    let sha256 = sha256(&before);
    let made: Vec<Fix> = [19_999, 0, 7_000, 13_000, 7_000]
        .iter()
        .zip(["Last", "First", "Once", "Middle", "Twice"])
        .map(|(&row, name)| fixed(&mut rows, &sha256, (row, 0, name)))
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_fixes(folder, &made);
    fs::write(folder.join("in.csv"), dump(&rows)).unwrap();
    let expected = results(folder, &[]);
    fs::write(folder.join("in.csv"), &before).unwrap();
    for threads in ["1", "2", "7"] {
        let with_fixes = results(folder, &["--fixes", "fixes.csv", "--threads", threads]);
        assert!(with_fixes == expected, "{threads} threads");
    }
    let fixed = &manifest(&folder.join("out"))["fixed"];
    assert_eq!((fixed["cells"].as_u64(), fixed["records"].as_u64()), (Some(4), Some(4)));
    let output = converted(folder, &["in.csv", "-o", "other", "--fixes", "fixes.csv"]);
    assert!(text(&output.stdout).contains("4  cells in 4 records"), "{}", text(&output.stdout));
}

#[test]
fn a_fix_that_does_not_fit_says_its_line_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let dump = b"Name,Phone\nAsha,+919876543210\nRavi\n";
    fs::write(folder.join("in.csv"), dump).unwrap();
    let fix = |record, column: &str, before: &str, after: &str| Fix {
        sha256: sha256(dump),
        record,
        column: column.to_owned(),
        before: before.to_owned(),
        after: after.to_owned(),
        ..Fix::default()
    };
    let good = || fix(1, "Name", "Asha", "Asha Rao");
    for (bad, message) in [
        (fix(1, "Name", "Meera", "M"), "fixes.csv: line 3: `before` is not what line 2 leaves"),
        (fix(1, "Phone", "1", "2"), "another value than `before` stands in \"Phone\" of record 1"),
        (fix(1, "Mobile", "1", "2"), "has no column \"Mobile\" among Name, Phone"),
        (fix(3, "Phone", "1", "2"), "has no record 3, but 2 records"),
        (fix(2, "Phone", "", "2"), "record 2 of in.csv is damaged, or ends before"),
        (Fix { member: "Leads".into(), ..good() }, "no input has this SHA-256 and member"),
        (Fix { sha256: sha256(b""), ..good() }, "no input has this SHA-256 and member"),
    ] {
        write_fixes(folder, &[good(), bad]);
        let arguments = ["in.csv", "-o", "out", "--fixes", "fixes.csv", "--progress", "never"];
        fails(folder, &arguments, 1, "fixes.csv: line 3: ");
        fails(folder, &arguments, 1, message);
    }
    fs::write(folder.join("fixes.csv"), "a,b\n").unwrap();
    fails(folder, &["in.csv", "--fixes", "fixes.csv"], 1, "line 1: the first line must be sha256");
    fails(folder, &["in.csv", "--fixes", "none.csv"], 1, "none.csv: cannot be read");
}

#[test]
fn what_was_undone_is_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut rows = vec![vec!["Asha", "+91 98765 43210", "", "Pune"]];
    let before = dump(&rows);
    fs::write(folder.join("in.csv"), &before).unwrap();
    let fix = fixed(&mut rows, &sha256(&before), (0, 0, "Meera"));
    write_fixes(folder, &[fix.clone(), fix.undone()]);
    assert!(results(folder, &["--fixes", "fixes.csv"]) == results(folder, &[]));
}

/// The names of the contacts of a result, in order.
fn names(out: &Path) -> Vec<String> {
    let name = |contact: serde_json::Value| {
        contact["profile"]["userDetails"]["userProvidedName"].as_str().unwrap().to_owned()
    };
    program::contacts(out).into_iter().map(name).collect()
}

#[test]
fn sheets_of_one_workbook_and_files_of_one_archive_are_distinguished() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut workbook = rust_xlsxwriter::Workbook::new();
    for (sheet, number) in [("Old", "+919876543210"), ("New", "+919876543211")] {
        let sheet = workbook.add_worksheet().set_name(sheet).unwrap();
        for (row, cells) in [["Name", "Phone"], ["Asha", number]].iter().enumerate() {
            let row = u32::try_from(row).unwrap();
            sheet.write_row(row, 0, cells.iter().copied()).unwrap();
        }
    }
    let workbook = workbook.save_to_buffer().unwrap();
    fs::write(folder.join("leads.xlsx"), &workbook).unwrap();
    let csv = |number| format!("Name,Phone\nAsha,{number}\n").into_bytes();
    let (one, other) = (csv("+919876543212"), csv("+919876543213"));
    let mut archive = zip::ZipWriter::new(fs::File::create(folder.join("leads.zip")).unwrap());
    for (name, bytes) in [("a/one.csv", &one), ("a/other.csv", &other)] {
        archive.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap();
    let fix = |sha256, member: &str, after: &str| Fix {
        sha256,
        member: member.to_owned(),
        record: 1,
        column: "Name".to_owned(),
        before: "Asha".to_owned(),
        after: after.to_owned(),
    };
    write_fixes(
        folder,
        &[
            fix(sha256(&workbook), "New", "Meera"),
            fix(sha256(&other), "a/other.csv", "Ravi"),
            fix(sha256(&csv("+919876543214")), "", "Nita"),
        ],
    );
    fs::write(folder.join("stdin"), csv("+919876543214")).unwrap();
    let inputs =
        ["leads.xlsx", "leads.zip", "-", "--sheet", "*", "--fixes", "fixes.csv", "-o", "out"];
    converted(folder, &inputs);
    assert_eq!(names(&folder.join("out")), ["Asha", "Meera", "Asha", "Ravi", "Nita"]);
}
