//! The folder in which results grow before they appear whole under their final name.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::{io, iter};

use contactmill_wire::files::{MANIFEST, is_result_file};
use contactmill_wire::manifest::{is_of_another_program, parts_of};

use crate::error::EmitError;
use crate::file::{ResultFile, ResultFiles, make_folder};
use crate::lock::Lock;
use crate::note::StagingNote;
use crate::siblings::{Role, clean_up, new_path, parent_of, remove, sync_folder};

/// What to do with results that are in the folder already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Existing {
    /// Refuse to write.
    #[default]
    Keep,
    /// Replace them, once the new ones are whole.
    Overwrite,
}

/// A staging folder beside the final one. Dropped without [`commit`](Staging::commit), it is removed.
///
/// ```
/// use std::io::Write;
///
/// use contactmill_emit::{Existing, Staging};
///
/// # let parent = tempfile::tempdir().unwrap();
/// let out = parent.path().join("out");
/// let staging = Staging::new(&out, Existing::Keep)?;
/// let mut file = staging.create("manifest.json")?;
/// file.write_all(b"{}").unwrap();
/// file.finish()?;
/// assert!(!out.exists());
/// staging.commit()?;
/// assert!(out.join("manifest.json").exists());
/// # Ok::<(), contactmill_emit::EmitError>(())
/// ```
#[derive(Debug)]
pub struct Staging {
    folder: Folder,
    files: ResultFiles,
    /// The folder, locked while this run lives. A folder without a lock was left by a run that was
    /// killed.
    lock: File,
    out: PathBuf,
    existing: Existing,
    notes: Vec<StagingNote>,
}

/// What [`Staging::commit`] has put in place.
#[derive(Debug)]
#[non_exhaustive]
pub struct Committed {
    /// Where the results are.
    pub path: PathBuf,
    /// What people should know about them.
    pub notes: Vec<StagingNote>,
}

/// A folder that is removed when dropped, and the folders above it that were made for it.
#[derive(Debug)]
struct Folder {
    path: PathBuf,
    /// From the lowest to the highest.
    made: Vec<PathBuf>,
    is_kept: bool,
}

impl Folder {
    /// A folder that is to be made beside `out`. The folders above are made.
    fn beside(out: &Path) -> Result<Self, EmitError> {
        let parent = parent_of(out);
        let is_missing = |folder: &&Path| {
            !folder.as_os_str().is_empty() && matches!(folder.try_exists(), Ok(false))
        };
        let made = parent.ancestors().take_while(is_missing).map(Path::to_owned).collect();
        let folder = Folder { path: new_path(out, Role::Staging), made, is_kept: false };
        fs::create_dir_all(parent).map_err(EmitError::io(out, "cannot be made"))?;
        Ok(folder)
    }

    /// Creates and locks the folder, under another name where one is in use. Returns its lock, and a
    /// note where the file system has no locks.
    fn create_locked(&mut self, out: &Path) -> Result<(File, Option<StagingNote>), EmitError> {
        let cannot = || EmitError::io(out, "cannot be made");
        loop {
            match make_folder(&self.path) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    self.path = new_path(out, Role::Staging);
                    continue;
                }
                Err(error) => return Err(cannot()(error)),
            }
            let (lock, note) = match Lock::of(&self.path) {
                Ok(Lock::Acquired(lock)) => (lock, None),
                Ok(Lock::Unsupported(lock, error)) => {
                    (lock, Some(StagingNote::NotLocked { path: out.to_owned(), error }))
                }
                // Before it was locked, another run took it for abandoned.
                Ok(Lock::Taken) => continue,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(cannot()(error)),
            };
            // That run may have removed it between the two steps.
            if self.path.try_exists().map_err(cannot())? {
                return Ok((lock, note));
            }
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.is_kept {
            return;
        }
        remove_staging(&self.path, &self.made);
    }
}

/// Removes a staging folder, and the folders above it that were made for it.
fn remove_staging(path: &Path, made: &[PathBuf]) {
    // Where this fails, the next run tries again.
    let _ = remove(path);
    for folder in made {
        // A folder that somebody else uses is not empty, and stays.
        let _ = fs::remove_dir(folder);
    }
}

