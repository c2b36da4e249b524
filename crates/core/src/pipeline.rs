//! Records in, outcomes out in input order, with all cores at work between.
//!
//! The calling thread cuts blocks and settles outcomes; the workers of a [`rayon`] pool do the
//! rest. What comes out depends on the records and the options alone, never on the number of
//! threads or the size of blocks.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::fmt;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};

use rayon::prelude::*;

use crate::contact::Contact;
use crate::dedup::{Conflict, DedupPolicy, Deduper, MatchKey, Merged};
use crate::encoding::{Encoding, Unencoded};
use crate::mapping::{ColumnMap, RecordReading};
use crate::normalize::{Normalized, Normalizer};
use crate::reason::{Reason, Rejection, Warning, WarningCode};
use crate::record::{Block, Integrity, Position, Record, Source, SourceId};

/// Takes what comes out of a run: everything but contacts held for merging in input order.
///
/// Contacts arrive in input order among themselves, and so do rejected records, duplicates and
/// warnings.
pub trait Sink {
    /// Why the sink could take no more.
    type Error;

    /// A contact to be emitted, and the bytes that the run's [`Encoding`] makes of it.
    ///
    /// # Errors
    ///
    /// When it cannot be taken; the run stops.
    fn contact(
        &mut self,
        position: Position,
        contact: &Contact,
        encoded: &[u8],
    ) -> Result<(), Self::Error>;

    /// A record that was rejected.
    ///
    /// # Errors
    ///
    /// When it cannot be taken; the run stops.
    fn rejected(&mut self, record: Record<'_>, rejection: &Rejection) -> Result<(), Self::Error>;

    /// A record that was merged into the contact of another, or skipped in its favour.
    ///
    /// # Errors
    ///
    /// When it cannot be taken; the run stops.
    fn duplicate(
        &mut self,
        record: Record<'_>,
        kept: Position,
        conflicts: &[Conflict],
    ) -> Result<(), Self::Error>;

    /// Something that was changed or is suspect.
    ///
    /// # Errors
    ///
    /// When it cannot be taken; the run stops.
    fn warning(&mut self, position: Position, warning: &Warning) -> Result<(), Self::Error>;

    /// How far the run is: bytes and records of the source so far.
    fn progress(&mut self, bytes: u64, records: u64) {
        let _ = (bytes, records);
    }
}

/// What comes out of a run, one at a time; see [`Outcomes`].
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Outcome<'o> {
    /// A contact to be emitted.
    Contact {
        /// Where its record stands.
        position: Position,
        /// The contact.
        contact: &'o Contact,
        /// What the run's [`Encoding`] makes of it.
        encoded: &'o [u8],
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
        /// Where the record of the other stands.
        kept: Position,
        /// What it loses.
        conflicts: &'o [Conflict],
    },
    /// Something that was changed or is suspect.
    Warning {
        /// Where the record stands.
        position: Position,
        /// What it is.
        warning: &'o Warning,
    },
    /// How far the run is in its source.
    Progress {
        /// Bytes of the source so far.
        bytes: u64,
        /// Records of the source so far.
        records: u64,
    },
}

/// A [`Sink`] that tells a function of everything, in the order of the input; see
/// [`Rows`](crate::Rows) for an example.
#[derive(Clone, Debug)]
pub struct Outcomes<F>(F);

impl<F: FnMut(Outcome<'_>)> Outcomes<F> {
    /// A sink that calls this function.
    pub const fn new(told: F) -> Self {
        Outcomes(told)
    }
}

impl<F: FnMut(Outcome<'_>)> Sink for Outcomes<F> {
    type Error = Infallible;

    fn contact(
        &mut self,
        position: Position,
        contact: &Contact,
        encoded: &[u8],
    ) -> Result<(), Infallible> {
        (self.0)(Outcome::Contact { position, contact, encoded });
        Ok(())
    }

    fn rejected(&mut self, record: Record<'_>, rejection: &Rejection) -> Result<(), Infallible> {
        (self.0)(Outcome::Rejected { record, rejection });
        Ok(())
    }

    fn duplicate(
        &mut self,
        record: Record<'_>,
        kept: Position,
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

/// How many records ended where: records = contacts + duplicates + rejected + blank.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
    /// Somebody asked for it.
    Asked,
}

impl<S: fmt::Display, K: fmt::Display> fmt::Display for Stopped<S, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stopped::Source(error) => error.fmt(f),
            Stopped::Sink(error) => error.fmt(f),
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

/// The threads that a run needs could not be started.
#[derive(Debug)]
pub struct NoThreads(rayon::ThreadPoolBuildError);

impl fmt::Display for NoThreads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot start threads: {}", self.0)
    }
}

impl std::error::Error for NoThreads {}

