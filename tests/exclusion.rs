//! Who must not be written to is in no import array, and the proof says why.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod program;

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::Path;

use program::{check_laws, check_threads, column, contacts, converted, fails, manifest};
use proptest::prelude::*;
use serde_json::Value;

/// People are known by a number from 0. Each has a phone number, and an address.
const PEOPLE: u32 = 30;

/// The number of a person in one of the forms that people write.
fn written_number(person: u32, form: u8) -> String {
    let digits = format!("98765{person:05}");
    match form % 6 {
        0 => format!("+91 {} {}", &digits[..5], &digits[5..]),
        1 => format!("0{digits}"),
        2 => format!("https://wa.me/91{digits}"),
        3 => format!("{}-{}", &digits[..5], &digits[5..]),
        4 => format!("0091{digits}"),
        _ => format!("tel:+91{digits}"),
    }
}

fn written_address(person: u32, form: u8) -> String {
    match form % 3 {
        0 => format!("person{person}@example.com"),
        1 => format!("Person{person}@EXAMPLE.com"),
        _ => format!("<person{person}@example.com>"),
    }
}

/// A record: person, forms of its number and of its address, whether it has an address, and what its
/// column of consents says.
fn dump(records: &[(u32, u8, bool, bool)]) -> String {
    let mut text = String::from("Name,Phone,Email,Unsubscribed\n");
    for &(person, form, has_address, is_out) in records {
        let phone = written_number(person, form);
        let address = if has_address { written_address(person, form) } else { String::new() };
        let consent = if is_out { "yes" } else { "" };
        text += &format!("Person {person},{phone},{address},{consent}\n");
    }
    text
}

/// The people in the import arrays, by number and by address.
fn imported(out: &Path) -> BTreeSet<String> {
    let reach = |contact: &Value| {
        let contact = &contact["profile"]["userDetails"]["contact"];
        let text = |value: &Value| value.as_str().unwrap().to_lowercase();
        [text(&contact["phone"]["number"]), text(&contact["email"])]
    };
    contacts(out).iter().flat_map(reach).filter(|text| !text.is_empty()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nobody_on_a_list_is_imported(
        records in proptest::collection::vec((0..PEOPLE, any::<u8>(), any::<bool>(), any::<bool>()), 1..60),
        numbers in proptest::collection::vec((0..PEOPLE, any::<u8>()), 1..6),
        addresses in proptest::collection::vec((0..PEOPLE, any::<u8>()), 0..6),
        on_duplicate in proptest::sample::select(&["merge", "first", "last"][..]),
        opt_outs in proptest::sample::select(&["keep", "exclude"][..]),
    ) {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("in.csv"), dump(&records)).unwrap();
        let numbers_written = numbers.iter().map(|&(person, form)| written_number(person, form));
        let written = addresses.iter().map(|&(person, form)| written_address(person, form));
        let list: Vec<String> = numbers_written.chain(written).collect();
        fs::write(folder.path().join("list.txt"), list.join("\n")).unwrap();
        let arguments = [
            "in.csv", "--region", "IN", "--quiet", "--exclude", "list.txt",
            "--on-duplicate", on_duplicate, "--opt-outs", opt_outs,
        ];
        converted(folder.path(), &[&arguments[..], &["-o", "out"]].concat());
        let out = folder.path().join("out");
        check_laws(&out);
        check_threads(folder.path(), &arguments.map(String::from));

        let imported = imported(&out);
        for (person, _) in &numbers {
            let number = format!("98765{person:05}");
            prop_assert!(!imported.contains(&number));
        }
        for (person, _) in &addresses {
            let address = format!("person{person}@example.com");
            prop_assert!(!imported.contains(&address));
        }
        let is_listed = |person: u32, has_address: bool| {
            numbers.iter().any(|&(listed, _)| listed == person)
                || has_address && addresses.iter().any(|&(listed, _)| listed == person)
        };
        let excluded = records.iter().filter(|&&(person, _, has_address, is_out)| {
            is_listed(person, has_address) || is_out && opt_outs == "exclude"
        });
        prop_assert_eq!(column(&out.join("excluded.csv"), "_list").len(), excluded.count());
        let opted_out = records.iter().filter(|record| record.3).count();
        let counted = manifest(&out)["opt_outs"][0]["contacts"].as_u64().unwrap_or(0);
        prop_assert_eq!(counted, opted_out as u64);
    }
}

/// A folder with two contacts and a list.
fn with_list(name: &str, list: &[u8]) -> tempfile::TempDir {
    let folder = program::folder_with(
        b"Name,Phone,Email\nAsha,98765 43210,asha@example.com\nRavi,99887 76655,\n",
    );
    fs::write(folder.path().join(name), list).unwrap();
    folder
}

