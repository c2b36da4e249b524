//! The work on one block: parse, map, normalise, encode.

use std::io;

use contactmill_phone::PhoneNumber;

use super::sink::Emitted;
use crate::columns::mapping::{ColumnMap, RecordKind};
use crate::contact::{Contact, ContactLists};
use crate::dedup::DedupPolicy;
use crate::dedup::codec::{Decoder, Encoder};
use crate::dedup::spill::damaged;
use crate::encoder::ContactEncoder;
use crate::exclusion::{Excluded, ExclusionLists, ExclusionRules};
use crate::normalize::{Normalized, Normalizer};
use crate::raw::RawContact;
use crate::reason::{Reason, Rejection, Warning};
use crate::records::{Block, Record, RecordArena, RecordSlot};

/// The outcomes of a block. Positions count within the block.
pub(super) struct BlockOutcome<E> {
    pub(super) arena: RecordArena,
    pub(super) outcomes: Vec<(RecordSlot, Result<ReadContact, NotEmitted>)>,
    /// The contacts, end to end: as the run's [`ContactEncoder`] writes them, or as [`Encoder`] does
    /// where there is none or where contacts are not final yet.
    pub(super) bytes: Vec<u8>,
    /// The warnings of all contacts.
    pub(super) warnings: Vec<Warning>,
    pub(super) records: u64,
    /// Records of the input that stand in the block and are left out.
    pub(super) left_out: u64,
    pub(super) blank: u64,
    /// Contacts that opted out, by column of consents; empty where there are none.
    pub(super) opt_outs: Vec<u64>,
    /// Bytes of the input that the block covers.
    pub(super) covers: u64,
    pub(super) failed: Option<E>,
}

/// A contact that was read.
#[derive(Clone, Copy)]
pub(super) struct ReadContact {
    pub(super) phone: PhoneNumber,
    /// Its size in [`BlockOutcome::bytes`].
    pub(super) bytes: usize,
    /// Its number of warnings in [`BlockOutcome::warnings`].
    pub(super) warnings: usize,
}

/// What became of a record.
pub(super) struct ReadOutcome<'b> {
    pub(super) record: Record<'b>,
    pub(super) outcome: &'b Result<ReadContact, NotEmitted>,
    /// The contact.
    pub(super) bytes: &'b [u8],
    pub(super) warnings: &'b [Warning],
}

/// Why a record gives no contact.
pub(super) enum NotEmitted {
    Rejected(Rejection),
    Excluded(ReadContact, Excluded),
}

impl NotEmitted {
    /// A contact that is excluded before it is encoded.
    const fn excluded(phone: PhoneNumber, excluded: Excluded) -> Self {
        NotEmitted::Excluded(ReadContact { phone, bytes: 0, warnings: 0 }, excluded)
    }
}

impl From<Rejection> for NotEmitted {
    fn from(rejection: Rejection) -> Self {
        NotEmitted::Rejected(rejection)
    }
}

/// What a worker needs to know about the run.
#[derive(Clone, Copy)]
pub(super) struct Worker<'w> {
    pub(super) map: &'w ColumnMap,
    pub(super) normalizer: &'w Normalizer,
    pub(super) encoder: Option<&'w dyn ContactEncoder>,
    pub(super) dedup: DedupPolicy,
    pub(super) exclusion: ExclusionRules<'w>,
}

/// The memory of a block that was committed, for the next one.
#[derive(Default)]
pub(super) struct BlockBuffers {
    arena: RecordArena,
    outcomes: Vec<(RecordSlot, Result<ReadContact, NotEmitted>)>,
    bytes: Vec<u8>,
    warnings: Vec<Warning>,
}

impl BlockBuffers {
    /// Maximum kept for the next block, in bytes: after an oversized record the rest is freed.
    const MAX_BYTES: usize = 1 << 20;
}

impl<E> BlockOutcome<E> {
    pub(super) fn of<B: Block<Error = E>>(
        block: &B,
        worker: Worker<'_>,
        buffers: BlockBuffers,
    ) -> Self {
        let Worker { map, normalizer, exclusion, .. } = worker;
        let BlockBuffers { arena, outcomes, bytes, warnings } = buffers;
        let mut read = BlockOutcome {
            arena,
            outcomes,
            bytes,
            warnings,
            records: 0,
            left_out: block.left_out(),
            blank: 0,
            opt_outs: Vec::new(),
            covers: block.len_bytes(),
            failed: None,
        };
        let mut empty = RawContact::default();
        let mut lists = ContactLists::default();
        let visited = block.visit(&mut |record| {
            read.records += 1;
            let outcome = match map.kind(record) {
                RecordKind::Blank => {
                    read.blank += 1;
                    return;
                }
                RecordKind::Rejected(reason) => Err(Rejection::from(reason).into()),
                RecordKind::Contact => {
                    let mut raw: RawContact<'_> = std::mem::take(&mut empty);
                    map.fill(record, &mut raw);
                    let outcome = normalizer.normalize_into(&raw, std::mem::take(&mut lists));
                    let outcome = outcome.map_err(NotEmitted::from);
                    let outcome = outcome.and_then(|Normalized { contact, warnings }| {
                        let opt_out = read.opt_out(map, record);
                        let outcome = match exclusion.check(&contact, opt_out) {
                            Some(excluded) => Err(NotEmitted::excluded(contact.phone, excluded)),
                            None => read.contact(&contact, warnings, worker),
                        };
                        lists = contact.into_lists();
                        outcome
                    });
                    empty = raw.emptied();
                    outcome
                }
            };
            read.outcomes.push((read.arena.keep(record), outcome));
        });
        read.failed = visited.err();
        if let Some(lists) = exclusion.lists {
            read.exclude_numbers(lists);
        }
        read
    }

