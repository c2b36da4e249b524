//! `contacts.csv`.

use contactmill_core::columns::CONTACT_COLUMNS;
use contactmill_core::contact::{EmailAddress, Tag};
use contactmill_core::records::Position;
use contactmill_core::{Contact, ContactEncoder, Region};
use contactmill_wire::csv_cell::{BYTE_ORDER_MARK, write_row};
use contactmill_wire::files::CONTACTS_CSV;
use contactmill_wire::import::write_string;

use super::{RowFormat, TextFile};
use crate::file::ResultFiles;

#[derive(Clone, Copy, Default)]
pub(super) struct CsvRows;

impl ContactEncoder for CsvRows {
    fn encode(&self, contact: &Contact<'_>, out: &mut Vec<u8>) {
        let phone = contact.phone;
        let mut code = itoa::Buffer::new();
        let cells = [
            contact.name.as_str(),
            &phone.e164().to_string(),
            code.format(phone.calling_code()),
            &phone.national_number().to_string(),
            phone.region().map_or("", Region::as_str),
            phone.line_type().as_str(),
            contact.email.as_ref().map_or("", EmailAddress::as_str),
            &tags(contact),
            &attributes(contact),
        ];
        write_row(cells, out);
        // The row goes on.
        out.pop();
    }
}

fn tags(contact: &Contact<'_>) -> String {
    contact.tags.iter().map(Tag::as_str).collect::<Vec<_>>().join("; ")
}

/// The attributes as a JSON object.
fn attributes(contact: &Contact<'_>) -> String {
    let mut json = Vec::new();
    for (index, attribute) in contact.attributes.iter().enumerate() {
        json.push(if index == 0 { b'{' } else { b',' });
        write_string(&attribute.key, &mut json);
        json.push(b':');
        write_string(attribute.value.as_str(), &mut json);
    }
    if !json.is_empty() {
        json.push(b'}');
    }
    String::from_utf8(json).unwrap_or_default()
}

impl RowFormat for CsvRows {
    type File = TextFile;

    fn file(files: &ResultFiles) -> TextFile {
        let mut head = BYTE_ORDER_MARK.as_bytes().to_vec();
        write_row(CONTACT_COLUMNS, &mut head);
        TextFile::new(files, CONTACTS_CSV, head)
    }

    fn source(name: &str, out: &mut Vec<u8>) {
        write_row([name], out);
        out.pop();
    }

    fn end_row(source: &[u8], position: Position, out: &mut Vec<u8>) {
        let Position { record, line, .. } = position;
        out.push(b',');
        out.extend_from_slice(source);
        // A spreadsheet keeps such numbers.
        for number in [record, line] {
            out.push(b',');
            out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
        }
        out.push(b'\n');
    }
}
