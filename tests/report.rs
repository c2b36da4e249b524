//! The page about a result: what `convert --report` and `report` write.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod program;

use std::fs;
use std::path::Path;

use contactmill_report::{MAX_BYTES, masked};
use contactmill_wire::journal::{ArraySlice, Job, JournalEvent, JournalLine, encode};
use program::{contactmill, converted, folder_with, text};
use proptest::prelude::*;

/// Runs `report` in a folder and requires that it succeeds.
fn reported(folder: &Path, arguments: &[&str]) -> String {
    let output = contactmill().arg("report").args(arguments).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}

fn page(folder: &Path) -> String {
    fs::read_to_string(folder.join("report.html")).unwrap()
}

#[test]
fn the_command_writes_the_page_that_a_conversion_does() {
    let folder = folder_with(b"Name,Phone\nAsha,+919876543210\nRavi,98765\nMario,+390612345678\n");
    let path = folder.path();
    for (out, options) in [("one", &[][..]), ("parts", &["--split-by", "country"])] {
        let arguments = [&["in.csv", "--report", "-o", out], options].concat();
        converted(path, &arguments);
        let written = page(&path.join(out));
        fs::remove_file(path.join(out).join("report.html")).unwrap();
        assert_eq!(reported(path, &[out, "-o", "-"]), written);
        assert!(!path.join(out).join("report.html").exists());
        assert_eq!(reported(path, &[out]), format!("{out}/report.html\n"));
        assert_eq!(page(&path.join(out)), written);
        reported(path, &[out, "-o", "elsewhere.html"]);
        assert_eq!(fs::read_to_string(path.join("elsewhere.html")).unwrap(), written);
        // The page is a file of the result, which can be replaced with it.
        converted(path, &["in.csv", "-o", out, "--overwrite"]);
        assert!(!path.join(out).join("report.html").exists());
    }
    let names = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(!names.into_iter().any(|name| name.to_string_lossy().starts_with('.')));
}

#[test]
fn a_page_replaces_nothing_but_a_page() {
    let folder = folder_with(b"Name,Phone\nAsha,+919876543210\n");
    let path = folder.path();
    converted(path, &["in.csv", "-o", "out"]);
    let files = ["in.csv", "out/manifest.json", "out/import-000001.json"];
    let read = |file: &str| fs::read(path.join(file)).unwrap();
    let before = files.map(read);
    #[cfg(unix)]
    std::os::unix::fs::symlink("in.csv", path.join("link.html")).unwrap();
    for file in files.into_iter().chain(cfg!(unix).then_some("link.html")) {
        let arguments = ["report", "out", "-o", file];
        let output = contactmill().args(arguments).current_dir(path).output().unwrap();
        let said = text(&output.stderr);
        assert!(!output.status.success() && said.contains("it is there already"), "{file}: {said}");
    }
    assert_eq!(files.map(read), before);
    reported(path, &["out", "-o", "page.html"]);
    reported(path, &["out", "-o", "page.html"]);
}

