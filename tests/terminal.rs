//! What reaches a terminal: names and cells may hold what a terminal obeys, and none of it gets
//! through, whatever is said and wherever it comes from.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod program;

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use program::{contactmill, files, text};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

/// Moves the cursor, sets the title, colours, hides; by one character each (C1); goes back to the
/// beginning of the line; shows text backwards.
const HOSTILE: &str =
    "\u{1b}[2J\u{1b}]0;owned\u{7}\u{1b}[31m\u{9b}8m\u{9d}0;x\u{9c}\r\u{8}\u{7f}\u{202e}gnp\u{2066}";

/// The same for the name of a file, which has no slash; it tries to begin a line, too.
const HOSTILE_NAME: &str = "a\u{1b}[2J\u{9b}31m\u{202e}\r\nerror: b";

/// What a terminal would obey in what was printed; what styles text is ours, and only these are.
fn obeyed(printed: &[u8], are_styles_ours: bool) -> Vec<char> {
    let mut printed = text(printed);
    if are_styles_ours {
        for code in ["0", "1", "2", "31", "32", "33"] {
            printed = printed.replace(&format!("\u{1b}[{code}m"), "");
        }
    }
    let is_obeyed = |c: &char| {
        (c.is_control() && *c != '\n')
            || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2066}'..='\u{2069}')
    };
    printed.chars().filter(is_obeyed).collect()
}

/// Runs with and without colours, and requires that nothing is obeyed and no line is begun.
#[track_caller]
fn check(folder: &Path, arguments: &[&str]) -> Output {
    for colors in [true, false] {
        let mut command = contactmill();
        command.args(arguments).current_dir(folder);
        if colors {
            command.env_remove("NO_COLOR").env("CLICOLOR_FORCE", "1");
        }
        let output = command.output().unwrap();
        let printed = [&output.stdout[..], &output.stderr].concat();
        assert!(!printed.is_empty(), "{arguments:?} prints nothing");
        assert_eq!(
            obeyed(&printed, colors),
            Vec::<char>::new(),
            "{arguments:?}: {:?}",
            text(&printed)
        );
        // Our own message may begin so, and nothing else.
        let begun = text(&printed).matches("\nerror: ").count();
        assert_eq!(begun, 0, "{arguments:?}: {}", text(&printed));
        // The colours are there, so this test can see theirs.
        let styled = output.stderr.contains(&0x1b) || output.stdout.contains(&0x1b);
        assert_eq!(styled, colors && !arguments.contains(&"--json"), "{arguments:?}");
        if !colors {
            return output;
        }
    }
    unreachable!("the second round returns")
}

/// A dump in which everything that can be shown is hostile, under a hostile name.
fn hostile_dump(folder: &Path) -> String {
    let name = format!("{HOSTILE_NAME}.csv");
    let row = |cells: [&str; 5]| format!("\"{}\"\n", cells.join("\",\""));
    let wrapped = format!("x\nerror: y {HOSTILE}");
    let mut dump = row(["Name", "Reach", HOSTILE, &wrapped, &format!("Unsubscribed {HOSTILE}")]);
    for number in 0..8 {
        let phone = format!("+9198765432{number}0 {HOSTILE}");
        dump += &row([HOSTILE, &phone, HOSTILE, HOSTILE, "yes"]);
    }
    dump += &row(["B", &format!("12{HOSTILE}"), "", "", ""]);
    dump += "C,+919876543299,,,,\n";
    fs::write(folder.join(&name), dump).unwrap();
    name
}

