//! Contacts that are set aside until everything has been read, because later ones may add to them
//! or take their place. Neither they nor what was said of them stays in memory.

use std::convert::Infallible;
use std::io;
use std::ops::Range;

use contactmill_phone::PhoneNumber;

use super::block::emitted;
use super::order::{Admitted, Order};
use super::workers::Workers;
use super::{Counts, Settings, Sink, Stopped};
use crate::dedup::DedupPolicy;
use crate::dedup::codec::{Packer, Unpacker};
use crate::dedup::merge::Merger;
use crate::dedup::spill::{Log, ScratchMaker, Sorted, Sorter, damaged, entries};
use crate::encoder::Encoding;
use crate::reason::{Field, Warning, WarningCode};
use crate::records::{Position, Record, RecordId};

/// The first byte of an entry of the log.
const WARNING: u8 = 0;
/// A contact that others are merged into.
const FIRST: u8 = 1;
/// A contact with its record, which may turn out to be a duplicate.
const PERHAPS_LAST: u8 = 2;

/// What is set aside.
pub(super) struct Held<'a> {
    make: &'a ScratchMaker<'a>,
    /// Contacts, with the warnings that belong to them, in input order.
    log: Log<'a>,
    /// Records that are merged into others, in input order.
    duplicates: Log<'a>,
    duplicate_count: u64,
    /// Their contacts, by the place of the one they are merged into.
    additions: Sorter<'a>,
}

impl<'a> Held<'a> {
    pub(super) const fn new(make: &'a ScratchMaker<'a>) -> Self {
        Held {
            make,
            log: Log::new(make),
            duplicates: Log::new(make),
            duplicate_count: 0,
            additions: Sorter::new(make),
        }
    }

    /// Sets the next contact aside, packed, with its record.
    pub(super) fn take(
        &mut self,
        order: &Order,
        admitted: Admitted,
        record: Record<'_>,
        packed: &[u8],
        warnings: &[Warning],
    ) -> io::Result<()> {
        let position = record.position();
        // Whether a number stands in for the name is known once nobody can add a name.
        for warning in warnings.iter().filter(|warning| !is_name_from_phone(warning)) {
            self.log.append(|out| {
                out.push(WARNING);
                Packer(out).position(position);
                Packer(out).warning(warning);
            })?;
        }
        if order.policy() == DedupPolicy::Last {
            // It was admitted, so it has a number.
            let number = order.number_in_run(position.id()).unwrap_or_default();
            return self.log.append(|out| {
                out.push(PERHAPS_LAST);
                Packer(out).number(number.into());
                Packer(out).position(position);
                out.extend_from_slice(packed);
                Packer(out).record(record);
            });
        }
        match admitted {
            Admitted::First => self.log.append(|out| {
                out.push(FIRST);
                Packer(out).position(position);
                out.extend_from_slice(packed);
            }),
            Admitted::After { place, kept } => {
                self.duplicates.append(|out| {
                    Packer(out).id(kept);
                    Packer(out).record(record);
                })?;
                let number = self.duplicate_count;
                self.duplicate_count += 1;
                self.additions.push(place.into(), |out| {
                    Packer(out).number(number);
                    out.extend_from_slice(packed);
                })
            }
        }
    }

