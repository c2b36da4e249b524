//! Records field by field, by `csv-core`.

use std::cell::RefCell;

use contactmill_core::records::{Integrity, Position, Record};
use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use crate::input::delimiter::Delimiter;
use crate::input::encoding::BYTE_ORDER_MARK;

/// Maximum number of idle readers of a thread: one for each delimiter that is tried, and a few more.
const MAX_IDLE: usize = 8;

thread_local! {
    /// Readers that are not in use, with their delimiters. Building one compiles an automaton, which
    /// takes longer than reading a small file.
    ///
    /// They are moved out and back, and never cloned: a clone of `csv-core`'s reader loses what the
    /// automaton knows about the classes of bytes, and reads other fields.
    static IDLE: RefCell<Vec<(u8, Reader)>> = const { RefCell::new(Vec::new()) };
}

/// A reader at the beginning of a text.
fn reader(delimiter: u8) -> Reader {
    let idle = IDLE.with_borrow_mut(|idle| {
        let at = idle.iter().position(|&(known, _)| known == delimiter)?;
        Some(idle.swap_remove(at).1)
    });
    idle.unwrap_or_else(|| ReaderBuilder::new().delimiter(delimiter).build())
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
    /// For the records of a text of at most `max_len` bytes.
    pub(super) fn new(delimiter: Delimiter, max_len: usize) -> Self {
        let reader = reader(delimiter.byte());
        // The text of a record is never longer than its bytes, and nearly always far shorter.
        let (text, ends) = (vec![0; max_len.clamp(1, 4 << 10)], vec![0; 32]);
        Fields { delimiter, reader, text, text_len: 0, ends, len: 0 }
    }

    /// Reads the next record, and returns its size with the first byte of its line end; `None` when there
    /// is no record.
    pub(super) fn read(&mut self, bytes: &[u8]) -> Option<usize> {
        (self.text_len, self.len) = (0, 0);
        let mut read = 0;
        if bytes.starts_with(BYTE_ORDER_MARK) {
            // The reader would skip it as the mark of a file, but inside a file it is text. After a line
            // end the reader knows that this is not the beginning.
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
                // In the next turn the input is empty, which the reader takes for the end.
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => self.text.resize(2 * self.text.len(), 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(2 * self.ends.len(), 0),
                ReadRecordResult::End => return None,
            }
        }
    }

    /// Reads the only record in these bytes. Of no bytes it makes one empty field.
    pub(super) fn read_all(&mut self, bytes: &[u8]) {
        if self.read(bytes).is_none() {
            self.push_field();
        }
    }

    /// Adds text up to the end of the line, in which quotes have no meaning. It begins in the last field.
    pub(super) fn read_on_without_quotes(&mut self, bytes: &[u8]) {
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

    /// The number of fields of the record.
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// The text of the record and the ends of its fields; `None` when it is not UTF-8.
    pub(super) fn text(&self) -> Option<(&str, &[usize])> {
        let text = simdutf8::basic::from_utf8(&self.text[..self.text_len]).ok()?;
        let ends = &self.ends[..self.len];
        // Two halves of a broken character, with a delimiter between them, would look like a whole one.
        ends.iter().all(|&end| text.is_char_boundary(end)).then_some((text, ends))
    }

    /// The same where not all of it is UTF-8: U+FFFD stands for the bytes that are not.
    pub(super) fn lossy_text(&self) -> (String, Vec<usize>) {
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

impl Drop for Fields {
    fn drop(&mut self) {
        let mut reader = std::mem::take(&mut self.reader);
        // Nothing of this text must show in the next.
        reader.reset();
        // When the thread ends, there may be no list any more.
        let _ = IDLE.try_with(|idle| {
            let mut idle = idle.borrow_mut();
            if idle.len() < MAX_IDLE {
                idle.push((self.delimiter.byte(), reader));
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(delimiter: Delimiter, text: &str) -> Vec<Vec<String>> {
        let mut fields = Fields::new(delimiter, text.len());
        let (mut rows, mut at) = (Vec::new(), 0);
        while let Some(read) = fields.read(&text.as_bytes()[at..]) {
            rows.push(fields.to_strings().unwrap());
            at += read;
        }
        rows
    }

    #[test]
    fn a_reader_that_is_used_again_remembers_nothing() {
        let text = "a,\"b\"\"c\",d;e\r\n\u{feff}f,\"g\nh\",i\n";
        let by = |delimiter| std::thread::spawn(move || read(delimiter, text)).join().unwrap();
        let (commas, semicolons) = (by(Delimiter::Comma), by(Delimiter::Semicolon));
        assert_eq!(commas[0], ["a", "b\"c", "d;e"]);
        // Texts that leave the reader in every state.
        for left_open in ["", "x", "x,", "\"x", "\"x\"", "x\r", "x\r\n", "\u{feff}x\n", "\n"] {
            for delimiter in [Delimiter::Comma, Delimiter::Semicolon] {
                let mut fields = Fields::new(delimiter, left_open.len());
                // One call, as a text that is not read to its end would be left.
                let _ = fields.reader.read_record(left_open.as_bytes(), &mut [0; 8], &mut [0; 8]);
            }
            assert_eq!(read(Delimiter::Comma, text), commas, "{left_open:?}");
            assert_eq!(read(Delimiter::Semicolon, text), semicolons, "{left_open:?}");
        }
        assert!(IDLE.with_borrow(Vec::len) <= MAX_IDLE);
    }

    #[test]
    fn a_thread_builds_one_reader_for_a_delimiter() {
        IDLE.with_borrow_mut(Vec::clear);
        for _ in 0..100 {
            assert_eq!(read(Delimiter::Pipe, "a|b\n"), [["a", "b"]]);
        }
        assert_eq!(IDLE.with_borrow(Vec::len), 1);
    }
}