impl Staging {
    /// Makes a staging folder beside `out`, and folders above it as needed. Cleans up first after runs
    /// that were killed.
    ///
    /// # Errors
    ///
    /// When `out` holds results (unless they are to be replaced) or anything else, or the folder
    /// cannot be made.
    pub fn new(out: &Path, existing: Existing) -> Result<Self, EmitError> {
        let (out, mut notes) = resolve(out)?;
        if out.file_name().is_none() {
            return Err(EmitError::NoName { path: out });
        }
        notes.extend(clean_up(&out));
        check(&out, existing)?;
        let mut folder = Folder::beside(&out)?;
        let (lock, note) = folder.create_locked(&out)?;
        notes.extend(note);
        let files = ResultFiles::new(&folder.path);
        Ok(Staging { folder, files, lock, out, existing, notes })
    }

    /// What people should know before the run begins.
    #[must_use]
    pub fn notes(&self) -> &[StagingNote] {
        &self.notes
    }

    /// Where the results will be: the path that was given, with links followed.
    #[must_use]
    pub fn out(&self) -> &Path {
        &self.out
    }

    /// Creates files of the result, also on other threads.
    #[must_use]
    pub fn files(&self) -> &ResultFiles {
        &self.files
    }

    /// Where a file of the result is until [`commit`](Staging::commit).
    #[must_use]
    pub fn path_of(&self, name: &str) -> PathBuf {
        self.files.path_of(name)
    }

