//! What bad input gets, where a case folder cannot hold the input.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod program;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use program::{
    check_laws, column, contactmill, contacts, convert, converted, files, manifest, text,
};

#[track_caller]
fn fails(folder: &Path, arguments: &[&str], code: i32, message: &str) {
    let output = convert(folder, arguments);
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{stderr}");
    assert!(stderr.contains(message), "{stderr}");
    assert!(text(&output.stdout).is_empty());
    let left: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("staging"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

fn folder_with(text: &[u8]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("in.csv"), text).unwrap();
    folder
}

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
    let mut names = Vec::new();
    for number in 0..150 {
        let name = format!("{number}.csv");
        fs::write(folder.path().join(&name), format!("Phone\n+9198765{number:05}\n")).unwrap();
        names.push(name);
    }
    let status = std::process::Command::new("sh")
        .args(["-c", "ulimit -n 64; exec \"$0\" convert -q -o out \"$@\""])
        .arg(env!("CARGO_BIN_EXE_contactmill"))
        .args(names)
        .current_dir(folder.path())
        .status()
        .unwrap();
    assert!(status.success());
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
fn a_field_of_100_mb_costs_its_record_and_no_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("in.csv");
    let mut file = fs::File::create(&path).unwrap();
    file.write_all(b"Name,Phone,Notes\nAsha,+919876543210,\nRavi,+919988776655,\"").unwrap();
    for _ in 0..100 {
        file.write_all(&[b'x'; 1_000_000]).unwrap();
    }
    file.write_all(b"\"\nMeena,+919811122233,\n").unwrap();
    drop(file);
    let out = folder.path().join("out");
    // 64 MiB of address space beside what threads reserve would not hold the field.
    let script = "ulimit -v 400000; exec \"$0\" convert in.csv -o out --threads 1 --quiet";
    let status = std::process::Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_contactmill")])
        .current_dir(folder.path())
        .status()
        .unwrap();
    assert!(status.success());
    check_laws(&out);
    assert_eq!(contacts(&out).len(), 2);
    assert_eq!(column(&out.join("rejects.csv"), "_reason"), ["row_too_large"]);
    assert_eq!(column(&out.join("rejects.csv"), "Phone"), ["'+919988776655"]);
    assert!(fs::metadata(out.join("rejects.csv")).unwrap().len() < 100_000);
}

/// Short in every test run; as long as a file can be when it is asked for.
fn line_of_megabytes() -> u64 {
    let asked = std::env::var("CONTACTMILL_LINE_MB").ok();
    asked.map_or(64, |megabytes| megabytes.parse().unwrap())
}

