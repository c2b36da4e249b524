//! The same contacts in several formats are the same import arrays, and those read back are
//! themselves.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod program;

use std::fs;
use std::path::Path;

use program::{arrays, check_laws, contacts, converted, fails, manifest};
use serde_json::Value;

const CSV: &str = "\
name,phone,email,tags,plan
Asha Verma,+91 98765 43210,asha@example.com,\"VIP; Pune\",gold
Zoë de Boer,+31 6 31966543,,,silver
Ravi \"R\" Iyer,099887 76655,ravi@example.org,Goa,
";

const JSON: &str = r#"[
  {"name": "Asha Verma", "phone": "+91 98765 43210", "email": "asha@example.com",
   "tags": ["VIP", "Pune"], "plan": "gold"},
  {"name": "Zo\u00eb de Boer", "phone": "+31 6 31966543", "email": null, "tags": [],
   "plan": "silver"},
  {"name": "Ravi \"R\" Iyer", "phone": "099887 76655", "email": "ravi@example.org", "tags": ["Goa"]}
]"#;

const LINES: &str = r#"{"name":"Asha Verma","phone":"+91 98765 43210","email":"asha@example.com","tags":["VIP","Pune"],"plan":"gold"}
{"name":"Zoë de Boer","phone":"+31 6 31966543","plan":"silver"}
{"name":"Ravi \"R\" Iyer","phone":"099887 76655","email":"ravi@example.org","tags":["Goa"]}
"#;

const VCARD: &str = "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Asha Verma\r\nTEL:+91 98765 43210\r
EMAIL:asha@example.com\r\nCATEGORIES:VIP,Pune\r\nPLAN:gold\r\nEND:VCARD\r
BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:de Boer;Zo=EB\r
TEL;VOICE:+31 6 31966543\r\nPLAN:silver\r\nEND:VCARD\r
BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ravi \"R\" I\r\n yer\r\nTEL:099887 76655\r
EMAIL;TYPE=INTERNET:ravi@example.org\r\nCATEGORIES:Goa\r\nEND:VCARD\r\n";

fn converted_to(folder: &Path, name: &str, text: &str) -> Vec<Vec<u8>> {
    fs::write(folder.join(name), text).unwrap();
    let out = format!("{name}-out");
    converted(folder, &[name, "--region", "IN", "--out", &out]);
    check_laws(&folder.join(&out));
    arrays(&folder.join(&out))
}

#[test]
fn the_same_contacts_in_all_text_formats_give_the_same_arrays() {
    let folder = tempfile::tempdir().unwrap();
    let expected = converted_to(folder.path(), "contacts.csv", CSV);
    assert_eq!(contacts(&folder.path().join("contacts.csv-out")).len(), 3);
    for (name, text) in [("a.json", JSON), ("a.ndjson", LINES), ("a.vcf", VCARD)] {
        assert!(converted_to(folder.path(), name, text) == expected, "{name}");
    }
}

#[test]
fn what_convert_wrote_reads_back_as_itself() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/contacts.csv");
    for layout in ["files", "lines"] {
        let (first, second) = (format!("{layout}-1"), format!("{layout}-2"));
        let options = ["--layout", layout, "--max-contacts", "70"];
        converted(path, &[&[sample, "-r", "IN", "--out", &first], &options[..]].concat());
        let mut names: Vec<String> = manifest(&path.join(&first))["files"]
            .as_array()
            .unwrap()
            .iter()
            .map(|file| format!("{first}/{}", file["path"].as_str().unwrap()))
            .collect();
        assert!(layout == "lines" || names.len() > 1);
        names.extend(options.map(str::to_owned));
        names.extend(["--out".into(), second.clone()]);
        converted(path, &names);
        check_laws(&path.join(&second));
        let counts = manifest(&path.join(&second))["counts"].clone();
        assert_eq!((&counts["rejected"], &counts["duplicates"]), (&0.into(), &0.into()));
        let (before, after) = (contacts(&path.join(&first)), contacts(&path.join(&second)));
        assert_eq!(sorted(before), sorted(after), "{layout}");
    }
}

