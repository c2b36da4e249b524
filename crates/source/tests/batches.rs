//! A table in memory is read as the same table in a file is, however it is cut into batches.

#![cfg(feature = "arrow")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, BinaryArray, Date32Array, DictionaryArray, Float64Array, Int64Array,
    LargeStringArray, RecordBatch, RecordBatchIterator, StringArray, StructArray,
};
use arrow_ipc::writer::FileWriter;
use arrow_schema::{DataType, Field};
use contactmill_core::records::{Block, Integrity, Source};
use contactmill_source::{BatchSource, Dump, Input, ReadOptions, SkippedColumn};
use proptest::prelude::*;

/// A cell, as a text, a number and whether there is one at all.
type Cell = (Option<String>, Option<i64>, bool);

fn cells() -> impl Strategy<Value = Vec<Cell>> {
    let text = proptest::option::weighted(0.8, "[a-zé'0-9 +]{0,6}");
    let number = proptest::option::weighted(0.8, prop_oneof![-9_i64..99, any::<i64>()]);
    proptest::collection::vec((text, number, any::<bool>()), 0..40)
}

/// A table of these cells in columns of many types.
fn table(rows: &[Cell]) -> RecordBatch {
    let texts = || rows.iter().map(|(text, ..)| text.as_deref());
    let numbers = || rows.iter().map(|(_, number, _)| *number);
    // Half of the bytes are no text in some tables, which leaves the column out.
    let bytes = rows.iter().map(|(text, _, is_text)| {
        text.as_deref().map(|text| if *is_text { text.as_bytes() } else { b"\xFF\x00" })
    });
    let days = numbers().map(|number| number.and_then(|days| i32::try_from(days).ok()));
    let of_struct: ArrayRef = Arc::new(texts().collect::<StringArray>());
    let field = Arc::new(Field::new("inner", DataType::Utf8, true));
    let columns: [(&str, ArrayRef); 8] = [
        ("phone", Arc::new(texts().collect::<StringArray>())),
        ("large", Arc::new(texts().collect::<LargeStringArray>())),
        ("number", Arc::new(numbers().collect::<Int64Array>())),
        ("float", Arc::new(numbers().map(|n| n.map(|n| n as f64 / 4.0)).collect::<Float64Array>())),
        ("day", Arc::new(days.collect::<Date32Array>())),
        ("bytes", Arc::new(bytes.collect::<BinaryArray>())),
        ("word", Arc::new(texts().collect::<DictionaryArray<Int32Type>>())),
        ("struct", Arc::new(StructArray::from(vec![(field, of_struct)]))),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, true)))
        .unwrap()
}

/// Everything that a source says.
#[derive(Debug, PartialEq)]
struct Said {
    header: Vec<String>,
    skipped: Vec<SkippedColumn>,
    records: Vec<(u64, Integrity, Vec<String>)>,
}

fn records<S: Source>(source: &mut S) -> Vec<(u64, Integrity, Vec<String>)>
where
    S::Error: std::fmt::Debug,
    <S::Block as Block>::Error: std::fmt::Debug,
{
    let mut records = Vec::new();
    while let Some(block) = source.next_block().unwrap() {
        let visited = block.visit(&mut |record| {
            let fields = record.iter().map(str::to_owned).collect();
            records.push((record.position().line, record.integrity(), fields));
        });
        visited.unwrap();
    }
    records
}

fn from_memory(batches: Vec<RecordBatch>) -> Said {
    let schema = batches[0].schema();
    let batches = RecordBatchIterator::new(batches.into_iter().map(Ok), schema);
    let mut source = BatchSource::new("table", batches).unwrap();
    let (header, skipped) = (source.header().to_vec(), source.skipped_columns().to_vec());
    Said { header, skipped, records: records(&mut source) }
}

fn from_file(batch: &RecordBatch) -> Said {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.arrow");
    let file = std::fs::File::create(&path).unwrap();
    let mut writer = FileWriter::try_new(file, &batch.schema()).unwrap();
    writer.write(batch).unwrap();
    writer.finish().unwrap();
    let options = ReadOptions::new(&tempfile::tempfile);
    let dump = Dump::of(Input::open(&path, tempfile::tempfile).unwrap(), options).unwrap();
    let mut source = dump.members[0].open(options).unwrap();
    let (header, skipped) = (source.header().to_vec(), source.skipped_columns().to_vec());
    Said { header, skipped, records: records(&mut source) }
}

proptest! {
    #[test]
    fn a_table_in_memory_is_read_as_in_a_file_whatever_its_batches(
        rows in cells(),
        cuts in proptest::collection::vec(0_usize..40, 0..6),
    ) {
        let whole = table(&rows);
        let mut places: Vec<usize> = cuts.into_iter().map(|cut| cut.min(rows.len())).collect();
        places.extend([0, rows.len()]);
        places.sort_unstable();
        let pieces = places.windows(2).map(|cut| whole.slice(cut[0], cut[1] - cut[0]));
        let pieces: Vec<RecordBatch> = pieces.collect();
        let said = from_memory(pieces);
        prop_assert_eq!(&said, &from_memory(vec![whole.clone()]));
        prop_assert_eq!(said, from_file(&whole));
    }
}

#[test]
fn rows_of_many_blocks_keep_their_numbers() {
    let rows: Vec<Cell> = (0..10_000).map(|row| (Some(row.to_string()), Some(row), true)).collect();
    let whole = table(&rows);
    let pieces = (0..10_000).step_by(7).map(|at| whole.slice(at, 7.min(10_000 - at))).collect();
    let said = from_memory(pieces);
    assert_eq!(said.records.len(), 10_000);
    assert!(said.records.iter().zip(1..).all(|((line, ..), number)| *line == number));
    assert!(
        said.records.iter().enumerate().all(|(row, (.., fields))| fields[0] == row.to_string())
    );
}