#[test]
fn names_and_cells_move_no_cursor_in_summaries_and_tables() {
    let folder = tempfile::tempdir().unwrap();
    let name = hostile_dump(folder.path());
    let out = format!("out {HOSTILE_NAME}");
    let convert = ["convert", &name, "--map", "phone=Reach", "--out", &out, "--overwrite"];
    fs::write(folder.path().join("b.csv"), "Name,Reach\nB,+919876543299\n").unwrap();
    let inspect = ["inspect", &name, "--map", "phone=Reach"];
    let explain = ["explain", HOSTILE, "+919876543210 \u{1b}[31mx", "a@b\u{9b}.example"];
    for arguments in [
        &convert[..],
        &[&convert[..], &["--show-values"]].concat(),
        &[&convert[..], &["--progress", "always"]].concat(),
        &[&convert[..], &["b.csv"]].concat(),
        &inspect,
        &[&inspect[..], &["--show-values"]].concat(),
        &[&inspect[..], &["--json"]].concat(),
        &explain,
        &[&explain[..], &["--json"]].concat(),
        &["upload", &out, "--target", "m1bot", "--dry-run"],
    ] {
        let output = check(folder.path(), arguments);
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    }
    let profile = format!("{HOSTILE_NAME}.toml");
    check(folder.path(), &[&inspect[..], &["--write-profile", &profile]].concat());
    // Under that name there is one now, which the second run says.
    assert!(folder.path().join(profile).exists());
}

#[test]
fn names_and_cells_move_no_cursor_in_errors() {
    let folder = tempfile::tempdir().unwrap();
    let name = hostile_dump(folder.path());
    let missing = format!("missing {HOSTILE_NAME}");
    let path = folder.path();
    fs::write(path.join("bad.toml"), format!("\"{}\" = 1\n", "k\\u001B[31m\\u202E")).unwrap();
    fs::create_dir(path.join(HOSTILE_NAME)).unwrap();
    let mut archive = zip::ZipWriter::new(File::create(path.join("a.zip")).unwrap());
    let options = zip::write::SimpleFileOptions::default();
    for member in [format!("{HOSTILE_NAME}.exe"), format!("{HOSTILE_NAME}.png")] {
        archive.start_file(member, options).unwrap();
        archive.write_all(b"MZ\x00\x01").unwrap();
    }
    archive.finish().unwrap();
    let mut archive = zip::ZipWriter::new(File::create(path.join("b.zip")).unwrap());
    for (member, bytes) in [
        (format!("{HOSTILE_NAME}.exe"), &b"MZ\x00"[..]),
        ("b.csv".into(), b"phone\n+919876543210\n"),
    ] {
        archive.start_file(member, options).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap();
    for arguments in [
        &["convert", &name][..],
        &["convert", &name, "--map", &format!("phone={HOSTILE}\u{9b}x")],
        &["convert", &missing],
        &["convert", HOSTILE_NAME],
        &["convert", "a.zip"],
        &["convert", "b.zip"],
        &["convert", "b.zip", "--profile", "bad.toml"],
        &["convert", "b.zip", "--profile", &missing],
        &["convert", "b.zip", "--out", &name],
        &["convert", "b.zip", "--region", "\u{1b}[31mXX"],
        &["convert", "b.zip", &format!("--{HOSTILE}")],
        &[HOSTILE],
        &["inspect", &missing],
        &["upload", &missing, "--target", "m1bot"],
        &["upload", ".", "--base-url", &format!("https://crm.example/{HOSTILE}")],
        &["upload", ".", "--target", "m1bot", "--bot-id", HOSTILE],
    ] {
        if let [.., "b.zip"] = arguments {
            let _ = fs::remove_dir_all(path.join("contactmill-out"));
        }
        let first = check(path, arguments);
        assert!(first.status.code().is_some(), "{arguments:?}");
        let _ = fs::remove_dir_all(path.join("contactmill-out"));
    }
}

#[test]
fn a_name_that_is_no_text_is_shown_with_signs_in_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = contactmill();
    let name = OsString::from_vec(b"\xff\x1b[31m\xc2".to_vec());
    command.arg("convert").arg(name).current_dir(folder.path());
    let output = command.output().unwrap();
    assert_eq!(text(&output.stderr), "error: \u{fffd}\\u{1b}[31m\u{fffd}: no such file\n");
}

