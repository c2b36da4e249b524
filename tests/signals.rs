//! What a signal does to a run: nothing is left, neither results nor a staging folder.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod program;

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
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

/// The names in a folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// Waits for a run that must end by itself, however loaded the machine is.
#[track_caller]
fn ended(mut run: Child) -> Output {
    for _ in 0..6_000 {
        if run.try_wait().unwrap().is_some() {
            return run.wait_with_output().unwrap();
        }
        sleep(Duration::from_millis(10));
    }
    run.kill().unwrap();
    panic!("one signal did not end it");
}

/// Stops a run once it waits for an input to which nobody writes.
#[track_caller]
fn check_waiting(input: &str, signal: &str, code: i32) {
    let folder = tempfile::tempdir().unwrap();
    let made = Command::new("mkfifo").arg(folder.path().join("fifo")).status().unwrap();
    assert!(made.success());
    let mut command = contactmill();
    command.args(["convert", input]).current_dir(folder.path());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut run = command.spawn().unwrap();
    let mut pipe = run.stdin.take().unwrap();
    // It is copied as far as it has come; the end never comes.
    std::io::Write::write_all(&mut pipe, b"name,phone\nAsha,+919876543210\n").unwrap();
    while names(folder.path()) == ["fifo"] {
        assert!(run.try_wait().unwrap().is_none(), "it ended by itself");
        sleep(Duration::from_millis(1));
    }
    let kill = Command::new("kill").args([signal, &run.id().to_string()]).status().unwrap();
    assert!(kill.success());
    let output = ended(run);
    assert_eq!(output.status.code(), Some(code), "{}", text(&output.stderr));
    assert_eq!(text(&output.stderr), "error: stopped by a signal; nothing was written\n");
    assert_eq!(names(folder.path()), ["fifo"]);
    drop(pipe);
}

#[test]
fn one_signal_ends_a_run_that_waits_for_a_pipe_and_leaves_no_staging_folder() {
    check_waiting("-", "-TERM", 143);
    check_waiting("-", "-INT", 130);
    check_waiting("fifo", "-TERM", 143);
    check_waiting("/dev/stdin", "-TERM", 143);
}

#[test]
fn an_interrupted_run_leaves_nothing() {
    check("-INT", 130);
}

#[test]
fn a_terminated_run_leaves_nothing() {
    check("-TERM", 143);
}
