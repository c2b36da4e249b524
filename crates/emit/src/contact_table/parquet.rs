//! `contacts.parquet`, written column by column: the low-level writer of the `parquet` crate does not
//! need Arrow.
//!
//! Workers write compact rows, which the thread of the file sorts into columns.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use contactmill_core::records::Position;
use contactmill_wire::files::CONTACTS_PARQUET;
use contactmill_wire::manifest::OutputFile;
use parquet::basic::{Compression, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;

use super::compact::{CompactRows, RowReader, write_number, write_text};
use super::{RowFormat, Rows};
use crate::error::EmitError;
use crate::file::{ContactFile, ResultFiles};
use crate::write_thread::ChunkFiles;

const SCHEMA: &str = "
    message contacts {
        REQUIRED BYTE_ARRAY name (STRING);
        REQUIRED BYTE_ARRAY phone (STRING);
        REQUIRED INT32 calling_code;
        REQUIRED BYTE_ARRAY national_number (STRING);
        OPTIONAL BYTE_ARRAY region (STRING);
        REQUIRED BYTE_ARRAY line_type (STRING);
        OPTIONAL BYTE_ARRAY email (STRING);
        REQUIRED GROUP tags (LIST) {
            REPEATED GROUP list { REQUIRED BYTE_ARRAY element (STRING); }
        }
        REQUIRED GROUP attributes (MAP) {
            REPEATED GROUP key_value {
                REQUIRED BYTE_ARRAY key (STRING);
                REQUIRED BYTE_ARRAY value (STRING);
            }
        }
        REQUIRED BYTE_ARRAY source (STRING);
        REQUIRED INT64 record;
        REQUIRED INT64 line;
    }";

/// Columns of texts that are nearly all different: a dictionary of them would only take time, and the least and
/// the greatest of a row group say nothing.
const UNIQUE_TEXTS: [&str; 4] = ["name", "phone", "national_number", "email"];

/// Columns of numbers that are all different.
const UNIQUE_NUMBERS: [&str; 2] = ["record", "line"];

/// Maximum number of rows in a row group. Readers take one at a time on each thread.
const GROUP_ROWS: usize = 1 << 16;

/// Size at which a row group ends, in bytes.
const GROUP_BYTES: usize = 32 << 20;

/// That of each of many files, which are all written at once.
const GROUP_BYTES_OF_PART: usize = 256 << 10;

impl RowFormat for CompactRows {
    type File = ParquetFile;

    fn file(files: &ResultFiles) -> ParquetFile {
        let max_bytes = if files.is_part() { GROUP_BYTES_OF_PART } else { GROUP_BYTES };
        ParquetFile { files: files.clone(), writer: None, group: Columns::default(), max_bytes }
    }

    fn source(name: &str, out: &mut Vec<u8>) {
        write_text(name, out);
    }

    fn end_row(source: &[u8], position: Position, out: &mut Vec<u8>) {
        out.extend_from_slice(source);
        write_number(position.record, out);
        write_number(position.line, out);
    }
}

/// The values of a column of texts, end to end, with their levels where it may lack a value or have several.
#[derive(Default)]
struct Texts {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    /// By entry, whether there is a value.
    definition: Vec<i16>,
    /// By entry, whether it is of the same row as the one before.
    repetition: Vec<i16>,
}

impl Texts {
    fn push(&mut self, text: &[u8]) {
        self.bytes.extend_from_slice(text);
        self.ends.push(self.bytes.len());
    }

    fn push_optional(&mut self, text: &[u8]) {
        self.definition.push(i16::from(!text.is_empty()));
        if !text.is_empty() {
            self.push(text);
        }
    }

    /// Adds an element of a list by its index.
    fn push_element(&mut self, index: u64, text: &[u8]) {
        self.definition.push(1);
        self.repetition.push(i16::from(index > 0));
        self.push(text);
    }

    /// Adds a list without elements.
    fn push_empty_list(&mut self) {
        self.definition.push(0);
        self.repetition.push(0);
    }

    fn write(self, group: &mut GroupWriter<'_>) -> Result<(), ParquetError> {
        let bytes = Bytes::from(self.bytes);
        let mut start = 0;
        let value = |end| ByteArray::from(bytes.slice(std::mem::replace(&mut start, end)..end));
        let values: Vec<ByteArray> = self.ends.into_iter().map(value).collect();
        let levels = |levels: Vec<i16>| (!levels.is_empty()).then_some(levels);
        let (definition, repetition) = (levels(self.definition), levels(self.repetition));
        write_column::<ByteArrayType>(group, &values, definition.as_deref(), repetition.as_deref())
    }
}

type GroupWriter<'w> = SerializedRowGroupWriter<'w, ContactFile>;

/// Writes the next column.
fn write_column<T: DataType>(
    group: &mut GroupWriter<'_>,
    values: &[T::T],
    definition: Option<&[i16]>,
    repetition: Option<&[i16]>,
) -> Result<(), ParquetError> {
    let Some(mut column) = group.next_column()? else {
        return Err(ParquetError::General("there are more columns than in the schema".into()));
    };
    column.typed::<T>().write_batch(values, definition, repetition)?;
    column.close()
}

/// The columns of a row group.
#[derive(Default)]
struct Columns {
    name: Texts,
    phone: Texts,
    calling_code: Vec<i32>,
    national_number: Texts,
    region: Texts,
    line_type: Texts,
    email: Texts,
    tags: Texts,
    keys: Texts,
    values: Texts,
    source: Texts,
    record: Vec<i64>,
    line: Vec<i64>,
    /// Size of the rows, in bytes.
    bytes: usize,
}

impl Columns {
    /// Adds the next row.
    fn push(&mut self, rows: &mut RowReader<'_>) {
        let before = rows.0.len();
        self.name.push(rows.text());
        self.phone.push(rows.text());
        self.calling_code.push(i32::try_from(rows.number()).unwrap_or_default());
        self.national_number.push(rows.text());
        self.region.push_optional(rows.text());
        self.line_type.push(rows.text());
        self.email.push_optional(rows.text());
        let tags = rows.number();
        for index in 0..tags {
            self.tags.push_element(index, rows.text());
        }
        if tags == 0 {
            self.tags.push_empty_list();
        }
        let attributes = rows.number();
        for index in 0..attributes {
            self.keys.push_element(index, rows.text());
            self.values.push_element(index, rows.text());
        }
        if attributes == 0 {
            self.keys.push_empty_list();
            self.values.push_empty_list();
        }
        self.source.push(rows.text());
        self.record.push(rows.number().cast_signed());
        self.line.push(rows.number().cast_signed());
        self.bytes += before - rows.0.len();
    }

    fn write(self, group: &mut GroupWriter<'_>) -> Result<(), ParquetError> {
        self.name.write(group)?;
        self.phone.write(group)?;
        write_column::<Int32Type>(group, &self.calling_code, None, None)?;
        for column in [self.national_number, self.region, self.line_type, self.email] {
            column.write(group)?;
        }
        for column in [self.tags, self.keys, self.values, self.source] {
            column.write(group)?;
        }
        write_column::<Int64Type>(group, &self.record, None, None)?;
        write_column::<Int64Type>(group, &self.line, None, None)
    }
}

/// The file, and the row group that is being filled.
pub(super) struct ParquetFile {
    files: ResultFiles,
    /// Made when the first rows come: who asks for an encoder alone gets no file.
    writer: Option<SerializedFileWriter<ContactFile>>,
    group: Columns,
    /// Size at which a row group ends, in bytes.
    max_bytes: usize,
}

impl ParquetFile {
    fn failed(&self, error: ParquetError) -> EmitError {
        let error = match error {
            ParquetError::External(error) => {
                error.downcast().map_or_else(io::Error::other, |error| *error)
            }
            error => io::Error::other(error),
        };
        EmitError::io(&self.files.path_of(CONTACTS_PARQUET), "cannot be written")(error)
    }

    fn write_group(&mut self) -> Result<(), EmitError> {
        let group = std::mem::take(&mut self.group);
        let Some(writer) = self.writer.as_mut().filter(|_| group.bytes > 0) else { return Ok(()) };
        let written = writer.next_row_group().and_then(|mut row_group| {
            group.write(&mut row_group)?;
            row_group.close().map(drop)
        });
        written.map_err(|error| self.failed(error))
    }
}

/// A writer of the table to a file that nothing was written to yet.
fn writer(file: ContactFile) -> Result<SerializedFileWriter<ContactFile>, ParquetError> {
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_created_by("contactmill".into());
    for column in UNIQUE_TEXTS.into_iter().chain(UNIQUE_NUMBERS) {
        properties = properties.set_column_dictionary_enabled(column.into(), false);
    }
    for column in UNIQUE_TEXTS {
        properties =
            properties.set_column_statistics_enabled(column.into(), EnabledStatistics::None);
    }
    let schema = Arc::new(parse_message_type(SCHEMA)?);
    SerializedFileWriter::new(file, schema, Arc::new(properties.build()))
}

impl ChunkFiles for ParquetFile {
    type Chunk = Rows;

    /// About the rows of a row group: the run goes on while one is compressed.
    const MAX_WAITING: usize = 256;

    fn write(&mut self, rows: Rows) -> Result<(), EmitError> {
        if self.writer.is_none() {
            let file = ContactFile::create(&self.files, CONTACTS_PARQUET)?;
            self.writer = Some(writer(file).map_err(|error| self.failed(error))?);
        }
        if let Some(writer) = &mut self.writer {
            writer.inner_mut().write_contacts(&[], rows.contacts)?;
        }
        let mut rows = RowReader(&rows.bytes);
        while !rows.0.is_empty() {
            self.group.push(&mut rows);
            if self.group.record.len() >= GROUP_ROWS || self.group.bytes >= self.max_bytes {
                self.write_group()?;
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Vec<OutputFile>, EmitError> {
        self.write_group()?;
        let Some(writer) = self.writer.take() else { return Ok(Vec::new()) };
        let file = writer.into_inner().map_err(|error| self.failed(error))?;
        Ok(vec![file.finish()?])
    }
}

#[cfg(test)]
mod tests {
    use contactmill_core::columns::CONTACT_COLUMNS;

    use super::*;

    #[test]
    fn the_schema_has_the_columns_of_the_table() {
        let schema = parse_message_type(SCHEMA).unwrap();
        let names: Vec<&str> = schema.get_fields().iter().map(|field| field.name()).collect();
        assert_eq!(names, CONTACT_COLUMNS);
        let mut unique = UNIQUE_TEXTS.iter().chain(&UNIQUE_NUMBERS);
        assert!(unique.all(|name| CONTACT_COLUMNS.contains(name)));
    }
}
