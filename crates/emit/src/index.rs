//! `contacts.index`: which contacts a result stands for, and what each of them says.

use std::io::{self, Write};
use std::sync::Arc;

use contactmill_core::pipeline::{Emitted, ScratchMaker, Sorter};
use contactmill_core::{Contact, ContactEncoder};
use contactmill_wire::files::INDEX;
use contactmill_wire::index::{CONTENT_BYTES, IndexEntry, header};

use crate::contact_json::{digits, index_entry};
use crate::contact_writer::ContactWriter;
use crate::error::EmitError;
use crate::file::{ResultFile, ResultFiles};
use crate::since::KnownContacts;

/// The encoder of a run that ends in a [`ResultWriter`](crate::ResultWriter) with these contacts: their
/// own, with the hash for the index before each contact, so that workers do the hashing, and compare it
/// with what is known.
#[must_use]
pub fn indexing_encoder(
    contacts: &dyn ContactWriter,
    known: Option<Arc<KnownContacts>>,
) -> Option<Box<dyn ContactEncoder>> {
    Some(Box::new(IndexingEncoder { encoder: contacts.encoder()?, known }))
}

struct IndexingEncoder {
    encoder: Box<dyn ContactEncoder>,
    known: Option<Arc<KnownContacts>>,
}

/// What stands before an encoded contact: its hash, and how it compares with what is known. Nothing stands
/// behind one that is known.
const PREFIX_BYTES: usize = CONTENT_BYTES + 1;

/// How a contact compares with what is known: whoever encoded it knew nothing, or it is new, or known just
/// as it is.
const NOT_COMPARED: u8 = 0;
const NEW: u8 = 1;
const KNOWN: u8 = 2;

impl IndexingEncoder {
    fn compare(&self, entry: IndexEntry) -> u8 {
        let Some(known) = &self.known else { return NOT_COMPARED };
        if known.holds(entry) { KNOWN } else { NEW }
    }
}

impl ContactEncoder for IndexingEncoder {
    fn encode(&self, contact: &Contact<'_>, out: &mut Vec<u8>) {
        let entry = index_entry(contact, out);
        let compared = self.compare(entry);
        out.extend_from_slice(&entry.content);
        out.push(compared);
        // One that has become too large is rejected, even where it is known.
        if compared != KNOWN || !self.encoder.fits(contact) {
            self.encoder.encode(contact, out);
        }
    }

    fn max_bytes(&self) -> usize {
        self.encoder.max_bytes().saturating_add(PREFIX_BYTES)
    }

    // One that is known would be measured without what is left out of it, and has to fit as it is.
    fn encoded_bytes(&self, contact: &Contact<'_>) -> usize {
        self.encoder.encoded_bytes(contact).saturating_add(PREFIX_BYTES)
    }

    fn upper_bound(&self, contact: &Contact<'_>) -> usize {
        self.encoder.upper_bound(contact).saturating_add(PREFIX_BYTES)
    }

    fn max_growth(&self, values: usize, bytes: usize) -> usize {
        self.encoder.max_growth(values, bytes)
    }
}

/// A contact as its writer takes it, with its entry in the index.
pub(crate) struct Indexed<'e> {
    pub(crate) entry: IndexEntry,
    /// Whether it is known just as it is.
    pub(crate) is_known: bool,
    pub(crate) contact: Emitted<'e>,
}

