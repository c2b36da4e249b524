//! What holds for every delimited text. The fuzz target checks it, and a test checks it on the corpus and the findings
//! of the fuzzer.

use std::io::Cursor;

use contactmill_core::records::{Block, Integrity, Source};
use contactmill_source::{CsvOptions, CsvSource, Delimiter};

#[derive(Clone, Debug, PartialEq, Eq)]
struct Read {
    fields: Vec<String>,
    line: u64,
    byte: u64,
    integrity: Integrity,
}

/// Blocks of any size give the same records. They are those of the `csv` crate, except for quotes that are
/// never closed. The first byte is the size of a block, the others are the text below the header.
pub(crate) fn check(data: &[u8]) {
    let Some((&size, text)) = data.split_first() else { return };
    let text = [b"h\n", text].concat();
    let whole = read(&text, 1 << 20, 1 << 20);
    for size in [1, usize::from(size).max(1), text.len().max(1)] {
        assert_eq!(whole, read(&text, size, 1 << 20), "blocks of {size} bytes");
    }
    for max in [3, 20] {
        let (large, small) =
            (read(&text, 1 << 20, max), read(&text, usize::from(size).max(1), max));
        assert_eq!(large, small, "records of at most {max} bytes");
    }
    let is_sound = |record: &Read| {
        !matches!(record.integrity, Integrity::UnterminatedQuote | Integrity::TooLarge)
    };
    if whole.iter().all(is_sound) {
        let fields: Vec<&Vec<String>> = whole.iter().map(|record| &record.fields).collect();
        let reference = reference(&text);
        assert_eq!(fields, reference[1..].iter().collect::<Vec<_>>(), "the csv crate");
    }
}

fn read(text: &[u8], block_bytes: usize, max_record_bytes: usize) -> Vec<Read> {
    let options = CsvOptions { delimiter: Some(Delimiter::Comma), block_bytes, max_record_bytes };
    let source = CsvSource::new("text", Cursor::new(text), options);
    let mut source = source.expect("the header is sound");
    let (mut records, mut covered) = (Vec::new(), 2);
    while let Some(block) = source.next_block().expect("a cursor can be read") {
        covered += block.len_bytes();
        let visited = block.visit(&mut |record| {
            let position = record.position();
            records.push(Read {
                fields: record.iter().map(str::to_owned).collect(),
                line: position.line,
                byte: position.byte,
                integrity: record.integrity(),
            });
        });
        visited.expect("a block can always be read");
    }
    assert_eq!(covered, text.len() as u64, "blocks cover the text");
    records
}

/// The same text by the `csv` crate. U+FFFD replaces bytes in a field that are not UTF-8.
fn reference(text: &[u8]) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text);
    let records = reader.byte_records().map(|record| record.expect("a slice can be read"));
    let text = |field: &[u8]| String::from_utf8_lossy(field).into_owned();
    records.map(|record| record.iter().map(text).collect()).collect()
}
