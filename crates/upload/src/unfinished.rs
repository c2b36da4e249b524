//! The uploads of a folder that are not finished, for a program that wants to replace the folder.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use crate::error::UploadError;
use crate::folder::{contacts_in, parts_in};
use crate::journal::{Job, Journal, JournalEvent, JournalLine, Past};

/// An upload that was begun and is not finished: the service has taken some contacts. Only the journal
/// knows which.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnfinishedUpload {
    /// Where contacts were sent.
    pub url: String,
    /// Contacts that were neither acknowledged nor refused.
    pub contacts: u64,
    /// Number of contacts in the folder.
    pub of: u64,
}

impl fmt::Display for UnfinishedUpload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let UnfinishedUpload { url, contacts, of } = self;
        write!(
            f,
            "the upload to {url} is not finished: {contacts} of {of} contacts have no final answer"
        )
    }
}

/// An unfinished upload of a folder, by its manifest and its journal; nothing when none was begun, or
/// all are finished. Nothing is written.
///
/// A rehearsal, which goes to this machine without TLS, counts until something is sent elsewhere.
///
/// # Errors
///
/// When the folder is being uploaded now ([`JournalError::Busy`](crate::JournalError::Busy)), or the
/// manifest or the journal cannot be read.
pub fn unfinished_upload(folder: &Path) -> Result<Option<UnfinishedUpload>, UploadError> {
    let parts = parts_in(folder).into_iter().map(|part| folder.join(part));
    // Each part of a split result is uploaded by itself, and may have been removed since.
    for part in parts.filter(|part| part.is_dir()) {
        if let Some(unfinished_upload) = unfinished_upload_of(&part)? {
            return Ok(Some(unfinished_upload));
        }
    }
    unfinished_upload_of(folder)
}

/// As [`unfinished_upload`], for a folder that is not split.
fn unfinished_upload_of(folder: &Path) -> Result<Option<UnfinishedUpload>, UploadError> {
    Journal::check_idle(folder)?;
    let lines = Journal::lines(folder)?;
    if lines.is_empty() {
        return Ok(None);
    }
    let (of, manifest) = contacts_in(folder)?;
    let begun = begun(&lines, &manifest);
    let is_real = |job: &&Job| !job.url.starts_with("http://");
    let mut that_count: Vec<&Job> = begun.iter().copied().filter(is_real).collect();
    if that_count.is_empty() {
        let last = begun.last().map(|last| last.url.as_str());
        that_count = begun.iter().copied().filter(|job| Some(job.url.as_str()) == last).collect();
    }
    let mut settled: BTreeMap<&str, Ranges> = BTreeMap::new();
    for job in that_count {
        let past = Past::of(&lines, job, 0);
        let ranges = settled.entry(job.url.as_str()).or_default();
        let acknowledged = past.acknowledged.into_iter();
        ranges.extend(acknowledged.flat_map(|(array, slices)| {
            slices.into_iter().map(move |(first, end)| (array, first, end))
        }));
        ranges.extend(past.refused.into_keys().map(|slice| (slice.array, slice.first, slice.end)));
    }
    Ok(settled.into_iter().find_map(|(url, ranges)| {
        let contacts = of.saturating_sub(count_contacts(ranges));
        (contacts > 0).then(|| UnfinishedUpload { url: url.to_owned(), contacts, of })
    }))
}

/// Array, first contact, and the index behind the last.
type Ranges = Vec<(u32, u32, u32)>;

/// The jobs that sent something, in the order in which they were last opened.
fn begun<'l>(lines: &'l [JournalLine], manifest: &str) -> Vec<&'l Job> {
    let mut begun: Vec<&Job> = Vec::new();
    let mut open = None;
    for line in lines {
        match &line.event {
            JournalEvent::Opened { job, .. } => {
                open = Some(job).filter(|job| job.manifest == manifest);
            }
            JournalEvent::Sending(_) => {
                if let Some(job) = open.take() {
                    begun.retain(|known| *known != job);
                    begun.push(job);
                }
            }
            _ => {}
        }
    }
    begun
}

