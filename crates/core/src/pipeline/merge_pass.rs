//! The pass over the log of deferred contacts, once everything has been read: the calling thread
//! decides and merges, workers encode, and the calling thread emits in order.

use std::convert::Infallible;
use std::io;
use std::ops::Range;

use contactmill_phone::PhoneNumber;
use foldhash::HashSet;

use super::block::emitted;
use super::deduplicator::Deduplicator;
use super::deferred::{Addition, CANDIDATE, FIRST, VARIANT, WARNING};
use super::run::{Counts, Stopped};
use super::sink::Sink;
use crate::contact::Contact;
use crate::dedup::Conflicts;
use crate::dedup::codec::{Decoder, Encoder};
use crate::dedup::identity::may_be_one;
use crate::dedup::merge::{Merger, SharedWith};
use crate::dedup::spill::{Sorted, Sorter, damaged, entries};
use crate::encoder::ContactEncoder;
use crate::reason::{Field, Warning, WarningCode};
use crate::records::{Position, RecordId};

/// Decides, entry by entry, how the log goes on.
pub(super) struct MergePass<'m> {
    deduplicator: &'m Deduplicator,
    encoder: Option<&'m dyn ContactEncoder>,
    /// The index of the next contact among those that others may be merged into.
    next_index: u64,
    additions: Sorted,
    /// What merged records lose, by their number.
    conflicts: Sorter<'m>,
    /// The indexes of contacts that were merged into one with another form of their number.
    variants: HashSet<u64>,
}

/// What was merged.
pub(super) struct Merged {
    /// What merged records lose, by their number among the duplicates.
    pub(super) conflicts: Sorted,
    /// The indexes of contacts that were merged into one with another form of their number.
    pub(super) variants: HashSet<u64>,
}

/// A chunk of the log, and what its entries are.
pub(super) struct DecidedChunk {
    chunk: Vec<u8>,
    /// Contacts that took something from others, as [`Encoder`] writes them.
    merged: Vec<u8>,
    entries: Vec<Entry>,
}

/// What an entry of the log is. Ranges are of the chunk.
enum Entry {
    Warning(Range<usize>),
    /// A warning about the contact of a record and those of others.
    People(Position, PhoneNumber, People),
    Contact(Position, Range<usize>),
    /// The range is of the merged contacts.
    Merged(Position, Range<usize>),
    Duplicate(RecordId, Range<usize>),
}

/// Whom else a number belongs to.
enum People {
    Shared(SharedWith),
    /// The record whose contact has the other form of the number.
    VariantOf(RecordId),
}

impl People {
    fn warning<K: Sink>(&self, phone: PhoneNumber, sink: &K) -> Warning {
        let record = |id: RecordId| format!("{} record {}", sink.source_name(id.source), id.record);
        let (code, after) = match *self {
            People::Shared(SharedWith { first, others: 0 }) => {
                (WarningCode::PhoneShared, record(first))
            }
            People::Shared(SharedWith { first, others }) => {
                (WarningCode::PhoneShared, format!("{} and {others} more", record(first)))
            }
            People::VariantOf(other) => (WarningCode::PhoneVariantOfAnother, record(other)),
        };
        let before = phone.e164().to_string().into();
        Warning { field: Field::Phone, code, before, after: after.into() }
    }
}

impl<'m> MergePass<'m> {
    pub(super) fn new(
        deduplicator: &'m Deduplicator,
        encoder: Option<&'m dyn ContactEncoder>,
        additions: Sorted,
        conflicts: Sorter<'m>,
    ) -> Self {
        let variants = HashSet::default();
        MergePass { deduplicator, encoder, next_index: 0, additions, conflicts, variants }
    }

    /// What was merged, once all chunks are decided.
    pub(super) fn into_merged(self) -> io::Result<Merged> {
        Ok(Merged { conflicts: self.conflicts.into_sorted()?, variants: self.variants })
    }

    /// Decides on the entries of the next chunk.
    pub(super) fn decide(&mut self, chunk: Vec<u8>) -> io::Result<DecidedChunk> {
        let mut decided = DecidedChunk { chunk, merged: Vec::new(), entries: Vec::new() };
        let DecidedChunk { chunk, merged, entries: out } = &mut decided;
        let mut end = 0;
        for entry in entries(chunk) {
            // A length stands before each.
            end += 4 + entry.len();
            self.entry(entry, end, merged, out)?.ok_or_else(damaged)?;
        }
        Ok(decided)
    }

