//! What a signal does to a run: nothing is left, neither results nor a staging folder.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod program;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use program::{contactmill, text};

/// Whether a run in this folder has written its first array, and so is at work.
fn is_at_work(folder: &Path) -> bool {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.into_iter().any(|path| path.join("import-000001.json").exists())
}

#[track_caller]
fn check(signal: &str, code: i32) {
    let folder = tempfile::tempdir().unwrap();
    let mut dump = String::from("name,phone\n");
    for number in 0..400_000 {
        dump.push_str(&format!("Asha Verma,+9198{number:08}\n"));
    }
    fs::write(folder.path().join("dump.csv"), dump).unwrap();
    let mut command = contactmill();
    command.args(["convert", "dump.csv", "--on-duplicate", "first"]);
    command.current_dir(folder.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let run = command.spawn().unwrap();
    while !is_at_work(folder.path()) {
        sleep(Duration::from_millis(1));
    }
    let kill = Command::new("kill").args([signal, &run.id().to_string()]).status().unwrap();
    assert!(kill.success());
    let output = run.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(code), "{}", text(&output.stderr));
    assert_eq!(text(&output.stderr), "error: stopped by a signal; nothing was written\n");
    let left: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["dump.csv"]);
}

#[test]
fn an_interrupted_run_leaves_nothing() {
    check("-INT", 130);
}

#[test]
fn a_terminated_run_leaves_nothing() {
    check("-TERM", 143);
}
