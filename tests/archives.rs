//! What is read of archives, whatever their members are called.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod program;

use std::fs;
use std::io::Write;

use program::{check_laws, contactmill, contacts, convert, converted, manifest, text};

/// An archive of these members, in which names stand as they are, whatever they are: they are put in
/// the place of others of their length.
fn archive(members: &[(&[u8], &str)]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let stand_in = |index: usize, len: usize| {
        let letter = char::from(b'A' + u8::try_from(index).unwrap());
        letter.to_string().repeat(len)
    };
    for (index, (name, content)) in members.iter().enumerate() {
        let options = zip::write::SimpleFileOptions::default();
        archive.start_file(stand_in(index, name.len()), options).unwrap();
        archive.write_all(content.as_bytes()).unwrap();
    }
    let mut bytes = archive.finish().unwrap().into_inner();
    for (index, (name, _)) in members.iter().enumerate() {
        let stand_in = stand_in(index, name.len()).into_bytes();
        let places: Vec<usize> = places_of(&bytes, &stand_in);
        assert_eq!(places.len(), 2, "the local header and the directory");
        for place in places {
            bytes[place..place + name.len()].copy_from_slice(name);
        }
    }
    bytes
}

fn places_of(bytes: &[u8], wanted: &[u8]) -> Vec<usize> {
    let windows = bytes.windows(wanted.len()).enumerate();
    windows.filter(|(_, window)| *window == wanted).map(|(at, _)| at).collect()
}

fn one_contact(number: usize) -> String {
    format!("Name,Phone\nAsha,+9198765432{number:02}\n")
}

#[test]
fn members_are_read_whatever_they_are_called() {
    let names: [&[u8]; 13] = [
        b"a.csv",
        b"./b.csv",
        b"../x.csv",
        b"a.csv",
        b"a.csv",
        b"/etc/c.csv",
        b"C:\\My Files\\d.csv",
        b"e\x1b[2J.csv",
        b"not-utf-8-\xff.csv",
        b".hidden.csv",
        b"__MACOSX/._a.csv",
        b"folder/.DS_Store",
        b"a.csv (2)",
    ];
    let contents: Vec<String> = (0..names.len()).map(one_contact).collect();
    let members: Vec<(&[u8], &str)> =
        names.into_iter().zip(contents.iter().map(String::as_str)).collect();
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("in.zip"), archive(&members)).unwrap();
    converted(folder.path(), &["in.zip", "-o", "out"]);
    let out = folder.path().join("out");
    check_laws(&out);
    let read: Vec<String> = manifest(&out)["inputs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|input| input["path"].as_str().unwrap().to_owned())
        .collect();
    let not_utf_8 = read.get(8).cloned().unwrap_or_default();
    assert!(not_utf_8.starts_with("in.zip/not-utf-8-"), "{not_utf_8}");
    assert_eq!(
        read,
        [
            "in.zip/a.csv",
            "in.zip/b.csv",
            "in.zip/x.csv",
            "in.zip/a.csv (2)",
            "in.zip/a.csv (3)",
            "in.zip/etc/c.csv",
            "in.zip/My Files/d.csv",
            "in.zip/e\u{FFFD}[2J.csv",
            &not_utf_8,
            "in.zip/.hidden.csv",
            "in.zip/a.csv (2) (2)",
        ]
    );
    let numbers: Vec<String> = contacts(&out)
        .iter()
        .map(|contact| &contact["profile"]["userDetails"]["contact"]["phone"]["number"])
        .map(|number| number.as_str().unwrap().to_owned())
        .collect();
    let expected = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12].map(|number| format!("98765432{number:02}"));
    assert_eq!(numbers, expected);

    let mut inspect = contactmill();
    let report = inspect.args(["inspect", "in.zip", "--json"]).current_dir(folder.path());
    let report: serde_json::Value =
        serde_json::from_slice(&report.output().unwrap().stdout).unwrap();
    let inspected = report["inputs"].as_array().unwrap().iter().map(|input| &input["path"]);
    assert!(inspected.eq(&read));
}

#[test]
fn inspect_names_the_members_that_it_skips() {
    let folder = tempfile::tempdir().unwrap();
    let contact = one_contact(1);
    let members: [(&[u8], &str); 2] = [(b"a.csv", &contact), (b"../notes", "Call them.\n")];
    fs::write(folder.path().join("in.zip"), archive(&members)).unwrap();
    let mut inspect = contactmill();
    let output = inspect.args(["inspect", "in.zip"]).current_dir(folder.path()).output().unwrap();
    assert!(output.status.success());
    assert_eq!(text(&output.stderr), "in.zip/notes is text without columns; skipped\n");
}

#[test]
fn a_member_that_is_compressed_in_an_unknown_way_is_named_with_it() {
    for (method, name) in [(9_u16, "Deflate64"), (14, "LZMA"), (93, "Zstd")] {
        let contact = one_contact(1);
        let mut bytes = archive(&[(b"a.csv", &contact), (b"leads.csv", &contact)]);
        // The method in the second member's headers (APPNOTE.TXT, 4.3.7 and 4.3.12).
        let [local, directory] = places_of(&bytes, b"leads.csv").try_into().unwrap();
        for at in [local - 30 + 8, directory - 46 + 10] {
            bytes[at..at + 2].copy_from_slice(&method.to_le_bytes());
        }
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("in.zip"), bytes).unwrap();
        let output = convert(folder.path(), &["in.zip", "-o", "out"]);
        let message = text(&output.stderr).to_lowercase();
        let expected = format!("in.zip/leads.csv: it is compressed with {name}").to_lowercase();
        assert_eq!(output.status.code(), Some(1));
        assert!(message.contains(&expected), "{message}");
        assert!(!folder.path().join("out").exists());
    }
}

/// Few in every test run; as many as are asked for.
fn members() -> usize {
    let asked = std::env::var("CONTACTMILL_MEMBERS").ok();
    asked.map_or(300, |members| members.parse().unwrap())
}

#[test]
fn an_archive_of_many_members_gives_all_of_them_in_their_order() {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for number in 0..members() {
        let options = zip::write::SimpleFileOptions::default();
        archive.start_file(format!("{number}.csv"), options).unwrap();
        write!(archive, "Name,Phone\nAsha,+9198{number:08}\n").unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("in.zip"), archive.finish().unwrap().into_inner()).unwrap();
    converted(folder.path(), &["in.zip", "-o", "out", "-q"]);
    let out = folder.path().join("out");
    check_laws(&out);
    let numbers = contacts(&out);
    assert_eq!(numbers.len(), members());
    for (number, contact) in numbers.iter().enumerate() {
        let phone = &contact["profile"]["userDetails"]["contact"]["phone"]["number"];
        assert_eq!(*phone, format!("98{number:08}"));
    }
}
