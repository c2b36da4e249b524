//! Arrow's IPC format, as a file or as a stream (Arrow columnar format 1.4).

use std::collections::HashMap;
use std::fmt::Write;
use std::io::{BufReader, Read, Seek, SeekFrom};

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Date64Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, RecordBatch};
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_ipc::{Block, root_as_footer, root_as_message};
use arrow_schema::{ArrowError, DataType, Fields, TimeUnit};

use super::{ARROW, BETWEEN, MAX_HELD, path, too_much};
use crate::error::SourceProblem;
use crate::input::Input;
use crate::table::{Ended, RowWriter, TableOf, TableSource};
use crate::workbook::push_number;

fn problem(error: ArrowError) -> SourceProblem {
    SourceProblem::damaged(ARROW, error)
}

pub(super) fn open(mut input: Input) -> Result<TableSource, SourceProblem> {
    let bytes = input.len();
    let mut magic = Vec::new();
    input.clone().take(6).read_to_end(&mut magic).map_err(SourceProblem::Io)?;
    let of = TableOf::Columns(ARROW);
    if magic == b"ARROW1" {
        check_footer(input.clone())?;
        let reader = FileReader::try_new(BufReader::new(input), None).map_err(problem)?;
        let header = header(reader.schema().fields())?;
        return TableSource::spawn(of, header, bytes, move |writer| rows(reader, bytes, writer));
    }
    check_messages(input.clone())?;
    let reader = StreamReader::try_new(BufReader::new(&mut input), None).map_err(problem)?;
    let header = header(reader.schema().fields())?;
    drop(reader);
    input.rewind().map_err(SourceProblem::Io)?;
    let reader = StreamReader::try_new(BufReader::new(input), None).map_err(problem)?;
    TableSource::spawn(of, header, bytes, move |writer| rows(reader, bytes, writer))
}

/// What is held at a time: dictionaries, and one batch.
#[derive(Default)]
struct Held {
    dictionaries: HashMap<i64, u64>,
    batch: u64,
}

impl Held {
    fn check(&self) -> Result<(), SourceProblem> {
        let all = self.dictionaries.values().copied().fold(self.batch, u64::saturating_add);
        if all > MAX_HELD {
            return Err(too_much(
                ARROW,
                "a batch of rows with its dictionaries",
                "smaller batches",
            ));
        }
        Ok(())
    }
}

fn damaged(error: impl std::fmt::Display) -> SourceProblem {
    SourceProblem::damaged(ARROW, error)
}

/// A length as it is written, unless it is more than `left`.
fn length(written: i64, left: u64) -> Result<u64, SourceProblem> {
    let length = u64::try_from(written).ok().filter(|&length| length <= left);
    length.ok_or_else(|| damaged("it ends too early"))
}

/// Requires that no message of a stream says that it is longer than the input, or takes more memory
/// than it may: the reader takes its word for it.
fn check_messages(mut input: Input) -> Result<(), SourceProblem> {
    let mut held = Held::default();
    let mut at = 0;
    while at + 4 <= input.len() {
        let mut word = || -> Result<[u8; 4], SourceProblem> {
            let mut word = [0; 4];
            input.seek(SeekFrom::Start(at)).map_err(damaged)?;
            input.read_exact(&mut word).map_err(damaged)?;
            at += 4;
            Ok(word)
        };
        // Before version 0.15 there was no mark in front of the length.
        let size = match word()? {
            [0xFF, 0xFF, 0xFF, 0xFF] => word()?,
            size => size,
        };
        let len = length(i32::from_le_bytes(size).into(), input.len().saturating_sub(at))?;
        if len == 0 {
            break;
        }
        held.batch = len;
        held.check()?;
        let mut bytes = Vec::new();
        input.by_ref().take(len).read_to_end(&mut bytes).map_err(damaged)?;
        at += len;
        let message = root_as_message(&bytes).map_err(damaged)?;
        let body = length(message.bodyLength(), input.len().saturating_sub(at))?;
        match message.header_as_dictionary_batch() {
            Some(dictionary) => {
                let known = held.dictionaries.entry(dictionary.id()).or_default();
                *known = if dictionary.isDelta() { known.saturating_add(body) } else { body };
            }
            None => held.batch = held.batch.saturating_add(body),
        }
        held.check()?;
        at += body;
    }
    Ok(())
}