    /// Hands everything over, now that all is known.
    pub(super) fn hand_over<K: Sink>(
        self,
        order: &Order,
        settings: &Settings<'_>,
        workers: &Workers,
        counts: &mut Counts,
        sink: &mut K,
    ) -> Result<(), Stopped<Infallible, K::Error>> {
        let encoding = settings.encoding;
        let mut chunks = self.log.into_chunks().map_err(Stopped::Scratch)?;
        let mut merging = Merging {
            order,
            encoding,
            place: 0,
            additions: self.additions.into_sorted().map_err(Stopped::Scratch)?,
            conflicts: Sorter::new(self.make),
        };
        workers.in_order(
            || {
                let Some(chunk) = chunks.next_chunk().map_err(Stopped::Scratch)? else {
                    return Ok(None);
                };
                merging.piece(chunk).map(Some).map_err(Stopped::Scratch)
            },
            |piece, settled| {
                // Giving memory back takes time, too.
                drop::<Option<Ready>>(settled);
                piece.encoded(encoding)
            },
            |ready| {
                if settings.is_asked_to_stop() {
                    return Err(Stopped::Asked);
                }
                let ready = ready.ok_or_else(damaged).map_err(Stopped::Scratch)?;
                ready.hand_over(encoding, counts, sink)?;
                Ok(ready)
            },
        )?;

        let mut conflicts = merging.conflicts.into_sorted().map_err(Stopped::Scratch)?;
        let mut chunks = self.duplicates.into_chunks().map_err(Stopped::Scratch)?;
        let mut number = 0;
        while let Some(chunk) = chunks.next_chunk().map_err(Stopped::Scratch)? {
            for entry in entries(&chunk) {
                let lost = conflicts.next_of(number).map_err(Stopped::Scratch)?;
                number += 1;
                let read = || {
                    let mut entry = Unpacker(entry);
                    let lost = match &lost {
                        Some(lost) => Unpacker(lost).conflicts()?,
                        None => Vec::new(),
                    };
                    Some((entry.id()?, entry.record()?, lost))
                };
                let read = read().ok_or_else(damaged).map_err(Stopped::Scratch);
                let (kept, record, lost) = read?;
                counts.duplicates += 1;
                sink.duplicate(record.as_record(), kept, &lost).map_err(Stopped::Sink)?;
            }
        }
        Ok(())
    }
}

/// Goes through the log once more and decides.
struct Merging<'m> {
    order: &'m Order,
    encoding: Option<&'m dyn Encoding>,
    /// The place of the next contact among those that others are merged into.
    place: u64,
    additions: Sorted,
    /// What merged records lose, by their number.
    conflicts: Sorter<'m>,
}

/// A chunk of the log, and what becomes of its entries.
struct Piece {
    chunk: Vec<u8>,
    /// Contacts that others were merged into, packed.
    merged: Vec<u8>,
    steps: Vec<Step>,
}

/// What becomes of an entry. Ranges are of the chunk.
enum Step {
    Warning(Range<usize>),
    Contact(Position, Range<usize>),
    /// The range is of the merged contacts.
    Merged(Position, Range<usize>),
    Duplicate(RecordId, Range<usize>),
}

impl Merging<'_> {
    fn piece(&mut self, chunk: Vec<u8>) -> io::Result<Piece> {
        let (mut merged, mut steps) = (Vec::new(), Vec::new());
        let mut end = 0;
        for entry in entries(&chunk) {
            // A length stands before each.
            end += 4 + entry.len();
            let step = self.step(entry, end, &mut merged)?;
            steps.push(step.ok_or_else(damaged)?);
        }
        Ok(Piece { chunk, merged, steps })
    }

    /// What becomes of the entry that ends at this byte of the chunk; `None` if it is damaged.
    fn step(&mut self, entry: &[u8], end: usize, merged: &mut Vec<u8>) -> io::Result<Option<Step>> {
        let Some((kind, packed)) = entry.split_first() else { return Ok(None) };
        let mut packed = Unpacker(packed);
        Ok(match *kind {
            WARNING => Some(Step::Warning(end - packed.0.len()..end)),
            FIRST => {
                let Some(position) = packed.position() else { return Ok(None) };
                let place = self.place;
                self.place += 1;
                if self.additions.next_key() != Some(place) {
                    return Ok(Some(Step::Contact(position, end - packed.0.len()..end)));
                }
                let start = merged.len();
                let whole = self.merge(place, packed, merged)?;
                whole.map(|()| Step::Merged(position, start..merged.len()))
            }
            PERHAPS_LAST => self.last(packed, end),
            _ => None,
        })
    }

    fn merge(
        &mut self,
        place: u64,
        mut packed: Unpacker<'_>,
        merged: &mut Vec<u8>,
    ) -> io::Result<Option<()>> {
        let Some(contact) = packed.contact() else { return Ok(None) };
        let mut merger = Merger::new(contact.into_owned(), self.encoding);
        while let Some(addition) = self.additions.next_of(place)? {
            let mut addition = Unpacker(&addition);
            let (Some(number), Some(other)) = (addition.number(), addition.contact()) else {
                return Ok(None);
            };
            let conflicts = merger.merge(&other);
            if !conflicts.is_empty() {
                self.conflicts.push(number, |out| Packer(out).conflicts(&conflicts))?;
            }
        }
        Packer(merged).contact(merger.contact());
        Ok(Some(()))
    }

    fn last(&self, mut packed: Unpacker<'_>, end: usize) -> Option<Step> {
        let number = u32::try_from(packed.number()?).ok()?;
        let position = packed.position()?;
        let start = end - packed.0.len();
        let phone = packed.phone()?;
        packed.contact()?;
        let record = end - packed.0.len();
        Some(match self.order.successor(phone.into(), number) {
            Some(kept) => Step::Duplicate(kept, record..end),
            None => Step::Contact(position, start..record),
        })
    }
}

