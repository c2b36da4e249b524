//! JSON: arrays of objects, and objects or arrays one after the other, one a line or not (NDJSON).
//!
//! The columns are the paths that occur anywhere in the file, which a first pass over it collects:
//! a key that appears late is a column like any other.

mod leaves;
mod scan;

use std::collections::HashMap;
use std::io::{Read, Seek};
use std::sync::Arc;

use contactmill_core::{Block, Integrity, Record, Source};

use self::leaves::Leaves;
use self::scan::{Found, Scanner};
use crate::error::{SourceError, SourceProblem};
use crate::window::{KEPT_BYTES, Piece, Window, kept_text, line_feeds};

/// How much of the beginning tells whether it wraps the list of records.
const HEAD: usize = 64 << 10;

/// How JSON is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JsonOptions {
    /// About how many bytes make a block.
    pub block_bytes: usize,
    /// The largest record that is taken; a larger one is given up as too large.
    pub max_record_bytes: usize,
    /// The most columns that there may be.
    pub max_columns: usize,
}

impl Default for JsonOptions {
    fn default() -> Self {
        JsonOptions { block_bytes: 512 << 10, max_record_bytes: 1 << 20, max_columns: 4_096 }
    }
}

/// JSON text whose objects are records.
///
/// ```
/// use std::io::Cursor;
///
/// use contactmill_core::{Block, Source};
/// use contactmill_source::{JsonOptions, JsonSource};
///
/// let text = r#"[{"name": "Asha", "contact": {"phone": "+919876543210"}}, {"city": "Pune"}]"#;
/// let mut source = JsonSource::new("contacts.json", Cursor::new(text), JsonOptions::default())?;
/// assert_eq!(source.header(), ["name", "contact.phone", "city"]);
/// let block = source.next_block()?.unwrap();
/// let mut phones = Vec::new();
/// block.visit(&mut |record| phones.push(record.get(1).unwrap().to_owned()))?;
/// assert_eq!(phones, ["+919876543210", ""]);
/// # Ok::<(), contactmill_source::SourceError>(())
/// ```
pub struct JsonSource<R> {
    options: JsonOptions,
    window: Window<R>,
    scanner: Scanner,
    /// The physical line at the beginning of the window's rest, from 1.
    line: u64,
    columns: Arc<Columns>,
    is_done: bool,
    /// Whether the input ends in the middle of a record.
    is_cut_off: bool,
}

/// The columns, and where each path leads to.
#[derive(Debug, Default)]
struct Columns {
    header: Vec<String>,
    by_path: HashMap<String, usize>,
}

impl<R: Read + Seek> JsonSource<R> {
    /// Reads the whole text once, for its columns, and goes back to the beginning.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or there are more columns than the options allow.
    pub fn new(name: &str, reader: R, options: JsonOptions) -> Result<Self, SourceError> {
        let mut source = JsonSource {
            options,
            window: Window::new(name, reader)?,
            scanner: Scanner::new(),
            line: 1,
            columns: Arc::default(),
            is_done: false,
            is_cut_off: false,
        };
        source.window.fill(HEAD)?;
        let head = source.window.rest();
        let scanner = Scanner::of(&head[..head.len().min(HEAD)], head.len() <= HEAD);
        source.scanner = scanner.clone();
        let columns = source.find_columns()?;
        source.columns = Arc::new(columns);
        source.window.rewind()?;
        (source.scanner, source.line) = (scanner, 1);
        (source.is_done, source.is_cut_off) = (false, false);
        Ok(source)
    }

    fn find_columns(&mut self) -> Result<Columns, SourceError> {
        let mut columns = Columns::default();
        let mut leaves = Leaves::default();
        while let Some(block) = self.next_block()? {
            for piece in &block.pieces {
                if piece.integrity != Integrity::Whole
                    || leaves.read(&block.bytes[piece.range.clone()]).is_err()
                {
                    continue;
                }
                for (path, _) in leaves.iter() {
                    if !columns.by_path.contains_key(path) {
                        let max = self.options.max_columns;
                        if columns.header.len() == max {
                            let problem = SourceProblem::TooManyColumns { max };
                            return Err(self.window.error(Some(piece.line), problem));
                        }
                        columns.by_path.insert(path.to_owned(), columns.header.len());
                        columns.header.push(path.to_owned());
                    }
                }
            }
        }
        Ok(columns)
    }

    /// Goes on behind `count` bytes.
    fn pass(&mut self, count: usize) {
        self.line += line_feeds(&self.window.rest()[..count]);
        self.window.pass(count);
        self.scanner.pass(count);
    }

    /// Passes over a record that is too large, and keeps its beginning.
    fn too_large(&mut self) -> Result<JsonBlock, SourceError> {
        let (byte, line) = (self.window.start(), self.line);
        let kept = self.window.rest()[..KEPT_BYTES.min(self.window.rest().len())].to_vec();
        loop {
            match self.scanner.scan(self.window.rest(), self.window.is_at_end()) {
                Found::Record { end, .. } => {
                    self.pass(end);
                    break;
                }
                Found::More if self.window.is_at_end() => {
                    let rest = self.window.rest().len();
                    let _ = self.scanner.finish(self.window.rest());
                    self.is_cut_off = true;
                    self.pass(rest);
                    break;
                }
                Found::More => {
                    let seen = self.scanner.seen();
                    self.pass(seen);
                    self.window.fill(self.options.block_bytes.max(KEPT_BYTES))?;
                }
            }
        }
        let piece = Piece { range: 0..kept.len(), byte, line, integrity: Integrity::TooLarge };
        Ok(self.block(kept, vec![piece], self.window.start() - byte))
    }

