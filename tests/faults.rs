//! What a run leaves behind when the system refuses one of its calls, or kills it there: every call
//! in turn, made to fail by `strace`.
//!
//! Without `strace` nothing can be tested, which is said and passes, unless `CONTACTMILL_FAULTS` is
//! set: `required` for the short form, `all` for the long one.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod program;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Write;
use std::num::NonZeroU32;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use contactmill_sandbox::{Options, Sandbox};
use contactmill_wire::fixes;
use program::reviewed::Reviewed;
use program::{check_laws, contactmill, contacts, files, text};
use ring::digest::{SHA256, digest};
use serde_json::Value;

/// Where results go; a name that no message has by chance.
const OUT: &str = "contacts-out";

/// The earlier result of a run with `--since`, converted from half of the dump.
const SINCE: &str = "earlier-contacts";

const VARIABLE: &str = "CONTACTMILL_FAULTS";

fn is_long() -> bool {
    std::env::var(VARIABLE).is_ok_and(|form| form == "all")
}

/// Whether calls can be made to fail here.
fn can_inject() -> bool {
    let inject = ["-f", "-o", "/dev/null", "-e", "inject=write:error=EIO:when=9999", "true"];
    let output = Command::new("strace").args(inject).output();
    let why = match &output {
        Ok(output) if output.status.success() => return true,
        Ok(output) => text(&output.stderr),
        Err(error) => error.to_string(),
    };
    assert!(std::env::var_os(VARIABLE).is_none(), "strace is required and cannot be used: {why}");
    // Not by a macro, whose text the test harness would keep to itself.
    let skipped = format!("\nSKIPPED, nothing was tested: strace cannot be used: {why}\n");
    #[allow(clippy::disallowed_methods, reason = "a test has no terminal of ours")]
    std::io::stderr().write_all(skipped.as_bytes()).unwrap();
    false
}

/// How a system call is made to fail.
#[derive(Clone, Copy, Debug)]
enum Fault {
    Error(&'static str),
    Kill,
}

/// The calls that are made to fail, and with what; in the short form with the first.
const CALLS: &[(&[&str], &[&str])] = &[
    (&["write", "pwrite64", "writev", "copy_file_range", "sendfile"], &["ENOSPC", "EIO"]),
    (&["fsync", "fdatasync", "syncfs"], &["EIO", "ENOSPC"]),
    (&["rename", "renameat", "renameat2"], &["ENOSPC", "EACCES"]),
    (&["open", "openat", "mkdir", "mkdirat"], &["ENOSPC", "EACCES", "EMFILE"]),
    (&["unlink", "unlinkat", "rmdir"], &["EACCES", "EIO"]),
    (&["ftruncate", "fchmod", "chmod", "fchmodat"], &["EIO", "ENOSPC"]),
    (&["read", "pread64", "lseek", "getdents64", "flock"], &["EIO"]),
    (&["statx", "stat", "fstat", "newfstatat", "readlink"], &["EACCES"]),
];

/// How many of them hold calls that change something.
const CHANGES: usize = 6;

/// Whether a run is killed at this call.
fn changes(call: &str) -> bool {
    CALLS[..CHANGES].iter().any(|(calls, _)| calls.contains(&call))
}

/// One run of `convert`, again and again.
struct Shape<'a> {
    /// The name and the bytes of the input.
    input: (&'static str, Vec<u8>),
    arguments: &'a [&'a str],
    /// Whether results stand there already, which are replaced.
    replaces: bool,
    /// What fails all the time.
    always: &'static [&'static str],
}

/// Every number twice, some records without any.
fn dump(records: usize) -> Vec<u8> {
    let mut dump = String::from("name,phone,tags\n");
    for number in 0..records {
        let phone = match number % 10 {
            7 => "n/a".to_owned(),
            _ => format!("+9198{:08}", number / 2),
        };
        dump.push_str(&format!("Asha Verma,{phone},tag {number}\n"));
    }
    dump.into_bytes()
}