/// Number of contacts in the ranges, each counted once.
fn count_contacts(mut ranges: Ranges) -> u64 {
    ranges.sort_unstable();
    let (mut contacts, mut array, mut behind) = (0, 0, 0);
    for (of, first, end) in ranges {
        if of != array {
            (array, behind) = (of, 0);
        }
        contacts += u64::from(end.saturating_sub(first.max(behind)));
        behind = behind.max(end);
    }
    contacts
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::SystemTime;

    use super::*;
    use crate::journal::JournalError;
    use crate::slice::ArraySlice;

    const REAL: &str = "https://api.example.com/";
    const REHEARSAL: &str = "http://127.0.0.1:8080/";

    /// A folder of two arrays with five contacts.
    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, contacts: u32| {
            format!(r#"{{"path":"{name}","contacts":{contacts},"bytes":0,"sha256":""}}"#)
        };
        let files = [file("import-000001.json", 3), file("import-000002.json", 2)].join(",");
        let manifest = format!(r#"{{"schema":1,"files":[{files}]}}"#);
        fs::write(folder.path().join("manifest.json"), manifest).unwrap();
        folder
    }

    fn job(folder: &Path, url: &str, tag: Option<&str>) -> Job {
        let (_, manifest) = contacts_in(folder).unwrap();
        Job { url: url.to_owned(), manifest, tag: tag.map(str::to_owned) }
    }

    fn upload(folder: &Path, job: &Job, events: &[JournalEvent]) {
        let now = SystemTime::now();
        let (mut journal, _) = Journal::open(folder, job, false, now).unwrap();
        for event in events {
            journal.write(event.clone(), now).unwrap();
        }
    }

    fn slice(array: u32, first: u32, end: u32) -> ArraySlice {
        ArraySlice { array, first, end }
    }

    /// The first array: two contacts in, one refused.
    fn first_array() -> Vec<JournalEvent> {
        vec![
            JournalEvent::Sending(slice(0, 0, 3)),
            JournalEvent::Refused { slice: slice(0, 0, 3), status: 422 },
            JournalEvent::Sending(slice(0, 0, 1)),
            JournalEvent::Refused { slice: slice(0, 0, 1), status: 422 },
            JournalEvent::Sending(slice(0, 1, 3)),
            JournalEvent::Acknowledged(slice(0, 1, 3)),
        ]
    }

    fn second_array() -> Vec<JournalEvent> {
        vec![JournalEvent::Sending(slice(1, 0, 2)), JournalEvent::Acknowledged(slice(1, 0, 2))]
    }

    fn left(folder: &Path) -> Option<(String, u64)> {
        unfinished_upload(folder).unwrap().map(|left| (left.url, left.contacts))
    }

    #[test]
    fn an_upload_that_was_not_begun_or_is_finished_leaves_nothing() {
        let folder = folder();
        let folder = folder.path();
        assert_eq!(left(folder), None);
        let job = job(folder, REAL, None);
        upload(folder, &job, &[]);
        assert_eq!(left(folder), None);
        upload(folder, &job, &first_array());
        assert_eq!(left(folder), Some((REAL.to_owned(), 2)));
        // Under way when a run was killed, or without a clear answer.
        upload(folder, &job, &[JournalEvent::Sending(slice(1, 0, 2))]);
        upload(
            folder,
            &job,
            &[JournalEvent::Sending(slice(1, 0, 2)), JournalEvent::Unknown(slice(1, 0, 2))],
        );
        assert_eq!(left(folder), Some((REAL.to_owned(), 2)));
        upload(folder, &job, &second_array());
        assert_eq!(left(folder), None);
    }

    #[test]
    fn contacts_sent_with_another_tag_count() {
        let folder = folder();
        let folder = folder.path();
        upload(folder, &job(folder, REAL, None), &first_array());
        upload(folder, &job(folder, REAL, Some("spring")), &second_array());
        assert_eq!(left(folder), None);
        // Another result had other contacts.
        let other = Job { manifest: "ab".into(), ..job(folder, "https://b.example.com/", None) };
        upload(folder, &other, &first_array());
        assert_eq!(left(folder), None);
        upload(folder, &job(folder, "https://b.example.com/", None), &second_array());
        assert_eq!(left(folder), Some(("https://b.example.com/".to_owned(), 3)));
    }

    #[test]
    fn a_rehearsal_counts_until_the_real_upload_begins() {
        let folder = folder();
        let folder = folder.path();
        upload(folder, &job(folder, REHEARSAL, None), &first_array());
        assert_eq!(left(folder), Some((REHEARSAL.to_owned(), 2)));
        upload(folder, &job(folder, REAL, None), &second_array());
        assert_eq!(left(folder), Some((REAL.to_owned(), 3)));
        upload(folder, &job(folder, REHEARSAL, None), &second_array());
        assert_eq!(left(folder), Some((REAL.to_owned(), 3)));
        upload(folder, &job(folder, REAL, None), &first_array());
        assert_eq!(left(folder), None);
    }

    #[test]
    fn a_folder_that_is_being_uploaded_is_busy_and_a_damaged_journal_an_error() {
        let folder = folder();
        let folder = folder.path();
        let job = job(folder, REAL, None);
        upload(folder, &job, &[first_array(), second_array()].concat());
        let held = Journal::open(folder, &job, false, SystemTime::now()).unwrap();
        let busy = unfinished_upload(folder).unwrap_err();
        assert!(matches!(busy, UploadError::Journal(JournalError::Busy { .. })), "{busy}");
        drop(held);
        let path = folder.join(crate::JOURNAL);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replacen("422", "423", 1)).unwrap();
        let damaged = unfinished_upload(folder).unwrap_err();
        assert!(matches!(damaged, UploadError::Journal(JournalError::Damaged { .. })), "{damaged}");
    }
}