/// The same for a file, whose footer says where its batches are.
fn check_footer(mut input: Input) -> Result<(), SourceProblem> {
    let too_early = || damaged("it ends too early");
    let end = input.len().checked_sub(10).ok_or_else(too_early)?;
    let mut size = [0; 4];
    input.seek(SeekFrom::Start(end)).map_err(damaged)?;
    input.read_exact(&mut size).map_err(damaged)?;
    let len = length(i32::from_le_bytes(size).into(), end)?;
    let mut held = Held { batch: len, ..Held::default() };
    held.check()?;
    let mut bytes = Vec::new();
    input.seek(SeekFrom::Start(end - len)).map_err(damaged)?;
    input.take(len).read_to_end(&mut bytes).map_err(damaged)?;
    let footer = root_as_footer(&bytes).map_err(damaged)?;
    let size_of = |block: &Block| -> Result<u64, SourceProblem> {
        let offset = length(block.offset(), end)?;
        let head = length(block.metaDataLength().into(), end - offset)?;
        Ok(head + length(block.bodyLength(), end - offset - head)?)
    };
    for (id, block) in (0..).zip(footer.dictionaries().iter().flatten()) {
        held.dictionaries.insert(id, size_of(block)?);
        held.check()?;
    }
    for block in footer.recordBatches().iter().flatten() {
        held.batch = size_of(block)?;
        held.check()?;
    }
    Ok(())
}

/// The columns, with those of structs named by their path.
fn header(fields: &Fields) -> Result<Vec<String>, SourceProblem> {
    fn names(fields: &Fields, above: &str, header: &mut Vec<String>) -> Result<(), SourceProblem> {
        for field in fields {
            let name = path(above, field.name());
            match field.data_type() {
                DataType::Struct(inner) => names(inner, &name, header)?,
                kind if is_known(kind) => header.push(name),
                kind => {
                    let kind = format!("{name} ({kind})");
                    return Err(SourceProblem::Column { column: kind });
                }
            }
        }
        Ok(())
    }
    let mut header = Vec::new();
    names(fields, "", &mut header)?;
    Ok(header)
}

fn is_known(kind: &DataType) -> bool {
    use DataType as D;
    match kind {
        D::List(field) | D::LargeList(field) => is_known(field.data_type()),
        D::Dictionary(_, values) => is_known(values),
        D::Utf8 | D::LargeUtf8 | D::Utf8View | D::Boolean | D::Null => true,
        D::Date32 | D::Date64 | D::Timestamp(..) | D::Float32 | D::Float64 => true,
        kind => kind.is_integer(),
    }
}

fn rows(
    batches: impl Iterator<Item = Result<RecordBatch, ArrowError>>,
    bytes: u64,
    writer: &mut RowWriter,
) -> Result<(), Ended> {
    let mut number = 0;
    for batch in batches {
        let batch = batch.map_err(problem)?;
        // A truth value takes a bit, and nothing but a column without any values less.
        if batch.num_rows() as u64 > 8 * bytes {
            return Err(damaged("it says that it has more rows than it can hold").into());
        }
        let mut columns: Vec<&dyn Array> = Vec::new();
        flatten(batch.columns().iter().map(AsRef::as_ref), &mut columns);
        for row in 0..batch.num_rows() {
            for (column, array) in columns.iter().enumerate() {
                if !array.is_null(row) {
                    push(writer.cell(column), *array, row);
                }
            }
            if let Some(last) = columns.len().checked_sub(1) {
                // A row without any value is a record too: it counts as blank.
                writer.cell(last);
            }
            number += 1;
            writer.end_row(number, 0.0)?;
        }
    }
    Ok(())
}

