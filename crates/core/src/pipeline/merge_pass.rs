//! The pass over the log of deferred contacts, once everything has been read: workers decide, merge and
//! encode, chunk by chunk, and the calling thread emits in order.

use std::convert::Infallible;
use std::io;
use std::ops::Range;

use contactmill_phone::PhoneNumber;
use foldhash::HashSet;

use super::block::{EmittedSize, emitted};
use super::deduplicator::Deduplicator;
use super::deferred::{Addition, CANDIDATE, FIRST, VARIANT, WARNING};
use super::merge_warnings::{name_from_phone, phone_shared, phone_variant_of_another};
use super::run::{Counts, Stopped};
use super::sink::Sink;
use crate::contact::{Contact, ContactLists};
use crate::dedup::Conflict;
use crate::dedup::codec::{Decoder, Encoder};
use crate::dedup::identity::may_be_one;
use crate::dedup::merge::{Merger, SharedWith};
use crate::dedup::spill::{LogChunks, Sorted, SortedEntries, Sorter, damaged, entries};
use crate::encoder::ContactEncoder;
use crate::reason::Warning;
use crate::records::{Position, RecordId};

/// The log, in chunks, each with what is added to its contacts.
pub(super) struct DeferredChunks {
    log: LogChunks,
    additions: Sorted,
    /// The index of the next contact among those that others may be merged into.
    next_index: u64,
}

/// A chunk of the log.
pub(super) struct DeferredChunk {
    log: Vec<u8>,
    /// The index of its first contact among those that others may be merged into.
    first_index: u64,
    additions: Vec<u8>,
}

impl DeferredChunks {
    pub(super) const fn new(log: LogChunks, additions: Sorted) -> Self {
        DeferredChunks { log, additions, next_index: 0 }
    }

    pub(super) fn next_chunk(&mut self) -> io::Result<Option<DeferredChunk>> {
        let Some(log) = self.log.next_chunk()? else { return Ok(None) };
        let first_index = self.next_index;
        let is_contact = |entry: &&[u8]| matches!(entry.first(), Some(&(FIRST | VARIANT)));
        self.next_index += entries(&log).filter(is_contact).count() as u64;
        let additions = self.additions.below(self.next_index)?;
        Ok(Some(DeferredChunk { log, first_index, additions }))
    }
}

/// What a worker needs to know of the run.
#[derive(Clone, Copy)]
pub(super) struct MergeWorker<'m> {
    pub(super) deduplicator: &'m Deduplicator,
    pub(super) encoder: Option<&'m dyn ContactEncoder>,
}

/// A chunk whose entries are decided.
#[derive(Default)]
pub(super) struct MergedChunk {
    log: Vec<u8>,
    entries: Vec<Entry>,
    /// The contacts, end to end: as the run's [`ContactEncoder`] writes them, or as [`Encoder`] does.
    contacts: Vec<u8>,
    /// What merged records lose, encoded, end to end.
    conflicts: Vec<u8>,
    /// By the number of a record among the duplicates, where what it loses ends.
    conflict_ends: Vec<(u64, usize)>,
    /// The indexes of contacts that were merged into one with another form of their number.
    variants: Vec<u64>,
}

/// What an entry of the log is. Ranges are of the chunk.
enum Entry {
    Warning(Range<usize>),
    /// A warning about the contact of a record and those of others.
    People(Position, PhoneNumber, People),
    Contact(MergedContact),
    Duplicate(RecordId, Range<usize>),
}

struct MergedContact {
    position: Position,
    phone: PhoneNumber,
    /// The number that stands in for the name.
    stand_in: Option<Box<str>>,
    /// Size in [`MergedChunk::contacts`].
    size: EmittedSize,
    /// Where another form of the number came first.
    variant: Option<VariantOf>,
}

/// The other form of a number.
#[derive(Clone, Copy)]
struct VariantOf {
    /// The index of the number whose other form it is.
    index: u64,
    /// The record with the other form.
    other: RecordId,
}

/// Whom else a number belongs to.
enum People {
    Shared(SharedWith),
    /// Its other form belongs to another contact, unless the two were merged.
    VariantOf(VariantOf),
}

impl People {
    fn warning<K: Sink>(&self, phone: PhoneNumber, sink: &K) -> Warning {
        let source_name = |source| sink.source_name(source);
        match *self {
            People::Shared(shared) => phone_shared(phone, shared, &source_name),
            People::VariantOf(of) => phone_variant_of_another(phone, of.other, &source_name),
        }
    }
}

