//! Bytes: opening what the user named, decompressing and decoding it.

pub(crate) mod decompress;
pub(crate) mod delimiter;
pub(crate) mod digest;
pub(crate) mod encoding;
pub(crate) mod error;
pub(crate) mod format;
pub(crate) mod limits;
pub(crate) mod misfit;
pub(crate) mod options;
pub(crate) mod sheet;
pub(crate) mod skipped;
pub(crate) mod text;

use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use crate::input::digest::Digest;
use crate::input::error::{SourceError, SourceProblem};

/// An open input that can be read from any place, by several readers at a time: each clone has a
/// position of its own.
#[derive(Clone, Debug)]
pub struct Input {
    name: Arc<str>,
    file: Arc<File>,
    len: u64,
    position: u64,
    digest: Digest,
    /// Where it can be opened again; `None` for a copy of something that can be read only once.
    origin: Option<Origin>,
}

/// Where an input can be opened again, and which file it was when it was opened first.
#[derive(Clone, Debug)]
struct Origin {
    path: PathBuf,
    identity: Identity,
}

/// What shows that a file is unchanged. Its name, its permissions and when it was last read do not
/// matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Identity {
    len: u64,
    modified: Option<SystemTime>,
    /// The device and the number of the file.
    #[cfg(unix)]
    file: (u64, u64),
}

impl From<&Metadata> for Identity {
    fn from(metadata: &Metadata) -> Self {
        #[cfg(unix)]
        use std::os::unix::fs::MetadataExt;
        Identity {
            len: metadata.len(),
            modified: metadata.modified().ok(),
            #[cfg(unix)]
            file: (metadata.dev(), metadata.ino()),
        }
    }
}

impl Origin {
    fn of(path: &Path, metadata: &Metadata) -> Self {
        Origin { path: path.to_owned(), identity: metadata.into() }
    }

    /// Opens it again.
    ///
    /// # Errors
    ///
    /// When it cannot be opened, or was changed.
    fn open(&self) -> Result<Input, SourceError> {
        let name: Arc<str> = self.path.display().to_string().into();
        let opened = File::open(&self.path);
        let fail = |problem| SourceError { source: Arc::clone(&name), line: None, problem };
        let file = opened.map_err(|error| fail(SourceProblem::Io(error)))?;
        let (len, origin) = (self.identity.len, Some(self.clone()));
        let input = Input::of(Arc::clone(&name), file, len, origin);
        input.check_unchanged().map_err(fail)?;
        Ok(input)
    }
}

/// An input that is closed and can be opened again. If it can be read only once, its copy stays open.
#[derive(Clone, Debug)]
pub(crate) struct ClosedInput(Reopening);

#[derive(Clone, Debug)]
enum Reopening {
    File(Origin),
    Copy(Input),
}

impl ClosedInput {
    /// Opens it again.
    ///
    /// # Errors
    ///
    /// When it cannot be opened, or was changed.
    pub(crate) fn open(&self) -> Result<Input, SourceError> {
        match &self.0 {
            Reopening::File(origin) => origin.open(),
            Reopening::Copy(input) => Ok(input.clone()),
        }
    }

    /// When it was changed last, if that is known.
    pub(crate) const fn modified(&self) -> Option<SystemTime> {
        match &self.0 {
            Reopening::File(origin) => origin.identity.modified,
            Reopening::Copy(_) => None,
        }
    }

    /// Where it can be opened again.
    pub(crate) fn path(&self) -> Option<&Path> {
        match &self.0 {
            Reopening::File(origin) => Some(&origin.path),
            Reopening::Copy(_) => None,
        }
    }
}

impl From<&Input> for ClosedInput {
    fn from(input: &Input) -> Self {
        ClosedInput(match &input.origin {
            Some(origin) => Reopening::File(origin.clone()),
            None => Reopening::Copy(input.clone()),
        })
    }
}