fn csv() -> (&'static str, Vec<u8>) {
    ("dump.csv", dump(20))
}

/// A command of contactmill under `strace`.
fn traced(folder: &Path, expressions: &[String], log: &Path) -> Command {
    let mut command = Command::new("strace");
    command.args(["-f", "-y", "-o"]).arg(log);
    for expression in expressions {
        command.args(["-e", expression]);
    }
    command.arg(env!("CARGO_BIN_EXE_contactmill"));
    command.env_remove("CLICOLOR_FORCE").env("NO_COLOR", "1").env("COLUMNS", "80");
    command.current_dir(folder).stdin(Stdio::null());
    command
}

/// The calls in a log of `strace` that have to do with the folder or with what is shown: each with
/// its number among the calls of its name in its thread, as `when` counts.
/// Whether what is shown is written by it, comes along.
fn calls_in(log: &Path, folder: &Path) -> BTreeMap<(String, usize), bool> {
    let folder = folder.display().to_string();
    let mut counts: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut calls = BTreeMap::new();
    for line in fs::read_to_string(log).unwrap().lines() {
        let Some((thread, call)) = line.split_once(char::is_whitespace) else { continue };
        let Some((name, arguments)) = call.trim_start().split_once('(') else { continue };
        if !name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_') {
            continue;
        }
        let count = counts.entry((thread.to_owned(), name.to_owned())).or_default();
        *count += 1;
        let is_elsewhere = |path: &str| path.starts_with('/') && !path.starts_with(&folder);
        let path = arguments.split('"').nth(1).unwrap_or_default();
        let is_shown =
            name == "write" && (arguments.starts_with("1<") || arguments.starts_with("2<"));
        let is_input = name == "read" && arguments.starts_with("0<");
        let is_here = arguments.contains(&folder) && !is_elsewhere(path);
        if is_shown || is_input || is_here {
            *calls.entry((name.to_owned(), *count)).or_default() |= is_shown;
        }
    }
    calls
}

/// Each fault of each of these calls; where only changes matter, without calls that change nothing.
fn faults(calls: &BTreeMap<(String, usize), bool>, looks: bool) -> Vec<(String, String, Fault)> {
    let mut faults = Vec::new();
    let all = if looks || is_long() { CALLS } else { &CALLS[..CHANGES] };
    for (names, errors) in all {
        let errors = if is_long() { errors } else { &errors[..1] };
        let calls = calls.iter().filter(|((name, _), _)| names.contains(&name.as_str()));
        for ((name, number), is_shown) in calls {
            // A disk that is full still is when a buffer tries again while it is dropped.
            let when = match name.contains("write") && !is_shown {
                true => format!("{number}..{}", number + 1),
                false => number.to_string(),
            };
            faults.extend(
                errors.iter().map(|error| (name.clone(), when.clone(), Fault::Error(error))),
            );
            if changes(name) {
                faults.push((name.clone(), number.to_string(), Fault::Kill));
            }
        }
    }
    faults
}

fn injection(name: &str, when: &str, fault: Fault) -> String {
    match fault {
        Fault::Error(error) => format!("inject={name}:error={error}:when={when}"),
        Fault::Kill => format!("inject={name}:signal=KILL:when={when}"),
    }
}

/// Nothing but calls that fail is traced, so that all else takes no time.
fn expressions(always: &[&str], injection: &str) -> Vec<String> {
    let injections: Vec<String> = always
        .iter()
        .map(|always| format!("inject={always}"))
        .chain([injection.to_owned()])
        .collect();
    let names: Vec<&str> = injections
        .iter()
        .filter_map(|injection| injection.strip_prefix("inject=")?.split(':').next())
        .collect();
    [format!("trace={}", names.join(","))].into_iter().chain(injections).collect()
}

/// The files of a folder, if it is there.
type Files = Option<Vec<(String, Vec<u8>)>>;

