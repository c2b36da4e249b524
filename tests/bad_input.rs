//! What input gets that is damaged, or holds no records, where a case folder cannot hold it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod program;

use std::fs;
use std::io::Write;

use program::compressed::{gzip, workbook_of, zip};
use program::{
    check_laws, column, contacts, convert, converted, fails, folder_with, manifest, text,
};

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
