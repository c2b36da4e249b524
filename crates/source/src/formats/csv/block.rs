//! Parsing a block of whole records.

use contactmill_core::records::{Block, Integrity, Position, Record, SourceId};

use super::fields::Fields;
use super::plain_lines::PlainLines;
use super::scan::line_ends;
use crate::input::delimiter::Delimiter;
use crate::input::error::SourceError;
use crate::records::own_file;
use crate::records::window::MAX_KEPT;

/// A run of whole records of a [`CsvSource`](super::CsvSource).
#[derive(Debug)]
pub struct CsvBlock {
    pub(super) bytes: Vec<u8>,
    /// The number of bytes of the input that the block stands for.
    pub(super) covers: u64,
    pub(super) delimiter: Delimiter,
    /// Whether values may be escaped with an apostrophe.
    pub(super) own_file: bool,
    pub(super) max_record_bytes: usize,
    /// Where the block begins: the offset, from 0, and the physical line, from 1.
    pub(super) byte: u64,
    pub(super) line: u64,
    pub(super) holds: BlockContent,
}

/// What a block holds.
#[derive(Clone, Copy, Debug)]
pub(super) enum BlockContent {
    /// Records. The last one is `cut_off` when the input ends without a line end.
    Records { cut_off: bool },
    /// One record, in which the quote at this index is never closed.
    UnterminatedQuote { quote: usize },
    /// The beginning of one record that is too large.
    TooLarge,
}

impl Block for CsvBlock {
    type Error = SourceError;

    fn len_bytes(&self) -> u64 {
        self.covers
    }

    fn visit(&self, visitor: &mut dyn FnMut(Record<'_>)) -> Result<(), SourceError> {
        match self.holds {
            BlockContent::Records { cut_off } => self.visit_records(cut_off, visitor),
            BlockContent::UnterminatedQuote { quote } => {
                // From the quote on, nothing is quoted.
                let mut fields = Fields::new(self.delimiter, self.bytes.len());
                fields.read_all(&self.bytes[..quote]);
                fields.read_on_without_quotes(&self.bytes[quote..]);
                self.visit_one(fields, Integrity::UnterminatedQuote, visitor);
            }
            BlockContent::TooLarge => {
                let fields = self.fields_of_too_large(&self.bytes);
                self.visit_one(fields, Integrity::TooLarge, visitor);
            }
        }
        Ok(())
    }
}

/// The bytes of a record that is too large that are kept, so that people can find it.
pub(super) fn kept_of_too_large(bytes: &[u8], max_record_bytes: usize) -> &[u8] {
    &bytes[..bytes.len().min(max_record_bytes).min(MAX_KEPT)]
}

/// The record of `read` bytes with all of its line end: the parser ends it with `\r`, and leaves the
/// `\n` of the pair for the next record.
fn with_line_end(bytes: &[u8], read: usize) -> &[u8] {
    let is_pair = bytes[..read].ends_with(b"\r") && bytes[read..].starts_with(b"\n");
    &bytes[..read + usize::from(is_pair)]
}

fn without_line_end(record: &[u8]) -> &[u8] {
    let line_end = record.iter().rev().take(2).filter(|byte| matches!(byte, b'\r' | b'\n')).count();
    &record[..record.len() - line_end]
}

impl CsvBlock {
    fn visit_records(&self, cut_off: bool, visitor: &mut dyn FnMut(Record<'_>)) {
        let bytes = self.bytes.as_slice();
        let mut fields = Fields::new(self.delimiter, bytes.len());
        // Text that is not UTF-8, and values that may be escaped, need a closer look.
        let plain = match simdutf8::basic::from_utf8(bytes) {
            Ok(text) if !self.own_file => text,
            _ => "",
        };
        let mut lines = PlainLines::new(plain, self.delimiter, self.max_record_bytes);
        let (mut at, mut line, mut record) = (0, self.line, 0);
        loop {
            let blank = bytes[at..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
            line += line_ends(&bytes[at..at + blank]);
            at += blank;
            let byte = self.byte + at as u64;
            let position = |record| Position { source: SourceId::default(), record, line, byte };
            if let Some((text, ends, read)) = lines.next(at) {
                record += 1;
                visitor(Record::delimited(text, ends, position(record), Integrity::Whole));
                line += 1;
                at += read;
                continue;
            }
            let Some(read) = fields.read(&bytes[at..]) else { return };
            let whole = with_line_end(&bytes[at..], read);
            record += 1;
            if without_line_end(whole).len() > self.max_record_bytes {
                let kept = self.fields_of_too_large(whole);
                self.visit_fields(&kept, position(record), Integrity::TooLarge, visitor);
            } else {
                let is_cut_off = cut_off && at + whole.len() == bytes.len();
                let integrity = if is_cut_off { Integrity::NoLineEnd } else { Integrity::Whole };
                self.visit_fields(&fields, position(record), integrity, visitor);
            }
            line += line_ends(whole);
            at += whole.len();
        }
    }

    /// The fields at the beginning of a record that is too large.
    fn fields_of_too_large(&self, record: &[u8]) -> Fields {
        let mut bytes = kept_of_too_large(record, self.max_record_bytes);
        // The cut may be within a character.
        if let Err(error) = std::str::from_utf8(bytes)
            && error.error_len().is_none()
        {
            bytes = &bytes[..error.valid_up_to()];
        }
        let mut fields = Fields::new(self.delimiter, bytes.len());
        fields.read_all(bytes);
        fields
    }

    fn visit_one(&self, fields: Fields, integrity: Integrity, visitor: &mut dyn FnMut(Record<'_>)) {
        let position =
            Position { source: SourceId::default(), record: 1, line: self.line, byte: self.byte };
        self.visit_fields(&fields, position, integrity, visitor);
    }

    fn visit_fields(
        &self,
        fields: &Fields,
        position: Position,
        integrity: Integrity,
        visitor: &mut dyn FnMut(Record<'_>),
    ) {
        let Some((text, ends)) = fields.text() else {
            let (text, mut ends) = fields.lossy_text();
            let text = match self.own_file {
                true => own_file::unescaped_fields(&text, &mut ends).into_owned(),
                false => text,
            };
            // A record keeps the damage that it has already.
            let integrity = match integrity {
                Integrity::Whole | Integrity::NoLineEnd => Integrity::InvalidEncoding,
                worse => worse,
            };
            return visitor(Record::new(&text, &ends, position, integrity));
        };
        if self.own_file {
            let mut ends = ends.to_vec();
            let text = own_file::unescaped_fields(text, &mut ends);
            visitor(Record::new(&text, &ends, position, integrity));
        } else {
            visitor(Record::new(text, ends, position, integrity));
        }
    }
}