    /// Excludes the contacts whose numbers are listed.
    fn exclude_numbers(&mut self, lists: &ExclusionLists) {
        let numbers = self.outcomes.iter().enumerate().filter_map(|(index, (_, outcome))| {
            let (Ok(read) | Err(NotEmitted::Excluded(read, _))) = outcome else { return None };
            Some((index, read.phone))
        });
        for (index, excluded) in lists.numbers_of(numbers) {
            let (_, outcome) = &mut self.outcomes[index];
            if let Ok(read) | Err(NotEmitted::Excluded(read, _)) = *outcome {
                *outcome = Err(NotEmitted::Excluded(read, excluded));
            }
        }
    }

    /// Counts a contact that opted out, and returns the column that says so.
    fn opt_out(&mut self, map: &ColumnMap, record: Record<'_>) -> Option<usize> {
        let nth = map.opt_out(record)?;
        self.opt_outs.resize(map.consents().len(), 0);
        self.opt_outs[nth] += 1;
        Some(map.consents()[nth].0)
    }

    /// What became of the records, in order, each with its bytes and warnings.
    pub(super) fn read_records(&self) -> impl Iterator<Item = ReadOutcome<'_>> {
        let (mut bytes, mut warnings) = (self.bytes.as_slice(), self.warnings.as_slice());
        self.outcomes.iter().map(move |(slot, outcome)| {
            let read = match outcome {
                // One whose number is listed was encoded before it was looked up.
                Ok(read) | Err(NotEmitted::Excluded(read, _)) => Some(read),
                Err(NotEmitted::Rejected(_)) => None,
            };
            let (own_bytes, own_warnings);
            (own_bytes, bytes) = bytes.split_at(read.map_or(0, |read| read.bytes));
            (own_warnings, warnings) = warnings.split_at(read.map_or(0, |read| read.warnings));
            let record = self.arena.get(slot);
            ReadOutcome { record, outcome, bytes: own_bytes, warnings: own_warnings }
        })
    }

    /// The memory of the block, emptied.
    pub(super) fn into_buffers(mut self) -> BlockBuffers {
        self.arena.clear(BlockBuffers::MAX_BYTES);
        self.outcomes.clear();
        self.bytes.clear();
        self.bytes.shrink_to(BlockBuffers::MAX_BYTES);
        self.warnings.clear();
        let BlockOutcome { arena, outcomes, bytes, warnings, .. } = self;
        BlockBuffers { arena, outcomes, bytes, warnings }
    }

    fn contact(
        &mut self,
        contact: &Contact<'_>,
        warnings: Vec<Warning>,
        worker: Worker<'_>,
    ) -> Result<ReadContact, NotEmitted> {
        let Worker { encoder, dedup, exclusion, .. } = worker;
        let (before, phone) = (self.bytes.len(), contact.phone);
        let fits = match encoder {
            Some(encoder) if !dedup.defers() => {
                encoder.encode(contact, &mut self.bytes);
                self.bytes.len() - before <= encoder.max_bytes()
            }
            _ => {
                Encoder(&mut self.bytes).contact(contact);
                encoder.is_none_or(|encoder| encoder.fits(contact))
            }
        };
        if !fits {
            self.bytes.truncate(before);
            let oversized = || Rejection::from(Reason::RowExceedsMaxBytes).into();
            let excluded = exclusion.check_number(phone);
            return Err(excluded.map_or_else(oversized, |why| NotEmitted::excluded(phone, why)));
        }
        let (bytes, of_contact) = (self.bytes.len() - before, warnings.len());
        self.warnings.extend(warnings);
        Ok(ReadContact { phone, bytes, warnings: of_contact })
    }
}

/// A contact for the sink, from the bytes that a worker made of it.
pub(super) fn emitted<'e>(
    encoder: Option<&dyn ContactEncoder>,
    phone: PhoneNumber,
    bytes: &'e [u8],
) -> io::Result<Emitted<'e>> {
    match encoder {
        Some(_) => Ok(Emitted::Encoded { phone, bytes }),
        None => Decoder(bytes).contact().map(Emitted::AsIs).ok_or_else(damaged),
    }
}
