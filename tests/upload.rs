//! `contactmill upload` and `contactmill sandbox` as people run them: killed, stopped, with mistakes.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "a test tells what it measured")]

mod program;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::num::NonZeroU32;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use contactmill_sandbox::{Key, Options, Sandbox};
use program::draws::Draws;
use program::{contactmill, converted, text};
use serde_json::Value;

const TOKEN: &str = "canary-token-7f3a";

/// A rate that is never reached.
const FAST: [&str; 2] = ["--rate", "60000"];

fn sandbox(options: Options) -> Sandbox {
    let rate = NonZeroU32::new(1_000_000).unwrap();
    Sandbox::start(Options { port: 0, rate, ..options }).unwrap()
}

fn url(sandbox: &Sandbox) -> String {
    format!("http://{}", sandbox.address())
}

/// Converts this number of contacts into arrays in the folder `out`.
fn convert(folder: &Path, contacts: usize, per_array: usize) {
    let mut dump = String::from("name,phone,email,City\n");
    for number in 0..contacts {
        dump.push_str(&format!(
            "Asha Canary,+9198{number:08},canary{number}@example.com,Canary City\n"
        ));
    }
    fs::write(folder.join("dump.csv"), dump).unwrap();
    let per_array = per_array.to_string();
    converted(folder, &["dump.csv", "-o", "out", "--max-contacts", &per_array, "--quiet"]);
}

/// The command to upload `out` to a service, with the token in the environment.
fn upload(folder: &Path, url: &str) -> Command {
    let mut command = contactmill();
    command.args(["upload", "out", "--base-url", url]).args(FAST);
    command.env("CONTACTMILL_TOKEN", TOKEN).current_dir(folder).stdin(Stdio::null());
    command
}

#[track_caller]
fn check_exit(output: &Output, code: i32) {
    let (out, error) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{out}{error}");
}

/// The contacts of all arrays by their numbers.
fn contacts_by_key(out: &Path) -> BTreeMap<Key, Value> {
    let key = |contact: &Value| {
        let phone = contact.pointer("/profile/userDetails/contact/phone").unwrap();
        let part = |name: &str| phone[name].as_str().unwrap().to_owned();
        Key { prefix: part("prefix"), number: part("number") }
    };
    program::contacts(out).into_iter().map(|contact| (key(&contact), contact)).collect()
}

/// All contacts of the arrays are stored, without these.
#[track_caller]
fn check_stored(sandbox: &Sandbox, out: &Path, refused: &[Key]) {
    let mut expected = contacts_by_key(out);
    for key in refused {
        assert!(expected.remove(key).is_some());
    }
    let stored: BTreeMap<Key, Value> =
        sandbox.contacts().into_iter().map(|(key, stored)| (key, stored.contact)).collect();
    assert!(stored == expected, "{} stored, {} expected", stored.len(), expected.len());
}

/// Makes a contact of an array invalid, and adapts the manifest.
fn spoil(out: &Path, file: &str, index: usize) -> Key {
    use ring::digest::{SHA256, digest};
    let mut array: Vec<Value> = serde_json::from_slice(&fs::read(out.join(file)).unwrap()).unwrap();
    let details = array[index].pointer_mut("/profile/userDetails").unwrap();
    details["contact"]["email"] = "canary-without-at".into();
    let number = details["contact"]["phone"]["number"].as_str().unwrap().to_owned();
    let json = serde_json::to_string(&array).unwrap();
    fs::write(out.join(file), &json).unwrap();
    let mut manifest = program::manifest(out);
    let files = manifest["files"].as_array_mut().unwrap();
    let entry = files.iter_mut().find(|entry| entry["path"] == file).unwrap();
    entry["bytes"] = json.len().into();
    let hash = digest(&SHA256, json.as_bytes());
    let sha256: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    entry["sha256"] = sha256.into();
    fs::write(out.join("manifest.json"), manifest.to_string()).unwrap();
    Key { prefix: "91".to_owned(), number }
}

#[test]
fn the_tour_of_the_readme_ends_with_every_contact_stored() {
    let folder = tempfile::tempdir().unwrap();
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/contacts.csv");
    converted(folder.path(), &[sample, "--region", "IN", "--max-contacts", "50", "--quiet"]);
    let mut command = contactmill();
    command.args(["sandbox", "--port", "0"]).stdout(Stdio::piped());
    let mut served = command.spawn().unwrap();
    // The sandbox prints the exact command.
    let mut lines = BufReader::new(served.stdout.take().unwrap()).lines().map(Result::unwrap);
    let said = lines.find(|line| line.contains(" upload ")).unwrap();
    let mut words = said.split_whitespace();
    let (name, token) = words.next().unwrap().split_once('=').unwrap();
    let mut printed = Command::new(words.next().unwrap());
    let output = printed.args(words).env(name, token).current_dir(folder.path()).output().unwrap();
    check_exit(&output, 0);
    let all =
        program::manifest(&folder.path().join("contactmill-out"))["counts"]["contacts"].clone();
    assert!(text(&output.stdout).contains(&format!("{all}  acknowledged 100.0 %")));
    let kill = Command::new("kill").args(["-INT", &served.id().to_string()]).status().unwrap();
    assert!(kill.success());
    let last = lines.last().unwrap();
    assert!(last.starts_with(&format!("{all} contacts in ")), "{last}");
    assert!(served.wait().unwrap().success());
}