/// How a run is done.
#[derive(Clone, Copy)]
pub struct Settings<'a> {
    /// Worker threads; 0 for one per core.
    pub threads: usize,
    /// What becomes of duplicates.
    pub dedup: DedupPolicy,
    /// How contacts are written, and how large one may become.
    pub encoding: &'a dyn Encoding,
    /// Set by any thread, it stops the run at the next block.
    pub stop: Option<&'a AtomicBool>,
}

impl Settings<'_> {
    fn is_asked_to_stop(&self) -> bool {
        self.stop.is_some_and(|stop| stop.load(Ordering::Relaxed))
    }
}

impl Default for Settings<'_> {
    fn default() -> Self {
        Settings { threads: 0, dedup: DedupPolicy::default(), encoding: &Unencoded, stop: None }
    }
}

/// A run over one source or several.
///
/// ```
/// use contactmill_core::pipeline::{Counts, Pipeline, Settings, Sink};
/// use contactmill_core::{
///     Block, Conflict, Contact, FieldMapping, Integrity, Normalizer, Options, Position, Record,
///     Rejection, Source, SourceId, Warning,
/// };
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
/// struct Names(Vec<String>);
/// impl Sink for Names {
///     type Error = std::convert::Infallible;
///     fn contact(
///         &mut self,
///         _: Position,
///         contact: &Contact,
///         _: &[u8],
///     ) -> Result<(), Self::Error> {
///         self.0.push(contact.name.to_string());
///         Ok(())
///     }
///     fn rejected(&mut self, _: Record<'_>, _: &Rejection) -> Result<(), Self::Error> {
///         Ok(())
///     }
///     fn duplicate(
///         &mut self,
///         _: Record<'_>,
///         _: Position,
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
/// let mut names = Names::default();
/// let mut pipeline = Pipeline::new(&normalizer, Settings::default())?;
/// pipeline.feed(SourceId(0), &mut Two(true), &map, &mut names)?;
/// let counts = pipeline.finish(&mut names).unwrap();
/// assert_eq!(names.0, ["Asha"]);
/// assert_eq!((counts.records, counts.contacts, counts.duplicates), (2, 1, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Pipeline<'a> {
    normalizer: &'a Normalizer,
    settings: Settings<'a>,
    pool: rayon::ThreadPool,
    deduper: Deduper,
    counts: Counts,
    /// Warnings of records whose contacts are held: they come out beside them, in input order.
    warnings: Vec<(Position, Warning)>,
}

impl<'a> Pipeline<'a> {
    /// A run that reads with `normalizer`.
    ///
    /// # Errors
    ///
    /// When threads cannot be started.
    pub fn new(normalizer: &'a Normalizer, settings: Settings<'a>) -> Result<Self, NoThreads> {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(settings.threads)
            .thread_name(|index| format!("contactmill-{index}"))
            .build()
            .map_err(NoThreads)?;
        let deduper = Deduper::new(settings.dedup);
        let (counts, warnings) = (Counts::default(), Vec::new());
        Ok(Pipeline { normalizer, settings, pool, deduper, counts, warnings })
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
        let (normalizer, settings) = (self.normalizer, self.settings);
        // Enough blocks under way that no worker waits; each holds memory, so not more.
        let ahead = 2 * self.pool.current_num_threads() + 2;
        let pool = &self.pool;
        let mut settle = Settle {
            deduper: &mut self.deduper,
            counts: &mut self.counts,
            warnings: &mut self.warnings,
            encoding: settings.encoding,
            sink,
            source: id,
            records: 0,
            bytes: 0,
        };
        pool.in_place_scope_fifo(|scope| {
            let mut under_way: VecDeque<Receiver<BlockOutcome<S::Error>>> = VecDeque::new();
            let mut reading = true;
            let mut failed = None;
            loop {
                while reading && under_way.len() < ahead {
                    match source.next_block() {
                        Ok(Some(block)) => {
                            let (sender, receiver) = sync_channel(1);
                            scope.spawn_fifo(move |_| {
                                let outcome = BlockOutcome::of(&block, map, normalizer, settings);
                                // Nobody waits any more when the run has stopped.
                                let _ = sender.send(outcome);
                            });
                            under_way.push_back(receiver);
                        }
                        Ok(None) => reading = false,
                        Err(error) => {
                            failed = Some(error);
                            reading = false;
                        }
                    }
                }
                let Some(receiver) = under_way.pop_front() else {
                    break;
                };
                if settings.is_asked_to_stop() {
                    return Err(Stopped::Asked);
                }
                // A worker that panicked sends nothing; the scope passes its panic on.
                let Ok(outcome) = receiver.recv() else { break };
                let settled = settle.block(outcome)?;
                // Giving memory back takes as long as taking it: the workers have the time.
                scope.spawn_fifo(move |_| drop(settled));
            }
            failed.map_or(Ok(settle.records), |error| Err(Stopped::Source(error)))
        })
    }