    fn block(&self, bytes: Vec<u8>, pieces: Vec<Piece>, covers: u64) -> JsonBlock {
        let (columns, source) = (Arc::clone(&self.columns), Arc::clone(self.window.name()));
        JsonBlock { source, bytes, pieces, covers, columns }
    }

    /// The first `count` bytes of the window as a block of the pieces that lie in them.
    fn cut(&mut self, count: usize, pieces: Vec<Piece>) -> JsonBlock {
        let bytes = self.window.rest()[..count].to_vec();
        self.pass(count);
        self.block(bytes, pieces, count as u64)
    }
}

impl<R> JsonSource<R> {
    /// The columns: the paths of all values, in the order in which they first appear.
    #[must_use]
    pub fn header(&self) -> &[String] {
        &self.columns.header
    }
}

impl<R: Read + Seek> Source for JsonSource<R> {
    type Block = JsonBlock;
    type Error = SourceError;

    fn next_block(&mut self) -> Result<Option<JsonBlock>, SourceError> {
        let max = self.options.max_record_bytes;
        let mut pieces: Vec<Piece> = Vec::new();
        // Up to where lines were counted, and the line there.
        let (mut counted, mut line) = (0, self.line);
        while !self.is_done {
            let rest = self.window.rest();
            let mut found = self.scanner.scan(rest, self.window.is_at_end());
            let settled = self.scanner.settled();
            if found == Found::More {
                if self.scanner.is_in_record() && rest.len() - settled > max {
                    found = match self.scanner.give_up(rest) {
                        Some(given_up) => given_up,
                        None if settled > 0 => return Ok(Some(self.cut(settled, pieces))),
                        None => return self.too_large().map(Some),
                    };
                } else if !self.window.is_at_end() {
                    if settled >= self.options.block_bytes {
                        return Ok(Some(self.cut(settled, pieces)));
                    }
                    let wanted = rest.len() + self.options.block_bytes;
                    self.window.fill(wanted)?;
                    continue;
                } else if self.scanner.is_in_record()
                    && let Some(given_up) = self.scanner.give_up(rest)
                {
                    found = given_up;
                } else if let Some(cut_off) = self.scanner.finish(rest) {
                    self.is_cut_off = true;
                    found = cut_off;
                } else {
                    self.is_done = true;
                    let end = rest.len();
                    if self.scanner.is_in_list() && !self.is_cut_off {
                        // The list is never closed: what is missing counts as one record.
                        line += line_feeds(&rest[counted..]);
                        let byte = self.window.start() + end as u64;
                        let integrity = Integrity::Malformed;
                        pieces.push(Piece { range: end..end, byte, line, integrity });
                    }
                    if end == 0 && pieces.is_empty() {
                        return Ok(None);
                    }
                    return Ok(Some(self.cut(end, pieces)));
                }
            }
            if let Found::Record { start, end, is_closed } = found {
                let rest = self.window.rest();
                line += line_feeds(&rest[counted..start]);
                counted = start;
                let integrity = match is_closed {
                    _ if end - start > max => Integrity::TooLarge,
                    true => Integrity::Whole,
                    false => Integrity::Malformed,
                };
                let byte = self.window.start() + start as u64;
                pieces.push(Piece { range: start..end, byte, line, integrity });
                if end >= self.options.block_bytes {
                    return Ok(Some(self.cut(end, pieces)));
                }
            }
        }
        Ok(None)
    }
}

/// A run of whole records of a [`JsonSource`].
#[derive(Debug)]
pub struct JsonBlock {
    source: Arc<str>,
    bytes: Vec<u8>,
    pieces: Vec<Piece>,
    covers: u64,
    columns: Arc<Columns>,
}

impl Block for JsonBlock {
    type Error = SourceError;

    fn len_bytes(&self) -> u64 {
        self.covers
    }

    fn visit(&self, visitor: &mut dyn FnMut(Record<'_>)) -> Result<(), SourceError> {
        let width = self.columns.header.len();
        let mut leaves = Leaves::default();
        let (mut text, mut ends) = (String::new(), Vec::with_capacity(width + 1));
        // Columns, and which of the values goes there.
        let mut order: Vec<(usize, usize)> = Vec::new();
        for (piece, record) in self.pieces.iter().zip(1..) {
            text.clear();
            ends.clear();
            let bytes = &self.bytes[piece.range.clone()];
            let mut integrity = piece.integrity;
            if integrity == Integrity::Whole && leaves.read(bytes).is_err() {
                integrity = Integrity::Malformed;
            }
            if integrity == Integrity::Whole {
                order.clear();
                for (index, (path, _)) in leaves.iter().enumerate() {
                    let column = self.columns.by_path.get(path).ok_or_else(|| SourceError {
                        source: Arc::clone(&self.source),
                        line: Some(piece.line),
                        problem: SourceProblem::Changed,
                    })?;
                    order.push((*column, index));
                }
                order.sort_unstable();
                let mut values = order.iter().peekable();
                for column in 0..width {
                    let start = text.len();
                    while let Some(&(_, index)) = values.next_if(|&&(of, _)| of == column) {
                        let value = leaves.value(index);
                        if text.len() > start && !value.is_empty() {
                            text.push_str("; ");
                        }
                        text.push_str(value);
                    }
                    ends.push(text.len());
                }
            } else {
                // The record as it stands, behind all columns, for people to see.
                ends.resize(width, 0);
                text.push_str(&kept_text(bytes));
                ends.push(text.len());
            }
            visitor(Record::new(&text, &ends, piece.position(record), integrity));
        }
        Ok(())
    }
}
