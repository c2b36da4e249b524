//! `contacts.index`: which contacts a result stands for, and what each of them says.

use std::io::{self, Write};

use contactmill_core::pipeline::{Emitted, ScratchMaker, Sorter};
use contactmill_core::{Contact, ContactEncoder};
use contactmill_wire::files::INDEX;
use contactmill_wire::index::{CONTENT_BYTES, IndexEntry, content_hash, header};

use crate::contact_json::{contact_json, digits};
use crate::contact_writer::ContactWriter;
use crate::error::EmitError;
use crate::file::{ResultFile, ResultFiles};

/// The encoder of a run that ends in a [`ResultWriter`](crate::ResultWriter) with these contacts: their
/// own, with the hash for the index before each contact, so that workers do the hashing.
#[must_use]
pub fn indexing_encoder(contacts: &dyn ContactWriter) -> Option<Box<dyn ContactEncoder>> {
    let is_for_import = contacts.encodes_for_import();
    Some(Box::new(IndexingEncoder { encoder: contacts.encoder()?, is_for_import }))
}

struct IndexingEncoder {
    encoder: Box<dyn ContactEncoder>,
    /// Whether it writes what the API receives.
    is_for_import: bool,
}

impl ContactEncoder for IndexingEncoder {
    fn encode(&self, contact: &Contact<'_>, out: &mut Vec<u8>) {
        let start = out.len();
        let json = start + CONTENT_BYTES;
        out.resize(json, 0);
        if !self.is_for_import {
            contact_json(contact, out);
            let content = content_hash(&out[json..]);
            out.truncate(json);
            out[start..].copy_from_slice(&content);
            return self.encoder.encode(contact, out);
        }
        self.encoder.encode(contact, out);
        let content = content_hash(&out[json..]);
        out[start..json].copy_from_slice(&content);
    }

    fn max_bytes(&self) -> usize {
        self.encoder.max_bytes().saturating_add(CONTENT_BYTES)
    }

    fn fits(&self, contact: &Contact<'_>) -> bool {
        self.encoder.fits(contact)
    }

    fn max_growth(&self, values: usize, bytes: usize) -> usize {
        self.encoder.max_growth(values, bytes)
    }
}

/// The entry of a contact in the index, and the contact as its writer takes it. An encoded one was
/// encoded by an [`indexing_encoder`].
pub(crate) fn indexed(contact: Emitted<'_>) -> io::Result<(IndexEntry, Emitted<'_>)> {
    let number = digits(contact.phone()).e164();
    let (content, contact) = match contact {
        Emitted::Encoded { phone, bytes, email_domain } => {
            let lacking = || io::Error::other("a contact was encoded without its hash");
            let (content, bytes) = bytes.split_first_chunk().ok_or_else(lacking)?;
            (*content, Emitted::Encoded { phone, bytes, email_domain })
        }
        Emitted::AsIs(contact) => {
            let mut json = Vec::new();
            contact_json(&contact, &mut json);
            (content_hash(&json), Emitted::AsIs(contact))
        }
    };
    Ok((IndexEntry { phone: number, content }, contact))
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

    pub(crate) fn finish(self) -> Result<(), EmitError> {
        let mut file = self.files.create(INDEX)?;
        let written = write_index(self.sorter, self.entries, &mut file);
        written.map_err(|error| file.failed(error))?;
        file.finish()
    }
}

fn write_index(sorter: Sorter<'_>, entries: u64, file: &mut ResultFile) -> io::Result<()> {
    let mut checksum = crc32fast::Hasher::new();
    let mut write = |bytes: &[u8]| {
        checksum.update(bytes);
        file.write_all(bytes)
    };
    write(&header(entries))?;
    let (mut sorted, mut content) = (sorter.into_sorted()?, Vec::new());
    while let Some(phone) = sorted.next_entry(&mut content)? {
        write(&phone.to_le_bytes())?;
        write(&content)?;
    }
    file.write_all(&checksum.finalize().to_le_bytes())
}
