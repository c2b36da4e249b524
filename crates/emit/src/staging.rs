//! The folder in which results grow before they appear whole under their final name.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::error::EmitError;

/// What to do with results that stand in the folder already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Existing {
    /// Refuse to write.
    #[default]
    Keep,
    /// Replace them, once the new ones are whole.
    Overwrite,
}

/// A staging folder beside the final one. Dropped without [`commit`](Staging::commit), it goes and
/// leaves nothing.
///
/// ```
/// use std::io::Write;
///
/// use contactmill_emit::{Existing, Staging};
///
/// # let parent = tempfile::tempdir().unwrap();
/// let out = parent.path().join("out");
/// let staging = Staging::new(&out, Existing::Keep)?;
/// staging.create("manifest.json")?.write_all(b"{}").unwrap();
/// assert!(!out.exists());
/// staging.commit()?;
/// assert!(out.join("manifest.json").exists());
/// # Ok::<(), contactmill_emit::EmitError>(())
/// ```
#[derive(Debug)]
pub struct Staging {
    folder: TempDir,
    /// Held while this run lives: what is not locked was left by a run that was killed.
    lock: File,
    out: PathBuf,
    existing: Existing,
}

/// Holds the lock where a folder itself cannot be locked.
#[cfg(not(unix))]
const LOCK: &str = ".lock";
const MANIFEST: &str = "manifest.json";

impl Staging {
    /// Makes a staging folder beside `out`, after a look at what stands there. Folders above `out`
    /// are made as needed.
    ///
    /// # Errors
    ///
    /// When `out` holds results (unless they are to be replaced) or anything else, or the folder
    /// cannot be made.
    pub fn new(out: &Path, existing: Existing) -> Result<Self, EmitError> {
        // A link is followed, so that its target is replaced and not the link.
        let out = match (fs::canonicalize(out), fs::symlink_metadata(out)) {
            (Ok(target), _) => target,
            (Err(error), Ok(_)) => return Err(EmitError::io(out, "cannot be looked into")(error)),
            (Err(_), Err(_)) => out.to_owned(),
        };
        let Some(name) = out.file_name() else { return Err(EmitError::NoName { path: out }) };
        let name = name.to_string_lossy().into_owned();
        check(&out, existing)?;
        let parent = parent_of(&out);
        let cannot = || EmitError::io(&out, "cannot be made");
        fs::create_dir_all(parent).map_err(cannot())?;
        let prefix = format!(".{name}.staging-");
        remove_abandoned(parent, &prefix);
        let mut builder = tempfile::Builder::new();
        builder.prefix(&prefix);
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        loop {
            let folder = builder.tempdir_in(parent).map_err(cannot())?;
            let lock = lock_of(folder.path()).map_err(cannot())?;
            lock.lock().map_err(cannot())?;
            // Another run may have taken it for abandoned before it was locked.
            if folder.path().exists() {
                return Ok(Staging { folder, lock, out, existing });
            }
        }
    }

    /// The folder itself.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where a file of the result stands for now.
    #[must_use]
    pub fn path_of(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Removes what stands in the staging folder and the folder itself, for a process that ends
    /// before this is dropped.
    pub fn removal(&self) -> impl FnOnce() + Send + 'static {
        let folder = self.folder.path().to_owned();
        move || {
            // Where this fails, the next run tries again.
            let _ = fs::remove_dir_all(folder);
        }
    }

    /// Whether a file stands in the folder whose results are going to be replaced.
    #[must_use]
    pub fn replaces(&self, path: &Path) -> bool {
        fs::canonicalize(path).is_ok_and(|path| path.starts_with(&self.out))
    }

    /// Creates a file of the result, readable by its owner alone.
    ///
    /// # Errors
    ///
    /// When it cannot be created.
    pub fn create(&self, name: &str) -> Result<File, EmitError> {
        create_in(self.folder.path(), name)
    }

    /// A file without a name, for what is only needed during the run.
    ///
    /// # Errors
    ///
    /// When it cannot be created.
    pub fn scratch(&self) -> io::Result<File> {
        tempfile::tempfile_in(self.folder.path())
    }

