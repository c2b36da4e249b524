//! The journal of a folder: what was sent, and what the service answered.
//!
//! The form of `upload.journal` is that of [`contactmill_wire::journal`]. Every line is on the disk before
//! the next step is taken. A last line without its end was being written when the process was killed. It
//! is cut off, as nothing had been done about it yet. Any other damage stops the run, because a line that
//! cannot be read may have been an acknowledgement.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use contactmill_wire::files::JOURNAL;
pub(crate) use contactmill_wire::journal::{Job, JournalEvent, JournalLine};
use contactmill_wire::journal::{WholeLines, encode, read};
use contactmill_wire::kept_file::check_unchanged;

use crate::slice::ArraySlice;
use crate::words::shown_path;

/// Maximum size of a journal: a million requests have some 200 MB.
const MAX_BYTES: u64 = if cfg!(test) { 1 << 16 } else { 1 << 30 };

/// What the journal says about the present job.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Past {
    /// By array: the slices that were acknowledged, as first contact and the one behind the last.
    pub(crate) acknowledged: BTreeMap<u32, BTreeSet<(u32, u32)>>,
    /// Single contacts that were refused for good, with the status.
    pub(crate) refused: BTreeMap<ArraySlice, u16>,
    /// Slices of several contacts that were refused by a service that took something afterwards: they
    /// must be halved.
    pub(crate) to_halve: BTreeSet<ArraySlice>,
    /// Time since the end of each request of the last minutes. A request that was under way when a run
    /// was killed ended at the latest when the next run began.
    pub(crate) requests: Vec<Duration>,
    /// Time since the last request was sent.
    pub(crate) last_sent: Option<Duration>,
    /// Time during which nothing may be sent.
    pub(crate) blocked_for: Option<Duration>,
}

/// The open journal of a folder. While it is open, no other process can open it.
#[derive(Debug)]
pub(crate) struct Journal {
    path: PathBuf,
    file: File,
    /// Size of all lines that are on the disk, in bytes.
    len: u64,
    /// The number of the next line.
    next: u64,
    /// Set once a line could not be written: no other may follow one that is cut short.
    is_broken: bool,
    /// The folder, which is locked as well, so that nobody replaces it meanwhile.
    _folder: Option<File>,
    /// Why there are no locks, where the file system has none.
    not_locked: Option<io::Error>,
}

impl Journal {
    /// Opens the journal of a folder, or begins one, and says what is known of this job. With `again`,
    /// earlier answers no longer count, from this run on.
    pub(crate) fn open(
        folder: &Path,
        job: &Job,
        again: bool,
        now: SystemTime,
    ) -> Result<(Self, Past), JournalError> {
        let path = folder.join(JOURNAL);
        let io = JournalError::io(&path);
        // On network file systems, only one of folder and file may have locks.
        #[cfg(unix)]
        let locked = Some(File::open(folder).map_err(&io)?);
        #[cfg(not(unix))]
        let locked: Option<File> = None;
        let of_folder = locked.as_ref().map(|locked| try_lock(locked, folder)).transpose()?;
        let mut file = open_or_create(&path).map_err(&io)?;
        let of_file = try_lock(&file, folder)?;
        let not_locked = of_file.filter(|_| of_folder.is_none_or(|error| error.is_some()));

        // One that is larger must not look as if its last line was cut short: the rest would be cut off.
        let bytes = crate::folder::read_all_of(&file, MAX_BYTES).map_err(&io)?;
        let whole =
            read(&bytes).map_err(|line| JournalError::Damaged { path: path.clone(), line })?;
        keep(&mut file, &whole, bytes.len()).map_err(&io)?;
        // A new file lasts only once its folder is on the disk.
        #[cfg(unix)]
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(&io)?;

        let mut past = Past::of(&whole.lines, job, milliseconds(now));
        if again {
            past.forget_answers();
        }
        let len = file.metadata().map_err(&io)?.len();
        let mut journal = Journal {
            path,
            file,
            len,
            next: whole.lines.len() as u64 + 1,
            is_broken: false,
            _folder: locked,
            not_locked,
        };
        journal.write(JournalEvent::Opened { job: job.clone(), again }, now)?;
        Ok((journal, past))
    }

