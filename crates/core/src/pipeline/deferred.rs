//! Contacts that are final only when everything has been read, because later ones may add to them or
//! replace them. Neither they nor their warnings stay in memory until then.

use std::convert::Infallible;
use std::io;
use std::ops::Range;

use foldhash::HashSet;

use super::deduplicator::{Admitted, Deduplicator};
use super::merge_pass::{DeferredChunks, MergeCommit, MergeWorker, Merged, MergedChunk};
use super::merge_warnings::is_name_from_phone;
use super::run::{Counts, PipelineOptions, Stopped};
use super::sink::{DuplicateEncoder, Sink};
use crate::dedup::codec::{Decoder, Encoder};
use crate::dedup::spill::{Log, ScratchMaker, SortedEntries, Sorter, damaged, entries};
use crate::dedup::{Conflicts, DedupPolicy};
use crate::reason::Warning;
use crate::records::{Record, RecordId};
use crate::workers::Workers;

/// The first byte of a log entry that is a warning.
pub(super) const WARNING: u8 = 0;
/// That of a contact which others may be merged into.
pub(super) const FIRST: u8 = 1;
/// That of a contact with its record, which is a duplicate if a later one has its number.
pub(super) const CANDIDATE: u8 = 2;
/// That of a contact as under [`FIRST`] that is itself merged into an earlier one with another form of
/// its number, if both may be one person. The record with the other form stands before it.
pub(super) const VARIANT: u8 = 3;

/// Contacts and duplicates in scratch storage.
pub(super) struct DeferredContacts<'a> {
    make: &'a ScratchMaker<'a>,
    /// Contacts and their warnings, in input order.
    log: Log<'a>,
    /// Records that are merged into others, or may be, in input order.
    duplicates: Log<'a>,
    duplicate_count: u64,
    /// The contacts of those records, by the index of the contact that they are merged into. Those with
    /// another form of a number that came first stand under both forms.
    additions: Sorter<'a>,
}

/// What stands before a contact among the additions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Addition {
    /// Its number among the duplicates.
    pub(super) number: u64,
    /// Its record.
    pub(super) id: RecordId,
    /// The index of its number, if that is another form of the number which it stands under.
    pub(super) variant: Option<u64>,
}

impl Addition {
    fn encode(self, out: &mut Vec<u8>) {
        Encoder(out).number(self.number);
        Encoder(out).id(self.id);
        Encoder(out).number(self.variant.map_or(0, |index| index + 1));
    }

    pub(super) fn decode(bytes: &mut Decoder<'_>) -> Option<Self> {
        let (number, id) = (bytes.number()?, bytes.id()?);
        Some(Addition { number, id, variant: bytes.number()?.checked_sub(1) })
    }
}

impl<'a> DeferredContacts<'a> {
    pub(super) const fn new(make: &'a ScratchMaker<'a>) -> Self {
        DeferredContacts {
            make,
            log: Log::new(make),
            duplicates: Log::new(make),
            duplicate_count: 0,
            additions: Sorter::new(make),
        }
    }

    /// Defers the next contact, given as [`Encoder`] writes it.
    pub(super) fn defer(
        &mut self,
        deduplicator: &Deduplicator,
        admitted: Admitted,
        record: Record<'_>,
        contact: &[u8],
        warnings: &[Warning],
    ) -> io::Result<()> {
        let position = record.position();
        // Whether a number stands in for the name is known once nobody can add a name.
        for warning in warnings.iter().filter(|warning| !is_name_from_phone(warning)) {
            self.log.append(|out| {
                out.push(WARNING);
                Encoder(out).position(position);
                Encoder(out).warning(warning);
            })?;
        }
        if deduplicator.policy() == DedupPolicy::Last {
            // It was admitted, so it has a number.
            let number = deduplicator.number_in_run(position.id()).unwrap_or_default();
            return self.log.append(|out| {
                out.push(CANDIDATE);
                Encoder(out).number(number.into());
                Encoder(out).position(position);
                out.extend_from_slice(contact);
                Encoder(out).record(record);
            });
        }
        self.defer_merge(deduplicator, admitted, record, contact)
    }

