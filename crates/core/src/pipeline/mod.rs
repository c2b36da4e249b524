//! Runs whole sources on all cores: records in, outcomes out in input order.
//!
//! The calling thread cuts blocks and commits their outcomes in order; the workers of a [`rayon`]
//! pool do the rest. What comes out depends on the records and the options alone, never on the
//! number of threads or the size of blocks.

mod block;
mod deduplicator;
mod deferred;
mod merge_pass;
mod workers;

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use self::block::{BlockOutcome, Worker};
use self::deduplicator::{Admitted, Deduplicator};
use self::deferred::{DeferredContacts, is_name_from_phone};
pub use self::workers::NoThreads;
use self::workers::Workers;
use crate::columns::mapping::ColumnMap;
use crate::contact::Contact;
pub use crate::dedup::spill::{Scratch, ScratchMaker, scratch_in_memory};
use crate::dedup::{Conflict, DedupPolicy};
use crate::encoder::ContactEncoder;
use crate::normalize::Normalizer;
use crate::reason::{Rejection, Warning};
use crate::records::{Position, Record, RecordId, Source, SourceId};
use contactmill_phone::PhoneNumber;

/// A contact to emit.
#[derive(Clone, Debug)]
pub enum Emitted<'e> {
    /// The contact itself, where the run has no [`ContactEncoder`].
    AsIs(Contact<'e>),
    /// The contact as the run's [`ContactEncoder`] writes it.
    Encoded {
        /// The contact's phone number.
        phone: PhoneNumber,
        /// The encoded contact.
        bytes: &'e [u8],
    },
}

impl Emitted<'_> {
    /// The contact's phone number.
    #[must_use]
    pub const fn phone(&self) -> PhoneNumber {
        match self {
            Emitted::AsIs(contact) => contact.phone,
            Emitted::Encoded { phone, .. } => *phone,
        }
    }
}

/// Takes the outcomes of a run.
///
/// Contacts arrive in input order among themselves, and so do rejected records, duplicates and
/// warnings.
pub trait Sink {
    /// Why the sink could take no more.
    type Error;

