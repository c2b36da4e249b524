//! What the command makes of what was typed, and in which order it complains.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod program;

use std::fs;
use std::path::Path;
use std::process::Output;

use program::{check_laws, contactmill, converted, manifest, text};

fn run(folder: &Path, arguments: &[&str]) -> Output {
    contactmill().args(arguments).current_dir(folder).output().unwrap()
}

/// A folder with a dump, and with results of it in `contactmill-out`.
fn converted_dump() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let dump = "Name,Phone,City,Plan\nAsha,+919876543210,Pune,pro\n";
    fs::write(folder.path().join("dump.csv"), dump).unwrap();
    converted(folder.path(), &["dump.csv"]);
    folder
}

#[track_caller]
fn refused(folder: &Path, arguments: &[&str], code: i32, message: &str) {
    let output = run(folder, arguments);
    let printed = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{printed}");
    assert!(printed.starts_with(&format!("error: {message}")), "{printed}");
}

#[test]
fn an_option_said_twice_is_refused_where_only_one_can_count() {
    let folder = converted_dump();
    for (arguments, option) in [
        (
            &["convert", "dump.csv", "--encoding", "utf-8", "--encoding", "utf-8"][..],
            "--encoding <NAME>",
        ),
        (&["convert", "dump.csv", "-r", "IN", "--region=GB"], "--region <XX>"),
        (&["convert", "dump.csv", "--quiet", "-q"], "--quiet"),
        (&["inspect", "dump.csv", "--delimiter", ",", "--delimiter", ";"], "--delimiter <CHAR>"),
        (&["explain", "1", "--field", "phone", "--field", "email"], "--field <FIELD>"),
        (&["upload", ".", "--target", "m1bot", "--rate", "1", "--rate", "2"], "--rate <N>"),
        (&["sandbox", "--port", "0", "--port", "1"], "--port <N>"),
    ] {
        let message = format!("the argument '{option}' cannot be used multiple times");
        refused(folder.path(), arguments, 2, &message);
    }
    let both = ["convert", "dump.csv", "--attributes", "City", "--attributes", "none"];
    refused(folder.path(), &both, 2, "--attributes City and --attributes none do not go together");
}

#[test]
fn columns_of_a_profile_are_all_attributes_and_give_way_to_those_that_are_typed() {
    let folder = converted_dump();
    let path = folder.path();
    let profile = "attributes = [\"City\", \"Plan\"]\nadd-tag = \"crm\"\n";
    fs::write(path.join("crm.toml"), profile).unwrap();
    let options = |more: &[&str]| {
        let all = [&["dump.csv", "--profile", "crm.toml", "--overwrite"], more].concat();
        converted(path, &all);
        check_laws(&path.join("contactmill-out"));
        manifest(&path.join("contactmill-out"))["options"].clone()
    };
    let of_profile = options(&[]);
    assert_eq!(of_profile["attributes"], "City,Plan");
    let typed = options(&["--attributes", "Plan", "--add-tag", "new"]);
    assert_eq!(typed["attributes"], "Plan");
    assert_eq!(typed["add_tags"], serde_json::json!(["crm", "new"]));

    for (line, message) in [
        ("region = [\"IN\", \"GB\"]", "the argument '--region <XX>' cannot be used multiple times"),
        ("attributes = [\"City\", \"all\"]", "--attributes City and --attributes all do not go"),
    ] {
        fs::write(path.join("bad.toml"), line).unwrap();
        let message = format!("bad.toml: {message}");
        refused(path, &["convert", "dump.csv", "--profile", "bad.toml"], 1, &message);
    }
}

#[test]
fn a_missing_input_is_said_before_anything_is_read_or_refused() {
    let folder = converted_dump();
    fs::create_dir(folder.path().join("folder")).unwrap();
    let path = folder.path();
    for (inputs, message) in [
        (&["missing.csv"][..], "missing.csv: no such file"),
        (&["dump.csv", "missing.csv"], "missing.csv: no such file"),
        (&["-", "missing.csv"], "missing.csv: no such file"),
        (&["dump.csv", "folder"], "folder: is a folder"),
    ] {
        // There are results already, which alone would be refused.
        refused(path, &[&["convert"], inputs].concat(), 1, message);
        refused(path, &[&["inspect"], inputs].concat(), 1, message);
    }
    let output = run(path, &["convert", "dump.csv"]);
    assert!(text(&output.stderr).contains("contactmill-out holds results already"));
    // A profile that cannot be written is not said after everything has been looked at.
    let arguments = ["inspect", "-", "--write-profile", "dump.csv"];
    refused(path, &arguments, 1, "dump.csv: is there already; name another file");
    refused(path, &["convert", "-", "-"], 1, "standard input (-) can be read only once");
    refused(path, &["explain", "-", "-"], 1, "standard input (-) can be read only once");
}

#[test]
fn options_behind_the_values_to_explain_are_options() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), &["explain", "98765 43210", "-r", "IN", "--json"]);
    let explained: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(explained["outcome"], "accepted");
    let values = ["explain", "-r", "IN", "-9876543210", "--json", "--", "-98765 43210", "--json"];
    let output = run(folder.path(), &values);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout).lines().count(), 3);
}

/// A folder in which nobody can make a file, not even root.
#[cfg(target_os = "linux")]
const UNWRITABLE: &str = "/proc";

