//! Runs whole sources on all cores: records in, outcomes out in input order.
//!
//! The calling thread cuts blocks and commits their outcomes in order; the workers of a [`rayon`]
//! pool do the rest. What comes out depends on the records and the options alone, never on the
//! number of threads or the size of blocks.

mod block;
mod deduplicator;
mod deferred;
mod encoded;
mod key_merge;
mod merge_pass;
mod merge_warnings;
mod reader;
mod run;
mod sink;

use std::convert::Infallible;

use self::block::{BlockOutcome, EmittedSize, NotEmitted, ReadOutcome, Worker};
use self::deduplicator::{Admitted, Deduplicator};
use self::deferred::DeferredContacts;
pub use self::encoded::{
    EmittedRecord, EncodedRecord, MERGE_KEY_BYTES, MergeKey, ReadCounts, RecordEncoder,
    TakeDecided, emit_encoded,
};
pub use self::key_merge::KeyMerger;
pub use self::merge_warnings::SourceName;
use self::merge_warnings::is_name_from_phone;
pub use self::reader::{ReadRecord, RecordReader};
pub use self::run::{Counts, PipelineOptions, Stopped};
pub use self::sink::{ColumnDamage, DuplicateEncoder, Emitted, Outcome, Outcomes, Sink};
use crate::columns::column_map::ColumnMap;
pub use crate::dedup::spill::{Scratch, ScratchMaker, Sorted, Sorter, scratch_in_memory};
use crate::encoder::ContactEncoder;
use crate::exclusion::ExclusionRules;
use crate::normalize::Normalizer;
use crate::reason::Warning;
use crate::records::{Position, Record, RecordId, Source, SourceId};
pub use crate::workers::NoThreads;
use crate::workers::Workers;
use contactmill_phone::PhoneNumber;

/// A run over one source or several.
///
/// ```
/// use contactmill_core::pipeline::{Counts, Emitted, Pipeline, PipelineOptions, Sink};
/// use contactmill_core::columns::FieldMapping;
/// use contactmill_core::dedup::Conflict;
/// use contactmill_core::exclusion::Exclusion;
/// use contactmill_core::records::{Block, Integrity, Position, Record, RecordId, Source, SourceId};
/// use contactmill_core::{Normalizer, Options, Rejection, Warning};
///
/// // A source of two records. `contactmill-source` has sources for files.
/// struct Two(bool);
/// impl Source for Two {
///     type Block = Two;
///     type Error = std::convert::Infallible;
///     fn next_block(&mut self) -> Result<Option<Two>, Self::Error> {
///         Ok(std::mem::take(&mut self.0).then_some(Two(true)))
///     }
/// }
/// impl Block for Two {
///     type Error = std::convert::Infallible;
///     fn len_bytes(&self) -> u64 {
///         36
///     }
///     fn visit(&self, visitor: &mut dyn FnMut(Record<'_>)) -> Result<(), Self::Error> {
///         for (record, text) in [(1, "Asha+919876543210"), (2, "Asha0091 98765-43210")] {
///             let position = Position { record, ..Position::default() };
///             visitor(Record::new(text, &[4, text.len()], position, Integrity::Whole));
///         }
///         Ok(())
///     }
/// }
///
/// #[derive(Default)]
/// struct Numbers(Vec<String>);
/// impl Sink for Numbers {
///     type Error = std::convert::Infallible;
///     fn contact(&mut self, _: Position, contact: Emitted<'_>) -> Result<(), Self::Error> {
///         self.0.push(contact.phone().e164().to_string());
///         Ok(())
///     }
///     fn rejected(&mut self, _: Record<'_>, _: &Rejection) -> Result<(), Self::Error> {
///         Ok(())
///     }
///     fn excluded(&mut self, _: Record<'_>, _: Exclusion<'_>) -> Result<(), Self::Error> {
///         Ok(())
///     }
///     fn duplicate(
///         &mut self,
///         _: Record<'_>,
///         _: RecordId,
///         _: &[Conflict],
///     ) -> Result<(), Self::Error> {
///         Ok(())
///     }
///     fn warning(&mut self, _: Position, _: &Warning) -> Result<(), Self::Error> {
///         Ok(())
///     }
/// }
///
/// let normalizer = Normalizer::new(Options::default());
/// let map = FieldMapping::default().resolve(&["Name", "Phone"].map(String::from))?;
/// let mut numbers = Numbers::default();
/// let mut pipeline = Pipeline::new(&normalizer, PipelineOptions::default())?;
/// pipeline.feed(SourceId(0), &mut Two(true), &map, &mut numbers)?;
/// let counts = pipeline.finish(&mut numbers).unwrap();
/// assert_eq!(numbers.0, ["+919876543210"]);
/// assert_eq!((counts.records, counts.contacts, counts.duplicates), (2, 1, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Pipeline<'a> {
    normalizer: &'a Normalizer,
    options: PipelineOptions<'a>,
    workers: Workers,
    counts: Counts,
    /// The number of records of all sources so far, those that are left out among them.
    numbers: u64,
    deduplicator: Deduplicator,
    deferred: DeferredContacts<'a>,
}

