//! A window over an input that moves forward, and the records that are cut out of it.

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::Arc;

use contactmill_core::records::{Integrity, Position, SourceId};

use crate::input::encoding::BYTE_ORDER_MARK;
use crate::input::error::{SourceError, SourceProblem};
use crate::records::split::InputSplit;

/// How many bytes of a rejected record are kept, so that people can find it.
pub(crate) const MAX_KEPT: usize = 16 << 10;

/// The minimum and maximum number of bytes to ask the input for at once.
const MIN_READ: usize = 4 << 10;
const MAX_READ: usize = 256 << 10;

/// The part of an input that is in memory.
pub(crate) struct Window<R> {
    name: Arc<str>,
    reader: R,
    buffer: Vec<u8>,
    /// How many bytes of the buffer are consumed. They are dropped when more is read.
    consumed: usize,
    /// The offset of the rest in the input.
    start: u64,
    /// The offset behind which nothing is read: the end of a split, or no end.
    end: u64,
    is_at_end: bool,
}

impl<R: Read + Seek> Window<R> {
    /// A window at the beginning of the input, behind a byte order mark.
    pub(crate) fn new(name: &str, reader: R) -> Result<Self, SourceError> {
        let mut window = Window {
            name: name.into(),
            reader,
            buffer: Vec::new(),
            consumed: 0,
            start: 0,
            end: u64::MAX,
            is_at_end: false,
        };
        window.skip_byte_order_mark()?;
        Ok(window)
    }

    /// Goes back to the beginning.
    pub(crate) fn rewind(&mut self) -> Result<(), SourceError> {
        let sought = self.reader.seek(SeekFrom::Start(0));
        sought.map_err(|error| self.error(None, SourceProblem::reading(error)))?;
        self.buffer.clear();
        (self.consumed, self.start, self.is_at_end) = (0, 0, false);
        self.skip_byte_order_mark()
    }

    /// Goes to a split, and reads nothing behind it.
    pub(crate) fn go_to(&mut self, split: InputSplit) -> Result<(), SourceError> {
        let sought = self.reader.seek(SeekFrom::Start(split.start));
        sought.map_err(|error| self.error(None, SourceProblem::reading(error)))?;
        self.buffer.clear();
        (self.consumed, self.start, self.is_at_end) = (0, split.start, false);
        self.end = split.end;
        Ok(())
    }

    fn skip_byte_order_mark(&mut self) -> Result<(), SourceError> {
        self.fill(BYTE_ORDER_MARK.len())?;
        if self.rest().starts_with(BYTE_ORDER_MARK) {
            self.consume(BYTE_ORDER_MARK.len());
        }
        Ok(())
    }

    /// Reads until the rest has `wanted` bytes or the input ends.
    pub(crate) fn fill(&mut self, wanted: usize) -> Result<(), SourceError> {
        if self.is_at_end || self.rest().len() >= wanted {
            return Ok(());
        }
        self.buffer.drain(..self.consumed);
        self.consumed = 0;
        while !self.is_at_end && self.buffer.len() < wanted {
            let old = self.buffer.len();
            let most = usize::try_from(self.end - self.start).unwrap_or(usize::MAX);
            self.buffer.resize((old + (wanted - old).clamp(MIN_READ, MAX_READ)).min(most), 0);
            let read = self.reader.read(&mut self.buffer[old..]);
            self.buffer.truncate(old + read.as_ref().map_or(0, |count| *count));
            match read {
                Ok(count) => self.is_at_end = count == 0,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.error(None, SourceProblem::reading(error))),
            }
        }
        Ok(())
    }

    /// Moves on by `count` bytes of the rest.
    pub(crate) fn consume(&mut self, count: usize) {
        self.consumed += count;
        self.start += count as u64;
    }
}

impl<R> Window<R> {
    /// The bytes in memory that are not consumed.
    pub(crate) fn rest(&self) -> &[u8] {
        &self.buffer[self.consumed..]
    }

    /// The offset of the rest in the input.
    pub(crate) const fn start(&self) -> u64 {
        self.start
    }

    /// Whether the input has nothing behind the rest.
    pub(crate) const fn is_at_end(&self) -> bool {
        self.is_at_end
    }

    pub(crate) const fn name(&self) -> &Arc<str> {
        &self.name
    }

    pub(crate) fn error(&self, line: Option<u64>, problem: SourceProblem) -> SourceError {
        SourceError { source: Arc::clone(&self.name), line, problem }
    }
}

