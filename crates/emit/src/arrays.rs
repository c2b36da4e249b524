//! Import arrays: cut at their limits and named.

use contactmill_core::ContactEncoder;
use contactmill_core::pipeline::Emitted;
use contactmill_core::records::Position;
use contactmill_wire::files::{IMPORT_LINES, import_array};
use contactmill_wire::limits;
use contactmill_wire::manifest::OutputFile;

use crate::contact_json::ArrayEncoder;
use crate::contact_writer::ContactWriter;
use crate::error::EmitError;
use crate::file::{ContactFile, ResultFiles};
use crate::write_thread::{ChunkFiles, ChunkWriter, WriteThread};

/// Maximum size of one import array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchLimits {
    /// Contacts in one array, at least 1.
    pub max_contacts: usize,
    /// Bytes of one array.
    pub max_bytes: usize,
}

impl Default for BatchLimits {
    /// [`limits::MAX_CONTACTS`] and [`limits::MAX_BYTES`].
    fn default() -> Self {
        BatchLimits { max_contacts: limits::MAX_CONTACTS, max_bytes: limits::MAX_BYTES }
    }
}

/// How import arrays are distributed over files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ArrayLayout {
    /// One array per file: `import-000001.json` and so on.
    #[default]
    Files,
    /// One `import.jsonl` with one array per line.
    Lines,
}

/// Writes contacts as import arrays: as many in one as its limits allow.
pub struct ArrayWriter {
    limits: BatchLimits,
    /// The array being filled: `[`, contacts and commas.
    array: Vec<u8>,
    contacts: u64,
    writer: ChunkWriter<ArrayFiles>,
}

/// A whole array.
struct Array {
    json: Vec<u8>,
    contacts: u64,
}

impl ArrayWriter {
    /// A writer of arrays in this folder.
    ///
    /// # Errors
    ///
    /// When a thread cannot be started.
    pub fn new(
        files: &ResultFiles,
        limits: BatchLimits,
        layout: ArrayLayout,
        thread: WriteThread,
    ) -> Result<Self, EmitError> {
        let created = files.clone();
        let files = ArrayFiles { created, layout, lines: None, written: Vec::new() };
        let writer = ChunkWriter::new(files, thread)?;
        Ok(ArrayWriter { limits, array: Vec::new(), contacts: 0, writer })
    }

    /// Adds an encoded contact, which [`ArrayEncoder`] has limited, to the array or to the next.
    fn push(&mut self, encoded: &[u8]) -> Result<(), EmitError> {
        let is_full = self.contacts >= self.limits.max_contacts as u64
            || self.array.len() + ",]".len() + encoded.len() > self.limits.max_bytes;
        if self.contacts > 0 && is_full {
            self.end_array()?;
        }
        self.array.push(if self.contacts == 0 { b'[' } else { b',' });
        self.array.extend_from_slice(encoded);
        self.contacts += 1;
        Ok(())
    }

    fn end_array(&mut self) -> Result<(), EmitError> {
        self.array.push(b']');
        // The next one will be about as large, and growing would copy all of it.
        let next = Vec::with_capacity(self.array.len() + self.array.len() / 8);
        let json = std::mem::replace(&mut self.array, next);
        let contacts = std::mem::take(&mut self.contacts);
        self.writer.write(Array { json, contacts })
    }
}

impl ContactWriter for ArrayWriter {
    fn encoder(&self) -> Option<Box<dyn ContactEncoder>> {
        Some(Box::new(ArrayEncoder { max_array_bytes: self.limits.max_bytes }))
    }

    fn write(&mut self, _: Position, contact: Emitted<'_>) -> Result<(), EmitError> {
        let encoder = ArrayEncoder { max_array_bytes: self.limits.max_bytes };
        self.push(&contact.encoded(&encoder))
    }

    fn finish(mut self: Box<Self>) -> Result<Vec<OutputFile>, EmitError> {
        if self.contacts > 0 {
            self.end_array()?;
        }
        self.writer.finish()
    }
}

/// The files of arrays.
struct ArrayFiles {
    created: ResultFiles,
    layout: ArrayLayout,
    /// The one file of [`ArrayLayout::Lines`].
    lines: Option<ContactFile>,
    written: Vec<OutputFile>,
}

impl ChunkFiles for ArrayFiles {
    type Chunk = Array;

    fn write(&mut self, Array { mut json, contacts }: Array) -> Result<(), EmitError> {
        match self.layout {
            ArrayLayout::Files => {
                let name = import_array(self.written.len() + 1);
                let mut file = ContactFile::create(&self.created, &name)?;
                file.write_contacts(&json, contacts)?;
                self.written.push(file.finish()?);
                Ok(())
            }
            ArrayLayout::Lines => {
                json.push(b'\n');
                let lines = match &mut self.lines {
                    Some(lines) => lines,
                    None => self.lines.insert(ContactFile::create(&self.created, IMPORT_LINES)?),
                };
                lines.write_contacts(&json, contacts)
            }
        }
    }

    fn finish(mut self) -> Result<Vec<OutputFile>, EmitError> {
        if let Some(lines) = self.lines.take() {
            self.written.push(lines.finish()?);
        }
        Ok(self.written)
    }
}
