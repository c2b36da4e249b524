//! Where the personal data of a dump stands: in files of results that their owner alone can read, and in no
//! word that is printed, no other file, and no answer to a stranger.
//!
//! The person of the dump is a canary, and so is the token. Every command runs with them, without a umask
//! that could hide the mode of a file.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod program;

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::num::NonZeroU32;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use contactmill_sandbox::{Options, Sandbox};
use program::served::{Served, request};
use program::text;
use serde_json::Value;

const TOKEN: &str = "canary-token-7f3a";

/// What the canary and the token are known by, in lower case and without what stands between letters and
/// digits: a number may be written in any layout.
const MARKS: [&str; 6] =
    ["quenby", "larkspur", "wisteria", "9812345607", "812345607", "canarytoken"];

/// The first of the marks in a text.
fn mark_in(bytes: &[u8]) -> Option<&'static str> {
    let text = String::from_utf8_lossy(bytes).to_lowercase();
    let bare: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
    MARKS.into_iter().find(|mark| bare.contains(mark))
}

/// The canary as a contact, twice as one, as a number that is repaired, rejected, with a bad address, and in
/// a row that cannot be read.
const DUMP: &str = "\
Name,Phone,Email,City,Country
Quenby Larkspur,+919812345607,quenby.larkspur@example.com,Wisteria Ward,IN
Quenby Larkspur,098123 45607,larkspur@example.com,Wisteria Court,IN
Quenby Larkspur,+91 91 98123 45607,quenby.larkspur@@example,Wisteria Ward,IN
Quenby Larkspur,9812345,quenby@wisteria.example,Wisteria Ward,IN
Quenby Larkspur,9.81234560700001E+11,quenby@gmial.com,Wisteria Ward,Larkspur
Asha Larkspur,+919812345607,larkspur@example.com,Wisteria Way,IN
\"Quenby Larkspur,+919812345607,quenby.larkspur@example.com,Wisteria Ward,IN
";

const INPUTS: [(&str, &str); 8] = [
    ("leads.csv", DUMP),
    // Whoever has no header row has a person in the first.
    (
        "headerless.csv",
        "Quenby Larkspur,+919812345607,quenby.larkspur@example.com,Wisteria Ward\n\
         Asha Rao,+919876543210,asha@example.com,Pune\n",
    ),
    (
        "cut.json",
        r#"[{"name":"Quenby Larkspur","phone":"+919812345607","city":"Wisteria Ward"},{"name":"Quenby Lark"#,
    ),
    ("list.txt", "+919812345607\nquenby.larkspur@example.com\nQuenby Larkspur\n"),
    ("profile.toml", "[options]\nregion = \"Quenby Larkspur\"\n"),
    (
        "other.fixes.csv",
        "sha256,member,record,column,before,after\nab,,1,Phone,+919812345607,9812345607 Larkspur\n",
    ),
    ("unread.fixes.csv", "sha256,member,record,column,before,after\nab,,Quenby,+919812345607\n"),
    ("token", TOKEN),
];

/// A folder to work in, one for temporary files, and a home.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let place = Place(tempfile::tempdir().unwrap());
        for folder in ["work", "tmp", "home"] {
            fs::create_dir(place.0.path().join(folder)).unwrap();
        }
        for (name, text) in INPUTS {
            fs::write(place.work().join(name), text).unwrap();
        }
        place
    }

    fn work(&self) -> PathBuf {
        self.0.path().join("work")
    }

    /// A command that runs here, and whose files have the modes that it gives them.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut shell = Command::new("sh");
        let script = "umask 0; ulimit -c unlimited 2>/dev/null; exec \"$0\" \"$@\"";
        shell.args(["-c", script, env!("CARGO_BIN_EXE_contactmill")]).args(arguments);
        shell.current_dir(self.work()).stdin(Stdio::null());
        shell.env("TMPDIR", self.0.path().join("tmp")).env("HOME", self.0.path().join("home"));
        shell.env("RUST_BACKTRACE", "full").env("RUST_LOG", "trace").env("NO_COLOR", "1");
        shell.env_remove("CONTACTMILL_TOKEN");
        shell
    }

    /// Runs a command that must show nothing of the canary and end with this code.
    #[track_caller]
    fn run(&self, arguments: &[&str], code: i32) {
        self.judge(arguments, &self.command(arguments).output().unwrap(), code);
    }

    #[track_caller]
    fn judge(&self, arguments: &[&str], output: &Output, code: i32) {
        for shown in [&output.stdout, &output.stderr] {
            let mark = mark_in(shown);
            assert_eq!(mark, None, "{arguments:?} shows:\n{}", String::from_utf8_lossy(shown));
        }
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        self.check_files();
    }

    /// What the commands have written is for its owner alone, and nothing of it is outside results.
    #[track_caller]
    fn check_files(&self) {
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        for (name, bytes) in program::files(self.0.path()) {
            let path = self.0.path().join(&name);
            let is_ours = name.split('/').any(|part| part.starts_with("out"));
            if !is_ours {
                let is_input = name.starts_with("work/");
                assert!(is_input || mark_in(&bytes).is_none(), "{name} holds the canary");
                continue;
            }
            assert_eq!(mode(&path), 0o600, "{name}");
            let holds_token = String::from_utf8_lossy(&bytes).contains(TOKEN);
            assert!(!holds_token, "{name} holds the token");
            let folder = path.parent().unwrap();
            if folder != self.work() {
                assert_eq!(mode(folder), 0o700, "the folder of {name}");
            }
        }
    }
}

