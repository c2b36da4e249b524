//! What is worth saying of a run that goes on, or has come to its end, all the same.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// Something that people should know of results that are whole all the same.
#[derive(Debug)]
#[non_exhaustive]
pub enum Notice {
    /// The file system refuses locks, so runs do not see each other.
    NotLocked {
        /// The folder that was to be locked.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A folder of a run that is over, or is not: without locks that cannot be told.
    MayBeInUse {
        /// The folder.
        path: PathBuf,
        /// Why there is no lock.
        error: io::Error,
    },
    /// Earlier results are in their place again: a run was killed while it replaced them.
    Restored {
        /// Where they stand.
        path: PathBuf,
    },
    /// Earlier results, set aside by a run that was killed, cannot be put back.
    SetAside {
        /// Where they stand.
        path: PathBuf,
        /// Where they stood.
        out: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A folder of ours that is not needed any more cannot be removed.
    NotRemoved {
        /// The folder.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The results are in place, and whether that outlasts a power cut is not certain.
    NotSynced {
        /// The results.
        path: PathBuf,
        /// Why.
        error: io::Error,
        /// The results that they replaced, which the next run removes.
        replaced: Option<PathBuf>,
    },
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Notice::NotLocked { path, error } => write!(
                f,
                "{}: the file system refuses locks ({error}); start no other run into the same \
                 folder until this one is over",
                path.display()
            ),
            Notice::MayBeInUse { path, error } => write!(
                f,
                "{}: was left by another run, or is in use; without locks ({error}) that cannot be \
                 told. Remove it when no other run is at work",
                path.display()
            ),
            Notice::Restored { path } => write!(
                f,
                "{}: the earlier results are in their place again; a run was stopped while it \
                 replaced them",
                path.display()
            ),
            Notice::SetAside { path, out, error } => write!(
                f,
                "{}: these are the earlier results of {}, from a run that was stopped while it \
                 replaced them; they cannot be put back: {error}",
                path.display(),
                out.display()
            ),
            Notice::NotRemoved { path, error } => write!(
                f,
                "{}: is not needed any more and cannot be removed: {error}. It may hold personal \
                 data; the next run tries again",
                path.display()
            ),
            Notice::NotSynced { path, error, replaced } => {
                write!(
                    f,
                    "{}: the results are whole and in place, but the folder above cannot be synced \
                     to the disk: {error}",
                    path.display()
                )?;
                match replaced {
                    Some(replaced) => write!(
                        f,
                        ". The earlier results are kept in {} until the next run",
                        replaced.display()
                    ),
                    None => Ok(()),
                }
            }
        }
    }
}
