//! What JSON and vCards have in common: the values of a record say by themselves to which columns
//! they belong, and so the columns are known once all records have been looked at.

use std::collections::HashMap;
use std::sync::Arc;

use contactmill_core::records::{Block, Integrity, Record, Source};

use crate::formats::json::{Leaves, Row};
use crate::formats::vcard::{Card, PHONE, USUAL, Value};
use crate::input::error::{SourceError, SourceProblem};
use crate::records::window::{Piece, kept_text};

/// How JSON and vCards are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SelfDescribingOptions {
    /// About how many bytes make a block.
    pub block_bytes: usize,
    /// The largest record that is taken, photos not counted; a larger one is given up as too large.
    pub max_record_bytes: usize,
    /// The most columns that there may be.
    pub max_columns: usize,
}

impl Default for SelfDescribingOptions {
    fn default() -> Self {
        SelfDescribingOptions {
            block_bytes: 512 << 10,
            max_record_bytes: 1 << 20,
            max_columns: 4_096,
        }
    }
}

/// The columns, and where each of them stands.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    header: Vec<String>,
    by_name: HashMap<String, usize>,
}

impl Columns {
    /// These columns, in this order.
    pub(crate) fn named(header: Vec<String>) -> Columns {
        let by_name = header.iter().cloned().zip(0..).collect();
        Columns { header, by_name }
    }

    /// The columns of all records of a source.
    pub(crate) fn of<S>(source: &mut S, max: usize) -> Result<Columns, SourceError>
    where
        S: Source<Block = SelfDescribingBlock, Error = SourceError>,
    {
        Found::default().all(source, max)
    }

    /// The columns of cards. There is one for phones even where no card has a phone, as its name is
    /// known.
    pub(crate) fn of_cards<S>(source: &mut S, max: usize) -> Result<Columns, SourceError>
    where
        S: Source<Block = SelfDescribingBlock, Error = SourceError>,
    {
        let mut found = Found::default();
        let phone = Value { kind: PHONE.into(), number: 1, is_kind: false, text: String::new() };
        found.add(PHONE, max, Some(&phone));
        found.all(source, max)
    }

    /// These columns and, behind them, those that other inputs have.
    pub(crate) fn and(&self, others: &[String]) -> Columns {
        let mut header = self.header.clone();
        header.extend(others.iter().filter(|name| !self.by_name.contains_key(*name)).cloned());
        Columns::named(header)
    }

    pub(crate) fn header(&self) -> &[String] {
        &self.header
    }
}

/// The columns that were found so far, in the order in which they appeared.
struct Found {
    header: Vec<(Place, String)>,
    by_name: HashMap<String, usize>,
    kinds: Vec<String>,
}

/// The place of a column of cards: its kind, its number among those of its kind, and values before
/// what says of which sort they are. Columns of JSON stay where they are.
type Place = (usize, usize, bool);

impl Default for Found {
    fn default() -> Self {
        let kinds = USUAL.map(str::to_owned).into();
        Found { header: Vec::new(), by_name: HashMap::new(), kinds }
    }
}

impl Found {
    /// Adds a column unless it is known; `false` when there are too many of them.
    fn add(&mut self, name: &str, max: usize, value: Option<&Value>) -> bool {
        if self.by_name.contains_key(name) {
            return true;
        }
        if self.header.len() == max {
            return false;
        }
        let place = value.map_or((0, 0, false), |value| {
            let kind = self.kinds.iter().position(|known| *known == value.kind);
            let kind = kind.unwrap_or_else(|| {
                self.kinds.push(value.kind.clone().into_owned());
                self.kinds.len() - 1
            });
            (kind, value.number, value.is_kind)
        });
        self.by_name.insert(name.to_owned(), self.header.len());
        self.header.push((place, name.to_owned()));
        true
    }

    /// With those of all records of a source.
    fn all<S>(mut self, source: &mut S, max: usize) -> Result<Columns, SourceError>
    where
        S: Source<Block = SelfDescribingBlock, Error = SourceError>,
    {
        while let Some(block) = source.next_block()? {
            block.find_columns(&mut self, max)?;
        }
        Ok(self.into_columns())
    }

    fn into_columns(mut self) -> Columns {
        self.header.sort_by_key(|&(place, _)| place);
        let header: Vec<String> = self.header.into_iter().map(|(_, name)| name).collect();
        Columns::named(header)
    }
}

/// What the records of a block are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// JSON objects.
    Json,
    /// JSON arrays below a header row.
    Row,
    Card,
}

/// A record that was read, in buffers that are used again.
enum Reading {
    Json(Leaves),
    Card(Card),
}

impl Reading {
    fn new(form: Form) -> Self {
        match form {
            Form::Json | Form::Row => Reading::Json(Leaves::default()),
            Form::Card => Reading::Card(Card::default()),
        }
    }