#[test]
fn a_list_in_any_form_leaves_out_whom_it_names() {
    let lists: [(&str, &[u8]); 11] = [
        ("bare.txt", b"9876543210\n"),
        ("without-a-line-end.txt", b"+91 98765 43210"),
        ("first-as-a-link.txt", b"tel:+919876543210\nravi@example.net\n"),
        ("windows.txt", b"\xEF\xBB\xBF9876543210\r\n9123456780\r\n"),
        ("links.txt", b"https://wa.me/919876543210\nhttps://wa.me/919123456780\n"),
        ("addresses.txt", b"ASHA@example.com\n"),
        ("junk-first.txt", b"do not write to these\n98765 43210\n"),
        ("quoted.csv", b"\"98765 43210\"\n\"91234 56780\"\n"),
        ("two-people.csv", b"Driver Phone,Guest Phone\n91234 56780,98765 43210\n"),
        ("emails.csv", b"Name,Email\nAsha,asha@example.com\n"),
        ("list.json", br#"[{"phone": "+919876543210"}, {"phone": "+919123456780"}]"#),
    ];
    for (name, list) in lists {
        let folder = with_list(name, list);
        let arguments = ["in.csv", "--region", "IN", "--exclude", name, "-o", "out", "--quiet"];
        converted(folder.path(), &arguments);
        let out = folder.path().join("out");
        check_laws(&out);
        assert_eq!(column(&out.join("excluded.csv"), "Name"), ["Asha"], "{name}");
        assert_eq!(manifest(&out)["counts"]["contacts"], 1, "{name}");
    }
}

#[test]
fn a_list_in_an_archive_is_read_as_it_is_by_itself() {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let members = [
        ("a.csv", "email\nasha@example.com\n"),
        ("b.txt", "91234 56780\n"),
        ("c.csv", "phone,email\n9988776655,\n"),
    ];
    for (name, list) in members {
        archive.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(list.as_bytes()).unwrap();
    }
    let folder = with_list("lists.zip", &archive.finish().unwrap().into_inner());
    let arguments = ["in.csv", "--region", "IN", "--exclude", "lists.zip", "-o", "out", "--quiet"];
    converted(folder.path(), &arguments);
    assert_eq!(column(&folder.path().join("out/excluded.csv"), "Name"), ["Asha", "Ravi"]);
}

#[test]
fn a_list_in_which_nothing_can_be_read_is_an_error() {
    let cannot = "list.csv: no number and no e-mail address can be read in this list";
    for list in [&b""[..], b"\n\n", b"junk\nmore junk\n", b"Phone\nn/a\n", b"Shop,City\nA,Pune\n"] {
        let folder = with_list("list.csv", list);
        fails(folder.path(), &["in.csv", "--exclude", "list.csv"], 1, cannot);
    }
    let folder = with_list("list.csv", b"9876543210\n");
    fails(folder.path(), &["in.csv", "--exclude", "other.csv"], 1, "other.csv: no such file");
    // Without its region it is a number of no country.
    fails(folder.path(), &["in.csv", "--exclude", "list.csv"], 1, cannot);
}

/// A spreadsheet (ODS) with a sheet for each list of cells, one below the other.
fn ods(sheets: &[&[&str]]) -> Vec<u8> {
    let cell = |text: &&str| {
        format!(
            "<table:table-row><table:table-cell><text:p>{text}</text:p></table:table-cell></table:table-row>"
        )
    };
    let sheet = |(number, cells): (usize, &&[&str])| {
        let rows: String = cells.iter().map(cell).collect();
        format!(r#"<table:table table:name="{number}">{rows}</table:table>"#)
    };
    let sheets: String = sheets.iter().enumerate().map(sheet).collect();
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let content = format!(
        r#"<office:document-content xmlns:office="o" xmlns:table="t" xmlns:text="x"><office:body>
        <office:spreadsheet>{sheets}</office:spreadsheet></office:body></office:document-content>"#
    );
    for (name, text) in [
        ("mimetype", "application/vnd.oasis.opendocument.spreadsheet"),
        ("content.xml", &content),
        ("META-INF/manifest.xml", "<manifest/>"),
    ] {
        archive.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

#[test]
fn a_sheet_is_skipped_only_where_nothing_has_the_look_of_an_entry() {
    let listed: &[&str] = &["Phone", "98765 43210"];
    for (sheet, is_skipped) in [
        (&["Never write to these people"][..], true),
        (&["Shop", "Pune", "Delhi"], true),
        (&["Floor", "204"], true),
        (&["Phone", "0000000 junk", "12345678901"], false),
        (&["12345678901"], false),
        (&["Shop", "1234567"], false),
        (&["asha@"], false),
    ] {
        let folder = with_list("lists.ods", &ods(&[listed, sheet]));
        let arguments = ["in.csv", "--region", "IN", "--exclude", "lists.ods", "-o", "out"];
        if is_skipped {
            let output = converted(folder.path(), &arguments);
            let said = program::text(&output.stderr);
            assert!(said.contains("a sheet without numbers or addresses"), "{sheet:?}: {said}");
            assert_eq!(column(&folder.path().join("out/excluded.csv"), "Name"), ["Asha"]);
        } else {
            fails(folder.path(), &arguments, 1, "no number and no e-mail address can be read");
        }
    }
    let folder = with_list("lists.ods", &ods(&[&["Shop", "Pune"], &["Floor", "204"]]));
    let arguments = ["in.csv", "--region", "IN", "--exclude", "lists.ods", "-o", "out"];
    fails(folder.path(), &arguments, 1, "no number and no e-mail address can be read");
}

#[test]
fn lines_that_cannot_be_read_are_named() {
    let list = b"Phone,Email\n9876543210,\njunk,ravi@example.com\n98,\n,\n9123456780,junk\n";
    let folder = with_list("list.csv", list);
    let arguments = ["in.csv", "--region", "IN", "--exclude", "list.csv", "-o", "out"];
    let output = converted(folder.path(), &arguments);
    let summary = program::text(&output.stdout);
    let line = "3 cannot be read and leave nobody out, the first at line 3";
    assert!(summary.contains(line), "{summary}");
    let list = manifest(&folder.path().join("out"))["exclusion_lists"][0].clone();
    assert_eq!((&list["numbers"], &list["addresses"]), (&2.into(), &1.into()));
    assert_eq!((&list["unreadable"], &list["first_unreadable"]), (&3.into(), &3.into()));
}

#[test]
fn whoever_can_be_read_in_a_damaged_line_is_left_out() {
    let dump = "Name,Phone,Email\nAsha,+919876543210,\nRavi,+919876543211,\nMeera,+919876543212,meera@example.com\n\
                Om,+919876543213,\n";
    for list in [
        "Phone,Note\n+919876543210,said stop, please\n+919876543299,\n",
        "Email,Name,Phone\nmeera@example.com\nx@example.com,X,+919876543299\n",
        "Phone,Country\n9876543211,Narnia\n+919876543213,US\n+919876543299,IN\n",
        "+919876543299\n+919876543298\n+919876543297\n9876543211, 9876543213\n",
        "Phone,Name\n+919876543299,X\n+919876543210,\"Asha\n",
    ] {
        let folder = with_list("list.csv", list.as_bytes());
        fs::write(folder.path().join("in.csv"), dump).unwrap();
        let arguments = ["in.csv", "-r", "IN", "--exclude", "list.csv", "-o", "out"];
        converted(folder.path(), &arguments);
        let out = folder.path().join("out");
        let left = dump.lines().skip(1).filter(|line| {
            let written =
                |cell: &str| cell.len() > 3 && list.contains(cell.trim_start_matches("+91"));
            !line.split(',').skip(1).any(written)
        });
        let counts = manifest(&out)["counts"].clone();
        assert_eq!(counts["contacts"], left.count(), "{list}");
    }
}

#[test]
fn an_address_that_is_dropped_is_looked_up() {
    let folder = with_list("list.txt", b"asha@example.com\n");
    let dump =
        "Name,Phone,Email\nAsha,+919876543210,\"asha@example.com, old\"\nRavi,+919876543211,junk\n";
    fs::write(folder.path().join("in.csv"), dump).unwrap();
    converted(folder.path(), &["in.csv", "--exclude", "list.txt", "-o", "out"]);
    let counts = manifest(&folder.path().join("out"))["counts"].clone();
    assert_eq!((&counts["contacts"], &counts["excluded"]), (&1.into(), &1.into()));
}

#[test]
fn the_results_that_are_replaced_are_no_list() {
    let folder = with_list("list.txt", b"9876543210\n");
    let arguments = ["in.csv", "--region", "IN", "--exclude", "list.txt", "-o", "out"];
    converted(folder.path(), &arguments);
    let again = ["in.csv", "--exclude", "out/excluded.csv", "-o", "out", "--overwrite"];
    fails(folder.path(), &again, 1, "out/excluded.csv stands in the folder that would be replaced");
}

#[test]
fn who_was_excluded_once_is_excluded_by_the_proof() {
    let folder = tempfile::tempdir().unwrap();
    let dump = "Name,Phone,Unsubscribed\nAsha,98765 43210,\nAsha,09876543210,yes\n";
    fs::write(folder.path().join("in.csv"), dump).unwrap();
    let arguments = ["in.csv", "--region", "IN", "--quiet", "--opt-outs", "exclude"];
    converted(folder.path(), &[&arguments[..], &["-o", "first"]].concat());
    // The other record of the number says nothing of the kind.
    assert_eq!(manifest(&folder.path().join("first"))["counts"]["contacts"], 1);
    let more = ["--exclude", "first/excluded.csv", "-o", "second"];
    converted(folder.path(), &[&arguments[..], &more].concat());
    assert_eq!(manifest(&folder.path().join("second"))["counts"]["contacts"], 0);
}

#[test]
fn a_pattern_of_addresses_is_named_as_one_that_leaves_nobody_out() {
    let folder = with_list("list.txt", b"ravi@example.com\n*@example.com\n");
    let arguments = ["in.csv", "--region", "IN", "--exclude", "list.txt", "-o", "out"];
    let output = converted(folder.path(), &arguments);
    let summary = program::text(&output.stdout);
    let line = "1 cannot be read and leave nobody out, the first at line 2";
    assert!(summary.contains(line), "{summary}");
}