#[cfg(unix)]
#[test]
fn only_its_owner_can_read_a_page() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder_with(b"Name,Phone\nAsha,+919876543210\n");
    converted(folder.path(), &["in.csv", "-o", "out", "--report"]);
    reported(folder.path(), &["out", "-o", "page.html"]);
    for file in ["out/report.html", "page.html"] {
        let mode = fs::metadata(folder.path().join(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
}

#[test]
fn what_is_no_result_has_no_page() {
    let folder = tempfile::tempdir().unwrap();
    for (manifest, message) in [
        (None, "is no result"),
        (Some("{"), "no manifest that can be read"),
        (Some("[]"), "no manifest that can be read"),
    ] {
        if let Some(manifest) = manifest {
            fs::write(folder.path().join("manifest.json"), manifest).unwrap();
        }
        let output = contactmill().arg("report").arg(folder.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(text(&output.stderr).contains(message), "{}", text(&output.stderr));
        assert!(!folder.path().join("report.html").exists());
    }
}

#[test]
fn an_upload_is_shown_by_its_journal() {
    let folder = folder_with(b"Name,Phone\nAsha,+919876543210\nMario,+390612345678\n");
    let path = folder.path();
    converted(path, &["in.csv", "-o", "out"]);
    let job =
        Job { url: "https://api.example.com/import".into(), manifest: "ab".into(), tag: None };
    let events = [
        JournalEvent::Opened { job, again: false },
        JournalEvent::Acknowledged(ArraySlice { array: 0, first: 0, end: 1 }),
        JournalEvent::Refused { slice: ArraySlice { array: 0, first: 1, end: 2 }, status: 422 },
    ];
    let lines = (1..).zip(events).map(|(number, event)| {
        encode(number, &JournalLine { at: 1_763_650_000_000 + number * 100_000, event }).unwrap()
    });
    fs::write(path.join("out/upload.journal"), lines.collect::<Vec<_>>().concat()).unwrap();
    reported(path, &["out"]);
    let page = page(&path.join("out"));
    assert!(page.contains("https://api.example.com/import") && page.contains("1 (50 %)"), "{page}");
    assert!(page.contains("3 min 20 s") && !page.contains("1763650"), "{page}");
}

#[test]
fn the_largest_of_runs_has_a_small_page() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    // Many columns and files with long names, everything damaged, and markup that grows when escaped.
    let long = "<&\"".repeat(60);
    for file in 0..40 {
        let header: Vec<String> = (0..60).map(|n| format!("{long} {file} {n} phone")).collect();
        let mut rows = format!("Name,Phone,{}\n", header.join(",").replace('"', ""));
        for row in 0..40 {
            let cells = vec![long.replace('"', "'"); 60].join(",");
            rows +=
                &format!("A {row},{}{row},{cells}\n", ["abc&<", "12", "0091 98765 432"][row % 3]);
        }
        fs::write(path.join(format!("{file}-{}.csv", "&".repeat(200))), rows).unwrap();
    }
    let inputs: Vec<String> =
        (0..40).map(|file| format!("{file}-{}.csv", "&".repeat(200))).collect();
    let inputs = inputs.iter().map(String::as_str);
    let arguments: Vec<&str> = inputs.chain(["-o", "out", "--report", "-r", "IN"]).collect();
    converted(path, &arguments);
    let size = page(&path.join("out")).len();
    assert!(size <= MAX_BYTES, "{size}");
}

/// Cells with what people and programs write in them.
fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        "[A-Za-z0-9@. +<>&;-]{1,24}",
        "\\PC{1,16}",
        "\\+?[0-9 ()-]{4,18}",
        "[\u{621}-\u{64a} \u{660}-\u{669}]{1,12}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_word_of_a_record_stands_on_its_page(
        rows in prop::collection::vec((cell(), cell(), cell()), 1..12),
    ) {
        const CANARY: &str = "Qzjxw";
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(["Name", "Phone", "Email", "City"]).unwrap();
        for (name, phone, city) in &rows {
            let marked = |cell: &str| format!("{CANARY}{cell}{CANARY}");
            let phones = [marked(phone), format!("{phone} {CANARY}"), phone.clone()];
            for phone in phones {
                let email = marked("@example.com");
                writer.write_record([&marked(name), &phone, &email, &marked(city)]).unwrap();
            }
        }
        let folder = folder_with(&writer.into_inner().unwrap());
        let arguments = ["in.csv", "-o", "out", "--report", "-r", "IN", "--no-header"];
        for arguments in [&arguments[..6], &["in.csv", "-o", "out", "--report", "--overwrite"]] {
            converted(folder.path(), arguments);
            let page = page(&folder.path().join("out"));
            prop_assert!(!page.to_lowercase().contains(&CANARY.to_lowercase()));
            for (_, phone, _) in &rows {
                let phone = phone.trim();
                // Of layout alone, nothing is hidden.
                let is_hidden = phone.len() > 7 && masked(phone) != phone;
                let is_shown = is_hidden && page.contains(phone);
                prop_assert!(!is_shown, "{phone:?}");
            }
        }
    }
}