/// Structs give way to their fields.
fn flatten<'a>(arrays: impl Iterator<Item = &'a dyn Array>, columns: &mut Vec<&'a dyn Array>) {
    for array in arrays {
        match array.as_struct_opt() {
            Some(fields) => {
                let inner: Vec<&dyn Array> = fields.columns().iter().map(AsRef::as_ref).collect();
                flatten(inner.into_iter(), columns);
            }
            None => columns.push(array),
        }
    }
}

/// Appends a value that is not null.
fn push(text: &mut String, array: &dyn Array, row: usize) {
    macro_rules! display {
        ($type:ty) => {
            let _ = write!(text, "{}", array.as_primitive::<$type>().value(row));
        };
    }
    macro_rules! moment {
        ($type:ty) => {
            if let Some(moment) = array.as_primitive::<$type>().value_as_datetime(row) {
                let _ = write!(text, "{}", moment.format("%Y-%m-%dT%H:%M:%S"));
            }
        };
    }
    match array.data_type() {
        DataType::Utf8 => text.push_str(array.as_string::<i32>().value(row)),
        DataType::LargeUtf8 => text.push_str(array.as_string::<i64>().value(row)),
        DataType::Utf8View => text.push_str(array.as_string_view().value(row)),
        DataType::Boolean => {
            text.push_str(if array.as_boolean().value(row) { "TRUE" } else { "FALSE" });
        }
        DataType::Int8 => {
            display!(Int8Type);
        }
        DataType::Int16 => {
            display!(Int16Type);
        }
        DataType::Int32 => {
            display!(Int32Type);
        }
        DataType::Int64 => {
            display!(Int64Type);
        }
        DataType::UInt8 => {
            display!(UInt8Type);
        }
        DataType::UInt16 => {
            display!(UInt16Type);
        }
        DataType::UInt32 => {
            display!(UInt32Type);
        }
        DataType::UInt64 => {
            display!(UInt64Type);
        }
        DataType::Float32 => {
            push_number(text, f64::from(array.as_primitive::<Float32Type>().value(row)));
        }
        DataType::Float64 => push_number(text, array.as_primitive::<Float64Type>().value(row)),
        DataType::Date32 => {
            if let Some(date) = array.as_primitive::<Date32Type>().value_as_date(row) {
                let _ = write!(text, "{date}");
            }
        }
        DataType::Date64 => {
            if let Some(date) = array.as_primitive::<Date64Type>().value_as_date(row) {
                let _ = write!(text, "{date}");
            }
        }
        DataType::Timestamp(TimeUnit::Second, _) => moment!(TimestampSecondType),
        DataType::Timestamp(TimeUnit::Millisecond, _) => moment!(TimestampMillisecondType),
        DataType::Timestamp(TimeUnit::Microsecond, _) => moment!(TimestampMicrosecondType),
        DataType::Timestamp(TimeUnit::Nanosecond, _) => moment!(TimestampNanosecondType),
        DataType::Dictionary(..) => {
            let dictionary = array.as_any_dictionary();
            if let Some(&key) = dictionary.normalized_keys().get(row)
                && !dictionary.values().is_null(key)
            {
                push(text, dictionary.values().as_ref(), key);
            }
        }
        DataType::List(_) => push_list(text, array.as_list::<i32>().value(row).as_ref()),
        DataType::LargeList(_) => push_list(text, array.as_list::<i64>().value(row).as_ref()),
        // The header has let no other type pass.
        _ => {}
    }
}

fn push_list(text: &mut String, elements: &dyn Array) {
    for element in 0..elements.len() {
        if element > 0 {
            text.push_str(BETWEEN);
        }
        if !elements.is_null(element) {
            push(text, elements, element);
        }
    }
}