#[test]
fn a_line_without_end_costs_its_record_and_no_memory() {
    let csv = "Name,Phone,Notes\nAsha,+919876543210,\nRavi,+919988776655,";
    let card = "BEGIN:VCARD\nTEL:+919876543210\nEND:VCARD\nBEGIN:VCARD\nNOTE:";
    let inputs = [
        ("plain.csv", csv.to_owned(), "\nMeena,+919811122233,\n"),
        ("quoted.csv", format!("{csv}\""), "\"\nMeena,+919811122233,\n"),
        (
            "lines.json",
            "{\"phone\":\"+919876543210\"}\n{\"phone\":\"".to_owned(),
            "\"}\n{\"phone\":\"+919811122233\"}\n",
        ),
        ("cards.vcf", card.to_owned(), "\nEND:VCARD\nBEGIN:VCARD\nTEL:+919811122233\nEND:VCARD\n"),
    ];
    let megabyte = vec![b'x'; 1_000_000];
    for (name, before, behind) in inputs {
        let folder = tempfile::tempdir().unwrap();
        let mut file = fs::File::create(folder.path().join(name)).unwrap();
        file.write_all(before.as_bytes()).unwrap();
        for _ in 0..line_of_megabytes() {
            file.write_all(&megabyte).unwrap();
        }
        file.write_all(behind.as_bytes()).unwrap();
        drop(file);
        // Most of it is what threads and the program itself reserve.
        let script = "ulimit -v 300000; exec \"$0\" convert \"$1\" -o out --threads 1 --quiet";
        let output = std::process::Command::new("sh")
            .args(["-c", script, env!("CARGO_BIN_EXE_contactmill"), name])
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{name}: {}", text(&output.stderr));
        let out = folder.path().join("out");
        check_laws(&out);
        assert_eq!(contacts(&out).len(), 2, "{name}");
        assert_eq!(column(&out.join("rejects.csv"), "_reason"), ["row_too_large"], "{name}");
        assert!(fs::metadata(out.join("rejects.csv")).unwrap().len() < 64 << 10, "{name}");
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

/// Runs `convert` in so little address space that what is unpacked has no room in it, and returns
/// what it says.
fn fails_in_little_memory(folder: &Path, input: &str) -> String {
    let script = "ulimit -v 400000; exec \"$0\" convert \"$1\" -o out --threads 1 --quiet";
    let output = std::process::Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_contactmill"), input])
        .current_dir(folder)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    assert!(!folder.join("out").exists());
    text(&output.stderr)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zip(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    archive.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
    archive.write_all(bytes).unwrap();
    archive.finish().unwrap().into_inner()
}

#[test]
fn a_bomb_ends_in_an_error_and_takes_no_memory() {
    let mut bomb = b"Name,Phone\nAsha,+919876543210\n".to_vec();
    bomb.resize(600 << 20, b'\n');
    let folder = tempfile::tempdir().unwrap();
    for (name, packed) in [
        ("bomb.gz", gzip(&bomb)),
        ("bomb.zst", zstd::encode_all(&bomb[..], 1).unwrap()),
        ("bomb.zip", zip("leads.csv", &bomb)),
    ] {
        fs::write(folder.path().join(name), packed).unwrap();
        let message = fails_in_little_memory(folder.path(), name);
        assert!(message.contains("it decompresses to more than it may (64G,250x)"), "{message}");
    }
}

#[test]
fn what_an_archive_says_of_its_files_is_not_believed() {
    let mut bomb = b"Name,Phone\nAsha,+919876543210\n".to_vec();
    bomb.resize(64 << 20, b'\n');
    let mut packed = zip("leads.csv", &bomb);
    // The sizes in the directory, made small (APPNOTE.TXT, 4.3.12).
    let directory = packed.windows(4).rposition(|four| four == b"PK\x01\x02").unwrap();
    packed[directory + 24..directory + 28].copy_from_slice(&1000_u32.to_le_bytes());
    let folder = folder_with(&packed);
    let message = fails_in_little_memory(folder.path(), "in.csv");
    assert!(message.contains("more comes out than its directory says"), "{message}");
}

#[test]
fn what_cannot_be_read_is_named_for_what_it_is() {
    for (bytes, what) in [
        (&b"\x09\x00\x04\x00\x02\x00\x10\x00"[..], "an Excel 2 worksheet"),
        (b"\x09\x02\x06\x00\x00\x00\x10\x00\x00\x00", "an Excel 3 worksheet"),
        (b"\x09\x04\x06\x00\x00\x00\x10\x00\x00\x00", "an Excel 4 worksheet"),
        (b"\x09\x08\x08\x00\x00\x00\x10\x00", "an Excel worksheet without a workbook"),
        (b"!BDN\x00\x00\x00\x00SM", "an Outlook mailbox (PST)"),
        (b"\x00\x01\x00\x00Standard Jet DB\x00", "an Access database"),
        (b"MIME-Version: 1.0\r\nContent-Type: multipart/related\r\n", "a web archive (MHTML)"),
    ] {
        let folder = folder_with(bytes);
        let message = format!("in.csv: this is {what}");
        fails(folder.path(), &["in.csv", "-o", "out"], 1, &message);
    }
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

#[test]
fn a_reader_that_panics_says_nothing_of_what_is_in_the_file() {
    // Sixty bytes of an Arrow file, each made something else in turn.
    let cases = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/cases/");
    let whole = fs::read(format!("{cases}arrow-file/in.arrow")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut names = Vec::new();
    for at in (0..whole.len()).step_by(whole.len() / 60) {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x41;
        let name = format!("{at}.arrow");
        fs::write(folder.path().join(&name), damaged).unwrap();
        names.push(name);
    }
    let mut refused = 0;
    for name in &names {
        let output = convert(folder.path(), &[name.as_str(), "-o", "out", "--overwrite"]);
        let stderr = text(&output.stderr);
        assert!(!stderr.contains("panicked") && !stderr.contains("backtrace"), "{name}: {stderr}");
        refused += usize::from(!output.status.success());
    }
    assert!(refused > 0);
}

#[test]
fn a_page_in_an_archive_is_read_if_it_holds_a_table_of_contacts() {
    let page = b"<html><table><tr><td>Phone<tr><td>+919876543210</table></html>";
    let folder = folder_with(&zip("leads.html", page));
    converted(folder.path(), &["in.csv", "-o", "out"]);
    let out = folder.path().join("out");
    check_laws(&out);
    assert_eq!(contacts(&out).len(), 1);
    assert_eq!(manifest(&out)["inputs"][0]["format"], "html");
    let folder = folder_with(&zip("page.html", b"<html><p>No table</html>"));
    fails(folder.path(), &["in.csv", "-o", "out"], 1, "in.csv/page.html is a web page (HTML)");
}

#[test]
fn what_is_protected_by_a_password_is_named() {
    let mut packed = zip("leads.csv", b"Name,Phone\nAsha,+919876543210\n");
    // The flag "encrypted" in both headers (APPNOTE.TXT, 4.4.4).
    packed[6] |= 1;
    let directory = packed.windows(4).rposition(|four| four == b"PK\x01\x02").unwrap();
    packed[directory + 8] |= 1;
    let folder = folder_with(&packed);
    let message = "in.csv/leads.csv: it is protected by a password";
    fails(folder.path(), &["in.csv", "-o", "out"], 1, message);

    // An encrypted workbook is a compound file with a stream of this name ([MS-OFFCRYPTO], 2.3.4).
    let mut workbook = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".to_vec();
    workbook.resize(2048, 0);
    workbook.extend("EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes));
    let folder = folder_with(&workbook);
    let message = "in.csv: this workbook is protected by a password";
    fails(folder.path(), &["in.csv", "-o", "out"], 1, message);
}

#[test]
fn archives_and_workbooks_that_were_cut_off_are_errors() {
    let mut text = b"Name,Phone\n".to_vec();
    for number in 0..5_000 {
        writeln!(text, "Asha {number},+9198{:08}", 12_340_000 + number).unwrap();
    }
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet();
    for (row, line) in (0..).zip(std::str::from_utf8(&text).unwrap().lines()) {
        for (column, cell) in (0..).zip(line.split(',')) {
            sheet.write_string(row, column, cell).unwrap();
        }
    }
    let workbook = workbook.save_to_buffer().unwrap();
    for whole in
        [gzip(&text), zstd::encode_all(&text[..], 3).unwrap(), zip("a.csv", &text), workbook]
    {
        let folder = folder_with(&whole);
        converted(folder.path(), &["in.csv", "-o", "whole"]);
        assert_eq!(contacts(&folder.path().join("whole")).len(), 5_000);
        for share in [2, 10, 500, 990, 999] {
            fs::write(folder.path().join("in.csv"), &whole[..whole.len() * share / 1000]).unwrap();
            let output = convert(folder.path(), &["in.csv", "-o", "out"]);
            assert_eq!(output.status.code(), Some(1), "cut off at {share} of 1000");
            assert!(!folder.path().join("out").exists());
        }
    }
}

#[test]
fn two_cells_in_far_corners_take_no_room_between_them() {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.write_string(0, 0, "Phone").unwrap();
    sheet.write_number(1, 0, 919_876_543_210.0).unwrap();
    sheet.write_string(1_048_575, 16_383, "stray").unwrap();
    let folder = folder_with(&workbook.save_to_buffer().unwrap());
    let script = "ulimit -v 400000; exec \"$0\" convert in.csv -o out -r IN --threads 1 --quiet";
    let status = std::process::Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_contactmill")])
        .current_dir(folder.path())
        .status()
        .unwrap();
    assert!(status.success());
    let out = folder.path().join("out");
    check_laws(&out);
    assert_eq!(contacts(&out).len(), 1);
    assert_eq!(column(&out.join("rejects.csv"), "_line"), ["1048576"]);
}

#[test]
fn bytes_that_are_no_text_stay_rejected_until_somebody_has_put_them_right() {
    let folder = folder_with(
        b"Name,Phone\nJos\xC3\xA9,+919876543210\nZo\xC3\xAB,+919988776655\nRen\xE9,+919811122233\n",
    );
    let path = folder.path();
    converted(path, &["in.csv", "-o", "out"]);
    check_laws(&path.join("out"));
    assert_eq!(column(&path.join("out/rejects.csv"), "_reason"), ["text_invalid_encoding"]);
    assert_eq!(contacts(&path.join("out")).len(), 2);
    converted(path, &["out/rejects.csv", "-o", "again"]);
    assert_eq!(column(&path.join("again/rejects.csv"), "_reason"), ["text_invalid_encoding"]);
    let rejects = fs::read_to_string(path.join("out/rejects.csv")).unwrap();
    let corrected = rejects.replace('\u{FFFD}', "é").replace("text_invalid_encoding", "");
    fs::write(path.join("corrected.csv"), corrected).unwrap();
    converted(path, &["corrected.csv", "-o", "corrected"]);
    assert_eq!(contacts(&path.join("corrected")).len(), 1);
}

/// Runs `convert` on a file with so much memory of its own, and requires that it succeeds.
#[cfg(target_os = "linux")]
fn converted_within(folder: &Path, input: &str, kibibytes: u32) {
    let output = std::process::Command::new("sh")
        .args([
            "-c",
            &format!("ulimit -d {kibibytes}; exec \"$0\" convert -q -o out --threads 1 \"$@\""),
        ])
        .arg(env!("CARGO_BIN_EXE_contactmill"))
        .arg(input)
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    check_laws(&folder.join("out"));
}

#[test]
fn json_that_nests_a_hundred_thousand_levels_deep_costs_its_record_alone() {
    let folder = tempfile::tempdir().unwrap();
    let deep = format!("{}1{}", "{\"a\":[".repeat(50_000), "]}".repeat(50_000));
    let whole = "{\"phone\":\"+919876543210\"}";
    for (name, json) in [
        ("list.json", format!("[{whole},{deep},{}]", whole.replace("210", "211"))),
        ("lines.ndjson", format!("{whole}\n{deep}\n{}\n", whole.replace("210", "211"))),
    ] {
        fs::write(folder.path().join(name), json).unwrap();
        let out = format!("{name}-out");
        converted(folder.path(), &[name, "-o", &out]);
        let out = folder.path().join(out);
        check_laws(&out);
        assert_eq!(contacts(&out).len(), 2);
        assert_eq!(column(&out.join("rejects.csv"), "_reason"), ["row_malformed"]);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn records_without_end_are_passed_over_without_being_held() {
    let folder = tempfile::tempdir().unwrap();
    let huge = "x".repeat(100 << 20);
    let inputs = [
        (
            "huge.json",
            format!(
                "[{{\"phone\":\"+919876543210\"}},\n{{\"a\":\"{huge}\"}},{{\"phone\":\"+919876543211\"}}]"
            ),
        ),
        (
            "huge.vcf",
            format!(
                "BEGIN:VCARD\nTEL:+919876543210\nEND:VCARD\nBEGIN:VCARD\nNOTE:{huge}\nEND:VCARD\n\
                 BEGIN:VCARD\nTEL:+919876543211\nPHOTO:{huge}\nEND:VCARD\n"
            ),
        ),
    ];
    for (name, text) in inputs {
        fs::write(folder.path().join(name), text).unwrap();
        let _ = fs::remove_dir_all(folder.path().join("out"));
        converted_within(folder.path(), name, 80 << 10);
        let out = folder.path().join("out");
        assert_eq!(contacts(&out).len(), 2, "{name}");
        assert_eq!(column(&out.join("rejects.csv"), "_reason"), ["row_too_large"], "{name}");
        assert!(fs::metadata(out.join("rejects.csv")).unwrap().len() < 64 << 10);
    }
}

#[test]
fn json_that_was_cut_off_loses_only_what_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let whole = "[{\"phone\":\"+919876543210\"},{\"phone\":\"+919876543211\"}";
    for (text_of, rejected) in [
        (whole.to_owned(), 1),
        (whole.to_owned() + ",{\"phone\":\"+9198", 1),
        (whole.to_owned() + "]", 0),
    ] {
        fs::write(folder.path().join("in.json"), text_of).unwrap();
        converted(folder.path(), &["in.json", "-o", "out", "--overwrite"]);
        let out = folder.path().join("out");
        check_laws(&out);
        assert_eq!(contacts(&out).len(), 2);
        assert_eq!(manifest(&out)["counts"]["rejected"], rejected);
    }
}

#[test]
fn a_record_that_is_too_large_is_rejected_even_where_there_is_no_other() {
    let note = "x".repeat(2 << 20);
    for (name, whole) in [
        ("object.json", format!("{{\"phone\":\"+919876543210\",\"note\":\"{note}\"}}")),
        ("list.json", format!("[{{\"phone\":\"+919876543210\",\"note\":\"{note}\"}}]")),
        ("rows.json", format!("[[\"phone\",\"note\"],[\"+919876543210\",\"{note}\"]]")),
        ("card.vcf", format!("BEGIN:VCARD\nTEL:+919876543210\nNOTE:{note}\nEND:VCARD\n")),
    ] {
        let folder = folder_with(b"Phone\n+919988776655\n");
        fs::write(folder.path().join(name), whole).unwrap();
        converted(folder.path(), &["in.csv", name, "-o", "out"]);
        let out = folder.path().join("out");
        check_laws(&out);
        assert_eq!(contacts(&out).len(), 1, "{name}");
        assert_eq!(column(&out.join("rejects.csv"), "_reason"), ["row_too_large"], "{name}");
    }
    let folder = folder_with(format!("[\"phone\",\"{note}\"]\n[\"+919876543210\"]").as_bytes());
    fails(folder.path(), &["in.csv", "-o", "out"], 1, "the header row is larger than");
}

#[test]
fn json_with_values_among_its_keys_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let keys: Vec<String> = (0..5_000).map(|number| format!("\"{number}\":1")).collect();
    fs::write(folder.path().join("in.json"), format!("[{{{}}}]", keys.join(","))).unwrap();
    fails(folder.path(), &["in.json", "-o", "out"], 1, "more than 4096 different keys");
}

/// A Parquet file of one column of text with one page, whose header says what it likes. The numbers
/// are those of the format: its structs in Thrift's compact protocol, field by field.
fn parquet(codec: u64, unpacked: u64, body: &[u8], rows: u64) -> Vec<u8> {
    let number = |number: u64| {
        let (mut rest, mut bytes) = (2 * number, Vec::new());
        while rest >= 0x80 {
            bytes.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        bytes.push(rest as u8);
        bytes
    };
    let all = |parts: &[&[u8]]| parts.concat();
    let n = number;
    let page = all(&[
        b"\x15\0\x15",
        &n(unpacked),
        b"\x15",
        &n(body.len() as u64),
        b"\x2C\x15",
        &n(rows),
        b"\x15\0\x15\x06\x15\x06\0\0",
        body,
    ]);
    let schema = b"\x15\x02\x19\x2C\x48\x01r\x15\x02\0\x15\x0C\x25\0\x18\x05Phone\x25\0\0";
    let column = all(&[
        b"\x26\x08\x1C\x15\x0C\x19\x15\0\x19\x18\x05Phone\x15",
        &n(codec),
        b"\x16",
        &n(rows),
        b"\x16\x64\x16",
        &n(page.len() as u64),
        b"\x26\x08\0\0",
    ]);
    let rows = n(rows);
    let group: &[&[u8]] = &[b"\x19\x1C\x19\x1C", &column, b"\x16\x64\x16", &rows, b"\0\0"];
    let footer = all(&[schema, b"\x16", &rows, &all(group)]);
    let len = (footer.len() as u32).to_le_bytes();
    all(&[b"PAR1", &page, &footer, &len, b"PAR1"])
}

#[test]
fn what_files_of_columns_say_of_their_sizes_is_not_believed() {
    let (plain, gzipped, zstandard) = (0, 2, 6);
    let value = b"\x0D\0\0\0+919876543210";
    let folder = folder_with(&parquet(plain, value.len() as u64, value, 1));
    converted(folder.path(), &["in.csv", "-o", "out"]);
    assert_eq!(contacts(&folder.path().join("out")).len(), 1);

    let zeros = vec![0; 600 << 20];
    let bombs = [gzip(&zeros), zstd::encode_all(&zeros[..], 1).unwrap()];
    drop(zeros);
    let giant = "a page of this Parquet file would not fit into memory";
    let more = "more comes out of a page than its header says";
    let cases = &Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/cases");
    // The length of its only batch, wherever it stands, in the message and in the footer.
    let arrow = |path: &str, length: i64| {
        let bytes = fs::read(cases.join(path)).unwrap();
        let length_of_all = 464_i64.to_le_bytes();
        let mut lying = bytes.clone();
        for at in 0..bytes.len() - 8 {
            if bytes[at..at + 8] == length_of_all {
                lying[at..at + 8].copy_from_slice(&length.to_le_bytes());
            }
        }
        assert_ne!(bytes, lying);
        lying
    };
    let inputs = [
        ("page", parquet(plain, 2_000_000_000, value, 1), giant),
        ("gzip", parquet(gzipped, 100, &bombs[0], 1), more),
        ("zstd", parquet(zstandard, 100, &bombs[1], 1), more),
        ("honest", parquet(zstandard, 600 << 20, &bombs[1], 1), giant),
        ("stream", arrow("arrow-stream/stdin", 1 << 40), "it ends too early"),
        ("stream", arrow("arrow-stream/stdin", -1), "it ends too early"),
        ("file", arrow("arrow-file/in.arrow", 1 << 30), "it ends too early"),
        ("file", arrow("arrow-file/in.arrow", -8), "it ends too early"),
    ];
    for (name, bytes, message) in inputs {
        fs::write(folder.path().join(name), bytes).unwrap();
        let _ = fs::remove_dir_all(folder.path().join("out"));
        let said = fails_in_little_memory(folder.path(), name);
        assert!(said.contains(message), "{name}: {said}");
    }
}

#[test]
fn a_cell_of_a_workbook_in_a_column_that_no_sheet_has_takes_no_room() {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet();
    for (row, cell) in ["Phone", "+919876543210", "+919988776655"].into_iter().enumerate() {
        sheet.write_string(row as u32, 0, cell).unwrap();
    }
    let whole = workbook.save_to_buffer().unwrap();
    for place in ["ZZZZZZ2", "A99999999", "A1"] {
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(&whole)).unwrap();
        let mut changed = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for index in 0..archive.len() {
            let mut file = archive.by_index(index).unwrap();
            let mut bytes = Vec::new();
            std::io::Read::read_to_end(&mut file, &mut bytes).unwrap();
            let name = file.name().unwrap().into_owned();
            if name.ends_with("sheet1.xml") {
                bytes = text(&bytes).replace("r=\"A3\"", &format!("r=\"{place}\"")).into_bytes();
            }
            changed.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            changed.write_all(&bytes).unwrap();
        }
        let folder = folder_with(&changed.finish().unwrap().into_inner());
        let message = fails_in_little_memory(folder.path(), "in.csv");
        assert!(message.contains("this workbook is damaged"), "{place}: {message}");
    }
}

/// An archive of these files, stored as they are.
fn archive(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let stored = zip::write::SimpleFileOptions::default();
    let stored = stored.compression_method(zip::CompressionMethod::Stored);
    for (name, bytes) in parts {
        archive.start_file(*name, stored).unwrap();
        archive.write_all(bytes.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// A workbook of this sheet.
fn workbook_of(sheet: &str) -> Vec<u8> {
    let relation = |kind: &str, target: &str| {
        format!(
            "<Relationships><Relationship Id=\"a\" Type=\"x/relationships/{kind}\" \
             Target=\"{target}\"/></Relationships>"
        )
    };
    archive(&[
        ("_rels/.rels", &relation("officeDocument", "xl/workbook.xml")),
        ("xl/_rels/workbook.xml.rels", &relation("worksheet", "worksheets/sheet1.xml")),
        (
            "xl/workbook.xml",
            "<workbook><sheets><sheet name=\"S\" sheetId=\"1\" r:id=\"a\"/></sheets></workbook>",
        ),
        ("xl/worksheets/sheet1.xml", sheet),
    ])
}

#[test]
fn a_digit_of_a_workbook_that_changed_on_the_way_is_an_error() {
    let mut workbook = workbook_of(
        "<worksheet><sheetData><row r=\"1\"><c r=\"A1\" t=\"str\"><v>Phone</v></c></row><row r=\"2\">\
         <c r=\"A2\" t=\"str\"><v>+919876543210</v></c></row></sheetData></worksheet>",
    );
    let folder = folder_with(&workbook);
    converted(folder.path(), &["in.csv", "-o", "whole"]);
    assert_eq!(contacts(&folder.path().join("whole")).len(), 1);
    let digits = b"+919876543210";
    let at = workbook.windows(digits.len()).position(|window| window == digits).unwrap();
    workbook[at + 12] ^= 1;
    fs::write(folder.path().join("in.csv"), workbook).unwrap();
    fails(folder.path(), &["in.csv", "-o", "out"], 1, "a checksum does not match");
}

#[test]
fn entities_that_a_workbook_declares_are_never_followed() {
    // Each is ten of the one before, and the last is somebody's file.
    let declared = "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">\
                    <!ENTITY f SYSTEM \"file:///etc/hostname\">]>";
    for entity in ["&b;", "&f;"] {
        let content = format!(
            "{declared}<office:document-content><office:body><office:spreadsheet>\
             <table:table table:name=\"S\"><table:table-row><table:table-cell><text:p>Phone</text:p>\
             </table:table-cell></table:table-row><table:table-row><table:table-cell><text:p>{entity}\
             </text:p></table:table-cell></table:table-row></table:table></office:spreadsheet>\
             </office:body></office:document-content>"
        );
        let ods = archive(&[("META-INF/manifest.xml", "<manifest/>"), ("content.xml", &content)]);
        let sheet = format!(
            "{declared}<worksheet><sheetData><row r=\"1\"><c r=\"A1\" t=\"str\"><v>Phone</v></c></row>\
             <row r=\"2\"><c r=\"A2\" t=\"str\"><v>{entity}</v></c></row></sheetData></worksheet>"
        );
        let xlsx = workbook_of(&sheet);
        for workbook in [ods, xlsx] {
            let folder = folder_with(&workbook);
            let message = fails_in_little_memory(folder.path(), "in.csv");
            assert!(message.contains("this workbook is damaged"), "{message}");
        }
    }
}

/// A workbook with one phone number and a multiple of 20,000 strings.
fn workbook_of_strings(times: u64) -> Vec<u8> {
    let small = workbook_of(
        "<worksheet><sheetData><row r=\"1\"><c r=\"A1\" t=\"str\"><v>Phone</v></c></row><row r=\"2\">\
         <c r=\"A2\" t=\"str\"><v>+919876543210</v></c></row></sheetData></worksheet>",
    );
    // More than any compression looks back.
    let strings: String = (0..20_000)
        .map(|number| format!("<si><t>{}</t></si>", number * 7919 % 1_000_003))
        .collect();
    let mut archive = zip::ZipWriter::new_append(std::io::Cursor::new(small)).unwrap();
    let fast = zip::write::SimpleFileOptions::default().compression_level(Some(1));
    archive.start_file("xl/sharedStrings.xml", fast).unwrap();
    archive.write_all(b"<sst>").unwrap();
    for _ in 0..times {
        archive.write_all(strings.as_bytes()).unwrap();
    }
    archive.write_all(b"</sst>").unwrap();
    archive.finish().unwrap().into_inner()
}

#[test]
fn a_workbook_with_more_strings_than_memory_is_an_error_and_leaves_nothing() {
    // Ten million are more than are ever taken, five million more than this process may have.
    for (count, fits) in [(10_000_000, false), (5_000_000, false), (1_000_000, true)] {
        let folder = folder_with(&workbook_of_strings(count / 20_000));
        let script = "ulimit -v 400000; exec \"$0\" convert in.csv -o out --threads 1 --quiet";
        let output = std::process::Command::new("sh")
            .args(["-c", script, env!("CARGO_BIN_EXE_contactmill")])
            .current_dir(folder.path())
            .output()
            .unwrap();
        let message = text(&output.stderr);
        assert_eq!(output.status.code(), Some(i32::from(!fits)), "{count}: {message}");
        if fits {
            continue;
        }
        let left: Vec<_> = files(folder.path()).into_iter().map(|(name, _)| name).collect();
        assert!(message.contains("the table of strings of this workbook"), "{message}");
        assert!(message.contains("save the sheet as CSV"), "{message}");
        assert_eq!(left, ["in.csv"], "{count}");
    }
}

#[test]
fn a_workbook_of_only_dates_has_no_phones() {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet();
    let date = rust_xlsxwriter::Format::new().set_num_format("yyyy-mm-dd");
    sheet.write_string(0, 0, "Phone").unwrap();
    for row in 1..20 {
        sheet.write_number_with_format(row, 0, 45_000.0 + f64::from(row), &date).unwrap();
    }
    let folder = folder_with(&workbook.save_to_buffer().unwrap());
    converted(folder.path(), &["in.csv", "-o", "out", "-r", "IN"]);
    let out = folder.path().join("out");
    check_laws(&out);
    assert!(contacts(&out).is_empty());
    let reasons = column(&out.join("rejects.csv"), "_reason");
    assert_eq!(reasons, ["phone_looks_like_date"; 19]);
}

#[test]
fn a_card_that_is_never_ended_costs_itself_alone() {
    let folder = folder_with(
        b"BEGIN:VCARD\nTEL:+919876543210\nEND:VCARD\nBEGIN:VCARD\nTEL:+919988776655\n\
          BEGIN:VCARD\nTEL:+919811122233\nEND:VCARD\nBEGIN:VCARD\nTEL:+919811122234\n",
    );
    converted(folder.path(), &["in.csv", "-o", "out"]);
    let out = folder.path().join("out");
    check_laws(&out);
    assert_eq!(contacts(&out).len(), 2);
    assert_eq!(column(&out.join("rejects.csv"), "_reason"), ["row_malformed", "row_malformed"]);
    assert_eq!(column(&out.join("rejects.csv"), "_line"), ["4", "9"]);
}

#[test]
fn a_cell_that_is_repeated_without_end_is_an_error() {
    let content = "<office:document-content><office:body><office:spreadsheet>\
        <table:table table:name=\"S\"><table:table-row><table:table-cell><text:p>Phone</text:p>\
        </table:table-cell></table:table-row>\
        <table:table-row table:number-rows-repeated=\"1000000\">\
        <table:table-cell table:number-columns-repeated=\"16384\"><text:p>x</text:p>\
        </table:table-cell></table:table-row></table:table></office:spreadsheet></office:body>\
        </office:document-content>";
    let ods = archive(&[("META-INF/manifest.xml", "<manifest/>"), ("content.xml", content)]);
    let folder = folder_with(&ods);
    let script = "ulimit -v 400000; exec \"$0\" inspect in.csv";
    let output = std::process::Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_contactmill")])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let message = text(&output.stderr);
    assert!(message.contains("are repeated too often"), "{message}");
}
