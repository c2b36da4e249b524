//! Files that a program keeps open and adds to, while others may touch them.

use std::fs::File;
use std::io;
use std::path::Path;

/// Requires that an open file is still the one at its path, with this size in bytes. What is added to one that an
/// editor has replaced, or somebody has deleted, is lost with it.
///
/// ```
/// use contactmill_wire::kept_file::check_unchanged;
///
/// # let folder = tempfile::tempdir()?;
/// let path = folder.path().join("journal");
/// let file = std::fs::File::create(&path)?;
/// assert!(check_unchanged(&file, &path, 0).is_ok());
/// assert!(check_unchanged(&file, &path, 1).is_err(), "somebody cut it off");
/// # if cfg!(unix) {
/// std::fs::remove_file(&path)?;
/// assert!(check_unchanged(&file, &path, 0).is_err());
/// # }
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// When there is no such file any more, it is another one, or its size differs.
pub fn check_unchanged(file: &File, path: &Path, len: u64) -> io::Result<()> {
    let (open, there) = (file.metadata()?, std::fs::metadata(path)?);
    #[cfg(unix)]
    let is_same = {
        use std::os::unix::fs::MetadataExt;
        (open.dev(), open.ino()) == (there.dev(), there.ino())
    };
    #[cfg(not(unix))]
    let is_same = open.len() == there.len();
    match is_same && open.len() == len {
        true => Ok(()),
        false => Err(io::Error::other("another program has changed or replaced it")),
    }
}
