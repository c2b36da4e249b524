//! What holds for all JSON. The fuzz target checks it, and a test checks it on the corpus and the findings
//! of the fuzzer.

use std::io::Cursor;

use contactmill_core::records::Integrity;
use contactmill_source::{JsonSource, SelfDescribingOptions};
use serde_json::Value;

#[path = "records.rs"]
mod records;

/// Any bytes give the same records with blocks of any size, without a panic. If they are an array of
/// objects for `serde_json`, every object is a whole record. If they are an array of arrays of strings,
/// every array below the first is a row of its cells.
pub(crate) fn check(data: &[u8]) {
    let read = |block_bytes| {
        let options = SelfDescribingOptions { block_bytes, ..SelfDescribingOptions::default() };
        let source = JsonSource::new("fuzz.json", Cursor::new(data), options);
        source.ok().map(|source| {
            let header = source.header().to_vec();
            (header, records::records(source, data))
        })
    };
    let (small, large) = (read(7), read(4 << 10));
    assert_eq!(small, large, "blocks must not show");
    let Some((header, records)) = small else { return };
    for record in &records {
        let whole = record.integrity == Integrity::Whole;
        // Rows of a table may be shorter or longer than the header.
        let is_row = whole && data.get(record.byte as usize) == Some(&b'[');
        assert!(is_row || record.fields.len() == header.len() + usize::from(!whole));
    }
    let text = data.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(data);
    let Ok(Value::Array(values)) = serde_json::from_slice(text) else { return };
    if values.iter().all(|value| value.is_object() && depth(value) < 50) {
        assert_eq!(records.len(), values.len());
        assert!(records.iter().all(|record| record.integrity == Integrity::Whole));
    }
    let rows: Option<Vec<Vec<String>>> = values.iter().map(row).collect();
    if let Some([first, rows @ ..]) = rows.as_deref()
        && !first.is_empty()
        && !first.iter().any(|cell| cell.contains('{'))
    {
        assert_eq!(header, *first);
        assert!(records.iter().map(|record| &record.fields).eq(rows));
    }
}

/// The cells of a row, if all are strings.
fn row(value: &Value) -> Option<Vec<String>> {
    let cells = value.as_array()?.iter();
    cells.map(|cell| cell.as_str().map(str::to_owned)).collect()
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(values) => 1 + values.iter().map(depth).max().unwrap_or(0),
        Value::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}
