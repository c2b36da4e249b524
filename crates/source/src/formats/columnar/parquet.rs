//! Apache Parquet, row by row: the record reader of the `parquet` crate does not need Arrow.

use std::fmt::Write;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

use bytes::Bytes;
use contactmill_core::columns::is_contact_table;
use contactmill_wire::import::write_string;
use parquet::basic::{ConvertedType, LogicalType, Repetition, TimeUnit, Type as PhysicalType};
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, FileReader, Length};
use parquet::file::serialized_reader::SerializedFileReader;
use parquet::record::Field;
use parquet::schema::types::{Type, TypePtr};

use super::moment::{self, Unit};
use super::values::{
    BYTES_SAMPLE, NESTED, NO_TEXT, OTHER, PARQUET, SEPARATOR, is_text, path, push_bytes,
    push_or_number,
};
use super::{encrypted, pages};
use crate::input::Input;
use crate::input::error::SourceProblem;
use crate::input::limits::DecompressLimits;
use crate::records::number::{BINARY16_DIGITS, BINARY32_DIGITS, push_number, push_short_float};
use crate::records::table::{Ended, RowWriter, SkippedColumn, TableOf, TableSource};

pub(super) fn open(input: Input, limits: DecompressLimits) -> Result<TableSource, SourceProblem> {
    let bytes = input.len();
    if let Some(column) = encrypted::column(&input)? {
        return Err(SourceProblem::NotRead {
            what: format!("the column {column} is encrypted"),
            instead: "write the file without encryption",
        });
    }
    let reader = SerializedFileReader::new(Chunks(input.clone())).map_err(problem)?;
    let groups = reader.metadata().row_groups().iter();
    let inflated = groups.map(|group| u64::try_from(group.total_byte_size()).unwrap_or(u64::MAX));
    limits.check(bytes, inflated.fold(0, u64::saturating_add))?;
    pages::check(&input, reader.metadata())?;
    let schema = reader.metadata().file_metadata().schema();
    let mut columns = Columns::of(schema, &[])?;
    let binary = columns.binary(&reader)?;
    if !binary.is_empty() {
        columns = Columns::of(schema, &binary)?;
    }
    let Columns { names, skipped, .. } = &columns;
    let (header, skipped) = (names.clone(), skipped.clone());
    if let (true, Some(column)) = (header.is_empty(), skipped.first()) {
        return Err(column.problem());
    }
    let source = TableSource::spawn(TableOf::Columns(PARQUET), header, bytes, move |writer| {
        rows(&reader, &columns, writer)
    })?;
    Ok(source.with_skipped(skipped))
}

fn problem(error: ParquetError) -> SourceProblem {
    let error = error.to_string();
    // The error quotes the bytes, which may be somebody's name.
    let quoted = error.find("Bytes:");
    let error = quoted.map_or(error.as_str(), |_| "a text in it is not UTF-8");
    SourceProblem::damaged(PARQUET, error)
}

/// The values of a column, with what the reader does not say about each of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ValueKind {
    Plain,
    /// A date and a time; `true` if it is in UTC.
    Timestamp(Unit, bool),
    Time(Unit),
    Uuid,
    /// Bytes, which are often text.
    Bytes,
    /// A map that becomes an object as JSON: the attributes of our own table of contacts.
    Object,
}

/// The columns that are read, and those that are skipped.
struct Columns {
    /// The schema of the columns that are read.
    schema: Type,
    names: Vec<String>,
    kinds: Vec<ValueKind>,
    skipped: Vec<SkippedColumn>,
}

impl Columns {
    /// The columns of a schema. Columns named in `binary` are skipped, as their bytes are not text.
    fn of(schema: &Type, binary: &[String]) -> Result<Columns, SourceProblem> {
        let mut columns = Columns {
            schema: schema.clone(),
            names: Vec::new(),
            kinds: Vec::new(),
            skipped: Vec::new(),
        };
        let fields = columns.add(schema, "", binary)?;
        if !columns.skipped.is_empty() {
            let schema = Type::group_type_builder(schema.name()).with_fields(fields).build();
            columns.schema = schema.map_err(problem)?;
        }
        if is_contact_table(&columns.names) {
            for (name, kind) in columns.names.iter().zip(&mut columns.kinds) {
                if name == "attributes" {
                    *kind = ValueKind::Object;
                }
            }
        }
        Ok(columns)
    }

