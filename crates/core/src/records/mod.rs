//! Records, their positions, and the sources that they come from.
//!
//! A [`Source`] hands out [`Block`]s of whole records; workers visit the [`Record`]s of each. Rows that
//! are in memory already come from [`Rows`].

mod rows;
mod sample;

pub use rows::{RowBlock, Rows};
pub(crate) use sample::Spread;
pub use sample::{Sample, SampleBlock, SampleSource};

use std::fmt;
use std::ops::Range;

/// Which of a run's inputs, counted from 0 in the order given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(pub u32);

/// Where a record stands.
///
/// ```
/// use contactmill_core::records::{Position, SourceId};
///
/// let position = Position { source: SourceId(0), record: 3, line: 5, byte: 120 };
/// assert_eq!(position.to_string(), "record 3 (line 5)");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// The input.
    pub source: SourceId,
    /// The number of the record in its input, from 1, headers not counted.
    pub record: u64,
    /// The physical line on which the record begins, from 1.
    pub line: u64,
    /// The byte at which the record begins, from 0.
    pub byte: u64,
}

/// A record by its number, whatever its place in the bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordId {
    /// The input.
    pub source: SourceId,
    /// The number of the record in its input, from 1, headers not counted.
    pub record: u64,
}

impl Position {
    /// Which record stands there.
    #[must_use]
    pub const fn id(self) -> RecordId {
        RecordId { source: self.source, record: self.record }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "record {} (line {})", self.record, self.line)
    }
}

/// Whether a record arrived whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Integrity {
    /// It did.
    #[default]
    Whole,
    /// The input ends in this record, without a line end: it may have been cut off.
    NoLineEnd,
    /// A quote opened in it is never closed; its fields are those of that one line.
    UnterminatedQuote,
    /// It is larger than the source takes; its fields are cut short.
    TooLarge,
    /// Some of its bytes are no text in the encoding of its source; U+FFFD stands in their place.
    InvalidEncoding,
    /// Its syntax is broken; its fields are what could be read, or all of it stands behind them.
    Malformed,
    /// It is whole, but some of its values have no text, such as a moment outside the calendar:
    /// U+FFFD and what is stored stand in their place.
    UnreadableValue,
}

impl Integrity {
    /// Every state.
    pub(crate) const ALL: [Integrity; 7] = [
        Integrity::Whole,
        Integrity::NoLineEnd,
        Integrity::UnterminatedQuote,
        Integrity::TooLarge,
        Integrity::InvalidEncoding,
        Integrity::Malformed,
        Integrity::UnreadableValue,
    ];
}

/// The fields of one record, borrowed, and where it stands.
///
/// Fields lie in one text, end to end or with a delimiter between them; `ends` holds the byte at
/// which each ends.
///
/// ```
/// use contactmill_core::records::{Integrity, Position, Record};
///
/// let record = Record::new("Asha98765", &[4, 9], Position::default(), Integrity::Whole);
/// assert_eq!(record.get(1), Some("98765"));
/// assert_eq!(record.iter().collect::<Vec<_>>(), ["Asha", "98765"]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Record<'r> {
    text: &'r str,
    ends: &'r [usize],
    /// Number of bytes between a field and the next.
    gap: usize,
    position: Position,
    integrity: Integrity,
}

/// The fields of a [`Record`], as they lie in memory.
pub(crate) struct RecordParts<'r> {
    pub(crate) text: &'r str,
    pub(crate) ends: &'r [usize],
    /// Number of bytes between a field and the next.
    pub(crate) gap: usize,
}

impl<'r> Record<'r> {
    pub(crate) const fn parts(self) -> RecordParts<'r> {
        let Record { text, ends, gap, .. } = self;
        RecordParts { text, ends, gap }
    }

    pub(crate) const fn of_parts(
        parts: RecordParts<'r>,
        position: Position,
        integrity: Integrity,
    ) -> Self {
        let RecordParts { text, ends, gap } = parts;
        Record { text, ends, gap, position, integrity }
    }

    /// A record of fields that lie end to end in `text`; `ends` must ascend and fall on characters.
    #[must_use]
    pub const fn new(
        text: &'r str,
        ends: &'r [usize],
        position: Position,
        integrity: Integrity,
    ) -> Self {
        Record { text, ends, gap: 0, position, integrity }
    }

    /// A record of fields that lie in `text` with one byte between them: a line as it stands.
    ///
    /// ```
    /// use contactmill_core::records::{Integrity, Position, Record};
    ///
    /// let line = Record::delimited("Asha,98765", &[4, 10], Position::default(), Integrity::Whole);
    /// assert_eq!(line.iter().collect::<Vec<_>>(), ["Asha", "98765"]);
    /// ```
    #[must_use]
    pub const fn delimited(
        text: &'r str,
        ends: &'r [usize],
        position: Position,
        integrity: Integrity,
    ) -> Self {
        Record { text, ends, gap: 1, position, integrity }
    }

    /// The same fields elsewhere.
    #[must_use]
    pub(crate) const fn at(self, position: Position) -> Self {
        Record { position, ..self }
    }

    /// The field at this index, from 0.
    #[must_use]
    #[inline]
    pub fn get(&self, index: usize) -> Option<&'r str> {
        let end = *self.ends.get(index)?;
        let start = if index == 0 { 0 } else { self.ends[index - 1] + self.gap };
        self.text.get(start..end)
    }

    /// All fields, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &'r str> + use<'r> {
        let record = *self;
        (0..record.ends.len()).map(move |index| record.get(index).unwrap_or_default())
    }

    /// Number of fields.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no field at all.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Where the record stands.
    #[must_use]
    pub const fn position(&self) -> Position {
        self.position
    }

    /// Whether the record arrived whole.
    #[must_use]
    pub const fn integrity(&self) -> Integrity {
        self.integrity
    }
}

