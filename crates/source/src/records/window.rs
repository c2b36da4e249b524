//! A window over an input that moves forward, and the pieces that are cut out of it.

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::Arc;

use contactmill_core::records::{Integrity, Position, SourceId};

use crate::input::error::{SourceError, SourceProblem};

/// How much of a record that cannot be taken is kept, so that people can find it.
pub(crate) const KEPT_BYTES: usize = 16 << 10;

/// How large the parts are in which an input is read.
const READ_BYTES: usize = 256 << 10;
const MIN_READ_BYTES: usize = 4 << 10;

/// The part of an input that is in memory.
pub(crate) struct Window<R> {
    name: Arc<str>,
    reader: R,
    buffer: Vec<u8>,
    /// How much of the buffer lies behind; it goes when more is read.
    passed: usize,
    /// Where the rest stands in the input.
    start: u64,
    is_at_end: bool,
}

impl<R: Read + Seek> Window<R> {
    /// A window at the beginning of the input, behind a byte order mark.
    pub(crate) fn new(name: &str, reader: R) -> Result<Self, SourceError> {
        let mut window = Window {
            name: name.into(),
            reader,
            buffer: Vec::new(),
            passed: 0,
            start: 0,
            is_at_end: false,
        };
        window.skip_mark()?;
        Ok(window)
    }

    /// Goes back to the beginning.
    pub(crate) fn rewind(&mut self) -> Result<(), SourceError> {
        let sought = self.reader.seek(SeekFrom::Start(0));
        sought.map_err(|error| self.error(None, SourceProblem::reading(error)))?;
        self.buffer.clear();
        (self.passed, self.start, self.is_at_end) = (0, 0, false);
        self.skip_mark()
    }

    fn skip_mark(&mut self) -> Result<(), SourceError> {
        self.fill(3)?;
        if self.rest().starts_with(b"\xEF\xBB\xBF") {
            self.pass(3);
        }
        Ok(())
    }

    /// Reads until the rest holds `wanted` bytes or the input ends.
    pub(crate) fn fill(&mut self, wanted: usize) -> Result<(), SourceError> {
        if self.is_at_end || self.rest().len() >= wanted {
            return Ok(());
        }
        self.buffer.drain(..self.passed);
        self.passed = 0;
        while !self.is_at_end && self.buffer.len() < wanted {
            let old = self.buffer.len();
            self.buffer.resize(old + (wanted - old).clamp(MIN_READ_BYTES, READ_BYTES), 0);
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
    pub(crate) fn pass(&mut self, count: usize) {
        self.passed += count;
        self.start += count as u64;
    }
}

impl<R> Window<R> {
    /// What is in memory and not passed.
    pub(crate) fn rest(&self) -> &[u8] {
        &self.buffer[self.passed..]
    }

    /// Where the rest begins in the input.
    pub(crate) const fn start(&self) -> u64 {
        self.start
    }

    /// Whether nothing follows the rest.
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

/// A record that was cut out of an input.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    /// Where it lies in the bytes of its block.
    pub(crate) range: Range<usize>,
    /// Where it begins in the input: byte, from 0, and physical line, from 1.
    pub(crate) byte: u64,
    pub(crate) line: u64,
    pub(crate) integrity: Integrity,
}

impl Piece {
    /// Its position as the `record`th of its block.
    pub(crate) fn position(&self, record: u64) -> Position {
        Position { source: SourceId::default(), record, line: self.line, byte: self.byte }
    }
}

/// The beginning of a record that cannot be taken, as text.
pub(crate) fn kept_text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(KEPT_BYTES)]).trim().to_owned()
}

/// How many line feeds there are.
pub(crate) fn line_feeds(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}
