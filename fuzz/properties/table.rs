//! What holds of every table in memory, which is what Python hands over.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{
    Array, ArrayRef, DictionaryArray, LargeStringArray, RecordBatch, RecordBatchIterator,
    StringArray, StringViewArray,
};
use contactmill::batches::NormalizeTable;
use contactmill::columns::{FieldMapping, MappedField};

const COLUMNS: [&str; 3] = ["phone", "name", "email"];

/// A table gives one row for each of its rows, whatever its batches and however its texts are stored. The
/// first byte says how many rows a batch has. Each line is a row, its cells stand between tabs, and a cell
/// that is `\N` is null.
pub(crate) fn check(data: &[u8]) {
    let Some((&size, text)) = data.split_first() else { return };
    let text = String::from_utf8_lossy(text);
    let rows: Vec<Vec<Option<&str>>> = text.lines().take(200).map(cells).collect();
    let whole = normalized(&rows, rows.len().max(1), plain);
    assert_eq!(whole.len(), rows.len());
    let size = usize::from(size).max(1);
    for stored in [plain, large, view, dictionary] {
        assert_eq!(normalized(&rows, size, stored), whole, "batches of {size}");
    }
}

fn cells(row: &str) -> Vec<Option<&str>> {
    let mut cells = row.split('\t').map(|cell| (cell != "\\N").then_some(cell));
    COLUMNS.map(|_| cells.next().flatten()).to_vec()
}

type Cells<'c> = &'c [Option<&'c str>];

fn plain(cells: Cells<'_>) -> ArrayRef {
    Arc::new(StringArray::from(cells.to_vec()))
}

fn large(cells: Cells<'_>) -> ArrayRef {
    Arc::new(LargeStringArray::from(cells.to_vec()))
}

fn view(cells: Cells<'_>) -> ArrayRef {
    Arc::new(StringViewArray::from(cells.to_vec()))
}

fn dictionary(cells: Cells<'_>) -> ArrayRef {
    Arc::new(cells.iter().copied().collect::<DictionaryArray<Int32Type>>())
}

/// Of each row: what became of it, why, and its texts.
fn normalized(
    rows: &[Vec<Option<&str>>],
    size: usize,
    stored: fn(Cells<'_>) -> ArrayRef,
) -> Vec<[String; 5]> {
    let batch = |rows: &[Vec<Option<&str>>]| {
        let column = |at: usize| rows.iter().map(|row| row[at]).collect::<Vec<_>>();
        let columns = COLUMNS.iter().zip(0..).map(|(name, at)| (*name, stored(&column(at)), true));
        RecordBatch::try_from_iter_with_nullable(columns).expect("columns of one length")
    };
    let schema = batch(&[]).schema();
    let batches: Vec<_> = rows.chunks(size).map(|rows| Ok(batch(rows))).collect();
    let assignments = COLUMNS.map(|name| {
        let field: MappedField = name.parse().expect("a field");
        (field, name.to_owned())
    });
    let mapping = FieldMapping { assignments: assignments.to_vec(), ..FieldMapping::default() };
    let table = NormalizeTable::new("fuzz", RecordBatchIterator::new(batches, schema));
    let outcomes = table.mapping(mapping).run().expect("its columns are named");
    outcomes.flat_map(|batch| of_batch(&batch.expect("memory can be read"))).collect()
}

fn of_batch(batch: &RecordBatch) -> Vec<[String; 5]> {
    let columns = ["status", "reason", "phone", "name", "email"];
    let columns = columns.map(|name| batch[name].as_string::<i32>());
    let row =
        |at| columns.map(|of| if of.is_null(at) { String::new() } else { of.value(at).to_owned() });
    (0..batch.num_rows()).map(row).collect()
}