    /// Adds the fields of a group, and returns those that are read.
    fn add(
        &mut self,
        of: &Type,
        above: &str,
        binary: &[String],
    ) -> Result<Vec<TypePtr>, SourceProblem> {
        let mut kept = Vec::new();
        for (index, field) in of.get_fields().iter().enumerate() {
            let name = path(above, field.name());
            if of.get_fields()[..index].iter().any(|other| other.name() == field.name()) {
                // The reader would return the values of one column for both.
                return Err(SourceProblem::NotRead {
                    what: format!("two columns of this Parquet file are called {name}"),
                    instead: "give one of them another name",
                });
            }
            if is_struct(field) {
                let info = field.get_basic_info();
                let inner = self.add(field, &name, binary)?;
                if !inner.is_empty() {
                    let group = Type::group_type_builder(field.name())
                        .with_repetition(info.repetition())
                        .with_fields(inner)
                        .build();
                    kept.push(TypePtr::new(group.map_err(problem)?));
                }
                continue;
            }
            let kind = value_kind(field).and_then(|kind| match kind {
                ValueKind::Bytes if binary.contains(&name) => Err(NO_TEXT),
                kind => Ok(kind),
            });
            match kind {
                Ok(kind) => {
                    self.names.push(name);
                    self.kinds.push(kind);
                    kept.push(TypePtr::clone(field));
                }
                Err(holds) => self.skipped.push(SkippedColumn { name, holds }),
            }
        }
        Ok(kept)
    }

    /// The columns of bytes whose first values are not text.
    fn binary(&self, reader: &SerializedFileReader<Chunks>) -> Result<Vec<String>, SourceProblem> {
        if !self.kinds.contains(&ValueKind::Bytes) {
            return Ok(Vec::new());
        }
        // For each column, the number of values that are text, and of those that are not.
        let mut seen = vec![(0, 0); self.names.len()];
        let rows = reader.get_row_iter(Some(self.schema.clone())).map_err(problem)?;
        for row in rows.take(BYTES_SAMPLE) {
            let row = row.map_err(problem)?;
            let fields = row.get_column_iter().map(|(_, field)| field);
            visit(&self.schema, fields, &mut 0, &mut |column, field| {
                if let (ValueKind::Bytes, Field::Bytes(bytes)) = (self.kinds[column], field) {
                    let (text, other) = &mut seen[column];
                    *if is_text(bytes.data()) { text } else { other } += 1;
                }
            });
        }
        let names = self.names.iter().zip(seen);
        let binary = names.filter(|(_, (text, other))| other > text);
        Ok(binary.map(|(name, _)| name.clone()).collect())
    }
}

/// Whether a type is a struct: a group that no convention makes a list or a map.
fn is_struct(of: &Type) -> bool {
    let info = of.get_basic_info();
    of.is_group()
        && info.repetition() != Repetition::REPEATED
        && info.converted_type() == ConvertedType::NONE
        && info.logical_type_ref().is_none()
}

/// The values of a column, if they have a plain form as text; or else what it holds, in words.
fn value_kind(field: &Type) -> Result<ValueKind, &'static str> {
    if field.is_primitive() {
        return leaf(field);
    }
    let info = field.get_basic_info();
    let inner = field.get_fields();
    match info.converted_type() {
        ConvertedType::MAP | ConvertedType::MAP_KEY_VALUE => {
            match inner.first().map(|entry| (entry.is_group(), entry)) {
                Some((true, entry))
                    if entry.get_fields().iter().all(|field| field.is_primitive()) =>
                {
                    entry.get_fields().iter().try_fold(ValueKind::Plain, |_, field| leaf(field))
                }
                _ => Err(NESTED),
            }
        }
        ConvertedType::LIST => list(field),
        ConvertedType::NONE if info.repetition() == Repetition::REPEATED => list(field),
        _ => Err(OTHER),
    }
}

/// The elements of a list: the values of the only field of the only field.
fn list(of: &Type) -> Result<ValueKind, &'static str> {
    match of.get_fields() {
        [only] if only.is_primitive() => leaf(only),
        [only] if !matches!(only.get_basic_info().converted_type(), ConvertedType::MAP) => {
            list(only)
        }
        _ => Err(NESTED),
    }
}

