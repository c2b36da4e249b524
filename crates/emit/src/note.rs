//! Notes about a staging folder: nothing failed, but people should know.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// Something that people should know about results that are whole.
#[derive(Debug)]
#[non_exhaustive]
pub enum StagingNote {
    /// The file system has no locks, so runs do not see each other.
    NotLocked {
        /// The folder that was to be locked.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The folder of another run. Without locks, nobody can say whether that run is over.
    MayBeInUse {
        /// The folder.
        path: PathBuf,
        /// Why there is no lock.
        error: io::Error,
    },
    /// Earlier results are in their place again. A run was killed while it replaced them.
    Restored {
        /// Where they stand.
        path: PathBuf,
    },
    /// Earlier results, moved away by a run that was killed, cannot be put back.
    NotRestored {
        /// Where they are now.
        path: PathBuf,
        /// Where they belong.
        out: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A folder that an earlier run left cannot be removed.
    NotRemoved {
        /// The folder.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The results are in place, but a power cut may undo that.
    NotSynced {
        /// The results.
        path: PathBuf,
        /// Why.
        error: io::Error,
        /// The results that they replaced, which the next run removes.
        replaced: Option<PathBuf>,
    },
}

impl fmt::Display for StagingNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StagingNote::NotLocked { path, error } => write!(
                f,
                "{}: the file system refuses locks ({error}); start no other run into the same \
                 folder until this one is over",
                path.display()
            ),
            StagingNote::MayBeInUse { path, error } => write!(
                f,
                "{}: was left by another run, or is in use; without locks ({error}), nobody can say \
                 which. Remove it when no other run is at work",
                path.display()
            ),
            StagingNote::Restored { path } => write!(
                f,
                "{}: the earlier results are in their place again; a run was stopped while it \
                 replaced them",
                path.display()
            ),
            StagingNote::NotRestored { path, out, error } => write!(
                f,
                "{}: these are the earlier results of {}, from a run that was stopped while it \
                 replaced them; they cannot be put back: {error}",
                path.display(),
                out.display()
            ),
            StagingNote::NotRemoved { path, error } => write!(
                f,
                "{}: is not needed any more and cannot be removed: {error}. It may hold personal \
                 data; the next run tries again",
                path.display()
            ),
            StagingNote::NotSynced { path, error, replaced } => {
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