    /// Decides what the entry is that ends at this byte of the chunk; `None` if it is damaged.
    fn entry(
        &mut self,
        entry: &[u8],
        end: usize,
        merged: &mut Vec<u8>,
        out: &mut Vec<Entry>,
    ) -> io::Result<Option<()>> {
        let Some((kind, rest)) = entry.split_first() else { return Ok(None) };
        let mut rest = Decoder(rest);
        if !matches!(*kind, FIRST | VARIANT) {
            let decided = match *kind {
                WARNING => Some(Entry::Warning(end - rest.0.len()..end)),
                CANDIDATE => self.candidate(rest, end),
                _ => None,
            };
            return Ok(decided.map(|entry| out.push(entry)));
        }
        let Some(position) = rest.position() else { return Ok(None) };
        let index = self.next_index;
        self.next_index += 1;
        let is_merged = *kind == VARIANT && self.variants.contains(&index);
        if *kind == VARIANT {
            let (Some(other), Some(phone)) = (rest.id(), rest.phone()) else { return Ok(None) };
            if !is_merged {
                out.push(Entry::People(position, phone, People::VariantOf(other)));
            }
        }
        let decided = if self.additions.next_key() == Some(index) {
            let start = merged.len();
            let Some(merger) = self.merge(index, rest)? else { return Ok(None) };
            let contact = merger.contact();
            if let Some(shared) = merger.shared_with() {
                out.push(Entry::People(position, contact.phone, People::Shared(shared)));
            }
            Encoder(merged).contact(contact);
            Entry::Merged(position, start..merged.len())
        } else {
            Entry::Contact(position, end - rest.0.len()..end)
        };
        if !is_merged {
            out.push(decided);
        }
        Ok(Some(()))
    }

    /// Merges the additions into the contact with this index; `None` if one is damaged.
    fn merge(&mut self, index: u64, mut contact: Decoder<'_>) -> io::Result<Option<Merger<'m>>> {
        let Some(contact) = contact.contact() else { return Ok(None) };
        let mut merger = Merger::new(contact.into_owned(), self.encoder);
        let mut variant: Option<Variant<'m>> = None;
        while let Some(addition) = self.additions.next_of(index)? {
            let mut addition = Decoder(&addition);
            let (Some(head), Some(other)) = (Addition::decode(&mut addition), addition.contact())
            else {
                return Ok(None);
            };
            match (head.variant, &mut variant) {
                (None, _) => self.lose(head.number, merger.take(&other, head.id))?,
                (Some(index), None) => {
                    let merger = Merger::new(other.into_owned(), self.encoder);
                    variant = Some(Variant { number: head.number, index, merger });
                }
                // What it loses is listed where its own contact stands in the log.
                (Some(_), Some(variant)) => drop(variant.merger.take(&other, head.id)),
            }
        }
        if let Some(variant) = variant {
            self.merge_variant(&mut merger, &variant)?;
        }
        Ok(Some(merger))
    }

    /// Merges a contact with the other form of the number, if both may be one person. Both have merged
    /// what has their own form, so that what comes out is merged no further when it is read again.
    fn merge_variant(&mut self, merger: &mut Merger<'_>, variant: &Variant<'_>) -> io::Result<()> {
        let other: &Contact<'_> = variant.merger.contact();
        if !may_be_one(merger.contact(), other) {
            return Ok(());
        }
        self.variants.insert(variant.index);
        self.lose(variant.number, merger.merge(other))
    }

    /// Notes what a merged record loses.
    fn lose(&mut self, number: u64, conflicts: Conflicts) -> io::Result<()> {
        if conflicts.is_empty() {
            return Ok(());
        }
        self.conflicts.push(number, |out| Encoder(out).conflicts(&conflicts))
    }

    /// The last contact with its number, or a duplicate of that.
    fn candidate(&self, mut entry: Decoder<'_>, end: usize) -> Option<Entry> {
        let number = u32::try_from(entry.number()?).ok()?;
        let position = entry.position()?;
        let start = end - entry.0.len();
        let phone = entry.phone()?;
        entry.contact()?;
        let record = end - entry.0.len();
        Some(match self.deduplicator.successor(phone.into(), number) {
            Some(kept) => Entry::Duplicate(kept, record..end),
            None => Entry::Contact(position, start..record),
        })
    }
}

/// The contact with the other form of a number.
struct Variant<'m> {
    /// The number of its first record among the duplicates.
    number: u64,
    /// The index of its number.
    index: u64,
    merger: Merger<'m>,
}