/// The values of a column that is not a group. The reader would panic on types that it does not know.
fn leaf(of: &Type) -> Result<ValueKind, &'static str> {
    use ConvertedType as C;
    let info = of.get_basic_info();
    let logical = info.logical_type_ref();
    let converted = info.converted_type();
    let unit = |unit: &TimeUnit| match unit {
        TimeUnit::MILLIS => Unit::Milliseconds,
        TimeUnit::MICROS => Unit::Microseconds,
        TimeUnit::NANOS => Unit::Nanoseconds,
    };
    let is_known = match of.get_physical_type() {
        PhysicalType::BOOLEAN | PhysicalType::FLOAT | PhysicalType::DOUBLE => true,
        PhysicalType::INT96 => return Ok(ValueKind::Timestamp(Unit::Milliseconds, false)),
        PhysicalType::INT32 => matches!(
            converted,
            C::NONE
                | C::INT_8
                | C::INT_16
                | C::INT_32
                | C::UINT_8
                | C::UINT_16
                | C::UINT_32
                | C::DATE
                | C::TIME_MILLIS
                | C::DECIMAL
        ),
        PhysicalType::INT64 => matches!(
            converted,
            C::NONE
                | C::INT_64
                | C::UINT_64
                | C::TIME_MICROS
                | C::TIMESTAMP_MILLIS
                | C::TIMESTAMP_MICROS
                | C::DECIMAL
        ),
        PhysicalType::BYTE_ARRAY => {
            matches!(converted, C::NONE | C::UTF8 | C::ENUM | C::JSON | C::DECIMAL)
        }
        PhysicalType::FIXED_LEN_BYTE_ARRAY => matches!(converted, C::NONE | C::DECIMAL),
    };
    let is_bytes = matches!(
        of.get_physical_type(),
        PhysicalType::BYTE_ARRAY | PhysicalType::FIXED_LEN_BYTE_ARRAY
    );
    match (converted, logical) {
        _ if !is_known => Err(OTHER),
        (C::DECIMAL, _) => match of.get_scale() {
            scale if scale >= 0 && scale <= of.get_precision() => Ok(ValueKind::Plain),
            _ => Err(OTHER),
        },
        (_, Some(LogicalType::Timestamp(of))) => {
            Ok(ValueKind::Timestamp(unit(&of.unit), of.is_adjusted_to_u_t_c))
        }
        (_, Some(LogicalType::Time(of))) => Ok(ValueKind::Time(unit(&of.unit))),
        // Without a logical type, these are in UTC.
        (C::TIMESTAMP_MILLIS, _) => Ok(ValueKind::Timestamp(Unit::Milliseconds, true)),
        (C::TIMESTAMP_MICROS, _) => Ok(ValueKind::Timestamp(Unit::Microseconds, true)),
        (C::NONE, Some(LogicalType::Uuid)) => Ok(ValueKind::Uuid),
        (C::NONE, Some(LogicalType::Float16)) => Ok(ValueKind::Plain),
        (C::NONE, None) if is_bytes => Ok(ValueKind::Bytes),
        (C::NONE, Some(_)) if is_bytes => Err(OTHER),
        _ => Ok(ValueKind::Plain),
    }
}

fn rows(
    reader: &SerializedFileReader<Chunks>,
    columns: &Columns,
    writer: &mut RowWriter,
) -> Result<(), Ended> {
    let all = reader.metadata().file_metadata().num_rows().max(1) as f64;
    let projection = (!columns.skipped.is_empty()).then(|| columns.schema.clone());
    for (row, number) in reader.get_row_iter(projection).map_err(problem)?.zip(1_u64..) {
        let row = row.map_err(problem)?;
        let fields = row.get_column_iter().map(|(_, field)| field);
        visit(&columns.schema, fields, &mut 0, &mut |column, field| {
            if !push(writer.cell(column), field, columns.kinds[column]) {
                writer.mark_unreadable();
            }
        });
        if let Some(last) = columns.names.len().checked_sub(1) {
            // A row without values is a record too, and counts as blank.
            writer.cell(last);
        }
        writer.end_row(number, number as f64 / all)?;
    }
    Ok(())
}