impl MergeWorker<'_> {
    /// Decides on the entries of a chunk; `None` if it is damaged.
    pub(super) fn merge(self, chunk: DeferredChunk) -> Option<MergedChunk> {
        let DeferredChunk { log, first_index, additions } = chunk;
        let mut additions = SortedEntries::of(&additions);
        let mut merged = MergedChunk::default();
        let mut lists = ContactLists::default();
        let (mut index, mut end) = (first_index, 0);
        for entry in entries(&log) {
            // A length stands before each.
            end += 4 + entry.len();
            let (kind, rest) = entry.split_first()?;
            let mut rest = Decoder(rest);
            let variant_of = match *kind {
                WARNING => {
                    merged.entries.push(Entry::Warning(end - rest.0.len()..end));
                    continue;
                }
                CANDIDATE => {
                    lists = self.candidate(rest, end, &mut merged, lists)?;
                    continue;
                }
                FIRST | VARIANT => *kind == VARIANT,
                _ => return None,
            };
            let position = rest.position()?;
            let variant =
                if variant_of { Some(VariantOf { index, other: rest.id()? }) } else { None };
            if let Some(variant) = variant {
                let phone = rest.phone()?;
                merged.entries.push(Entry::People(position, phone, People::VariantOf(variant)));
            }
            if additions.next_key() == Some(index) {
                let merger = self.add(index, rest, &mut additions, &mut merged)?;
                let contact = merger.contact();
                if let Some(shared) = merger.shared_with() {
                    let people = People::Shared(shared);
                    merged.entries.push(Entry::People(position, contact.phone, people));
                }
                merged.push_contact(self.encoder, position, contact, variant);
            } else {
                let contact = rest.contact_in(lists)?;
                merged.push_contact(self.encoder, position, &contact, variant);
                lists = contact.into_lists();
            }
            index += 1;
        }
        merged.log = log;
        Some(merged)
    }

    /// Merges what is added into the contact with this index.
    fn add<'c>(
        &'c self,
        index: u64,
        mut contact: Decoder<'c>,
        additions: &mut SortedEntries<'c>,
        merged: &mut MergedChunk,
    ) -> Option<Merger<'c>> {
        let mut merger = Merger::new(contact.contact()?, self.encoder);
        let mut variant: Option<Variant<'c>> = None;
        while let Some(addition) = additions.next_of(index) {
            let mut addition = Decoder(addition);
            let head = Addition::decode(&mut addition)?;
            let other = addition.contact()?;
            match (head.variant, &mut variant) {
                (None, _) => merged.lose(head.number, &merger.take(&other, head.id)),
                (Some(index), None) => {
                    let merger = Merger::new(other, self.encoder);
                    variant = Some(Variant { number: head.number, index, merger });
                }
                // What it loses is listed where its own contact stands in the log.
                (Some(_), Some(variant)) => drop(variant.merger.take(&other, head.id)),
            }
        }
        if let Some(Variant { number, index, merger: other }) = variant {
            // Both have merged what has their own form, so that what comes out is merged no further when it
            // is read again.
            if may_be_one(merger.contact(), other.contact()) {
                merged.variants.push(index);
                merged.lose(number, &merger.merge(other.contact()));
            }
        }
        Some(merger)
    }

    /// The last contact with its number, or a duplicate of that.
    fn candidate<'e>(
        self,
        mut entry: Decoder<'e>,
        end: usize,
        merged: &mut MergedChunk,
        lists: ContactLists<'e>,
    ) -> Option<ContactLists<'static>> {
        let number = u32::try_from(entry.number()?).ok()?;
        let position = entry.position()?;
        let contact = entry.contact_in(lists)?;
        match self.deduplicator.successor(contact.phone.into(), number) {
            Some(kept) => {
                merged.entries.push(Entry::Duplicate(kept, end - entry.0.len()..end));
            }
            None => merged.push_contact(self.encoder, position, &contact, None),
        }
        Some(contact.into_lists())
    }
}

impl MergedChunk {
    fn push_contact(
        &mut self,
        encoder: Option<&dyn ContactEncoder>,
        position: Position,
        contact: &Contact<'_>,
        variant: Option<VariantOf>,
    ) {
        let size = EmittedSize::encode(encoder, contact, &mut self.contacts);
        let stand_in = contact.name.stands_in().then(|| contact.name.as_str().into());
        let phone = contact.phone;
        let contact = MergedContact { position, phone, stand_in, size, variant };
        self.entries.push(Entry::Contact(contact));
    }

