//! Decides on contacts that come sorted by their key: those of one key after each other, in the order of
//! the input.

use std::io;

use contactmill_phone::PhoneNumber;

use super::encoded::{
    Decided, EncodedContact, MergeKey, PHONE_BYTES, TakeDecided, is_final, merge_key,
};
use super::merge_warnings::{
    SourceName, is_name_from_phone, name_from_phone, phone_shared, phone_variant_of_another,
};
use super::run::PipelineOptions;
use crate::contact::{Contact, EmailAddress};
use crate::dedup::codec::{Decoder, Encoder};
use crate::dedup::identity::may_be_one;
use crate::dedup::merge::Merger;
use crate::dedup::spill::{Log, damaged, entries};
use crate::dedup::{Conflict, Conflicts, DedupPolicy};
use crate::reason::Warning;
use crate::records::RecordId;

/// Decides which of the contacts with one number is kept, and merges them, as a
/// [`Pipeline`](super::Pipeline) does.
///
/// The contacts, which a [`RecordEncoder`](super::RecordEncoder) has read, come sorted by key, then by source and record.
/// However many have one key, one of them is in memory for each form of their number; duplicates whose
/// kept record is not known yet go to scratch storage.
pub struct KeyMerger<'m> {
    options: PipelineOptions<'m>,
    source_name: &'m SourceName<'m>,
    group: Option<Group<'m>>,
    /// The contact that came last.
    last: Option<(MergeKey, RecordId)>,
}

/// The contacts of one key.
struct Group<'m> {
    key: MergeKey,
    /// The contact that came first or, under [`DedupPolicy::Last`], the last so far.
    kept: Candidate<'m>,
    /// Duplicates whose kept contact is not known yet.
    waiting: Log<'m>,
    /// The first contact with the other form of the number.
    variant: Option<Candidate<'m>>,
}

/// A contact that may be kept.
struct Candidate<'m> {
    /// As it was encoded.
    encoded: Vec<u8>,
    phone: PhoneNumber,
    id: RecordId,
    /// The number of those that came to it so far.
    duplicates: u64,
    /// What it takes from others, once there is another.
    merger: Option<Merger<'m>>,
}

impl<'m> Candidate<'m> {
    fn new(contact: &EncodedContact<'_>, encoded: &[u8]) -> Self {
        Candidate {
            encoded: encoded.to_vec(),
            phone: contact.phone,
            id: contact.id(),
            duplicates: 0,
            merger: None,
        }
    }

    fn merger(&mut self, options: &PipelineOptions<'m>) -> io::Result<&mut Merger<'m>> {
        if self.merger.is_none() {
            let ends = &mut Vec::new();
            let contact = EncodedContact::decode(&self.encoded, ends).and_then(owned_contact);
            let contact = contact.ok_or_else(damaged)?;
            self.merger = Some(Merger::new(contact, options.encoder));
        }
        self.merger.as_mut().ok_or_else(damaged)
    }
}

fn owned_contact(encoded: EncodedContact<'_>) -> Option<Contact<'static>> {
    Some(Decoder(encoded.bytes).contact()?.into_owned())
}

impl<'m> KeyMerger<'m> {
    /// A merger of a run with these options. `source_name` is what a source is called where a warning
    /// names a record of it.
    #[must_use]
    pub const fn new(options: PipelineOptions<'m>, source_name: &'m SourceName<'m>) -> Self {
        KeyMerger { options, source_name, group: None, last: None }
    }

    /// Takes the next contact, and hands over what is decided by now.
    ///
    /// # Errors
    ///
    /// When `take` fails, the bytes are not those of a contact, contacts are not sorted, or scratch storage
    /// cannot be written.
    pub fn push<'t>(&mut self, encoded: &[u8], take: &'t mut TakeDecided<'t>) -> io::Result<()> {
        let (mut ends, mut decided) = (Vec::new(), Decided::new(take));
        let contact = EncodedContact::decode(encoded, &mut ends).ok_or_else(damaged)?;
        let dedup = self.options.dedup;
        if dedup == DedupPolicy::None {
            let candidate = Candidate::new(&contact, encoded);
            return self.emit(candidate, &[], &mut decided);
        }
        let key = merge_key(contact.phone, dedup);
        let last = self.last.replace((key, contact.id()));
        if last >= self.last {
            return Err(io::Error::other("contacts are not sorted, or came twice"));
        }
        match &mut self.group {
            Some(group) if group.key == key => {}
            group => {
                let (kept, waiting) =
                    (Candidate::new(&contact, encoded), Log::new(self.options.scratch));
                let last = group.replace(Group { key, kept, waiting, variant: None });
                return last.map_or(Ok(()), |last| self.end(last, &mut decided));
            }
        }
        let Some(mut group) = self.group.take() else { return Ok(()) };
        match dedup {
            DedupPolicy::Last => {
                let earlier = std::mem::replace(&mut group.kept, Candidate::new(&contact, encoded));
                group.kept.duplicates = earlier.duplicates + 1;
                wait(&mut group.waiting, &earlier.encoded, &[])?;
            }
            DedupPolicy::Merge => self.merge(&mut group, contact, encoded, &mut decided)?,
            _ => {
                group.kept.duplicates += 1;
                duplicate(&contact, group.kept.id, &[], &mut decided)?;
            }
        }
        self.group = Some(group);
        Ok(())
    }

    /// Decides on the contacts of the last key.
    ///
    /// # Errors
    ///
    /// When `take` fails, or scratch storage cannot be read back.
    pub fn finish<'t>(mut self, take: &'t mut TakeDecided<'t>) -> io::Result<()> {
        let last = self.group.take();
        last.map_or(Ok(()), |last| self.end(last, &mut Decided::new(take)))
    }