#[test]
fn refused_contacts_go_to_a_table_that_convert_reads_back() {
    let sandbox = sandbox(Options::default());
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    convert(folder.path(), 60, 20);
    let refused = [
        spoil(&out, "import-000001.json", 7),
        spoil(&out, "import-000003.json", 0),
        spoil(&out, "import-000003.json", 19),
    ];
    let output = upload(folder.path(), &url(&sandbox)).output().unwrap();
    check_exit(&output, 4);
    assert!(text(&output.stdout).contains("3  refused"), "{}", text(&output.stdout));
    check_stored(&sandbox, &out, &refused);
    // Corrected, it is converted and uploaded in its turn.
    let table = fs::read_to_string(out.join("refused.csv")).unwrap();
    assert_eq!(table.lines().count(), 4);
    let corrected = table.replace("canary-without-at", "canary@example.com");
    fs::write(folder.path().join("corrected.csv"), corrected).unwrap();
    converted(folder.path(), &["corrected.csv", "-o", "again", "--quiet"]);
    let mut command = contactmill();
    command.args(["upload", "again", "--base-url", &url(&sandbox)]).args(FAST);
    let again =
        command.env("CONTACTMILL_TOKEN", TOKEN).current_dir(folder.path()).output().unwrap();
    check_exit(&again, 0);
    assert_eq!(sandbox.stats().contacts, 60);
    let stored = sandbox.contacts()[&refused[0]].contact["profile"]["userDetails"].clone();
    assert_eq!(stored["userProvidedName"], "Asha Canary");
    assert_eq!(stored["attributes"][0]["value"], "Canary City");
    // Refused is refused: the same command sends nothing again, and says the same.
    let requests = sandbox.stats().requests;
    let output = upload(folder.path(), &url(&sandbox)).output().unwrap();
    check_exit(&output, 4);
    assert_eq!(sandbox.stats().requests, requests);
}

/// Runs that are killed at random moments, each continued until it is finished. CI does some;
/// `CONTACTMILL_KILLS=1000` does more.
#[test]
fn a_run_killed_at_any_moment_forgets_nothing() {
    let kills: usize =
        std::env::var("CONTACTMILL_KILLS").map_or(20, |kills| kills.parse().unwrap());
    let at_once = if kills > 100 { 12 } else { 5 };
    let left = AtomicUsize::new(kills);
    let killed = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for worker in 0..at_once {
            let (left, killed) = (&left, &killed);
            scope.spawn(move || {
                let mut random = Draws::new(worker as u64 + 1);
                let take = || {
                    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1))
                };
                while take().is_ok() {
                    killed.fetch_add(one_killed_run(&mut random), Ordering::Relaxed);
                }
            });
        }
    });
    println!("{kills} runs, killed {} times", killed.load(Ordering::Relaxed));
}

fn one_killed_run(random: &mut Draws) -> usize {
    // At some time everything is refused for a while.
    let begins = 1 + random.below(60);
    let general = format!("bot-not-found={begins}..{}", begins + 1 + random.below(24));
    let faults = format!(
        "429=0.02,500=0.05,reset=0.03,drop-after-apply=0.05,truncate=0.03,lie=0.02,slow=4ms,{general}"
    );
    let sandbox = sandbox(Options {
        faults: faults.parse().unwrap(),
        seed: random.below(u64::MAX),
        ..Options::default()
    });
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    convert(folder.path(), 240, 12);
    let refused = [spoil(&out, "import-000004.json", 3), spoil(&out, "import-000011.json", 11)];
    let mut killed = 0;
    for _ in 0..=random.below(3) {
        let mut run = quiet(upload(folder.path(), &url(&sandbox))).spawn().unwrap();
        sleep(Duration::from_micros(random.below(250_000)));
        run.kill().unwrap();
        killed += usize::from(run.wait().unwrap().code().is_none());
    }
    // Three more for runs that end because everything is refused: each takes some of that time.
    let finished = (0..5 + 3).any(|_| {
        let status = quiet(upload(folder.path(), &url(&sandbox))).status().unwrap();
        status.code() == Some(4)
    });
    assert!(finished, "eight runs did not finish ({general})");
    check_stored(&sandbox, &out, &refused);
    let mut numbers = program::column(&out.join("refused.csv"), "phone");
    numbers.sort_unstable();
    let expected: Vec<String> = refused.iter().map(|key| format!("'+91{}", key.number)).collect();
    assert_eq!(numbers, expected);
    killed
}