impl DecidedChunk {
    /// The contact of an entry, as [`Encoder`] writes it.
    fn contact(&self, entry: &Entry) -> Option<(Position, &[u8])> {
        match entry {
            Entry::Contact(position, range) => Some((*position, self.chunk.get(range.clone())?)),
            Entry::Merged(position, range) => Some((*position, self.merged.get(range.clone())?)),
            Entry::Warning(_) | Entry::People(..) | Entry::Duplicate(..) => None,
        }
    }

    /// Encodes the contacts as they are emitted; `None` if one is damaged.
    pub(super) fn encode(self, encoder: Option<&dyn ContactEncoder>) -> Option<EncodedChunk> {
        let (mut encoded, mut contacts) = (Vec::new(), Vec::new());
        for (_, contact) in self.entries.iter().filter_map(|entry| self.contact(entry)) {
            let contact = Decoder(contact).contact()?;
            let before = encoded.len();
            if let Some(encoder) = encoder {
                encoder.encode(&contact, &mut encoded);
            }
            contacts.push(EncodedContact {
                phone: contact.phone,
                stand_in: contact.name.stands_in().then(|| contact.name.as_str().into()),
                bytes: encoded.len() - before,
            });
        }
        Some(EncodedChunk { decided: self, encoded, contacts })
    }
}

/// A chunk whose contacts are encoded.
pub(super) struct EncodedChunk {
    decided: DecidedChunk,
    /// Encoded contacts, end to end; empty where there is no encoder.
    encoded: Vec<u8>,
    contacts: Vec<EncodedContact>,
}

struct EncodedContact {
    phone: PhoneNumber,
    /// The number that stands in for the name.
    stand_in: Option<Box<str>>,
    /// Size of the encoded contact, in bytes.
    bytes: usize,
}

impl EncodedChunk {
    /// Hands the entries over, in order.
    pub(super) fn emit<K: Sink>(
        &self,
        encoder: Option<&dyn ContactEncoder>,
        counts: &mut Counts,
        sink: &mut K,
    ) -> Result<(), Stopped<Infallible, K::Error>> {
        let damaged = || Stopped::Scratch(damaged());
        let chunk = self.decided.chunk.as_slice();
        let (mut contacts, mut encoded) = (self.contacts.iter(), self.encoded.as_slice());
        for entry in &self.decided.entries {
            match entry {
                Entry::Warning(range) => {
                    let mut warning = Decoder(&chunk[range.clone()]);
                    let position = warning.position().ok_or_else(damaged)?;
                    let warning = warning.warning().ok_or_else(damaged)?;
                    counts.warnings += 1;
                    sink.warning(position, &warning).map_err(Stopped::Sink)?;
                }
                Entry::People(position, phone, people) => {
                    counts.warnings += 1;
                    let warning = people.warning(*phone, sink);
                    sink.warning(*position, &warning).map_err(Stopped::Sink)?;
                }
                Entry::Duplicate(kept, range) => {
                    let record = Decoder(&chunk[range.clone()]).record().ok_or_else(damaged)?;
                    counts.duplicates += 1;
                    sink.duplicate(record.as_record(), *kept, &[]).map_err(Stopped::Sink)?;
                }
                Entry::Contact(..) | Entry::Merged(..) => {
                    let (position, contact) = self.decided.contact(entry).ok_or_else(damaged)?;
                    let EncodedContact { phone, stand_in, bytes } =
                        contacts.next().ok_or_else(damaged)?;
                    if let Some(name) = stand_in {
                        counts.warnings += 1;
                        let warning = name_from_phone(name);
                        sink.warning(position, &warning).map_err(Stopped::Sink)?;
                    }
                    let (own, others) = encoded.split_at(*bytes);
                    encoded = others;
                    let bytes = if encoder.is_some() { own } else { contact };
                    let contact = emitted(encoder, *phone, bytes);
                    counts.contacts += 1;
                    sink.contact(position, contact.map_err(Stopped::Scratch)?)
                        .map_err(Stopped::Sink)?;
                }
            }
        }
        Ok(())
    }
}

fn name_from_phone(name: &str) -> Warning {
    Warning {
        field: Field::Name,
        code: WarningCode::NameFromPhone,
        before: "".into(),
        after: name.into(),
    }
}