#[test]
fn a_conversion_shows_nobody() {
    let place = Place::new();
    for (at, (arguments, code)) in [
        (&["leads.csv", "-r", "IN"][..], 0),
        (&["leads.csv", "-r", "IN", "--to", "csv"], 0),
        (&["leads.csv", "-r", "IN", "--to", "ndjson"], 0),
        (&["leads.csv", "-r", "IN", "--to", "parquet"], 0),
        (&["leads.csv", "-r", "IN", "--rejects", "xlsx", "--report"], 0),
        (&["leads.csv", "-r", "IN", "--layout", "lines", "--json"], 0),
        (&["leads.csv", "-r", "IN", "--progress", "always", "--sample", "4"], 0),
        (&["leads.csv", "-r", "IN", "--split-by", "country", "--report"], 0),
        (&["leads.csv", "-r", "IN", "--since", "out0", "--exclude", "list.txt"], 0),
        (&["leads.csv", "-r", "IN", "--on-duplicate", "last", "--add-tag", "new"], 0),
        (&["leads.csv", "-r", "IN", "--dedup", "none", "--missing-name", "reject"], 0),
        (&["leads.csv", "-r", "IN", "--max-rejects", "0"], 3),
        (&["leads.csv", "--map", "name=Phone", "--map", "phone=Name"], 0),
        (&["headerless.csv", "--no-header", "--map", "phone=B"], 0),
        (&["cut.json"], 0),
    ]
    .into_iter()
    .enumerate()
    {
        let out = format!("out{at}");
        place.run(&[&["convert", "-o", &out], arguments].concat(), code);
        assert!(place.work().join(&out).join("manifest.json").exists());
    }
    for arguments in [&["report", "out0"][..], &["report", "out0", "-o", "-"]] {
        place.run(arguments, 0);
    }
    place.run(&["report", "out0", "-o", "out.html"], 0);
    // Whoever asks to see values sees them.
    let shown = place.command(&["convert", "leads.csv", "--show-values", "-o", "out-shown"]);
    assert!(mark_in(&{ shown }.output().unwrap().stdout).is_some());
}

#[test]
fn no_error_shows_what_stands_in_a_dump() {
    let place = Place::new();
    place.run(&["convert", "leads.csv", "-r", "IN", "-o", "out"], 0);
    for arguments in [
        &["convert", "headerless.csv", "-o", "out1"][..],
        &["convert", "headerless.csv", "-o", "out1", "--map", "phone=Phone"],
        &["convert", "headerless.csv", "-o", "out1", "--attributes", "City"],
        &["convert", "headerless.csv", "-o", "out1", "--split-by", "City"],
        &["convert", "leads.csv", "-o", "out"],
        &["convert", "leads.csv", "-o", "out1", "--map", "phone=Nothing"],
        &["convert", "leads.csv", "-o", "out1", "--encoding", "utf-16le"],
        &["convert", "leads.csv", "-o", "out1", "--fixes", "other.fixes.csv"],
        &["convert", "leads.csv", "-o", "out1", "--fixes", "unread.fixes.csv"],
        &["convert", "leads.csv", "-o", "out1", "--fixes", "leads.csv"],
        &["convert", "leads.csv", "-o", "out1", "--profile", "leads.csv"],
        &["convert", "leads.csv", "-o", "out1", "--profile", "profile.toml"],
        &["convert", "leads.csv", "-o", "out1", "--since", "."],
        &["inspect", "headerless.csv"],
        &["upload", ".", "--base-url", "http://127.0.0.1:9"],
        &["report", "."],
    ] {
        place.run(arguments, 1);
    }
}

