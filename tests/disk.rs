//! What a run leaves behind when the disk takes no more, or when it is killed: results that are
//! whole, or nothing.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod program;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use program::{check_laws, contactmill, converted, text};

const ROWS: u32 = 60_000;

/// Every number twice, some records without any.
fn dump(folder: &Path) {
    let mut dump = String::from("name,phone,tags\n");
    for number in 0..ROWS {
        let phone = match number % 10 {
            0 => "n/a".to_owned(),
            _ => format!("+9198{:08}", number % (ROWS / 2)),
        };
        dump.push_str(&format!("Asha Verma,{phone},tag {number}\n"));
    }
    fs::write(folder.join("dump.csv"), dump).unwrap();
}

/// What is in the folder beside the dump.
fn left(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name != "dump.csv").collect()
}

#[test]
fn a_disk_that_takes_no_more_ends_the_run_with_the_path_and_the_cause() {
    let folder = tempfile::tempdir().unwrap();
    dump(folder.path());
    // The first file to grow so large is an import array, a table, or what is set aside.
    for (kib, policy) in
        [(40, "first"), (40, "merge"), (400, "first"), (400, "merge"), (900, "last")]
    {
        let command = format!("ulimit -f {kib}; exec \"$@\"");
        let output = Command::new("bash")
            .args(["-c", &command, "-", env!("CARGO_BIN_EXE_contactmill"), "convert", "dump.csv"])
            .args(["--on-duplicate", policy])
            .current_dir(folder.path())
            .output()
            .unwrap();
        let message = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{kib} {policy}: {message}");
        assert!(message.starts_with("error: "), "{message}");
        assert!(message.contains("contactmill-out"), "{kib} {policy}: {message}");
        assert!(message.contains("File too large"), "{kib} {policy}: {message}");
        assert_eq!(left(folder.path()), [""; 0], "{kib} {policy}");
    }
}

#[test]
fn killed_at_any_moment_the_results_are_whole_or_absent() {
    let folder = tempfile::tempdir().unwrap();
    dump(folder.path());
    let run = || {
        let mut command = contactmill();
        command.args(["convert", "dump.csv", "--overwrite"]).current_dir(folder.path());
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    let out = folder.path().join("contactmill-out");
    let mut was_whole = false;
    for moment in 0..40 {
        let mut killed = run();
        sleep(Duration::from_millis(moment * moment));
        // It may have come to its end.
        let _ = killed.kill();
        killed.wait().unwrap();
        if out.exists() {
            check_laws(&out);
            was_whole = true;
        } else {
            assert!(!was_whole, "results that were there are gone");
        }
    }
    converted(folder.path(), &["dump.csv", "--overwrite"]);
    check_laws(&out);
    assert_eq!(left(folder.path()), ["contactmill-out"]);
}
