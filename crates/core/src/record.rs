//! Records, where they stand, and where they come from.

use std::fmt;

/// Which of a run's inputs, counted from 0 in the order given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(pub u32);

/// Where a record stands.
///
/// ```
/// use contactmill_core::{Position, SourceId};
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

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "record {} (line {})", self.record, self.line)
    }
}

/// Whether a record arrived whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
}

/// The fields of one record, borrowed, and where it stands.
///
/// Fields lie end to end in one text; `ends` holds the byte at which each ends.
///
/// ```
/// use contactmill_core::{Integrity, Position, Record};
///
/// let record = Record::new("Asha98765", &[4, 9], Position::default(), Integrity::Whole);
/// assert_eq!(record.get(1), Some("98765"));
/// assert_eq!(record.iter().collect::<Vec<_>>(), ["Asha", "98765"]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Record<'r> {
    text: &'r str,
    ends: &'r [usize],
    position: Position,
    integrity: Integrity,
}

impl<'r> Record<'r> {
    /// A record of fields that lie end to end in `text`; `ends` must ascend and fall on characters.
    #[must_use]
    pub const fn new(
        text: &'r str,
        ends: &'r [usize],
        position: Position,
        integrity: Integrity,
    ) -> Self {
        Record { text, ends, position, integrity }
    }

    /// The same record, said to stand elsewhere.
    pub(crate) const fn at(self, position: Position) -> Self {
        Record { position, ..self }
    }

    /// The field at this index, from 0.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&'r str> {
        let end = *self.ends.get(index)?;
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        self.text.get(start..end)
    }

    /// All fields, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &'r str> + use<'r> {
        let record = *self;
        (0..record.ends.len()).map(move |index| record.get(index).unwrap_or_default())
    }

    /// How many fields there are.
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

/// An owned [`Record`].
#[derive(Clone, Debug)]
pub struct RecordBuffer {
    text: Box<str>,
    ends: Box<[usize]>,
    position: Position,
    integrity: Integrity,
}

impl RecordBuffer {
    /// The record, borrowed.
    #[must_use]
    pub fn as_record(&self) -> Record<'_> {
        Record::new(&self.text, &self.ends, self.position, self.integrity)
    }
}

impl From<Record<'_>> for RecordBuffer {
    fn from(record: Record<'_>) -> Self {
        RecordBuffer {
            text: record.text.into(),
            ends: record.ends.into(),
            position: record.position,
            integrity: record.integrity,
        }
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

/// A run of whole records, read by any thread.
pub trait Block: Send {
    /// Why the block could not be read.
    type Error;

    /// How many bytes of the input the block covers, for progress.
    fn len_bytes(&self) -> u64;

    /// Visits every record in order. Of each [`Position`], `record` is the number *within the
    /// block*, from 1: only the pipeline knows how many came before.
    ///
    /// # Errors
    ///
    /// When the bytes are not text; the records before were visited.
    fn visit(&self, visitor: &mut dyn FnMut(Record<'_>)) -> Result<(), Self::Error>;
}
