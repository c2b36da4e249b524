//! A run among files, folders, pipes and other processes: what it takes, what it leaves, what it prints.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod program;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use program::{
    check_laws, contactmill, contacts, convert, converted, fails, files, folder_with, limited,
    manifest, text,
};

#[test]
fn an_input_that_cannot_be_read_is_named() {
    let folder = folder_with(b"Phone\n+919876543210\n");
    let path = folder.path();
    fs::create_dir(path.join("dumps")).unwrap();
    fails(path, &["gone.csv", "-o", "out"], 1, "gone.csv: no such file");
    fails(path, &["dumps", "-o", "out"], 1, "dumps: is a folder");
    fails(path, &["-", "-", "-o", "out"], 1, "standard input (-) can be read only once");
    assert!(!path.join("out").exists());
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let folder = folder_with(b"Phone\n+919876543210\n");
    fails(folder.path(), &["in.csv", "-o", "in.csv"], 1, "in.csv is a file");
    fails(folder.path(), &["in.csv", "-o", "in.csv/out"], 1, "in.csv/out: cannot be");
    fails(folder.path(), &["in.csv", "-o", "/proc/out"], 1, "/proc/out: cannot be made");
}

#[test]
fn results_are_overwritten_only_when_asked() {
    let folder = folder_with(b"Phone\n+919876543210\n");
    let path = folder.path();
    converted(path, &["in.csv", "-o", "out"]);
    let before = files(&path.join("out"));
    let message = "out holds results already; name another folder, or let them be replaced\n  \
                   --out DIR names another folder; --overwrite replaces the results\n";
    fails(path, &["in.csv", "-o", "out"], 1, message);
    fails(path, &["gone.csv", "-o", "out", "--overwrite"], 1, "no such file");
    assert_eq!(files(&path.join("out")), before);
    fs::write(path.join("in.csv"), "Phone\n+919876543210\n+919988776655\n").unwrap();
    converted(path, &["in.csv", "-o", "out", "--overwrite"]);
    assert_eq!(contacts(&path.join("out")).len(), 2);
}

#[test]
fn an_input_is_never_replaced_by_its_own_results() {
    let folder = folder_with(b"Phone\n+919876543210\nn/a\n");
    let path = folder.path();
    converted(path, &["in.csv", "-o", "out"]);
    let before = files(&path.join("out"));
    let message = "out/rejects.csv stands in the folder that would be replaced";
    fails(path, &["out/rejects.csv", "-o", "out", "--overwrite"], 1, message);
    assert_eq!(files(&path.join("out")), before);
}

#[cfg(unix)]
#[test]
fn links_are_followed_and_must_lead_somewhere() {
    let folder = folder_with(b"Phone\n+919876543210\n");
    let path = folder.path();
    std::os::unix::fs::symlink("nowhere", path.join("dangling")).unwrap();
    fails(path, &["in.csv", "-o", "dangling"], 1, "dangling: cannot be looked into");
    fs::create_dir(path.join("real")).unwrap();
    std::os::unix::fs::symlink("real", path.join("link")).unwrap();
    converted(path, &["in.csv", "-o", "link"]);
    assert!(path.join("link").is_symlink());
    check_laws(&path.join("real"));
}

#[cfg(unix)]
#[test]
fn there_may_be_more_inputs_than_files_can_be_open() {
    let folder = tempfile::tempdir().unwrap();
    let mut arguments = ["convert", "-q", "-o", "out"].map(str::to_owned).to_vec();
    for number in 0..150 {
        let name = format!("{number}.csv");
        fs::write(folder.path().join(&name), format!("Phone\n+9198765{number:05}\n")).unwrap();
        arguments.push(name);
    }
    let output = limited("-n 64", folder.path(), &arguments);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(contacts(&folder.path().join("out")).len(), 150);
}

#[test]
fn what_was_closed_after_a_look_at_it_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut names = Vec::new();
    // More than stay open between the look at their columns and their turn.
    for number in 0..7 {
        let phone = format!("+9198765432{number:02}");
        for (name, text) in [
            (format!("{number}.json"), format!("[{{\"phone\":\"{phone}\",\"k{number}\":1}}]")),
            (
                format!("{number}.vcf"),
                format!("BEGIN:VCARD\nTEL:{phone}0\nTEL:{phone}\nEND:VCARD\n"),
            ),
        ] {
            fs::write(folder.path().join(&name), text).unwrap();
            names.push(name);
        }
    }
    // Records so large that those which were looked at are not kept.
    let large: Vec<String> =
        (0..40).map(|number| format!("+91998877{number:04},{}", "x".repeat(200_000))).collect();
    fs::write(folder.path().join("large.csv"), format!("Phone,Note\n{}\n", large.join("\n")))
        .unwrap();
    names.push("large.csv".to_owned());
    names.extend(["-o", "out", "--attributes", "none"].map(str::to_owned));
    converted(folder.path(), &names);
    let out = folder.path().join("out");
    check_laws(&out);
    assert_eq!(contacts(&out).len(), 47);
    assert_eq!(manifest(&out)["counts"]["records"], 54);
    let mut inspect = contactmill();
    inspect.args(["inspect", "--json", "large.csv"]).current_dir(folder.path());
    let report = inspect.output().unwrap().stdout;
    let report: serde_json::Value = serde_json::from_slice(&report).unwrap();
    assert_eq!(report["inputs"][0]["records"], 40);
}

