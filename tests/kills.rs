//! Runs that are killed at random moments: results are whole or absent, and what was said to be kept is kept.
//! CI does some; `CONTACTMILL_KILLS=1000` does more. Uploads are killed in `tests/upload.rs`.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod program;

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use contactmill_wire::fixes;
use program::draws::Draws;
use program::reviewed::Reviewed;
use program::{check_laws, contactmill, converted, files};
use serde_json::json;

/// How often a run of each kind is killed.
fn kills() -> u64 {
    std::env::var("CONTACTMILL_KILLS").map_or(5, |kills| kills.parse().unwrap())
}

/// Every number twice, and records whose number is too short.
fn dump(folder: &Path, rows: usize) {
    let mut dump = String::from("name,phone,tags\n");
    for number in 0..rows {
        let phone = match number % 10 {
            0 => format!("+9198{:03}", number % 1_000),
            _ => format!("+9198{:08}", number % (rows / 2)),
        };
        dump.push_str(&format!("Asha Verma,{phone},tag {number}\n"));
    }
    fs::write(folder.join("dump.csv"), dump).unwrap();
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort_unstable();
    names
}

/// Kills a conversion that replaces results. Each time they are those of the run before or the new ones, to
/// the byte; in the end nothing is left of what was killed.
#[track_caller]
fn check(arguments: &[&str]) {
    const ROWS: usize = 5_000;
    let place = tempfile::tempdir().unwrap();
    let (folder, out) = (place.path(), place.path().join("out"));
    let command = |out: &'static str| {
        let always = ["convert", "dump.csv", "--overwrite", "--quiet", "-o", out];
        let mut command = contactmill();
        command.args(always).args(arguments).current_dir(folder);
        command
    };
    dump(folder, ROWS / 2);
    converted(folder, &["dump.csv", "-o", "earlier", "--quiet"]);
    assert!(command("out").status().unwrap().success());
    let before = files(&out);
    dump(folder, ROWS);
    let began = Instant::now();
    assert!(command("whole").status().unwrap().success());
    let took = u64::try_from(began.elapsed().as_micros()).unwrap();
    let after = files(&folder.join("whole"));
    let mut random = Draws::new(1);
    for _ in 0..kills() {
        let mut run = command("out").stderr(Stdio::null()).spawn().unwrap();
        sleep(Duration::from_micros(random.below(took)));
        // It may have come to its end.
        let _ = run.kill();
        run.wait().unwrap();
        let now = files(&out);
        assert!(now == before || now == after, "{arguments:?}: neither these results nor those");
    }
    assert!(command("out").status().unwrap().success());
    assert!(files(&out) == after);
    check_laws(&out);
    assert_eq!(names(folder), ["dump.csv", "earlier", "out", "whole"], "{arguments:?}");
}

#[test]
fn a_conversion_killed_at_any_moment_leaves_whole_results() {
    for arguments in [
        &["--max-contacts", "100"][..],
        &["--layout", "lines", "--on-duplicate", "last"],
        &["--report", "--rejects", "xlsx", "--on-duplicate", "first"],
    ] {
        check(arguments);
    }
}

#[test]
fn a_table_of_contacts_killed_at_any_moment_is_whole() {
    for table in ["csv", "ndjson", "parquet"] {
        check(&["--to", table]);
    }
}

#[test]
fn a_delta_killed_at_any_moment_is_whole() {
    check(&["--since", "earlier"]);
}

/// A correction that was answered is on the disk, whatever happens then; and one that was not is whole or not
/// there.
#[test]
fn a_review_killed_at_any_moment_keeps_every_correction_that_it_answered() {
    /// Rounds on one dump: it has 200 records to correct, and no round corrects more than ten.
    const ROUNDS: u64 = 20;
    let mut place = tempfile::tempdir().unwrap();
    let (mut random, mut kept) = (Draws::new(2), Vec::new());
    for round in 0..kills() {
        if round % ROUNDS == 0 {
            place = tempfile::tempdir().unwrap();
            dump(place.path(), 2_000);
            kept.clear();
        }
        let folder = place.path();
        let path = folder.join("dump.csv.fixes.csv");
        let mut command = contactmill();
        command.args(["review", "dump.csv"]).current_dir(folder);
        let review = Reviewed::start(command);
        let rows = review.rejected();
        let export = random.below(3) == 0;
        let pid = review.0.child.id().to_string();
        let killer = {
            let after = Duration::from_micros(random.below(150_000));
            std::thread::spawn(move || {
                sleep(after);
                let _ = std::process::Command::new("kill").args(["-KILL", &pid]).status();
            })
        };
        if export {
            let _ = review.asked("POST /api/export", &json!({}));
        }
        let mut asked = None;
        for (at, row) in rows.iter().enumerate().take(10) {
            let after = format!("+9197{:08}", round * 100 + at as u64);
            let record = row["record"].as_u64().unwrap();
            match review.fix(row, &after) {
                Some(status) => {
                    assert_eq!(status, 200);
                    kept.push((record, after));
                }
                None => {
                    asked = Some((record, after));
                    break;
                }
            }
        }
        killer.join().unwrap();
        drop(review);
        let bytes = fs::read(&path).unwrap_or_default();
        let whole = &bytes[..fixes::whole_bytes(&bytes)];
        let read = fixes::read(whole).map(|fix| fix.unwrap().1);
        let read: Vec<(u64, String)> = read.map(|fix| (fix.record, fix.after)).collect();
        assert!(read.starts_with(&kept), "round {round}: an answered correction is lost");
        let more = &read[kept.len()..];
        assert!(more.is_empty() || more == [asked.clone().unwrap()], "round {round}: {more:?}");
        kept = read;
        let results = names(folder).into_iter().filter(|name| name.starts_with("contactmill-out"));
        results.for_each(|out| check_laws(&folder.join(out)));
    }
}