fn files_of(out: &Path) -> Files {
    out.exists().then(|| files(out))
}

fn put(out: &Path, state: &Files) {
    use std::os::unix::fs::PermissionsExt;
    if out.exists() {
        fs::remove_dir_all(out).unwrap();
    }
    for (name, bytes) in state.iter().flatten() {
        fs::create_dir_all(out).unwrap();
        fs::write(out.join(name), bytes).unwrap();
        fs::set_permissions(out.join(name), PermissionsExt::from_mode(0o600)).unwrap();
    }
}

/// What stands in the folder beside the input and the results.
fn left(folder: &Path, input: &str) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name != input && name != OUT && name != SINCE).collect()
}

/// Every array is the one that the manifest describes.
fn check_hashes(out: &Path) {
    for file in program::manifest(out)["files"].as_array().unwrap() {
        let bytes = fs::read(out.join(file["path"].as_str().unwrap())).unwrap();
        let hash = digest(&SHA256, &bytes);
        let hash: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(file["sha256"], hash);
    }
}

/// Whether the message itself could not be written: a call fails once in each thread.
fn is_cut(name: &str, said: &str) -> bool {
    name == "write" && !said.ends_with('\n')
}

/// Whether the call was one that loads the program: calls are counted in each thread.
fn is_not_begun(said: &str) -> bool {
    said.contains("error while loading shared libraries")
}