    fn read(&mut self, bytes: &[u8]) -> Integrity {
        match self {
            Reading::Json(leaves) => match leaves.read(bytes) {
                Ok(()) => Integrity::Whole,
                Err(_) => Integrity::Malformed,
            },
            Reading::Card(card) => {
                *card = Card::read(bytes);
                if card.has_invalid_text { Integrity::InvalidEncoding } else { Integrity::Whole }
            }
        }
    }

    /// Hands over the column and the place among all values of each; `false` ends it.
    fn each(&self, mut take: impl FnMut(&str, Option<&Value>) -> bool) -> bool {
        match self {
            Reading::Json(leaves) => leaves.iter().all(|(path, _)| take(path, None)),
            Reading::Card(card) => {
                card.values.iter().all(|value| take(&value.column(), Some(value)))
            }
        }
    }

    fn value(&self, index: usize) -> &str {
        match self {
            Reading::Json(leaves) => leaves.value(index),
            Reading::Card(card) => card.values.get(index).map_or("", |value| &value.text),
        }
    }
}

/// A run of whole records of a [`JsonSource`](crate::JsonSource) or a
/// [`VcardSource`](crate::VcardSource).
#[derive(Debug)]
pub struct SelfDescribingBlock {
    pub(crate) source: Arc<str>,
    pub(crate) form: Form,
    pub(crate) bytes: Vec<u8>,
    pub(crate) pieces: Vec<Piece>,
    /// How many bytes of the input the block stands for.
    pub(crate) covers: u64,
    pub(crate) columns: Arc<Columns>,
}

impl SelfDescribingBlock {
    fn error(&self, piece: &Piece, problem: SourceProblem) -> SourceError {
        SourceError { source: Arc::clone(&self.source), line: Some(piece.line), problem }
    }

    fn find_columns(&self, found: &mut Found, max: usize) -> Result<(), SourceError> {
        let mut reading = Reading::new(self.form);
        for piece in self.pieces.iter().filter(|piece| piece.integrity == Integrity::Whole) {
            if reading.read(&self.bytes[piece.range.clone()]) != Integrity::Malformed
                && !reading.each(|name, value| found.add(name, max, value))
            {
                return Err(self.error(piece, SourceProblem::TooManyColumns { max }));
            }
        }
        Ok(())
    }

    fn visit_rows(&self, visitor: &mut dyn FnMut(Record<'_>)) {
        let mut row = Row::default();
        for (piece, record) in self.pieces.iter().zip(1..) {
            let bytes = &self.bytes[piece.range.clone()];
            let mut integrity = piece.integrity;
            if integrity == Integrity::Whole && row.read(bytes).is_err() {
                integrity = Integrity::Malformed;
            }
            if integrity != Integrity::Whole {
                row.text.clear();
                row.ends.clear();
                let width = self.columns.header.len();
                keep_beginning(bytes, width, &mut row.text, &mut row.ends);
            }
            visitor(Record::new(&row.text, &row.ends, piece.position(record), integrity));
        }
    }
}

/// Puts the beginning of a record that cannot be read behind all columns, for people to see.
fn keep_beginning(bytes: &[u8], width: usize, text: &mut String, ends: &mut Vec<usize>) {
    ends.resize(width, 0);
    text.push_str(&kept_text(bytes));
    ends.push(text.len());
}

impl Block for SelfDescribingBlock {
    type Error = SourceError;

    fn len_bytes(&self) -> u64 {
        self.covers
    }

    fn visit(&self, visitor: &mut dyn FnMut(Record<'_>)) -> Result<(), SourceError> {
        if self.form == Form::Row {
            self.visit_rows(visitor);
            return Ok(());
        }
        let width = self.columns.header.len();
        let mut reading = Reading::new(self.form);
        let (mut text, mut ends) = (String::new(), Vec::with_capacity(width + 1));
        // Columns, and which of the values goes there.
        let mut order: Vec<(usize, usize)> = Vec::new();
        for (piece, record) in self.pieces.iter().zip(1..) {
            text.clear();
            ends.clear();
            let bytes = &self.bytes[piece.range.clone()];
            let mut integrity = piece.integrity;
            if integrity == Integrity::Whole {
                integrity = reading.read(bytes);
            }
            if matches!(integrity, Integrity::Whole | Integrity::InvalidEncoding) {
                order.clear();
                let are_known = reading.each(|name, _| match self.columns.by_name.get(name) {
                    Some(&column) => {
                        order.push((column, order.len()));
                        true
                    }
                    None => false,
                });
                if !are_known {
                    return Err(self.error(piece, SourceProblem::Changed));
                }
                order.sort_unstable();
                let mut values = order.iter().peekable();
                for column in 0..width {
                    let start = text.len();
                    while let Some(&(_, index)) = values.next_if(|&&(of, _)| of == column) {
                        let value = reading.value(index);
                        if text.len() > start && !value.is_empty() {
                            text.push_str("; ");
                        }
                        text.push_str(value);
                    }
                    ends.push(text.len());
                }
            } else {
                keep_beginning(bytes, width, &mut text, &mut ends);
            }
            visitor(Record::new(&text, &ends, piece.position(record), integrity));
        }
        Ok(())
    }
}
