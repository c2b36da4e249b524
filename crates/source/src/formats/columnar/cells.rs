//! The values of Arrow's columns as text, whether they come from a file or are in memory.

use std::fmt::Write;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type,
    Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    Time32MillisecondType, Time32SecondType, Time64MicrosecondType, Time64NanosecondType,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    AnyDictionaryArray, Array, ArrayRef, LargeStringArray, RecordBatch, StringArray,
    StringViewArray,
};
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, Fields, Schema, TimeUnit};

use super::moment::{self, Unit};
use super::values::{
    BYTES_SAMPLE, NESTED, NO_TEXT, OTHER, SEPARATOR, path, push_bytes, push_or_number,
};
use crate::input::error::SourceProblem;
use crate::records::number::{BINARY16_DIGITS, BINARY32_DIGITS, push_number, push_short_float};
use crate::records::table::SkippedColumn;

/// The values of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ValueKind {
    Plain,
    /// Bytes, which are often text.
    Bytes,
}

/// The columns. Those of structs are named by their path.
#[derive(Debug, Default)]
pub(super) struct Columns {
    names: Vec<String>,
    /// The values of each field that is not a struct; `None` where it is not read.
    kept: Vec<Option<ValueKind>>,
    skipped: Vec<SkippedColumn>,
}

impl Columns {
    /// The columns of a schema.
    pub(super) fn of(schema: &Schema) -> Self {
        let mut columns = Columns::default();
        columns.add(schema.fields(), "");
        columns
    }

    /// Whether some columns hold bytes, of which a sample tells if they are text.
    pub(super) fn have_bytes(&self) -> bool {
        self.kept.contains(&Some(ValueKind::Bytes))
    }

    /// The names of the columns that are read, and the others. That none can be read is a problem.
    pub(super) fn named(&self) -> Result<(Vec<String>, Vec<SkippedColumn>), SourceProblem> {
        match self.skipped.first() {
            Some(column) if self.names.is_empty() => Err(column.problem()),
            _ => Ok((self.names.clone(), self.skipped.clone())),
        }
    }

    /// The columns of a batch that are read.
    pub(super) fn leaves<'b>(&self, batch: &'b RecordBatch) -> Vec<Leaf<'b>> {
        let mut leaves = Vec::new();
        flatten(batch.columns(), &mut Vec::new(), &mut leaves);
        let kept = leaves.into_iter().zip(&self.kept);
        kept.filter_map(|(leaf, kept)| kept.map(|_| leaf)).collect()
    }

    fn add(&mut self, fields: &Fields, above: &str) {
        for field in fields {
            let name = path(above, field.name());
            if let DataType::Struct(inner) = field.data_type() {
                self.add(inner, &name);
                continue;
            }
            match value_kind(field.data_type()) {
                Ok(kind) => {
                    self.kept.push(Some(kind));
                    self.names.push(name);
                }
                Err(holds) => {
                    self.kept.push(None);
                    self.skipped.push(SkippedColumn { name, holds });
                }
            }
        }
    }

    /// Leaves out the columns of bytes whose first values are no text.
    pub(super) fn leave_out_binary(&mut self, sample: &[RecordBatch]) {
        let batches: Vec<Vec<Leaf<'_>>> = sample.iter().map(|batch| self.leaves(batch)).collect();
        let names = std::mem::take(&mut self.names);
        let kept = self.kept.iter_mut().filter(|kept| kept.is_some());
        for (column, (kept, name)) in kept.zip(names).enumerate() {
            let leaves = batches.iter().map(|leaves| &leaves[column]);
            if *kept == Some(ValueKind::Bytes) && !is_mostly_text(leaves) {
                *kept = None;
                self.skipped.push(SkippedColumn { name, holds: NO_TEXT });
            } else {
                self.names.push(name);
            }
        }
    }
}

/// Whether most of the first values of a column of bytes are text.
fn is_mostly_text<'l, 'b: 'l>(leaves: impl Iterator<Item = &'l Leaf<'b>>) -> bool {
    let filled = leaves.flat_map(|leaf| {
        (0..leaf.array.len()).filter(|&row| !leaf.is_null(row)).map(move |row| (leaf, row))
    });
    let (mut text, mut other, mut cell) = (0, 0, String::new());
    for (leaf, row) in filled.take(BYTES_SAMPLE) {
        cell.clear();
        *if leaf.push(&mut cell, row) { &mut text } else { &mut other } += 1;
    }
    other <= text
}

/// The first rows of a table, which show what its columns of bytes hold. They depend on the rows alone,
/// however they are cut into batches.
#[derive(Debug, Default)]
pub(super) struct Sample {
    pub(super) batches: Vec<RecordBatch>,
    rows: usize,
}

impl Sample {
    /// Maximum number of rows.
    const ROWS: usize = 10_000;