/// Visits the values of a row that are not null, each with its column.
fn visit<'f>(
    of: &Type,
    fields: impl Iterator<Item = &'f Field>,
    column: &mut usize,
    visitor: &mut dyn FnMut(usize, &Field),
) {
    fn width(of: &Type) -> usize {
        of.get_fields().iter().map(|field| if is_struct(field) { width(field) } else { 1 }).sum()
    }
    let mut fields = fields.fuse();
    for field_type in of.get_fields() {
        let field = fields.next().unwrap_or(&Field::Null);
        match field {
            Field::Group(row) if is_struct(field_type) => {
                let inner = row.get_column_iter().map(|(_, field)| field);
                let inner: Box<dyn Iterator<Item = &Field>> = Box::new(inner);
                visit(field_type, inner, column, visitor);
            }
            _ if is_struct(field_type) => *column += width(field_type),
            field => {
                if *field != Field::Null {
                    visitor(*column, field);
                }
                *column += 1;
            }
        }
    }
}

/// Appends a value, and returns whether it has a plain form as text. If not, it appends what is stored.
fn push(text: &mut String, value: &Field, kind: ValueKind) -> bool {
    let mut number = |moment: Option<String>, number: i64| push_or_number(text, moment, number);
    match (value, kind) {
        (Field::Null, _) => {}
        (Field::Date(days), _) => {
            return number(moment::date((*days).into()), (*days).into());
        }
        (Field::TimeMillis(count), _) => {
            let count = (*count).into();
            return number(moment::time(count, Unit::Milliseconds), count);
        }
        (Field::TimeMicros(count), _) => {
            return number(moment::time(*count, Unit::Microseconds), *count);
        }
        (Field::Int(count), ValueKind::Time(unit)) => {
            return number(moment::time((*count).into(), unit), (*count).into());
        }
        (Field::Long(count), ValueKind::Time(unit)) => {
            return number(moment::time(*count, unit), *count);
        }
        (
            Field::Long(count) | Field::TimestampMillis(count) | Field::TimestampMicros(count),
            ValueKind::Timestamp(unit, is_utc),
        ) => return number(moment::timestamp(*count, unit, is_utc), *count),
        (Field::Str(string), _) => text.push_str(string),
        (Field::Double(number), _) => push_number(text, *number),
        (Field::Float(number), _) => push_short_float(text, *number, BINARY32_DIGITS),
        (Field::Float16(number), _) => {
            push_short_float(text, f32::from(*number), BINARY16_DIGITS);
        }
        (Field::Bytes(bytes), ValueKind::Uuid) => push_uuid(text, bytes.data()),
        (Field::Bytes(bytes), _) => return push_bytes(text, bytes.data()),
        (Field::ListInternal(list), _) => {
            let mut is_readable = true;
            for (index, element) in list.elements().iter().enumerate() {
                if index > 0 {
                    text.push_str(SEPARATOR);
                }
                is_readable &= push(text, element, kind);
            }
            return is_readable;
        }
        (Field::MapInternal(map), ValueKind::Object) => return push_object(text, map.entries()),
        (Field::MapInternal(map), _) => {
            let mut is_readable = true;
            for (index, (key, value)) in map.entries().iter().enumerate() {
                if index > 0 {
                    text.push_str(SEPARATOR);
                }
                is_readable &= push(text, key, ValueKind::Plain);
                text.push('=');
                is_readable &= push(text, value, kind);
            }
            return is_readable;
        }
        // The only field of an element.
        (Field::Group(row), _) => {
            let mut is_readable = true;
            for (_, field) in row.get_column_iter() {
                is_readable &= push(text, field, kind);
            }
            return is_readable;
        }
        // Integers, Booleans and decimals. Writing to a string cannot fail.
        (other, _) => {
            let _ = write!(text, "{other}");
        }
    }
    true
}

/// Appends a map as a JSON object of texts, and returns whether all of it has a plain form as text.
fn push_object(text: &mut String, entries: &[(Field, Field)]) -> bool {
    let mut is_readable = true;
    let mut json = Vec::new();
    let mut part = String::new();
    for (index, (key, value)) in entries.iter().enumerate() {
        json.push(if index == 0 { b'{' } else { b',' });
        for (before, field) in [(None, key), (Some(b':'), value)] {
            part.clear();
            is_readable &= push(&mut part, field, ValueKind::Plain);
            json.extend(before);
            write_string(&part, &mut json);
        }
    }
    if !json.is_empty() {
        json.push(b'}');
    }
    text.push_str(&String::from_utf8_lossy(&json));
    is_readable
}

/// Appends sixteen bytes as a UUID (RFC 9562).
fn push_uuid(text: &mut String, bytes: &[u8]) {
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        let _ = write!(text, "{byte:02x}");
    }
}

/// An input for the `parquet` crate, which reads from many places at once.
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
