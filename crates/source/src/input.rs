//! Opening what the user named.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::digest::Digest;
use crate::error::{SourceError, SourceProblem};

/// An open input that can be read from any place in it, by several readers at a time: a clone has a
/// place of its own.
#[derive(Clone, Debug)]
pub struct Input {
    name: Arc<str>,
    file: Arc<File>,
    len: u64,
    position: u64,
    digest: Digest,
    /// Where it can be opened again; a copy of something that can be read only once cannot.
    path: Option<PathBuf>,
}

impl Input {
    /// Whether a file is there and can be read. Of what can be read only once (a pipe) nothing is
    /// read.
    ///
    /// # Errors
    ///
    /// As those of [`open`](Input::open).
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

    /// Opens a file. What cannot be read twice (a pipe) is first copied to the file that `spool`
    /// makes.
    ///
    /// # Errors
    ///
    /// When it is not there, is a folder, or cannot be read.
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
        if !metadata.is_file() {
            return Input::spool(&name, file, spool);
        }
        let path = Some(path.to_owned());
        Ok(Input::of(name, file, metadata.len(), path))
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
            Ok((file, len)) => Ok(Input::of(name.into(), file, len, None)),
            Err(error) => Err(SourceError {
                source: name.into(),
                line: None,
                problem: SourceProblem::reading(error),
            }),
        }
    }

    /// A file that is open, all of it.
    pub(crate) fn of(name: Arc<str>, file: File, len: u64, path: Option<PathBuf>) -> Self {
        Input { name, file: Arc::new(file), len, position: 0, digest: Digest::default(), path }
    }

    /// The input as the user named it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it can be opened again; nowhere when it is a copy of something that can be read only
    /// once.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// How many bytes it holds.
    #[must_use]
    pub const fn len(&self) -> u64 {
        self.len
    }

    /// Whether it holds nothing.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The SHA-256 of all its bytes, in hexadecimal. What was read in order is hashed already; only
    /// the rest is read for it.
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
            problem: SourceProblem::Io(error),
        })?;
        Ok(self.digest.sha256())
    }

    /// What has been read of it, by all its clones.
    pub(crate) fn digest(&self) -> &Digest {
        &self.digest
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        #[cfg(unix)]
        let count = std::os::unix::fs::FileExt::read_at(&*self.file, buffer, self.position)?;
        #[cfg(windows)]
        let count = std::os::windows::fs::FileExt::seek_read(&*self.file, buffer, self.position)?;
        self.digest.pass(self.position, &buffer[..count]);
        self.position += count as u64;
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