/// What few rejected rows say of their columns is not what the dump said: a number that everybody had there is
/// that of one person here, and whoever booked has the only numbers.
#[test]
fn corrected_tables_keep_the_columns_of_the_run_that_wrote_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let rows = |row: &dyn Fn(usize) -> String| (0..30).map(row).collect::<String>();
    let shared = rows(&|n| {
        let mobile = if n < 28 { format!("+9198765000{n:02}") } else { "98765".to_owned() };
        format!("P{n},{mobile},+912223456789\n")
    });
    let booked = rows(&|n| match n < 22 {
        true => format!("P{n},+9198765000{n:02},Ravi\n"),
        false => format!("P{n},n/a,+9170001000{n:02}\n"),
    });
    for (name, rejected, dump, option) in [
        ("shared", 2, format!("Name,Mobile,Phone\n{shared}"), "phone=Mobile"),
        ("booked", 8, format!("Name,Number,Booked by\n{booked}"), "phone=Number"),
    ] {
        let (dump_name, rejects) = (format!("{name}.csv"), format!("{name}/rejects.csv"));
        let again = format!("{name}-again");
        fs::write(path.join(&dump_name), dump).unwrap();
        converted(path, &[&dump_name, "-r", "IN", "--out", name]);
        let said = format!("as in that run:\n    --map {option}\n");
        fails(path, &[&rejects, "-r", "IN", "--out", &again], 1, &said);
        converted(path, &[&rejects, "-r", "IN", "--out", &again, "--map", option]);
        assert_eq!(manifest(&path.join(&again))["counts"]["rejected"], rejected, "{name}");
    }
}

/// A column that was a phone in one input and shared in another fills in for nobody of the other.
#[test]
fn rows_of_inputs_that_took_a_column_differently_are_not_read_as_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let shared = "Asha,+919876543210\nLena,+919876543212\nMia,+919876543219\nZoe,+919876543218\nRavi,98765\n";
    let shared = shared.replace('\n', ",+912228765432\n");
    fs::write(path.join("jan.csv"), format!("Name,Mobile,Phone\n{shared}")).unwrap();
    let own = "Kim,+919876500001,+912228765433\nTom,+919876500002,+912228765434\nUlf,98765,12\n";
    fs::write(path.join("feb.csv"), format!("Name,Mobile,Phone\n{own}")).unwrap();
    converted(path, &["jan.csv", "feb.csv", "--out", "out"]);
    let again = ["out/rejects.csv", "--out", "again"];
    fails(path, &again, 1, "it holds in all of them:\n    --map attr:Phone=Phone");
    converted(path, &[&again[..], &["--map", "attr:Phone=Phone"]].concat());
    assert_eq!(manifest(&path.join("again"))["counts"]["contacts"], 0);
}

/// The only column with numbers among a few rejected rows is not that of the phones.
#[test]
fn columns_that_are_not_known_any_more_are_named_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let rows: String = (0..8).map(|n| format!("N{n},+91987654320{n},A{n}\n")).collect();
    let dump = format!("Nom,Reach,Order\n{rows}Bad,98765,+919876543288\n");
    fs::write(path.join("in.csv"), dump).unwrap();
    converted(path, &["in.csv", "--out", "out"]);
    let again = ["out/rejects.csv", "--out", "again"];
    fails(path, &again, 1, "as in that run:\n    --map last_name=Nom --map phone=Reach");
}

/// Whom a run left out, the correction of its rejects does not bring back.
#[test]
fn who_was_left_out_is_not_taken_from_corrected_tables() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let dump = "Name,Phone,Email,Unsubscribed\nRavi,98765,asha@example.com,\nAsha,+919876543211,asha@example.com,\n\
                Tom,+919876543212,,yes\nKim,+919876543213,,\n";
    fs::write(path.join("in.csv"), dump).unwrap();
    fs::write(path.join("list.txt"), "asha@example.com\n").unwrap();
    converted(path, &["in.csv", "--exclude", "list.txt", "--out", "listed"]);
    converted(path, &["in.csv", "--opt-outs", "exclude", "--out", "opted"]);
    let cases = [
        ("listed/rejects.csv", "--exclude list.txt does"),
        ("opted/rejects.csv", "--opt-outs exclude does"),
        ("listed/excluded.csv", "no input"),
        ("opted/excluded.csv", "no input"),
    ];
    for (table, said) in cases {
        fails(path, &[table, "--out", "again"], 1, said);
    }
    fs::copy(path.join("listed/excluded.csv"), path.join("copy.csv")).unwrap();
    fails(path, &["copy.csv", "--out", "again"], 1, "no input");
    converted(path, &["listed/rejects.csv", "--exclude", "list.txt", "--out", "again"]);
    converted(path, &["in.csv", "--exclude", "listed/excluded.csv", "--out", "proof"]);
}

/// The contacts, their attributes by key: columns have one order for all contacts, which those that
/// were merged need not have had.
fn sorted(mut contacts: Vec<Value>) -> Vec<Value> {
    for contact in &mut contacts {
        let attributes = contact["profile"]["userDetails"]["attributes"].as_array_mut().unwrap();
        attributes.sort_by_key(|attribute| attribute["key"].as_str().unwrap().to_owned());
    }
    contacts
}
