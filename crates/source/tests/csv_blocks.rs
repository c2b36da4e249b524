//! The block reader compared with the `csv` crate, and on damaged text.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::Cursor;

use contactmill_core::records::{Block, Integrity, Source};
use contactmill_source::{CsvOptions, CsvSource, Delimiter};
use proptest::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq)]
struct Read {
    fields: Vec<String>,
    record: u64,
    line: u64,
    byte: u64,
    integrity: Integrity,
}

fn options(block_bytes: usize) -> CsvOptions {
    CsvOptions { delimiter: Some(Delimiter::Comma), block_bytes, ..CsvOptions::default() }
}

/// All records behind the header, with consecutive numbers, and the number of bytes that the blocks cover.
fn read(text: &[u8], options: CsvOptions) -> (Vec<Read>, u64) {
    read_on(CsvSource::new("test.csv", Cursor::new(text), options).unwrap())
}

/// The same, split by split.
fn read_splits(text: &[u8], options: CsvOptions, bytes: u64) -> (Vec<Read>, u64) {
    let open = || CsvSource::new("test.csv", Cursor::new(text), options).unwrap();
    let (mut records, mut covered) = (Vec::new(), 0);
    for split in open().into_splits(bytes).unwrap() {
        let mut source = open();
        source.read_split(split).unwrap();
        let (mut of_split, covered_by_split) = read_on(source);
        assert_eq!(covered_by_split, split.end - split.start);
        of_split.iter_mut().for_each(|read| read.record += records.len() as u64);
        records.extend(of_split);
        covered += covered_by_split;
    }
    (records, covered)
}

fn read_on(mut source: CsvSource<Cursor<&[u8]>>) -> (Vec<Read>, u64) {
    let mut records: Vec<Read> = Vec::new();
    let mut covered = 0;
    while let Some(block) = source.next_block().unwrap() {
        let before = records.len() as u64;
        covered += block.len_bytes();
        block
            .visit(&mut |record| {
                let position = record.position();
                records.push(Read {
                    fields: record.iter().map(str::to_owned).collect(),
                    record: before + position.record,
                    line: position.line,
                    byte: position.byte,
                    integrity: record.integrity(),
                });
            })
            .unwrap();
    }
    (records, covered)
}

/// The same text by the `csv` crate.
fn reference(text: &[u8]) -> Vec<Vec<String>> {
    csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(text)
        .records()
        .map(|record| record.unwrap().iter().map(str::to_owned).collect())
        .collect()
}

fn is_sound(records: &[Read]) -> bool {
    records.iter().all(|record| matches!(record.integrity, Integrity::Whole | Integrity::NoLineEnd))
}

