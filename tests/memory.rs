//! Input that would take more memory than there is, and files that lie about their size: a record costs
//! itself alone, and all else is an error.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod program;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Output;

use program::compressed::{archive, gzip, workbook_of, zip};
use program::{check_laws, column, contacts, converted, fails, files, folder_with, limited, text};

/// Address space in KiB: most of it is what threads and the program itself reserve.
const LITTLE: u32 = 400_000;

/// Runs `convert` with one thread in this address space.
fn convert_in(kibibytes: u32, folder: &Path, input: &str) -> Output {
    let arguments = ["convert", input, "-o", "out", "--threads", "1", "--quiet"];
    limited(&format!("-v {kibibytes}"), folder, &arguments)
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
    let output = convert_in(LITTLE, folder.path(), "in.csv");
    assert!(output.status.success(), "{}", text(&output.stderr));
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
        let output = convert_in(300_000, folder.path(), name);
        assert!(output.status.success(), "{name}: {}", text(&output.stderr));
        let out = folder.path().join("out");
        check_laws(&out);
        assert_eq!(contacts(&out).len(), 2, "{name}");
        assert_eq!(column(&out.join("rejects.csv"), "_reason"), ["row_too_large"], "{name}");
        assert!(fs::metadata(out.join("rejects.csv")).unwrap().len() < 64 << 10, "{name}");
    }
}

/// Runs `convert` in so little address space that what is decompressed has no room in it, and returns
/// what it says.
fn fails_in_little_memory(folder: &Path, input: &str) -> String {
    let output = convert_in(LITTLE, folder, input);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    assert!(!folder.join("out").exists());
    text(&output.stderr)
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
fn two_cells_in_far_corners_take_no_room_between_them() {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.write_string(0, 0, "Phone").unwrap();
    sheet.write_number(1, 0, 919_876_543_210.0).unwrap();
    sheet.write_string(1_048_575, 16_383, "stray").unwrap();
    let folder = folder_with(&workbook.save_to_buffer().unwrap());
    let arguments = ["convert", "in.csv", "-o", "out", "-r", "IN", "--threads", "1", "--quiet"];
    let output = limited(&format!("-v {LITTLE}"), folder.path(), &arguments);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let out = folder.path().join("out");
    check_laws(&out);
    assert_eq!(contacts(&out).len(), 1);
    assert_eq!(column(&out.join("rejects.csv"), "_line"), ["1048576"]);
}

/// Runs `convert` on a file with so much memory of its own, and requires that it succeeds.
#[cfg(target_os = "linux")]
fn converted_within(folder: &Path, input: &str, kibibytes: u32) {
    let arguments = ["convert", "-q", "-o", "out", "--threads", "1", input];
    let output = limited(&format!("-d {kibibytes}"), folder, &arguments);
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
fn records_without_end_are_skipped_and_never_kept() {
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
        let output = convert_in(LITTLE, folder.path(), "in.csv");
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
    let output = limited(&format!("-v {LITTLE}"), folder.path(), &["inspect", "in.csv"]);
    let message = text(&output.stderr);
    assert!(message.contains("are repeated too often"), "{message}");
}
