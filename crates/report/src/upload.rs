//! How an upload went, by its journal.

use std::fs;
use std::io;
use std::path::Path;

use contactmill_wire::files::JOURNAL;
use contactmill_wire::journal::{self, JournalEvent, JournalLine};

use crate::ReportError;

/// Maximum number of points of the curve.
const POINTS: usize = 120;

/// The last upload of a folder.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Upload {
    /// Where contacts were sent.
    pub(crate) url: String,
    /// Contacts that were acknowledged.
    pub(crate) acknowledged: u64,
    /// Contacts that were refused.
    pub(crate) refused: u64,
    /// How often the service asked to wait.
    pub(crate) limited: u64,
    /// Time from its first line to its last, in milliseconds.
    pub(crate) took: u64,
    /// Milliseconds since its first line, and contacts acknowledged by then.
    pub(crate) curve: Vec<(u64, u64)>,
    /// The line at which the journal cannot be read.
    pub(crate) damaged: Option<u64>,
}

impl Upload {
    /// Reads the journal of a folder, if there is one.
    pub(crate) fn read(folder: &Path) -> Result<Option<Self>, ReportError> {
        let path = folder.join(JOURNAL);
        match fs::read(&path) {
            Ok(bytes) => Ok(Self::of_journal(&bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(ReportError::Unreadable { path, error }),
        }
    }

    fn of_journal(bytes: &[u8]) -> Option<Self> {
        let lines = match journal::read(bytes) {
            Ok(whole) => whole.lines,
            Err(line) => return Some(Upload { damaged: Some(line), ..Upload::default() }),
        };
        let job = lines.iter().rev().find_map(|line| match &line.event {
            JournalEvent::Opened { job, .. } => Some(job.clone()),
            _ => None,
        })?;
        // A rehearsal is another job, and what was sent before everything was sent again counts no more.
        let mut of_job: Vec<&JournalLine> = Vec::new();
        let mut is_of_job = false;
        for line in &lines {
            if let JournalEvent::Opened { job: opened, again } = &line.event {
                is_of_job = *opened == job;
                if is_of_job && *again {
                    of_job.clear();
                }
            }
            if is_of_job {
                of_job.push(line);
            }
        }
        let mut upload = Upload { url: job.url, ..Upload::default() };
        of_job.iter().for_each(|line| upload.take(line, of_job[0].at));
        upload.curve = thinned(std::mem::take(&mut upload.curve));
        Some(upload)
    }

    fn take(&mut self, line: &JournalLine, start: u64) {
        // A clock may be put back.
        self.took = self.took.max(line.at.saturating_sub(start));
        match &line.event {
            JournalEvent::Acknowledged(slice) => {
                self.acknowledged += u64::from(slice.contacts());
                self.curve.push((self.took, self.acknowledged));
            }
            JournalEvent::Refused { slice, .. } if slice.contacts() == 1 => self.refused += 1,
            JournalEvent::Limited { .. } => self.limited += 1,
            _ => {}
        }
    }
}

/// Some points of a curve, evenly spread over them, with the last.
fn thinned(curve: Vec<(u64, u64)>) -> Vec<(u64, u64)> {
    let step = curve.len().div_ceil(POINTS).max(1);
    let last = curve.last().copied();
    let mut kept: Vec<_> = curve.into_iter().step_by(step).collect();
    kept.extend(last.filter(|last| kept.last() != Some(last)));
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use contactmill_wire::journal::{ArraySlice, Job};

    fn journal(events: Vec<JournalEvent>) -> Vec<u8> {
        let line = |(at, event): (u64, JournalEvent)| {
            journal::encode(at + 1, &JournalLine { at: at * 500, event }).unwrap()
        };
        (0..).zip(events).flat_map(line).collect()
    }

    fn opened(url: &str, again: bool) -> JournalEvent {
        JournalEvent::Opened {
            job: Job { url: url.into(), manifest: "ab".into(), tag: None },
            again,
        }
    }

    fn slice(first: u32, end: u32) -> ArraySlice {
        ArraySlice { array: 0, first, end }
    }

    #[test]
    fn a_rehearsal_and_what_was_sent_again_do_not_count() {
        let upload = Upload::of_journal(&journal(vec![
            opened("http://127.0.0.1:1", false),
            JournalEvent::Acknowledged(slice(0, 500)),
            opened("https://api.example.com", false),
            JournalEvent::Acknowledged(slice(0, 100)),
            opened("https://api.example.com", true),
            JournalEvent::Acknowledged(slice(0, 250)),
            JournalEvent::Refused { slice: slice(250, 500), status: 422 },
            JournalEvent::Refused { slice: slice(250, 251), status: 422 },
            JournalEvent::Limited { slice: slice(251, 500), until: 9_000 },
            JournalEvent::Acknowledged(slice(251, 500)),
        ]));
        let upload = upload.unwrap();
        assert_eq!(upload.url, "https://api.example.com");
        assert_eq!((upload.acknowledged, upload.refused, upload.limited), (499, 1, 1));
        assert_eq!((upload.took, upload.curve), (2_500, vec![(500, 250), (2_500, 499)]));
    }

    #[test]
    fn a_damaged_journal_is_reported_and_a_long_one_is_thinned() {
        let mut bytes = journal(vec![opened("https://api.example.com", false); 3]);
        bytes[20] ^= 1;
        assert_eq!(Upload::of_journal(&bytes).unwrap().damaged, Some(1));
        assert_eq!(Upload::of_journal(b""), None);
        let curve = thinned((0..10_001).map(|n| (n, n)).collect());
        assert!(curve.len() <= POINTS + 1 && curve.last() == Some(&(10_000, 10_000)));
    }
}