fn messy_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        5 => Just("a"), 3 => Just(","), 3 => Just("\""), 2 => Just("\n"), 1 => Just("\r"),
        1 => Just("\r\n"), 1 => Just("\"\""), 1 => Just("é"), 1 => Just("\u{feff}"),
        1 => Just("\0"), 1 => Just("\",\""), 1 => Just("'"),
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn blocks_of_any_size_read_what_the_csv_crate_reads(text in messy_text(), size in 1_usize..30) {
        let text = format!("h\n{text}");
        for max_record_bytes in [3, 8, 20] {
            let small = |size| CsvOptions { max_record_bytes, ..options(size) };
            prop_assert_eq!(read(text.as_bytes(), small(1 << 20)), read(text.as_bytes(), small(size)));
        }
        let (whole, _) = read(text.as_bytes(), options(1 << 20));
        let (pieces, covered) = read(text.as_bytes(), options(size));
        prop_assert_eq!(&whole, &pieces);
        prop_assert_eq!(covered, text.len() as u64 - 2);
        if is_sound(&whole) {
            let fields: Vec<Vec<String>> =
                whole.into_iter().map(|record| record.fields).collect();
            prop_assert_eq!(fields, &reference(text.as_bytes())[1..]);
        }
    }

    #[test]
    fn splits_of_any_size_hold_the_records_of_the_whole(
        text in messy_text(),
        size in 1_usize..30,
        bytes in 1_u64..30,
    ) {
        let text = format!("h\n{text}");
        for max_record_bytes in [3, 8, 20, 1 << 20] {
            let options = CsvOptions { max_record_bytes, ..options(size) };
            let whole = read(text.as_bytes(), options);
            prop_assert_eq!(whole, read_splits(text.as_bytes(), options, bytes));
        }
    }

    #[test]
    fn positions_point_at_where_records_begin(text in messy_text(), size in 1_usize..30) {
        let text = format!("h\n{text}");
        let (records, _) = read(text.as_bytes(), options(size));
        for (index, record) in records.iter().enumerate() {
            prop_assert_eq!(record.record, index as u64 + 1);
            let before = &text[..record.byte as usize];
            let lines = before.matches('\n').count()
                + before.matches('\r').count()
                - before.matches("\r\n").count();
            prop_assert_eq!(record.line, lines as u64 + 1);
            // Reading on from there gives the same record first.
            if is_sound(&records[index..]) {
                let rest = format!("h\n{}", &text[record.byte as usize..]);
                let (again, _) = read(rest.as_bytes(), options(1 << 20));
                prop_assert_eq!(&again[0].fields, &record.fields);
            }
        }
    }

    #[test]
    fn a_record_too_large_costs_no_other(
        before in 0_usize..4,
        after in 0_usize..4,
        quoted in any::<bool>(),
        size in 1_usize..300,
    ) {
        let large = if quoted { format!("\"{}\",y", "x,\n".repeat(2_000)) } else { "x".repeat(6_000) };
        let text = format!("h\n{}{large}\n{}", "a,b\n".repeat(before), "c,d\n".repeat(after));
        let options = CsvOptions { max_record_bytes: 1_000, ..options(size) };
        let (records, covered) = read(text.as_bytes(), options);
        let lines = if quoted { 2_001 } else { 1 };
        prop_assert_eq!(covered, text.len() as u64 - 2);
        prop_assert_eq!(records.len(), before + 1 + after);
        for (index, record) in records.iter().enumerate() {
            if index == before {
                prop_assert_eq!(record.integrity, Integrity::TooLarge);
            } else {
                prop_assert_eq!(record.fields.len(), 2);
                prop_assert_eq!(record.integrity, Integrity::Whole);
            }
        }
        if let Some(last) = records.get(before + 1) {
            prop_assert_eq!(last.line, (2 + before + lines) as u64);
        }
    }

    #[test]
    fn a_quote_never_closed_costs_only_its_line(
        before in 0_usize..4,
        after in 0_usize..60,
        size in 1_usize..300,
        max_record_bytes in prop_oneof![Just(100_usize), Just(1 << 20)],
        later_quotes in any::<bool>(),
    ) {
        let rest = if later_quotes { "e,\"f, g\"\n" } else { "e,f g\n" };
        let text = format!("h\n{}x,\"y,z\n{}", "a,b\n".repeat(before), rest.repeat(after));
        let options = CsvOptions { max_record_bytes, ..options(size) };
        let (records, covered) = read(text.as_bytes(), options);
        prop_assert_eq!(covered, text.len() as u64 - 2);
        prop_assert_eq!(records.len(), before + 1 + after);
        for (index, record) in records.iter().enumerate() {
            if index == before {
                prop_assert_eq!(record.integrity, Integrity::UnterminatedQuote);
                prop_assert_eq!(&record.fields[..], ["x", "\"y", "z"]);
            } else {
                prop_assert_eq!(record.fields.len(), 2);
                prop_assert_eq!(record.line, index as u64 + 2);
            }
        }
    }
}

#[test]
fn a_quote_never_closed_on_every_line_costs_each_its_line() {
    let text = format!("h\n{}", "\"a\n".repeat(20_000));
    let (records, _) = read(text.as_bytes(), options(1 << 20));
    assert_eq!(records.len(), 20_000);
    assert!(records.iter().all(|record| record.integrity == Integrity::UnterminatedQuote));
}

#[test]
fn line_ends_of_every_kind_part_records() {
    for end in ["\n", "\r\n", "\r"] {
        let text = ["h,i", "a,b", "", "\"c\nd\",e", "f,g"].join(end);
        let (records, _) = read(text.as_bytes(), options(3));
        let seen: Vec<(u64, &str)> =
            records.iter().map(|record| (record.line, record.fields[0].as_str())).collect();
        assert_eq!(seen, [(2, "a"), (4, "c\nd"), (6, "f")], "{end:?}");
        assert_eq!(records[2].integrity, Integrity::NoLineEnd);
    }
}

#[test]
fn bytes_that_are_not_utf8_cost_their_record_and_no_other() {
    for size in [1, 8, 1 << 20] {
        let text = b"Name,Phone\nAsha,1\n\"Jos\n\xE9\",2\nRavi,\xC3\n\xA9,3\nMeena,4\n";
        let (records, covered) = read(text, options(size));
        assert_eq!(covered, text.len() as u64 - 11);
        let seen: Vec<(&str, u64, Integrity)> = records
            .iter()
            .map(|record| (record.fields[0].as_str(), record.line, record.integrity))
            .collect();
        let expected = [
            ("Asha", 2, Integrity::Whole),
            ("Jos\n\u{FFFD}", 3, Integrity::InvalidEncoding),
            ("Ravi", 5, Integrity::InvalidEncoding),
            ("\u{FFFD}", 6, Integrity::InvalidEncoding),
            ("Meena", 7, Integrity::Whole),
        ];
        assert_eq!(seen, expected);
    }
}
