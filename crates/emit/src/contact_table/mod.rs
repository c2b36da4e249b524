//! All contacts as one table, a row each: `contacts.csv`, `contacts.ndjson`, `contacts.parquet`.
//!
//! The columns are [`CONTACT_COLUMNS`](contactmill_core::columns::CONTACT_COLUMNS). Those of the contact
//! come first and are encoded by the workers; those of its position are added when it is written.

#[cfg(feature = "arrow")]
pub(crate) mod compact;
mod csv;
mod ndjson;
#[cfg(feature = "arrow")]
mod parquet;

use contactmill_core::ContactEncoder;
use contactmill_core::pipeline::Emitted;
use contactmill_core::records::Position;
use contactmill_wire::manifest::OutputFile;

#[cfg(feature = "arrow")]
use self::compact::CompactRows;
use self::csv::CsvRows;
use self::ndjson::NdjsonRows;
use crate::contact_writer::ContactWriter;
use crate::error::EmitError;
use crate::file::{ContactFile, ResultFiles};
use crate::result::InputTable;
use crate::write_thread::{ChunkFiles, ChunkWriter, WriteThread};

/// What a table of contacts is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ContactTable {
    /// `contacts.csv`: tags with `; ` between, attributes as JSON. Its cells are escaped as those of
    /// the other tables.
    Csv,
    /// `contacts.ndjson`: one object a line, tags and attributes as lists.
    Ndjson,
    /// `contacts.parquet`: tags as a list, attributes as a map.
    #[cfg(feature = "arrow")]
    Parquet,
}

impl ContactTable {
    /// A writer of the table in this folder. `inputs` are those of the run, by
    /// [`SourceId`](contactmill_core::records::SourceId).
    ///
    /// # Errors
    ///
    /// When a thread cannot be started.
    pub fn writer(
        self,
        files: &ResultFiles,
        inputs: &[InputTable<'_>],
        thread: WriteThread,
    ) -> Result<Box<dyn ContactWriter>, EmitError> {
        Ok(match self {
            ContactTable::Csv => RowWriter::<CsvRows>::boxed(files, inputs, thread)?,
            ContactTable::Ndjson => RowWriter::<NdjsonRows>::boxed(files, inputs, thread)?,
            #[cfg(feature = "arrow")]
            ContactTable::Parquet => RowWriter::<CompactRows>::boxed(files, inputs, thread)?,
        })
    }
}

/// A form of rows. Its encoder writes the columns of the contact.
trait RowFormat: ContactEncoder + Copy + Default + 'static {
    /// The file, which takes rows.
    type File: ChunkFiles<Chunk = Rows>;

    fn file(files: &ResultFiles) -> Self::File;

    /// Appends the name of a source.
    fn source(name: &str, out: &mut Vec<u8>);

    /// Appends the columns of the position to those of the contact. `source` is what
    /// [`source`](RowFormat::source) has made of the name.
    fn end_row(source: &[u8], position: Position, out: &mut Vec<u8>);
}

/// Rows, end to end.
#[derive(Default)]
struct Rows {
    bytes: Vec<u8>,
    contacts: u64,
}

impl Rows {
    /// Size at which rows are handed to their file, in bytes. There may be a thousand files.
    const ENOUGH_BYTES: usize = 64 << 10;
}

/// Writes contacts as rows.
struct RowWriter<F: RowFormat> {
    format: F,
    /// The names of the inputs, as they stand in rows.
    sources: Vec<Vec<u8>>,
    rows: Rows,
    writer: ChunkWriter<F::File>,
}

impl<F: RowFormat> RowWriter<F> {
    fn boxed(
        files: &ResultFiles,
        inputs: &[InputTable<'_>],
        thread: WriteThread,
    ) -> Result<Box<dyn ContactWriter>, EmitError> {
        let source = |input: &InputTable<'_>| {
            let mut name = Vec::new();
            F::source(input.name, &mut name);
            name
        };
        Ok(Box::new(RowWriter {
            format: F::default(),
            sources: inputs.iter().map(source).collect(),
            rows: Rows::default(),
            writer: ChunkWriter::new(F::file(files), thread)?,
        }))
    }

    fn hand_over(&mut self) -> Result<(), EmitError> {
        // The next one will be as large, and growing would copy all of it.
        let next = Vec::with_capacity(Rows::ENOUGH_BYTES + Rows::ENOUGH_BYTES / 8);
        self.writer.write(std::mem::replace(&mut self.rows, Rows { bytes: next, contacts: 0 }))
    }
}

impl<F: RowFormat> ContactWriter for RowWriter<F> {
    fn encoder(&self) -> Option<Box<dyn ContactEncoder>> {
        Some(Box::new(self.format))
    }

    fn write(&mut self, position: Position, contact: Emitted<'_>) -> Result<(), EmitError> {
        self.rows.bytes.extend_from_slice(&contact.encoded(&self.format));
        let source = self.sources.get(position.source.0 as usize);
        let source = source.map(Vec::as_slice).unwrap_or_default();
        F::end_row(source, position, &mut self.rows.bytes);
        self.rows.contacts += 1;
        match self.rows.bytes.len() >= Rows::ENOUGH_BYTES {
            true => self.hand_over(),
            false => Ok(()),
        }
    }

    fn finish(mut self: Box<Self>) -> Result<Vec<OutputFile>, EmitError> {
        self.hand_over()?;
        self.writer.finish()
    }
}

/// A table that is text: rows go to the file as they are.
struct TextFile {
    files: ResultFiles,
    name: &'static str,
    /// What stands above the rows.
    head: Vec<u8>,
    /// Made when the first rows come: who asks for an encoder alone gets no file.
    file: Option<ContactFile>,
}

impl TextFile {
    fn new(files: &ResultFiles, name: &'static str, head: Vec<u8>) -> Self {
        TextFile { files: files.clone(), name, head, file: None }
    }
}

impl ChunkFiles for TextFile {
    type Chunk = Rows;

    fn write(&mut self, rows: Rows) -> Result<(), EmitError> {
        let file = match &mut self.file {
            Some(file) => file,
            None => {
                let file = self.file.insert(ContactFile::create(&self.files, self.name)?);
                file.write_contacts(&self.head, 0)?;
                file
            }
        };
        file.write_contacts(&rows.bytes, rows.contacts)
    }

    fn finish(self) -> Result<Vec<OutputFile>, EmitError> {
        self.file.into_iter().map(ContactFile::finish).collect()
    }
}