    /// Syncs everything to the disk and gives the folder its final name.
    ///
    /// # Errors
    ///
    /// When it cannot be synced or renamed; the final folder is then what it was before.
    pub fn commit(self) -> Result<PathBuf, EmitError> {
        let Staging { folder, lock, out, existing } = self;
        let cannot = |path: &Path| EmitError::io(path, "cannot be put in place");
        sync(folder.path()).map_err(EmitError::io(&out, "cannot be synced to the disk"))?;
        // The folder may have been filled while this run went on.
        check(&out, existing)?;
        #[cfg(not(unix))]
        fs::remove_file(folder.path().join(LOCK)).map_err(cannot(&out))?;
        if out.exists() && exchange(folder.path(), &out) {
            // The staging folder holds what was replaced now, and goes with it.
            drop((lock, folder));
            sync_parent(&out).map_err(EmitError::io(&out, "cannot be synced to the disk"))?;
            return Ok(out);
        }
        let replaced = if out.exists() { Some(move_aside(&out)?) } else { None };
        if let Err(error) = fs::rename(folder.path(), &out) {
            if let Some(aside) = &replaced {
                fs::rename(aside.path().join(REPLACED), &out).map_err(cannot(&out))?;
            }
            return Err(cannot(&out)(error));
        }
        // It has its final name and must not be removed under the old one.
        let _ = folder.keep();
        drop(lock);
        sync_parent(&out).map_err(EmitError::io(&out, "cannot be synced to the disk"))?;
        Ok(out)
    }
}

const REPLACED: &str = "results";

/// Lets two folders change places at once, where the system can.
fn exchange(one: &Path, other: &Path) -> bool {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE).is_ok()
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = (one, other);
        false
    }
}

/// Moves what stands at `out` into a folder beside it, which goes when dropped.
fn move_aside(out: &Path) -> Result<TempDir, EmitError> {
    let aside = tempfile::Builder::new()
        .prefix(".contactmill-replaced-")
        .tempdir_in(parent_of(out))
        .map_err(EmitError::io(out, "cannot be replaced"))?;
    fs::rename(out, aside.path().join(REPLACED))
        .map_err(EmitError::io(out, "cannot be replaced"))?;
    Ok(aside)
}

/// Creates a file of a result, readable by its owner alone.
pub(crate) fn create_in(folder: &Path, name: &str) -> Result<File, EmitError> {
    let path = folder.join(name);
    create_private(&path).map_err(EmitError::io(&path, "cannot be created"))
}

fn parent_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Whether results may be written to `out`, as far as what stands there tells.
fn check(out: &Path, existing: Existing) -> Result<(), EmitError> {
    let cannot = || EmitError::io(out, "cannot be looked into");
    match fs::metadata(out) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(cannot()(error)),
        Ok(metadata) if !metadata.is_dir() => {
            return Err(EmitError::NotAFolder { path: out.to_owned() });
        }
        Ok(_) => {}
    }
    let mut names = Vec::new();
    for entry in fs::read_dir(out).map_err(cannot())? {
        names.push(entry.map_err(cannot())?.file_name().to_string_lossy().into_owned());
    }
    names.sort_unstable();
    let is_result = names.iter().any(|name| name == MANIFEST);
    // Only what contactmill writes is ever replaced.
    if let Some(file) = names.into_iter().find(|name| !is_result || !is_ours(name)) {
        return Err(EmitError::HoldsOtherFiles { path: out.to_owned(), file });
    }
    if is_result && existing == Existing::Keep {
        return Err(EmitError::HoldsResults { path: out.to_owned() });
    }
    Ok(())
}

/// Whether contactmill writes files of this name into a result.
fn is_ours(name: &str) -> bool {
    let is_array = name
        .strip_prefix("import-")
        .and_then(|rest| rest.strip_suffix(".json"))
        .is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    let known = [
        MANIFEST,
        "import.jsonl",
        "rejects.csv",
        "duplicates.csv",
        "warnings.csv",
        "upload.journal",
        "refused.csv",
        "refused.csv.new",
        "refused.csv.old",
    ];
    is_array || known.contains(&name)
}

