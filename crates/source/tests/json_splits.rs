//! Splits of JSON lines hold the records of the whole.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::Cursor;

use contactmill_core::records::{Block, Integrity, Source};
use contactmill_source::{InputSplit, JsonSource, SelfDescribingOptions};
use proptest::prelude::*;

/// A record: its fields, how it arrived, its line and its place.
type Read = (Vec<String>, Integrity, u64, u64);

fn source(text: &[u8], block_bytes: usize) -> JsonSource<Cursor<&[u8]>> {
    let options = SelfDescribingOptions {
        block_bytes,
        max_record_bytes: 300,
        ..SelfDescribingOptions::default()
    };
    JsonSource::new("lines.ndjson", Cursor::new(text), options).unwrap()
}

fn read(mut source: JsonSource<Cursor<&[u8]>>) -> Vec<Read> {
    let mut records = Vec::new();
    while let Some(block) = source.next_block().unwrap() {
        let visited = block.visit(&mut |record| {
            let (fields, position) = (record.iter().map(str::to_owned), record.position());
            records.push((fields.collect(), record.integrity(), position.line, position.byte));
        });
        visited.unwrap();
    }
    records
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    let line = prop::sample::select(
        &[
            "{\"name\": \"Asha\", \"phone\": \"+919876543210\"}\n",
            "{\"name\": \"Ravi\", \"tags\": [{\"a\": \"}\"}, \"]\"]}\r\n",
            "  {\"city\": \"Pune\\\"\"}\n",
            "{\"phone\": \"+9198\n",
            "{\"phone\": {\n",
            "{}{\"two\": 1}\n",
            "\n",
            "null\n",
            "\"text\"\n",
            "{\"a\":\n1}\n",
            "[{\"in\": 1},\n",
            "]\n",
            "}\n",
            "\u{feff}",
        ][..],
    );
    let long = Just(format!("{{\"long\": \"{}\"}}\n", "x".repeat(400)));
    let piece = prop_oneof![20 => line.prop_map(str::to_owned), 1 => long];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat().into_bytes())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn splits_of_any_size_hold_the_records_of_the_whole(
        text in text(),
        block_bytes in 1_usize..200,
        bytes in 1_u64..300,
    ) {
        let whole = read(source(&text, block_bytes));
        if let Some(splits) = source(&text, block_bytes).into_splits(bytes).unwrap() {
            let of_split = |split: &InputSplit| {
                let mut source = source(&text, block_bytes);
                source.read_split(*split).unwrap();
                read(source)
            };
            prop_assert!(splits.windows(2).all(|pair| pair[0].end == pair[1].start));
            prop_assert_eq!(splits.iter().flat_map(of_split).collect::<Vec<_>>(), whole);
        }
    }
}

#[test]
fn only_objects_one_a_line_are_split() {
    let split =
        |text: &str| source(text.as_bytes(), 1).into_splits(1).unwrap().map(|all| all.len());
    assert_eq!(split("{\"a\": 1}\n{\"a\": 2}\n{\"a\": 3}"), Some(3));
    assert_eq!(split("[{\"a\": 1},\n{\"a\": 2}]"), None);
    assert_eq!(split("{\"items\": [{\"a\": 1},\n{\"a\": 2}]}"), None);
    assert_eq!(split("[\"a\", \"b\"]\n[1, 2]\n[3, 4]\n"), None);
}