/// Owned records of a block, without an allocation for each.
#[derive(Debug, Default)]
pub(crate) struct RecordArena {
    text: String,
    ends: Vec<usize>,
}

/// Where a record lies in a [`RecordArena`].
#[derive(Debug)]
pub(crate) struct RecordSlot {
    text: Range<usize>,
    ends: Range<usize>,
    gap: usize,
    position: Position,
    integrity: Integrity,
}

impl RecordArena {
    /// Removes all records. Memory beyond `most_bytes` is freed.
    pub(crate) fn clear(&mut self, most_bytes: usize) {
        self.text.clear();
        self.text.shrink_to(most_bytes);
        self.ends.clear();
        self.ends.shrink_to(most_bytes / size_of::<usize>());
    }

    pub(crate) fn keep(&mut self, record: Record<'_>) -> RecordSlot {
        let (text, ends) = (self.text.len(), self.ends.len());
        self.text.push_str(record.text);
        self.ends.extend_from_slice(record.ends);
        RecordSlot {
            text: text..self.text.len(),
            ends: ends..self.ends.len(),
            gap: record.gap,
            position: record.position,
            integrity: record.integrity,
        }
    }

    pub(crate) fn get(&self, slot: &RecordSlot) -> Record<'_> {
        Record {
            text: &self.text[slot.text.clone()],
            ends: &self.ends[slot.ends.clone()],
            gap: slot.gap,
            position: slot.position,
            integrity: slot.integrity,
        }
    }
}

impl RecordSlot {
    /// The number of the record, as its position has it.
    pub(crate) const fn number(&self) -> u64 {
        self.position.record
    }
}

/// An owned [`Record`].
#[derive(Clone, Debug)]
pub struct RecordBuffer {
    text: Box<str>,
    ends: Box<[usize]>,
    gap: usize,
    position: Position,
    integrity: Integrity,
}

impl RecordBuffer {
    /// The record, borrowed.
    #[must_use]
    pub fn as_record(&self) -> Record<'_> {
        let RecordBuffer { text, ends, gap, position, integrity } = self;
        Record { text, ends, gap: *gap, position: *position, integrity: *integrity }
    }
}

impl From<Record<'_>> for RecordBuffer {
    fn from(record: Record<'_>) -> Self {
        let Record { text, ends, gap, position, integrity } = record;
        RecordBuffer { text: text.into(), ends: ends.into(), gap, position, integrity }
    }
}

/// Where records come from, cut into blocks at memory speed by one thread.
pub trait Source {
    /// A run of whole records.
    type Block: Block<Error = Self::Error>;
    /// Why reading could not go on.
    type Error: Send;

    /// The next block, in input order; `None` at the end.
    ///
    /// # Errors
    ///
    /// When the input cannot be read any further.
    fn next_block(&mut self) -> Result<Option<Self::Block>, Self::Error>;
}

impl<S: Source + ?Sized> Source for Box<S> {
    type Block = S::Block;
    type Error = S::Error;

    fn next_block(&mut self) -> Result<Option<S::Block>, S::Error> {
        (**self).next_block()
    }
}

/// A run of whole records, read by any thread.
pub trait Block: Send {
    /// Why the block could not be read.
    type Error;

    /// Size of the input that the block covers, in bytes, for progress.
    fn len_bytes(&self) -> u64;

    /// Number of records of the input that stand in the block and are left out of it.
    fn left_out(&self) -> u64 {
        0
    }

    /// Visits every record in order. Of each [`Position`], `record` is the number *within the
    /// block*, from 1, counting those that are left out: only the pipeline knows how many came before.
    ///
    /// # Errors
    ///
    /// When the bytes are not text; the records before were visited.
    fn visit(&self, visitor: &mut dyn FnMut(Record<'_>)) -> Result<(), Self::Error>;
}
