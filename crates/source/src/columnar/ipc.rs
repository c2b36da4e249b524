//! Arrow's IPC format, as a file or as a stream (Arrow columnar format 1.4).

use std::fmt::Write;
use std::io::{BufReader, Read};

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Date64Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, RecordBatch};
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_schema::{ArrowError, DataType, Fields, TimeUnit};

use super::{BETWEEN, path};
use crate::error::SourceProblem;
use crate::input::Input;
use crate::table::{Ended, RowWriter, TableOf, TableSource};
use crate::workbook::push_number;

const ARROW: &str = "Arrow file";

fn problem(error: ArrowError) -> SourceProblem {
    SourceProblem::damaged(ARROW, error)
}

pub(super) fn open(mut input: Input) -> Result<TableSource, SourceProblem> {
    let bytes = input.len();
    let mut magic = Vec::new();
    input.clone().take(6).read_to_end(&mut magic).map_err(SourceProblem::Io)?;
    let of = TableOf::Columns(ARROW);
    if magic == b"ARROW1" {
        let reader = FileReader::try_new(BufReader::new(input), None).map_err(problem)?;
        let header = header(reader.schema().fields())?;
        return TableSource::spawn(of, header, bytes, move |writer| rows(reader, writer));
    }
    // A stream says how long each message is, and the reader takes its word for it.
    check_messages(&mut input.clone())?;
    let reader = StreamReader::try_new(BufReader::new(&mut input), None).map_err(problem)?;
    let header = header(reader.schema().fields())?;
    drop(reader);
    std::io::Seek::rewind(&mut input).map_err(SourceProblem::Io)?;
    let reader = StreamReader::try_new(BufReader::new(input), None).map_err(problem)?;
    TableSource::spawn(of, header, bytes, move |writer| rows(reader, writer))
}

/// Requires that the first message is not longer than the input.
fn check_messages(input: &mut Input) -> Result<(), SourceProblem> {
    let mut head = [0; 8];
    input.read_exact(&mut head).map_err(|error| SourceProblem::damaged(ARROW, error))?;
    let [_, _, _, _, a, b, c, d] = head;
    if u64::from(u32::from_le_bytes([a, b, c, d])) > input.len() {
        return Err(SourceProblem::damaged(ARROW, "it ends too early"));
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
    writer: &mut RowWriter,
) -> Result<(), Ended> {
    let mut number = 0;
    for batch in batches {
        let batch = batch.map_err(problem)?;
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
