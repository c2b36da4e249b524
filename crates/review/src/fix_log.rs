//! The file of corrections, which grows line by line and is on the disk before anything is answered.

use std::collections::HashMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use contactmill_wire::fixes::{self, Fix, FixForm};
use contactmill_wire::kept_file::check_unchanged;

use crate::StartError;

/// A cell: SHA-256 and member of its input, record, column.
type CellKey = (String, String, u64, String);

/// The corrections so far.
#[derive(Debug)]
pub(crate) struct FixLog {
    path: PathBuf,
    /// Locked while the review lives. There is none before the first correction.
    file: Option<File>,
    /// The line that was taken off, as it was not whole.
    cut_off: Option<u64>,
    /// What was done, each as the lines that one action wrote: what is undone last first.
    done: Vec<Vec<Fix>>,
    /// What cells are read as now.
    cells: HashMap<CellKey, String>,
}

fn key(fix: &Fix) -> CellKey {
    (fix.sha256.clone(), fix.member.clone(), fix.record, fix.column.clone())
}

impl FixLog {
    /// The corrections in this file, if there are any. A line that was being written when the power went is
    /// taken off.
    pub(crate) fn open(path: PathBuf) -> Result<Self, StartError> {
        let mut log =
            FixLog { path, file: None, cut_off: None, done: Vec::new(), cells: HashMap::new() };
        if log.path.exists() {
            log.take_up().map_err(|message| log.error(message))?;
        }
        Ok(log)
    }

    fn error(&self, message: String) -> StartError {
        StartError::Fixes { path: self.path.clone(), message }
    }

    /// Goes on where the file ends.
    fn take_up(&mut self) -> Result<(), String> {
        let mut file = locked(OpenOptions::new().read(true).write(true).open(&self.path))?;
        let mut text = Vec::new();
        file.read_to_end(&mut text).map_err(|error| error.to_string())?;
        let whole = fixes::whole_bytes(&text);
        for read in fixes::read(&text) {
            match read {
                Ok((_, fix)) => self.remember(vec![fix]),
                Err((line, FixForm::CutOff)) => self.cut_off = Some(line),
                Err((line, form)) => return Err(format!("line {line}: {form}")),
            }
        }
        if whole == 0 {
            let head = fixes::head();
            if !head.starts_with(&text) {
                return Err(format!("line 1: {}", FixForm::Header));
            }
            file.seek(SeekFrom::Start(0)).and_then(|_| file.write_all(&head)).map_err(text_of)?;
        }
        let end = whole.max(if whole == 0 { fixes::head().len() } else { 0 });
        file.set_len(end as u64).and_then(|()| file.seek(SeekFrom::End(0))).map_err(text_of)?;
        self.file = Some(file);
        Ok(())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The line of the file that was taken off, as no line end stood behind it.
    pub(crate) const fn cut_off(&self) -> Option<u64> {
        self.cut_off
    }

    /// Whether there is a file yet.
    pub(crate) const fn is_begun(&self) -> bool {
        self.file.is_some()
    }

    /// Number of cells that are read as something else than what stands in them, as far as is known.
    pub(crate) fn count(&self) -> usize {
        self.done.iter().map(Vec::len).sum()
    }

    /// What this cell was corrected to.
    pub(crate) fn current(
        &self,
        sha256: &str,
        member: &str,
        record: u64,
        column: &str,
    ) -> Option<&str> {
        let key = (sha256.to_owned(), member.to_owned(), record, column.to_owned());
        self.cells.get(&key).map(String::as_str)
    }

    /// All corrected cells of an input: record, column, what it is read as.
    pub(crate) fn of_input(
        &self,
        sha256: &str,
        member: &str,
    ) -> impl Iterator<Item = (u64, &str, &str)> {
        let is_of = move |key: &CellKey| (&*key.0, &*key.1) == (sha256, member);
        let cells = self.cells.iter().filter(move |(key, _)| is_of(key));
        cells.map(|((_, _, record, column), after)| (*record, column.as_str(), after.as_str()))
    }

    /// Adds what one action corrects.
    pub(crate) fn append(&mut self, fixes: Vec<Fix>) -> io::Result<()> {
        self.write(&fixes)?;
        self.remember(fixes);
        Ok(())
    }

    /// Takes the last action back, and returns how many cells it was about.
    pub(crate) fn undo(&mut self) -> io::Result<usize> {
        let Some(last) = self.done.last() else { return Ok(0) };
        let undone: Vec<Fix> = last.iter().rev().cloned().map(Fix::undone).collect();
        self.write(&undone)?;
        let count = undone.len();
        self.done.pop();
        for fix in undone {
            self.cells.insert(key(&fix), fix.after);
        }
        Ok(count)
    }

    /// Notes lines that are written. A line that takes the last one back, of a review before this one, takes it
    /// from what can be undone.
    fn remember(&mut self, fixes: Vec<Fix>) {
        for fix in &fixes {
            self.cells.insert(key(fix), fix.after.clone());
        }
        let is_undone = |last: &Vec<Fix>| {
            last.len() == 1 && fixes.len() == 1 && last[0].clone().undone() == fixes[0]
        };
        match self.done.last().is_some_and(is_undone) {
            true => drop(self.done.pop()),
            false => self.done.push(fixes),
        }
    }

    /// Writes lines, and waits until they are on the disk.
    fn write(&mut self, fixes: &[Fix]) -> io::Result<()> {
        let mut lines = Vec::new();
        if self.file.is_none() {
            let mut options = OpenOptions::new();
            options.write(true).create_new(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            self.file = Some(locked(options.open(&self.path)).map_err(io::Error::other)?);
            lines = fixes::head();
        }
        fixes.iter().for_each(|fix| fix.write(&mut lines));
        let Some(file) = &mut self.file else { return Ok(()) };
        let end = file.stream_position()?;
        check_unchanged(file, &self.path, end)?;
        let written = file.write_all(&lines).and_then(|()| file.sync_data());
        if written.is_err() {
            // Half a line would make the whole file unreadable.
            file.set_len(end)?;
            file.seek(SeekFrom::Start(end))?;
        }
        written
    }
}

/// The file, which no other review has.
fn locked(file: io::Result<File>) -> Result<File, String> {
    let file = file.map_err(text_of)?;
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => {
            Err("another review writes its corrections here; end it first".to_owned())
        }
        // Where there are no locks, nobody else is looked for.
        Ok(()) | Err(TryLockError::Error(_)) => Ok(file),
    }
}

fn text_of(error: io::Error) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn fix(record: u64, before: &str, after: &str) -> Fix {
        let (column, before, after) = ("Phone".into(), before.into(), after.into());
        Fix { sha256: "ab".into(), record, column, before, after, ..Fix::default() }
    }