    /// What the journal of a folder says about this job. Nothing is written.
    pub(crate) fn look(folder: &Path, job: &Job, now: SystemTime) -> Result<Past, JournalError> {
        Ok(Past::of(&Journal::lines(folder)?, job, milliseconds(now)))
    }

    /// All lines of the journal of a folder; none when there is no journal. Nothing is written.
    pub(crate) fn lines(folder: &Path) -> Result<Vec<JournalLine>, JournalError> {
        let path = folder.join(JOURNAL);
        match crate::folder::read_capped(&path, MAX_BYTES) {
            Ok(bytes) => match read(&bytes) {
                Ok(WholeLines { lines, .. }) => Ok(lines),
                Err(line) => Err(JournalError::Damaged { path, line }),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(JournalError::io(&path)(error)),
        }
    }

    /// Fails if another process is uploading the folder now, as far as locks say.
    pub(crate) fn check_idle(folder: &Path) -> Result<(), JournalError> {
        let path = folder.join(JOURNAL);
        // Network file systems lock only what is open for writing.
        let opened = OpenOptions::new().read(true).append(true).open(&path);
        match opened.or_else(|_| File::open(&path)) {
            Ok(file) => try_lock(&file, folder).map(drop),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(JournalError::io(&path)(error)),
        }
    }

    /// Why no lock keeps another process out, if so. It is returned once.
    pub(crate) fn not_locked(&mut self) -> Option<io::Error> {
        self.not_locked.take()
    }

    /// Adds a line. It is on the disk when this returns. After a line that could not be written, every
    /// other fails: the run is over, and the answers to requests under way are lost.
    pub(crate) fn write(
        &mut self,
        event: JournalEvent,
        now: SystemTime,
    ) -> Result<(), JournalError> {
        let io = JournalError::io(&self.path);
        if self.is_broken {
            return Err(io(io::Error::other("a line before could not be written")));
        }
        let line = encode(self.next, &JournalLine { at: milliseconds(now), event }).map_err(&io)?;
        let is_there = check_unchanged(&self.file, &self.path, self.len);
        let written =
            is_there.and_then(|()| self.file.write_all(&line)).and_then(|()| self.file.sync_data());
        if let Err(error) = written {
            self.is_broken = true;
            // Where this fails too, the next run cuts off the incomplete line.
            let _ = self.file.set_len(self.len);
            return Err(io(error));
        }
        self.len += line.len() as u64;
        self.next += 1;
        Ok(())
    }
}

fn open_or_create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Cuts off what follows the whole lines of a file of this size, ends the last line, and syncs.
fn keep(file: &mut File, whole: &WholeLines, size: usize) -> io::Result<()> {
    if whole.bytes < size {
        file.set_len(whole.bytes as u64)?;
        file.seek(SeekFrom::End(0))?;
    }
    if !whole.is_ended {
        file.write_all(b"\n")?;
    }
    file.sync_all()
}

/// Locks a file or folder. Returns why not, where the file system has no locks.
fn try_lock(file: &File, folder: &Path) -> Result<Option<io::Error>, JournalError> {
    match file.try_lock() {
        Ok(()) => Ok(None),
        Err(TryLockError::WouldBlock) => Err(JournalError::Busy { folder: folder.to_owned() }),
        Err(TryLockError::Error(error)) => Ok(Some(error)),
    }
}

/// Requests that are older matter to no window of the limit.
const FORGOTTEN: Duration = Duration::from_secs(10 * 60);

impl Past {
    pub(crate) fn of(lines: &[JournalLine], job: &Job, now: u64) -> Self {
        let mut past = Past::default();
        let ago = |at: u64| Duration::from_millis(now.saturating_sub(at));
        let (mut is_job, mut is_target) = (false, false);
        let mut under_way: BTreeSet<ArraySlice> = BTreeSet::new();
        // Refused, and nothing taken since: the service may have refused everything.
        let mut refused_whole: BTreeSet<ArraySlice> = BTreeSet::new();
        for JournalLine { at, event } in lines {
            if let JournalEvent::Opened { job: opened, again } = event {
                // They ended at the latest when the next run began.
                past.requests.extend(under_way.iter().map(|_| ago(*at)));
                under_way.clear();
                refused_whole.clear();
                (is_job, is_target) = (opened == job, opened.url == job.url);
                if is_job && *again {
                    past.forget_answers();
                }
                continue;
            }
            if is_target {
                past.note_time(event, *at, now, &mut under_way);
            }
            if is_job {
                past.note_answer(event, &mut refused_whole);
            }
        }
        past.requests.extend(under_way.iter().map(|_| Duration::ZERO));
        past.requests.retain(|age| *age < FORGOTTEN);
        past
    }