#[test]
fn an_inspection_shows_nobody() {
    let place = Place::new();
    for arguments in [
        &["inspect", "leads.csv"][..],
        &["inspect", "leads.csv", "--json", "-r", "IN"],
        &["inspect", "leads.csv", "--write-profile", "new.toml"],
        &["inspect", "headerless.csv", "--no-header", "--map", "phone=B"],
        &["inspect", "cut.json", "--json"],
    ] {
        place.run(arguments, 0);
    }
    // Standard input is copied to where nobody finds it.
    let mut piped = place.command(&["inspect", "-"]);
    let input = fs::File::open(place.work().join("leads.csv")).unwrap();
    place.judge(&["inspect", "-"], &piped.stdin(input).output().unwrap(), 0);
    assert_eq!(mark_in(&fs::read(place.work().join("new.toml")).unwrap()), None);
}

/// A service that repeats what it is sent in every answer, with this status, and its URL.
fn repeating(status: u16) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let (head, body) = request(&mut stream);
            let contacts: Value = serde_json::from_slice(&body).unwrap();
            let message = format!("refused: {} {}", values(&contacts).join(" "), head.trim());
            let body = serde_json::json!({"error": {"message": message}}).to_string();
            let _ = write!(
                stream,
                "HTTP/1.1 {status} No\r\nConnection: close\r\nLocation: https://a.test/{TOKEN}\r\n\
                 Content-Length: {}\r\n\r\n{body}",
                body.len()
            );
        }
    });
    url
}

/// All texts in a value.
fn values(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(of) => of.iter().flat_map(values).collect(),
        Value::Object(of) => of.values().flat_map(values).collect(),
        value => value.as_str().into_iter().collect(),
    }
}

fn sandbox(faults: &str) -> Sandbox {
    let rate = NonZeroU32::new(1_000_000).unwrap();
    let faults = faults.parse().unwrap();
    Sandbox::start(Options { port: 0, rate, faults, ..Options::default() }).unwrap()
}

#[test]
fn an_upload_shows_neither_token_nor_contact_whatever_is_answered() {
    let place = Place::new();
    let convert = ["convert", "leads.csv", "-r", "IN", "-o", "out", "--dedup", "none"];
    place.run(&convert, 0);
    let upload = |url: &str, also: &[&str], code| {
        let arguments = ["upload", "out", "--base-url", url, "--token-file", "token", "--again"];
        let limits = ["--rate", "60000", "--retries", "0", "--max-wait", "1s"];
        place.run(&[&arguments, &limits[..], also].concat(), code);
    };
    for (faults, code) in
        [("slow=1ms", 0), ("500=1", 1), ("lie=1", 1), ("html=1", 1), ("reset=1", 1), ("422=1", 4)]
    {
        let service = sandbox(faults);
        let url = format!("http://{}", service.address());
        upload(&url, &["--dry-run"], 0);
        upload(&url, &["--json"], code);
        upload(&url, &["--progress", "always"], code);
    }
    for (status, code) in [(400, 1), (401, 5), (302, 1), (404, 1), (500, 1), (413, 4), (422, 4)] {
        let url = repeating(status);
        upload(&url, &["--json"], code);
        upload(&url, &["--progress", "always"], code);
    }
    let refused = fs::read_to_string(place.work().join("out/refused.csv")).unwrap();
    assert!(mark_in(refused.as_bytes()).is_some(), "whom it is about, the table does say");
}

