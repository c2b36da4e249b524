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

/// The place of a listed record: 24 bytes.
#[derive(Clone, Copy, Debug)]
struct Place {
    source: u32,
    /// In which group, by its number.
    group: u32,
    record: u64,
    offset: u64,
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
        let group = u32::try_from(group).unwrap_or(u32::MAX);
        let Listed { source, record, .. } = *listed;
        self.places.push(Place { source, group, record, offset: self.offset });
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
        places.sort_unstable_by_key(|place| (place.group, place.source, place.record));
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
            let at = places.binary_search_by_key(&(source, record), |one| (one.source, one.record));
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