    /// Merges a contact into the first one with its form of the number.
    fn merge(
        &self,
        group: &mut Group<'m>,
        contact: EncodedContact<'_>,
        encoded: &[u8],
        decided: &mut Decided<'_>,
    ) -> io::Result<()> {
        let own = contact.phone == group.kept.phone;
        let first = match (own, &mut group.variant) {
            (true, _) => &mut group.kept,
            (false, Some(variant)) => variant,
            (false, none) => {
                *none = Some(Candidate::new(&contact, encoded));
                return Ok(());
            }
        };
        let other = Decoder(contact.bytes).contact().ok_or_else(damaged)?.into_owned();
        first.duplicates += 1;
        let conflicts = first.merger(&self.options)?.take(&other, contact.id());
        match own {
            true => duplicate(&contact, group.kept.id, &conflicts, decided),
            false => wait(&mut group.waiting, encoded, &conflicts),
        }
    }

    /// Decides on the contacts of a key, now that there are no more.
    fn end(&self, group: Group<'m>, decided: &mut Decided<'_>) -> io::Result<()> {
        let Group { mut kept, waiting, variant, .. } = group;
        let Some(mut variant) = variant else {
            let id = kept.id;
            self.emit(kept, &[], decided)?;
            return end_waiting(waiting, id, decided);
        };
        let other = variant.merger(&self.options)?.contact().clone();
        let (first, own) = (kept.id, variant.id);
        let merger = kept.merger(&self.options)?;
        if !may_be_one(merger.contact(), &other) {
            self.emit(kept, &[], decided)?;
            let people = phone_variant_of_another(variant.phone, first, self.source_name);
            self.emit(variant, &[people], decided)?;
            return end_waiting(waiting, own, decided);
        }
        let conflicts = merger.merge(&other);
        kept.duplicates += 1 + variant.duplicates;
        self.emit(kept, &[], decided)?;
        let shared = self.shared(&variant);
        let ends = &mut Vec::new();
        let mut contact = EncodedContact::decode(&variant.encoded, ends).ok_or_else(damaged)?;
        contact.warnings.retain(|warning| !is_name_from_phone(warning));
        contact.warnings.extend(shared);
        decided.duplicate(contact.record, &contact.warnings, first, &conflicts)?;
        end_waiting(waiting, first, decided)
    }

    /// Emits a contact that is kept. `people` are warnings about contacts with other numbers.
    fn emit(
        &self,
        kept: Candidate<'_>,
        people: &[Warning],
        decided: &mut Decided<'_>,
    ) -> io::Result<()> {
        let (options, ends) = (&self.options, &mut Vec::new());
        let shared = self.shared(&kept);
        let encoded = EncodedContact::decode(&kept.encoded, ends).ok_or_else(damaged)?;
        let mut warnings = encoded.warnings;
        let head = (encoded.record.position(), encoded.phone, kept.duplicates);
        if is_final(options.dedup) {
            let encoded = encoded.bytes.get(PHONE_BYTES..).ok_or_else(damaged)?;
            return decided.contact(head, warnings.iter(), |out| out.extend_from_slice(encoded));
        }
        let own;
        let contact = match &kept.merger {
            Some(merger) => merger.contact(),
            None => {
                own = Decoder(encoded.bytes).contact().ok_or_else(damaged)?;
                &own
            }
        };
        warnings.retain(|warning| !is_name_from_phone(warning));
        warnings.extend(people.iter().cloned().chain(shared));
        if contact.name.stands_in() {
            warnings.push(name_from_phone(contact.name.as_str()));
        }
        let email_domain = contact.email.as_ref().map_or("", EmailAddress::domain);
        decided.contact(head, warnings.iter(), |out| {
            Encoder(out).text(email_domain);
            match options.encoder {
                Some(encoder) => encoder.encode(contact, out),
                None => Encoder(out).contact(contact),
            }
        })
    }

    /// The warning that others share the number of a contact, if they do.
    fn shared(&self, candidate: &Candidate<'_>) -> Option<Warning> {
        let shared = candidate.merger.as_ref()?.shared_with()?;
        Some(phone_shared(candidate.phone, shared, self.source_name))
    }
}

