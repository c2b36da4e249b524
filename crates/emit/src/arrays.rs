//! Import arrays: cut at their limits, named, counted, hashed.

use std::io::Write;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

use ring::digest::{Context, Digest, SHA256, digest};

use crate::error::EmitError;
use crate::file::{ResultFile, ResultFiles};
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
pub enum ArrayLayout {
    /// One array per file: `import-000001.json` and so on.
    #[default]
    Files,
    /// One `import.jsonl` with one array per line.
    Lines,
}

/// Which thread writes and hashes import arrays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Writing {
    /// The one that hands contacts over.
    ByCaller,
    /// One of its own, so that the other need not wait.
    #[default]
    Aside,
}

/// Collects encoded contacts into arrays, which are written and hashed as they get full.
pub(crate) struct ArrayWriter {
    limits: BatchLimits,
    /// The array being filled: `[`, contacts and commas.
    array: Vec<u8>,
    contacts: u64,
    writer: Writer,
}

/// Who writes full arrays.
enum Writer {
    Caller(Box<ArrayFiles>),
    Aside(Aside),
}

/// A thread that writes.
struct Aside {
    full: Option<SyncSender<Array>>,
    writing: Option<JoinHandle<Result<Vec<OutputFile>, EmitError>>>,
}

/// A whole array.
struct Array {
    json: Vec<u8>,
    contacts: u64,
}

/// Arrays that wait to be written; more would only take memory.
const WAITING: usize = 8;

impl ArrayWriter {
    pub(crate) fn new(
        limits: BatchLimits,
        layout: ArrayLayout,
        writing: Writing,
        staging: &Staging,
    ) -> Result<Self, EmitError> {
        let files =
            ArrayFiles { created: staging.files().clone(), layout, lines: None, files: Vec::new() };
        let writer = match writing {
            Writing::ByCaller => Writer::Caller(Box::new(files)),
            Writing::Aside => Writer::Aside(Aside::new(files)?),
        };
        Ok(ArrayWriter { limits, array: Vec::new(), contacts: 0, writer })
    }

    /// Adds an encoded contact, which must be within
    /// [`ArrayEncoder`](crate::ArrayEncoder), to the array or to the next.
    pub(crate) fn push(&mut self, encoded: &[u8]) -> Result<(), EmitError> {
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
        let array = Array { json, contacts };
        match &mut self.writer {
            Writer::Caller(files) => files.write(array),
            Writer::Aside(aside) => aside.write(array),
        }
    }

    /// Writes what is left and returns the files.
    pub(crate) fn finish(mut self) -> Result<Vec<OutputFile>, EmitError> {
        if self.contacts > 0 {
            self.end_array()?;
        }
        match self.writer {
            Writer::Caller(files) => files.finish(),
            Writer::Aside(mut aside) => aside.written(),
        }
    }
}

impl Aside {
    fn new(mut files: ArrayFiles) -> Result<Self, EmitError> {
        let (full, arrays) = sync_channel::<Array>(WAITING);
        let writing =
            std::thread::Builder::new().name("contactmill-write".into()).spawn(move || {
                for array in arrays {
                    files.write(array)?;
                }
                files.finish()
            });
        let writing = writing.map_err(EmitError::NoThread)?;
        Ok(Aside { full: Some(full), writing: Some(writing) })
    }

    fn write(&mut self, array: Array) -> Result<(), EmitError> {
        match self.full.as_ref().map(|full| full.send(array)) {
            Some(Ok(())) => Ok(()),
            // The thread has given up, and says why.
            _ => self.written().map(drop),
        }
    }

    /// Waits until everything has been written.
    fn written(&mut self) -> Result<Vec<OutputFile>, EmitError> {
        self.full = None;
        match self.writing.take().map(JoinHandle::join) {
            Some(Ok(written)) => written,
            Some(Err(panic)) => std::panic::resume_unwind(panic),
            None => Ok(Vec::new()),
        }
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        // Nothing must be written any more once the staging folder goes.
        self.full = None;
        if let Some(writing) = self.writing.take() {
            let _ = writing.join();
        }
    }
}

/// The files that arrays go to.
struct ArrayFiles {
    created: ResultFiles,
    layout: ArrayLayout,
    lines: Option<Lines>,
    files: Vec<OutputFile>,
}

/// The one file of [`ArrayLayout::Lines`].
struct Lines {
    file: ResultFile,
    hasher: Context,
    entry: OutputFile,
}

impl ArrayFiles {
    fn write(&mut self, Array { mut json, contacts }: Array) -> Result<(), EmitError> {
        match self.layout {
            ArrayLayout::Files => {
                let name = format!("import-{:06}.json", self.files.len() + 1);
                let mut file = self.created.create(&name)?;
                file.write_all(&json).map_err(|error| file.failed(error))?;
                file.finish()?;
                let (bytes, sha256) = (json.len() as u64, hex(&digest(&SHA256, &json)));
                self.files.push(OutputFile { path: name, contacts, bytes, sha256 });
                Ok(())
            }
            ArrayLayout::Lines => {
                json.push(b'\n');
                let lines = match &mut self.lines {
                    Some(lines) => lines,
                    None => self.lines.insert(Lines::create(&self.created)?),
                };
                lines.write(&json, contacts)
            }
        }
    }

    fn finish(mut self) -> Result<Vec<OutputFile>, EmitError> {
        if let Some(lines) = self.lines.take() {
            self.files.push(lines.finish()?);
        }
        Ok(self.files)
    }
}

impl Lines {
    fn create(files: &ResultFiles) -> Result<Self, EmitError> {
        let name = "import.jsonl".to_owned();
        Ok(Lines {
            file: files.create(&name)?,
            hasher: Context::new(&SHA256),
            entry: OutputFile { path: name, contacts: 0, bytes: 0, sha256: String::new() },
        })
    }

    fn write(&mut self, line: &[u8], contacts: u64) -> Result<(), EmitError> {
        self.file.write_all(line).map_err(|error| self.file.failed(error))?;
        self.hasher.update(line);
        self.entry.contacts += contacts;
        self.entry.bytes += line.len() as u64;
        Ok(())
    }

    fn finish(mut self) -> Result<OutputFile, EmitError> {
        self.file.finish()?;
        self.entry.sha256 = hex(&self.hasher.finish());
        Ok(self.entry)
    }
}

fn hex(digest: &Digest) -> String {
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