#[test]
fn a_review_shows_people_to_whoever_has_the_key_alone() {
    let place = Place::new();
    let review = Served::start(place.command(&["review", "leads.csv", "-o", "out", "-r", "IN"]));
    let host = format!("Host: {}\r\n", review.host());
    let token = review.url.split_once('#').unwrap().1.to_owned();
    let key = format!("{host}X-Contactmill-Token: {token}\r\n");
    let rows = "GET /api/rows?reason=phone_too_short&from=0";
    let state = "GET /api/state";
    let is_counted = || !review.asked(state, &key, "").contains("\"progress\":[");
    for _ in 0..600 {
        if is_counted() && mark_in(review.asked(rows, &key, "").as_bytes()).is_some() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert!(mark_in(review.asked(rows, &key, "").as_bytes()).is_some(), "with the key");
    let other = format!("{host}X-Contactmill-Token: {}\r\n", "0".repeat(token.len()));
    for path in [rows, state, "GET /", "GET /app.js", "POST /api/export", "GET /api/contacts"] {
        for head in [
            host.clone(),
            other.clone(),
            format!("{key}Origin: http://page.example\r\n"),
            format!("{key}Sec-Fetch-Site: cross-site\r\n"),
            key.replace("127.0.0.1", "rebound.example"),
        ] {
            let answer = review.asked(path, &head, "");
            assert_eq!(mark_in(answer.as_bytes()), None, "{path}: {answer}");
            assert!(!answer.contains(&token), "{path}: {answer}");
        }
    }
    let json = format!("{key}Content-Type: application/json\r\n");
    let exported = review.asked("POST /api/export", &json, "{}");
    assert!(exported.starts_with("HTTP/1.1 200"), "{exported}");
    for _ in 0..600 {
        if place.work().join("out/manifest.json").exists() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    place.check_files();
    let said = review.ended();
    assert_eq!(mark_in(said.as_bytes()), None, "{said}");
}

#[test]
fn the_page_of_the_sandbox_shows_nobody_and_its_list_is_for_this_machine() {
    let place = Place::new();
    place.run(&["convert", "leads.csv", "-r", "IN", "-o", "out"], 0);
    let sandbox = Served::start(place.command(&["sandbox", "--port", "0", "--rate", "60000"]));
    let url = sandbox.url.trim_end_matches('/').to_owned();
    let upload = ["upload", "out", "--base-url", &url, "--token-file", "token", "--quiet"];
    place.run(&upload, 0);
    let host = format!("Host: {}\r\n", sandbox.host());
    for path in ["GET /", "GET /stats"] {
        let answer = sandbox.asked(path, &host, "");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert_eq!(mark_in(answer.as_bytes()), None, "{answer}");
    }
    assert!(mark_in(sandbox.asked("GET /contacts", &host, "").as_bytes()).is_some());
    let rebound = "Host: rebound.example\r\n";
    assert_eq!(mark_in(sandbox.asked("GET /contacts", rebound, "").as_bytes()), None);
    assert_eq!(mark_in(sandbox.ended().as_bytes()), None);
}

/// A core dump holds all that a process knows.
#[cfg(target_os = "linux")]
#[test]
fn no_command_leaves_a_core_dump() {
    let place = Place::new();
    let commands = [&["review", "leads.csv"][..], &["sandbox", "--port", "0"]];
    for arguments in commands {
        let running = Served::start(place.command(arguments));
        let limits = fs::read_to_string(format!("/proc/{}/limits", running.child.id())).unwrap();
        let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
        let values: Vec<&str> = core.split_whitespace().skip(4).take(2).collect();
        assert_eq!(values, ["0", "0"], "{arguments:?}: {core}");
        running.ended();
    }
}

/// The mode that a file is created with counts: whoever opens it before it is changed keeps it open.
#[cfg(target_os = "linux")]
#[test]
fn every_file_is_its_owners_alone_from_its_first_moment() {
    let traces = |log: &Path| {
        let mut command = Command::new("strace");
        command.args(["-f", "-qq", "-o"]).arg(log);
        command.args(["-e", "trace=open,openat,creat,mkdir,mkdirat"]);
        command
    };
    if !traces(Path::new("/dev/null")).arg("true").status().is_ok_and(|status| status.success()) {
        let is_required = std::env::var_os("CONTACTMILL_FAULTS").is_some();
        assert!(!is_required, "strace is required and cannot be used");
        return;
    }
    let place = Place::new();
    let log = place.0.path().join("log");
    for arguments in [
        &["convert", "leads.csv", "-r", "IN", "-o", "out", "--report"][..],
        &["convert", "leads.csv", "-r", "IN", "-o", "out1", "--to", "parquet", "--since", "out"],
        &["convert", "leads.csv", "-r", "IN", "-o", "out2", "--split-by", "country"],
        &["report", "out", "-o", "out.html"],
        &["inspect", "-"],
    ] {
        let inner = place.command(arguments);
        let mut command = traces(&log);
        command.arg(inner.get_program()).args(inner.get_args()).current_dir(place.work());
        command.env("TMPDIR", place.0.path().join("tmp"));
        command.stdin(fs::File::open(place.work().join("leads.csv")).unwrap());
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        let log = fs::read_to_string(&log).unwrap();
        let makes = |call: &&str| {
            // One without a name (O_TMPFILE) cannot be opened by anybody else.
            (call.contains("O_CREAT") || call.contains("mkdir"))
                && !call.contains("= -1")
                && !call.contains("/dev/null")
        };
        for call in log.lines().filter(makes) {
            let is_private = call.contains(", 0600)") || call.contains(", 0700)");
            assert!(is_private, "{arguments:?}: {call}");
        }
    }
}
