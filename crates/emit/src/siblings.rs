//! Temporary folders beside a result folder: staging folders, and results that are being replaced.
//!
//! Their names end in a checksum. So a folder is known as ours from the moment it is made, and a
//! user's folder with a similar name is never taken for one.

use std::collections::hash_map::RandomState;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::hash::{BuildHasher, Hasher};
use std::io;
use std::path::{Path, PathBuf};

use contactmill_wire::files::MANIFEST;
use ring::digest::{SHA256, digest};

use crate::lock::Lock;
use crate::note::StagingNote;

/// What a folder beside the results is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Results grow in it, or replaced results wait to be removed. Nobody needs it once its run is
    /// over.
    Staging,
    /// It holds the earlier results while the new ones take their name.
    Replaced,
}

impl Role {
    const fn word(self) -> &'static str {
        match self {
            Role::Staging => "staging",
            Role::Replaced => "replaced",
        }
    }
}

/// Number of digits in the random part of a name, and in its checksum.
const DIGITS: usize = 8;

/// A new name beside `out`, such as `.out.staging-1f9a3b7c5e884898`.
pub(crate) fn new_path(out: &Path, role: Role) -> PathBuf {
    let random = RandomState::new().build_hasher().finish() as u32;
    let random = format!("{random:08x}");
    let mut name = prefix(out, role);
    let checksum = checksum(&name, &random);
    name.push(random);
    name.push(checksum);
    parent_of(out).join(name)
}

fn prefix(out: &Path, role: Role) -> OsString {
    let mut name = OsString::from(".");
    name.push(out.file_name().unwrap_or_default());
    name.push(".");
    name.push(role.word());
    name.push("-");
    name
}

fn checksum(prefix: &OsStr, random: &str) -> String {
    let text = [b"contactmill ", prefix.as_encoded_bytes(), random.as_bytes()].concat();
    let hash = digest(&SHA256, &text);
    hash.as_ref().iter().take(DIGITS / 2).map(|byte| format!("{byte:02x}")).collect()
}

/// The role of a folder with this name beside `out`, if it is one of ours.
fn role_of(out: &Path, name: &OsStr) -> Option<Role> {
    [Role::Staging, Role::Replaced].into_iter().find(|role| {
        let prefix = prefix(out, *role);
        let mark = name.as_encoded_bytes().strip_prefix(prefix.as_encoded_bytes());
        let mark = mark.and_then(|mark| std::str::from_utf8(mark).ok());
        let halves = mark.and_then(|mark| mark.split_at_checked(DIGITS));
        halves.is_some_and(|(random, mark)| mark == checksum(&prefix, random))
    })
}

pub(crate) fn parent_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Our folders beside `out`. None where the folder above cannot be listed.
fn ours(out: &Path) -> Vec<(Role, PathBuf)> {
    let parent = parent_of(out);
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    let mut ours: Vec<(Role, PathBuf)> = entries
        .filter_map(|entry| {
            let name = entry.file_name();
            Some((role_of(out, &name)?, parent.join(name)))
        })
        .collect();
    ours.sort_unstable_by(|(_, one), (_, other)| one.cmp(other));
    ours
}

/// Where the earlier results of `out` are, if a run was killed between moving them away and putting
/// the new ones in place. The next run into `out` puts them back.
///
/// ```
/// let out = std::path::Path::new("nowhere/out");
/// assert_eq!(contactmill_emit::displaced_results(out), None);
/// ```
#[must_use]
pub fn displaced_results(out: &Path) -> Option<PathBuf> {
    if out.join(MANIFEST).exists() {
        return None;
    }
    let is_result =
        |(role, path): &(Role, PathBuf)| *role == Role::Replaced && path.join(MANIFEST).exists();
    ours(out).into_iter().find(is_result).map(|(_, path)| path)
}

/// Cleans up beside `out` after runs that were killed: earlier results go back to their place if it is
/// free, and everything else is removed. A folder that a living run has locked stays.
pub(crate) fn clean_up(out: &Path) -> Vec<StagingNote> {
    ours(out).into_iter().filter_map(|(role, path)| clean_up_one(out, role, path)).collect()
}

fn clean_up_one(out: &Path, role: Role, path: PathBuf) -> Option<StagingNote> {
    // The lock lasts until this function returns.
    let (_lock, no_locks) = match Lock::of(&path) {
        Ok(Lock::Acquired(lock)) => (lock, None),
        Ok(Lock::Unsupported(folder, error)) => (folder, Some(error)),
        Ok(Lock::Taken) => return None,
        Err(error) => {
            // Something that only has such a name, or is gone by now, is not ours to report.
            let is_folder = fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_dir());
            return is_folder.then_some(StagingNote::NotRemoved { path, error });
        }
    };
    let is_result = role == Role::Replaced && path.join(MANIFEST).exists();
    if is_result && is_vacant(out) {
        return Some(match put_back(&path, out) {
            Ok(()) => StagingNote::Restored { path: out.to_owned() },
            Err(error) => StagingNote::NotRestored { path, out: out.to_owned(), error },
        });
    }
    if let Some(error) = no_locks {
        return Some(StagingNote::MayBeInUse { path, error });
    }
    if is_result && !out.join(MANIFEST).exists() {
        // Something else has the name, and these results may be the only ones.
        let error = io::ErrorKind::AlreadyExists.into();
        return Some(StagingNote::NotRestored { path, out: out.to_owned(), error });
    }
    remove(&path).err().map(|error| StagingNote::NotRemoved { path, error })
}

/// Whether there is nothing at `out`, or an empty folder.
fn is_vacant(out: &Path) -> bool {
    match fs::read_dir(out) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) => error.kind() == io::ErrorKind::NotFound && fs::symlink_metadata(out).is_err(),
    }
}

/// Gives earlier results their name again.
fn put_back(displaced: &Path, out: &Path) -> io::Result<()> {
    fs::rename(displaced, out)?;
    // Where this fails, the next run finds them where they are: nothing is lost.
    let _ = sync_folder(parent_of(out));
    Ok(())
}

pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()
}

/// Removes a folder of ours with everything in it.
pub(crate) fn remove(folder: &Path) -> io::Result<()> {
    // A folder that is removed only in part must not pass for a result.
    let manifest = match fs::remove_file(folder.join(MANIFEST)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    };
    if manifest.and_then(|()| fs::remove_dir_all(folder)).is_ok() {
        return Ok(());
    }
    // Somebody may have made it read-only.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let _ = fs::set_permissions(folder, PermissionsExt::from_mode(0o700));
    }
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_other_name_passes_for_one_of_our_folders(name in "[a-z .-]{1,12}", other in ".{0,40}") {
            let out = Path::new("results").join(&name);
            for role in [Role::Staging, Role::Replaced] {
                let ours = new_path(&out, role);
                let marked = ours.file_name().unwrap();
                prop_assert_eq!(role_of(&out, marked), Some(role));
                prop_assert_eq!(role_of(&out.with_file_name("another"), marked), None);
                let mut longer = marked.to_owned();
                longer.push("0");
                prop_assert_eq!(role_of(&out, &longer), None);
                let mut users = prefix(&out, role);
                users.push(&other);
                prop_assert_eq!(role_of(&out, &users), None);
            }
        }
    }
}
