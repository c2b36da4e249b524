//! Splits the outcomes of a run into results side by side: one for each value.

use std::borrow::Cow;
use std::collections::HashMap;

use contactmill_core::dedup::Conflict;
use contactmill_core::exclusion::Exclusion;
use contactmill_core::pipeline::{Emitted, ScratchMaker, Sink};
use contactmill_core::records::{Position, Record, RecordId, SourceId};
use contactmill_core::split::{SplitBy, SplitValues};
use contactmill_core::{PhoneNumber, Rejection, Warning};
use contactmill_wire::manifest::Counts;

use crate::contact_counts::ContactCounter;
use crate::contact_writer::ContactWriter;
use crate::error::EmitError;
use crate::file::ResultFiles;
use crate::part_names::PartNames;
use crate::rejects::RejectsFormat;
use crate::result::{Finished, InputTable, ResultWriter};

/// Maximum number of parts. Each is a folder with files of its own, and fills an array in memory.
pub const MAX_PARTS: usize = 1_000;

/// Makes what the contacts of a part are written with.
type MakeContacts<'s> = dyn Fn(&ResultFiles) -> Result<Box<dyn ContactWriter>, EmitError> + 's;

/// Writes the outcomes of each record to the result of its part: a folder with all the files of a
/// result, made when the first record with its value comes.
///
/// Only a record itself says to which part it belongs, and that is remembered, in two bytes a record:
/// contacts and warnings may come when everything has been read.
pub struct SplitWriter<'s> {
    files: &'s ResultFiles,
    inputs: &'s [InputTable<'s>],
    contacts: &'s MakeContacts<'s>,
    scratch: &'s ScratchMaker<'s>,
    by: SplitBy,
    values: SplitValues,
    has_excluded: bool,
    rejects: RejectsFormat,
    names: PartNames,
    by_value: HashMap<String, PartNumber>,
    without_value: Option<PartNumber>,
    parts: Vec<PartWriter<'s>>,
    /// Counts the contacts of all parts.
    counter: ContactCounter,
    /// The part of each record, by source and number.
    of_records: Vec<Vec<PartNumber>>,
    opt_outs: Vec<(SourceId, String, u64)>,
}

/// An index among the parts.
type PartNumber = u16;

/// The result of one part while it is written.
struct PartWriter<'s> {
    value: Option<String>,
    folder: String,
    files: ResultFiles,
    result: ResultWriter<'s>,
    counts: Counts,
    /// Number of records by source.
    records: Vec<u64>,
}

/// A part that was written, but for its manifest.
#[derive(Debug)]
#[non_exhaustive]
pub struct FinishedPart {
    /// The value of its records.
    pub value: Option<String>,
    /// The name of its folder.
    pub folder: String,
    /// Creates further files in the folder.
    pub files: ResultFiles,
    /// Where its records ended.
    pub counts: Counts,
    /// Number of its records by source.
    pub records: Vec<u64>,
    /// What was written.
    pub finished: Finished,
}