/// A piece whose contacts are encoded.
struct Ready {
    piece: Piece,
    /// Encoded contacts, end to end; none where there is no encoding.
    encoded: Vec<u8>,
    /// By contact.
    contacts: Vec<ReadyContact>,
}

struct ReadyContact {
    phone: PhoneNumber,
    /// The number that stands in for the name.
    stands_in: Option<Box<str>>,
    /// How many bytes it takes encoded.
    encoded: usize,
}

impl Piece {
    /// The packed contact of a step.
    fn packed(&self, step: &Step) -> Option<(Position, &[u8])> {
        match step {
            Step::Contact(position, range) => Some((*position, self.chunk.get(range.clone())?)),
            Step::Merged(position, range) => Some((*position, self.merged.get(range.clone())?)),
            Step::Warning(_) | Step::Duplicate(..) => None,
        }
    }

    fn encoded(self, encoding: Option<&dyn Encoding>) -> Option<Ready> {
        let (mut encoded, mut contacts) = (Vec::new(), Vec::new());
        for (_, packed) in self.steps.iter().filter_map(|step| self.packed(step)) {
            let contact = Unpacker(packed).contact()?;
            let before = encoded.len();
            if let Some(encoding) = encoding {
                encoding.encode(&contact, &mut encoded);
            }
            contacts.push(ReadyContact {
                phone: contact.phone,
                stands_in: contact.name.stands_in().then(|| contact.name.as_str().into()),
                encoded: encoded.len() - before,
            });
        }
        Some(Ready { piece: self, encoded, contacts })
    }
}

impl Ready {
    fn hand_over<K: Sink>(
        &self,
        encoding: Option<&dyn Encoding>,
        counts: &mut Counts,
        sink: &mut K,
    ) -> Result<(), Stopped<Infallible, K::Error>> {
        let damaged = || Stopped::Scratch(damaged());
        let chunk = self.piece.chunk.as_slice();
        let (mut contacts, mut encoded) = (self.contacts.iter(), self.encoded.as_slice());
        for step in &self.piece.steps {
            match step {
                Step::Warning(range) => {
                    let mut packed = Unpacker(&chunk[range.clone()]);
                    let position = packed.position().ok_or_else(damaged)?;
                    let warning = packed.warning().ok_or_else(damaged)?;
                    counts.warnings += 1;
                    sink.warning(position, &warning).map_err(Stopped::Sink)?;
                }
                Step::Duplicate(kept, range) => {
                    let record = Unpacker(&chunk[range.clone()]).record().ok_or_else(damaged)?;
                    counts.duplicates += 1;
                    sink.duplicate(record.as_record(), *kept, &[]).map_err(Stopped::Sink)?;
                }
                Step::Contact(..) | Step::Merged(..) => {
                    let (position, packed) = self.piece.packed(step).ok_or_else(damaged)?;
                    let ready = contacts.next().ok_or_else(damaged)?;
                    if let Some(name) = &ready.stands_in {
                        counts.warnings += 1;
                        let warning = name_from_phone(name);
                        sink.warning(position, &warning).map_err(Stopped::Sink)?;
                    }
                    let (own, others) = encoded.split_at(ready.encoded);
                    encoded = others;
                    let bytes = if encoding.is_some() { own } else { packed };
                    let contact = emitted(encoding, ready.phone, bytes);
                    counts.contacts += 1;
                    sink.contact(position, contact.map_err(Stopped::Scratch)?)
                        .map_err(Stopped::Sink)?;
                }
            }
        }
        Ok(())
    }
}

pub(super) fn is_name_from_phone(warning: &Warning) -> bool {
    warning.code == WarningCode::NameFromPhone
}

fn name_from_phone(name: &str) -> Warning {
    Warning {
        field: Field::Name,
        code: WarningCode::NameFromPhone,
        before: "".into(),
        after: name.into(),
    }
}
