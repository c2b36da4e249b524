//! Parsing a block of whole records.

use contactmill_core::records::{Block, Integrity, Position, Record, SourceId};
use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use memchr::memchr;

use super::Delimiter;
use super::dialect::BOM;
use super::scan::line_ends;
use crate::input::error::SourceError;
use crate::records::own_file;

/// A run of whole records of a [`CsvSource`](super::CsvSource).
#[derive(Debug)]
pub struct CsvBlock {
    pub(super) bytes: Vec<u8>,
    /// How many bytes of the input the block stands for.
    pub(super) covers: u64,
    pub(super) delimiter: Delimiter,
    /// Whether values may stand behind a guarding apostrophe.
    pub(super) own_file: bool,
    pub(super) max_record_bytes: usize,
    /// Where the block begins: byte, from 0, and physical line, from 1.
    pub(super) byte: u64,
    pub(super) line: u64,
    pub(super) form: BlockForm,
}

/// What a block holds.
#[derive(Clone, Copy, Debug)]
pub(super) enum BlockForm {
    /// Records. The last is `cut_off` when the input ends without a line end.
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
        match self.form {
            BlockForm::Records { cut_off } => self.visit_records(cut_off, visitor),
            BlockForm::UnterminatedQuote { quote } => {
                // Behind the quote nothing is quoted any more.
                let mut fields = Fields::new(self.delimiter, self.bytes.len());
                fields.read_all(&self.bytes[..quote]);
                fields.read_on_without_quotes(&self.bytes[quote..]);
                self.visit_one(fields, Integrity::UnterminatedQuote, visitor);
            }
            BlockForm::TooLarge => {
                let fields = self.fields_of_too_large(&self.bytes);
                self.visit_one(fields, Integrity::TooLarge, visitor);
            }
        }
        Ok(())
    }
}

/// How much of a record that is too large is kept, so that people can find it.
pub(super) fn kept_of_too_large(bytes: &[u8], max_record_bytes: usize) -> &[u8] {
    &bytes[..bytes.len().min(max_record_bytes).min(16 << 10)]
}