    /// Notes what a merged record loses.
    fn lose(&mut self, number: u64, conflicts: &[Conflict]) {
        if !conflicts.is_empty() {
            Encoder(&mut self.conflicts).conflicts(conflicts);
            self.conflict_ends.push((number, self.conflicts.len()));
        }
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

/// Hands merged chunks over, in order, and keeps what is needed for the duplicates.
pub(super) struct MergeCommit<'m> {
    encoder: Option<&'m dyn ContactEncoder>,
    conflicts: Sorter<'m>,
    variants: HashSet<u64>,
}

/// What was merged.
pub(super) struct Merged {
    /// What merged records lose, by their number among the duplicates.
    pub(super) conflicts: Sorted,
    /// The indexes of contacts that were merged into one with another form of their number.
    pub(super) variants: HashSet<u64>,
}

impl<'m> MergeCommit<'m> {
    pub(super) fn new(encoder: Option<&'m dyn ContactEncoder>, conflicts: Sorter<'m>) -> Self {
        MergeCommit { encoder, conflicts, variants: HashSet::default() }
    }

    /// What was merged, once all chunks are handed over.
    pub(super) fn into_merged(self) -> io::Result<Merged> {
        Ok(Merged { conflicts: self.conflicts.into_sorted()?, variants: self.variants })
    }

    /// Hands the entries of the next chunk over.
    pub(super) fn emit<K: Sink>(
        &mut self,
        chunk: &MergedChunk,
        counts: &mut Counts,
        sink: &mut K,
    ) -> Result<(), Stopped<Infallible, K::Error>> {
        // A contact stands behind the one with the other form of its number, so it is known by now
        // whether it was merged into that.
        self.variants.extend(&chunk.variants);
        let mut start = 0;
        for &(number, end) in &chunk.conflict_ends {
            let own = &chunk.conflicts[std::mem::replace(&mut start, end)..end];
            let pushed = self.conflicts.push(number, |out| out.extend_from_slice(own));
            pushed.map_err(Stopped::Scratch)?;
        }
        let mut contacts = chunk.contacts.as_slice();
        let mut ends = Vec::new();
        for entry in &chunk.entries {
            match entry {
                Entry::Warning(range) => {
                    let mut warning = Decoder(&chunk.log[range.clone()]);
                    let mut decode = || Some((warning.position()?, warning.warning()?));
                    let (position, warning) = decode().ok_or_else(scratch_damaged)?;
                    counts.warnings += 1;
                    sink.warning(position, &warning).map_err(Stopped::Sink)?;
                }
                Entry::People(_, _, People::VariantOf(of)) if self.is_merged(Some(*of)) => {}
                Entry::People(position, phone, people) => {
                    counts.warnings += 1;
                    let warning = people.warning(*phone, sink);
                    sink.warning(*position, &warning).map_err(Stopped::Sink)?;
                }
                Entry::Duplicate(kept, range) => {
                    let record = Decoder(&chunk.log[range.clone()]).record(&mut ends);
                    counts.duplicates += 1;
                    let record = record.ok_or_else(scratch_damaged)?;
                    sink.duplicate(record, *kept, &[]).map_err(Stopped::Sink)?;
                }
                Entry::Contact(contact) => {
                    let (own, others) = contacts.split_at(contact.size.bytes);
                    contacts = others;
                    if !self.is_merged(contact.variant) {
                        self.emit_contact(contact, own, counts, sink)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Whether a contact was merged into the one with the other form of its number.
    fn is_merged(&self, variant: Option<VariantOf>) -> bool {
        variant.is_some_and(|variant| self.variants.contains(&variant.index))
    }

    fn emit_contact<K: Sink>(
        &self,
        contact: &MergedContact,
        bytes: &[u8],
        counts: &mut Counts,
        sink: &mut K,
    ) -> Result<(), Stopped<Infallible, K::Error>> {
        let &MergedContact { position, phone, size, .. } = contact;
        if let Some(name) = &contact.stand_in {
            counts.warnings += 1;
            sink.warning(position, &name_from_phone(name)).map_err(Stopped::Sink)?;
        }
        counts.contacts += 1;
        let contact = emitted(self.encoder, phone, size, bytes).map_err(Stopped::Scratch)?;
        sink.contact(position, contact).map_err(Stopped::Sink)
    }
}

fn scratch_damaged<E>() -> Stopped<Infallible, E> {
    Stopped::Scratch(damaged())
}
