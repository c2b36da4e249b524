//! What a run makes of inputs that are changed while it is at work.
//!
//! A named pipe is the last input: inputs are opened in their order, so whoever can write to it knows
//! that all others were opened and looked at, and that none was read to its end for its records.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod program;

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, SystemTime};

use program::{check_laws, contactmill, contacts, text};

/// `O_NONBLOCK`: opening a pipe that nobody reads is an error, instead of waiting for a reader.
const WITHOUT_WAITING: i32 = 0o4000;

/// The end of the pipe to write to, once the run has opened the other.
fn opened(pipe: &Path, run: &mut Child) -> File {
    loop {
        match File::options().write(true).custom_flags(WITHOUT_WAITING).open(pipe) {
            Ok(gate) => return gate,
            Err(_) => {
                assert!(run.try_wait().unwrap().is_none(), "it ended before the last input");
                sleep(Duration::from_millis(1));
            }
        }
    }
}

/// Runs a command on the inputs, and `change` once they are open.
fn run_while(folder: &Path, command: &str, inputs: &[&str], change: impl FnOnce()) -> Output {
    let pipe = folder.join("last");
    let _ = fs::remove_file(&pipe);
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut run = contactmill();
    run.arg(command).args(inputs).arg("last").current_dir(folder);
    if command == "convert" {
        run.args(["-q", "-o", "out"]);
    }
    let mut run = run.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut gate = opened(&pipe, &mut run);
    change();
    gate.write_all(b"Phone\n+919811122233\n").unwrap();
    drop(gate);
    run.wait_with_output().unwrap()
}

/// Requires that a run ends with an error that names the input, and leaves nothing behind.
#[track_caller]
fn check_changed(folder: &Path, inputs: &[&str], changed: &str, change: impl FnOnce()) {
    let output = run_while(folder, "convert", inputs, change);
    let message = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{changed}: {message}");
    // Where one can be told, a line stands between them.
    assert!(message.starts_with(&format!("error: {changed}: ")), "{message}");
    assert!(message.ends_with(": was changed while it was read\n"), "{message}");
    let left = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let left: Vec<_> = left.filter(|name| name.to_string_lossy().contains("out")).collect();
    assert!(left.is_empty(), "{left:?}");
}

/// Writes a file that was last changed an hour ago.
fn write(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).unwrap();
    let before = SystemTime::now() - Duration::from_secs(3600);
    File::options().write(true).open(path).unwrap().set_modified(before).unwrap();
}

/// Contacts in this form, far more than are looked at for the columns.
fn dump(form: &str) -> Vec<u8> {
    let mut dump = String::from(if form == "in.csv" { "name,phone\n" } else { "" });
    for number in 0..40_000 {
        let (name, phone) = (format!("Asha {number}"), format!("+9198{number:08}"));
        dump.push_str(&match form {
            "in.csv" => format!("{name},{phone}\n"),
            "in.ndjson" => format!("{{\"name\":\"{name}\",\"phone\":\"{phone}\"}}\n"),
            "rows.ndjson" if number == 0 => "[\"name\",\"phone\"]\n".to_owned(),
            "rows.ndjson" => format!("[\"{name}\",\"{phone}\"]\n"),
            _ => format!("BEGIN:VCARD\nFN:{name}\nTEL:{phone}\nEND:VCARD\n"),
        });
    }
    dump.into_bytes()
}

/// The contacts packed as this name says.
fn packed(name: &str) -> Vec<u8> {
    let plain = dump("in.csv");
    match name {
        "in.csv.gz" => {
            let fast = flate2::Compression::fast();
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), fast);
            encoder.write_all(&plain).unwrap();
            encoder.finish().unwrap()
        }
        "in.zip" => {
            let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
            archive.start_file("in.csv", zip::write::SimpleFileOptions::default()).unwrap();
            archive.write_all(&plain).unwrap();
            archive.finish().unwrap().into_inner()
        }
        _ => dump(name),
    }
}

#[test]
fn an_input_that_shrinks_while_it_is_read_is_an_error() {
    for name in ["in.csv", "in.ndjson", "rows.ndjson", "in.vcf", "in.csv.gz", "in.zip"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        let bytes = packed(name);
        let changed = if name == "in.zip" { "in.zip/in.csv" } else { name };
        for len in [bytes.len() as u64 / 2, 0] {
            write(&path, &bytes);
            check_changed(folder.path(), &[name], changed, || {
                File::options().write(true).open(&path).unwrap().set_len(len).unwrap();
            });
        }
    }
}

#[test]
fn an_input_that_grows_while_it_is_read_is_an_error() {
    for name in ["in.csv", "in.ndjson", "in.vcf", "in.zip"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        write(&path, &packed(name));
        let changed = if name == "in.zip" { "in.zip/in.csv" } else { name };
        check_changed(folder.path(), &[name], changed, || {
            File::options().append(true).open(&path).unwrap().write_all(b"\n").unwrap();
        });
    }
}

#[test]
fn an_input_with_other_bytes_of_the_same_length_is_an_error() {
    for name in ["in.csv", "in.ndjson", "in.vcf", "in.csv.gz"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        let mut bytes = packed(name);
        write(&path, &bytes);
        check_changed(folder.path(), &[name], name, || {
            let middle = bytes.len() / 2;
            bytes[middle..middle + 1000].reverse();
            // The file itself is written over, as `cp` does.
            File::options().write(true).open(&path).unwrap().write_all(&bytes).unwrap();
        });
    }
}

#[test]
fn an_input_that_another_takes_the_place_of_is_read_as_it_was_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let phone = |number: u32| format!("Phone\n+9198765432{number:02}\n");
    let names: Vec<String> = (0..6).map(|number| format!("{number}.csv")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let replace = |name: &str| {
        write(&folder.path().join("other"), phone(99).as_bytes());
        fs::rename(folder.path().join("other"), folder.path().join(name)).unwrap();
    };
    for (number, name) in (0..).zip(&names) {
        write(&folder.path().join(name), phone(number).as_bytes());
    }
    // The last was closed after a look at it, as not all can stay open.
    check_changed(folder.path(), &names, "5.csv", || replace("5.csv"));
    // The first is still open, and so its bytes are still there.
    let output = run_while(folder.path(), "convert", &names[..1], || replace("0.csv"));
    assert!(output.status.success(), "{}", text(&output.stderr));
    let out = folder.path().join("out");
    check_laws(&out);
    let number = &contacts(&out)[0]["profile"]["userDetails"]["contact"]["phone"]["number"];
    assert_eq!(number, "9876543200");
}

#[test]
fn a_workbook_that_is_changed_while_it_is_read_is_an_error() {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.write_string(0, 0, "Phone").unwrap();
    for row in 1..20_000 {
        sheet.write_string(row, 0, format!("+9198{row:08}")).unwrap();
    }
    let bytes = workbook.save_to_buffer().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("in.xlsx");
    write(&path, &bytes);
    check_changed(folder.path(), &["in.xlsx"], "in.xlsx", || {
        File::options().write(true).open(&path).unwrap().set_len(bytes.len() as u64 / 2).unwrap();
    });
}

#[test]
fn inspect_says_that_an_input_was_changed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("in.csv");
    write(&path, &dump("in.csv"));
    let output = run_while(folder.path(), "inspect", &["in.csv"], || {
        File::options().write(true).open(&path).unwrap().set_len(500_000).unwrap();
    });
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&output.stderr), "error: in.csv: was changed while it was read\n");
}