impl CsvBlock {
    fn visit_records(&self, cut_off: bool, visitor: &mut dyn FnMut(Record<'_>)) {
        let bytes = self.bytes.as_slice();
        let mut fields = Fields::new(self.delimiter, bytes.len());
        let mut lines = PlainLines::new(self);
        let (mut at, mut line, mut record) = (0, self.line, 0);
        loop {
            let blank = bytes[at..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
            line += line_ends(&bytes[at..at + blank]);
            at += blank;
            if let Some((text, ends, read)) = lines.next(at) {
                record += 1;
                let byte = self.byte + at as u64;
                let position = Position { source: SourceId::default(), record, line, byte };
                visitor(Record::delimited(text, ends, position, Integrity::Whole));
                line += 1;
                at += read;
                continue;
            }
            let Some(read) = fields.read(&bytes[at..]) else { return };
            // A record ends with `\r`, and the `\n` of the pair is left for the next.
            let read = read
                + usize::from(
                    bytes[at + read..].starts_with(b"\n") && bytes[at + read - 1] == b'\r',
                );
            record += 1;
            let position =
                Position { source: SourceId::default(), record, line, byte: self.byte + at as u64 };
            let whole = &bytes[at..at + read];
            let line_end =
                whole.iter().rev().take(2).filter(|b| matches!(b, b'\r' | b'\n')).count();
            let integrity = if read - line_end > self.max_record_bytes {
                fields = self.fields_of_too_large(whole);
                Integrity::TooLarge
            } else if cut_off && at + read == bytes.len() {
                Integrity::NoLineEnd
            } else {
                Integrity::Whole
            };
            self.hand_over(&fields, position, integrity, visitor);
            if integrity == Integrity::TooLarge {
                fields = Fields::new(self.delimiter, bytes.len());
            }
            line += line_ends(whole);
            at += read;
        }
    }

    /// The fields at the beginning of a record that is too large.
    fn fields_of_too_large(&self, record: &[u8]) -> Fields {
        let mut bytes = kept_of_too_large(record, self.max_record_bytes);
        // The cut may have gone through a character.
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
        self.hand_over(&fields, position, integrity, visitor);
    }

    fn hand_over(
        &self,
        fields: &Fields,
        position: Position,
        integrity: Integrity,
        visitor: &mut dyn FnMut(Record<'_>),
    ) {
        let Some((text, ends)) = fields.text() else {
            let (text, mut ends) = fields.text_where_there_is_some();
            let text = match self.own_file {
                true => own_file::unguarded_fields(&text, &mut ends).into_owned(),
                false => text,
            };
            // A record that is damaged already says no more by this.
            let integrity = match integrity {
                Integrity::Whole | Integrity::NoLineEnd => Integrity::InvalidEncoding,
                worse => worse,
            };
            return visitor(Record::new(&text, &ends, position, integrity));
        };
        if self.own_file {
            let mut ends = ends.to_vec();
            let text = own_file::unguarded_fields(text, &mut ends);
            visitor(Record::new(&text, &ends, position, integrity));
        } else {
            visitor(Record::new(text, ends, position, integrity));
        }
    }
}

/// Lines that need no reading: without quotes, they are their fields with delimiters between them.
struct PlainLines<'b> {
    /// The block, where nothing else stands against it.
    text: &'b str,
    delimiter: u8,
    max_record_bytes: usize,
    /// The next quote, or the end.
    quote: usize,
    ends: Vec<usize>,
}

impl<'b> PlainLines<'b> {
    fn new(block: &'b CsvBlock) -> Self {
        let text = match std::str::from_utf8(&block.bytes) {
            Ok(text) if !block.own_file => text,
            _ => "",
        };
        PlainLines {
            text,
            delimiter: block.delimiter.byte(),
            max_record_bytes: block.max_record_bytes,
            quote: memchr(b'"', text.as_bytes()).unwrap_or(text.len()),
            ends: Vec::new(),
        }
    }

    /// The line that begins at this byte, where its fields end, and how many bytes it has with its
    /// line end; `None` if it is not plain or has no line end.
    fn next(&mut self, at: usize) -> Option<(&'b str, &[usize], usize)> {
        if self.quote < at {
            let quote = memchr(b'"', self.text.as_bytes().get(at..)?);
            self.quote = quote.map_or(self.text.len(), |found| at + found);
        }
        let line = self.text.get(at..self.quote)?;
        self.ends.clear();
        // Fields are short: eight bytes at a time find more ends than a search for each would.
        let delimiter = u64::from_le_bytes([self.delimiter; 8]);
        let (words, rest) = line.as_bytes().as_chunks();
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        for (index, word) in words.iter().chain(std::iter::once(&last)).enumerate() {
            let word = u64::from_le_bytes(*word);
            let mut found = zeros(word ^ delimiter)
                | zeros(word ^ u64::from_le_bytes([b'\n'; 8]))
                | zeros(word ^ u64::from_le_bytes([b'\r'; 8]));
            while found != 0 {
                let end = 8 * index + found.trailing_zeros() as usize / 8;
                found &= found - 1;
                self.ends.push(end);
                let line_end = match line.as_bytes()[end] {
                    b'\n' => 1,
                    b'\r' if self.text.as_bytes().get(at + end + 1) == Some(&b'\n') => 2,
                    b'\r' => 1,
                    _ => continue,
                };
                let text = (end <= self.max_record_bytes).then_some(&line[..end])?;
                return Some((text, &self.ends, end + line_end));
            }
        }
        None
    }
}

/// The highest bit of every byte that is zero, and no other.
const fn zeros(word: u64) -> u64 {
    let low = u64::from_le_bytes([0x7F; 8]);
    !(((word & low) + low) | word | low)
}

/// The fields of one record at a time, end to end, in buffers that are used again.
pub(super) struct Fields {
    delimiter: Delimiter,
    reader: Reader,
    text: Vec<u8>,
    text_len: usize,
    ends: Vec<usize>,
    len: usize,
}

impl Fields {
    /// For records of text of at most `max_len` bytes.
    pub(super) fn new(delimiter: Delimiter, max_len: usize) -> Self {
        let reader = ReaderBuilder::new().delimiter(delimiter.byte()).build();
        // A record's text is never longer than its source, and nearly always far shorter.
        let (text, ends) = (vec![0; max_len.clamp(1, 4 << 10)], vec![0; 32]);
        Fields { delimiter, reader, text, text_len: 0, ends, len: 0 }
    }

    /// Reads the next record and returns how many bytes it took; `None` when there is none.
    pub(super) fn read(&mut self, bytes: &[u8]) -> Option<usize> {
        (self.text_len, self.len) = (0, 0);
        let mut read = 0;
        if bytes.starts_with(BOM) {
            // The reader would take it for the mark of the file, but inside one it is text. After
            // a line end the reader knows that this is not the beginning.
            self.reader.read_record(b"\n", &mut [], &mut []);
        }
        loop {
            let (result, took, wrote, ended) = self.reader.read_record(
                &bytes[read..],
                &mut self.text[self.text_len..],
                &mut self.ends[self.len..],
            );
            read += took;
            self.text_len += wrote;
            self.len += ended;
            match result {
                ReadRecordResult::Record => return Some(read),
                // The empty input of the next turn tells the reader that this is all.
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => self.text.resize(2 * self.text.len(), 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(2 * self.ends.len(), 0),
                ReadRecordResult::End => return None,
            }
        }
    }

    /// Reads the one record that the bytes hold; of nothing, one empty field.
    pub(super) fn read_all(&mut self, bytes: &[u8]) {
        if self.read(bytes).is_none() {
            self.push_field();
        }
    }

    /// Adds text in which quotes have no meaning to the last field, up to the line's end.
    fn read_on_without_quotes(&mut self, bytes: &[u8]) {
        let delimiter = self.delimiter.byte();
        let line = bytes.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
        for (index, piece) in line.split(|&byte| byte == delimiter).enumerate() {
            if index > 0 {
                self.push_field();
            }
            if self.text.len() < self.text_len + piece.len() {
                self.text.resize(self.text_len + piece.len(), 0);
            }
            self.text[self.text_len..self.text_len + piece.len()].copy_from_slice(piece);
            self.text_len += piece.len();
            self.ends[self.len - 1] = self.text_len;
        }
    }

    fn push_field(&mut self) {
        if self.len == self.ends.len() {
            self.ends.resize(2 * self.ends.len(), 0);
        }
        self.ends[self.len] = self.text_len;
        self.len += 1;
    }

    /// How many fields the record has.
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// The record's text and where its fields end; `None` when it is not UTF-8.
    fn text(&self) -> Option<(&str, &[usize])> {
        let text = std::str::from_utf8(&self.text[..self.text_len]).ok()?;
        let ends = &self.ends[..self.len];
        // A broken character split by a delimiter could make the whole look sound.
        ends.iter().all(|&end| text.is_char_boundary(end)).then_some((text, ends))
    }

    /// The same where not all of it is UTF-8: U+FFFD stands for what is not.
    fn text_where_there_is_some(&self) -> (String, Vec<usize>) {
        let (mut text, mut ends) = (String::new(), Vec::with_capacity(self.len));
        let mut start = 0;
        for &end in &self.ends[..self.len] {
            text += &String::from_utf8_lossy(&self.text[start..end]);
            ends.push(text.len());
            start = end;
        }
        (text, ends)
    }

    /// The fields as strings; `None` when they are not UTF-8.
    pub(super) fn to_strings(&self) -> Option<Vec<String>> {
        let (text, ends) = self.text()?;
        let record = Record::new(text, ends, Position::default(), Integrity::Whole);
        Some(record.iter().map(str::to_owned).collect())
    }
}
