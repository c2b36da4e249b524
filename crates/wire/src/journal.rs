//! The journal of an upload: its form, and which contacts it says were acknowledged.
//!
//! `upload.journal` is a text file that only grows. A line is
//!
//! ```text
//! 3f1c09ab 17 {"at":1763650000123,"state":"acknowledged","array":0,"first":0,"end":500}
//! ```
//!
//! a checksum (CRC-32 of the rest of the line), the number of the line, and what happened.

use std::collections::BTreeMap;
use std::io;

use serde::{Deserialize, Serialize};

use crate::object::Object;

/// Some contacts of one import array, one after the other: what one request sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ArraySlice {
    /// The array, by its index in the manifest.
    pub array: u32,
    /// The index of the first contact.
    pub first: u32,
    /// The index behind the last contact.
    pub end: u32,
}

impl ArraySlice {
    /// Number of contacts.
    #[must_use]
    pub fn contacts(self) -> u32 {
        self.end.saturating_sub(self.first)
    }

    /// Two halves, the first of them the smaller. A single contact has none.
    ///
    /// The first half is sent first. If it is acknowledged, the fault is in the second, which then
    /// need not be sent as a whole. As the first is the smaller, one contact among 500 is found in at
    /// most 18 requests.
    pub fn halves(self) -> Option<(ArraySlice, ArraySlice)> {
        if self.contacts() < 2 {
            return None;
        }
        let middle = self.first + self.contacts() / 2;
        Some((ArraySlice { end: middle, ..self }, ArraySlice { first: middle, ..self }))
    }

    /// The first contact, and the others, if there are any.
    pub fn split_first(self) -> (ArraySlice, Option<ArraySlice>) {
        let end = self.first.saturating_add(1).min(self.end);
        let rest = ArraySlice { first: end, ..self };
        (ArraySlice { end, ..self }, (rest.contacts() > 0).then_some(rest))
    }
}

/// What is uploaded, and where to. An acknowledgement counts for the same job alone, so that a rehearsal
/// in the sandbox does not pass for the real upload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// The address that requests go to.
    pub url: String,
    /// SHA-256 of the manifest, in hexadecimal.
    pub manifest: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    /// The tag that the upload adds to every contact.
    pub tag: Option<String>,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalLine {
    /// Milliseconds since 1970.
    pub at: u64,
    /// What happened.
    #[serde(flatten)]
    pub event: JournalEvent,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum JournalEvent {
    /// A run has begun.
    Opened {
        /// What is uploaded, and where to.
        #[serde(flatten)]
        job: Job,
        /// Everything is sent once more: earlier answers no longer count.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        again: bool,
    },
    /// A slice is about to be sent.
    Sending(ArraySlice),
    /// The service has taken all its contacts.
    Acknowledged(ArraySlice),
    /// The service refused it. A single contact is refused for good, more are sent in halves.
    Refused {
        /// The slice.
        #[serde(flatten)]
        slice: ArraySlice,
        /// The status of the answer.
        status: u16,
    },
    /// The service refused one contact, without proof that it is at fault. It is sent again.
    Doubted {
        /// The slice.
        #[serde(flatten)]
        slice: ArraySlice,
        /// The status of the answer.
        status: u16,
    },
    /// The service took a contact once more that it had taken before: so it does take some.
    Checked(ArraySlice),
    /// The service may have taken it or not. It is sent again.
    Unknown(ArraySlice),
    /// It was over the limit. Nothing may be sent until then (milliseconds since 1970).
    Limited {
        /// The slice.
        #[serde(flatten)]
        slice: ArraySlice,
        /// Milliseconds since 1970.
        until: u64,
    },
}

impl JournalEvent {
    /// What a run that begins uploads.
    fn job(&self) -> Option<&Job> {
        match self {
            JournalEvent::Opened { job, .. } => Some(job),
            _ => None,
        }
    }
}

/// A line with this number, as it stands in the journal.
///
/// # Errors
///
/// Never: the JSON of a line can always be written.
pub fn encode(number: u64, line: &JournalLine) -> io::Result<Vec<u8>> {
    let mut checked = format!("{number} ").into_bytes();
    serde_json::to_writer(&mut checked, line)?;
    let mut text = format!("{:08x} ", crc32fast::hash(&checked)).into_bytes();
    text.append(&mut checked);
    text.push(b'\n');
    Ok(text)
}

/// A line, if it is whole and has this number.
#[must_use]
pub fn decode(number: u64, text: &[u8]) -> Option<JournalLine> {
    let (checksum, checked) = text.split_at_checked(9)?;
    let checksum = std::str::from_utf8(checksum.strip_suffix(b" ")?).ok()?;
    if checksum != format!("{:08x}", crc32fast::hash(checked)) {
        return None;
    }
    let json = checked.strip_prefix(format!("{number} ").as_bytes())?;
    let Object(line) = serde_json::from_slice(json).ok()?;
    Some(line)
}

/// The lines in the bytes of a journal.
#[derive(Debug)]
pub struct WholeLines {
    /// The lines.
    pub lines: Vec<JournalLine>,
    /// Size of these lines in bytes. What follows is cut short.
    pub bytes: usize,
    /// Whether the last line has its line end.
    pub is_ended: bool,
}

/// Reads all lines.
///
/// # Errors
///
/// The number of the line that is damaged. A last line that is cut short is left out.
pub fn read(bytes: &[u8]) -> Result<WholeLines, u64> {
    let mut lines = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let number = lines.len() as u64 + 1;
        let rest = bytes.get(at..).unwrap_or_default();
        let Some(length) = rest.iter().position(|&byte| byte == b'\n') else {
            return read_last(number, rest, lines, at);
        };
        lines.push(decode(number, rest.get(..length).unwrap_or_default()).ok_or(number)?);
        at += length + 1;
    }
    Ok(WholeLines { lines, bytes: at, is_ended: true })
}