    /// Removes the staging folder and everything in it, for a process that ends before this is
    /// dropped.
    pub fn removal(&self) -> impl FnOnce() + Send + 'static {
        let (path, made) = (self.folder.path.clone(), self.folder.made.clone());
        move || remove_staging(&path, &made)
    }

    /// Whether a file is in the folder whose results are going to be replaced.
    #[must_use]
    pub fn replaces(&self, path: &Path) -> bool {
        fs::canonicalize(path).is_ok_and(|path| path.starts_with(&self.out))
    }

    /// Creates a file of the result, readable by its owner alone.
    ///
    /// # Errors
    ///
    /// When it cannot be created.
    pub fn create(&self, name: &str) -> Result<ResultFile, EmitError> {
        self.files.create(name)
    }

    /// A file without a name, for data that is only needed during the run.
    ///
    /// # Errors
    ///
    /// When it cannot be created.
    pub fn scratch(&self) -> io::Result<File> {
        tempfile::tempfile_in(&self.folder.path)
    }

    /// Syncs everything to the disk and gives the folder its final name.
    ///
    /// # Errors
    ///
    /// When a file is not finished, or the folder cannot be synced or renamed. The final folder is
    /// then as it was before.
    pub fn commit(self) -> Result<Committed, EmitError> {
        self.commit_if(|_| Ok(()))
    }

    /// As [`commit`](Staging::commit), unless `may_replace` objects to the removal of earlier
    /// results. It is called only where there are any, while their folder is locked.
    ///
    /// # Errors
    ///
    /// As [`commit`](Staging::commit), and the error of `may_replace`.
    pub fn commit_if<E: From<EmitError>>(
        self,
        may_replace: impl FnOnce(&Path) -> Result<(), E>,
    ) -> Result<Committed, E> {
        self.files.check_finished()?;
        self.sync().map_err(EmitError::io(&self.out, "cannot be synced to the disk"))?;
        self.remove_lock_file()?;
        // The folder may have been filled while this run went on.
        if check(&self.out, self.existing)? {
            return self.replace(may_replace);
        }
        match self.rename_into_place() {
            Ok(()) => Ok(self.into_committed(None)),
            Err(error) => {
                // Perhaps it was filled since then.
                if check(&self.out, self.existing)? {
                    return self.replace(may_replace);
                }
                Err(EmitError::io(&self.out, "cannot be put in place")(error).into())
            }
        }
    }

    /// Removes the file that is locked where folders cannot be: it is no part of the results.
    fn remove_lock_file(&self) -> Result<(), EmitError> {
        #[cfg(not(unix))]
        {
            let lock = self.folder.path.join(crate::lock::LOCK);
            fs::remove_file(lock).map_err(EmitError::io(&self.out, "cannot be put in place"))?;
        }
        Ok(())
    }

    /// Gives the folder its final name. It takes the place of an empty folder, and of no other.
    fn rename_into_place(&self) -> io::Result<()> {
        #[cfg(not(unix))]
        let _ = fs::remove_dir(&self.out);
        fs::rename(&self.folder.path, &self.out)
    }

    /// Puts the folder in the place of earlier results.
    fn replace<E: From<EmitError>>(
        self,
        may_replace: impl FnOnce(&Path) -> Result<(), E>,
    ) -> Result<Committed, E> {
        let out = &self.out;
        // Until this returns, no upload of them starts, and no other run takes them for abandoned.
        #[cfg(unix)]
        let _locks = lock_results(out)?;
        may_replace(out)?;
        let replaced = if exchange(&self.folder.path, out) {
            self.folder.path.clone()
        } else {
            self.displace_and_rename()?
        };
        Ok(self.into_committed(Some(replaced)))
    }

    /// Moves the earlier results away and takes their name, in two steps, where the system cannot
    /// exchange folders. Returns where the earlier results are.
    fn displace_and_rename(&self) -> Result<PathBuf, EmitError> {
        let out = &self.out;
        let displaced = new_path(out, Role::Replaced);
        fs::rename(out, &displaced).map_err(EmitError::io(out, "cannot be replaced"))?;
        let Err(error) = fs::rename(&self.folder.path, out) else { return Ok(displaced) };
        Err(match fs::rename(&displaced, out) {
            Ok(()) => EmitError::io(out, "cannot be put in place")(error),
            Err(_) => EmitError::NotPutBack { path: out.clone(), aside: displaced, error },
        })
    }

    /// The folder has its final name. Whatever fails from here on does no harm to the results.
    fn into_committed(mut self, replaced: Option<PathBuf>) -> Committed {
        self.folder.is_kept = true;
        let mut notes = Vec::new();
        // The earlier results are removed only once a power cut cannot undo the new ones.
        if let Err(error) = self.sync_name() {
            notes.push(StagingNote::NotSynced { path: self.out.clone(), error, replaced });
        } else if let Some(path) = replaced
            && let Err(error) = remove(&path)
        {
            notes.push(StagingNote::NotRemoved { path, error });
        }
        Committed { path: self.out.clone(), notes }
    }

    /// Syncs the folders that hold the names of the results and of folders made above them.
    fn sync_name(&self) -> io::Result<()> {
        let folders = iter::once(&self.out).chain(&self.folder.made);
        let synced = folders.map(|folder| parent_of(folder)).try_for_each(sync_folder);
        // A folder that cannot be read can hold results, but cannot be opened to be synced.
        #[cfg(target_os = "linux")]
        let synced = synced.or_else(|error| rustix::fs::syncfs(&self.lock).map_err(|_| error));
        synced
    }

    fn sync(&self) -> io::Result<()> {
        let files = entries_of(&self.folder.path)?;
        // Where that fails, syncing one by one says which file is to blame.
        #[cfg(target_os = "linux")]
        if files.len() > SYNC_ONE_BY_ONE && rustix::fs::syncfs(&self.lock).is_ok() {
            return Ok(());
        }
        for file in files {
            if file.is_dir() {
                for file in entries_of(&file)? {
                    File::open(file)?.sync_all()?;
                }
            }
            File::open(file)?.sync_all()?;
        }
        sync_folder(&self.folder.path)
    }
}

/// Maximum number of files that are synced one by one. More are synced at once, with everything else
/// on their file system.
#[cfg(target_os = "linux")]
const SYNC_ONE_BY_ONE: usize = 16;

/// Where results for `out` go. A link is followed, so that its target is replaced and not the link.
fn resolve(out: &Path) -> Result<(PathBuf, Vec<StagingNote>), EmitError> {
    let target = match (fs::canonicalize(out), fs::read_link(out)) {
        (Ok(target), _) => return Ok((target, Vec::new())),
        (Err(_), Err(_)) => return Ok((out.to_owned(), Vec::new())),
        (Err(_), Ok(target)) => parent_of(out).join(target),
    };
    // A run may have been killed between moving results away from there and putting others there.
    let notes = clean_up(&target);
    let followed = fs::canonicalize(out);
    Ok((followed.map_err(EmitError::io(out, "cannot be looked into"))?, notes))
}