/// Hands a duplicate over. It is not emitted, so no number stands in for a name.
fn duplicate(
    contact: &EncodedContact<'_>,
    kept: RecordId,
    conflicts: &[Conflict],
    decided: &mut Decided<'_>,
) -> io::Result<()> {
    let warnings = contact.warnings.iter().filter(|warning| !is_name_from_phone(warning));
    let warnings: Vec<Warning> = warnings.cloned().collect();
    decided.duplicate(contact.record, &warnings, kept, conflicts)
}

/// Sets a duplicate aside, with what it loses, until it is known what is kept.
fn wait(waiting: &mut Log<'_>, encoded: &[u8], conflicts: &[Conflict]) -> io::Result<()> {
    waiting.append(|out| {
        Encoder(out).conflicts(conflicts);
        out.extend_from_slice(encoded);
    })
}

/// Hands over the duplicates that were waiting for this record.
fn end_waiting(waiting: Log<'_>, kept: RecordId, decided: &mut Decided<'_>) -> io::Result<()> {
    let mut chunks = waiting.into_chunks()?;
    while let Some(chunk) = chunks.next_chunk()? {
        for entry in entries(&chunk) {
            let (mut entry, mut ends) = (Decoder(entry), Vec::new());
            let conflicts: Conflicts = entry.conflicts().ok_or_else(damaged)?;
            let contact = EncodedContact::decode(entry.0, &mut ends).ok_or_else(damaged)?;
            duplicate(&contact, kept, &conflicts, decided)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::convert::Infallible;
    use std::io::{Cursor, Read, Seek, SeekFrom, Write};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use crate::columns::FieldMapping;
    use crate::pipeline::{EncodedRecord, RecordEncoder, Scratch};
    use crate::records::{Rows, SourceId};
    use crate::{ContactEncoder, Normalizer, Options};

    /// Scratch storage that counts what is written to it.
    struct Counted(Cursor<Vec<u8>>, Arc<AtomicU64>);

    impl Read for Counted {
        fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
            self.0.read(bytes)
        }
    }

    impl Write for Counted {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.1.fetch_add(bytes.len() as u64, Ordering::Relaxed);
            self.0.write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Seek for Counted {
        fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
            self.0.seek(to)
        }
    }

    struct Numbers;

    impl ContactEncoder for Numbers {
        fn encode(&self, contact: &Contact<'_>, out: &mut Vec<u8>) {
            out.extend_from_slice(contact.phone.e164().to_string().as_bytes());
        }
    }

    #[test]
    fn contacts_of_one_number_are_not_in_memory_together() {
        const RECORDS: usize = 20_000;
        let normalizer = Normalizer::new(Options::default());
        let map = FieldMapping::default().resolve(&["Name", "Phone"].map(String::from)).unwrap();
        // The first has the other form under `merge`, which all others wait for.
        for (dedup, must_wait) in
            [(DedupPolicy::Merge, true), (DedupPolicy::Last, true), (DedupPolicy::First, false)]
        {
            let written = Arc::new(AtomicU64::new(0));
            let make = || -> io::Result<Box<dyn Scratch>> {
                Ok(Box::new(Counted(Cursor::default(), Arc::clone(&written))))
            };
            let options = PipelineOptions {
                dedup,
                encoder: Some(&Numbers),
                scratch: &make,
                ..PipelineOptions::default()
            };
            let first = ["Asha", "+54 11 2345 6789"];
            let others = std::iter::repeat_n(["Ravi", "+54 9 11 2345 6789"], RECORDS);
            let mut rows = Rows::new([first].into_iter().chain(others));
            let (encoded, decided) = (Cell::new(0_u64), Cell::new(0_usize));
            let mut merger = KeyMerger::new(options, &|_| "leads.csv".to_owned());
            let mut encoder = RecordEncoder::new(SourceId(0), 0);
            let mut push = |row: EncodedRecord<'_>| -> Result<(), Infallible> {
                encoded.set(encoded.get() + row.bytes.len() as u64);
                let mut take = |_, _: &[u8]| {
                    decided.set(decided.get() + 1);
                    Ok(())
                };
                merger.push(row.bytes, &mut take).unwrap();
                Ok(())
            };
            while encoder.next_block(&mut rows, (&map, &normalizer), &options, &mut push).unwrap() {
            }
            assert_eq!(encoder.finish(&map).records, RECORDS as u64 + 1);
            let mut take = |_, _: &[u8]| {
                decided.set(decided.get() + 1);
                Ok(())
            };
            merger.finish(&mut take).unwrap();
            assert_eq!(decided.get(), RECORDS + 1, "{dedup:?}");
            let written = written.load(Ordering::Relaxed);
            let is_waiting = 10 * written > 8 * encoded.get();
            assert_eq!(is_waiting, must_wait, "{dedup:?}: {written} of {}", encoded.get());
        }
    }
}