    fn note_time(
        &mut self,
        event: &JournalEvent,
        at: u64,
        now: u64,
        under_way: &mut BTreeSet<ArraySlice>,
    ) {
        let ago = Duration::from_millis(now.saturating_sub(at));
        match event {
            JournalEvent::Opened { .. } => {}
            JournalEvent::Sending(slice) => {
                under_way.insert(*slice);
                self.last_sent = Some(ago);
            }
            JournalEvent::Acknowledged(slice)
            | JournalEvent::Refused { slice, .. }
            | JournalEvent::Doubted { slice, .. }
            | JournalEvent::Checked(slice)
            | JournalEvent::Unknown(slice)
            | JournalEvent::Limited { slice, .. } => {
                if under_way.remove(slice) {
                    self.requests.push(ago);
                }
            }
        }
        if let JournalEvent::Limited { until, .. } = event {
            let left = until.saturating_sub(now);
            // A clock that was set back must not make the wait longer than it was.
            let left = left.min(until.saturating_sub(at));
            self.blocked_for = (left > 0).then(|| Duration::from_millis(left));
        }
    }

    fn note_answer(&mut self, event: &JournalEvent, refused_whole: &mut BTreeSet<ArraySlice>) {
        match event {
            JournalEvent::Acknowledged(slice) => {
                self.acknowledged.entry(slice.array).or_default().insert((slice.first, slice.end));
                self.to_halve.append(refused_whole);
            }
            JournalEvent::Refused { slice, status } if slice.contacts() == 1 => {
                self.refused.insert(*slice, *status);
            }
            JournalEvent::Refused { slice, .. } => {
                refused_whole.insert(*slice);
            }
            JournalEvent::Opened { .. }
            | JournalEvent::Sending(_)
            | JournalEvent::Doubted { .. }
            | JournalEvent::Checked(_)
            | JournalEvent::Unknown(_)
            | JournalEvent::Limited { .. } => {}
        }
    }

    /// Forgets what the service answered, and keeps what the limit needs.
    pub(crate) fn forget_answers(&mut self) {
        self.acknowledged.clear();
        self.refused.clear();
        self.to_halve.clear();
    }

    /// A contact that was acknowledged.
    pub(crate) fn any_acknowledged(&self) -> Option<ArraySlice> {
        let (&array, slices) = self.acknowledged.last_key_value()?;
        let &(first, end) = slices.last()?;
        Some(ArraySlice { array, first, end }.split_first().0)
    }

    /// The slices of an array that are still to be sent.
    pub(crate) fn left(&self, array: u32, contacts: u32) -> Vec<ArraySlice> {
        let acknowledged = self.acknowledged.get(&array).into_iter().flatten().copied();
        let (from, to) =
            (ArraySlice { array, first: 0, end: 0 }, ArraySlice { array, first: u32::MAX, end: 0 });
        let refused = self.refused.range(from..to).map(|(slice, _)| (slice.first, slice.end));
        let mut settled: Vec<(u32, u32)> = acknowledged.chain(refused).collect();
        settled.sort_unstable();
        settled.push((contacts, contacts));
        let mut left = Vec::new();
        let mut at = 0;
        for (first, end) in settled {
            if first > at {
                left.push(ArraySlice { array, first: at, end: first.min(contacts) });
            }
            at = at.max(end);
        }
        left
    }

