//! `contacts.ndjson`.

use contactmill_core::contact::{EmailAddress, Tag};
use contactmill_core::records::Position;
use contactmill_core::{Contact, ContactEncoder, Region};
use contactmill_wire::files::CONTACTS_NDJSON;
use contactmill_wire::import::{write_attributes, write_string, write_strings};

use super::{RowFormat, TextFile};
use crate::contact_json::digits;
use crate::file::ResultFiles;

#[derive(Clone, Copy, Default)]
pub(super) struct NdjsonRows;

impl ContactEncoder for NdjsonRows {
    fn encode(&self, contact: &Contact<'_>, out: &mut Vec<u8>) {
        let phone = contact.phone;
        out.extend_from_slice(br#"{"name":"#);
        write_string(contact.name.as_str(), out);
        out.extend_from_slice(br#","phone":""#);
        digits(phone).write_e164(out);
        out.extend_from_slice(br#"","calling_code":"#);
        out.extend_from_slice(itoa::Buffer::new().format(phone.calling_code()).as_bytes());
        out.extend_from_slice(br#","national_number":""#);
        digits(phone).write_national_number(out);
        out.extend_from_slice(br#"","region":"#);
        write_optional(phone.region().map(Region::as_str), out);
        out.extend_from_slice(br#","line_type":"#);
        write_string(phone.line_type().as_str(), out);
        out.extend_from_slice(br#","email":"#);
        write_optional(contact.email.as_ref().map(EmailAddress::as_str), out);
        out.extend_from_slice(br#","tags":"#);
        write_strings(contact.tags.iter().map(Tag::as_str), out);
        out.extend_from_slice(br#","attributes":"#);
        let attributes = contact.attributes.iter();
        write_attributes(attributes.map(|own| (&*own.key, own.value.as_str())), out);
    }
}

fn write_optional(text: Option<&str>, out: &mut Vec<u8>) {
    match text {
        Some(text) => write_string(text, out),
        None => out.extend_from_slice(b"null"),
    }
}

impl RowFormat for NdjsonRows {
    type File = TextFile;

    fn file(files: &ResultFiles) -> TextFile {
        TextFile::new(files, CONTACTS_NDJSON, Vec::new())
    }

    fn source(name: &str, out: &mut Vec<u8>) {
        write_string(name, out);
    }

    fn end_row(source: &[u8], position: Position, out: &mut Vec<u8>) {
        let Position { record, line, .. } = position;
        out.extend_from_slice(br#","source":"#);
        out.extend_from_slice(source);
        out.extend_from_slice(br#","record":"#);
        out.extend_from_slice(itoa::Buffer::new().format(record).as_bytes());
        out.extend_from_slice(br#","line":"#);
        out.extend_from_slice(itoa::Buffer::new().format(line).as_bytes());
        out.extend_from_slice(b"}\n");
    }
}