    /// Hands over what was held back for merging, and the counts of the whole run.
    ///
    /// # Errors
    ///
    /// When the sink takes no more.
    pub fn finish<K: Sink>(
        mut self,
        sink: &mut K,
    ) -> Result<Counts, Stopped<Infallible, K::Error>> {
        self.hand_over_held(sink)?;
        Ok(self.counts)
    }

    fn hand_over_held<K: Sink>(
        &mut self,
        sink: &mut K,
    ) -> Result<(), Stopped<Infallible, K::Error>> {
        let (contacts, duplicates) = std::mem::take(&mut self.deduper).finish();
        for duplicate in &duplicates {
            sink.duplicate(duplicate.record.as_record(), duplicate.kept, &[])
                .map_err(Stopped::Sink)?;
        }
        self.counts.duplicates += duplicates.len() as u64;
        let mut warnings = std::mem::take(&mut self.warnings).into_iter().peekable();
        let encoding = self.settings.encoding;
        // So many at a time that encoded and other contacts are not all in memory at once.
        for some in contacts.chunks(HELD_AT_ONCE) {
            if self.settings.is_asked_to_stop() {
                return Err(Stopped::Asked);
            }
            let encoded: Vec<Vec<u8>> = self.pool.install(|| {
                let encode = |part: &[(Position, Contact)]| {
                    part.iter()
                        .map(|(_, contact)| {
                            let mut encoded = Vec::new();
                            encoding.encode(contact, &mut encoded);
                            encoded
                        })
                        .collect::<Vec<_>>()
                };
                some.par_chunks(HELD_AT_ONCE / 64).flat_map_iter(encode).collect()
            });
            for ((position, contact), encoded) in some.iter().zip(&encoded) {
                while let Some((at, warning)) = warnings.next_if(|(at, _)| at <= position) {
                    self.counts.warnings += 1;
                    sink.warning(at, &warning).map_err(Stopped::Sink)?;
                }
                if contact.name.stands_in() {
                    self.counts.warnings += 1;
                    sink.warning(*position, &name_from_phone(contact)).map_err(Stopped::Sink)?;
                }
                self.counts.contacts += 1;
                sink.contact(*position, contact, encoded).map_err(Stopped::Sink)?;
            }
        }
        for (at, warning) in warnings {
            self.counts.warnings += 1;
            sink.warning(at, &warning).map_err(Stopped::Sink)?;
        }
        Ok(())
    }
}

/// How many held contacts are encoded at a time.
const HELD_AT_ONCE: usize = 1 << 14;

fn name_from_phone(contact: &Contact) -> Warning {
    Warning {
        field: crate::reason::Field::Name,
        code: WarningCode::NameFromPhone,
        before: "".into(),
        after: contact.name.as_str().into(),
    }
}

/// The ordered end: takes the outcomes of blocks in input order.
struct Settle<'s, 'a, K> {
    deduper: &'s mut Deduper,
    counts: &'s mut Counts,
    warnings: &'s mut Vec<(Position, Warning)>,
    encoding: &'a dyn Encoding,
    sink: &'s mut K,
    source: SourceId,
    records: u64,
    bytes: u64,
}

impl<K: Sink> Settle<'_, '_, K> {
    /// Settles a block; what is left of it is handed back to be dropped elsewhere.
    fn block<E>(
        &mut self,
        mut block: BlockOutcome<E>,
    ) -> Result<BlockOutcome<E>, Stopped<E, K::Error>> {
        let mut encoded = block.encoded.as_slice();
        for (slot, outcome) in &mut block.outcomes {
            let record = block.arena.record(slot, self.source, self.records);
            match outcome {
                Ok(read) => {
                    let (own, others) = encoded.split_at(read.bytes);
                    encoded = others;
                    self.contact(record, read, own)
                }
                Err(rejection) => {
                    self.counts.rejected += 1;
                    self.sink.rejected(record, rejection)
                }
            }
            .map_err(Stopped::Sink)?;
        }
        self.records += block.records;
        self.counts.records += block.records;
        self.counts.blank += block.blank;
        self.bytes += block.bytes;
        self.sink.progress(self.bytes, self.records);
        match block.failed.take() {
            Some(error) => Err(Stopped::Source(error)),
            None => Ok(block),
        }
    }