/// Exchanges two folders in one step, where the system can.
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

/// Locks results and the parts that they are split into, as each part is uploaded by itself.
#[cfg(unix)]
fn lock_results(out: &Path) -> Result<Vec<File>, EmitError> {
    let parts = part_folders(out).into_iter().map(|part| out.join(part));
    // Whoever is done with a part may have removed it.
    let parts = parts.filter(|part| part.is_dir());
    let lock = |folder: PathBuf| match Lock::of(&folder) {
        Ok(Lock::Acquired(lock) | Lock::Unsupported(lock, _)) => Ok(lock),
        Ok(Lock::Taken) => Err(EmitError::Busy { path: folder }),
        Err(error) => Err(EmitError::io(&folder, "cannot be replaced")(error)),
    };
    iter::once(out.to_owned()).chain(parts).map(lock).collect()
}

/// Whether there are results in `out` to be replaced. Fails where nothing may be written to it.
fn check(out: &Path, existing: Existing) -> Result<bool, EmitError> {
    let cannot = || EmitError::io(out, "cannot be looked into");
    match fs::metadata(out) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(cannot()(error)),
        Ok(metadata) if !metadata.is_dir() => {
            return Err(EmitError::NotAFolder { path: out.to_owned() });
        }
        Ok(_) => {}
    }
    let names = names_in(out).map_err(cannot())?;
    let has_manifest = names.iter().any(|name| name == MANIFEST);
    let manifest = || fs::read(out.join(MANIFEST)).unwrap_or_default();
    let is_result = has_manifest && !is_of_another_program(&manifest());
    // A folder with a user's files is never replaced.
    let mut others = names.into_iter().filter(|name| !is_result || !is_result_file(name));
    if let Some(first) = others.next() {
        let parts = if is_result { part_folders(out) } else { Vec::new() };
        for name in iter::once(first).chain(others) {
            let file = match parts.contains(&name) {
                true => file_of_a_user(&out.join(&name)).map_err(cannot())?,
                false => Some(name),
            };
            if let Some(file) = file {
                return Err(EmitError::HoldsOtherFiles { path: out.to_owned(), file });
            }
        }
    }
    if is_result && existing == Existing::Keep {
        return Err(EmitError::HoldsResults { path: out.to_owned() });
    }
    Ok(is_result)
}

/// The folders of the parts that results are split into, by their manifest.
fn part_folders(out: &Path) -> Vec<String> {
    let manifest = fs::read(out.join(MANIFEST)).unwrap_or_default();
    // Where it cannot be read, nothing but our files is known to be ours.
    let parts = parts_of(&manifest).unwrap_or_default();
    parts.into_iter().map(|part| part.folder).collect()
}

/// A file in the folder of a part that is not ours.
fn file_of_a_user(part: &Path) -> io::Result<Option<String>> {
    let name = part.file_name().unwrap_or_default().to_string_lossy();
    if !fs::symlink_metadata(part)?.is_dir() {
        return Ok(Some(name.into_owned()));
    }
    let file = names_in(part)?.into_iter().find(|name| !is_result_file(name));
    Ok(file.map(|file| format!("{name}/{file}")))
}

fn entries_of(folder: &Path) -> io::Result<Vec<PathBuf>> {
    fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect()
}