    fn lines(path: &Path) -> Vec<Fix> {
        fixes::read(&std::fs::read(path).unwrap()).map(|read| read.unwrap().1).collect()
    }

    #[test]
    fn what_was_done_survives_and_can_be_undone_later() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fixes.csv");
        let mut log = FixLog::open(path.clone()).unwrap();
        assert!(!path.exists());
        log.append(vec![fix(1, "a", "b")]).unwrap();
        log.append(vec![fix(2, "c", "d"), fix(3, "e", "f")]).unwrap();
        assert!(FixLog::open(path.clone()).is_err(), "it is locked");
        assert_eq!(log.undo().unwrap(), 2);
        assert_eq!(log.current("ab", "", 2, "Phone"), Some("c"));
        drop(log);

        let mut log = FixLog::open(path.clone()).unwrap();
        assert_eq!(log.current("ab", "", 1, "Phone"), Some("b"));
        assert_eq!(log.undo().unwrap(), 1);
        assert_eq!(lines(&path).len(), 6);
    }

    #[test]
    fn a_file_of_one_line_that_is_something_else_is_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes.csv");
        std::fs::write(&path, "call them back").unwrap();
        let error = FixLog::open(path.clone()).unwrap_err().to_string();
        assert!(error.contains("the first line must be"), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), b"call them back");
    }

    #[test]
    fn a_line_that_was_cut_off_is_taken_off() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fixes.csv");
        FixLog::open(path.clone()).unwrap().append(vec![fix(1, "a", "b")]).unwrap();
        let whole = std::fs::read(&path).unwrap();
        let mut more = whole.clone();
        fix(2, "c\n", "\"d").write(&mut more);
        for end in (0..fixes::head().len()).chain(whole.len()..more.len()) {
            std::fs::write(&path, &more[..end]).unwrap();
            let mut log = FixLog::open(path.clone()).unwrap();
            // The byte that `whole` ends with is the line end.
            let cut_off = (1..fixes::head().len()).contains(&end).then_some(1);
            let cut_off = cut_off.or((end > whole.len()).then_some(3));
            assert_eq!(log.cut_off(), cut_off, "{end}");
            log.append(vec![fix(3, "x", "y")]).unwrap();
            drop(log);
            let expected = [(end >= whole.len()).then(|| fix(1, "a", "b")), Some(fix(3, "x", "y"))];
            assert_eq!(lines(&path), expected.into_iter().flatten().collect::<Vec<_>>(), "{end}");
        }
    }
}