#[test]
fn usage_errors_exit_with_2() {
    let folder = folder_with(b"Phone\n+919876543210\n");
    for arguments in [
        &["--region", "XX", "in.csv"][..],
        &["--map", "fon=Phone", "in.csv"],
        &["--map", "phone", "in.csv"],
        &["--max-contacts", "0", "in.csv"],
        &["--max-rejects", "101%", "in.csv"],
        &["--phones", "guess", "in.csv"],
        &[],
    ] {
        let output = convert(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn standard_input_can_be_a_pipe_of_any_length() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = contactmill()
        .args(["convert", "-", "-o", "out", "--json"])
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(b"Phone\n").unwrap();
    for number in 0..50_000 {
        writeln!(input, "+9198{:08}", 12_340_000 + number).unwrap();
    }
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let printed: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(printed["counts"]["contacts"], 50_000);
    let out = folder.path().join("out");
    assert_eq!(printed, manifest(&out));
    assert_eq!(printed["inputs"][0]["path"], "<stdin>");
    check_laws(&out);
}

#[test]
fn a_reader_of_the_summary_may_go_away() {
    let folder = folder_with(b"Phone\n+919876543210\n");
    let mut child = contactmill()
        .args(["convert", "in.csv", "-o", "out", "--json"])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(text(&output.stderr), "");
    assert!(output.status.success());
    assert!(folder.path().join("out/manifest.json").exists());
}

#[test]
fn progress_goes_to_standard_error_and_only_when_wanted() {
    let folder = folder_with(b"Phone\n+919876543210\n");
    let path = folder.path();
    let silent = converted(path, &["in.csv", "-o", "auto"]);
    assert_eq!(text(&silent.stderr), "");
    let never = converted(path, &["in.csv", "-o", "never", "--progress", "never"]);
    assert_eq!(text(&never.stderr), "");
    let always = converted(path, &["in.csv", "-o", "always", "--progress", "always"]);
    assert!(text(&always.stderr).starts_with("100 %  20 of 20 bytes  1 records"));
    let quiet = converted(path, &["in.csv", "-o", "quiet", "--progress", "always", "--quiet"]);
    assert_eq!((text(&quiet.stdout), text(&quiet.stderr)), (String::new(), String::new()));
}

#[test]
fn a_run_that_was_killed_leaves_no_result_and_the_next_one_cleans_up() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = contactmill()
        .args(["convert", "-", "-o", "out"])
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    // It waits for the rest of its input, its staging folder made.
    let staging = || {
        let names = fs::read_dir(folder.path()).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.starts_with(".out.staging-")).count()
    };
    while staging() == 0 {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(staging(), 1);
    assert!(!folder.path().join("out").exists());
    fs::write(folder.path().join("in.csv"), "Phone\n+919876543210\n").unwrap();
    converted(folder.path(), &["in.csv", "-o", "out"]);
    assert_eq!(staging(), 0);
    check_laws(&folder.path().join("out"));
}

#[test]
fn no_personal_data_is_printed_unless_asked_for() {
    let folder = folder_with(
        b"Name,Phone,Email\nAsha Canary,98765abc10,canary@example.com\nAsha Canary,\
          +919876543210.0,canary.example.com\nAsha \"Canary\xE9,1,\n",
    );
    let canaries = ["Canary", "canary", "98765", "9876543210"];
    let output = converted(
        folder.path(),
        &["in.csv", "-o", "out", "--progress", "always", "--encoding", "utf-8"],
    );
    let printed = text(&output.stdout) + &text(&output.stderr);
    assert!(canaries.iter().all(|canary| !printed.contains(canary)), "{printed}");

    let folder = folder_with(
        b"Name,Phone,Email\nAsha Canary,98765abc10,canary@example.com\nAsha Canary,\
          +919876543210.0,canary.example.com\n",
    );
    let output = converted(folder.path(), &["in.csv", "-o", "out"]);
    let printed = text(&output.stdout) + &text(&output.stderr);
    assert!(canaries.iter().all(|canary| !printed.contains(canary)), "{printed}");
    let output = converted(folder.path(), &["in.csv", "-o", "shown", "--show-values"]);
    assert!(text(&output.stdout).contains("98765abc10"));

    // Without a header row the first contact stands in its place.
    let folder = folder_with(b"Asha Canary,+919876543210,canary@example.com\n");
    let output = convert(folder.path(), &["in.csv", "-o", "out"]);
    let printed = text(&output.stderr);
    assert!(printed.contains("the first row is data"), "{printed}");
    assert!(canaries.iter().all(|canary| !printed.contains(canary)), "{printed}");
}

/// No thread can be started, whoever runs it: each would have a stack larger than any memory.
#[cfg(target_os = "linux")]
#[test]
fn a_thread_that_cannot_be_started_is_an_error() {
    let columns = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/cases/");
    let folder = folder_with(b"Phone\n+919876543210\n");
    for input in ["parquet/in.parquet", "arrow-file/in.arrow", "xlsx/in.xlsx", "xls/in.xls"] {
        let name = Path::new(input).file_name().unwrap();
        fs::copy(format!("{columns}{input}"), folder.path().join(name)).unwrap();
    }
    for (input, threads, message) in [
        ("in.csv", "2", "a thread to write cannot be started"),
        ("in.parquet", "1", "a thread to read it cannot be started"),
        ("in.arrow", "1", "a thread to read it cannot be started"),
        ("in.xlsx", "1", "a thread to read it cannot be started"),
        ("in.xls", "1", "a thread to read it cannot be started"),
    ] {
        let output = contactmill()
            .args(["convert", input, "-o", "out", "--threads", threads])
            .env("RUST_MIN_STACK", (1_u64 << 46).to_string())
            .current_dir(folder.path())
            .output()
            .unwrap();
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{input}: {stderr}");
        assert!(stderr.contains(message) && !stderr.contains("panicked"), "{input}: {stderr}");
        assert!(!folder.path().join("out").exists());
    }
}