impl Shape<'_> {
    fn arguments(&self, overwrite: bool) -> Vec<&str> {
        let input = if self.input.0 == "stdin" { "-" } else { self.input.0 };
        let mut arguments = vec!["convert", input, "-o", OUT];
        arguments.extend(self.arguments);
        if !self.arguments.contains(&"--threads") {
            arguments.extend(["--threads", "1"]);
        }
        arguments.extend(overwrite.then_some("--overwrite"));
        arguments
    }

    fn run(&self, folder: &Path, mut command: Command, overwrite: bool) -> Output {
        command.args(self.arguments(overwrite)).current_dir(folder).stdin(Stdio::null());
        if self.input.0 == "stdin" {
            command.stdin(File::open(folder.join("stdin")).unwrap());
        }
        command.output().unwrap()
    }

    /// Every call fails once, and every call that changes something is the last once.
    #[track_caller]
    fn check(&self) {
        if !can_inject() {
            return;
        }
        let (place, logs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (folder, log) = (place.path(), logs.path().join("log"));
        let (input, bytes) = &self.input;
        if self.arguments.contains(&SINCE) {
            fs::write(folder.join(input), dump(10)).unwrap();
            program::converted(folder, &[input, "-o", SINCE, "--max-contacts", "3", "--quiet"]);
        }
        fs::write(folder.join(input), bytes).unwrap();
        let out = folder.join(OUT);

        let mut earlier = None;
        if self.replaces {
            let mut command = contactmill();
            command.args([
                "convert",
                input,
                "-o",
                OUT,
                "--add-tag",
                "earlier",
                "--max-contacts",
                "3",
            ]);
            assert!(command.current_dir(folder).output().unwrap().status.success());
            earlier = files_of(&out);
        }
        let always: Vec<String> =
            self.always.iter().map(|always| format!("inject={always}")).collect();
        let clean = self.run(folder, traced(folder, &always, &log), self.replaces);
        assert_eq!(clean.status.code(), Some(0), "{}", text(&clean.stderr));
        check_laws(&out);
        check_hashes(&out);
        let whole = files_of(&out);
        assert_ne!(whole, earlier);
        self.tidied(folder, &whole);

        let looks = self.replaces && self.always.is_empty();
        let faults = faults(&calls_in(&log, folder), looks);
        assert!(faults.len() > 50, "only {} faults: are calls known by other names?", faults.len());
        let mut unclean = Vec::new();
        for (name, when, fault) in &faults {
            put(&out, &earlier);
            let injection = injection(name, when, *fault);
            let command = traced(folder, &expressions(self.always, &injection), &log);
            let output = self.run(folder, command, self.replaces);
            if is_not_begun(&text(&output.stderr)) {
                continue;
            }
            let judged = self.judge(folder, &output, (name, *fault), &earlier, &whole);
            if let Err(why) = judged {
                unclean.push(format!("{injection}: {why}\n{}", text(&output.stderr)));
            }
        }
        let told = format!("{} faults, {} unclean\n", faults.len(), unclean.len());
        assert!(unclean.is_empty(), "{told}{}", unclean.join("\n"));
    }

    /// Runs once more without faults, and requires that nothing of ours is left beside the results.
    #[track_caller]
    fn tidied(&self, folder: &Path, whole: &Files) {
        let output = self.run(folder, contactmill(), true);
        assert!(output.status.success(), "the next run: {}", text(&output.stderr));
        assert!(files_of(&folder.join(OUT)) == *whole, "the next run gives other results");
        assert_eq!(left(folder, self.input.0), [""; 0], "the next run leaves something");
    }

    fn judge(
        &self,
        folder: &Path,
        output: &Output,
        (name, fault): (&str, Fault),
        earlier: &Files,
        whole: &Files,
    ) -> Result<(), String> {
        let (now, said) = (files_of(&folder.join(OUT)), text(&output.stderr));
        let left = left(folder, self.input.0);
        match (output.status.code(), fault) {
            (Some(0), _) => {
                if now != *whole {
                    return Err("exit 0, and the results are not whole".to_owned());
                }
                let is_told = |name: &String| said.contains("note: ") && said.contains(name);
                if let Some(name) = left.iter().find(|name| !is_told(name)) {
                    return Err(format!("exit 0, and not a word of {name}"));
                }
            }
            (Some(1), Fault::Error(_)) => {
                let names = [OUT, SINCE, self.input.0, "standard output"];
                let says_where = names.iter().any(|name| said.contains(name));
                let is_said = said.contains("error: ") && says_where;
                if !is_said && !is_cut(name, &said) {
                    return Err("exit 1 without saying where".to_owned());
                }
                let is_in_place = now == *whole && said.contains("the results are whole");
                let is_aside = now.is_none() && said.contains("the earlier results are whole, in");
                if now != *earlier && !is_in_place && !is_aside {
                    return Err("exit 1, and the results are not what they were".to_owned());
                }
            }
            (None | Some(137), Fault::Kill) => {
                if now.is_some() && now != *earlier && now != *whole {
                    return Err("killed, and the results are not whole".to_owned());
                }
            }
            (code, _) => return Err(format!("exit {code:?}")),
        }
        if matches!(fault, Fault::Kill) || !left.is_empty() || now.is_none() {
            self.tidied(folder, whole);
        }
        Ok(())
    }
}

#[test]
fn no_fault_leaves_half_a_first_result() {
    let arguments = &["--on-duplicate", "first", "--max-contacts", "4"];
    Shape { input: csv(), arguments, replaces: false, always: &[] }.check();
}

#[test]
fn no_fault_harms_results_that_are_replaced() {
    Shape { input: csv(), arguments: &["--max-contacts", "5"], replaces: true, always: &[] }
        .check();
}

#[test]
fn no_fault_harms_results_that_are_replaced_where_folders_cannot_change_places() {
    let always = &["renameat2:error=EINVAL"];
    Shape { input: csv(), arguments: &["--layout", "lines"], replaces: true, always }.check();
}

#[test]
fn no_fault_harms_results_of_more_files_than_are_synced_one_by_one() {
    let arguments = &["--on-duplicate", "last", "--max-contacts", "1", "--quiet"];
    Shape { input: ("dump.csv", dump(40)), arguments, replaces: is_long(), always: &[] }.check();
}