impl<'e> Indexed<'e> {
    /// An encoded contact was encoded by an [`indexing_encoder`].
    pub(crate) fn of(contact: Emitted<'e>, known: Option<&KnownContacts>) -> io::Result<Self> {
        let phone = digits(contact.phone()).e164();
        let (content, is_known, contact) = match contact {
            Emitted::Encoded { phone, bytes, email_domain } => {
                let lacking = || io::Error::other("a contact was encoded without its hash");
                let (content, bytes) = bytes.split_first_chunk().ok_or_else(lacking)?;
                let (&compared, bytes) = bytes.split_first().ok_or_else(lacking)?;
                let contact = Emitted::Encoded { phone, bytes, email_domain };
                (*content, (compared != NOT_COMPARED).then_some(compared == KNOWN), contact)
            }
            Emitted::AsIs(contact) => {
                let IndexEntry { content, .. } = index_entry(&contact, &mut Vec::new());
                (content, None, Emitted::AsIs(contact))
            }
        };
        let entry = IndexEntry { phone, content };
        let is_known = is_known.unwrap_or_else(|| known.is_some_and(|known| known.holds(entry)));
        Ok(Indexed { entry, is_known, contact })
    }
}

/// Sorts the entries of a result, and writes them when all are there.
pub(crate) struct IndexWriter<'s> {
    sorter: Sorter<'s>,
    entries: u64,
    files: ResultFiles,
}

impl<'s> IndexWriter<'s> {
    pub(crate) fn new(files: &ResultFiles, scratch: &'s ScratchMaker<'s>) -> Self {
        IndexWriter { sorter: Sorter::new(scratch), entries: 0, files: files.clone() }
    }

    pub(crate) fn push(&mut self, IndexEntry { phone, content }: IndexEntry) -> io::Result<()> {
        self.entries += 1;
        self.sorter.push(phone, |entry| entry.extend_from_slice(&content))
    }

    /// The error of an entry that could not be taken.
    pub(crate) fn failed(&self, error: io::Error) -> EmitError {
        EmitError::io(&self.files.path_of(INDEX), "cannot be written")(error)
    }

    /// Writes the index, and hands out its entries in order.
    pub(crate) fn finish(self, each: impl FnMut(IndexEntry)) -> Result<(), EmitError> {
        let mut file = self.files.create(INDEX)?;
        let written = write_index(self.sorter, self.entries, &mut file, each);
        written.map_err(|error| file.failed(error))?;
        file.finish()
    }
}

fn write_index(
    sorter: Sorter<'_>,
    entries: u64,
    file: &mut ResultFile,
    mut each: impl FnMut(IndexEntry),
) -> io::Result<()> {
    let mut checksum = crc32fast::Hasher::new();
    let mut write = |bytes: &[u8]| {
        checksum.update(bytes);
        file.write_all(bytes)
    };
    write(&header(entries))?;
    let (mut sorted, mut bytes) = (sorter.into_sorted()?, Vec::new());
    while let Some(phone) = sorted.next_entry(&mut bytes)? {
        let content =
            *bytes.first_chunk().ok_or_else(|| io::Error::other("an entry lacks its hash"))?;
        let entry = IndexEntry { phone, content };
        write(&entry.to_bytes())?;
        each(entry);
    }
    file.write_all(&checksum.finalize().to_le_bytes())
}

#[cfg(test)]
mod tests {
    use contactmill_core::{Normalizer, Options, RawContact};

    use super::*;
    use crate::contact_json::ArrayEncoder;

    #[test]
    fn a_known_contact_is_measured_as_it_would_be_sent() {
        let mut raw = RawContact::default();
        raw.names.push("Asha");
        raw.phones.push("+919876543210");
        let contact = Normalizer::new(Options::default()).normalize(&raw).unwrap().contact;
        let encoder = ArrayEncoder { max_array_bytes: 1_000 };
        let bytes = encoder.encoded_bytes(&contact);
        let known = KnownContacts::new(vec![index_entry(&contact, &mut Vec::new())]);
        let known = Some(Arc::new(known));

        let indexing = IndexingEncoder { encoder: Box::new(encoder), known };
        let mut encoded = Vec::new();
        indexing.encode(&contact, &mut encoded);
        assert_eq!(encoded.len(), PREFIX_BYTES);
        assert_eq!(indexing.encoded_bytes(&contact), PREFIX_BYTES + bytes);
        assert!(indexing.upper_bound(&contact) >= PREFIX_BYTES + bytes);
    }
}