impl<'a> Pipeline<'a> {
    /// A run that reads with `normalizer`.
    ///
    /// # Errors
    ///
    /// When threads cannot be started.
    pub fn new(
        normalizer: &'a Normalizer,
        options: PipelineOptions<'a>,
    ) -> Result<Self, NoThreads> {
        let workers = Workers::new(options.threads)?;
        let (counts, deduplicator) = (Counts::default(), Deduplicator::new(options.dedup));
        let deferred = DeferredContacts::new(options.scratch);
        Ok(Pipeline { normalizer, options, workers, counts, numbers: 0, deduplicator, deferred })
    }

    /// Runs a source to its end and returns how many records it handed over.
    ///
    /// # Errors
    ///
    /// When the source cannot be read or the sink takes no more.
    pub fn feed<S, K>(
        &mut self,
        id: SourceId,
        source: &mut S,
        map: &ColumnMap,
        sink: &mut K,
    ) -> Result<u64, Stopped<S::Error, K::Error>>
    where
        S: Source,
        K: Sink,
    {
        let Pipeline { normalizer, options, workers, counts, numbers, deduplicator, deferred } =
            self;
        let encoder = options.encoder;
        let (dedup, exclusion) = (options.dedup, options.exclusion());
        let worker = Worker { map, normalizer, encoder, dedup, exclusion };
        let before = counts.records;
        deduplicator.begin_source(id, *numbers);
        let admitted = Vec::new();
        let mut commit = OrderedCommit {
            deduplicator,
            counts,
            deferred,
            encoder,
            sink,
            source: id,
            map,
            exclusion,
            opt_outs: vec![0; map.consents().len()],
            damage: vec![ColumnDamage::default(); map.columns().count()],
            before,
            numbers: 0,
            bytes: 0,
            admitted,
        };
        workers.in_order(
            || source.next_block().map_err(Stopped::Source),
            |block, committed| {
                // Workers empty the memory: they have the time.
                let buffers = committed.map(BlockOutcome::into_buffers).unwrap_or_default();
                BlockOutcome::of(&block, worker, buffers)
            },
            |outcome| match options.is_asked_to_stop() {
                true => Err(Stopped::Asked),
                false => commit.block(outcome),
            },
        )?;
        commit.report_opt_outs();
        commit.report_damage();
        *numbers += commit.numbers;
        Ok(commit.counts.records - before)
    }

    /// Emits the contacts that were deferred until everything was read; returns the counts of the
    /// whole run.
    ///
    /// # Errors
    ///
    /// When the sink takes no more, or deferred contacts cannot be read back.
    pub fn finish<K: Sink>(
        mut self,
        sink: &mut K,
    ) -> Result<Counts, Stopped<Infallible, K::Error>> {
        let Pipeline { options, workers, counts, deduplicator, deferred, .. } = &mut self;
        if options.dedup.defers() {
            let deferred = std::mem::replace(deferred, DeferredContacts::new(options.scratch));
            deferred.finish(deduplicator, options, workers, counts, sink)?;
        }
        Ok(self.counts)
    }
}

/// Commits the outcomes of blocks in input order.
struct OrderedCommit<'s, 'a, K> {
    deduplicator: &'s mut Deduplicator,
    counts: &'s mut Counts,
    deferred: &'s mut DeferredContacts<'a>,
    encoder: Option<&'a dyn ContactEncoder>,
    sink: &'s mut K,
    source: SourceId,
    map: &'s ColumnMap,
    exclusion: ExclusionRules<'a>,
    /// Contacts that opted out, by column of consents.
    opt_outs: Vec<u64>,
    /// Damage by column.
    damage: Vec<ColumnDamage>,
    /// Records of the run before this source.
    before: u64,
    /// The number of the last record of this source so far.
    numbers: u64,
    bytes: u64,
    /// Where each contact of a block stands among those with its number.
    admitted: Vec<Admitted>,
}

