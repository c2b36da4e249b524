//! `contacts.csv`.

use contactmill_core::columns::CONTACT_COLUMNS;
use contactmill_core::contact::{Attribute, EmailAddress, Tag};
use contactmill_core::records::Position;
use contactmill_core::{Contact, ContactEncoder, Region};
use contactmill_wire::csv_cell::{BYTE_ORDER_MARK, write_cell, write_row};
use contactmill_wire::files::CONTACTS_CSV;
use contactmill_wire::import::{PhoneDigits, write_string};

use super::{RowFormat, TextFile};
use crate::contact_json::digits;
use crate::file::ResultFiles;

#[derive(Clone, Copy, Default)]
pub(super) struct CsvRows;

impl ContactEncoder for CsvRows {
    fn encode(&self, contact: &Contact<'_>, out: &mut Vec<u8>) {
        let phone = contact.phone;
        write_cell(contact.name.as_str(), out);
        write_numbers(digits(phone), out);
        for cell in [
            phone.region().map_or("", Region::as_str),
            phone.line_type().as_str(),
            contact.email.as_ref().map_or("", EmailAddress::as_str),
        ] {
            out.push(b',');
            write_cell(cell, out);
        }
        out.push(b',');
        write_tags(&contact.tags, out);
        out.push(b',');
        write_attributes(&contact.attributes, out);
    }
}

/// Appends the cells of a number: in E.164, which is always escaped, its calling code and its national
/// number, which a spreadsheet keeps as it is unless it is long or begins with a zero.
fn write_numbers(phone: PhoneDigits, out: &mut Vec<u8>) {
    let PhoneDigits { calling_code, leading_zeros, national } = phone;
    let [mut code, mut digits] = [itoa::Buffer::new(); 2];
    let (code, digits) = (code.format(calling_code), digits.format(national));
    let zeros = [b'0'; u8::MAX as usize];
    let zeros = &zeros[..leading_zeros.into()];
    for part in [b",\"'+", code.as_bytes(), zeros, digits.as_bytes(), b"\",", code.as_bytes(), b","]
    {
        out.extend_from_slice(part);
    }
    let (before, behind): (&[u8], &[u8]) = match zeros.is_empty() && digits.len() < 12 {
        true => (b"", b""),
        false => (b"\"'", b"\""),
    };
    for part in [before, zeros, digits.as_bytes(), behind] {
        out.extend_from_slice(part);
    }
}

fn write_tags(tags: &[Tag<'_>], out: &mut Vec<u8>) {
    match tags {
        [] => {}
        [tag] => write_cell(tag.as_str(), out),
        tags => write_cell(&tags.iter().map(Tag::as_str).collect::<Vec<_>>().join("; "), out),
    }
}

/// Appends the cell of the attributes, a JSON object: in quotes, and each quote in it twice.
fn write_attributes(attributes: &[Attribute<'_>], out: &mut Vec<u8>) {
    let mut before: &[u8] = b"\"{";
    for attribute in attributes {
        out.extend_from_slice(before);
        write_string_in_quotes(&attribute.key, out);
        out.push(b':');
        write_string_in_quotes(attribute.value.as_str(), out);
        before = b",";
    }
    if !attributes.is_empty() {
        out.extend_from_slice(b"}\"");
    }
}

fn write_string_in_quotes(text: &str, out: &mut Vec<u8>) {
    let start = out.len();
    out.push(b'"');
    write_string(text, out);
    out.push(b'"');
    // Nearly no text has quotes of its own.
    if text.contains('"') {
        let json = out.split_off(start + 1);
        out.truncate(start);
        for &byte in &json[..json.len() - 1] {
            out.extend_from_slice(if byte == b'"' { b"\"\"" } else { std::slice::from_ref(&byte) });
        }
    }
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

#[cfg(test)]
mod tests {
    use contactmill_core::{Normalizer, Options, RawContact};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Attributes are a JSON object, written as any cell would be.
        #[test]
        fn attributes_are_written_as_any_cell_would_be(
            values in proptest::collection::vec("[a\"\\\\\n,é{}:']{1,6}", 0..4),
        ) {
            let mut raw = RawContact::default();
            raw.phones.push("+919876543210");
            raw.attributes.extend(values.iter().map(|value| (value.as_str(), value.as_str())));
            let contact = Normalizer::new(Options::default()).normalize(&raw).unwrap().contact;
            let mut json = Vec::new();
            for own in &contact.attributes {
                json.push(if json.is_empty() { b'{' } else { b',' });
                write_string(&own.key, &mut json);
                json.push(b':');
                write_string(own.value.as_str(), &mut json);
            }
            json.extend(json.first().map(|_| b'}'));
            let (mut cell, mut expected) = (Vec::new(), Vec::new());
            write_attributes(&contact.attributes, &mut cell);
            write_cell(std::str::from_utf8(&json).unwrap(), &mut expected);
            prop_assert_eq!(cell, expected);
        }
    }

    #[test]
    fn numbers_are_written_as_any_cell_would_be() {
        for (calling_code, leading_zeros, national) in
            [(91, 0, 9_876_543_210), (39, 1, 612_345_678), (49, 0, 151_234_567_890), (290, 0, 0)]
        {
            let phone = PhoneDigits { calling_code, leading_zeros, national };
            let number = format!("{}{national}", "0".repeat(leading_zeros.into()));
            let (mut row, mut expected) = (Vec::new(), Vec::new());
            write_numbers(phone, &mut row);
            let e164 = format!("+{calling_code}{number}");
            write_row(["", &e164, &calling_code.to_string(), &number], &mut expected);
            expected.pop();
            assert_eq!(row, expected);
        }
    }
}
