//! Locks on folders: whoever works in one holds its lock, so that nobody else replaces or removes
//! it. Some network file systems refuse locks.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;

/// What came of trying to lock a folder.
pub(crate) enum Lock {
    /// It is ours until the file is dropped.
    Held(File),
    /// Somebody else is at work in it.
    Taken,
    /// Whether somebody is at work in it cannot be told. The file is the folder all the same.
    Refused(File, io::Error),
}

impl Lock {
    /// Locks a folder, if nobody else has.
    ///
    /// # Errors
    ///
    /// When it is not a folder, or cannot be opened.
    pub(crate) fn of(folder: &Path) -> io::Result<Self> {
        let file = open(folder)?;
        Ok(match file.try_lock() {
            Ok(()) => Lock::Held(file),
            Err(TryLockError::WouldBlock) => Lock::Taken,
            Err(TryLockError::Error(error)) => Lock::Refused(file, error),
        })
    }
}

/// What is locked: the folder itself, so that there is no moment in which it has no lock; it has
/// one under whatever name it goes by.
#[cfg(unix)]
fn open(folder: &Path) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags};
    // What only has the name of a folder, such as a pipe, must not make anybody wait.
    let flags =
        OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    Ok(File::from(rustix::fs::open(folder, flags, Mode::empty())?))
}

/// Holds the lock where a folder itself cannot be locked.
#[cfg(not(unix))]
pub(crate) const LOCK: &str = ".lock";

#[cfg(not(unix))]
fn open(folder: &Path) -> io::Result<File> {
    File::options().write(true).create(true).truncate(false).open(folder.join(LOCK))
}