fn quiet(mut command: Command) -> Command {
    command.args(["--retries", "12"]).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Waits until the sandbox has received this number of requests.
fn wait_for_requests(sandbox: &Sandbox, requests: u64) {
    let began = Instant::now();
    while sandbox.stats().requests < requests {
        assert!(began.elapsed() < Duration::from_secs(20), "no requests come");
        sleep(Duration::from_millis(2));
    }
}

#[test]
fn a_signal_ends_a_run_and_the_next_one_continues_it() {
    for (signal, code) in [("-INT", 130), ("-TERM", 143)] {
        let faults = "slow=50ms".parse().unwrap();
        let sandbox = sandbox(Options { faults, ..Options::default() });
        let folder = tempfile::tempdir().unwrap();
        convert(folder.path(), 400, 4);
        let mut command = upload(folder.path(), &url(&sandbox));
        let run = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        wait_for_requests(&sandbox, 5);
        let kill = Command::new("kill").args([signal, &run.id().to_string()]).status().unwrap();
        assert!(kill.success());
        let output = run.wait_with_output().unwrap();
        check_exit(&output, code);
        assert!(text(&output.stderr).contains("the same command goes on from here"));
        // Everything that was sent was answered: nothing is sent twice.
        let output = upload(folder.path(), &url(&sandbox)).output().unwrap();
        check_exit(&output, 0);
        let stats = sandbox.stats();
        assert_eq!((stats.contacts, stats.requests, stats.updated), (400, 100, 0));
    }
}

#[test]
fn one_run_at_a_time_uploads_a_folder() {
    let faults = "slow=300ms".parse().unwrap();
    let sandbox = sandbox(Options { faults, ..Options::default() });
    let folder = tempfile::tempdir().unwrap();
    convert(folder.path(), 40, 4);
    let mut command = upload(folder.path(), &url(&sandbox));
    let mut first = command.stdout(Stdio::null()).spawn().unwrap();
    wait_for_requests(&sandbox, 1);
    let second = upload(folder.path(), &url(&sandbox)).output().unwrap();
    check_exit(&second, 1);
    assert!(text(&second.stderr).contains("another contactmill upload"));
    assert!(first.wait().unwrap().success());
}

/// The command lines of all visible processes.
fn command_lines() -> String {
    let mut all = String::new();
    let Ok(processes) = fs::read_dir("/proc") else { return all };
    for process in processes.flatten() {
        let line = fs::read(process.path().join("cmdline")).unwrap_or_default();
        all.push_str(&String::from_utf8_lossy(&line).replace('\0', " "));
        all.push('\n');
    }
    all
}

/// The token and the contacts of the arrays are canaries. Only the table of refused contacts may hold a
/// contact.
#[test]
fn neither_token_nor_contacts_are_shown_anywhere() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    convert(folder.path(), 60, 20);
    spoil(&out, "import-000002.json", 3);
    fs::write(folder.path().join("token"), format!("Bearer {TOKEN}\n")).unwrap();
    let mut shown = Vec::new();
    for faults in
        ["slow=20ms", "500=1", "401=1", "html=1", "429=1,retry-after=3000s", "422=1", "reset=1"]
    {
        let sandbox = sandbox(Options { faults: faults.parse().unwrap(), ..Options::default() });
        for flag in ["--json", "--dry-run", "--progress=always"] {
            let mut command = contactmill();
            command.args(["upload", "out", flag, "--base-url", &url(&sandbox), "--retries", "1"]);
            command.args(["--token-file", "token", "--max-wait", "2s"]).args(FAST);
            command.env("RUST_LOG", "trace").env("RUST_BACKTRACE", "1");
            command.current_dir(folder.path()).stdin(Stdio::null());
            let run = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
            sleep(Duration::from_millis(30));
            shown.push(command_lines());
            let output = run.wait_with_output().unwrap();
            shown.push(text(&output.stdout));
            shown.push(text(&output.stderr));
            shown.push(fs::read_to_string(out.join("upload.journal")).unwrap_or_default());
        }
        let page = serde_json::to_string(&sandbox.stats()).unwrap();
        shown.push(page);
    }
    assert!(shown.len() > 80);
    for text in &shown {
        assert!(!text.to_lowercase().contains("canary"), "{text}");
        assert!(!text.contains("+919800000"), "{text}");
    }
    let held: Vec<String> = program::files(&out)
        .into_iter()
        .filter(|(_, bytes)| String::from_utf8_lossy(bytes).contains(TOKEN))
        .map(|(name, _)| name)
        .collect();
    assert!(held.is_empty(), "{held:?}");
}

