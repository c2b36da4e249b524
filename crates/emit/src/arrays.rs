//! Import arrays: cut at their limits, named, counted, hashed.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use contactmill_core::Contact;
use sha2::{Digest, Sha256};

use crate::contact_json::contact_json;
use crate::error::EmitError;
use crate::manifest::OutputFile;
use crate::staging::Staging;

/// The largest that one import array may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchLimits {
    /// Contacts in one array, at least 1.
    pub max_contacts: usize,
    /// Bytes of one array.
    pub max_bytes: usize,
}

impl Default for BatchLimits {
    /// 500 contacts; 100,000 bytes, which is under the 100 KiB that common web servers take.
    fn default() -> Self {
        BatchLimits { max_contacts: 500, max_bytes: 100_000 }
    }
}

/// How arrays are laid out in files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    /// One array per file: `import-000001.json` and so on.
    #[default]
    Files,
    /// One `import.jsonl` with one array per line.
    Lines,
}

/// Collects contacts into arrays and writes them.
pub(crate) struct ArrayWriter {
    limits: BatchLimits,
    layout: Layout,
    /// The array being filled: `[`, contacts and commas.
    array: Vec<u8>,
    contacts: u64,
    json: Vec<u8>,
    lines: Option<Lines>,
    files: Vec<OutputFile>,
}

/// The one file of [`Layout::Lines`].
struct Lines {
    path: PathBuf,
    file: BufWriter<File>,
    hasher: Sha256,
    entry: OutputFile,
}

impl ArrayWriter {
    pub(crate) fn new(limits: BatchLimits, layout: Layout) -> Self {
        ArrayWriter {
            limits,
            layout,
            array: Vec::with_capacity(limits.max_bytes.min(1 << 20)),
            contacts: 0,
            json: Vec::new(),
            lines: None,
            files: Vec::new(),
        }
    }

    /// Adds a contact, which must be within [`ArraySize`](crate::ArraySize), to the array or to
    /// the next.
    pub(crate) fn push(&mut self, contact: &Contact, staging: &Staging) -> Result<(), EmitError> {
        self.json.clear();
        contact_json(contact, &mut self.json);
        let is_full = self.contacts >= self.limits.max_contacts as u64
            || self.array.len() + ",]".len() + self.json.len() > self.limits.max_bytes;
        if self.contacts > 0 && is_full {
            self.end_array(staging)?;
        }
        self.array.push(if self.contacts == 0 { b'[' } else { b',' });
        self.array.extend_from_slice(&self.json);
        self.contacts += 1;
        Ok(())
    }

    fn end_array(&mut self, staging: &Staging) -> Result<(), EmitError> {
        self.array.push(b']');
        match self.layout {
            Layout::Files => {
                let name = format!("import-{:06}.json", self.files.len() + 1);
                let path = staging.path_of(&name);
                staging
                    .create(&name)?
                    .write_all(&self.array)
                    .map_err(EmitError::io(&path, "cannot be written"))?;
                let sha256 = hex(&Sha256::digest(&self.array));
                let (contacts, bytes) = (self.contacts, self.array.len() as u64);
                self.files.push(OutputFile { path: name, contacts, bytes, sha256 });
            }
            Layout::Lines => {
                self.array.push(b'\n');
                let lines = match &mut self.lines {
                    Some(lines) => lines,
                    None => self.lines.insert(Lines::create(staging)?),
                };
                lines.write(&self.array, self.contacts)?;
            }
        }
        self.array.clear();
        self.contacts = 0;
        Ok(())
    }

    /// Writes what is left and returns the files.
    pub(crate) fn finish(mut self, staging: &Staging) -> Result<Vec<OutputFile>, EmitError> {
        if self.contacts > 0 {
            self.end_array(staging)?;
        }
        if let Some(lines) = self.lines.take() {
            self.files.push(lines.finish()?);
        }
        Ok(self.files)
    }
}

impl Lines {
    fn create(staging: &Staging) -> Result<Self, EmitError> {
        let name = "import.jsonl".to_owned();
        Ok(Lines {
            path: staging.path_of(&name),
            file: BufWriter::new(staging.create(&name)?),
            hasher: Sha256::new(),
            entry: OutputFile { path: name, contacts: 0, bytes: 0, sha256: String::new() },
        })
    }

    fn write(&mut self, line: &[u8], contacts: u64) -> Result<(), EmitError> {
        self.file.write_all(line).map_err(EmitError::io(&self.path, "cannot be written"))?;
        self.hasher.update(line);
        self.entry.contacts += contacts;
        self.entry.bytes += line.len() as u64;
        Ok(())
    }

    fn finish(mut self) -> Result<OutputFile, EmitError> {
        self.file.flush().map_err(EmitError::io(&self.path, "cannot be written"))?;
        self.entry.sha256 = hex(&self.hasher.finalize());
        Ok(self.entry)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