    /// Number of contacts that were acknowledged.
    pub(crate) fn acknowledged_contacts(&self) -> u64 {
        let slices = self.acknowledged.values().flatten();
        slices.map(|(first, end)| u64::from(end.saturating_sub(*first))).sum()
    }
}

pub(crate) fn milliseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// A journal that cannot be used.
#[derive(Debug)]
#[non_exhaustive]
pub enum JournalError {
    /// Another process is uploading this folder.
    Busy {
        /// The folder.
        folder: PathBuf,
    },
    /// A line cannot be read, and it is not the last one, cut short.
    Damaged {
        /// The journal.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
    },
    /// It cannot be read or written.
    Io {
        /// The journal.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

impl JournalError {
    fn io(path: &Path) -> impl Fn(io::Error) -> JournalError + use<> {
        let path = path.to_owned();
        move |error| JournalError::Io { path: path.clone(), error }
    }
}

impl fmt::Display for JournalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            JournalError::Busy { folder } => write!(
                f,
                "{}: another contactmill upload is at work in this folder, or convert replaces it; \
                 let it finish",
                shown_path(folder)
            ),
            JournalError::Damaged { path, line } => write!(
                f,
                "{}:{line}: the journal is damaged here, so nobody can say what was acknowledged. \
                 Nothing was sent.\n  To send every array again, move the journal away: contacts \
                 that the service has taken already are updated",
                shown_path(path)
            ),
            JournalError::Io { path, error } => {
                write!(f, "{}: the journal cannot be read or written: {error}", shown_path(path))
            }
        }
    }
}