impl<'s> SplitWriter<'s> {
    /// A writer of results of these inputs side by side, each with contacts as `contacts` writes them.
    /// The index of each input is its [`SourceId`], and `values` has added their headers.
    pub fn new(
        files: &'s ResultFiles,
        inputs: &'s [InputTable<'s>],
        (by, values): (SplitBy, SplitValues),
        contacts: &'s MakeContacts<'s>,
        scratch: &'s ScratchMaker<'s>,
    ) -> Self {
        SplitWriter {
            files,
            inputs,
            contacts,
            scratch,
            by,
            values,
            has_excluded: false,
            rejects: RejectsFormat::default(),
            names: PartNames::new(),
            by_value: HashMap::new(),
            without_value: None,
            parts: Vec::new(),
            counter: ContactCounter::new(),
            of_records: vec![Vec::new(); inputs.len()],
            opt_outs: Vec::new(),
        }
    }

    /// Writes a table of who was excluded in each part, too; without it nobody can be.
    #[must_use]
    pub fn with_excluded(mut self) -> Self {
        self.has_excluded = true;
        self
    }

    /// What rejected records are written as in each part.
    #[must_use]
    pub fn with_rejects(mut self, rejects: RejectsFormat) -> Self {
        self.rejects = rejects;
        self
    }

    /// Writes what is left. Returns what was written altogether, and each part in the order of their
    /// first records. `records` is the number of records of each input; those that never came are
    /// blank, and so in the part without a value.
    ///
    /// # Errors
    ///
    /// When files cannot be written.
    pub fn finish(mut self, records: &[u64]) -> Result<(Finished, Vec<FinishedPart>), EmitError> {
        self.add_blank(records)?;
        let contacts = self.counter.finish();
        let mut all = Finished { opt_outs: self.opt_outs, contacts, ..Finished::default() };
        let mut parts = Vec::with_capacity(self.parts.len());
        for part in self.parts {
            let PartWriter { value, folder, files, result, mut counts, records } = part;
            let finished = result.finish()?;
            all.add(&finished);
            counts.records = records.iter().sum();
            parts.push(FinishedPart { value, folder, files, counts, records, finished });
        }
        Ok((all, parts))
    }

    fn add_blank(&mut self, records: &[u64]) -> Result<(), EmitError> {
        for (source, &records) in records.iter().enumerate() {
            let known: u64 = self.parts.iter().map(|part| part.records[source]).sum();
            let blank = records.saturating_sub(known);
            if blank > 0 {
                let number = self.number_of(None)?;
                let part = &mut self.parts[usize::from(number)];
                part.records[source] += blank;
                part.counts.blank += blank;
            }
        }
        Ok(())
    }

    /// The number of the part with this value, which is made if it is new.
    fn number_of(&mut self, value: Option<Cow<'_, str>>) -> Result<PartNumber, EmitError> {
        let known = match &value {
            Some(value) => self.by_value.get(value.as_ref()).copied(),
            None => self.without_value,
        };
        if let Some(number) = known {
            return Ok(number);
        }
        let value = value.map(Cow::into_owned);
        let number = PartNumber::try_from(self.parts.len()).ok();
        let Some(number) = number.filter(|&number| usize::from(number) < MAX_PARTS) else {
            return Err(EmitError::TooManyParts { by: self.by.to_string(), max: MAX_PARTS });
        };
        let folder = self.names.name(value.as_deref());
        let files = self.files.part(&folder)?;
        let contacts = (self.contacts)(&files)?;
        let mut result =
            ResultWriter::new(&files, self.inputs, contacts, self.rejects, self.scratch)?;
        if self.has_excluded {
            result = result.with_excluded(&files)?;
        }
        let (counts, records) = (Counts::default(), vec![0; self.inputs.len()]);
        match value.clone() {
            Some(value) => drop(self.by_value.insert(value, number)),
            None => self.without_value = Some(number),
        }
        self.parts.push(PartWriter { value, folder, files, result, counts, records });
        Ok(number)
    }

    /// The part of a record that has come.
    fn part(&mut self, position: Position) -> &mut PartWriter<'s> {
        let records = &self.of_records[position.source.0 as usize];
        let number = records[index_of(position)];
        &mut self.parts[usize::from(number)]
    }
}

/// The index of a record among those of its source.
fn index_of(position: Position) -> usize {
    usize::try_from(position.record.saturating_sub(1)).unwrap_or(usize::MAX)
}

impl Sink for SplitWriter<'_> {
    type Error = EmitError;

    fn record(&mut self, record: Record<'_>, phone: Option<PhoneNumber>) -> Result<(), EmitError> {
        let position = record.position();
        let number = self.number_of(self.values.of_record(record, phone))?;
        let source = position.source.0 as usize;
        self.parts[usize::from(number)].records[source] += 1;
        let of_records = &mut self.of_records[source];
        // Blank records before it have none.
        of_records.resize(index_of(position), PartNumber::MAX);
        of_records.push(number);
        Ok(())
    }

    fn contact(&mut self, position: Position, contact: Emitted<'_>) -> Result<(), EmitError> {
        self.counter.count(&contact);
        let part = self.part(position);
        part.counts.contacts += 1;
        part.result.contact(position, contact)
    }

    fn rejected(&mut self, record: Record<'_>, rejection: &Rejection) -> Result<(), EmitError> {
        let part = self.part(record.position());
        part.counts.rejected += 1;
        part.result.rejected(record, rejection)
    }

    fn excluded(&mut self, record: Record<'_>, exclusion: Exclusion<'_>) -> Result<(), EmitError> {
        let part = self.part(record.position());
        part.counts.excluded += 1;
        part.result.excluded(record, exclusion)
    }

    fn opt_outs(&mut self, source: SourceId, column: &str, contacts: u64) {
        self.opt_outs.push((source, column.to_owned(), contacts));
    }

    fn duplicate(
        &mut self,
        record: Record<'_>,
        kept: RecordId,
        conflicts: &[Conflict],
    ) -> Result<(), EmitError> {
        let part = self.part(record.position());
        part.counts.duplicates += 1;
        part.result.duplicate(record, kept, conflicts)
    }

    fn warning(&mut self, position: Position, warning: &Warning) -> Result<(), EmitError> {
        let part = self.part(position);
        part.counts.warnings += 1;
        part.result.warning(position, warning)
    }

    fn source_name(&self, source: SourceId) -> String {
        self.inputs.get(source.0 as usize).map_or_else(String::new, |input| input.name.to_owned())
    }
}
