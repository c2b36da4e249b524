//! Where the records that a page may show stand: their cells are on the disk, and read again when they are
//! shown.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Seek, SeekFrom, Write};
use std::sync::{Mutex, PoisonError};

use contactmill::{Record, RecordId};
use serde::{Deserialize, Serialize};

/// A record that is rejected, left out, or a duplicate.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Listed {
    pub(crate) source: u32,
    pub(crate) record: u64,
    pub(crate) line: u64,
    /// Why it is listed: a reason, or [`DUPLICATE`].
    pub(crate) code: String,
    /// The field at fault; empty for none.
    pub(crate) field: String,
    pub(crate) cells: Vec<String>,
    /// Of a duplicate, the record that is kept.
    pub(crate) kept: Option<(u32, u64)>,
    /// Of a duplicate, fields and the values of it that are lost.
    pub(crate) conflicts: Vec<(String, String)>,
}

impl Listed {
    pub(crate) fn of(record: Record<'_>, code: &str, field: String) -> Self {
        let position = record.position();
        Listed {
            source: position.source.0,
            record: position.record,
            line: position.line,
            code: code.to_owned(),
            field,
            cells: record.iter().map(str::to_owned).collect(),
            kept: None,
            conflicts: Vec::new(),
        }
    }
}

/// What duplicates are listed under.
pub(crate) const DUPLICATE: &str = "duplicate";

/// The place of a listed record, in 16 bytes: there may be a million of them, twice while they are counted
/// again.
#[derive(Clone, Copy, Debug)]
struct Place {
    /// Group, source and record, each in bits of its own, so that they are in this order.
    key: u64,
    offset: u64,
}

impl Place {
    /// Number of bits of the record in a key: a run numbers no more.
    const RECORD: u32 = 32;
    /// Number of bits of the record and the source.
    const SOURCE: u32 = 56;

    const fn key(group: usize, source: u32, record: u64) -> u64 {
        ((group as u64) << Place::SOURCE) | Place::of_group(source, record)
    }

    const fn of_group(source: u32, record: u64) -> u64 {
        ((source as u64) << Place::RECORD) | record
    }

    /// Source and record.
    const fn id(self) -> u64 {
        self.key & ((1 << Place::SOURCE) - 1)
    }
}

/// The places of all listed records, while they are collected.
pub(crate) struct Collecting {
    file: BufWriter<File>,
    offset: u64,
    groups: Vec<(String, u64)>,
    places: Vec<Place>,
    failed: Option<io::Error>,
}

/// The places of all listed records.
#[derive(Debug)]
pub(crate) struct Places {
    file: Mutex<BufReader<File>>,
    /// By group, and in it in the order of the inputs.
    places: Vec<Place>,
    /// Where each group begins and ends.
    groups: BTreeMap<String, std::ops::Range<usize>>,
}

impl Collecting {
    /// Writes cells to this file, which has no name.
    pub(crate) fn into(file: File) -> Self {
        let (groups, places) = (Vec::new(), Vec::new());
        Collecting { file: BufWriter::new(file), offset: 0, groups, places, failed: None }
    }

    /// Adds a record. Where that fails, the end says so.
    pub(crate) fn add(&mut self, listed: &Listed) {
        if self.failed.is_none() {
            self.failed = self.try_add(listed).err();
        }
    }

    fn try_add(&mut self, listed: &Listed) -> io::Result<()> {
        let group = match self.groups.iter().position(|(code, _)| *code == listed.code) {
            Some(group) => group,
            None => {
                self.groups.push((listed.code.clone(), 0));
                self.groups.len() - 1
            }
        };
        self.groups[group].1 += 1;
        let mut line = serde_json::to_vec(listed)?;
        line.push(b'\n');
        self.file.write_all(&line)?;
        let key = Place::key(group, listed.source, listed.record);
        self.places.push(Place { key, offset: self.offset });
        self.offset += line.len() as u64;
        Ok(())
    }

    /// # Errors
    ///
    /// When something could not be written.
    pub(crate) fn finish(mut self) -> io::Result<Places> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        self.file.flush()?;
        let file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        let mut places = self.places;
        places.sort_unstable_by_key(|place| place.key);
        places.shrink_to_fit();
        let mut groups = BTreeMap::new();
        let mut begin = 0;
        for (code, count) in self.groups {
            let end = begin + usize::try_from(count).unwrap_or(usize::MAX);
            groups.insert(code, begin..end);
            begin = end;
        }
        Ok(Places { file: Mutex::new(BufReader::new(file)), places, groups })
    }
}

impl Places {
    /// The number of records of each group.
    pub(crate) fn counts(&self) -> impl Iterator<Item = (&str, usize)> {
        self.groups.iter().map(|(code, range)| (code.as_str(), range.len()))
    }

    /// Some records of a group, and how many it has.
    pub(crate) fn window(
        &self,
        code: &str,
        from: usize,
        count: usize,
    ) -> io::Result<(usize, Vec<Listed>)> {
        let Some(group) = self.groups.get(code) else { return Ok((0, Vec::new())) };
        let places = &self.places[group.clone()];
        let window = places.iter().skip(from).take(count);
        Ok((places.len(), window.map(|place| self.read(*place)).collect::<io::Result<_>>()?))
    }

    /// The record with this number.
    pub(crate) fn find(&self, source: u32, record: u64) -> io::Result<Option<Listed>> {
        let found = self.groups.values().find_map(|group| {
            let places = &self.places[group.clone()];
            let at = places.binary_search_by_key(&Place::of_group(source, record), |one| one.id());
            at.ok().map(|at| places[at])
        });
        found.map(|place| self.read(place)).transpose()
    }

    fn read(&self, place: Place) -> io::Result<Listed> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(place.offset))?;
        let mut line = Vec::new();
        file.read_until(b'\n', &mut line)?;
        Ok(serde_json::from_slice(&line)?)
    }
}

/// Which record that is.
pub(crate) fn id(record: RecordId) -> (u32, u64) {
    (record.source.0, record.record)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use contactmill::Position;

    use super::*;

    #[test]
    fn records_are_found_in_the_order_of_their_inputs() {
        let mut collecting = Collecting::into(tempfile::tempfile().unwrap());
        for (source, record, code) in [
            (0, 7, "a"),
            (0, 9, "b"),
            (70_000, 1, "a"),
            (0, 4_000_000_000, "a"),
            (70_000, 2, DUPLICATE),
        ] {
            let source = contactmill::SourceId(source);
            let position = Position { source, record, ..Position::default() };
            let text = format!("cell of {record}");
            let ends = [text.len()];
            let integrity = contactmill::Integrity::Whole;
            let record = Record::new(&text, &ends, position, integrity);
            collecting.add(&Listed::of(record, code, String::new()));
        }
        let places = collecting.finish().unwrap();
        let (total, window) = places.window("a", 1, 5).unwrap();
        let found: Vec<(u32, u64)> = window.iter().map(|row| (row.source, row.record)).collect();
        assert_eq!((total, found), (3, vec![(0, 4_000_000_000), (70_000, 1)]));
        assert_eq!(places.find(70_000, 2).unwrap().unwrap().cells, ["cell of 2"]);
        assert!(places.find(1, 7).unwrap().is_none());
        assert_eq!(size_of::<Place>(), 16);
    }
}