    /// Takes a contact.
    ///
    /// # Errors
    ///
    /// When it cannot be taken; the run stops.
    fn contact(&mut self, position: Position, contact: Emitted<'_>) -> Result<(), Self::Error>;

    /// Takes a record that was rejected.
    ///
    /// # Errors
    ///
    /// When it cannot be taken; the run stops.
    fn rejected(&mut self, record: Record<'_>, rejection: &Rejection) -> Result<(), Self::Error>;

    /// Takes a record that was merged into the contact of another, or skipped in its favour.
    ///
    /// # Errors
    ///
    /// When it cannot be taken; the run stops.
    fn duplicate(
        &mut self,
        record: Record<'_>,
        kept: RecordId,
        conflicts: &[Conflict],
    ) -> Result<(), Self::Error>;

    /// Takes a warning: a value that was changed or is suspect.
    ///
    /// # Errors
    ///
    /// When it cannot be taken; the run stops.
    fn warning(&mut self, position: Position, warning: &Warning) -> Result<(), Self::Error>;

    /// What to call a source where a warning names a record of it; its number by default.
    fn source_name(&self, source: SourceId) -> String {
        format!("input {}", source.0 + 1)
    }

    /// Takes the progress: bytes and records of the source so far.
    fn progress(&mut self, bytes: u64, records: u64) {
        let _ = (bytes, records);
    }
}

/// One outcome of a run; see [`Outcomes`].
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Outcome<'o> {
    /// A contact to emit.
    Contact {
        /// Where its record stands.
        position: Position,
        /// The contact.
        contact: &'o Emitted<'o>,
    },
    /// A record that was rejected.
    Rejected {
        /// The record.
        record: Record<'o>,
        /// Why.
        rejection: &'o Rejection,
    },
    /// A record that was merged into the contact of another, or skipped in its favour.
    Duplicate {
        /// The record.
        record: Record<'o>,
        /// The record of the other.
        kept: RecordId,
        /// The values that it loses.
        conflicts: &'o [Conflict],
    },
    /// A value that was changed or is suspect.
    Warning {
        /// Where the record stands.
        position: Position,
        /// The warning.
        warning: &'o Warning,
    },
    /// The progress in the current source.
    Progress {
        /// Bytes of the source so far.
        bytes: u64,
        /// Records of the source so far.
        records: u64,
    },
}

/// A [`Sink`] that hands every outcome to a function; see
/// [`Rows`](crate::records::Rows) for an example.
#[derive(Clone, Debug)]
pub struct Outcomes<F>(F);

impl<F: FnMut(Outcome<'_>)> Outcomes<F> {
    /// A sink that calls this function.
    pub const fn new(take: F) -> Self {
        Outcomes(take)
    }
}

impl<F: FnMut(Outcome<'_>)> Sink for Outcomes<F> {
    type Error = Infallible;

    fn contact(&mut self, position: Position, contact: Emitted<'_>) -> Result<(), Infallible> {
        (self.0)(Outcome::Contact { position, contact: &contact });
        Ok(())
    }

    fn rejected(&mut self, record: Record<'_>, rejection: &Rejection) -> Result<(), Infallible> {
        (self.0)(Outcome::Rejected { record, rejection });
        Ok(())
    }

    fn duplicate(
        &mut self,
        record: Record<'_>,
        kept: RecordId,
        conflicts: &[Conflict],
    ) -> Result<(), Infallible> {
        (self.0)(Outcome::Duplicate { record, kept, conflicts });
        Ok(())
    }

    fn warning(&mut self, position: Position, warning: &Warning) -> Result<(), Infallible> {
        (self.0)(Outcome::Warning { position, warning });
        Ok(())
    }

    fn progress(&mut self, bytes: u64, records: u64) {
        (self.0)(Outcome::Progress { bytes, records });
    }
}

/// Where the records ended: records = contacts + duplicates + rejected + blank.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Records read, headers not counted.
    pub records: u64,
    /// Contacts emitted.
    pub contacts: u64,
    /// Records merged into others or skipped in favour of others.
    pub duplicates: u64,
    /// Records rejected.
    pub rejected: u64,
    /// Records without any data.
    pub blank: u64,
    /// Warnings.
    pub warnings: u64,
}

/// Why a run stopped.
#[derive(Debug)]
pub enum Stopped<S, K> {
    /// The source could not be read any further.
    Source(S),
    /// The sink could take no more.
    Sink(K),
    /// Scratch storage could not be written or read back.
    Scratch(io::Error),
    /// The inputs have more records than a run can tell apart: 4,294,967,295.
    TooManyRecords,
    /// [`PipelineOptions::stop`] asked for it.
    Asked,
}

impl<S: fmt::Display, K: fmt::Display> fmt::Display for Stopped<S, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stopped::Source(error) => error.fmt(f),
            Stopped::Sink(error) => error.fmt(f),
            Stopped::Scratch(error) => write!(f, "cannot set contacts aside: {error}"),
            Stopped::TooManyRecords => {
                f.write_str("more than 4,294,967,295 records; split the inputs")
            }
            Stopped::Asked => f.write_str("stopped before the end, as asked"),
        }
    }
}

impl<S, K> std::error::Error for Stopped<S, K>
where
    S: fmt::Debug + fmt::Display,
    K: fmt::Debug + fmt::Display,
{
}