#[test]
fn the_token_comes_from_a_file_a_variable_or_standard_input() {
    let sandbox = sandbox(Options::default());
    let folder = tempfile::tempdir().unwrap();
    convert(folder.path(), 4, 4);
    fs::write(folder.path().join("token"), TOKEN).unwrap();
    let command = |arguments: &[&str]| {
        let mut command = contactmill();
        command.args(["upload", "out", "--base-url", &url(&sandbox)]).args(arguments);
        command.env_remove("CONTACTMILL_TOKEN").current_dir(folder.path());
        command
    };
    let piped = |mut command: Command| {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut run: Child = command.spawn().unwrap();
        run.stdin.take().unwrap().write_all(TOKEN.as_bytes()).unwrap();
        run.wait_with_output().unwrap()
    };
    let none = |mut command: Command| command.stdin(Stdio::null()).output().unwrap();
    check_exit(&none(command(&["--token-file", "token"])), 0);
    check_exit(&piped(command(&["--token-file", "-"])), 0);
    check_exit(&piped(command(&[])), 0);
    let mut with_variable = command(&[]);
    with_variable.env("CONTACTMILL_TOKEN", TOKEN);
    check_exit(&none(with_variable), 0);
    for (arguments, said) in [
        (&[][..], "there is no token: name a file with --token-file, or set CONTACTMILL_TOKEN"),
        (&["--token-file", "nowhere"], "nowhere: the token cannot be read"),
        (&["--token-file", "dump.csv"], "dump.csv: this is no token"),
        (&["--token-file", "dump.csv", "--dry-run"], "dump.csv: this is no token"),
    ] {
        let output = none(command(arguments));
        check_exit(&output, 1);
        assert!(text(&output.stderr).contains(said), "{}", text(&output.stderr));
    }
}

#[test]
fn a_folder_or_target_that_cannot_be_used_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    convert(folder.path(), 40, 20);
    let run = |arguments: &[&str]| {
        let mut command = contactmill();
        command.arg("upload").args(arguments).env("CONTACTMILL_TOKEN", TOKEN);
        command.current_dir(folder.path()).output().unwrap()
    };
    for (arguments, code, said) in [
        (&["out"][..], 2, "--target"),
        (&["out", "--target", "nobody"], 2, "there is no target \"nobody\"; the targets are"),
        (&["out", "--base-url", "http://api.example.com"], 2, "is not https"),
        (&["out", "--base-url", "https://me:hidden@example.com"], 2, "is more than a base URL"),
        (&["out", "--base-url", "https://example.com/?key=hidden"], 2, "is more than a base URL"),
        (&["out", "--base-url", "https://example.com/#hidden"], 2, "is more than a base URL"),
        (&["out", "--target", "m1bot", "--bot-id", "a b"], 2, "a bot id has"),
        (&["out", "--target", "m1bot", "--token", TOKEN], 2, "unexpected argument"),
        (&[".", "--target", "m1bot"], 1, "there is no manifest.json"),
        (&["nowhere", "--target", "m1bot"], 1, "there is no manifest.json"),
    ] {
        let output = run(arguments);
        check_exit(&output, code);
        let error = text(&output.stderr);
        assert!(error.contains(said) && !error.contains("hidden"), "{arguments:?}: {error}");
    }
    converted(folder.path(), &["dump.csv", "--sample", "9", "-o", "sample", "--quiet"]);
    let output = run(&["sample", "--target", "m1bot", "--dry-run"]);
    check_exit(&output, 1);
    let said = "sample: this is the result of a sample, 9 of 40 records; convert all of them";
    assert!(text(&output.stderr).contains(said), "{}", text(&output.stderr));
    let path = folder.path().join("out/import-000002.json");
    let changed = fs::read_to_string(&path).unwrap().replace("Asha", "Usha");
    fs::write(path, changed).unwrap();
    let output = run(&["out", "--target", "m1bot"]);
    check_exit(&output, 1);
    let error = text(&output.stderr);
    assert!(error.contains("import-000002.json") && error.contains("SHA-256 differs"), "{error}");
    assert!(!folder.path().join("out/upload.journal").exists());
}

