//! Arrow's IPC format, as a file or as a stream (Arrow columnar format 1.4).

use std::collections::HashMap;
use std::fmt::Write;
use std::io::{BufReader, Read, Seek, SeekFrom};

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type,
    Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    Time32MillisecondType, Time32SecondType, Time64MicrosecondType, Time64NanosecondType,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{AnyDictionaryArray, Array, ArrayRef, RecordBatch};
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_ipc::{
    Block, DictionaryBatch, RecordBatch as RecordBatchHeader, root_as_footer, root_as_message,
};
use arrow_schema::{ArrowError, DataType, Fields, SchemaRef, TimeUnit};

use super::moment::{self, Unit};
use super::values::{
    ARROW, BYTES_SAMPLE, MAX_MEMORY, NESTED, NO_TEXT, OTHER, SEPARATOR, path, push_bytes,
    push_or_number, too_large,
};
use crate::input::Input;
use crate::input::error::SourceProblem;
use crate::input::limits::DecompressLimits;
use crate::records::number::push_number;
use crate::records::table::{Ended, RowWriter, SkippedColumn, TableOf, TableSource};

fn problem(error: ArrowError) -> SourceProblem {
    SourceProblem::damaged(ARROW, error)
}

/// Batches of rows.
type Batches = Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>> + Send>;

pub(super) fn open(
    mut input: Input,
    limits: DecompressLimits,
) -> Result<TableSource, SourceProblem> {
    let bytes = input.len();
    let mut magic = Vec::new();
    input.clone().take(6).read_to_end(&mut magic).map_err(SourceProblem::Io)?;
    let is_file = magic == b"ARROW1";
    let decompressed = match is_file {
        true => check_footer(input.clone())?,
        false => check_messages(input.clone())?,
    };
    limits.check(bytes, decompressed)?;
    let mut batches = || -> Result<(SchemaRef, Batches), SourceProblem> {
        input.rewind().map_err(SourceProblem::Io)?;
        let input = BufReader::new(input.clone());
        Ok(match is_file {
            true => {
                let reader = FileReader::try_new(input, None).map_err(problem)?;
                (reader.schema(), Box::new(reader))
            }
            false => {
                let reader = StreamReader::try_new(input, None).map_err(problem)?;
                (reader.schema(), Box::new(reader))
            }
        })
    };
    let (schema, first) = batches()?;
    let mut columns = Columns::default();
    columns.add(schema.fields(), "");
    if columns.kept.contains(&Some(ValueKind::Bytes)) {
        columns.leave_out_binary(first)?;
    }
    let Columns { names, kept, skipped } = columns;
    if let (true, Some(column)) = (names.is_empty(), skipped.first()) {
        return Err(column.problem());
    }
    // The first reader may be past the first batch.
    let (_, batches) = batches()?;
    let source = TableSource::spawn(TableOf::Columns(ARROW), names, bytes, move |writer| {
        rows(batches, &kept, bytes, writer)
    })?;
    Ok(source.with_skipped(skipped))
}

/// The memory that reading takes at once: all dictionaries, and one batch.
#[derive(Default)]
struct MemoryUse {
    dictionaries: HashMap<i64, u64>,
    batch: u64,
}

impl MemoryUse {
    fn check(&self) -> Result<(), SourceProblem> {
        let all = self.dictionaries.values().copied().fold(self.batch, u64::saturating_add);
        if all > MAX_MEMORY {
            return Err(too_large(
                ARROW,
                "a batch of rows with its dictionaries",
                "smaller batches",
            ));
        }
        Ok(())
    }
}

/// The decompressed size of the buffers of a batch: each begins with its own (Arrow columnar format,
/// "Compression"). The buffers begin at the offset `body`, and take `len` bytes.
fn decompressed_size(
    input: &mut Input,
    batch: Option<RecordBatchHeader<'_>>,
    body: u64,
    len: u64,
) -> Result<u64, SourceProblem> {
    let Some(batch) = batch.filter(|batch| batch.compression().is_some()) else { return Ok(0) };
    let mut sum = 0_u64;
    for buffer in batch.buffers().iter().flatten() {
        if buffer.length() == 0 {
            continue;
        }
        let at = length(buffer.offset(), len)?;
        if length(buffer.length(), len - at)? < 8 {
            return Err(damaged("a buffer is shorter than its length"));
        }
        let mut size = [0; 8];
        input.seek(SeekFrom::Start(body + at)).map_err(damaged)?;
        input.read_exact(&mut size).map_err(damaged)?;
        match i64::from_le_bytes(size) {
            // This buffer is not compressed.
            -1 => {}
            size => {
                let size = u64::try_from(size).map_err(|_| damaged("a size is below zero"))?;
                sum = sum.saturating_add(size);
            }
        }
    }
    Ok(sum)
}