#[test]
fn json_and_files_hold_what_the_dump_holds() {
    let folder = tempfile::tempdir().unwrap();
    let name = hostile_dump(folder.path());
    let convert = ["convert", &name, "--map", "phone=Reach", "--json"];
    let output = check(folder.path(), &[&convert[..], &["--overwrite"]].concat());
    let printed: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let out = folder.path().join("contactmill-out");
    assert_eq!(printed, program::manifest(&out));
    assert_eq!(printed["inputs"][0]["path"], name);
    // Tables hold it as it is: they are no terminal.
    let (_, warnings) = files(&out).into_iter().find(|(name, _)| name == "rejects.csv").unwrap();
    assert!(text(&warnings).contains(HOSTILE));
}

/// Both ends of a pseudoterminal.
fn terminal() -> (File, OwnedFd) {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap();
    let flags = rustix::fs::OFlags::RDWR | rustix::fs::OFlags::NOCTTY;
    let slave = rustix::fs::open(name, flags, rustix::fs::Mode::empty()).unwrap();
    (File::from(master), slave)
}

/// Types into the command, line by line, and ends it as people do.
fn typed(mut command: Command, lines: &str) -> Output {
    let (mut keyboard, screen) = terminal();
    command.stdin(screen).stdout(Stdio::piped()).stderr(Stdio::piped());
    let run = command.spawn().unwrap();
    // The command holds the other end of the terminal, too.
    drop(command);
    keyboard.write_all(lines.as_bytes()).unwrap();
    keyboard.write_all(b"\x04").unwrap();
    run.wait_with_output().unwrap()
}

#[test]
fn who_has_to_type_is_told_so() {
    const NOTE: &str = "reading standard input; Ctrl-D ends it\n";
    for (arguments, lines, note) in [
        (&["convert", "-"][..], "name,phone\nAsha,+919876543210\n", NOTE),
        (&["convert", "-", "--quiet", "--out", "quiet"], "phone\n+919876543210\n", ""),
        (&["inspect", "-"], "name,phone\nAsha,+919876543210\n", NOTE),
        (&["explain", "-"], "+919876543210\n", NOTE),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let mut command = contactmill();
        command.args(arguments).current_dir(folder.path());
        let output = typed(command, lines);
        assert_eq!(text(&output.stderr), note, "{arguments:?}");
        assert!(output.status.success(), "{arguments:?}");
    }
    // Whoever writes to a pipe needs no hint.
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("stdin"), "phone\n+919876543210\n").unwrap();
    assert_eq!(text(&program::converted(folder.path(), &["-"]).stderr), "");
}

#[test]
fn a_terminal_shows_progress_and_colours_and_nothing_of_strangers() {
    let folder = tempfile::tempdir().unwrap();
    let name = hostile_dump(folder.path());
    let (mut master, slave) = terminal();
    let mut command = contactmill();
    command.env_remove("NO_COLOR").env_remove("CLICOLOR").env("TERM", "xterm");
    command.args(["convert", &name, "--map", "phone=Reach", "--show-values"]);
    command.current_dir(folder.path()).stdin(Stdio::null());
    command.stdout(slave.try_clone().unwrap()).stderr(slave);
    let mut run = command.spawn().unwrap();
    drop(command);
    let mut shown = Vec::new();
    // Reading from a terminal that nobody writes to any more is an error.
    let _ = master.read_to_end(&mut shown);
    assert!(run.wait().unwrap().success());
    let shown = text(&shown);
    assert!(shown.contains("\u{1b}[1m"), "{shown:?}");
    for theirs in ["\u{1b}]0;owned", "\u{1b}[31m", "\u{9b}", "\u{202e}", "\u{7}", "\u{8}", "\u{7f}"]
    {
        assert!(!shown.contains(theirs), "{theirs:?} in {shown:?}");
    }
}