#[test]
fn a_dry_run_shows_the_plan_and_touches_nothing() {
    let folder = tempfile::tempdir().unwrap();
    convert(folder.path(), 50, 20);
    let before = program::files(&folder.path().join("out"));
    let mut command = contactmill();
    command.args(["upload", "out", "--target", "reekolect", "--dry-run", "--bot-id", "b1"]);
    let output = command.current_dir(folder.path()).output().unwrap();
    check_exit(&output, 0);
    let shown = text(&output.stdout);
    for line in [
        "  target    reekolect, https://api.v7.express-chat.com/inbox/users/import?botId=b1",
        "  arrays    3 of 3",
        "  contacts  50 of 50",
        "  time      1 s at least, at 100 requests a minute",
        "  Authorization: Bearer ********",
        "  Origin: https://app.reekolect.ai",
        "  Referer: https://app.reekolect.ai/",
        "  botId: b1",
        "  (import-000001.json, 20 contacts)",
    ] {
        assert!(shown.lines().any(|shown| shown == line), "{line}\n{shown}");
    }
    assert!(!shown.to_lowercase().contains("canary"));
    assert_eq!(program::files(&folder.path().join("out")), before);
}

#[test]
fn arrays_without_a_clear_answer_are_listed_and_fail_the_run() {
    let faults = "500=1".parse().unwrap();
    let sandbox = sandbox(Options { faults, ..Options::default() });
    let folder = tempfile::tempdir().unwrap();
    convert(folder.path(), 8, 4);
    let output = upload(folder.path(), &url(&sandbox)).args(["--retries", "1"]).output().unwrap();
    check_exit(&output, 1);
    let shown = text(&output.stdout);
    let line = "  import-000002.json, 4 contacts: the service answered 500";
    assert!(shown.lines().any(|shown| shown == line), "{shown}");
    sandbox.set_faults(Default::default());
    check_exit(&upload(folder.path(), &url(&sandbox)).output().unwrap(), 0);
    assert_eq!(sandbox.stats().contacts, 8);
}

#[test]
fn a_refused_token_has_an_exit_code_of_its_own() {
    let faults = "401=1".parse().unwrap();
    let sandbox = sandbox(Options { faults, ..Options::default() });
    let folder = tempfile::tempdir().unwrap();
    convert(folder.path(), 80, 4);
    let output = upload(folder.path(), &url(&sandbox)).arg("--json").output().unwrap();
    check_exit(&output, 5);
    assert!(text(&output.stderr).contains("the service refused the token (401)"));
    let outcome: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&outcome["ended"], &outcome["left"]), (&"unauthorized".into(), &80.into()));
    assert!(sandbox.stats().requests <= 4);
}

#[test]
fn arrays_in_lines_and_a_tag_are_uploaded_too() {
    let sandbox = sandbox(Options::default());
    let folder = tempfile::tempdir().unwrap();
    convert(folder.path(), 30, 4);
    fs::remove_dir_all(folder.path().join("out")).unwrap();
    converted(
        folder.path(),
        &["dump.csv", "-o", "out", "--layout", "lines", "--max-contacts", "4", "--quiet"],
    );
    let output = upload(folder.path(), &url(&sandbox)).arg("--tag-run=spring").output().unwrap();
    check_exit(&output, 0);
    assert_eq!((sandbox.stats().contacts, sandbox.stats().requests), (30, 8));
    for stored in sandbox.contacts().values() {
        assert_eq!(stored.contact["profile"]["userDetails"]["tags"], serde_json::json!(["spring"]));
    }
}

/// `convert --overwrite` knows the files that an upload adds.
#[test]
fn results_that_were_uploaded_can_be_replaced() {
    let sandbox = sandbox(Options::default());
    let folder = tempfile::tempdir().unwrap();
    convert(folder.path(), 8, 4);
    spoil(&folder.path().join("out"), "import-000001.json", 0);
    check_exit(&upload(folder.path(), &url(&sandbox)).output().unwrap(), 4);
    converted(folder.path(), &["dump.csv", "-o", "out", "--overwrite", "--quiet"]);
    assert!(!folder.path().join("out/upload.journal").exists());
}

/// An upload of `out` that sends one array and then waits for the limit.
fn running_upload(folder: &Path, url: &str) -> Child {
    let mut command = contactmill();
    command.args(["upload", "out", "--base-url", url, "--rate", "1", "--concurrency", "1"]);
    command.env("CONTACTMILL_TOKEN", TOKEN).current_dir(folder).stdin(Stdio::null());
    let upload = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let journal = folder.join("out/upload.journal");
    let has_begun =
        || fs::read_to_string(&journal).is_ok_and(|text| text.contains("\"acknowledged\""));
    while !has_begun() {
        sleep(Duration::from_millis(5));
    }
    upload
}

/// What is in the folder beside the dump and `out`.
fn left_beside(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let names = names.map(|name| name.into_string().unwrap());
    names.filter(|name| name != "dump.csv" && name != "out").collect()
}

