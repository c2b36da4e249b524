//! Locks on folders: a run locks the folder that it works in, so that no other replaces or removes it.
//! Some network file systems have no locks.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;

/// The result of trying to lock a folder.
pub(crate) enum Lock {
    /// It is locked until the file is dropped.
    Acquired(File),
    /// Another process has locked it.
    Taken,
    /// The file system has no locks, so nobody can say whether it is in use. The file is the folder.
    Unsupported(File, io::Error),
}

impl Lock {
    /// Locks a folder, if no other process has.
    ///
    /// # Errors
    ///
    /// When it is not a folder, or cannot be opened.
    pub(crate) fn of(folder: &Path) -> io::Result<Self> {
        let file = open(folder)?;
        Ok(match file.try_lock() {
            Ok(()) => Lock::Acquired(file),
            Err(TryLockError::WouldBlock) => Lock::Taken,
            Err(TryLockError::Error(error)) => Lock::Unsupported(file, error),
        })
    }
}

/// Opens the folder itself. It keeps its lock when it is renamed, so there is no moment without one.
#[cfg(unix)]
fn open(folder: &Path) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags};
    // Something else of that name, such as a pipe, must not block.
    let flags =
        OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    Ok(File::from(rustix::fs::open(folder, flags, Mode::empty())?))
}

/// The file that is locked where a folder itself cannot be.
#[cfg(not(unix))]
pub(crate) const LOCK: &str = ".lock";

#[cfg(not(unix))]
fn open(folder: &Path) -> io::Result<File> {
    File::options().write(true).create(true).truncate(false).open(folder.join(LOCK))
}
