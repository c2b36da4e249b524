//! Why a run could not go on.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::folder::FolderError;
use crate::journal::JournalError;
use crate::words::shown_path;

/// Why a run could not go on, for reasons of this machine. It holds neither contacts nor the token.
#[derive(Debug)]
#[non_exhaustive]
pub enum UploadError {
    /// A file of the folder was changed, or cannot be read.
    Folder(FolderError),
    /// The journal cannot be used.
    Journal(JournalError),
    /// `refused.csv` cannot be read or written.
    Refused {
        /// The table.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A contact does not have the published form, so it cannot be tagged.
    Form {
        /// The file.
        file: String,
        /// The line in it, from 1.
        line: u64,
    },
}

impl From<FolderError> for UploadError {
    fn from(error: FolderError) -> Self {
        UploadError::Folder(error)
    }
}

impl From<JournalError> for UploadError {
    fn from(error: JournalError) -> Self {
        UploadError::Journal(error)
    }
}

impl fmt::Display for UploadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UploadError::Folder(error) => error.fmt(f),
            UploadError::Journal(error) => error.fmt(f),
            UploadError::Refused { path, error } => {
                write!(f, "{}: cannot be read or written: {error}", shown_path(path))
            }
            UploadError::Form { file, line } => write!(
                f,
                "{file}:{line}: a contact is not of the published form, so no tag can be added"
            ),
        }
    }
}

impl std::error::Error for UploadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            UploadError::Folder(error) => Some(error),
            UploadError::Journal(error) => Some(error),
            UploadError::Refused { error, .. } => Some(error),
            UploadError::Form { .. } => None,
        }
    }
}