#[test]
fn results_with_an_unfinished_upload_are_replaced_only_with_overwrite_twice() {
    let sandbox = sandbox(Options::default());
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    convert(folder, 60, 20);
    let mut at_work = running_upload(folder, &url(&sandbox));
    let before = program::files(&folder.join("out"));
    let overwrite = ["dump.csv", "-o", "out", "--overwrite"];
    let twice = ["dump.csv", "-o", "out", "--overwrite", "--overwrite"];
    #[track_caller]
    fn check_refused(folder: &Path, arguments: &[&str], why: &str) {
        let refused = program::convert(folder, arguments);
        check_exit(&refused, 1);
        assert!(text(&refused.stderr).contains(why), "{}", text(&refused.stderr));
        assert_eq!(left_beside(folder), [""; 0]);
    }
    check_refused(folder, &overwrite, "at work in this folder");
    check_refused(folder, &twice, "at work in this folder");
    at_work.kill().unwrap();
    at_work.wait().unwrap();
    check_refused(folder, &overwrite, "40 of 60 contacts have no final answer");
    assert!(program::files(&folder.join("out")) == before);
    // Once all is in, or when it is asked for, they are replaced, and the journal goes with them.
    check_exit(&upload(folder, &url(&sandbox)).output().unwrap(), 0);
    converted(folder, &overwrite);
    assert!(!folder.join("out/upload.journal").exists());
    let mut at_work = running_upload(folder, &url(&sandbox));
    at_work.kill().unwrap();
    at_work.wait().unwrap();
    converted(folder, &twice);
    assert!(!folder.join("out/upload.journal").exists());
    // A journal that cannot be read may say that much is in.
    fs::write(folder.join("out/upload.journal"), "damaged\n").unwrap();
    check_refused(folder, &overwrite, "the journal is damaged");
    converted(folder, &twice);
}

#[test]
fn the_end_of_a_run_does_not_disturb_an_upload_begun_meanwhile() {
    let sandbox = sandbox(Options::default());
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    convert(folder, 60, 20);
    let mut command = contactmill();
    command.args(["convert", "-", "-o", "out", "--overwrite"]).current_dir(folder);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut run = command.spawn().unwrap();
    while left_beside(folder).is_empty() {
        sleep(Duration::from_millis(1));
    }
    // It has looked at the folder by the time it reads.
    let mut input = run.stdin.take().unwrap();
    for _ in 0..100_000 {
        input.write_all(b"\n").unwrap();
    }
    let mut at_work = running_upload(folder, &url(&sandbox));
    let before = program::files(&folder.join("out"));
    input.write_all(b"name,phone\nAsha,+919812345678\n").unwrap();
    drop(input);
    let output = run.wait_with_output().unwrap();
    check_exit(&output, 1);
    assert!(text(&output.stderr).contains("at work in this folder"), "{}", text(&output.stderr));
    assert!(program::files(&folder.join("out")) == before);
    assert_eq!(left_beside(folder), [""; 0]);
    at_work.kill().unwrap();
    at_work.wait().unwrap();
}

#[test]
fn a_service_that_refuses_everything_ends_the_run_with_its_words_and_refuses_nobody() {
    let faults = || "bot-not-found=1".parse().unwrap();
    let sandbox = sandbox(Options { faults: faults(), ..Options::default() });
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    convert(folder.path(), 300, 20);
    let refused = [spoil(&out, "import-000002.json", 4)];
    for run in 1..=2 {
        let output = upload(folder.path(), &url(&sandbox)).arg("--json").output().unwrap();
        check_exit(&output, 1);
        let error = text(&output.stderr);
        assert!(error.contains("refuses everything (400): Bot not found"), "{error}");
        let outcome: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(outcome["ended"], "refuses_everything");
        assert_eq!(outcome["said"], serde_json::json!({"status": 400, "message": "Bot not found"}));
        assert_eq!((&outcome["refused"], &outcome["left"]), (&0.into(), &300.into()));
        assert!(sandbox.stats().requests <= 12 * run, "{}", sandbox.stats().requests);
        assert!(!out.join("refused.csv").exists());
    }
    // Put right, the same command does what it should have done.
    sandbox.set_faults(Default::default());
    let before = sandbox.stats().requests;
    check_exit(&upload(folder.path(), &url(&sandbox)).output().unwrap(), 4);
    check_stored(&sandbox, &out, &refused);
    // The arrays go as they are: the refusals before have cut none.
    let requests = sandbox.stats().requests - before;
    assert!(requests <= 14 + 13, "{requests} requests");
    // It begins while everything is sent once more.
    let sent = sandbox.stats().requests;
    sandbox.set_faults(format!("bot-not-found={}..", sent + 9).parse().unwrap());
    let mut again = upload(folder.path(), &url(&sandbox));
    let output = again.args(["--again", "--json"]).output().unwrap();
    check_exit(&output, 1);
    assert!(sandbox.stats().requests <= sent + 9 + 10, "{}", sandbox.stats().requests - sent);
    let outcome: Value = serde_json::from_slice(&output.stdout).unwrap();
    let acknowledged = outcome["acknowledged"].as_u64().unwrap();
    assert!(0 < acknowledged && acknowledged + outcome["left"].as_u64().unwrap() >= 299);
    sandbox.set_faults(Default::default());
    check_exit(&upload(folder.path(), &url(&sandbox)).output().unwrap(), 4);
    check_stored(&sandbox, &out, &refused);
    assert_eq!(program::column(&out.join("refused.csv"), "phone").len(), 1);
}