/// What stands in a folder, in order.
fn names_in(folder: &Path) -> io::Result<Vec<String>> {
    let name = |path: PathBuf| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut names: Vec<String> = entries_of(folder)?.into_iter().map(name).collect();
    names.sort_unstable();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::siblings::displaced_results;

    fn result_in(out: &Path, existing: Existing, text: &str) -> Result<Committed, EmitError> {
        let staging = Staging::new(out, existing)?;
        write(&staging, text);
        staging.commit()
    }

    fn write(staging: &Staging, manifest: &str) {
        let mut file = staging.create(MANIFEST).unwrap();
        file.write_all(manifest.as_bytes()).unwrap();
        file.finish().unwrap();
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
    fn a_folder_with_the_manifest_of_another_program_is_never_replaced() {
        let parent = tempfile::tempdir().unwrap();
        let out = parent.path().join("extension");
        fs::create_dir(&out).unwrap();
        fs::write(out.join(MANIFEST), r#"{"manifest_version": 3}"#).unwrap();
        fs::write(out.join("warnings.csv"), "mine").unwrap();
        let refused = result_in(&out, Existing::Overwrite, "1").unwrap_err();
        let is_other = |file: &str| file == MANIFEST;
        assert!(matches!(refused, EmitError::HoldsOtherFiles { file, .. } if is_other(&file)));
        assert_eq!(names(&out), [MANIFEST, "warnings.csv"]);
    }

    #[test]
    fn what_stands_in_the_folder_that_is_replaced_is_known() {
        let parent = tempfile::tempdir().unwrap();
        let out = parent.path().join("out");
        result_in(&out, Existing::Keep, "1").unwrap();
        fs::write(parent.path().join("leads.csv"), "").unwrap();
        let staging = Staging::new(&out, Existing::Overwrite).unwrap();
        let replaces = |name: &str| staging.replaces(&parent.path().join(name));
        let known = ["out/manifest.json", "out/../out/manifest.json", "leads.csv", "out/leads.csv"];
        assert_eq!(known.map(replaces), [true, true, false, false]);
    }

    #[test]
    fn a_folder_with_a_users_file_is_never_replaced() {
        let parent = tempfile::tempdir().unwrap();
        let out = parent.path().join("out");
        result_in(&out, Existing::Keep, "1").unwrap();
        for name in ["notes.txt", "import-.json", "import-1.json"] {
            fs::write(out.join(name), "mine").unwrap();
            let refused = result_in(&out, Existing::Overwrite, "2").unwrap_err();
            assert!(refused.to_string().contains(name), "{refused}");
            fs::remove_file(out.join(name)).unwrap();
        }
        fs::write(out.join("notes.txt"), "mine").unwrap();
        let refused = result_in(&out, Existing::Overwrite, "2").unwrap_err();
        assert!(refused.to_string().contains("notes.txt"), "{refused}");
        fs::remove_file(out.join(MANIFEST)).unwrap();
        assert!(result_in(&out, Existing::Overwrite, "2").is_err());
        assert_eq!(names(&out), ["notes.txt"]);
    }

    #[test]
    fn a_part_is_replaced_with_its_result_unless_it_holds_a_users_file() {
        let parent = tempfile::tempdir().unwrap();
        let out = parent.path().join("out");
        let split = r#"{"schema":1,"parts":[{"folder":"IN"}]}"#;
        result_in(&out, Existing::Keep, split).unwrap();
        let refused = |file: &str| {
            let refused = result_in(&out, Existing::Overwrite, "2").unwrap_err();
            let EmitError::HoldsOtherFiles { file: found, .. } = refused else {
                panic!("{refused}")
            };
            assert_eq!(found, file);
        };
        let part = out.join("IN");
        fs::write(&part, "mine").unwrap();
        refused("IN");
        fs::remove_file(&part).unwrap();
        fs::create_dir(&part).unwrap();
        fs::write(part.join("import-000001.json"), "[]").unwrap();
        fs::write(part.join("notes.txt"), "mine").unwrap();
        refused("IN/notes.txt");
        fs::remove_file(part.join("notes.txt")).unwrap();
        // No part of this result.
        fs::create_dir(out.join("US")).unwrap();
        refused("US");
        fs::remove_dir(out.join("US")).unwrap();
        result_in(&out, Existing::Overwrite, "2").unwrap();
        assert_eq!(names(&out), [MANIFEST]);
    }

    #[test]
    fn a_part_in_use_is_not_replaced_with_its_result() {
        let parent = tempfile::tempdir().unwrap();
        let out = parent.path().join("out");
        result_in(&out, Existing::Keep, r#"{"schema":1,"parts":[{"folder":"IN"}]}"#).unwrap();
        fs::create_dir(out.join("IN")).unwrap();
        let Lock::Acquired(at_work) = Lock::of(&out.join("IN")).unwrap() else { return };
        let refused = result_in(&out, Existing::Overwrite, "2").unwrap_err();
        assert!(matches!(refused, EmitError::Busy { .. }), "{refused}");
        drop(at_work);
        result_in(&out, Existing::Overwrite, "2").unwrap();
    }

    #[test]
    fn a_file_is_no_folder_for_results() {
        let parent = tempfile::tempdir().unwrap();
        let out = parent.path().join("out");
        fs::write(&out, "mine").unwrap();
        let refused = result_in(&out, Existing::Overwrite, "1").unwrap_err();
        assert!(matches!(refused, EmitError::NotAFolder { .. }), "{refused}");
        assert_eq!(fs::read_to_string(&out).unwrap(), "mine");
    }

    #[test]
    fn a_staging_folder_takes_another_name_where_one_is_in_use_and_no_other_fault() {
        let parent = tempfile::tempdir().unwrap();
        let out = parent.path().join("out");
        let mut folder = Folder::beside(&out).unwrap();
        let used = folder.path.clone();
        fs::create_dir(&used).unwrap();
        let _lock = folder.create_locked(&out).unwrap();
        assert!(folder.path != used && folder.path.is_dir());
        folder.path = parent.path().join("missing/staging");
        assert!(folder.create_locked(&out).is_err());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn folders_are_exchanged_in_one_step() {
        let parent = tempfile::tempdir().unwrap();
        let [one, other] = ["one", "other"].map(|name| parent.path().join(name));
        for folder in [&one, &other] {
            fs::create_dir(folder).unwrap();
        }
        fs::write(one.join(MANIFEST), "1").unwrap();
        assert!(exchange(&one, &other));
        assert_eq!((names(&one).len(), names(&other).len()), (0, 1));
        assert!(!exchange(&one, &parent.path().join("missing")));
    }

    #[test]
    fn where_folders_cannot_be_exchanged_earlier_results_are_moved_away_first() {
        let parent = tempfile::tempdir().unwrap();
        let out = parent.path().join("out");
        result_in(&out, Existing::Keep, "1").unwrap();
        let staging = Staging::new(&out, Existing::Overwrite).unwrap();
        write(&staging, "2");
        assert_eq!(fs::read_to_string(staging.path_of(MANIFEST)).unwrap(), "2");
        let displaced = staging.displace_and_rename().unwrap();
        let manifest = |folder: &Path| fs::read_to_string(folder.join(MANIFEST)).unwrap();
        assert_eq!((manifest(&displaced), manifest(&out)), ("1".to_owned(), "2".to_owned()));
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
    fn a_staging_folder_that_is_dropped_leaves_nothing() {
        let parent = tempfile::tempdir().unwrap();
        let staging = Staging::new(&parent.path().join("out"), Existing::Keep).unwrap();
        staging.create("import-000001.json").unwrap().finish().unwrap();
        drop(staging);
        assert!(names(parent.path()).is_empty());
    }

    #[test]
    fn a_folder_with_an_unfinished_file_does_not_replace_earlier_results() {
        let parent = tempfile::tempdir().unwrap();
        let out = parent.path().join("out");
        result_in(&out, Existing::Keep, "1").unwrap();
        let staging = Staging::new(&out, Existing::Overwrite).unwrap();
        let mut file = staging.create(MANIFEST).unwrap();
        file.write_all(b"2").unwrap();
        drop(file);
        let error = staging.commit().unwrap_err();
        assert!(matches!(error, EmitError::Unfinished { .. }), "{error}");
        assert_eq!(fs::read_to_string(out.join(MANIFEST)).unwrap(), "1");
        assert_eq!(names(parent.path()), ["out"]);
    }

    #[cfg(unix)]
    #[test]
    fn what_cannot_be_synced_is_not_put_in_place() {
        // One by one up to a number of files, which one says is to blame.
        for files in [1, 15, 16] {
            let parent = tempfile::tempdir().unwrap();
            let out = parent.path().join("out");
            let staging = Staging::new(&out, Existing::Keep).unwrap();
            for file in 1..files {
                fs::write(staging.path_of(&format!("file-{file}")), "x").unwrap();
            }
            std::os::unix::fs::symlink("nowhere", staging.path_of("link")).unwrap();
            let error = staging.commit().unwrap_err().to_string();
            assert!(error.contains("cannot be synced to the disk"), "{error}");
            assert!(!out.exists(), "{files}");
        }
    }

    #[test]
    fn a_place_that_cannot_be_looked_into_is_not_taken_for_free() {
        let parent = tempfile::tempdir().unwrap();
        let file = parent.path().join("file");
        fs::write(&file, "x").unwrap();
        assert!(!check(&parent.path().join("out"), Existing::Keep).unwrap());
        assert!(check(&file.join("out"), Existing::Keep).is_err());
    }

    #[test]
    fn folders_that_were_made_for_a_run_are_removed_with_it() {
        let parent = tempfile::tempdir().unwrap();
        let staging = Staging::new(&parent.path().join("a/b/out"), Existing::Keep).unwrap();
        assert_eq!(names(parent.path()), ["a"]);
        drop(staging);
        assert_eq!(names(parent.path()), [""; 0]);
    }

    /// A folder of a run that was killed: it has no lock.
    fn abandoned(out: &Path, role: Role, manifest: &str) -> PathBuf {
        let path = new_path(out, role);
        fs::create_dir(&path).unwrap();
        fs::write(path.join(MANIFEST), manifest).unwrap();
        path
    }

    #[test]
    fn folders_of_killed_runs_are_removed_and_those_of_living_runs_are_not() {
        let parent = tempfile::tempdir().unwrap();
        let out = parent.path().join("out");
        let living = Staging::new(&out, Existing::Keep).unwrap();
        let other = parent.path().join("other");
        let stays = abandoned(&other, Role::Staging, "");
        let abandoned = abandoned(&out, Role::Staging, "");
        // Killed right after it was made.
        let empty = new_path(&out, Role::Staging);
        fs::create_dir(&empty).unwrap();
        result_in(&out, Existing::Keep, "1").unwrap();
        assert!(!abandoned.exists() && !empty.exists());
        assert!(stays.exists());
        assert!(living.folder.path.exists());
    }

    #[cfg(unix)]
    #[test]
    fn a_users_file_named_like_a_staging_folder_stays_and_does_not_block() {
        let parent = tempfile::tempdir().unwrap();
        let out = parent.path().join("out");
        let users =
            [".out.staging-backup", ".out.staging-Ab3xYz", ".out.replaced-0123456789abcdef"];
        for name in users {
            fs::create_dir(parent.path().join(name)).unwrap();
            fs::write(parent.path().join(name).join(MANIFEST), "mine").unwrap();
        }
        // Opening a pipe as a file blocks.
        let make = |name: &Path| {
            let made = std::process::Command::new("mkfifo").arg(name).status().unwrap();
            assert!(made.success());
        };
        make(&parent.path().join(".out.staging-pipe"));
        make(&new_path(&out, Role::Staging));
        let elsewhere = tempfile::tempdir().unwrap();
        fs::write(elsewhere.path().join("notes.txt"), "mine").unwrap();
        let link = new_path(&out, Role::Staging);
        std::os::unix::fs::symlink(elsewhere.path(), &link).unwrap();
        let before = names(parent.path());
        let committed = result_in(&out, Existing::Keep, "1").unwrap();
        assert!(committed.notes.is_empty());
        let after: Vec<String> =
            names(parent.path()).into_iter().filter(|name| name != "out").collect();
        assert_eq!(after, before);
        assert_eq!(names(elsewhere.path()), ["notes.txt"]);
    }

    #[test]
    fn the_next_run_restores_or_removes_results_that_a_killed_run_moved_away() {
        let parent = tempfile::tempdir().unwrap();
        let out = parent.path().join("out");
        // Killed before the new results had the name.
        let displaced = abandoned(&out, Role::Replaced, "earlier");
        assert_eq!(displaced_results(&out), Some(displaced));
        let refused = Staging::new(&out, Existing::Keep).unwrap_err();
        assert!(matches!(refused, EmitError::HoldsResults { .. }), "{refused}");
        assert_eq!(fs::read_to_string(out.join(MANIFEST)).unwrap(), "earlier");
        assert_eq!(names(parent.path()), ["out"]);
        // Killed after that.
        abandoned(&out, Role::Replaced, "older");
        assert_eq!(displaced_results(&out), None);
        let staging = Staging::new(&out, Existing::Overwrite).unwrap();
        assert!(staging.notes().is_empty());
        drop(staging);
        assert_eq!(fs::read_to_string(out.join(MANIFEST)).unwrap(), "earlier");
        assert_eq!(names(parent.path()), ["out"]);
    }

    #[test]
    fn displaced_results_stay_while_something_else_has_their_name() {
        let parent = tempfile::tempdir().unwrap();
        let out = parent.path().join("out");
        let displaced = abandoned(&out, Role::Replaced, "earlier");
        fs::create_dir(&out).unwrap();
        fs::write(out.join("notes.txt"), "mine").unwrap();
        assert!(Staging::new(&out, Existing::Overwrite).is_err());
        assert!(displaced.join(MANIFEST).exists());
        // An empty folder gives way.
        fs::remove_file(out.join("notes.txt")).unwrap();
        let staging = Staging::new(&out, Existing::Overwrite).unwrap();
        assert!(matches!(staging.notes(), [StagingNote::Restored { .. }]));
        assert_eq!(fs::read_to_string(out.join(MANIFEST)).unwrap(), "earlier");
    }

    #[cfg(unix)]
    #[test]
    fn results_are_restored_to_the_target_of_a_link() {
        let parent = tempfile::tempdir().unwrap();
        let link = parent.path().join("link");
        std::os::unix::fs::symlink("out", &link).unwrap();
        abandoned(&parent.path().join("out"), Role::Replaced, "earlier");
        let staging = Staging::new(&link, Existing::Overwrite).unwrap();
        assert!(matches!(staging.notes(), [StagingNote::Restored { .. }]));
        assert_eq!(fs::read_to_string(link.join(MANIFEST)).unwrap(), "earlier");
    }

    #[cfg(unix)]
    #[test]
    fn results_that_are_in_use_are_not_replaced() {
        let parent = tempfile::tempdir().unwrap();
        let out = parent.path().join("out");
        result_in(&out, Existing::Keep, "1").unwrap();
        let at_work = File::open(&out).unwrap();
        at_work.lock().unwrap();
        let refused = result_in(&out, Existing::Overwrite, "2").unwrap_err();
        assert!(matches!(refused, EmitError::Busy { .. }), "{refused}");
        assert_eq!(fs::read_to_string(out.join(MANIFEST)).unwrap(), "1");
        drop(at_work);
        result_in(&out, Existing::Overwrite, "2").unwrap();
        assert_eq!(names(parent.path()), ["out"]);
    }

    #[test]
    fn a_caller_can_object_before_results_are_replaced() {
        let parent = tempfile::tempdir().unwrap();
        let out = parent.path().join("out");
        let objects = |staging: Staging| {
            write(&staging, "2");
            staging.commit_if(|path| Err(EmitError::Busy { path: path.to_owned() }))
        };
        objects(Staging::new(&out, Existing::Overwrite).unwrap()).unwrap();
        result_in(&out, Existing::Overwrite, "1").unwrap();
        objects(Staging::new(&out, Existing::Overwrite).unwrap()).unwrap_err();
        assert_eq!(fs::read_to_string(out.join(MANIFEST)).unwrap(), "1");
        assert_eq!(names(parent.path()), ["out"]);
    }

    #[test]
    fn results_that_appear_during_a_run_are_not_replaced_without_permission() {
        let parent = tempfile::tempdir().unwrap();
        let out = parent.path().join("out");
        let slow = Staging::new(&out, Existing::Keep).unwrap();
        write(&slow, "slow");
        result_in(&out, Existing::Keep, "quick").unwrap();
        let refused = slow.commit().unwrap_err();
        assert!(matches!(refused, EmitError::HoldsResults { .. }), "{refused}");
        assert_eq!(fs::read_to_string(out.join(MANIFEST)).unwrap(), "quick");
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