    /// Adds the next batch, or the part of it that belongs to the sample, and returns whether another
    /// one is needed.
    pub(super) fn takes(&mut self, batch: RecordBatch) -> bool {
        let rows = batch.num_rows().min(Self::ROWS - self.rows);
        self.batches.push(batch.slice(0, rows));
        self.rows += rows;
        self.rows < Self::ROWS
    }
}

/// The values of a type, if they have a plain form as text; or else what it holds, in words.
fn value_kind(of: &DataType) -> Result<ValueKind, &'static str> {
    use DataType as D;
    match of {
        D::List(field) | D::LargeList(field) | D::FixedSizeList(field, _) => {
            match field.data_type() {
                D::Struct(_) => Err(NESTED),
                inner => value_kind(inner),
            }
        }
        D::Map(entries, _) => match entries.data_type() {
            D::Struct(fields) if fields.iter().all(|field| !field.data_type().is_nested()) => {
                fields.iter().try_fold(ValueKind::Plain, |_, field| value_kind(field.data_type()))
            }
            _ => Err(NESTED),
        },
        D::Dictionary(_, values) => value_kind(values),
        D::Binary | D::LargeBinary | D::BinaryView | D::FixedSizeBinary(_) => Ok(ValueKind::Bytes),
        D::Utf8 | D::LargeUtf8 | D::Utf8View | D::Boolean | D::Null => Ok(ValueKind::Plain),
        D::Date32 | D::Date64 | D::Time32(_) | D::Time64(_) | D::Timestamp(..) => {
            Ok(ValueKind::Plain)
        }
        kind if kind.is_numeric() => Ok(ValueKind::Plain),
        _ => Err(OTHER),
    }
}

/// A column of a batch, and the structs that it is in.
pub(super) struct Leaf<'a> {
    array: &'a dyn Array,
    cells: Cells<'a>,
    /// Which of its own values, and which of the structs, are not null; those that have nulls.
    nulls: Vec<&'a NullBuffer>,
}

/// The values of a column, by how they are found: texts are by far the most frequent.
enum Cells<'a> {
    Text(&'a StringArray),
    LargeText(&'a LargeStringArray),
    TextView(&'a StringViewArray),
    /// The index in its dictionary of the value of each row.
    Dictionary(Vec<usize>),
    Other,
}

impl<'a> Leaf<'a> {
    fn new(array: &'a dyn Array, above: &[&'a NullBuffer]) -> Self {
        let cells = match array.data_type() {
            DataType::Utf8 => Cells::Text(array.as_string()),
            DataType::LargeUtf8 => Cells::LargeText(array.as_string()),
            DataType::Utf8View => Cells::TextView(array.as_string_view()),
            DataType::Dictionary(..) => Cells::Dictionary(keys_of(array.as_any_dictionary())),
            _ => Cells::Other,
        };
        let nulls = array.nulls().into_iter().chain(above.iter().copied()).collect();
        Leaf { array, cells, nulls }
    }

    pub(super) fn is_null(&self, row: usize) -> bool {
        self.nulls.iter().any(|nulls| nulls.is_null(row))
    }

    /// Appends the value of a row, which is not null, and returns whether it has a plain form as text. If
    /// not, it appends what is stored.
    pub(super) fn push(&self, text: &mut String, row: usize) -> bool {
        match &self.cells {
            Cells::Text(array) => text.push_str(array.value(row)),
            Cells::LargeText(array) => text.push_str(array.value(row)),
            Cells::TextView(array) => text.push_str(array.value(row)),
            Cells::Dictionary(keys) => return push_from_dictionary(text, self.array, keys[row]),
            Cells::Other => return push(text, self.array, row),
        }
        true
    }
}

/// Replaces structs by their fields.
fn flatten<'a>(
    arrays: &'a [ArrayRef],
    above: &mut Vec<&'a NullBuffer>,
    leaves: &mut Vec<Leaf<'a>>,
) {
    for array in arrays {
        let Some(fields) = array.as_struct_opt() else {
            leaves.push(Leaf::new(array, above));
            continue;
        };
        let outer = above.len();
        above.extend(array.nulls());
        flatten(fields.columns(), above, leaves);
        above.truncate(outer);
    }
}

/// The index in the dictionary of the value of each row. An empty dictionary has no values.
fn keys_of(dictionary: &dyn AnyDictionaryArray) -> Vec<usize> {
    match dictionary.values().len() {
        0 => vec![0; dictionary.len()],
        _ => dictionary.normalized_keys(),
    }
}

fn push_from_dictionary(text: &mut String, array: &dyn Array, key: usize) -> bool {
    let values = array.as_any_dictionary().values();
    key >= values.len() || values.is_null(key) || push(text, values.as_ref(), key)
}