/// A sandbox at the address of another one that has ended.
fn started_again(ended: Sandbox, options: Options) -> Sandbox {
    let port = ended.address().port();
    drop(ended);
    let rate = NonZeroU32::new(1_000_000).unwrap();
    Sandbox::start(Options { port, rate, ..options }).unwrap()
}

#[test]
fn everything_is_sent_once_more_with_again() {
    let first = sandbox(Options::default());
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    convert(folder.path(), 400, 4);
    let refused = [spoil(&out, "import-000007.json", 1)];
    check_exit(&upload(folder.path(), &url(&first)).output().unwrap(), 4);
    check_stored(&first, &out, &refused);
    let table = fs::read_to_string(out.join("refused.csv")).unwrap();

    // A sandbox that was started again has forgotten it, and the journal has not.
    let slow = Options { faults: "slow=50ms".parse().unwrap(), ..Options::default() };
    let sandbox = started_again(first, slow);
    let output = upload(folder.path(), &url(&sandbox)).output().unwrap();
    check_exit(&output, 4);
    assert!(text(&output.stdout).contains("--again sends it all once"));
    let mut dry = upload(folder.path(), &url(&sandbox));
    let shown = text(&dry.args(["--dry-run", "--again"]).output().unwrap().stdout);
    assert!(shown.contains("  contacts  400 of 400\n"), "{shown}");
    assert_eq!(sandbox.stats().requests, 0);

    // Stopped in the middle, it is gone on with by the same command without --again.
    let mut command = upload(folder.path(), &url(&sandbox));
    command.arg("--again").stdout(Stdio::null()).stderr(Stdio::piped());
    let run = command.spawn().unwrap();
    wait_for_requests(&sandbox, 5);
    let kill = Command::new("kill").args(["-INT", &run.id().to_string()]).status().unwrap();
    assert!(kill.success());
    let output = run.wait_with_output().unwrap();
    check_exit(&output, 130);
    let error = text(&output.stderr);
    assert!(error.contains("the same command without --again goes on from here"), "{error}");
    let half_way = sandbox.stats().contacts;
    assert!(0 < half_way && half_way < 399, "{half_way}");
    sandbox.set_faults(Default::default());
    check_exit(&upload(folder.path(), &url(&sandbox)).output().unwrap(), 4);
    check_stored(&sandbox, &out, &refused);
    assert!(
        sandbox.stats().updated <= 1,
        "only a check is sent twice: {}",
        sandbox.stats().updated
    );
    assert_eq!(fs::read_to_string(out.join("refused.csv")).unwrap(), table);

    // With it once more, everything is sent once more.
    let updated = sandbox.stats().updated;
    check_exit(&upload(folder.path(), &url(&sandbox)).arg("--again").output().unwrap(), 4);
    assert!(sandbox.stats().updated - updated >= 399, "{}", sandbox.stats().updated);
    check_stored(&sandbox, &out, &refused);
}

/// A service that answers every request with this, and its URL.
fn answering(answer: Vec<u8>) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut lines = BufReader::new(stream.try_clone().unwrap());
            let mut length = 0;
            loop {
                let mut line = String::new();
                if lines.read_line(&mut line).unwrap_or(0) == 0 || line == "\r\n" {
                    break;
                }
                if let Some((name, value)) = line.split_once(':')
                    && name.eq_ignore_ascii_case("content-length")
                {
                    length = value.trim().parse().unwrap();
                }
            }
            let mut body = vec![0; length];
            let _ = lines.read_exact(&mut body);
            let _ = stream.write_all(&answer);
        }
    });
    url
}

#[test]
fn an_answer_is_too_long_by_what_it_holds_and_not_by_what_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    convert(folder.path(), 4, 4);
    let success = br#"{"success":true,"message":""#;
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(success).unwrap();
    std::io::copy(&mut std::io::repeat(b' ').take(64 << 20), &mut packed).unwrap();
    packed.write_all(br#""}"#).unwrap();
    let packed = packed.finish().unwrap();
    assert!(packed.len() < 1 << 20, "it is less than the limit of an answer: {}", packed.len());
    let length = packed.len();
    let head =
        format!("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {length}\r\n\r\n");
    let service = answering([head.into_bytes(), packed].concat());
    let output = upload(folder.path(), &service).args(["--retries", "0"]).output().unwrap();
    check_exit(&output, 1);
    let shown = text(&output.stdout);
    assert!(shown.contains("the answer was too long"), "{shown}{}", text(&output.stderr));
}

