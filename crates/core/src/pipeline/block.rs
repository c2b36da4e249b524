//! The work on one block: parse, map, normalise, encode.

use std::io;

use contactmill_phone::PhoneNumber;

use super::reader::{ReadRecord, RecordReader};
use super::sink::{ColumnDamage, Emitted};
use crate::columns::column_map::ColumnMap;
use crate::contact::{Contact, EmailAddress};
use crate::dedup::DedupPolicy;
use crate::dedup::codec::{Decoder, Encoder};
use crate::dedup::spill::damaged;
use crate::encoder::ContactEncoder;
use crate::exclusion::{Excluded, ExclusionLists, ExclusionRules};
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
    /// Damage by column; empty where there is none.
    pub(super) damage: Vec<ColumnDamage>,
    /// Bytes of the input that the block covers.
    pub(super) covers: u64,
    pub(super) failed: Option<E>,
}

/// A contact that was read.
#[derive(Clone, Copy)]
pub(super) struct ReadContact {
    pub(super) phone: PhoneNumber,
    /// Its size in [`BlockOutcome::bytes`].
    pub(super) size: EmittedSize,
    /// Its number of warnings in [`BlockOutcome::warnings`].
    pub(super) warnings: usize,
}

/// What became of a record.
pub(super) struct ReadOutcome<'b> {
    pub(super) record: Record<'b>,
    pub(super) outcome: &'b Result<ReadContact, NotEmitted>,
    /// The contact, and what stands behind it.
    pub(super) bytes: &'b [u8],
    pub(super) warnings: &'b [Warning],
}

/// The size of a contact in the bytes that [`emitted`] hands over.
#[derive(Clone, Copy)]
pub(super) struct EmittedSize {
    /// All of it, in bytes.
    pub(super) bytes: usize,
    /// The domain of its e-mail address, behind the encoded contact.
    email_domain: usize,
}

impl EmittedSize {
    /// A contact as [`Encoder`] writes it, without more.
    const fn deferred(bytes: usize) -> Self {
        EmittedSize { bytes, email_domain: 0 }
    }

    /// Appends what stands behind a contact that the run's encoder has written from `start` on.
    fn of_encoded(start: usize, contact: &Contact<'_>, out: &mut Vec<u8>) -> Self {
        let domain = contact.email.as_ref().map_or("", EmailAddress::domain);
        out.extend_from_slice(domain.as_bytes());
        EmittedSize { bytes: out.len() - start, email_domain: domain.len() }
    }

    /// Writes a contact that is final, for [`emitted`].
    pub(super) fn encode(
        encoder: Option<&dyn ContactEncoder>,
        contact: &Contact<'_>,
        out: &mut Vec<u8>,
    ) -> Self {
        let start = out.len();
        match encoder {
            Some(encoder) => {
                encoder.encode(contact, out);
                EmittedSize::of_encoded(start, contact, out)
            }
            None => {
                Encoder(out).contact(contact);
                EmittedSize::deferred(out.len() - start)
            }
        }
    }

    /// Parts the bytes of a contact: as it was encoded, and the domain of its e-mail address.
    pub(super) fn parts(self, bytes: &[u8]) -> (&[u8], &[u8]) {
        bytes.split_at(self.bytes - self.email_domain)
    }
}

/// Why a record gives no contact.
pub(super) enum NotEmitted {
    Rejected(Rejection),
    Excluded(ReadContact, Excluded),
}

impl NotEmitted {
    /// A contact that is excluded before it is encoded.
    const fn excluded(phone: PhoneNumber, excluded: Excluded) -> Self {
        let size = EmittedSize::deferred(0);
        NotEmitted::Excluded(ReadContact { phone, size, warnings: 0 }, excluded)
    }

