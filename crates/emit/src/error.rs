//! Why results could not be written.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Results that could not be written: which path, and why.
#[derive(Debug)]
#[non_exhaustive]
pub enum EmitError {
    /// A file or folder cannot be written.
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was being done with it, as in "cannot be written".
        action: &'static str,
        /// Why it failed.
        error: io::Error,
    },
    /// The folder holds results already.
    HoldsResults {
        /// The folder.
        path: PathBuf,
    },
    /// The folder holds something that is not ours to replace.
    HoldsOtherFiles {
        /// The folder.
        path: PathBuf,
        /// One of the files in it.
        file: String,
    },
    /// There is a file where the folder should be.
    NotAFolder {
        /// The path.
        path: PathBuf,
    },
    /// Somebody is at work in the folder, such as an upload.
    Busy {
        /// The folder.
        path: PathBuf,
    },
    /// A file was not finished, so the result is not whole.
    Unfinished {
        /// The file.
        path: PathBuf,
    },
    /// The results cannot be put in place, and neither can those that they were to replace.
    NotPutBack {
        /// Where they stood.
        path: PathBuf,
        /// Where they stand.
        aside: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The path names no folder that could be made.
    NoName {
        /// The path.
        path: PathBuf,
    },
    /// The results would be split into more parts than there may be.
    TooManyParts {
        /// By what they are split: `country`, or a column.
        by: String,
        /// How many there may be.
        max: usize,
    },
    /// The thread that is to write cannot be started.
    NoThread(io::Error),
}

impl EmitError {
    pub(crate) fn io(path: &Path, action: &'static str) -> impl FnOnce(io::Error) -> EmitError {
        move |error| EmitError::Io { path: path.to_owned(), action, error }
    }
}

impl fmt::Display for EmitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EmitError::Io { path, action, error } => {
                write!(f, "{}: {action}: {error}", path.display())
            }
            EmitError::HoldsResults { path } => write!(
                f,
                "{} holds results already; name another folder, or let them be replaced",
                path.display()
            ),
            EmitError::HoldsOtherFiles { path, file } => write!(
                f,
                "{} holds files that are not contactmill's, such as {file}; name another folder",
                path.display()
            ),
            EmitError::NotAFolder { path } => {
                write!(f, "{} is a file; name a folder", path.display())
            }
            EmitError::Busy { path } => write!(
                f,
                "{}: another contactmill is at work in this folder; let it finish, or name another",
                path.display()
            ),
            EmitError::Unfinished { path } => {
                write!(f, "{}: was not written to its end", path.display())
            }
            EmitError::NotPutBack { path, aside, error } => write!(
                f,
                "{}: cannot be put in place: {error}\n  the earlier results are whole, in {}; the \
                 next run puts them back",
                path.display(),
                aside.display()
            ),
            EmitError::TooManyParts { by, max } => write!(
                f,
                "{by} has more than {max} different values, and each would be a folder of its own; \
                 split by what has fewer, such as the country"
            ),
            EmitError::NoName { path } => {
                write!(f, "{} cannot be made; name a folder", path.display())
            }
            EmitError::NoThread(error) => write!(
                f,
                "a thread to write cannot be started ({error}); use one thread, or raise the limit on \
                 processes"
            ),
        }
    }
}

impl std::error::Error for EmitError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            EmitError::Io { error, .. }
            | EmitError::NotPutBack { error, .. }
            | EmitError::NoThread(error) => Some(error),
            _ => None,
        }
    }
}
