//! What `inspect` says.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod program;

use std::fs;
use std::path::Path;
use std::process::Output;

use program::{check_laws, contactmill, contacts, converted, manifest, text};

const LEADS: &str = "\
Name,Home,E-mail,City,AllowBroadcast,AllowSMS
Asha Canary,98765 43210,asha@example.com,Pune,TRUE,FALSE
Ravi Canary,9.19877E+11,ravi@gmial.com,Goa,FALSE,FALSE
Meena Canary,9876543212,meena@@example.com,,TRUE,TRUE
Om Canary,+91 98765 43213,,Pune,TRUE,TRUE
Tara Canary,9876543214,,Pune,FALSE,TRUE
Uma Canary,9876543215,,Pune,FALSE,TRUE
";

fn inspect(folder: &Path, arguments: &[&str]) -> Output {
    contactmill().arg("inspect").args(arguments).current_dir(folder).output().unwrap()
}

#[track_caller]
fn inspected(folder: &Path, arguments: &[&str]) -> String {
    let output = inspect(folder, arguments);
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}

fn leads() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("leads.csv"), LEADS).unwrap();
    folder
}

#[test]
fn every_column_is_told_with_what_it_was_taken_for_and_what_is_wrong_with_it() {
    let folder = leads();
    let printed = inspected(folder.path(), &["leads.csv", "--region", "IN", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&printed).unwrap();
    let input = &report["inputs"][0];
    assert_eq!((&input["records"], &input["contacts"]), (&6.into(), &5.into()));
    assert_eq!((&input["preset"], &input["delimiter"]), (&"wati".into(), &"comma".into()));
    let home = &input["columns"][1];
    assert_eq!((&home["field"], &home["by"]), (&"phone".into(), &"content".into()));
    assert_eq!((&home["filled"], &home["valid"]), (&6.into(), &5.into()));
    assert_eq!(home["found"][0]["code"], "phone_excel_rounded");
    assert_eq!(home["found"][0]["first_line"], 3);
    let codes: Vec<_> = input["columns"][2]["found"].as_array().unwrap().iter().collect();
    assert_eq!(codes.len(), 2);
    assert_eq!(input["opt_outs"][0]["count"], 3);
    assert_eq!(input["opt_outs"][1]["count"], 2);
    assert_eq!(input["region_advice"]["without_code"], 4);
}

#[test]
fn regions_are_advised_and_never_applied() {
    let folder = leads();
    let printed = inspected(folder.path(), &["leads.csv", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&printed).unwrap();
    let input = &report["inputs"][0];
    assert_eq!(input["contacts"], 1);
    let first = &input["region_advice"]["regions"][0];
    assert_eq!((&first["region"], &first["written"]), (&"IN".into(), &1.into()));
}

#[test]
fn values_are_masked_unless_asked_for_and_lines_fit_80_columns() {
    let folder = leads();
    for json in [&[][..], &["--json"]] {
        let arguments = [&["leads.csv", "-r", "IN"], json].concat();
        let printed = inspected(folder.path(), &arguments);
        for canary in ["Canary", "98765", "asha@", "Asha", "Pune"] {
            assert!(!printed.contains(canary), "{canary}: {printed}");
        }
        let shown = inspected(folder.path(), &[&arguments[..], &["--show-values"]].concat());
        assert!(shown.contains("Asha Canary"), "{shown}");
    }
    let long = "Name".repeat(30);
    let mut text_of = LEADS.replace("City", &long).replace("Asha Canary", &long);
    text_of = text_of.replace("asha@", &format!("{}@", "asha".repeat(15)));
    fs::write(folder.path().join("leads.csv"), text_of).unwrap();
    let printed = inspected(folder.path(), &["leads.csv", "-r", "IN", "--show-values"]);
    assert!(printed.lines().all(|line| line.chars().count() <= 80), "{printed}");
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[test]
fn the_sample_is_of_the_whole_file() {
    let folder = tempfile::tempdir().unwrap();
    let mut csv = String::from("Name,Phone,Late\n");
    for number in 0..50_000 {
        let late = if number < 25_000 { "" } else { "x" };
        csv += &format!("A,+9198765{number:05},{late}\n");
    }
    fs::write(folder.path().join("big.csv"), csv).unwrap();
    let printed = inspected(folder.path(), &["big.csv", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&printed).unwrap();
    let input = &report["inputs"][0];
    assert_eq!((&input["records"], &input["sampled"]), (&50_000.into(), &12_500.into()));
    assert_eq!(input["columns"][2]["filled"], 6_250);
    assert!(input["examples"].as_array().unwrap().len() <= 5);
}

#[test]
fn a_profile_reads_the_next_file_the_same_way() {
    let folder = leads();
    let path = folder.path();
    inspected(path, &["leads.csv", "-r", "IN", "--write-profile", "leads.toml"]);
    let profile = fs::read_to_string(path.join("leads.toml")).unwrap();
    assert!(
        profile.contains("region = \"IN\"") && profile.contains("phone = \"Home\""),
        "{profile}"
    );
    // With one record only, content alone would not say what it holds.
    fs::write(path.join("next.csv"), "Name,Home,E-mail\nA,n/a,\nB,9876543219,\n").unwrap();
    converted(path, &["next.csv", "--profile", "leads.toml", "-o", "out"]);
    check_laws(&path.join("out"));
    assert_eq!(contacts(&path.join("out")).len(), 1);
    assert_eq!(manifest(&path.join("out"))["options"]["region"], "IN");
    // What is typed wins.
    let arguments = ["leads.csv", "--profile", "leads.toml", "-r", "GB", "-o", "gb"];
    converted(path, &arguments);
    assert_eq!(manifest(&path.join("gb"))["options"]["region"], "GB");
    let arguments = [
        "leads.csv",
        "--profile",
        "leads.toml",
        "--map",
        "tags=Home",
        "--map",
        "phone=City",
        "-o",
        "tags",
    ];
    converted(path, &arguments);
    assert_eq!(contacts(&path.join("tags")).len(), 0);

    let again = inspect(path, &["leads.csv", "--write-profile", "leads.toml"]);
    assert!(text(&again.stderr).contains("leads.toml: is there already"));
    for (text_of, message) in [
        ("regoin = \"IN\"", "regoin is no option that a profile can hold"),
        ("out = \"x\"", "out is no option that a profile can hold"),
        ("region = \"XX\"", "invalid value 'XX' for '--region <XX>'"),
        ("map = 3", "map must be a table"),
        ("= 3", "is no profile"),
    ] {
        fs::write(path.join("bad.toml"), text_of).unwrap();
        let output = inspect(path, &["leads.csv", "--profile", "bad.toml"]);
        let printed = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{printed}");
        assert!(printed.starts_with("error: bad.toml: ") && printed.contains(message), "{printed}");
    }
}

const CASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/cases");

/// Options that only `convert` has, and whether a value stands behind them.
const OF_CONVERT: [(&str, bool); 21] = [
    ("--dedup", true),
    ("--exclude", true),
    ("--fixes", true),
    ("--inputs-from", true),
    ("--json", false),
    ("--layout", true),
    ("--max-bytes", true),
    ("--max-contacts", true),
    ("--max-rejects", true),
    ("--on-duplicate", true),
    ("--opt-outs", true),
    ("--overwrite", false),
    ("--progress", true),
    ("--quiet", false),
    ("--rejects", true),
    ("--report", false),
    ("--sample", true),
    ("--since", true),
    ("--split-by", true),
    ("--threads", true),
    ("--to", true),
];

/// What `inspect` is asked for in a case of `convert`.
fn arguments_of(case: &Path) -> Vec<String> {
    let text = fs::read_to_string(case.join("args")).unwrap();
    let mut lines = text.lines().filter(|line| !line.is_empty());
    let mut arguments = Vec::new();
    while let Some(line) = lines.next() {
        match OF_CONVERT.iter().find(|(name, _)| line.split('=').next() == Some(name)) {
            Some((_, true)) if !line.contains('=') => _ = lines.next(),
            Some(_) => {}
            None => arguments.push(line.to_owned()),
        }
    }
    arguments.push("--json".to_owned());
    arguments
}

/// Of each input its name, its preset, and its columns with what they hold.
fn columns(inputs: &serde_json::Value) -> Vec<serde_json::Value> {
    let column = |column: &serde_json::Value| [column["column"].clone(), column["field"].clone()];
    let input = |input: &serde_json::Value| {
        let columns: Vec<_> = input["columns"].as_array().unwrap().iter().map(column).collect();
        serde_json::json!([input["path"], input["preset"], columns])
    };
    inputs.as_array().unwrap().iter().map(input).collect()
}

#[test]
fn quotes_of_another_kind_are_named() {
    for (case, file, quotes) in [
        ("quotes-single", "contacts.sql.csv", "quotes '…', "),
        ("quotes-behind-backslashes", "leads.csv", "quotes \"…\\\"…\", "),
    ] {
        let printed = inspected(&Path::new(CASES).join(case), &[file]);
        assert!(printed.contains(quotes), "{printed}");
    }
    let folder = leads();
    assert!(!inspected(folder.path(), &["leads.csv"]).contains("quotes"));
}

#[test]
fn what_inspect_says_of_columns_is_what_convert_does() {
    let mut compared = 0;
    for case in fs::read_dir(CASES).unwrap() {
        let case = case.unwrap().path();
        // Lists of inputs are of `convert` alone.
        if case.ends_with("inputs-from-list") {
            continue;
        }
        let mut command = contactmill();
        command.arg("inspect").args(arguments_of(&case)).current_dir(&case);
        if let Ok(input) = fs::File::open(case.join("stdin")) {
            command.stdin(input);
        }
        let output = command.output().unwrap();
        let Ok(manifest) = fs::read(case.join("expected/manifest.json")) else {
            let expected = fs::read_to_string(case.join("expected/stderr")).unwrap();
            // Of several sheets with contacts, `inspect` shows each; it splits and excludes nothing.
            let is_of_convert = expected.contains("several sheets hold contacts")
                || case.ends_with("split-by-unknown-column")
                || case.ends_with("arrow-consents-without-text");
            assert_eq!(output.status.success(), is_of_convert, "{}", case.display());
            continue;
        };
        assert!(output.status.success(), "{}: {}", case.display(), text(&output.stderr));
        let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(columns(&report["inputs"]), columns(&manifest["mapping"]), "{}", case.display());
        compared += 1;
    }
    assert!(compared > 90);
}

/// Six records and no header row.
const HEADERLESS: &str = "\
Asha Canary,98765 43210,asha@example.com
Ravi Canary,98765 43211,ravi@example.com
Meena Canary,98765 43212,meena@example.com
Om Canary,98765 43213,om@example.com
Tara Canary,98765 43214,tara@example.com
Uma Canary,98765 43215,uma@example.com
";

#[test]
fn a_file_without_a_header_row_is_inspected_by_letters_and_read_again_by_its_profile() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("people.csv"), HEADERLESS).unwrap();
    let refused = inspect(path, &["people.csv", "-r", "IN"]);
    let message = text(&refused.stderr);
    assert!(
        !refused.status.success() && message.contains("--no-header --map phone=B"),
        "{message}"
    );
    assert!(!message.contains("Canary") && !message.contains("98765"), "{message}");

    let arguments =
        ["people.csv", "-r", "IN", "--no-header", "--map", "name=A", "--write-profile", "p.toml"];
    let printed = inspected(path, &arguments);
    for line in ["  A  column1", "  B  column2", "  C  column3", "6 records", "line 1 "] {
        assert!(printed.contains(line), "{line}: {printed}");
    }
    let arguments = ["people.csv", "-r", "IN", "--no-header", "--map", "name=A"];
    let next = "contactmill convert people.csv --region IN --no-header --map name=A";
    assert!(inspected(path, &arguments).contains(next));
    let json = inspected(path, &["people.csv", "-r", "IN", "--no-header", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(report["inputs"][0]["columns"][1]["letter"], "B");
    assert_eq!(report["inputs"][0]["columns"][1]["field"], "phone");

    let profile = fs::read_to_string(path.join("p.toml")).unwrap();
    assert!(profile.contains("no-header = true") && profile.contains("name = \"column1\""));
    converted(path, &["people.csv", "--profile", "p.toml", "-o", "out"]);
    check_laws(&path.join("out"));
    let names = contacts(&path.join("out"));
    assert_eq!(names.len(), 6);
    assert_eq!(names[0]["profile"]["userDetails"]["userProvidedName"], "Asha Canary");
    assert_eq!(manifest(&path.join("out"))["options"]["no_header"], true);
}

#[test]
fn inspect_asks_whose_phone_to_take_as_convert_does() {
    let folder = tempfile::tempdir().unwrap();
    let text_of = "Staff Phone,Client,Client Phone\n+912223456789,Asha,+919876543210\n";
    fs::write(folder.path().join("in.csv"), text_of).unwrap();
    let asked = inspect(folder.path(), &["in.csv"]);
    let message = text(&asked.stderr);
    for line in ["--map 'phone=Staff Phone'", "--map 'phone=Client Phone'", "column C"] {
        assert!(message.contains(line), "{line}: {message}");
    }
    assert!(message.lines().all(|line| line.chars().count() <= 80), "{message}");
    let printed = inspected(folder.path(), &["in.csv", "--map", "phone=C", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(report["inputs"][0]["columns"][2]["field"], "phone");
    assert_eq!(report["inputs"][0]["columns"][0]["field"], "attr:Staff Phone");
}

#[test]
fn a_column_of_countries_that_holds_something_else_is_pointed_out() {
    let folder = tempfile::tempdir().unwrap();
    let plots =
        "Name,Phone,Land\nAsha,9876543210,Plot A\nRavi,9876543211,Indien\nUma,9876543212,\n";
    fs::write(folder.path().join("plots.csv"), plots).unwrap();
    let printed = inspected(folder.path(), &["plots.csv", "--region", "IN"]);
    assert!(printed.contains("1 no country that is known"), "{printed}");
    let arguments = ["convert", "plots.csv", "--region", "IN", "-o"];
    let summary = |out: &str, more: &[&str]| {
        let mut program = contactmill();
        let output = program.args(arguments).arg(out).args(more).current_dir(folder.path());
        text(&output.output().unwrap().stdout)
    };
    let printed = summary("as-country", &[]);
    assert!(printed.contains("1 of these: Land says no country that is known"), "{printed}");
    assert!(printed.contains("--map attr:Land=Land"), "{printed}");
    let printed = summary("as-attribute", &["--map", "attr:Land=Land"]);
    assert!(!printed.contains("rejected records"), "{printed}");
}

#[test]
fn empty_columns_that_hold_no_field_share_a_line() {
    let folder = tempfile::tempdir().unwrap();
    let names: Vec<String> = (1..30).map(|at| format!("Extra{at}")).collect();
    let blank = ",".repeat(29);
    let csv = format!("Name,Phone,{},E-mail\nAsha,+919876543210,{blank}\n", names.join(","));
    fs::write(folder.path().join("wide.csv"), csv).unwrap();
    let printed = inspected(folder.path(), &["wide.csv"]);
    assert!(printed.contains("\n     29 empty columns: C Extra1, D Extra2, "), "{printed}");
    assert!(printed.contains("\n AF  E-mail"), "{printed}");
    assert!(!printed.contains("\n  C  Extra1"), "{printed}");
    assert!(printed.lines().all(|line| line.chars().count() <= 80), "{printed}");
}

#[test]
fn what_is_not_used_what_is_missing_and_what_looks_sensitive_is_said_with_options() {
    let folder = tempfile::tempdir().unwrap();
    let mut csv = String::from("Phone,Reach,Plan,\"Passport, No\",Remarks\n");
    for number in 10..20 {
        csv += &format!("+91 98765 432{number},+91 99887 766{number},Gold,P{number},Do not call\n");
    }
    fs::write(folder.path().join("in.csv"), csv).unwrap();
    let printed = inspected(folder.path(), &["in.csv"]);
    for line in [
        "  no column was taken for the name",
        "  \"Reach\": only an attribute, though 10 of 10 cells read as a phone number",
        "  \"Passport, No\": identity document or number, by its header",
        "           10  by Remarks",
        "    --map phone=Phone --map phone=Reach",
        "    --attributes 'all but D'",
        "  to leave out who opted out: --opt-outs exclude",
    ] {
        assert!(printed.lines().any(|known| known == line), "{line}: {printed}");
    }
    let printed = inspected(folder.path(), &["in.csv", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&printed).unwrap();
    let input = &report["inputs"][0];
    assert_eq!(input["missing"][0], "name");
    assert_eq!(input["columns"][1]["looks_like"], "phone");
    assert_eq!(input["columns"][3]["sensitive"]["kind"], "identity");
    // What the options say is done.
    let options =
        ["--map", "phone=Phone", "--map", "phone=Reach", "--attributes", "Plan,D,Remarks"];
    converted(folder.path(), &[&["in.csv", "-o", "out"], &options[..]].concat());
    let columns = &manifest(&folder.path().join("out"))["mapping"][0]["columns"];
    assert_eq!(
        (&columns[1]["field"], &columns[3]["field"]),
        (&"phone".into(), &"attr:Passport, No".into())
    );
    assert!(columns[3]["sensitive"].is_null(), "{columns}");
    converted(folder.path(), &["in.csv", "-o", "without", "--attributes", "all but D"]);
    let columns = &manifest(&folder.path().join("without"))["mapping"][0]["columns"];
    assert_eq!(columns[2]["field"], "attr:Plan");
    assert!(columns[3]["field"].is_null(), "{columns}");
}

#[test]
fn the_sheets_of_a_workbook_are_listed_with_the_commands_that_take_them() {
    let cases = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/cases");
    for case in ["sheets-all/leads.xlsx", "sheets-all-xls/leads.xls", "sheets-all-ods/leads.ods"] {
        let folder = tempfile::tempdir().unwrap();
        let workbook = case.split('/').next_back().unwrap();
        fs::copy(Path::new(cases).join(case), folder.path().join(workbook)).unwrap();
        let printed = inspected(folder.path(), &[workbook]);
        for listed in [
            "          3  India                     contacts\n",
            "          3  Leads Spain               contacts\n",
            "          2  Totals\n",
            "          0  Empty\n",
            &format!("\n{workbook}/India\n"),
            &format!("\n{workbook}/Leads Spain\n"),
            &format!("  contactmill convert {workbook} --sheet India\n"),
            &format!("  contactmill convert {workbook} --sheet 'Leads Spain'\n"),
            &format!("  contactmill convert {workbook} --sheet '*'\n"),
        ] {
            assert!(printed.contains(listed), "{listed}: {printed}");
        }
        let report = inspected(folder.path(), &[workbook, "--json"]);
        let report: serde_json::Value = serde_json::from_str(&report).unwrap();
        let sheet = &report["workbooks"][0]["sheets"][2];
        assert_eq!((&sheet["sheet"], &sheet["records"]), (&"Leads Spain".into(), &3.into()));
        let chosen = inspected(folder.path(), &[workbook, "--sheet", "totals", "--map", "phone=B"]);
        assert!(chosen.contains(" --sheet totals --map phone=B\n"), "{chosen}");
    }
}

#[test]
fn a_profile_holds_the_sheets_that_it_was_written_with() {
    let case = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/cases/sheets-all/leads.xlsx");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::copy(case, path.join("leads.xlsx")).unwrap();
    let typed = ["--sheet", "India", "--sheet", "Old", "--add-tag", "a", "--add-tag", "b"];
    let inspect = [&["leads.xlsx", "--write-profile", "p.toml"], &typed[..]].concat();
    let printed = inspected(path, &inspect);
    assert!(printed.contains("  contactmill convert leads.xlsx --profile p.toml\n"), "{printed}");
    converted(path, &["leads.xlsx", "--profile", "p.toml", "-o", "out"]);
    let options = manifest(&path.join("out"))["options"].clone();
    assert_eq!(options["sheet"], serde_json::json!(["India", "Old"]));
    assert_eq!(options["add_tags"], serde_json::json!(["a", "b"]));
    assert_eq!(contacts(&path.join("out")).len(), 4);
    converted(path, &["leads.xlsx", "--profile", "p.toml", "--sheet", "old", "-o", "typed"]);
    assert_eq!(contacts(&path.join("typed")).len(), 1);
}