#[test]
fn no_fault_shows_in_what_is_decompressed_and_written_down_on_the_way() {
    let mut lines = String::new();
    for number in 0..9 {
        lines.push_str(&format!("{{\"name\":\"Asha\",\"phone\":\"+9198{number:08}\"}}\n"));
    }
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(lines.as_bytes()).unwrap();
    let input = ("dump.ndjson.gz", packed.finish().unwrap());
    let arguments = &["--layout", "lines", "--json"];
    Shape { input, arguments, replaces: is_long(), always: &[] }.check();
}

#[test]
fn no_fault_leaves_half_a_table_of_contacts() {
    let tables = ["parquet", "csv", "ndjson"];
    for table in if is_long() { &tables[..] } else { &tables[..1] } {
        let arguments = &["--quiet", "--to", table];
        Shape { input: csv(), arguments, replaces: is_long(), always: &[] }.check();
    }
}

#[test]
fn no_fault_takes_a_contact_out_of_a_delta_or_into_it() {
    let arguments = &["--quiet", "--since", SINCE];
    Shape { input: csv(), arguments, replaces: true, always: &[] }.check();
}

#[test]
fn no_fault_shows_in_what_comes_from_a_pipe() {
    let arguments = &["--quiet", "--on-duplicate", "first"];
    Shape { input: ("stdin", dump(12)), arguments, replaces: is_long(), always: &[] }.check();
}

#[test]
fn no_fault_is_lost_in_a_workbook_of_rejected_records() {
    let arguments = &["--quiet", "--rejects", "xlsx"];
    Shape { input: csv(), arguments, replaces: is_long(), always: &[] }.check();
}

#[test]
fn no_fault_is_lost_in_the_page_about_a_run() {
    let arguments = &["--quiet", "--report"];
    Shape { input: csv(), arguments, replaces: is_long(), always: &[] }.check();
}

#[test]
fn no_fault_is_lost_between_threads() {
    let arguments = &["--threads", "2", "--layout", "lines"];
    Shape { input: csv(), arguments, replaces: is_long(), always: &[] }.check();
}

#[test]
fn no_fault_is_lost_in_what_is_set_aside() {
    if !is_long() {
        return;
    }
    let arguments = &["--max-contacts", "5000", "--max-bytes", "1000000", "--quiet"];
    Shape { input: ("dump.csv", dump(6_000)), arguments, replaces: true, always: &[] }.check();
}

#[test]
fn no_fault_harms_results_while_nothing_can_be_synced_at_once() {
    let always = &["syncfs:error=EIO"];
    let arguments = &["--max-contacts", "1", "--quiet"];
    Shape {
        input: ("dump.csv", dump(if is_long() { 40 } else { 12 })),
        arguments,
        replaces: true,
        always,
    }
    .check();
}

/// A run over earlier results with something that fails all the time, and what it leaves.
#[track_caller]
fn with(always: &[&str], also: &[&str]) -> Option<(tempfile::TempDir, Output)> {
    if !can_inject() {
        return None;
    }
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("dump.csv"), dump(20)).unwrap();
    let arguments = ["convert", "dump.csv", "-o", OUT];
    let first = contactmill().args(arguments).current_dir(place.path()).output().unwrap();
    assert!(first.status.success());
    let names: Vec<&str> = always.iter().filter_map(|always| always.split(':').next()).collect();
    let mut expressions = vec![format!("trace={}", names.join(","))];
    expressions.extend(always.iter().map(|always| format!("inject={always}")));
    let mut command = traced(place.path(), &expressions, Path::new("/dev/null"));
    command.args(arguments).args(["--overwrite", "--threads", "1", "--add-tag", "new"]).args(also);
    let output = command.output().unwrap();
    Some((place, output))
}

fn is_new(out: &Path) -> bool {
    contacts(out)[0].to_string().contains("\"new\"")
}