/// Where a record is that was cut out of an input, not parsed yet.
#[derive(Clone, Debug)]
pub(crate) struct RecordSpan {
    /// Its place in the bytes of its block.
    pub(crate) range: Range<usize>,
    /// Its place in the input: the offset of its first byte, and the physical line from 1.
    pub(crate) byte: u64,
    pub(crate) line: u64,
    pub(crate) integrity: Integrity,
}

/// Records that were cut out of an input, as bytes.
#[derive(Debug)]
pub(crate) struct CutRecords {
    pub(crate) source: Arc<str>,
    pub(crate) bytes: Vec<u8>,
    pub(crate) spans: Vec<RecordSpan>,
    /// The number of bytes of the input that they stand for, with what lies between them.
    pub(crate) covers: u64,
}

impl CutRecords {
    /// The bytes of each record, with its span and its position.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&[u8], &RecordSpan, Position)> {
        self.spans.iter().zip(1..).map(|(span, record)| {
            let RecordSpan { range, byte, line, .. } = span;
            let source = SourceId::default();
            let position = Position { source, record, line: *line, byte: *byte };
            (&self.bytes[range.clone()], span, position)
        })
    }

    pub(crate) fn error(&self, span: &RecordSpan, problem: SourceProblem) -> SourceError {
        SourceError { source: Arc::clone(&self.source), line: Some(span.line), problem }
    }
}

/// The beginning of a rejected record, as text.
fn kept_text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(MAX_KEPT)]).trim().to_owned()
}

/// Puts the beginning of a record that cannot be parsed behind all columns, for people to see.
pub(crate) fn keep_beginning(
    bytes: &[u8],
    columns: usize,
    text: &mut String,
    ends: &mut Vec<usize>,
) {
    ends.resize(columns, 0);
    text.push_str(&kept_text(bytes));
    ends.push(text.len());
}

/// The number of line feeds.
pub(crate) fn line_feeds(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    /// Gives one byte at a time, and is interrupted before each.
    struct Halting {
        bytes: Cursor<Vec<u8>>,
        is_ready: bool,
    }

    impl Read for Halting {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            self.is_ready = !self.is_ready;
            match self.is_ready {
                true => Err(io::ErrorKind::Interrupted.into()),
                false => self.bytes.read(&mut out[..1]),
            }
        }
    }

    impl Seek for Halting {
        fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
            self.bytes.seek(to)
        }
    }

    #[test]
    fn a_window_moves_over_an_input_as_often_as_it_is_rewound() {
        let text = b"\xef\xbb\xbfAsha,Ravi";
        let reader = Halting { bytes: Cursor::new(text.to_vec()), is_ready: false };
        let mut window = Window::new("input", reader).unwrap();
        for _ in 0..2 {
            assert_eq!(window.start(), 3);
            window.fill(4).unwrap();
            assert_eq!((window.rest(), window.is_at_end()), (&b"Asha"[..], false));
            window.consume(2);
            window.fill(2).unwrap();
            assert_eq!((window.rest(), window.start()), (&b"ha"[..], 5));
            window.fill(100).unwrap();
            assert_eq!((window.rest(), window.is_at_end()), (&b"ha,Ravi"[..], true));
            window.consume(7);
            assert_eq!((window.rest(), window.start()), (&b""[..], 12));
            window.rewind().unwrap();
        }
    }

    #[test]
    fn no_more_is_in_memory_than_is_wanted_and_one_read() {
        let mut window = Window::new("input", Cursor::new(vec![b'a'; 4 * MAX_READ])).unwrap();
        assert_eq!(window.rest().len(), MIN_READ);
        window.fill(MIN_READ + 1).unwrap();
        assert_eq!(window.rest().len(), 2 * MIN_READ);
        window.fill(2 * MAX_READ).unwrap();
        assert_eq!(window.rest().len(), 2 * MAX_READ);
    }

    #[test]
    fn of_a_rejected_record_the_beginning_is_kept_behind_all_columns() {
        let (mut text, mut ends) = ("Asha".to_owned(), vec![4]);
        keep_beginning(b" {\"a\": \xff\n", 3, &mut text, &mut ends);
        assert_eq!((text.as_str(), ends), ("Asha{\"a\": \u{fffd}", vec![4, 0, 0, 13]));
        assert_eq!(kept_text(&vec![b'a'; 2 * MAX_KEPT]).len(), MAX_KEPT);
        assert_eq!(line_feeds(b"a\r\nb\n\nc"), 3);
    }
}
