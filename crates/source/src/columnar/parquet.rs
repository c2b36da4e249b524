//! Apache Parquet, row by row: the record reader of the `parquet` crate needs none of Arrow.

use std::fmt::Write;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

use bytes::Bytes;
use parquet::basic::ConvertedType;
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, FileReader, Length};
use parquet::file::serialized_reader::SerializedFileReader;
use parquet::record::Field;
use parquet::schema::types::Type;

use super::{BETWEEN, PARQUET, pages, path};
use crate::error::SourceProblem;
use crate::input::Input;
use crate::table::{Ended, RowWriter, TableOf, TableSource};
use crate::unpack::InflateLimits;
use crate::workbook::push_number;

pub(super) fn open(input: Input, limits: InflateLimits) -> Result<TableSource, SourceProblem> {
    let bytes = input.len();
    let reader = SerializedFileReader::new(Chunks(input.clone())).map_err(problem)?;
    let groups = reader.metadata().row_groups().iter();
    let inflated = groups.map(|group| u64::try_from(group.total_byte_size()).unwrap_or(u64::MAX));
    limits.check(bytes, inflated.fold(0, u64::saturating_add))?;
    pages::check(&input, reader.metadata())?;
    let mut header = Vec::new();
    names(reader.metadata().file_metadata().schema(), "", &mut header);
    TableSource::spawn(TableOf::Columns(PARQUET), header, bytes, move |writer| {
        rows(&reader, writer)
    })
}

fn problem(error: ParquetError) -> SourceProblem {
    SourceProblem::damaged(PARQUET, error)
}

/// Whether a type is a struct: a group that no convention makes a list or a map.
fn is_struct(of: &Type) -> bool {
    let info = of.get_basic_info();
    of.is_group()
        && info.converted_type() == ConvertedType::NONE
        && info.logical_type_ref().is_none()
}

fn names(of: &Type, above: &str, header: &mut Vec<String>) {
    for field in of.get_fields() {
        let name = path(above, field.name());
        if is_struct(field) {
            names(field, &name, header);
        } else {
            header.push(name);
        }
    }
}

fn rows(reader: &SerializedFileReader<Chunks>, writer: &mut RowWriter) -> Result<(), Ended> {
    let schema = reader.metadata().file_metadata().schema();
    let all = reader.metadata().file_metadata().num_rows().max(1) as f64;
    for (row, number) in reader.get_row_iter(None).map_err(problem)?.zip(1_u64..) {
        let row = row.map_err(problem)?;
        let mut column = 0;
        let fields = row.get_column_iter().map(|(_, field)| field);
        push_fields(schema, fields, &mut column, writer);
        if column > 0 {
            // A row without any value is a record too: it counts as blank.
            writer.cell(column - 1);
        }
        writer.end_row(number, number as f64 / all)?;
    }
    Ok(())
}

fn push_fields<'f>(
    of: &Type,
    mut fields: impl Iterator<Item = &'f Field>,
    column: &mut usize,
    writer: &mut RowWriter,
) {
    for field_type in of.get_fields() {
        let field = fields.next().unwrap_or(&Field::Null);
        match field {
            Field::Group(row) if is_struct(field_type) => {
                let inner = row.get_column_iter().map(|(_, field)| field);
                push_fields(
                    field_type,
                    Box::new(inner) as Box<dyn Iterator<Item = _>>,
                    column,
                    writer,
                );
            }
            _ if is_struct(field_type) => {
                let mut skipped = Vec::new();
                names(field_type, "", &mut skipped);
                *column += skipped.len();
            }
            Field::Null => *column += 1,
            value => {
                push(writer.cell(*column), value);
                *column += 1;
            }
        }
    }
}

fn push(text: &mut String, value: &Field) {
    match value {
        Field::Null => {}
        Field::Str(string) => text.push_str(string),
        Field::Double(number) => push_number(text, *number),
        Field::Float(number) => push_number(text, f64::from(*number)),
        Field::Bytes(bytes) => text.push_str(&String::from_utf8_lossy(bytes.data())),
        Field::ListInternal(list) => {
            for (index, element) in list.elements().iter().enumerate() {
                if index > 0 {
                    text.push_str(BETWEEN);
                }
                push(text, element);
            }
        }
        // Writing to a string cannot fail.
        other => {
            let _ = write!(text, "{other}");
        }
    }
}

/// An input as the `parquet` crate reads files: from many places at a time.
struct Chunks(Input);

impl Chunks {
    fn at(&self, start: u64) -> io::Result<Input> {
        let mut input = self.0.clone();
        input.seek(SeekFrom::Start(start))?;
        Ok(input)
    }
}

impl Length for Chunks {
    fn len(&self) -> u64 {
        self.0.len()
    }
}

impl ChunkReader for Chunks {
    type T = BufReader<Input>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        Ok(BufReader::new(self.at(start)?))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        let mut bytes = Vec::new();
        self.at(start)?.take(length as u64).read_to_end(&mut bytes)?;
        if bytes.len() < length {
            return Err(ParquetError::EOF("it ends too early".to_owned()));
        }
        Ok(bytes.into())
    }
}