    /// The number of one that was read.
    pub(super) const fn phone(&self) -> Option<PhoneNumber> {
        match self {
            NotEmitted::Excluded(read, _) => Some(read.phone),
            NotEmitted::Rejected(_) => None,
        }
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
            damage: Vec::new(),
            covers: block.len_bytes(),
            failed: None,
        };
        let mut reader = RecordReader::new(map, normalizer);
        let visited = block.visit(&mut |record| {
            read.records += 1;
            let outcome = reader.read(record, |said| match said {
                ReadRecord::Blank => None,
                ReadRecord::Rejected(rejection) => {
                    read.count_rejected(map, record, &rejection);
                    Some(Err(rejection.into()))
                }
                ReadRecord::Contact(contact, warnings) => {
                    let opt_out = read.opt_out(map, record);
                    Some(match exclusion.check(contact, &warnings, opt_out) {
                        Some(excluded) => Err(NotEmitted::excluded(contact.phone, excluded)),
                        None => read.contact(contact, warnings, worker, record),
                    })
                }
            });
            match outcome {
                Some(outcome) => read.outcomes.push((read.arena.keep(record), outcome)),
                None => read.blank += 1,
            }
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
            (own_bytes, bytes) = bytes.split_at(read.map_or(0, |read| read.size.bytes));
            (own_warnings, warnings) = warnings.split_at(read.map_or(0, |read| read.warnings));
            let record = self.arena.get(slot);
            ReadOutcome { record, outcome, bytes: own_bytes, warnings: own_warnings }
        })
    }

    /// Counts the value for which a record is rejected.
    fn count_rejected(&mut self, map: &ColumnMap, record: Record<'_>, rejection: &Rejection) {
        if let Some(column) = map.column_at_fault(record, &rejection.field) {
            self.damage_of(map, column).rejected += 1;
        }
    }

    /// Counts the values that warnings are about.
    fn count_warnings(&mut self, map: &ColumnMap, record: Record<'_>, warnings: &[Warning]) {
        for warning in warnings {
            if let Some(column) = map.column_with(record, &warning.field, &warning.before) {
                self.damage_of(map, column).warnings += 1;
            }
        }
    }

    fn damage_of(&mut self, map: &ColumnMap, column: usize) -> &mut ColumnDamage {
        self.damage.resize(map.columns().count(), ColumnDamage::default());
        &mut self.damage[column]
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
        record: Record<'_>,
    ) -> Result<ReadContact, NotEmitted> {
        let Worker { map, encoder, dedup, exclusion, .. } = worker;
        let (before, phone) = (self.bytes.len(), contact.phone);
        let (size, fits) = match encoder {
            Some(encoder) if !dedup.defers() => {
                encoder.encode(contact, &mut self.bytes);
                let fits = self.bytes.len() - before <= encoder.max_bytes();
                (EmittedSize::of_encoded(before, contact, &mut self.bytes), fits)
            }
            _ => {
                Encoder(&mut self.bytes).contact(contact);
                let fits = encoder.is_none_or(|encoder| encoder.fits(contact));
                (EmittedSize::deferred(self.bytes.len() - before), fits)
            }
        };
        // What an excluded contact warns of counts nowhere, so that its number is looked up at once.
        if (!fits || !warnings.is_empty())
            && let Some(excluded) = exclusion.check_number(phone)
        {
            self.bytes.truncate(before);
            return Err(NotEmitted::excluded(phone, excluded));
        }
        if !fits {
            self.bytes.truncate(before);
            return Err(Rejection::from(Reason::RowExceedsMaxBytes).into());
        }
        self.count_warnings(map, record, &warnings);
        let read = ReadContact { phone, size, warnings: warnings.len() };
        self.warnings.extend(warnings);
        Ok(read)
    }
}

/// A contact for the sink, from the bytes that a worker made of it.
pub(super) fn emitted<'e>(
    encoder: Option<&dyn ContactEncoder>,
    phone: PhoneNumber,
    size: EmittedSize,
    bytes: &'e [u8],
) -> io::Result<Emitted<'e>> {
    match encoder {
        Some(_) => {
            let (bytes, email_domain) = size.parts(bytes);
            Ok(Emitted::Encoded { phone, bytes, email_domain })
        }
        None => Decoder(bytes).contact().map(Emitted::AsIs).ok_or_else(damaged),
    }
}