#[test]
fn where_locks_are_refused_a_run_goes_on_and_says_so_once() {
    for error in ["ENOLCK", "EOPNOTSUPP", "ENOSYS", "EINVAL", "EBADF"] {
        let flock = format!("flock:error={error}");
        let Some((place, output)) = with(&[&flock], &[]) else { return };
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{error}: {said}");
        assert_eq!(said.matches("the file system refuses locks").count(), 1, "{error}: {said}");
        check_laws(&place.path().join(OUT));
        assert!(is_new(&place.path().join(OUT)));
        assert_eq!(left(place.path(), "dump.csv"), [""; 0]);
        let Some((_, output)) = with(&[&flock], &["--quiet"]) else { return };
        assert_eq!((output.status.code(), &*text(&output.stderr)), (Some(0), ""));
    }
}

#[test]
fn results_whose_name_cannot_be_synced_are_no_failure_and_the_earlier_ones_are_kept() {
    // An array, the index, three tables, the manifest and the staging folder are synced; then the folder above.
    let Some((place, output)) = with(&["fsync:error=EIO:when=8+", "syncfs:error=EIO"], &[]) else {
        return;
    };
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("the results are whole and in place"), "{said}");
    assert!(is_new(&place.path().join(OUT)));
    let [kept] = &left(place.path(), "dump.csv")[..] else { panic!("one folder is kept") };
    assert!(said.contains(kept.as_str()), "{said}");
    assert!(!is_new(&place.path().join(kept)));
    converted_again(place.path());
}

#[test]
fn a_folder_above_that_cannot_be_read_is_no_failure() {
    // As a folder of mode 0300 is, for all but root: it can be written and not opened.
    let Some((place, output)) = with(&["fsync:error=EACCES:when=8+"], &[]) else { return };
    assert_eq!((output.status.code(), &*text(&output.stderr)), (Some(0), ""));
    assert!(is_new(&place.path().join(OUT)));
    assert_eq!(left(place.path(), "dump.csv"), [""; 0]);
}

/// The next run, without faults, leaves nothing beside its results.
#[track_caller]
fn converted_again(folder: &Path) {
    program::converted(folder, &["dump.csv", "-o", OUT, "--overwrite"]);
    assert_eq!(left(folder, "dump.csv"), [""; 0]);
}

#[test]
fn earlier_results_that_cannot_be_removed_are_named() {
    let always = ["unlink:error=EACCES", "unlinkat:error=EACCES", "rmdir:error=EACCES"];
    for exchange in ["renameat2:delay_enter=0", "renameat2:error=ENOSYS"] {
        let all: Vec<&str> = always.iter().copied().chain([exchange]).collect();
        let Some((place, output)) = with(&all, &[]) else { return };
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{said}");
        assert!(is_new(&place.path().join(OUT)));
        let [kept] = &left(place.path(), "dump.csv")[..] else { panic!("one folder is left") };
        assert!(said.contains(kept.as_str()) && said.contains("cannot be removed"), "{said}");
        converted_again(place.path());
    }
}

#[test]
fn a_run_killed_between_two_renames_is_put_right_and_upload_says_where_results_are() {
    let always = ["renameat2:error=EINVAL", "rename:signal=KILL:when=2"];
    let Some((place, output)) = with(&always, &[]) else { return };
    assert_eq!(output.status.code(), None, "{}", text(&output.stderr));
    let out = place.path().join(OUT);
    assert!(!out.exists());
    let upload = ["upload", OUT, "--base-url", "http://127.0.0.1:9", "--dry-run"];
    let upload = contactmill().args(upload).current_dir(place.path()).output().unwrap();
    let said = text(&upload.stderr);
    assert_eq!(upload.status.code(), Some(1), "{said}");
    let aside = left(place.path(), "dump.csv");
    let aside = aside.iter().find(|name| name.contains(".replaced-")).unwrap();
    assert!(said.contains(aside.as_str()), "{said}");
    // A run that may not replace them puts them back all the same.
    let refused = program::convert(place.path(), &["dump.csv", "-o", OUT]);
    assert!(text(&refused.stderr).contains("holds results already"), "{}", text(&refused.stderr));
    check_laws(&out);
    assert!(!is_new(&out));
    assert_eq!(left(place.path(), "dump.csv"), [""; 0]);
}

