//! Fills a result folder with the outcomes of a run.

use std::collections::BTreeMap;
use std::sync::Arc;

use contactmill_core::dedup::Conflict;
use contactmill_core::exclusion::Exclusion;
use contactmill_core::pipeline::{DuplicateEncoder, Emitted, ScratchMaker, Sink};
use contactmill_core::records::{Position, Record, RecordId, SourceId};
use contactmill_core::{Reason, Rejection, Warning, WarningCode};

use contactmill_wire::manifest::OutputFile;

use crate::contact_counts::{ContactCounter, ContactCounts};
use crate::contact_writer::ContactWriter;
use crate::error::EmitError;
use crate::file::ResultFiles;
use crate::index::{IndexWriter, Indexed};
use crate::rejects::RejectsFormat;
use crate::since::{Comparison, KnownContacts};
use crate::tables::{OriginalColumns, Tables};

/// What is known of an input before it is read.
#[derive(Clone, Copy, Debug)]
pub struct InputTable<'h> {
    /// The input as the user named it.
    pub name: &'h str,
    /// Its header row.
    pub header: &'h [String],
}

/// Number of times that something happened, and where it did first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tally {
    /// Number of times.
    pub count: u64,
    /// The first record.
    pub first: Position,
}

/// Fills a staging folder with contacts and tables. What contacts are written as is the business of its
/// [`ContactWriter`].
pub struct ResultWriter<'s> {
    contacts: Box<dyn ContactWriter>,
    index: IndexWriter<'s>,
    /// What is known from an earlier result, if the contacts are compared with one.
    known: Option<Arc<KnownContacts>>,
    tables: Tables,
    counter: ContactCounter,
    finished: Finished,
}

/// What a run has written, without the manifest.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Finished {
    /// The files that the manifest lists: those of contacts, and a workbook of rejected records.
    pub files: Vec<OutputFile>,
    /// Excluded records by reason.
    pub excluded: BTreeMap<Reason, Tally>,
    /// Contacts that opted out, by source and column.
    pub opt_outs: Vec<(SourceId, String, u64)>,
    /// Rejected records by reason.
    pub rejected: BTreeMap<Reason, Tally>,
    /// Warnings by code.
    pub warnings: BTreeMap<WarningCode, Tally>,
    /// What the contacts have in common.
    pub contacts: ContactCounts,
    /// How the contacts compare with those of an earlier result.
    pub compared: Option<Comparison>,
}

impl Finished {
    /// Adds what a part of the run has written, but for its files and its contacts.
    pub(crate) fn add(&mut self, part: &Finished) {
        add_tallies(&mut self.excluded, &part.excluded);
        add_tallies(&mut self.rejected, &part.rejected);
        add_tallies(&mut self.warnings, &part.warnings);
    }
}

fn add_tallies<K: Copy + Ord>(all: &mut BTreeMap<K, Tally>, part: &BTreeMap<K, Tally>) {
    let place = |tally: &Tally| (tally.first.source, tally.first.record);
    for (&key, tally) in part {
        let sum = all.entry(key).or_insert(Tally { count: 0, ..*tally });
        sum.count += tally.count;
        if place(tally) < place(sum) {
            sum.first = tally.first;
        }
    }
}

