//! Completions, as a shell makes them, and the manual.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "a test says that it was skipped")]

mod program;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use program::{contactmill, text};

const SHELLS: [&str; 4] = ["bash", "zsh", "fish", "powershell"];

fn printed(arguments: &[&str]) -> String {
    let output = contactmill().args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

/// Runs a shell, if this machine has it.
fn shell(program: &str, arguments: &[&str]) -> Option<Output> {
    let output = Command::new(program).args(arguments).output();
    if output.is_err() {
        println!("skipped: no {program} here");
    }
    output.ok()
}

/// What bash offers for the last of these words.
fn completed(script: &Path, words: &[&str]) -> Option<Vec<String>> {
    let last = words.len() - 1;
    let ask = format!(
        "source '{}'; COMP_WORDS=({}); COMP_CWORD={last}; \
         $(complete -p contactmill | sed 's/.*-F \\([^ ]*\\).*/\\1/') \
         contactmill '{}' '{}'; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        script.display(),
        words.join(" "),
        words[last],
        words[last - 1]
    );
    let output = shell("bash", &["--norc", "--noprofile", "-c", &ask])?;
    assert!(output.status.success(), "{}", text(&output.stderr));
    Some(text(&output.stdout).lines().map(str::to_owned).collect())
}

#[test]
fn bash_completes_commands_options_and_their_words() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("contactmill.bash");
    fs::write(&script, printed(&["completions", "bash"])).unwrap();
    for (words, offered) in [
        (&["contactmill", "conv"][..], &["convert"][..]),
        (&["contactmill", "com"], &["completions"]),
        (&["contactmill", "convert", "--reg"], &["--region"]),
        (&["contactmill", "convert", "--on-duplicate", "l"], &["last"]),
        (&["contactmill", "completions", "z"], &["zsh"]),
        (&["contactmill", "upload", "--tok"], &["--token-file"]),
    ] {
        let Some(found) = completed(&script, words) else { return };
        assert_eq!(found, offered, "{words:?}");
    }
}

#[test]
fn each_shell_takes_its_script() {
    let folder = tempfile::tempdir().unwrap();
    for name in SHELLS {
        let script = printed(&["completions", name]);
        assert!(script.contains("on-duplicate"), "{name}");
        let path = folder.path().join(name);
        fs::write(&path, script).unwrap();
        let path = path.to_str().unwrap();
        let check = match name {
            "powershell" => shell("pwsh", &["-NoProfile", "-File", path]),
            _ => shell(name, &["-n", path]),
        };
        let Some(output) = check else { continue };
        assert!(output.status.success(), "{name}: {}", text(&output.stderr));
        assert!(output.stderr.is_empty(), "{name}: {}", text(&output.stderr));
    }
}

#[test]
fn the_manual_has_a_page_for_every_command_with_every_option() {
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("share/man/man1");
    printed(&["man", "--out", pages.to_str().unwrap()]);
    let page = |name: &str| fs::read_to_string(pages.join(format!("{name}.1"))).unwrap();
    assert_eq!(page("contactmill"), printed(&["man"]));
    let help = printed(&["--help"]);
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let commands: Vec<&str> = commands
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next())
        .filter(|name| !matches!(*name, "" | "help"))
        .collect();
    assert!(commands.contains(&"man"), "{commands:?}");
    assert_eq!(fs::read_dir(&pages).unwrap().count(), 1 + commands.len());
    for name in commands {
        let page = page(&format!("contactmill-{name}"));
        assert_eq!(page, printed(&["man", name]), "{name}");
        let plain = page.replace("\\-", "-");
        let help = printed(&[name, "--help"]);
        let words = help.split(|c: char| !(c.is_alphanumeric() || c == '-'));
        for option in words.filter(|word| word.starts_with("--") && word.len() > 2) {
            assert!(plain.contains(option), "{name} {option}");
        }
    }
}

#[test]
fn a_page_that_is_not_there_names_those_that_are() {
    let output = contactmill().args(["man", "conver"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = text(&output.stderr);
    assert!(said.starts_with("error: there is no command \"conver\"; the commands are"), "{said}");
    assert!(said.contains("convert, inspect, explain"), "{said}");
}
