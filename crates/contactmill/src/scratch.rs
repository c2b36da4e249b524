//! Temporary files of what writes no results.

use std::fs::File;
use std::io;
use std::path::Path;

/// A file without a name, for what has to be copied, decompressed or decoded. Only its owner can read
/// it, and it goes with the process. It is beside the user's own files where that can be, and in the
/// system's folder for temporary files where it cannot: inspecting writes nothing, so the working
/// folder need not be writable.
pub(crate) fn scratch() -> io::Result<File> {
    private_in(Path::new(".")).or_else(|here| {
        let folder = std::env::temp_dir();
        private_in(&folder).map_err(|there| {
            let message = format!(
                "it is copied to a file while it is looked at, which can be made neither in this \
                 folder ({here}) nor in {} ({there}); name another with TMPDIR",
                folder.display()
            );
            io::Error::other(message)
        })
    })
}

/// A file without a name in this folder.
fn private_in(folder: &Path) -> io::Result<File> {
    let file = tempfile::tempfile_in(folder)?;
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok(file)
}