fn damaged(error: impl std::fmt::Display) -> SourceProblem {
    SourceProblem::damaged(ARROW, error)
}

/// A length as it is written, if it is at most `left`.
fn length(written: i64, left: u64) -> Result<u64, SourceProblem> {
    let length = u64::try_from(written).ok().filter(|&length| length <= left);
    length.ok_or_else(|| damaged("it ends too early"))
}

/// Requires that no message of a stream claims to be longer than the input, or takes too much memory: the
/// reader believes what it claims. Returns the decompressed size of all messages.
fn check_messages(mut input: Input) -> Result<u64, SourceProblem> {
    let mut memory = MemoryUse::default();
    let mut all = 0_u64;
    let mut at = 0;
    while at + 4 <= input.len() {
        let mut word = || -> Result<[u8; 4], SourceProblem> {
            let mut word = [0; 4];
            input.seek(SeekFrom::Start(at)).map_err(damaged)?;
            input.read_exact(&mut word).map_err(damaged)?;
            at += 4;
            Ok(word)
        };
        // Before version 0.15 there was no mark before the length.
        let size = match word()? {
            [0xFF, 0xFF, 0xFF, 0xFF] => word()?,
            size => size,
        };
        let len = length(i32::from_le_bytes(size).into(), input.len().saturating_sub(at))?;
        if len == 0 {
            break;
        }
        memory.batch = len;
        memory.check()?;
        let mut bytes = Vec::new();
        input.by_ref().take(len).read_to_end(&mut bytes).map_err(damaged)?;
        at += len;
        let message = root_as_message(&bytes).map_err(damaged)?;
        let body = length(message.bodyLength(), input.len().saturating_sub(at))?;
        let dictionary = message.header_as_dictionary_batch();
        let batch = message.header_as_record_batch();
        let batch = dictionary.as_ref().map_or(batch, DictionaryBatch::data);
        let decompressed = decompressed_size(&mut input, batch, at, body)?;
        all = all.saturating_add(decompressed);
        let takes = body.saturating_add(decompressed);
        match dictionary {
            Some(dictionary) => {
                let known = memory.dictionaries.entry(dictionary.id()).or_default();
                *known = if dictionary.isDelta() { known.saturating_add(takes) } else { takes };
            }
            None => memory.batch = memory.batch.saturating_add(takes),
        }
        memory.check()?;
        at += body;
    }
    Ok(all)
}

/// The same for a file, whose footer lists its batches.
fn check_footer(mut input: Input) -> Result<u64, SourceProblem> {
    let too_early = || damaged("it ends too early");
    let end = input.len().checked_sub(10).ok_or_else(too_early)?;
    let mut size = [0; 4];
    input.seek(SeekFrom::Start(end)).map_err(damaged)?;
    input.read_exact(&mut size).map_err(damaged)?;
    let len = length(i32::from_le_bytes(size).into(), end)?;
    let mut memory = MemoryUse { batch: len, ..MemoryUse::default() };
    memory.check()?;
    let mut bytes = Vec::new();
    input.seek(SeekFrom::Start(end - len)).map_err(damaged)?;
    input.by_ref().take(len).read_to_end(&mut bytes).map_err(damaged)?;
    let footer = root_as_footer(&bytes).map_err(damaged)?;
    let mut all = 0_u64;
    let mut size_of = |block: &Block| -> Result<u64, SourceProblem> {
        let offset = length(block.offset(), end)?;
        let head = length(block.metaDataLength().into(), end - offset)?;
        let body = length(block.bodyLength(), end - offset - head)?;
        if head > MAX_MEMORY {
            return Err(damaged("a message is longer than any"));
        }
        let mut bytes = Vec::new();
        input.seek(SeekFrom::Start(offset)).map_err(damaged)?;
        input.by_ref().take(head).read_to_end(&mut bytes).map_err(damaged)?;
        // Before version 0.15 there was no mark before the length.
        let message = match bytes.get(..4) {
            Some([0xFF, 0xFF, 0xFF, 0xFF]) => bytes.get(8..),
            _ => bytes.get(4..),
        };
        let message = message.ok_or_else(|| damaged("a message is too short"))?;
        let message = root_as_message(message).map_err(damaged)?;
        let batch = match message.header_as_dictionary_batch() {
            Some(dictionary) => dictionary.data(),
            None => message.header_as_record_batch(),
        };
        let decompressed = decompressed_size(&mut input, batch, offset + head, body)?;
        all = all.saturating_add(decompressed);
        Ok(head.saturating_add(body).saturating_add(decompressed))
    };
    for (id, block) in (0..).zip(footer.dictionaries().iter().flatten()) {
        memory.dictionaries.insert(id, size_of(block)?);
        memory.check()?;
    }
    for block in footer.recordBatches().iter().flatten() {
        memory.batch = size_of(block)?;
        memory.check()?;
    }
    Ok(all)
}

