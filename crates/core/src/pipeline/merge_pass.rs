//! The pass over the log of deferred contacts, once everything has been read: the calling thread
//! decides and merges, workers encode, and the calling thread emits in order.

use std::convert::Infallible;
use std::io;
use std::ops::Range;

use contactmill_phone::PhoneNumber;

use super::block::emitted;
use super::deduplicator::Deduplicator;
use super::deferred::{CANDIDATE, FIRST, WARNING};
use super::run::{Counts, Stopped};
use super::sink::Sink;
use crate::dedup::codec::{Decoder, Encoder};
use crate::dedup::merge::Merger;
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
    Contact(Position, Range<usize>),
    /// The range is of the merged contacts.
    Merged(Position, Range<usize>),
    Duplicate(RecordId, Range<usize>),
}

impl<'m> MergePass<'m> {
    pub(super) const fn new(
        deduplicator: &'m Deduplicator,
        encoder: Option<&'m dyn ContactEncoder>,
        additions: Sorted,
        conflicts: Sorter<'m>,
    ) -> Self {
        MergePass { deduplicator, encoder, next_index: 0, additions, conflicts }
    }

    /// What merged records lose, by their number.
    pub(super) fn into_conflicts(self) -> io::Result<Sorted> {
        self.conflicts.into_sorted()
    }

    /// Decides on the entries of the next chunk.
    pub(super) fn decide(&mut self, chunk: Vec<u8>) -> io::Result<DecidedChunk> {
        let (mut merged, mut decided) = (Vec::new(), Vec::new());
        let mut end = 0;
        for entry in entries(&chunk) {
            // A length stands before each.
            end += 4 + entry.len();
            let entry = self.entry(entry, end, &mut merged)?;
            decided.push(entry.ok_or_else(damaged)?);
        }
        Ok(DecidedChunk { chunk, merged, entries: decided })
    }

    /// What the entry is that ends at this byte of the chunk; `None` if it is damaged.
    fn entry(
        &mut self,
        entry: &[u8],
        end: usize,
        merged: &mut Vec<u8>,
    ) -> io::Result<Option<Entry>> {
        let Some((kind, rest)) = entry.split_first() else { return Ok(None) };
        let mut rest = Decoder(rest);
        Ok(match *kind {
            WARNING => Some(Entry::Warning(end - rest.0.len()..end)),
            FIRST => {
                let Some(position) = rest.position() else { return Ok(None) };
                let index = self.next_index;
                self.next_index += 1;
                if self.additions.next_key() != Some(index) {
                    return Ok(Some(Entry::Contact(position, end - rest.0.len()..end)));
                }
                let start = merged.len();
                let whole = self.merge(index, rest, merged)?;
                whole.map(|()| Entry::Merged(position, start..merged.len()))
            }
            CANDIDATE => self.candidate(rest, end),
            _ => None,
        })
    }

    /// Merges the additions into the contact with this index.
    fn merge(
        &mut self,
        index: u64,
        mut contact: Decoder<'_>,
        merged: &mut Vec<u8>,
    ) -> io::Result<Option<()>> {
        let Some(contact) = contact.contact() else { return Ok(None) };
        let mut merger = Merger::new(contact.into_owned(), self.encoder);
        while let Some(addition) = self.additions.next_of(index)? {
            let mut addition = Decoder(&addition);
            let (Some(number), Some(other)) = (addition.number(), addition.contact()) else {
                return Ok(None);
            };
            let conflicts = merger.merge(&other);
            if !conflicts.is_empty() {
                self.conflicts.push(number, |out| Encoder(out).conflicts(&conflicts))?;
            }
        }
        Encoder(merged).contact(merger.contact());
        Ok(Some(()))
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

impl DecidedChunk {
    /// The contact of an entry, as [`Encoder`] writes it.
    fn contact(&self, entry: &Entry) -> Option<(Position, &[u8])> {
        match entry {
            Entry::Contact(position, range) => Some((*position, self.chunk.get(range.clone())?)),
            Entry::Merged(position, range) => Some((*position, self.merged.get(range.clone())?)),
            Entry::Warning(_) | Entry::Duplicate(..) => None,
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