impl Input {
    /// Checks that a file exists and can be read. It reads nothing from a pipe, which can be read only
    /// once.
    ///
    /// # Errors
    ///
    /// The same as those of [`open`](Input::open).
    pub fn check(path: &Path) -> Result<(), SourceError> {
        let name: Arc<str> = path.display().to_string().into();
        let fail = |problem| SourceError { source: Arc::clone(&name), line: None, problem };
        let metadata = std::fs::metadata(path).map_err(|error| fail(SourceProblem::Io(error)))?;
        if metadata.is_dir() {
            return Err(fail(SourceProblem::Directory));
        }
        if metadata.is_file() {
            File::open(path).map_err(|error| fail(SourceProblem::Io(error)))?;
        }
        Ok(())
    }

    /// Opens a file. A pipe, which can be read only once, and a file that the system makes up, whose size
    /// is not known, are first copied to the file that `spool` makes.
    ///
    /// If a file becomes shorter or longer, reading it is an error.
    ///
    /// # Errors
    ///
    /// When it does not exist, is a folder, or cannot be read.
    ///
    /// ```
    /// use contactmill_source::Input;
    ///
    /// # let folder = tempfile::tempdir().unwrap();
    /// let path = folder.path().join("contacts.csv");
    /// std::fs::write(&path, "Name,Phone\n").unwrap();
    /// let input = Input::open(&path, tempfile::tempfile)?;
    /// assert_eq!(input.len(), 11);
    /// # Ok::<(), contactmill_source::SourceError>(())
    /// ```
    pub fn open(
        path: &Path,
        spool: impl FnOnce() -> io::Result<File>,
    ) -> Result<Self, SourceError> {
        let name: Arc<str> = path.display().to_string().into();
        let fail = |problem| SourceError { source: Arc::clone(&name), line: None, problem };
        let file = File::open(path).map_err(|error| fail(SourceProblem::Io(error)))?;
        let metadata = file.metadata().map_err(|error| fail(SourceProblem::Io(error)))?;
        if metadata.is_dir() {
            return Err(fail(SourceProblem::Directory));
        }
        if !metadata.is_file() || metadata.len() == 0 {
            let input = Input::spool(&name, file, spool)?;
            if !metadata.is_file() || !input.is_empty() {
                return Ok(input);
            }
            // An empty file needs no copy.
            let file = File::open(path).map_err(|error| fail(SourceProblem::Io(error)))?;
            return Ok(Input::of(name, file, 0, Some(Origin::of(path, &metadata))));
        }
        Ok(Input::of(name, file, metadata.len(), Some(Origin::of(path, &metadata))))
    }

    /// Copies all of `reader` to the file that `spool` makes.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or the copy cannot be written.
    pub fn spool(
        name: &str,
        mut reader: impl Read,
        spool: impl FnOnce() -> io::Result<File>,
    ) -> Result<Self, SourceError> {
        let copy = || -> io::Result<(File, u64)> {
            let mut file = spool()?;
            let len = io::copy(&mut reader, &mut file)?;
            file.flush()?;
            Ok((file, len))
        };
        match copy() {
            Ok((file, len)) => Ok(Input::of_copy(name.into(), file, len)),
            Err(error) => Err(SourceError {
                source: name.into(),
                line: None,
                problem: SourceProblem::reading(error),
            }),
        }
    }

    /// A file that is a copy, and cannot be opened again.
    pub(crate) fn of_copy(name: Arc<str>, file: File, len: u64) -> Self {
        Input::of(name, file, len, None)
    }

    /// All of an open file.
    fn of(name: Arc<str>, file: File, len: u64, origin: Option<Origin>) -> Self {
        Input { name, file: Arc::new(file), len, position: 0, digest: Digest::default(), origin }
    }

    /// Requires that the file is unchanged since it was opened first.
    pub(crate) fn check_unchanged(&self) -> Result<(), SourceProblem> {
        let Some(origin) = &self.origin else { return Ok(()) };
        let metadata = self.file.metadata().map_err(SourceProblem::Io)?;
        match origin.identity == Identity::from(&metadata) {
            true => Ok(()),
            false => Err(SourceProblem::Changed),
        }
    }

    /// This error; or that the input was changed while it was read, which may look like any damage.
    pub(crate) fn or_changed(&self, error: SourceError) -> SourceError {
        match self.check_unchanged() {
            Ok(()) => error,
            Err(problem) => SourceError { line: None, problem, ..error },
        }
    }