/// Reads the last line, which has no end: it is whole, cut short, or damaged.
fn read_last(
    number: u64,
    rest: &[u8],
    mut lines: Vec<JournalLine>,
    at: usize,
) -> Result<WholeLines, u64> {
    if let Some(line) = decode(number, rest) {
        lines.push(line);
        return Ok(WholeLines { lines, bytes: at + rest.len(), is_ended: false });
    }
    // A whole line and one byte: the line end is damaged, and nothing was cut short.
    let but_one = rest.split_last().map_or(rest, |(_, before)| before);
    if decode(number, but_one).is_some() {
        return Err(number);
    }
    Ok(WholeLines { lines, bytes: at, is_ended: true })
}

/// The slices that the last job of a journal was acknowledged: by array, the first contact and the one
/// behind the last.
///
/// A rehearsal is another job than the upload: what a sandbox took does not count once the upload has
/// begun. After everything was sent once more, earlier answers do not count either.
///
/// ```
/// use contactmill_wire::journal::{acknowledged, read};
///
/// let line = |number: u64, json: &str| {
///     let checked = format!("{number} {json}");
///     format!("{:08x} {checked}\n", crc32fast::hash(checked.as_bytes()))
/// };
/// let journal = line(1, r#"{"at":0,"state":"opened","url":"https://api.example.com","manifest":"ab"}"#)
///     + &line(2, r#"{"at":0,"state":"acknowledged","array":0,"first":0,"end":500}"#);
/// let lines = read(journal.as_bytes()).unwrap().lines;
/// assert_eq!(acknowledged(&lines)[&0], [(0, 500)]);
/// ```
#[must_use]
pub fn acknowledged(lines: &[JournalLine]) -> BTreeMap<u32, Vec<(u32, u32)>> {
    let mut job = None;
    let mut slices: BTreeMap<u32, Vec<(u32, u32)>> = BTreeMap::new();
    // Without TLS it is a service on this machine: a rehearsal.
    let is_of_service = |job: &&Job| job.url.starts_with("https:");
    let jobs = || lines.iter().rev().filter_map(|line| line.event.job());
    let last = jobs().find(is_of_service).or_else(|| jobs().next());
    for JournalLine { event, .. } in lines {
        match event {
            JournalEvent::Opened { job: opened, again } => {
                job = Some(opened);
                if *again && job == last {
                    slices.clear();
                }
            }
            JournalEvent::Acknowledged(slice) if job == last => {
                slices.entry(slice.array).or_default().push((slice.first, slice.end));
            }
            _ => {}
        }
    }
    slices
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_last_job_was_told_since_it_began_anew_is_acknowledged() {
        let job = |url: &str| Job { url: url.to_owned(), manifest: "ab".to_owned(), tag: None };
        let opened = |url, again| JournalEvent::Opened { job: job(url), again };
        let taken = |array, first| {
            JournalEvent::Acknowledged(ArraySlice { array, first, end: first + 100 })
        };
        let (sandbox, service) = ("http://localhost:1", "https://api.example.com");
        for (name, events, expected) in [
            ("a rehearsal", vec![opened(sandbox, false), taken(0, 0)], vec![(0, 0)]),
            (
                "the upload behind it",
                vec![opened(sandbox, false), taken(0, 0), opened(service, false), taken(1, 0)],
                vec![(1, 0)],
            ),
            (
                "a rehearsal behind it",
                vec![opened(service, false), taken(1, 0), opened(sandbox, false), taken(0, 0)],
                vec![(1, 0)],
            ),
            (
                "two runs of one job",
                vec![opened(service, false), taken(0, 0), opened(service, false), taken(0, 100)],
                vec![(0, 0), (0, 100)],
            ),
            (
                "everything once more",
                vec![opened(service, false), taken(0, 0), opened(service, true), taken(1, 0)],
                vec![(1, 0)],
            ),
            (
                "a rehearsal once more, between two runs",
                vec![
                    opened(service, false),
                    taken(0, 0),
                    opened(sandbox, true),
                    opened(service, false),
                ],
                vec![(0, 0)],
            ),
            ("nothing", vec![], vec![]),
        ] {
            let lines: Vec<_> =
                events.into_iter().map(|event| JournalLine { at: 0, event }).collect();
            let found = acknowledged(&lines);
            let slices = found.iter().flat_map(|(array, slices)| {
                slices.iter().map(move |(first, end)| (*array, *first, *end))
            });
            let expected = expected.iter().map(|&(array, first)| (array, first, first + 100));
            assert_eq!(slices.collect::<Vec<_>>(), expected.collect::<Vec<_>>(), "{name}");
        }
    }
}