impl<K: Sink> OrderedCommit<'_, '_, K> {
    /// Commits a block and returns it for its memory.
    fn block<E>(
        &mut self,
        mut block: BlockOutcome<E>,
    ) -> Result<BlockOutcome<E>, Stopped<E, K::Error>> {
        let records = self.numbers;
        let read = block.outcomes.iter().filter_map(|(_, outcome)| outcome.as_ref().ok());
        self.deduplicator.prefetch(read.map(|read| read.phone.into()));
        self.admitted.clear();
        for (slot, outcome) in &block.outcomes {
            let Ok(read) = outcome else { continue };
            let id = RecordId { source: self.source, record: records + slot.number() };
            let admitted = self.deduplicator.admit(read.phone.into(), id);
            self.admitted.push(admitted.ok_or(Stopped::TooManyRecords)?);
        }
        let mut next = 0;
        for read in block.read_records() {
            let ReadOutcome { record, outcome, bytes, warnings } = read;
            let position = record.position();
            let position =
                Position { source: self.source, record: records + position.record, ..position };
            let record = record.at(position);
            let phone = outcome.as_ref().map_or_else(NotEmitted::phone, |read| Some(read.phone));
            self.sink.record(record, phone).map_err(Stopped::Sink)?;
            match outcome {
                Ok(read) => {
                    let admitted = self.admitted[next];
                    next += 1;
                    let contact = (read.phone, read.size, bytes);
                    self.contact(record, admitted, contact, warnings)?;
                }
                Err(NotEmitted::Excluded(_, excluded)) => {
                    self.counts.excluded += 1;
                    let exclusion = self.exclusion.exclusion(excluded, self.map);
                    self.sink.excluded(record, exclusion).map_err(Stopped::Sink)?;
                }
                Err(NotEmitted::Rejected(rejection)) => {
                    self.counts.rejected += 1;
                    self.sink.rejected(record, rejection).map_err(Stopped::Sink)?;
                }
            }
        }
        self.counts.records += block.records;
        self.numbers += block.records + block.left_out;
        self.counts.blank += block.blank;
        for (all, opt_outs) in self.opt_outs.iter_mut().zip(&block.opt_outs) {
            *all += opt_outs;
        }
        self.damage.iter_mut().zip(&block.damage).for_each(|(all, damage)| all.add(*damage));
        self.bytes += block.covers;
        self.sink.progress(self.bytes, self.counts.records - self.before);
        match block.failed.take() {
            Some(error) => Err(Stopped::Source(error)),
            None => Ok(block),
        }
    }

    /// Hands over how many contacts of the source opted out, and by which column.
    fn report_opt_outs(&mut self) {
        for (&(column, _), &contacts) in self.map.consents().iter().zip(&self.opt_outs) {
            if contacts > 0 {
                self.sink.opt_outs(self.source, self.map.name(column), contacts);
            }
        }
    }

    /// Hands over how much damage there was in the columns of the source.
    fn report_damage(&mut self) {
        for (column, &damage) in self.damage.iter().enumerate() {
            if damage != ColumnDamage::default() {
                self.sink.damage(self.source, self.map.name(column), damage);
            }
        }
    }

    fn contact<E>(
        &mut self,
        record: Record<'_>,
        admitted: Admitted,
        (phone, size, bytes): (PhoneNumber, EmittedSize, &[u8]),
        warnings: &[Warning],
    ) -> Result<(), Stopped<E, K::Error>> {
        let position = record.position();
        if self.deduplicator.policy().defers() {
            let deferred =
                self.deferred.defer(self.deduplicator, admitted, record, bytes, warnings);
            return deferred.map_err(Stopped::Scratch);
        }
        for warning in warnings {
            // A duplicate is not emitted, so no number stands in for a name.
            if !(admitted.kept.is_some() && is_name_from_phone(warning)) {
                self.counts.warnings += 1;
                self.sink.warning(position, warning).map_err(Stopped::Sink)?;
            }
        }
        match admitted.kept {
            Some(kept) => {
                self.counts.duplicates += 1;
                self.sink.duplicate(record, self.deduplicator.id_of(kept), &[])
            }
            None => {
                self.counts.contacts += 1;
                let contact = block::emitted(self.encoder, phone, size, bytes);
                self.sink.contact(position, contact.map_err(Stopped::Scratch)?)
            }
        }
        .map_err(Stopped::Sink)
    }
}