#[cfg(target_os = "linux")]
#[test]
fn standard_input_is_inspected_in_a_folder_that_cannot_be_written_to() {
    use std::io::Write;
    use std::os::unix::fs::PermissionsExt;
    use std::process::Stdio;

    assert!(fs::File::create(Path::new(UNWRITABLE).join("contactmill-test")).is_err());
    let temporary = tempfile::tempdir().unwrap();
    let mut command = contactmill();
    command.args(["inspect", "-", "--json"]).current_dir(UNWRITABLE);
    command.env("TMPDIR", temporary.path());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut run = command.spawn().unwrap();
    let mut pipe = run.stdin.take().unwrap();
    pipe.write_all(b"name,phone\n").unwrap();
    // The copy has no name, and only its owner can read it.
    let open = format!("/proc/{}/fd", run.id());
    let copy = loop {
        let mut files = fs::read_dir(&open).unwrap().map(|entry| entry.unwrap().path());
        // Once something has been written to it, it is ready.
        let is_copy = |path: &std::path::PathBuf| {
            fs::read_link(path).is_ok_and(|target| target.starts_with(temporary.path()))
                && fs::metadata(path).is_ok_and(|copy| copy.len() > 0)
        };
        if let Some(copy) = files.find(is_copy) {
            break copy;
        }
        assert!(run.try_wait().unwrap().is_none(), "it ended without a copy");
        std::thread::yield_now();
    };
    assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 0);
    pipe.write_all(b"Asha,+919876543210\n").unwrap();
    drop(pipe);
    let output = run.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["inputs"][0]["contacts"], 1);
    assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 0);

    // Where there is no place at all, it is said what to do.
    let mut command = contactmill();
    command.args(["inspect", "-"]).current_dir(UNWRITABLE).env("TMPDIR", UNWRITABLE);
    let output = command.stdin(Stdio::null()).output().unwrap();
    let printed = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{printed}");
    assert!(printed.starts_with("error: <stdin>: ") && printed.contains("TMPDIR"), "{printed}");
}

/// Numbers of mobiles in India, as a CSV. Most are valid in Germany, too.
fn indian_mobiles() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let digits = |at: u64| 9_000_000_000 - at * 37_654_321;
    let rows: String = (0..60).map(|at| format!("Lead {at},{}\n", digits(at))).collect();
    fs::write(folder.path().join("leads.csv"), format!("Name,Phone\n{rows}")).unwrap();
    folder
}

#[test]
fn the_region_that_numbers_fit_is_advised_and_not_taken() {
    let folder = indian_mobiles();
    let printed = |arguments: &[&str]| text(&run(folder.path(), arguments).stdout);
    let summary = printed(&["convert", "leads.csv"]);
    assert!(summary.contains("for phone_country_unknown: --region IN"), "{summary}");
    assert!(summary.contains("the numbers fit IN best (100 % valid"), "{summary}");
    assert_eq!(manifest(&folder.path().join("contactmill-out"))["counts"]["contacts"], 0);
    let inspected = printed(&["inspect", "leads.csv"]);
    assert!(inspected.contains("--region IN  100 %"), "{inspected}");
    assert!(inspected.contains("\n  contactmill convert leads.csv --region IN\n"), "{inspected}");
}

#[test]
fn a_region_that_numbers_fit_much_worse_than_another_is_doubted() {
    let folder = indian_mobiles();
    for (region, is_doubted) in [("DE", true), ("IN", false)] {
        let arguments = ["convert", "leads.csv", "--region", region, "--overwrite"];
        let summary = text(&run(folder.path(), &arguments).stdout);
        let doubt = format!("--region {region} may be wrong: the numbers fit IN best");
        assert_eq!(summary.contains(&doubt), is_doubted, "{summary}");
    }
}

#[test]
fn a_region_by_another_name_is_told_by_its_code() {
    let folder = converted_dump();
    for (said, meant) in
        [("UK", "GB"), ("India", "IN"), ("91", "IN"), ("+44", "GB"), ("Deutschland", "DE")]
    {
        let message =
            format!("invalid value '{said}' for '--region <XX>': did you mean the code {meant}?");
        refused(folder.path(), &["convert", "dump.csv", "--region", said], 2, &message);
    }
    let message = "invalid value 'QQ' for '--region <XX>': not an ISO 3166 region";
    refused(folder.path(), &["convert", "dump.csv", "--region", "QQ"], 2, message);
}

#[test]
fn too_many_rejects_are_said_with_the_exit_code() {
    let folder = indian_mobiles();
    for quiet in [&[][..], &["--quiet"]] {
        let options = ["convert", "leads.csv", "--overwrite", "--max-rejects", "5%"];
        let message = "60 of 60 records were rejected: over --max-rejects 5%\n  the results are \
                       written all the same";
        refused(folder.path(), &[&options, quiet].concat(), 3, message);
        check_laws(&folder.path().join("contactmill-out"));
    }
}

#[test]
fn a_zero_is_refused_in_plain_words() {
    let folder = converted_dump();
    for option in ["--max-contacts", "--max-bytes", "--threads"] {
        let message =
            format!("invalid value '0' for '{option} <N>': expected a whole number, at least 1");
        refused(folder.path(), &["convert", "dump.csv", option, "0"], 2, &message);
    }
}

#[test]
fn a_mapping_for_another_layout_is_told_the_columns_that_fit() {
    let folder = converted_dump();
    let path = folder.path();
    let profile = "[map]\nname = \"Kunde\"\nphone = \"Handy\"\n";
    fs::write(path.join("crm.toml"), profile).unwrap();
    let message = "dump.csv: there is no column \"Kunde\"\n  its columns are: Name, Phone, City, \
                   Plan\n  those that fit: --map name=Name --map phone=Phone\n  if crm.toml is for \
                   another layout, leave it out\n";
    let profile = ["dump.csv", "--profile", "crm.toml"];
    refused(path, &[&["inspect"], &profile[..]].concat(), 1, message);
    refused(path, &[&["convert", "--out", "other"], &profile[..]].concat(), 1, message);
}
