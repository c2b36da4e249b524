//! Many clients, slow ones, and uploads that go on for long.
//!
//! CI uploads for some seconds; `CONTACTMILL_LOAD_SECONDS=3600 CONTACTMILL_LOAD_CONTACTS=1000000` does more.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "a test tells what it measured")]

mod program;

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use program::draws::Draws;
use program::served::Served;
use program::{contactmill, converted, peak_mib};
use serde_json::Value;

/// How a client is slow, or hostile, before it says nothing more.
const BEGUN: [&str; 6] = [
    "",
    "GET / HT",
    "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ",
    "POST /api/export HTTP/1.1\r\nHost: HOST\r\nContent-Length: 2000\r\n\r\n{",
    "POST /inbox/users/import HTTP/1.1\r\nHost: HOST\r\nContent-Length: 90000\r\n\r\n[",
    "POST /api/fix HTTP/1.1\r\nHost: HOST\r\nContent-Length: 99999999999999\r\n\r\n{",
];

/// With 200 connections open, slow ones among them, whoever asks is answered, and as many others are, too.
#[track_caller]
fn check_under_load(served: &Served, ask: &(impl Fn() -> String + Sync)) {
    let slow: Vec<TcpStream> = (0..200)
        .map(|at| {
            let mut stream = TcpStream::connect(served.host()).unwrap();
            let begun = BEGUN[at % BEGUN.len()].replace("HOST", served.host());
            stream.write_all(begun.as_bytes()).unwrap();
            stream
        })
        .collect();
    let began = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| {
                for _ in 0..5 {
                    let answer = ask();
                    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
                }
            });
        }
    });
    let took = began.elapsed();
    let peak = peak_mib(&served.child).unwrap();
    println!("100 answers beside 200 slow connections in {took:?}, {peak} MiB");
    assert!(took < Duration::from_secs(25), "{took:?}");
    assert!(peak < 256, "{peak} MiB");
    drop(slow);
    assert!(ask().starts_with("HTTP/1.1 200"));
}

#[test]
fn a_review_answers_beside_two_hundred_slow_connections() {
    let folder = program::folder_with(b"Name,Phone\nAsha,+919876543210\nRavi,12\n");
    let mut command = contactmill();
    command.args(["review", "in.csv"]).current_dir(folder.path()).stdin(Stdio::null());
    let review = Served::start(command);
    let (_, token) = review.url.split_once('#').unwrap();
    let head = format!("Host: {}\r\nX-Contactmill-Token: {token}\r\n", review.host());
    check_under_load(&review, &|| review.asked("GET /api/state", &head, ""));
    review.ended();
}

#[test]
fn the_sandbox_answers_beside_two_hundred_slow_connections() {
    let mut command = contactmill();
    command.args(["sandbox", "--port", "0"]).stdin(Stdio::null());
    let sandbox = Served::start(command);
    let head = format!("Host: {}\r\n", sandbox.host());
    check_under_load(&sandbox, &|| sandbox.asked("GET /stats", &head, ""));
    sandbox.ended();
}

/// A client that is slow for too long is let go.
#[test]
fn a_slow_connection_ends_by_itself() {
    let mut command = contactmill();
    command.args(["sandbox", "--port", "0"]).stdin(Stdio::null());
    let sandbox = Served::start(command);
    let mut stream = TcpStream::connect(sandbox.host()).unwrap();
    stream.write_all(b"GET / HT").unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    assert_eq!(stream.read(&mut [0]).unwrap(), 0);
    sandbox.ended();
}

fn setting(name: &str, short: u64) -> u64 {
    std::env::var(name).map_or(short, |value| value.parse().unwrap())
}

/// Number of contacts in a request of [`upload`].
const CONTACTS_OF_REQUEST: u64 = 50;

fn upload(folder: &Path, url: &str, rate: &str) -> Command {
    let mut command = contactmill();
    command.args(["upload", "out", "--base-url", url, "--rate", rate, "--retries", "20"]);
    command.env("CONTACTMILL_TOKEN", "rehearsal").current_dir(folder);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Kills an upload and starts it again until the time is over, at the rate at which it would just be done by then,
/// and lets it finish: every contact is stored once, no run needs more memory than another, and all runs together
/// keep to the limit.
#[test]
fn an_upload_that_is_killed_for_long_stores_everybody() {
    let seconds = setting("CONTACTMILL_LOAD_SECONDS", 5);
    let contacts = setting("CONTACTMILL_LOAD_CONTACTS", 20_000);
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let rows = (0..contacts).map(|number| format!("Asha Verma,+9198{number:08}\n"));
    fs::write(folder.join("dump.csv"), "name,phone\n".to_owned() + &rows.collect::<String>())
        .unwrap();
    let max_contacts = CONTACTS_OF_REQUEST.to_string();
    converted(folder, &["dump.csv", "-o", "out", "--max-contacts", &max_contacts, "--quiet"]);
    let rate = (60 * contacts / CONTACTS_OF_REQUEST / seconds).to_string();
    let mut command = contactmill();
    let faults = "500=0.02,reset=0.02,drop-after-apply=0.02,truncate=0.01,slow=2ms";
    command.args(["sandbox", "--port", "0", "--rate", &rate, "--fail", faults]);
    let sandbox = Served::start(command);
    let url = sandbox.url.trim_end_matches('/').to_owned();

    let (began, mut random, mut peaks) = (Instant::now(), Draws::new(3), Vec::new());
    while began.elapsed() < Duration::from_secs(seconds) {
        let mut run = upload(folder, &url, &rate).spawn().unwrap();
        sleep(Duration::from_millis(200 + random.below(2_000)));
        if run.try_wait().unwrap().is_some() {
            break;
        }
        peaks.extend(peak_mib(&run));
        run.kill().unwrap();
        run.wait().unwrap();
    }
    assert!(upload(folder, &url, &rate).status().unwrap().success());
    let stats = sandbox.asked("GET /stats", &format!("Host: {}\r\n", sandbox.host()), "");
    let stats: Value = serde_json::from_str(stats.split_once("\r\n\r\n").unwrap().1).unwrap();
    assert_eq!(stats["contacts"], contacts);
    assert_eq!(stats["answers"].get("429"), None, "over the limit");
    let most = peaks.iter().max().copied().unwrap_or(0);
    println!(
        "{} runs killed in {:?}, {} requests, at most {} of {rate} in a minute and {most} MiB",
        peaks.len(),
        began.elapsed(),
        stats["requests"],
        stats["peak_minute"],
    );
    // The journal grows, and memory by what it says of arrays.
    assert!(most < 64 + contacts / 5_000, "{most} MiB");
    let journal = fs::read_to_string(folder.join("out/upload.journal")).unwrap();
    let acknowledged = journal.lines().filter(|line| line.contains("\"acknowledged\""));
    let slices = |line: &str| line.split("\"array\":").nth(1).unwrap().to_owned();
    let slices: Vec<String> = acknowledged.map(slices).collect();
    let distinct: BTreeSet<&String> = slices.iter().collect();
    assert_eq!(slices.len(), distinct.len(), "acknowledged twice");
    sandbox.ended();
}
