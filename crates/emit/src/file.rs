//! Files of a result while they are written.

use std::collections::BTreeSet;
use std::fs::{DirBuilder, File, OpenOptions};
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
    file: BufWriter<CreatedFile>,
    unfinished: Arc<Unfinished>,
}

/// A file that was created for this run.
#[derive(Debug)]
enum CreatedFile {
    Open(File),
    /// It is opened for each write.
    Closed(PathBuf),
}

impl Write for CreatedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            CreatedFile::Open(file) => file.write(bytes),
            CreatedFile::Closed(path) => File::options().append(true).open(path)?.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        // Neither has a buffer.
        Ok(())
    }
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
    pub fn failed(&self, error: io::Error) -> EmitError {
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

/// Makes a folder that its owner alone can look into.
pub(crate) fn make_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Creates the files of a result, on any thread.
#[derive(Clone, Debug)]
pub struct ResultFiles {
    folder: PathBuf,
    unfinished: Arc<Unfinished>,
    /// Whether files stay open until they are finished. Of a thousand parts they cannot.
    stay_open: bool,
}

impl ResultFiles {
    /// Creates files in this folder, which is the caller's. Results go to those of a
    /// [`Staging`](crate::Staging).
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        ResultFiles { folder: folder.to_owned(), unfinished: Arc::default(), stay_open: true }
    }

    /// Makes a folder for a part of the result. Its files are open only while they are written.
    ///
    /// # Errors
    ///
    /// When it cannot be made.
    pub(crate) fn part(&self, name: &str) -> Result<Self, EmitError> {
        let folder = self.path_of(name);
        make_folder(&folder).map_err(EmitError::io(&folder, "cannot be made"))?;
        Ok(ResultFiles { folder, unfinished: Arc::clone(&self.unfinished), stay_open: false })
    }

    /// Whether this is the folder of one part of many.
    #[cfg(feature = "arrow")]
    pub(crate) const fn is_part(&self) -> bool {
        !self.stay_open
    }

    /// Where the result is until it is committed.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where a file is until the result is committed.
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
        let file = options.open(&path).map_err(EmitError::io(&path, "cannot be created"))?;
        let file = BufWriter::new(match self.stay_open {
            true => CreatedFile::Open(file),
            false => CreatedFile::Closed(path.clone()),
        });
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
        let mut file =
            ResultFile { path, file: BufWriter::new(CreatedFile::Open(full)), unfinished };
        // It fits into the buffer, so nothing fails yet.
        file.write_all(b"{}").unwrap();
        let error = file.finish().unwrap_err();
        assert!(error.to_string().starts_with("/dev/full: cannot be written"), "{error}");
        assert!(matches!(files.check_finished(), Err(EmitError::Unfinished { .. })));
    }
}