/// Whether a terminal would obey a character, or reverse text because of it.
fn moves_a_cursor(text: &str) -> bool {
    let is_mark = |c| matches!(c, '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.contains(|c: char| is_mark(c) || (c.is_control() && c != '\n'))
}

#[test]
fn the_words_of_a_service_cannot_move_a_cursor() {
    let words = "\u{1b}[2J\u{1b}]0;title\u{7}\u{9b}31m\u{202e}dab\u{2066}\u{85}\r\nlast";
    let body = serde_json::json!({"error": {"message": words}}).to_string();
    let plain = |status: &str, headers: &str, body: &str| {
        format!(
            "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n{body}",
            body.len()
        )
    };
    for (answer, code, said) in [
        (plain("400 \u{9b}2J", "", &body), 1, "last"),
        (plain("400 No", "", words), 1, "last"),
        (plain("422 No", "", &body), 4, ""),
        (plain("413 No", "", &body), 4, ""),
        (plain("200 OK", "", &body), 1, ""),
        (plain("302 Found", &format!("Location: https://a.test/{words}\r\n"), ""), 1, ""),
        (plain("302 Found", "Location: https://a.test/plain\r\n", ""), 1, "https://a.test/plain"),
        (plain("401 No", "", &body), 5, "401"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        convert(folder.path(), 1, 4);
        let service = answering(answer.clone().into_bytes());
        for option in ["--json", "--progress=always", "--dry-run"] {
            let mut command = upload(folder.path(), &service);
            let output = command.args([option, "--retries", "0"]).output().unwrap();
            let (out, error) = (text(&output.stdout), text(&output.stderr));
            let is_dry = option == "--dry-run";
            assert_eq!(output.status.code(), Some(if is_dry { 0 } else { code }), "{out}{error}");
            assert!(
                !moves_a_cursor(&out) && !moves_a_cursor(&error),
                "{answer:?}: {out:?} {error:?}"
            );
            assert!(is_dry || error.contains(said), "{answer:?}: {error:?}");
        }
        for name in ["refused.csv", "upload.journal"] {
            let written = fs::read_to_string(folder.path().join("out").join(name));
            let written = written.unwrap_or_default().replace(['\u{feff}', '\r'], "");
            assert!(!moves_a_cursor(&written), "{name}: {written:?}");
        }
    }
}

#[cfg(unix)]
#[test]
fn the_name_of_a_folder_cannot_move_a_cursor() {
    let sandbox = sandbox(Options::default());
    let folder = tempfile::tempdir().unwrap();
    convert(folder.path(), 4, 4);
    let name = "out\u{1b}[2J\u{202e}";
    fs::rename(folder.path().join("out"), folder.path().join(name)).unwrap();
    let run = |folder_name: &str, option: &str| {
        let mut command = contactmill();
        command.args(["upload", folder_name, option, "--base-url", &url(&sandbox)]).args(FAST);
        command.env("CONTACTMILL_TOKEN", TOKEN).current_dir(folder.path()).output().unwrap()
    };
    for (name, option) in [
        (name, "--dry-run"),
        (name, "--progress=always"),
        (name, "--token-file=no\u{1b}[2Jtoken"),
        (name, "--ca-file=no\u{1b}[2Jroot"),
        ("no\u{1b}[2Jwhere", "--dry-run"),
    ] {
        let output = run(name, option);
        let (out, error) = (text(&output.stdout), text(&output.stderr));
        assert!(!moves_a_cursor(&out) && !moves_a_cursor(&error), "{option:?} {out:?} {error:?}");
    }
}

#[test]
fn a_wait_that_is_too_long_and_waiting_that_is_used_up_are_distinguished() {
    for (retry_after, said) in [
        ("3000s", "asks to wait 50 min, and --max-wait allows 2 s"),
        ("1s", "--max-wait allows 2 s in all. Start again later, or raise --max-wait"),
    ] {
        let faults = format!("429=1,retry-after={retry_after}").parse().unwrap();
        let sandbox = sandbox(Options { faults, ..Options::default() });
        let folder = tempfile::tempdir().unwrap();
        convert(folder.path(), 8, 4);
        let mut command = upload(folder.path(), &url(&sandbox));
        let output = command.args(["--max-wait", "2s"]).output().unwrap();
        check_exit(&output, 1);
        let error = text(&output.stderr);
        assert!(error.contains(said), "{error}");
        assert_eq!(error.matches("--max-wait allows").count(), 1, "{error}");
    }
}