impl std::error::Error for JournalError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            JournalError::Io { error, .. } => Some(error),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use contactmill_wire::journal::decode;

    use super::*;

    fn job() -> Job {
        Job { url: "https://api.example.com/".into(), manifest: "ab".into(), tag: None }
    }

    fn slice(array: u32, first: u32, end: u32) -> ArraySlice {
        ArraySlice { array, first, end }
    }

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_000_000 + seconds)
    }

    /// A journal in which something of every kind happened, and the slices that it acknowledges.
    fn written(folder: &Path) -> Vec<ArraySlice> {
        let (mut journal, past) = Journal::open(folder, &job(), false, at(0)).unwrap();
        assert_eq!(past, Past::default());
        let whole = slice(0, 0, 4);
        let events = [
            JournalEvent::Sending(whole),
            JournalEvent::Refused { slice: whole, status: 422 },
            JournalEvent::Sending(slice(0, 0, 2)),
            JournalEvent::Sending(slice(1, 0, 500)),
            JournalEvent::Acknowledged(slice(0, 0, 2)),
            JournalEvent::Limited { slice: slice(1, 0, 500), until: milliseconds(at(9)) },
            JournalEvent::Sending(slice(0, 2, 3)),
            JournalEvent::Refused { slice: slice(0, 2, 3), status: 422 },
            JournalEvent::Sending(slice(1, 0, 500)),
            JournalEvent::Unknown(slice(1, 0, 500)),
            JournalEvent::Sending(slice(1, 0, 500)),
            JournalEvent::Acknowledged(slice(1, 0, 500)),
            JournalEvent::Sending(slice(2, 0, 500)),
        ];
        for (second, event) in events.into_iter().enumerate() {
            journal.write(event, at(second as u64)).unwrap();
        }
        vec![slice(0, 0, 2), slice(1, 0, 500)]
    }

    fn acknowledged(past: &Past) -> Vec<ArraySlice> {
        let slices = past.acknowledged.iter();
        slices.flat_map(|(array, of)| of.iter().map(|(f, e)| slice(*array, *f, *e))).collect()
    }

    #[test]
    fn a_killed_run_is_continued() {
        let folder = tempfile::tempdir().unwrap();
        let done = written(folder.path());
        let (_journal, past) = Journal::open(folder.path(), &job(), false, at(20)).unwrap();
        assert_eq!(acknowledged(&past), done);
        assert_eq!(past.refused, [(slice(0, 2, 3), 422)].into());
        assert_eq!(past.to_halve, [slice(0, 0, 4)].into());
        assert_eq!(past.left(0, 4), [slice(0, 3, 4)]);
        assert_eq!(past.left(1, 500), []);
        assert_eq!(past.left(2, 500), [slice(2, 0, 500)]);
        assert_eq!(past.left(3, 7), [slice(3, 0, 7)]);
        assert_eq!(past.acknowledged_contacts(), 502);
        // Six requests are over; the one that was under way counts as if it ended now.
        assert_eq!(past.requests.len(), 7);
        assert_eq!(past.requests.last(), Some(&Duration::ZERO));
        assert_eq!(past.last_sent, Some(Duration::from_secs(8)));
        assert_eq!(past.blocked_for, None);
    }

    #[test]
    fn refusals_while_nothing_is_taken_do_not_count() {
        let folder = tempfile::tempdir().unwrap();
        let (mut journal, _) = Journal::open(folder.path(), &job(), false, at(0)).unwrap();
        let (whole, single) = (slice(0, 0, 4), slice(1, 3, 4));
        for event in [
            JournalEvent::Sending(whole),
            JournalEvent::Refused { slice: whole, status: 400 },
            JournalEvent::Sending(single),
            JournalEvent::Doubted { slice: single, status: 400 },
        ] {
            journal.write(event, at(1)).unwrap();
        }
        drop(journal);
        let (mut journal, past) = Journal::open(folder.path(), &job(), false, at(2)).unwrap();
        assert_eq!((past.refused.len(), past.to_halve.len()), (0, 0));
        assert_eq!((past.left(0, 4), past.left(1, 4)), (vec![whole], vec![slice(1, 0, 4)]));
        // All four requests count for the limit, and none of them is under way.
        assert_eq!(past.requests, [Duration::from_secs(1); 2]);
        // What went through in another run says nothing of that one.
        journal.write(JournalEvent::Acknowledged(slice(2, 4, 8)), at(3)).unwrap();
        journal.write(JournalEvent::Checked(slice(2, 4, 5)), at(3)).unwrap();
        let past = Journal::look(folder.path(), &job(), at(4)).unwrap();
        assert_eq!((past.to_halve.len(), past.acknowledged_contacts()), (0, 4));
        assert_eq!(past.any_acknowledged(), Some(slice(2, 4, 5)));
    }

    #[test]
    fn sending_again_begins_anew_and_can_be_continued() {
        let folder = tempfile::tempdir().unwrap();
        written(folder.path());
        let (mut journal, past) = Journal::open(folder.path(), &job(), true, at(20)).unwrap();
        assert_eq!((acknowledged(&past), past.refused.len(), past.to_halve.len()), (vec![], 0, 0));
        // The limit knows what was sent before.
        assert_eq!(past.requests.len(), 7);
        assert_eq!(past.left(1, 500), [slice(1, 0, 500)]);
        journal.write(JournalEvent::Sending(slice(1, 0, 500)), at(21)).unwrap();
        journal.write(JournalEvent::Acknowledged(slice(1, 0, 500)), at(22)).unwrap();
        drop(journal);
        // Killed; the same without `again` goes on, as often as it takes.
        for _ in 0..2 {
            let (_journal, past) = Journal::open(folder.path(), &job(), false, at(23)).unwrap();
            assert_eq!(acknowledged(&past), [slice(1, 0, 500)]);
            assert_eq!(past.left(0, 4), [slice(0, 0, 4)]);
        }
        // Another job that began anew leaves this one alone.
        let other = Job { tag: Some("spring".into()), ..job() };
        drop(Journal::open(folder.path(), &other, true, at(24)).unwrap());
        let past = Journal::look(folder.path(), &job(), at(24)).unwrap();
        assert_eq!(acknowledged(&past), [slice(1, 0, 500)]);
        // And with it once more, everything is sent once more.
        let (_journal, past) = Journal::open(folder.path(), &job(), true, at(25)).unwrap();
        assert_eq!(acknowledged(&past), []);
    }

    #[test]
    fn a_line_of_arrays_is_damage_whatever_its_checksum() {
        for json in [
            r#"[5,"acknowledged",0,0,4]"#,
            r#"[5,["acknowledged",0,0,4]]"#,
            r#"["acknowledged",{"array":0,"first":0,"end":4}]"#,
        ] {
            let checked = format!("1 {json}");
            let line = format!("{:08x} {checked}\n", crc32fast::hash(checked.as_bytes()));
            assert_eq!(read(line.as_bytes()).unwrap_err(), 1, "{json}");
        }
    }

    #[test]
    fn a_wait_that_the_service_asked_for_binds_the_next_run() {
        let folder = tempfile::tempdir().unwrap();
        let (mut journal, _) = Journal::open(folder.path(), &job(), false, at(0)).unwrap();
        journal.write(JournalEvent::Sending(slice(0, 0, 1)), at(1)).unwrap();
        let until = milliseconds(at(31));
        journal.write(JournalEvent::Limited { slice: slice(0, 0, 1), until }, at(1)).unwrap();
        drop(journal);
        for (now, left) in [(11, Some(20)), (31, None), (0, Some(30))] {
            let past = Journal::look(folder.path(), &job(), at(now)).unwrap();
            assert_eq!(past.blocked_for, left.map(Duration::from_secs), "{now}");
        }
    }

    #[test]
    fn another_target_manifest_or_tag_is_another_job() {
        let folder = tempfile::tempdir().unwrap();
        let done = written(folder.path());
        for other in [
            Job { url: "https://other.example.com/".into(), ..job() },
            Job { manifest: "cd".into(), ..job() },
            Job { tag: Some("spring".into()), ..job() },
        ] {
            let (_journal, past) = Journal::open(folder.path(), &other, false, at(20)).unwrap();
            assert_eq!(acknowledged(&past), []);
            // The limit is the service's, whatever is sent there.
            assert_eq!(past.requests.is_empty(), other.url != job().url);
        }
        let past = Journal::look(folder.path(), &job(), at(20)).unwrap();
        assert_eq!(acknowledged(&past), done);
    }

    #[test]
    fn one_process_at_a_time_uploads_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        let held = Journal::open(folder.path(), &job(), false, at(0)).unwrap();
        let refused = Journal::open(folder.path(), &job(), false, at(0)).unwrap_err();
        assert!(matches!(refused, JournalError::Busy { .. }), "{refused}");
        drop(held);
        assert!(Journal::open(folder.path(), &job(), false, at(0)).is_ok());
    }

    #[test]
    fn no_line_follows_one_that_could_not_be_written() {
        let folder = tempfile::tempdir().unwrap();
        let (mut journal, _) = Journal::open(folder.path(), &job(), false, at(0)).unwrap();
        journal.write(JournalEvent::Sending(slice(0, 0, 1)), at(1)).unwrap();
        let path = folder.path().join(JOURNAL);
        let before = fs::read(&path).unwrap();
        // A file that cannot be written simulates a full disk.
        let good = std::mem::replace(&mut journal.file, File::open(&path).unwrap());
        journal.write(JournalEvent::Acknowledged(slice(0, 0, 1)), at(2)).unwrap_err();
        // There is room again, and other answers come in.
        journal.file = good;
        journal.write(JournalEvent::Acknowledged(slice(0, 0, 1)), at(3)).unwrap_err();
        assert_eq!(fs::read(&path).unwrap(), before);
        drop(journal);
        let (_, past) = Journal::open(folder.path(), &job(), false, at(4)).unwrap();
        assert_eq!(acknowledged(&past), []);
        assert_eq!(past.left(0, 1), [slice(0, 0, 1)]);
    }

    #[test]
    fn a_journal_cut_at_any_byte_is_read_to_its_last_whole_line() {
        let folder = tempfile::tempdir().unwrap();
        written(folder.path());
        let path = folder.path().join(JOURNAL);
        let whole = fs::read(&path).unwrap();
        for cut in 0..=whole.len() {
            let lines = whole[..cut].split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
            let expected: Vec<ArraySlice> = lines
                .zip(1..)
                .filter_map(|(line, number)| match decode(number, line)?.event {
                    JournalEvent::Acknowledged(slice) => Some(slice),
                    _ => None,
                })
                .collect();
            let WholeLines { lines, bytes: kept, .. } = read(&whole[..cut]).unwrap();
            let past = Past::of(&lines, &job(), milliseconds(at(20)));
            assert_eq!(acknowledged(&past), expected, "cut at {cut}");
            assert!(cut - kept < whole.len() / lines.len().max(1) * 3, "cut at {cut}");
            // On the disk too, now and then: every open syncs, which takes its time.
            if cut % 16 == 0 {
                fs::write(&path, &whole[..cut]).unwrap();
                drop(Journal::open(folder.path(), &job(), false, at(20)).unwrap());
                // What was cut off is gone, and what was added can be read.
                let again = Journal::look(folder.path(), &job(), at(20)).unwrap();
                assert_eq!(acknowledged(&again), expected, "cut at {cut}");
            }
        }
    }

    #[test]
    fn a_journal_damaged_at_any_byte_forgets_no_acknowledgement() {
        let folder = tempfile::tempdir().unwrap();
        let done = written(folder.path());
        let path = folder.path().join(JOURNAL);
        let whole = fs::read(&path).unwrap();
        for index in 0..whole.len() {
            let number = whole[..index].iter().filter(|&&byte| byte == b'\n').count() as u64 + 1;
            for mask in (0..8).map(|bit| 1 << bit).chain([0xff, b'\n' ^ whole[index]]) {
                let mut flipped = whole.clone();
                flipped[index] ^= mask;
                match read(&flipped) {
                    Ok(WholeLines { lines, .. }) => {
                        let past = Past::of(&lines, &job(), milliseconds(at(20)));
                        assert_eq!(acknowledged(&past), done, "byte {index}");
                    }
                    Err(line) => assert_eq!(line, number, "byte {index}"),
                }
            }
        }
        // On the disk nothing of a damaged journal changes.
        let mut flipped = whole;
        flipped[50] ^= 1;
        fs::write(&path, &flipped).unwrap();
        let error = Journal::open(folder.path(), &job(), false, at(20)).unwrap_err();
        assert!(matches!(error, JournalError::Damaged { line: 1, .. }), "{error}");
        assert_eq!(fs::read(&path).unwrap(), flipped);
    }

    #[test]
    fn a_missing_or_repeated_line_is_damage() {
        let folder = tempfile::tempdir().unwrap();
        written(folder.path());
        let path = folder.path().join(JOURNAL);
        let text = fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let mut without = lines.clone();
        without.remove(3);
        let mut twice = lines.clone();
        twice.insert(3, lines[3]);
        for changed in [without, twice] {
            fs::write(&path, changed.join("\n") + "\n").unwrap();
            let error = Journal::open(folder.path(), &job(), false, at(20)).unwrap_err();
            assert!(matches!(error, JournalError::Damaged { line: 4 | 5, .. }), "{error}");
        }
    }

    #[test]
    fn nothing_is_cut_off_a_journal_that_is_too_large() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(JOURNAL);
        let line = |number| {
            let event = JournalEvent::Acknowledged(slice(0, 0, 1));
            encode(number, &JournalLine { at: 0, event }).unwrap()
        };
        let lines: Vec<u8> = (1..1_000).flat_map(line).collect();
        assert!(lines.len() as u64 > MAX_BYTES);
        fs::write(&path, &lines).unwrap();
        let error = Journal::open(folder.path(), &job(), false, at(0)).unwrap_err();
        assert!(matches!(error, JournalError::Io { .. }), "{error}");
        assert_eq!(fs::read(&path).unwrap(), lines);
    }

    #[test]
    fn a_journal_that_cannot_be_read_is_not_taken_for_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(JOURNAL);
        assert_eq!(Journal::lines(folder.path()).unwrap(), []);
        Journal::check_idle(folder.path()).unwrap();
        fs::create_dir(&path).unwrap();
        let error = Journal::lines(folder.path()).unwrap_err();
        assert!(error.to_string().starts_with(&shown_path(&path).to_string()), "{error}");
        assert!(std::error::Error::source(&error).is_some());
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_the_journal() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        written(folder.path());
        let mode = fs::metadata(folder.path().join(JOURNAL)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