/// The values of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ValueKind {
    Plain,
    /// Bytes, which are often text.
    Bytes,
}

/// The columns. Those of structs are named by their path.
#[derive(Default)]
struct Columns {
    names: Vec<String>,
    /// The values of each field that is not a struct; `None` where it is not read.
    kept: Vec<Option<ValueKind>>,
    skipped: Vec<SkippedColumn>,
}

impl Columns {
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
    fn leave_out_binary(&mut self, mut batches: Batches) -> Result<(), SourceProblem> {
        let Some(batch) = batches.next().transpose().map_err(problem)? else { return Ok(()) };
        let mut leaves = Vec::new();
        flatten(batch.columns(), &mut Vec::new(), &mut leaves);
        let mut names = std::mem::take(&mut self.names).into_iter();
        for (kept, leaf) in self.kept.iter_mut().zip(&leaves) {
            let Some(kind) = *kept else { continue };
            let Some(name) = names.next() else { break };
            let (mut text, mut other, mut cell) = (0, 0, String::new());
            let filled = (0..batch.num_rows()).filter(|&row| !leaf.is_null(row));
            for row in filled.take(if kind == ValueKind::Bytes { BYTES_SAMPLE } else { 0 }) {
                cell.clear();
                *if push(&mut cell, leaf.array, row) { &mut text } else { &mut other } += 1;
            }
            if other > text {
                *kept = None;
                self.skipped.push(SkippedColumn { name, holds: NO_TEXT });
            } else {
                self.names.push(name);
            }
        }
        Ok(())
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
struct Leaf<'a> {
    array: &'a dyn Array,
    above: Vec<&'a dyn Array>,
    /// The index in its dictionary of the value of each row, if it has a dictionary.
    keys: Option<Vec<usize>>,
}

impl Leaf<'_> {
    fn is_null(&self, row: usize) -> bool {
        self.array.is_null(row) || self.above.iter().any(|above| above.is_null(row))
    }
}

fn rows(
    batches: Batches,
    kept: &[Option<ValueKind>],
    bytes: u64,
    writer: &mut RowWriter,
) -> Result<(), Ended> {
    let mut number = 0;
    for batch in batches {
        let batch = batch.map_err(problem)?;
        // A Boolean takes a bit, and only a column without values takes less. Compressed data gives its
        // size.
        if batch.num_rows() as u64 > 8 * bytes.max(batch.get_array_memory_size() as u64) {
            return Err(damaged("it says that it has more rows than it can hold").into());
        }
        let mut leaves = Vec::new();
        flatten(batch.columns(), &mut Vec::new(), &mut leaves);
        let leaves = leaves.into_iter().zip(kept);
        let leaves: Vec<Leaf<'_>> = leaves.filter_map(|(leaf, kept)| kept.map(|_| leaf)).collect();
        for row in 0..batch.num_rows() {
            for (column, leaf) in leaves.iter().enumerate().filter(|(_, leaf)| !leaf.is_null(row)) {
                let cell = writer.cell(column);
                let is_readable = match &leaf.keys {
                    Some(keys) => push_from_dictionary(cell, leaf.array, keys[row]),
                    None => push(cell, leaf.array, row),
                };
                if !is_readable {
                    writer.mark_unreadable();
                }
            }
            if let Some(last) = leaves.len().checked_sub(1) {
                // A row without values is a record too, and counts as blank.
                writer.cell(last);
            }
            number += 1;
            writer.end_row(number, 0.0)?;
        }
    }
    Ok(())
}

/// Replaces structs by their fields.
fn flatten<'a>(arrays: &'a [ArrayRef], above: &mut Vec<&'a dyn Array>, leaves: &mut Vec<Leaf<'a>>) {
    for array in arrays {
        if let Some(fields) = array.as_struct_opt() {
            above.push(array);
            flatten(fields.columns(), above, leaves);
            above.pop();
            continue;
        }
        let keys = array.as_any_dictionary_opt().map(keys_of);
        leaves.push(Leaf { array, above: above.clone(), keys });
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
        D::Float16 => push_number(text, f64::from(value!(Float16Type))),
        D::Float32 => push_number(text, f64::from(value!(Float32Type))),
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
