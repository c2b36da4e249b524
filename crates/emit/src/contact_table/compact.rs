//! Rows in a compact form: workers write them, and whoever sorts them into columns reads them again.

use contactmill_core::contact::EmailAddress;
use contactmill_core::{Contact, ContactEncoder, Region};

use crate::contact_json::digits;

/// Writes the columns of the contact.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CompactRows;

impl ContactEncoder for CompactRows {
    fn encode(&self, contact: &Contact<'_>, out: &mut Vec<u8>) {
        let phone = contact.phone;
        write_text(contact.name.as_str(), out);
        write_sized(out, |out| digits(phone).write_e164(out));
        write_number(phone.calling_code().into(), out);
        write_sized(out, |out| digits(phone).write_national_number(out));
        write_text(phone.region().map_or("", Region::as_str), out);
        write_text(phone.line_type().as_str(), out);
        write_text(contact.email.as_ref().map_or("", EmailAddress::as_str), out);
        write_number(contact.tags.len() as u64, out);
        for tag in &contact.tags {
            write_text(tag.as_str(), out);
        }
        write_number(contact.attributes.len() as u64, out);
        for attribute in &contact.attributes {
            write_text(&attribute.key, out);
            write_text(attribute.value.as_str(), out);
        }
    }
}

pub(super) fn write_number(number: u64, row: &mut Vec<u8>) {
    row.extend_from_slice(&number.to_le_bytes());
}

pub(super) fn write_text(text: &str, row: &mut Vec<u8>) {
    write_number(text.len() as u64, row);
    row.extend_from_slice(text.as_bytes());
}

/// As [`write_text`], of a text that is appended by `write`.
fn write_sized(row: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let start = row.len() + size_of::<u64>();
    write_number(0, row);
    write(row);
    let len = (row.len() - start) as u64;
    row[start - size_of::<u64>()..start].copy_from_slice(&len.to_le_bytes());
}

/// Reads what [`write_number`] and [`write_text`] have written.
pub(crate) struct RowReader<'b>(pub(crate) &'b [u8]);

impl<'b> RowReader<'b> {
    pub(crate) fn number(&mut self) -> u64 {
        let Some((number, rest)) = self.0.split_first_chunk() else { return 0 };
        self.0 = rest;
        u64::from_le_bytes(*number)
    }

    pub(crate) fn text(&mut self) -> &'b [u8] {
        let len = usize::try_from(self.number()).unwrap_or(usize::MAX);
        let (text, rest) = self.0.split_at_checked(len).unwrap_or((self.0, &[]));
        self.0 = rest;
        text
    }

    /// A text that is known to be one.
    #[cfg(feature = "batches")]
    pub(crate) fn str(&mut self) -> &'b str {
        std::str::from_utf8(self.text()).unwrap_or_default()
    }
}