/// Removes staging folders of runs that were killed: nobody holds their locks any more. That one
/// cannot be removed is no reason to stop.
fn remove_abandoned(parent: &Path, prefix: &str) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        if !entry.file_name().to_string_lossy().starts_with(prefix) {
            continue;
        }
        let Ok(lock) = lock_of(&entry.path()) else { continue };
        if lock.try_lock().is_ok() {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// What is locked while somebody works in a staging folder: the folder itself, so that there is no
/// moment in which it has no lock; it has one under whatever name it goes by.
#[cfg(unix)]
fn lock_of(folder: &Path) -> io::Result<File> {
    File::open(folder)
}

/// What is locked while somebody works in a staging folder.
#[cfg(not(unix))]
fn lock_of(folder: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(false).open(folder.join(LOCK))
}

/// Creates a new file that its owner alone can read: a contact dump is personal data.
fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// More files than this are synced all at once, with everything else on their file system.
#[cfg(target_os = "linux")]
const SYNC_ONE_BY_ONE: usize = 16;

fn sync(folder: &Path) -> io::Result<()> {
    let files: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    #[cfg(target_os = "linux")]
    if files.len() > SYNC_ONE_BY_ONE {
        return Ok(rustix::fs::syncfs(File::open(folder)?)?);
    }
    for file in files {
        File::open(file)?.sync_all()?;
    }
    File::open(folder)?.sync_all()
}

/// Makes a rename last.
fn sync_parent(path: &Path) -> io::Result<()> {
    File::open(parent_of(path))?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn result_in(out: &Path, existing: Existing, text: &str) -> Result<PathBuf, EmitError> {
        let staging = Staging::new(out, existing)?;
        staging.create(MANIFEST)?.write_all(text.as_bytes()).unwrap();
        staging.commit()
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn results_are_replaced_only_when_asked() {
        let parent = tempfile::tempdir().unwrap();
        let out = parent.path().join("deep/out");
        result_in(&out, Existing::Keep, "1").unwrap();
        let refused = result_in(&out, Existing::Keep, "2").unwrap_err();
        assert!(matches!(refused, EmitError::HoldsResults { .. }));
        assert_eq!(fs::read_to_string(out.join(MANIFEST)).unwrap(), "1");
        result_in(&out, Existing::Overwrite, "3").unwrap();
        assert_eq!(fs::read_to_string(out.join(MANIFEST)).unwrap(), "3");
        assert_eq!(names(out.parent().unwrap()), ["out"]);
        assert_eq!(names(&out), [MANIFEST]);
    }

    #[test]
    fn what_is_not_ours_is_never_replaced() {
        let parent = tempfile::tempdir().unwrap();
        let out = parent.path().join("out");
        result_in(&out, Existing::Keep, "1").unwrap();
        fs::write(out.join("notes.txt"), "mine").unwrap();
        let refused = result_in(&out, Existing::Overwrite, "2").unwrap_err();
        assert!(refused.to_string().contains("notes.txt"), "{refused}");
        fs::remove_file(out.join(MANIFEST)).unwrap();
        assert!(result_in(&out, Existing::Overwrite, "2").is_err());
        assert_eq!(names(&out), ["notes.txt"]);
    }

    #[test]
    fn an_empty_folder_is_filled() {
        let parent = tempfile::tempdir().unwrap();
        let out = parent.path().join("out");
        fs::create_dir(&out).unwrap();
        result_in(&out, Existing::Keep, "1").unwrap();
        assert_eq!(names(&out), [MANIFEST]);
    }

    #[test]
    fn a_run_given_up_leaves_nothing() {
        let parent = tempfile::tempdir().unwrap();
        let staging = Staging::new(&parent.path().join("out"), Existing::Keep).unwrap();
        staging.create("import-000001.json").unwrap();
        drop(staging);
        assert!(names(parent.path()).is_empty());
    }

    #[test]
    fn what_a_killed_run_left_is_removed_and_what_a_living_one_holds_is_not() {
        let parent = tempfile::tempdir().unwrap();
        let out = parent.path().join("out");
        let living = Staging::new(&out, Existing::Keep).unwrap();
        let abandoned = parent.path().join(".out.staging-gone");
        fs::create_dir(&abandoned).unwrap();
        result_in(&out, Existing::Keep, "1").unwrap();
        assert!(!abandoned.exists());
        assert!(living.folder().exists());
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_results() {
        use std::os::unix::fs::PermissionsExt;
        let parent = tempfile::tempdir().unwrap();
        let out = parent.path().join("out");
        result_in(&out, Existing::Keep, "1").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&out), mode(&out.join(MANIFEST))), (0o700, 0o600));
    }
}