impl<'s> ResultWriter<'s> {
    /// A writer of the results of these inputs. The index of each is its
    /// [`SourceId`](contactmill_core::records::SourceId). The encoder of the run is the
    /// [`indexing_encoder`](crate::indexing_encoder) of `contacts`.
    ///
    /// # Errors
    ///
    /// When files cannot be created.
    pub fn new(
        files: &ResultFiles,
        inputs: &[InputTable<'_>],
        contacts: Box<dyn ContactWriter>,
        rejects: RejectsFormat,
        scratch: &'s ScratchMaker<'s>,
    ) -> Result<Self, EmitError> {
        let headers: Vec<&[String]> = inputs.iter().map(|input| input.header).collect();
        let names = inputs.iter().map(|input| input.name.to_owned()).collect();
        Ok(ResultWriter {
            contacts,
            index: IndexWriter::new(files, scratch),
            known: None,
            tables: Tables::create(OriginalColumns::of(&headers), names, rejects, files)?,
            counter: ContactCounter::new(),
            finished: Finished::default(),
        })
    }

    /// Writes a table of who was excluded, too; without it nobody can be.
    ///
    /// # Errors
    ///
    /// When the file cannot be created.
    pub fn with_excluded(mut self, files: &ResultFiles) -> Result<Self, EmitError> {
        self.tables.create_excluded(files)?;
        Ok(self)
    }

    /// Writes only contacts that are not known just as they are. The encoder of the run knows the same.
    #[must_use]
    pub fn with_known(mut self, known: Arc<KnownContacts>) -> Self {
        self.known = Some(known);
        self
    }

    /// Writes what is left and returns what was written.
    ///
    /// # Errors
    ///
    /// When files cannot be written.
    pub fn finish(self) -> Result<Finished, EmitError> {
        let mut finished = self.finished;
        finished.files = self.contacts.finish()?;
        finished.compared = self.known.map(Comparison::new);
        self.index.finish(|entry| {
            if let Some(compared) = &mut finished.compared {
                compared.add(entry);
            }
        })?;
        finished.contacts = self.counter.finish();
        finished.files.extend(self.tables.finish()?);
        Ok(finished)
    }
}

fn tally<K: Ord>(tallies: &mut BTreeMap<K, Tally>, key: K, position: Position) {
    tallies
        .entry(key)
        .and_modify(|tally| tally.count += 1)
        .or_insert(Tally { count: 1, first: position });
}

impl Sink for ResultWriter<'_> {
    type Error = EmitError;

    fn contact(&mut self, position: Position, contact: Emitted<'_>) -> Result<(), EmitError> {
        let indexed = Indexed::of(contact, self.known.as_deref());
        let Indexed { entry, is_known, contact } =
            indexed.map_err(|error| self.index.failed(error))?;
        self.index.push(entry).map_err(|error| self.index.failed(error))?;
        if is_known {
            return Ok(());
        }
        self.counter.count(&contact);
        self.contacts.write(position, contact)
    }

    fn rejected(&mut self, record: Record<'_>, rejection: &Rejection) -> Result<(), EmitError> {
        tally(&mut self.finished.rejected, rejection.reason, record.position());
        self.tables.rejected(record, rejection)
    }

    fn excluded(&mut self, record: Record<'_>, exclusion: Exclusion<'_>) -> Result<(), EmitError> {
        tally(&mut self.finished.excluded, exclusion.reason(), record.position());
        self.tables.excluded(record, exclusion)
    }

    fn opt_outs(&mut self, source: SourceId, column: &str, contacts: u64) {
        self.finished.opt_outs.push((source, column.to_owned(), contacts));
    }

    fn duplicate(
        &mut self,
        record: Record<'_>,
        kept: RecordId,
        conflicts: &[Conflict],
    ) -> Result<(), EmitError> {
        self.tables.duplicate(record, kept, conflicts)
    }

    fn duplicate_encoder(&self) -> Option<Arc<dyn DuplicateEncoder>> {
        Some(self.tables.duplicate_encoder())
    }

    fn encoded_duplicate(
        &mut self,
        _: Record<'_>,
        _: RecordId,
        _: &[Conflict],
        encoded: &[u8],
    ) -> Result<(), EmitError> {
        self.tables.encoded_duplicate(encoded)
    }

    fn warning(&mut self, position: Position, warning: &Warning) -> Result<(), EmitError> {
        tally(&mut self.finished.warnings, warning.code, position);
        self.tables.warning(position, warning)
    }

    fn source_name(&self, source: SourceId) -> String {
        self.tables.input(source).to_owned()
    }
}
