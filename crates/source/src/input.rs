//! Opening what the user named.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use crate::error::{SourceError, SourceProblem};

/// An open input that can be read from any place in it.
#[derive(Debug)]
pub struct Input {
    name: Arc<str>,
    file: File,
    len: u64,
    is_copy: bool,
}

impl Input {
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
        Ok(Input { name, file, len: metadata.len(), is_copy: false })
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
        let name: Arc<str> = name.into();
        let copy = || -> io::Result<(File, u64)> {
            let mut file = spool()?;
            let len = io::copy(&mut reader, &mut file)?;
            file.seek(SeekFrom::Start(0))?;
            Ok((file, len))
        };
        match copy() {
            Ok((file, len)) => Ok(Input { name, file, len, is_copy: true }),
            Err(error) => {
                Err(SourceError { source: name, line: None, problem: SourceProblem::Io(error) })
            }
        }
    }

    /// The input as the user named it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether this is a copy of something that can be read only once.
    #[must_use]
    pub const fn is_copy(&self) -> bool {
        self.is_copy
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
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read(buffer)
    }
}

impl Seek for Input {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}