/// Appends a value that is not null, and returns whether it has a plain form as text. If not, it appends
/// what is stored.
fn push(text: &mut String, array: &dyn Array, row: usize) -> bool {
    use DataType as D;
    macro_rules! value {
        ($type:ty) => {
            array.as_primitive::<$type>().value(row)
        };
    }
    macro_rules! display {
        ($type:ty) => {
            // Writing to a string cannot fail.
            let _ = write!(text, "{}", value!($type));
        };
    }
    macro_rules! decimal {
        ($type:ty) => {
            text.push_str(&array.as_primitive::<$type>().value_as_string(row))
        };
    }
    let mut moment = |moment: Option<String>, number: i64| push_or_number(text, moment, number);
    match array.data_type() {
        D::Utf8 => text.push_str(array.as_string::<i32>().value(row)),
        D::LargeUtf8 => text.push_str(array.as_string::<i64>().value(row)),
        D::Utf8View => text.push_str(array.as_string_view().value(row)),
        D::Boolean => text.push_str(if array.as_boolean().value(row) { "TRUE" } else { "FALSE" }),
        D::Int8 => {
            display!(Int8Type);
        }
        D::Int16 => {
            display!(Int16Type);
        }
        D::Int32 => {
            display!(Int32Type);
        }
        D::Int64 => {
            display!(Int64Type);
        }
        D::UInt8 => {
            display!(UInt8Type);
        }
        D::UInt16 => {
            display!(UInt16Type);
        }
        D::UInt32 => {
            display!(UInt32Type);
        }
        D::UInt64 => {
            display!(UInt64Type);
        }
        D::Float16 => {
            push_short_float(text, f32::from(value!(Float16Type)), BINARY16_DIGITS);
        }
        D::Float32 => push_short_float(text, value!(Float32Type), BINARY32_DIGITS),
        D::Float64 => push_number(text, value!(Float64Type)),
        D::Decimal32(..) => decimal!(Decimal32Type),
        D::Decimal64(..) => decimal!(Decimal64Type),
        D::Decimal128(..) => decimal!(Decimal128Type),
        D::Decimal256(..) => decimal!(Decimal256Type),
        D::Date32 => {
            let days = i64::from(value!(Date32Type));
            return moment(moment::date(days), days);
        }
        D::Date64 => {
            let count = value!(Date64Type);
            return moment(moment::date(count.div_euclid(86_400_000)), count);
        }
        D::Time32(TimeUnit::Second) => {
            let count = i64::from(value!(Time32SecondType));
            return moment(moment::time(count, Unit::Seconds), count);
        }
        D::Time32(_) => {
            let count = i64::from(value!(Time32MillisecondType));
            return moment(moment::time(count, Unit::Milliseconds), count);
        }
        D::Time64(TimeUnit::Microsecond) => {
            let count = value!(Time64MicrosecondType);
            return moment(moment::time(count, Unit::Microseconds), count);
        }
        D::Time64(_) => {
            let count = value!(Time64NanosecondType);
            return moment(moment::time(count, Unit::Nanoseconds), count);
        }
        D::Timestamp(unit, zone) => {
            // With a time zone, they count from 1970-01-01 in UTC.
            let (count, unit) = match unit {
                TimeUnit::Second => (value!(TimestampSecondType), Unit::Seconds),
                TimeUnit::Millisecond => (value!(TimestampMillisecondType), Unit::Milliseconds),
                TimeUnit::Microsecond => (value!(TimestampMicrosecondType), Unit::Microseconds),
                TimeUnit::Nanosecond => (value!(TimestampNanosecondType), Unit::Nanoseconds),
            };
            return moment(moment::timestamp(count, unit, zone.is_some()), count);
        }
        D::Binary => return push_bytes(text, array.as_binary::<i32>().value(row)),
        D::LargeBinary => return push_bytes(text, array.as_binary::<i64>().value(row)),
        D::BinaryView => return push_bytes(text, array.as_binary_view().value(row)),
        D::FixedSizeBinary(_) => {
            return push_bytes(text, array.as_fixed_size_binary().value(row));
        }
        D::Dictionary(..) => {
            let key = keys_of(array.as_any_dictionary())[row];
            return push_from_dictionary(text, array, key);
        }
        D::List(_) => return push_list(text, array.as_list::<i32>().value(row).as_ref()),
        D::LargeList(_) => return push_list(text, array.as_list::<i64>().value(row).as_ref()),
        D::FixedSizeList(..) => {
            return push_list(text, array.as_fixed_size_list().value(row).as_ref());
        }
        D::Map(..) => {
            let entries = array.as_map().value(row);
            let mut is_readable = true;
            for entry in 0..entries.len() {
                if entry > 0 {
                    text.push_str(SEPARATOR);
                }
                for (index, column) in entries.columns().iter().enumerate() {
                    if index > 0 {
                        text.push('=');
                    }
                    is_readable &= column.is_null(entry) || push(text, column.as_ref(), entry);
                }
            }
            return is_readable;
        }
        // Columns of other types are not read.
        _ => {}
    }
    true
}

fn push_list(text: &mut String, elements: &dyn Array) -> bool {
    let mut is_readable = true;
    for element in 0..elements.len() {
        if element > 0 {
            text.push_str(SEPARATOR);
        }
        is_readable &= elements.is_null(element) || push(text, elements, element);
    }
    is_readable
}