    /// Defers a contact which others may be merged into, or which is merged into another.
    fn defer_merge(
        &mut self,
        deduplicator: &Deduplicator,
        admitted: Admitted,
        record: Record<'_>,
        contact: &[u8],
    ) -> io::Result<()> {
        let Admitted { index, kept, variant_of } = admitted;
        let position = record.position();
        let other_form = variant_of.map(|other| deduplicator.first_of(other));
        if kept.is_none() {
            self.log.append(|out| {
                out.push(if other_form.is_some() { VARIANT } else { FIRST });
                Encoder(out).position(position);
                if let Some(other) = other_form {
                    Encoder(out).id(other);
                }
                out.extend_from_slice(contact);
            })?;
            if other_form.is_none() {
                return Ok(());
            }
        }
        let id = position.id();
        self.duplicates.append(|out| {
            Encoder(out).id(kept.map_or(id, |kept| deduplicator.id_of(kept)));
            Encoder(out).number(other_form.map_or(0, |_| u64::from(index) + 1));
            if let Some(other) = other_form {
                Encoder(out).id(other);
            }
            Encoder(out).record(record);
        })?;
        let number = self.duplicate_count;
        self.duplicate_count += 1;
        let mut add = |to: u32, variant| {
            self.additions.push(to.into(), |out| {
                Addition { number, id, variant }.encode(out);
                out.extend_from_slice(contact);
            })
        };
        if kept.is_some() {
            add(index, None)?;
        }
        match variant_of {
            Some(other) => add(other, Some(index.into())),
            None => Ok(()),
        }
    }

    /// Emits everything, now that all contacts are known.
    pub(super) fn finish<K: Sink>(
        self,
        deduplicator: &Deduplicator,
        options: &PipelineOptions<'_>,
        workers: &Workers,
        counts: &mut Counts,
        sink: &mut K,
    ) -> Result<(), Stopped<Infallible, K::Error>> {
        let encoder = options.encoder;
        let log = self.log.into_chunks().map_err(Stopped::Scratch)?;
        let additions = self.additions.into_sorted().map_err(Stopped::Scratch)?;
        let mut chunks = DeferredChunks::new(log, additions);
        let worker = MergeWorker { deduplicator, encoder };
        let mut commit = MergeCommit::new(encoder, Sorter::new(self.make));
        workers.in_order(
            || chunks.next_chunk().map_err(Stopped::Scratch),
            |chunk, committed| {
                // Freeing memory takes time, too.
                drop::<Option<MergedChunk>>(committed);
                worker.merge(chunk)
            },
            |chunk| {
                if options.is_asked_to_stop() {
                    return Err(Stopped::Asked);
                }
                let chunk = chunk.ok_or_else(damaged).map_err(Stopped::Scratch)?;
                commit.emit(&chunk, counts, sink)?;
                Ok(chunk)
            },
        )?;
        let merged = commit.into_merged().map_err(Stopped::Scratch)?;
        emit_duplicates(self.duplicates, merged, workers, counts, sink)
    }
}

