//! Contacts that are final only when everything has been read, because later ones may add to them or
//! replace them. Neither they nor their warnings stay in memory until then.

use std::convert::Infallible;
use std::io;

use super::deduplicator::{Admitted, Deduplicator};
use super::merge_pass::{EncodedChunk, MergePass};
use super::run::{Counts, PipelineOptions, Stopped};
use super::sink::Sink;
use super::workers::Workers;
use crate::dedup::DedupPolicy;
use crate::dedup::codec::{Decoder, Encoder};
use crate::dedup::spill::{Log, ScratchMaker, Sorted, Sorter, damaged, entries};
use crate::reason::{Warning, WarningCode};
use crate::records::Record;

/// The first byte of a log entry that is a warning.
pub(super) const WARNING: u8 = 0;
/// That of a contact which others may be merged into.
pub(super) const FIRST: u8 = 1;
/// That of a contact with its record, which is a duplicate if a later one has its number.
pub(super) const CANDIDATE: u8 = 2;

/// Contacts and duplicates in scratch storage.
pub(super) struct DeferredContacts<'a> {
    make: &'a ScratchMaker<'a>,
    /// Contacts and their warnings, in input order.
    log: Log<'a>,
    /// Records that are merged into others, in input order.
    duplicates: Log<'a>,
    duplicate_count: u64,
    /// The contacts of those records, by the index of the contact that they are merged into.
    additions: Sorter<'a>,
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
        match admitted {
            Admitted::First => self.log.append(|out| {
                out.push(FIRST);
                Encoder(out).position(position);
                out.extend_from_slice(contact);
            }),
            Admitted::After { index, kept } => {
                self.duplicates.append(|out| {
                    Encoder(out).id(kept);
                    Encoder(out).record(record);
                })?;
                let number = self.duplicate_count;
                self.duplicate_count += 1;
                self.additions.push(index.into(), |out| {
                    Encoder(out).number(number);
                    out.extend_from_slice(contact);
                })
            }
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
        let mut chunks = self.log.into_chunks().map_err(Stopped::Scratch)?;
        let additions = self.additions.into_sorted().map_err(Stopped::Scratch)?;
        let mut pass = MergePass::new(deduplicator, encoder, additions, Sorter::new(self.make));
        workers.in_order(
            || match chunks.next_chunk().map_err(Stopped::Scratch)? {
                Some(chunk) => pass.decide(chunk).map(Some).map_err(Stopped::Scratch),
                None => Ok(None),
            },
            |chunk, committed| {
                // Freeing memory takes time, too.
                drop::<Option<EncodedChunk>>(committed);
                chunk.encode(encoder)
            },
            |chunk| {
                if options.is_asked_to_stop() {
                    return Err(Stopped::Asked);
                }
                let chunk = chunk.ok_or_else(damaged).map_err(Stopped::Scratch)?;
                chunk.emit(encoder, counts, sink)?;
                Ok(chunk)
            },
        )?;
        let conflicts = pass.into_conflicts().map_err(Stopped::Scratch)?;
        emit_duplicates(self.duplicates, conflicts, counts, sink)
    }
}

/// Emits the merged records in input order, each with the values that it loses.
fn emit_duplicates<K: Sink>(
    duplicates: Log<'_>,
    mut conflicts: Sorted,
    counts: &mut Counts,
    sink: &mut K,
) -> Result<(), Stopped<Infallible, K::Error>> {
    let mut chunks = duplicates.into_chunks().map_err(Stopped::Scratch)?;
    let mut number = 0;
    while let Some(chunk) = chunks.next_chunk().map_err(Stopped::Scratch)? {
        for entry in entries(&chunk) {
            let lost = conflicts.next_of(number).map_err(Stopped::Scratch)?;
            number += 1;
            let decode = || {
                let mut entry = Decoder(entry);
                let lost = match &lost {
                    Some(lost) => Decoder(lost).conflicts()?,
                    None => Vec::new(),
                };
                Some((entry.id()?, entry.record()?, lost))
            };
            let decoded = decode().ok_or_else(damaged).map_err(Stopped::Scratch);
            let (kept, record, lost) = decoded?;
            counts.duplicates += 1;
            sink.duplicate(record.as_record(), kept, &lost).map_err(Stopped::Sink)?;
        }
    }
    Ok(())
}

pub(super) fn is_name_from_phone(warning: &Warning) -> bool {
    warning.code == WarningCode::NameFromPhone
}
