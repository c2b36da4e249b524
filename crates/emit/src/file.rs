//! Files of a result while they are written.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use contactmill_wire::manifest::OutputFile;
use ring::digest::{Context, SHA256};

use crate::error::EmitError;

/// A file of a result while it is written.
///
/// [`finish`](ResultFile::finish) is the only way to end it. A file that is dropped instead may lack
/// its end, so its [`Staging`](crate::Staging) is never committed.
#[derive(Debug)]
#[must_use = "a result is not committed until each of its files is finished"]
pub struct ResultFile {
    path: PathBuf,
    file: BufWriter<File>,
    unfinished: Arc<Unfinished>,
}

impl ResultFile {
    /// Writes what is buffered. [`Staging::commit`](crate::Staging::commit) syncs it to the disk.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn finish(mut self) -> Result<(), EmitError> {
        self.file.flush().map_err(EmitError::io(&self.path, "cannot be written"))?;
        self.unfinished.paths().remove(&self.path);
        Ok(())
    }

    /// The error of a write that failed.
    pub(crate) fn failed(&self, error: io::Error) -> EmitError {
        EmitError::io(&self.path, "cannot be written")(error)
    }
}

impl Write for ResultFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// A file that the manifest lists, such as one of contacts: counted and hashed while it is written.
#[must_use = "a result is not committed until each of its files is finished"]
pub struct ContactFile {
    file: ResultFile,
    hasher: Context,
    entry: OutputFile,
}

impl ContactFile {
    /// Creates a file in the folder of these files.
    ///
    /// # Errors
    ///
    /// When it cannot be created.
    pub fn create(files: &ResultFiles, name: &str) -> Result<Self, EmitError> {
        Ok(ContactFile {
            file: files.create(name)?,
            hasher: Context::new(&SHA256),
            entry: OutputFile {
                path: name.to_owned(),
                contacts: 0,
                bytes: 0,
                sha256: String::new(),
            },
        })
    }

    /// Writes bytes that hold this number of contacts.
    ///
    /// # Errors
    ///
    /// When they cannot be written.
    pub fn write_contacts(&mut self, bytes: &[u8], contacts: u64) -> Result<(), EmitError> {
        self.write_all(bytes).map_err(|error| self.file.failed(error))?;
        self.entry.contacts += contacts;
        Ok(())
    }

    /// Ends the file and returns its entry in the manifest.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn finish(mut self) -> Result<OutputFile, EmitError> {
        self.file.finish()?;
        let digest = self.hasher.finish();
        self.entry.sha256 = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(self.entry)
    }
}

/// Bytes that hold no contacts.
impl Write for ContactFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.file.write(bytes)?;
        self.hasher.update(&bytes[..count]);
        self.entry.bytes += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// The files of a result that were created and not finished.
#[derive(Debug, Default)]
struct Unfinished(Mutex<BTreeSet<PathBuf>>);

impl Unfinished {
    fn paths(&self) -> MutexGuard<'_, BTreeSet<PathBuf>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Creates the files of a result, on any thread.
#[derive(Clone, Debug)]
pub struct ResultFiles {
    folder: PathBuf,
    unfinished: Arc<Unfinished>,
}

impl ResultFiles {
    pub(crate) fn new(folder: &Path) -> Self {
        ResultFiles { folder: folder.to_owned(), unfinished: Arc::default() }
    }

    /// Where a file of the result is while it is written.
    pub(crate) fn path_of(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Creates a file that its owner alone can read: a contact dump is personal data.
    ///
    /// # Errors
    ///
    /// When it cannot be created.
    pub fn create(&self, name: &str) -> Result<ResultFile, EmitError> {
        let path = self.path_of(name);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let opened = options.open(&path);
        let file = BufWriter::new(opened.map_err(EmitError::io(&path, "cannot be created"))?);
        self.unfinished.paths().insert(path.clone());
        Ok(ResultFile { path, file, unfinished: Arc::clone(&self.unfinished) })
    }

    /// Fails if there is a file that was not finished.
    pub(crate) fn check_finished(&self) -> Result<(), EmitError> {
        match self.unfinished.paths().first() {
            Some(path) => Err(EmitError::Unfinished { path: path.clone() }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_at_the_end_of_a_file_is_an_error_with_its_path() {
        let files = ResultFiles::new(Path::new("/dev"));
        let full = File::options().write(true).open("/dev/full").unwrap();
        let path = PathBuf::from("/dev/full");
        files.unfinished.paths().insert(path.clone());
        let unfinished = Arc::clone(&files.unfinished);
        let mut file = ResultFile { path, file: BufWriter::new(full), unfinished };
        // It fits into the buffer, so nothing fails yet.
        file.write_all(b"{}").unwrap();
        let error = file.finish().unwrap_err();
        assert!(error.to_string().starts_with("/dev/full: cannot be written"), "{error}");
        assert!(matches!(files.check_finished(), Err(EmitError::Unfinished { .. })));
    }
}