/// Emits the merged records in input order, each with the values that it loses. Workers encode them where
/// the sink has an encoder.
fn emit_duplicates<K: Sink>(
    duplicates: Log<'_>,
    merged: Merged,
    workers: &Workers,
    counts: &mut Counts,
    sink: &mut K,
) -> Result<(), Stopped<Infallible, K::Error>> {
    let mut log = duplicates.into_chunks().map_err(Stopped::Scratch)?;
    let Merged { mut conflicts, variants } = merged;
    let encoder = sink.duplicate_encoder();
    let mut first = 0;
    let mut next_chunk = || -> io::Result<Option<DuplicateChunk>> {
        let Some(log) = log.next_chunk()? else { return Ok(None) };
        let end = first + entries(&log).count() as u64;
        let chunk = DuplicateChunk { conflicts: conflicts.below(end)?, first, log };
        first = end;
        Ok(Some(chunk))
    };
    let mut ends = Vec::new();
    workers.in_order(
        || next_chunk().map_err(Stopped::Scratch),
        |chunk, committed| {
            drop::<Option<EncodedDuplicates>>(committed);
            EncodedDuplicates::of(chunk, &variants, encoder.as_deref())
        },
        |chunk| {
            let chunk = chunk.ok_or_else(damaged).map_err(Stopped::Scratch)?;
            let mut encoded = chunk.encoded.as_slice();
            for duplicate in &chunk.duplicates {
                let record = Decoder(&chunk.log[duplicate.record.clone()]).record(&mut ends);
                let record = record.ok_or_else(damaged).map_err(Stopped::Scratch)?;
                let (own, others) = encoded.split_at(duplicate.encoded_bytes);
                encoded = others;
                counts.duplicates += 1;
                let DuplicateEntry { kept, conflicts, .. } = duplicate;
                match &encoder {
                    Some(_) => sink.encoded_duplicate(record, *kept, conflicts, own),
                    None => sink.duplicate(record, *kept, conflicts),
                }
                .map_err(Stopped::Sink)?;
            }
            Ok(chunk)
        },
    )
}

/// A chunk of the log of duplicates, with what they lose.
struct DuplicateChunk {
    log: Vec<u8>,
    /// The number of its first record among the duplicates.
    first: u64,
    conflicts: Vec<u8>,
}

/// A chunk whose records are decided.
struct EncodedDuplicates {
    log: Vec<u8>,
    duplicates: Vec<DuplicateEntry>,
    /// The records as the sink's encoder writes them, end to end.
    encoded: Vec<u8>,
}

struct DuplicateEntry {
    /// Where the record stands in the log.
    record: Range<usize>,
    /// The record that it was merged into.
    kept: RecordId,
    conflicts: Conflicts,
    encoded_bytes: usize,
}

impl EncodedDuplicates {
    /// `None` if the chunk is damaged.
    fn of(
        chunk: DuplicateChunk,
        variants: &HashSet<u64>,
        encoder: Option<&dyn DuplicateEncoder>,
    ) -> Option<Self> {
        let DuplicateChunk { log, first, conflicts } = chunk;
        let mut conflicts = SortedEntries::of(&conflicts);
        let (mut duplicates, mut encoded, mut ends) = (Vec::new(), Vec::new(), Vec::new());
        let mut end = 0;
        for (number, entry) in (first..).zip(entries(&log)) {
            // A length stands before each.
            end += 4 + entry.len();
            let lost = conflicts.next_of(number);
            let mut entry = Decoder(entry);
            let kept = kept(&mut entry, variants)?;
            let start = end - entry.0.len();
            let record = entry.record(&mut ends)?;
            // A contact with another form of a number that stayed by itself is no duplicate.
            if kept == record.position().id() {
                continue;
            }
            let conflicts = lost.map_or(Some(Vec::new()), |lost| Decoder(lost).conflicts())?;
            let before = encoded.len();
            if let Some(encoder) = encoder {
                encoder.encode(record, kept, &conflicts, &mut encoded);
            }
            let encoded_bytes = encoded.len() - before;
            duplicates.push(DuplicateEntry { record: start..end, kept, conflicts, encoded_bytes });
        }
        Some(EncodedDuplicates { log, duplicates, encoded })
    }
}

/// The record that a duplicate was merged into: one with its number or, where the contact of that was itself
/// merged, one with the other form of its number.
fn kept(entry: &mut Decoder<'_>, merged: &HashSet<u64>) -> Option<RecordId> {
    let kept = entry.id()?;
    let Some(variant) = entry.number()?.checked_sub(1) else { return Some(kept) };
    let other_form = entry.id()?;
    Some(if merged.contains(&variant) { other_form } else { kept })
}