/// The contacts that a journal calls acknowledged, in arrays of one contact each.
fn acknowledged(out: &Path) -> usize {
    let journal = fs::read_to_string(out.join("upload.journal")).unwrap_or_default();
    let arrays: BTreeSet<&str> = journal
        .lines()
        .filter(|line| line.contains("\"acknowledged\""))
        .filter_map(|line| line.split("\"array\":").nth(1)?.split(',').next())
        .collect();
    arrays.len()
}

fn upload(mut command: Command, url: &str) -> Output {
    command.args(["upload", OUT, "--base-url", url, "--rate", "60000", "--concurrency", "1"]);
    command.env("CONTACTMILL_TOKEN", "canary").stdin(Stdio::null()).output().unwrap()
}

#[test]
fn no_fault_loses_a_contact_of_an_upload_or_takes_one_for_acknowledged() {
    if !can_inject() {
        return;
    }
    let (place, logs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (folder, log) = (place.path(), logs.path().join("log"));
    fs::write(folder.join("dump.csv"), dump(6)).unwrap();
    program::converted(folder, &["dump.csv", "-o", OUT, "--max-contacts", "1", "--quiet"]);
    let out = folder.join(OUT);
    let fresh = files_of(&out);
    let all: BTreeSet<String> = contacts(&out).iter().map(Value::to_string).collect();
    let rate = NonZeroU32::new(1_000_000).unwrap();
    let sandbox = || Sandbox::start(Options { port: 0, rate, ..Options::default() }).unwrap();
    let url = |sandbox: &Sandbox| format!("http://{}", sandbox.address());

    let service = sandbox();
    let clean = upload(traced(folder, &["trace=all".to_owned()], &log), &url(&service));
    assert_eq!(clean.status.code(), Some(0), "{}", text(&clean.stderr));
    let faults = faults(&calls_in(&log, folder), true);
    assert!(faults.len() > 20, "only {} faults", faults.len());
    for (name, when, fault) in faults {
        put(&out, &fresh);
        let (service, injection) = (sandbox(), injection(&name, &when, fault));
        let command = traced(folder, &expressions(&[], &injection), &log);
        let output = upload(command, &url(&service));
        let said = text(&output.stderr);
        let code = output.status.code();
        if is_not_begun(&said) {
            continue;
        }
        assert!(!matches!(code, Some(101 | 2)), "{injection}: {code:?} {said}");
        if code.is_some_and(|code| code > 0) && !is_cut(&name, &said) {
            assert!(said.contains(OUT) || said.contains("standard output"), "{injection}: {said}");
        }
        assert!(acknowledged(&out) <= service.contacts().len(), "{injection}: {said}");
        // The next run goes on from there.
        let mut command = contactmill();
        command.current_dir(folder);
        let next = upload(command, &url(&service));
        assert_eq!(next.status.code(), Some(0), "{injection}: {}", text(&next.stderr));
        let stored = service.contacts().into_values().map(|stored| stored.contact.to_string());
        assert!(stored.collect::<BTreeSet<_>>() == all, "{injection}: contacts are missing");
        assert_eq!(acknowledged(&out), all.len(), "{injection}");
    }
}

#[test]
fn where_locks_are_refused_an_upload_goes_on_and_says_so_once() {
    if !can_inject() {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("dump.csv"), dump(6)).unwrap();
    program::converted(place.path(), &["dump.csv", "-o", OUT, "--quiet"]);
    let service = Sandbox::start(Options { port: 0, ..Options::default() }).unwrap();
    let url = format!("http://{}", service.address());
    let expressions = ["trace=flock".to_owned(), "inject=flock:error=ENOLCK".to_owned()];
    let output = upload(traced(place.path(), &expressions, Path::new("/dev/null")), &url);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert_eq!(said.matches("the file system refuses locks").count(), 1, "{said}");
}

/// The corrections in a file of them, in order: records, and what their cells are read as.
fn corrections(file: &Path) -> Vec<(u64, String)> {
    let text = fs::read(file).unwrap_or_default();
    let whole = fixes::whole_bytes(&text);
    let read = fixes::read(&text[..whole]).map(|read| read.unwrap().1);
    read.map(|fix| (fix.record, fix.after)).collect()
}

/// A review answers for a correction once it is on the disk. One whose call fails is not in the file, and the next one
/// is taken again.
#[test]
fn no_fault_loses_a_correction_that_a_review_has_answered_for() {
    const FILE: &str = "dump.csv.fixes.csv";
    if !can_inject() {
        return;
    }
    let errors = |call: &str| match call {
        "write" | "openat" => &["ENOSPC", "EIO"][..],
        _ => &["EIO"],
    };
    for call in ["openat", "flock", "write", "fdatasync", "lseek"] {
        let kill = changes(call).then_some(Fault::Kill);
        let faults = errors(call).iter().map(|error| Fault::Error(error)).chain(kill);
        // Each request has a thread of its own, and `when` counts the calls of each.
        for (fault, when) in faults.flat_map(|fault| [(fault, "1"), (fault, "2+")]) {
            let place = tempfile::tempdir().unwrap();
            let folder = place.path();
            let rows = (0..8).map(|number| format!("Asha Verma,+9198{number}\n"));
            fs::write(
                folder.join("dump.csv"),
                "name,phone\n".to_owned() + &rows.collect::<String>(),
            )
            .unwrap();
            let file = folder.join(FILE);
            let injection = injection(call, when, fault);
            let mut command = Command::new("strace");
            command.args(["-f", "-o", "/dev/null", "-P", FILE, "-P"]).arg(&file);
            for expression in expressions(&[], &injection) {
                command.args(["-e", &expression]);
            }
            command.arg(env!("CARGO_BIN_EXE_contactmill")).args(["review", "dump.csv"]);
            command.env("NO_COLOR", "1").current_dir(folder);
            let review = Reviewed::start(command);
            let (mut kept, mut unanswered) = (Vec::new(), None);
            for (row, number) in review.rejected().iter().zip(0..6) {
                let record = row["record"].as_u64().unwrap();
                let after = format!("+91977000000{number}");
                match review.fix(row, &after) {
                    Some(200) => kept.push((record, after)),
                    Some(status) => assert_eq!(status, 500, "{injection}"),
                    None => {
                        unanswered = Some((record, after));
                        break;
                    }
                }
            }
            // It is not ended with what traces it.
            let Reviewed(mut served) = review;
            let tracer = served.child.id().to_string();
            let _ = Command::new("pkill").args(["-KILL", "-P", &tracer]).status();
            served.child.wait().unwrap();
            // Only locks, and finding out where the file ends, may fail unnoticed.
            assert!(
                kept.len() < 6 || when != "1" || matches!(call, "flock" | "lseek"),
                "{injection}"
            );
            let written = corrections(&file);
            assert!(written.starts_with(&kept), "{injection}: {kept:?} {written:?}");
            let more = &written[kept.len()..];
            assert!(more.is_empty() || more == unanswered.as_slice(), "{injection}: {more:?}");
            // Whatever happened, the next review goes on behind what was kept.
            let mut command = contactmill();
            command.args(["review", "dump.csv"]).current_dir(folder);
            let review = Reviewed::start(command);
            let rows = review.rejected();
            assert_eq!(rows.len(), 8 - written.len(), "{injection}");
            assert_eq!(review.fix(&rows[0], "+919988776655"), Some(200), "{injection}");
            drop(review);
            assert_eq!(corrections(&file).len(), written.len() + 1, "{injection}");
        }
    }
}
