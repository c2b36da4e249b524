//! The work on one block: parse, map, normalise, encode.

use std::io;

use contactmill_phone::PhoneNumber;

use super::reader::{ReadRecord, RecordReader};
use super::sink::Emitted;
use crate::columns::mapping::ColumnMap;
use crate::contact::Contact;
use crate::dedup::DedupPolicy;
use crate::dedup::codec::{Decoder, Encoder};
use crate::dedup::spill::damaged;
use crate::encoder::ContactEncoder;
use crate::exclusion::{Excluded, ExclusionRules};
use crate::normalize::Normalizer;
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
pub(super) struct ReadContact {
    pub(super) phone: PhoneNumber,
    /// Its size in [`BlockOutcome::bytes`].
    pub(super) bytes: usize,
    /// Its number of warnings in [`BlockOutcome::warnings`].
    pub(super) warnings: usize,
}

/// Why a record gives no contact.
pub(super) enum NotEmitted {
    Rejected(Rejection),
    /// With the number of the contact.
    Excluded(PhoneNumber, Excluded),
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
        let Worker { map, normalizer, encoder, dedup, exclusion } = worker;
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
        let mut reader = RecordReader::new(map, normalizer);
        let visited = block.visit(&mut |record| {
            read.records += 1;
            let outcome = reader.read(record, |said| match said {
                ReadRecord::Blank => None,
                ReadRecord::Rejected(rejection) => Some(Err(rejection.into())),
                ReadRecord::Contact(contact, warnings) => {
                    let opt_out = read.opt_out(map, record);
                    Some(match exclusion.check(contact, opt_out) {
                        Some(excluded) => Err(NotEmitted::Excluded(contact.phone, excluded)),
                        None => read.contact(contact, warnings, encoder, dedup),
                    })
                }
            });
            match outcome {
                Some(outcome) => read.outcomes.push((read.arena.keep(record), outcome)),
                None => read.blank += 1,
            }
        });
        read.failed = visited.err();
        read
    }

    /// Counts a contact that opted out, and returns the column that says so.
    fn opt_out(&mut self, map: &ColumnMap, record: Record<'_>) -> Option<usize> {
        let nth = map.opt_out(record)?;
        self.opt_outs.resize(map.consents().len(), 0);
        self.opt_outs[nth] += 1;
        Some(map.consents()[nth].0)
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
        encoder: Option<&dyn ContactEncoder>,
        dedup: DedupPolicy,
    ) -> Result<ReadContact, NotEmitted> {
        let before = self.bytes.len();
        match encoder {
            Some(encoder) if !dedup.defers() => {
                encoder.encode(contact, &mut self.bytes);
                if self.bytes.len() - before > encoder.max_bytes() {
                    self.bytes.truncate(before);
                    return Err(Rejection::from(Reason::RowExceedsMaxBytes).into());
                }
            }
            _ => {
                if encoder.is_some_and(|encoder| !encoder.fits(contact)) {
                    return Err(Rejection::from(Reason::RowExceedsMaxBytes).into());
                }
                Encoder(&mut self.bytes).contact(contact);
            }
        }
        let read = ReadContact {
            phone: contact.phone,
            bytes: self.bytes.len() - before,
            warnings: warnings.len(),
        };
        self.warnings.extend(warnings);
        Ok(read)
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
