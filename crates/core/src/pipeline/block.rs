//! What a worker makes of a block.

use std::io;

use contactmill_phone::PhoneNumber;

use super::Emitted;
use crate::columns::mapping::{ColumnMap, RecordForm};
use crate::contact::{Contact, ContactLists};
use crate::dedup::DedupPolicy;
use crate::dedup::codec::{Packer, Unpacker};
use crate::dedup::spill::damaged;
use crate::encoder::Encoding;
use crate::normalize::{Normalized, Normalizer};
use crate::raw::RawContact;
use crate::reason::{Reason, Rejection, Warning};
use crate::records::{Block, RecordArena, RecordSlot};

/// What a worker made of a block. Positions count within the block.
pub(super) struct BlockOutcome<E> {
    pub(super) arena: RecordArena,
    pub(super) outcomes: Vec<(RecordSlot, Result<Read, Rejection>)>,
    /// The contacts, end to end: encoded, or packed where there is no encoding or where they may
    /// change yet.
    pub(super) bytes: Vec<u8>,
    /// The warnings of all contacts.
    pub(super) warnings: Vec<Warning>,
    pub(super) records: u64,
    pub(super) blank: u64,
    /// How many bytes of the input the block covers.
    pub(super) covers: u64,
    pub(super) failed: Option<E>,
}

/// A contact.
pub(super) struct Read {
    pub(super) phone: PhoneNumber,
    /// How many bytes it takes.
    pub(super) bytes: usize,
    /// How many warnings it has.
    pub(super) warnings: usize,
}

/// What a worker knows.
#[derive(Clone, Copy)]
pub(super) struct Worker<'w> {
    pub(super) map: &'w ColumnMap,
    pub(super) normalizer: &'w Normalizer,
    pub(super) encoding: Option<&'w dyn Encoding>,
    pub(super) dedup: DedupPolicy,
}

/// Memory of a block that was settled, for the next.
#[derive(Default)]
pub(super) struct Spare {
    arena: RecordArena,
    outcomes: Vec<(RecordSlot, Result<Read, Rejection>)>,
    bytes: Vec<u8>,
    warnings: Vec<Warning>,
}

impl Spare {
    /// What a block may leave behind for the next: after a record that is too large, less is kept.
    const MOST_BYTES: usize = 1 << 20;
}

impl<E> BlockOutcome<E> {
    pub(super) fn of<B: Block<Error = E>>(block: &B, worker: Worker<'_>, spare: Spare) -> Self {
        let Worker { map, normalizer, encoding, dedup } = worker;
        let Spare { arena, outcomes, bytes, warnings } = spare;
        let mut read = BlockOutcome {
            arena,
            outcomes,
            bytes,
            warnings,
            records: 0,
            blank: 0,
            covers: block.len_bytes(),
            failed: None,
        };
        let mut spare = RawContact::default();
        let mut lists = ContactLists::default();
        let visited = block.visit(&mut |record| {
            read.records += 1;
            let outcome = match map.form(record) {
                RecordForm::Blank => {
                    read.blank += 1;
                    return;
                }
                RecordForm::Rejected(reason) => Err(reason.into()),
                RecordForm::Contact => {
                    let mut raw: RawContact<'_> = std::mem::take(&mut spare);
                    map.fill(record, &mut raw);
                    let outcome = normalizer.normalize_into(&raw, std::mem::take(&mut lists));
                    let outcome = outcome.and_then(|Normalized { contact, warnings }| {
                        let outcome = read.contact(&contact, warnings, encoding, dedup);
                        lists = contact.into_lists();
                        outcome
                    });
                    spare = raw.emptied();
                    outcome
                }
            };
            read.outcomes.push((read.arena.keep(record), outcome));
        });
        read.failed = visited.err();
        read
    }

    /// The memory of the block, emptied.
    pub(super) fn into_spare(mut self) -> Spare {
        self.arena.clear(Spare::MOST_BYTES);
        self.outcomes.clear();
        self.bytes.clear();
        self.bytes.shrink_to(Spare::MOST_BYTES);
        self.warnings.clear();
        let BlockOutcome { arena, outcomes, bytes, warnings, .. } = self;
        Spare { arena, outcomes, bytes, warnings }
    }

    fn contact(
        &mut self,
        contact: &Contact<'_>,
        warnings: Vec<Warning>,
        encoding: Option<&dyn Encoding>,
        dedup: DedupPolicy,
    ) -> Result<Read, Rejection> {
        let before = self.bytes.len();
        match encoding {
            Some(encoding) if !dedup.holds() => {
                encoding.encode(contact, &mut self.bytes);
                if self.bytes.len() - before > encoding.max_bytes() {
                    self.bytes.truncate(before);
                    return Err(Reason::RowExceedsMaxBytes.into());
                }
            }
            _ => {
                if encoding.is_some_and(|encoding| !encoding.takes(contact)) {
                    return Err(Reason::RowExceedsMaxBytes.into());
                }
                Packer(&mut self.bytes).contact(contact);
            }
        }
        let read = Read {
            phone: contact.phone,
            bytes: self.bytes.len() - before,
            warnings: warnings.len(),
        };
        self.warnings.extend(warnings);
        Ok(read)
    }
}

/// A contact for the sink, from the bytes that a worker has made of it.
pub(super) fn emitted<'e>(
    encoding: Option<&dyn Encoding>,
    phone: PhoneNumber,
    bytes: &'e [u8],
) -> io::Result<Emitted<'e>> {
    match encoding {
        Some(_) => Ok(Emitted::Encoded { phone, bytes }),
        None => Unpacker(bytes).contact().map(Emitted::AsIs).ok_or_else(damaged),
    }
}