    fn contact(
        &mut self,
        record: Record<'_>,
        read: &mut Encoded,
        encoded: &[u8],
    ) -> Result<(), K::Error> {
        let position = record.position();
        let Some(contact) = read.contact.take_if(|_| self.deduper.policy().holds()) else {
            return self.emit(record, read, encoded);
        };
        // Whether a number stands in for the name is known once nobody can add a name.
        let warnings = read.warnings.drain(..);
        let lasting = warnings.filter(|warning| warning.code != WarningCode::NameFromPhone);
        self.warnings.extend(lasting.map(|warning| (position, warning)));
        match self.deduper.hold(contact, record, self.encoding) {
            Some(Merged { kept, conflicts }) => self.duplicate(record, kept, &conflicts),
            None => Ok(()),
        }
    }

    /// Emits a contact at once, unless it is a duplicate.
    fn emit(&mut self, record: Record<'_>, read: &Encoded, encoded: &[u8]) -> Result<(), K::Error> {
        let position = record.position();
        let Some(contact) = &read.contact else { return Ok(()) };
        let before = self.deduper.admit(MatchKey::of(contact), position);
        for warning in &read.warnings {
            if warning.code != WarningCode::NameFromPhone || before.is_none() {
                self.counts.warnings += 1;
                self.sink.warning(position, warning)?;
            }
        }
        match before {
            Some(kept) => self.duplicate(record, kept, &[]),
            None => {
                self.counts.contacts += 1;
                self.sink.contact(position, contact, encoded)
            }
        }
    }

    fn duplicate(
        &mut self,
        record: Record<'_>,
        kept: Position,
        conflicts: &[Conflict],
    ) -> Result<(), K::Error> {
        self.counts.duplicates += 1;
        self.sink.duplicate(record, kept, conflicts)
    }
}

/// A contact, and how many bytes it has once encoded.
struct Encoded {
    /// Taken when it is held.
    contact: Option<Contact>,
    warnings: Vec<Warning>,
    bytes: usize,
}

/// What a worker made of a block. Positions count within the block.
struct BlockOutcome<E> {
    arena: Arena,
    outcomes: Vec<(Slot, Result<Encoded, Rejection>)>,
    /// The encoded contacts, end to end; none where contacts are held for merging, as they change.
    encoded: Vec<u8>,
    records: u64,
    blank: u64,
    bytes: u64,
    failed: Option<E>,
}

impl<E> BlockOutcome<E> {
    fn of<B: Block<Error = E>>(
        block: &B,
        map: &ColumnMap,
        normalizer: &Normalizer,
        settings: Settings<'_>,
    ) -> Self {
        let mut arena = Arena::default();
        let mut outcomes = Vec::new();
        let mut encoded = Vec::new();
        let (mut records, mut blank) = (0, 0);
        let Settings { encoding, dedup, .. } = settings;
        let failed = block.visit(&mut |record| {
            records += 1;
            let outcome = match map.read(record) {
                RecordReading::Blank => {
                    blank += 1;
                    return;
                }
                RecordReading::Rejected(reason) => Err(reason.into()),
                RecordReading::Contact(raw) => normalizer.normalize(&raw).and_then(|read| {
                    let Normalized { contact, warnings } = read;
                    let before = encoded.len();
                    encoding.encode(&contact, &mut encoded);
                    let mut bytes = encoded.len() - before;
                    if bytes > encoding.max_bytes() {
                        encoded.truncate(before);
                        return Err(Reason::RowExceedsMaxBytes.into());
                    }
                    if dedup.holds() {
                        // It may change yet.
                        encoded.truncate(before);
                        bytes = 0;
                    }
                    Ok(Encoded { contact: Some(contact), warnings, bytes })
                }),
            };
            outcomes.push((arena.keep(record), outcome));
        });
        let bytes = block.len_bytes();
        BlockOutcome { arena, outcomes, encoded, records, blank, bytes, failed: failed.err() }
    }
}

/// The fields of a block's records, end to end: one allocation for many records.
#[derive(Default)]
struct Arena {
    text: String,
    ends: Vec<usize>,
}

/// Where a record lies in an [`Arena`].
struct Slot {
    text: Range<usize>,
    ends: Range<usize>,
    position: Position,
    integrity: Integrity,
}

impl Arena {
    fn keep(&mut self, record: Record<'_>) -> Slot {
        let (text, ends) = (self.text.len(), self.ends.len());
        let mut end = 0;
        for field in record.iter() {
            self.text.push_str(field);
            end += field.len();
            self.ends.push(end);
        }
        Slot {
            text: text..self.text.len(),
            ends: ends..self.ends.len(),
            position: record.position(),
            integrity: record.integrity(),
        }
    }

    /// The record, numbered in its source: `before` records came before the block.
    fn record(&self, slot: &Slot, source: SourceId, before: u64) -> Record<'_> {
        let position = Position { source, record: before + slot.position.record, ..slot.position };
        let text = &self.text[slot.text.clone()];
        Record::new(text, &self.ends[slot.ends.clone()], position, slot.integrity)
    }
}