/// How a run works.
#[derive(Clone, Copy)]
pub struct PipelineOptions<'a> {
    /// Number of worker threads; 0 for one per core. With 1, the calling thread does everything.
    pub threads: usize,
    /// Which of several contacts with the same number is kept.
    pub dedup: DedupPolicy,
    /// Encodes contacts and limits their size. Without one, contacts are handed over as they are, of
    /// any size.
    pub encoder: Option<&'a dyn ContactEncoder>,
    /// Makes storage for the contacts that [`Merge`](DedupPolicy::Merge) and
    /// [`Last`](DedupPolicy::Last) defer until everything has been read; in memory by default.
    pub scratch: &'a ScratchMaker<'a>,
    /// Stops the run at the next block once any thread sets it.
    pub stop: Option<&'a AtomicBool>,
}

impl PipelineOptions<'_> {
    fn is_asked_to_stop(&self) -> bool {
        self.stop.is_some_and(|stop| stop.load(Ordering::Relaxed))
    }
}

impl Default for PipelineOptions<'_> {
    fn default() -> Self {
        PipelineOptions {
            threads: 0,
            dedup: DedupPolicy::default(),
            encoder: None,
            scratch: &scratch_in_memory,
            stop: None,
        }
    }
}

/// A run over one source or several.
///
/// ```
/// use contactmill_core::pipeline::{Counts, Emitted, Pipeline, PipelineOptions, Sink};
/// use contactmill_core::columns::FieldMapping;
/// use contactmill_core::dedup::Conflict;
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
        Ok(Pipeline { normalizer, options, workers, counts, deduplicator, deferred })
    }

    /// Runs a source to its end and returns how many records it had.
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
        let Pipeline { normalizer, options, workers, counts, deduplicator, deferred } = self;
        let encoder = options.encoder;
        let worker = Worker { map, normalizer, encoder, dedup: options.dedup };
        let before = counts.records;
        deduplicator.begin_source(id, before);
        let admitted = Vec::new();
        let mut commit = OrderedCommit {
            deduplicator,
            counts,
            deferred,
            encoder,
            sink,
            source: id,
            before,
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
    /// Records of the run before this source.
    before: u64,
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
        let records = self.counts.records - self.before;
        // All numbers are looked up in one go: they are far apart in memory, and a processor waits
        // for several of them at once if nothing else is done between.
        self.admitted.clear();
        for (slot, outcome) in &block.outcomes {
            let Ok(read) = outcome else { continue };
            let id = RecordId { source: self.source, record: records + slot.number() };
            let admitted = self.deduplicator.admit(read.phone.into(), id);
            self.admitted.push(admitted.ok_or(Stopped::TooManyRecords)?);
        }
        let mut next = 0;
        let mut bytes = block.bytes.as_slice();
        let mut warnings = block.warnings.as_slice();
        for (slot, outcome) in &block.outcomes {
            let record = block.arena.get(slot);
            let position = record.position();
            let position =
                Position { source: self.source, record: records + position.record, ..position };
            let record = record.at(position);
            match outcome {
                Ok(read) => {
                    let (own, others) = bytes.split_at(read.bytes);
                    let (own_warnings, other_warnings) = warnings.split_at(read.warnings);
                    (bytes, warnings) = (others, other_warnings);
                    let admitted = self.admitted[next];
                    next += 1;
                    self.contact(record, admitted, read.phone, own, own_warnings)?;
                }
                Err(rejection) => {
                    self.counts.rejected += 1;
                    self.sink.rejected(record, rejection).map_err(Stopped::Sink)?;
                }
            }
        }
        self.counts.records += block.records;
        self.counts.blank += block.blank;
        self.bytes += block.covers;
        self.sink.progress(self.bytes, self.counts.records - self.before);
        match block.failed.take() {
            Some(error) => Err(Stopped::Source(error)),
            None => Ok(block),
        }
    }

    fn contact<E>(
        &mut self,
        record: Record<'_>,
        admitted: Admitted,
        phone: PhoneNumber,
        bytes: &[u8],
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
                let contact = block::emitted(self.encoder, phone, bytes);
                self.sink.contact(position, contact.map_err(Stopped::Scratch)?)
            }
        }
        .map_err(Stopped::Sink)
    }
}