    /// The input as the user named it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it can be opened again; `None` for a copy of something that can be read only once.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.origin.as_ref().map(|origin| origin.path.as_path())
    }

    /// Its size, in bytes.
    #[must_use]
    pub const fn len(&self) -> u64 {
        self.len
    }

    /// Whether it is empty.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The SHA-256 of all its bytes, in hexadecimal. Bytes that were read in order are hashed already, so
    /// this reads only the rest.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn sha256(&self) -> Result<String, SourceError> {
        let mut rest = self.clone();
        rest.position = self.digest.bytes();
        let read = io::copy(&mut rest, &mut io::sink());
        read.map_err(|error| SourceError {
            source: Arc::clone(&self.name),
            line: None,
            problem: SourceProblem::reading(error),
        })?;
        Ok(self.digest.sha256())
    }

    /// The digest of what all its clones have read.
    pub(crate) fn digest(&self) -> &Digest {
        &self.digest
    }
}

#[cfg(test)]
thread_local! {
    /// The number of reads from inputs by this thread: tests count them, as they cannot measure time.
    pub(crate) static READS: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

impl Read for Input {
    /// Fails where the file ends before the size that it had, or goes on behind it.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        #[cfg(unix)]
        let count = std::os::unix::fs::FileExt::read_at(&*self.file, buffer, self.position)?;
        #[cfg(windows)]
        let count = std::os::windows::fs::FileExt::seek_read(&*self.file, buffer, self.position)?;
        #[cfg(test)]
        READS.set(READS.get() + 1);
        let end = self.position + count as u64;
        if count == 0 && self.position < self.len || count > 0 && end > self.len {
            return Err(SourceProblem::Changed.into());
        }
        self.digest.update(self.position, &buffer[..count]);
        self.position = end;
        Ok(count)
    }
}

impl Seek for Input {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(offset) => self.len.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file_of(bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("in.csv");
        std::fs::write(&path, bytes).unwrap();
        (folder, path)
    }

    fn is_change(error: io::Error) -> bool {
        matches!(SourceProblem::reading(error), SourceProblem::Changed)
    }

    #[test]
    fn a_file_that_shrinks_while_it_is_read_does_not_just_end() {
        for left in [0, 3, 5] {
            let (_folder, path) = file_of(b"0123456789");
            let mut input = Input::open(&path, tempfile::tempfile).unwrap();
            input.read_exact(&mut [0; 5]).unwrap();
            File::options().write(true).open(&path).unwrap().set_len(left).unwrap();
            let error = input.read_to_end(&mut Vec::new()).unwrap_err();
            assert!(is_change(error), "{left} bytes are left");
            assert!(matches!(input.check_unchanged(), Err(SourceProblem::Changed)));
        }
    }

    #[test]
    fn a_file_that_grows_while_it_is_read_does_not_just_end() {
        let (_folder, path) = file_of(b"0123456789");
        let mut input = Input::open(&path, tempfile::tempfile).unwrap();
        input.read_exact(&mut [0; 10]).unwrap();
        File::options().append(true).open(&path).unwrap().write_all(b"!").unwrap();
        assert!(is_change(input.read(&mut [0; 5]).unwrap_err()));
        assert!(input.sha256().is_err());
    }

    #[test]
    fn a_file_that_was_replaced_is_not_opened_again() {
        let (folder, path) = file_of(b"0123456789");
        let input = Input::open(&path, tempfile::tempfile).unwrap();
        let closed = ClosedInput::from(&input);
        assert_eq!(closed.open().unwrap().sha256().unwrap(), input.sha256().unwrap());
        // The file that replaces it has the same size and time.
        let other = folder.path().join("other");
        std::fs::write(&other, b"9876543210").unwrap();
        let modified = std::fs::metadata(&path).unwrap().modified().unwrap();
        File::options().write(true).open(&other).unwrap().set_modified(modified).unwrap();
        std::fs::rename(&other, &path).unwrap();
        assert!(matches!(closed.open().unwrap_err().problem, SourceProblem::Changed));
        // The open file is unchanged.
        assert!(input.check_unchanged().is_ok());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_file_with_a_size_of_zero_and_with_text_is_read() {
        let input = Input::open(Path::new("/proc/version"), tempfile::tempfile).unwrap();
        assert!(!input.is_empty() && input.path().is_none());
    }
}
