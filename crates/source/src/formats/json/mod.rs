//! JSON: arrays of objects, and objects or arrays one after the other, one a line or not (NDJSON); and
//! tables, as arrays of cells.
//!
//! The columns of objects are the paths that occur anywhere in the file, which a first pass over it
//! collects: a key that appears late is a column like any other. Those of a table are its first row.

mod leaves;
mod rows;
mod scan;
mod shape;

use std::io::{Read, Seek};
use std::sync::Arc;

use contactmill_core::records::{Integrity, Source};

pub(crate) use self::leaves::Leaves;
pub(crate) use self::rows::Row;
use self::scan::{Found, Scanner};
use crate::input::error::{SourceError, SourceProblem};
use crate::records::self_describing::{Columns, Form, SelfDescribingBlock, SelfDescribingOptions};
use crate::records::window::{KEPT_BYTES, Piece, Window, line_feeds};

/// How much of the beginning tells whether it wraps the list of records.
const HEAD: usize = 64 << 10;

/// JSON text whose objects are records, or whose arrays are the rows of a table.
///
/// ```
/// use std::io::Cursor;
///
/// use contactmill_core::records::{Block, Source};
/// use contactmill_source::{SelfDescribingOptions, JsonSource};
///
/// let text = r#"[{"name": "Asha", "contact": {"phone": "+919876543210"}}, {"city": "Pune"}]"#;
/// let mut source = JsonSource::new("contacts.json", Cursor::new(text), SelfDescribingOptions::default())?;
/// assert_eq!(source.header(), ["name", "contact.phone", "city"]);
/// let block = source.next_block()?.unwrap();
/// let mut phones = Vec::new();
/// block.visit(&mut |record| phones.push(record.get(1).unwrap().to_owned()))?;
/// assert_eq!(phones, ["+919876543210", ""]);
/// # Ok::<(), contactmill_source::SourceError>(())
/// ```
pub struct JsonSource<R> {
    options: SelfDescribingOptions,
    window: Window<R>,
    scanner: Scanner,
    form: Form,
    /// The physical line at the beginning of the window's rest, from 1.
    line: u64,
    columns: Arc<Columns>,
    is_done: bool,
    /// Whether the input ends in the middle of a record.
    is_cut_off: bool,
    /// How long the header row of a table is, until a block stands for it.
    header_bytes: u64,
}

impl<R: Read + Seek> JsonSource<R> {
    /// Reads the whole text once, for its columns, and goes back to the beginning. Of a table, only the
    /// header row is read.
    ///
    /// # Errors
    ///
    /// When it cannot be read, there are more columns than the options allow, it is one object that
    /// holds a whole table, or a table whose first row cannot be read.
    pub fn new(name: &str, reader: R, options: SelfDescribingOptions) -> Result<Self, SourceError> {
        let mut source = JsonSource::at_beginning(name, reader, options)?;
        if source.form == Form::Row {
            source.read_header()?;
            return Ok(source);
        }
        let beginning = source.scanner.clone();
        source.check_only_record()?;
        source.rewind(beginning.clone())?;
        source.columns = Arc::new(Columns::of(&mut source, options.max_columns)?);
        source.rewind(beginning)?;
        Ok(source)
    }

    /// The same where the columns are known.
    pub(crate) fn of_columns(
        name: &str,
        reader: R,
        options: SelfDescribingOptions,
        columns: Arc<Columns>,
    ) -> Result<Self, SourceError> {
        let mut source = JsonSource::at_beginning(name, reader, options)?;
        match source.form {
            Form::Row => source.read_header()?,
            Form::Json | Form::Card => source.columns = columns,
        }
        Ok(source)
    }

    fn at_beginning(
        name: &str,
        reader: R,
        options: SelfDescribingOptions,
    ) -> Result<Self, SourceError> {
        let mut window = Window::new(name, reader)?;
        window.fill(HEAD)?;
        let head = window.rest();
        let scanner = Scanner::of(&head[..head.len().min(HEAD)], head.len() <= HEAD);
        let form = if scanner.holds_rows() { Form::Row } else { Form::Json };
        Ok(JsonSource {
            options,
            window,
            scanner,
            form,
            line: 1,
            columns: Arc::default(),
            is_done: false,
            is_cut_off: false,
            header_bytes: 0,
        })
    }

    fn rewind(&mut self, beginning: Scanner) -> Result<(), SourceError> {
        self.window.rewind()?;
        (self.scanner, self.line) = (beginning, 1);
        (self.is_done, self.is_cut_off) = (false, false);
        Ok(())
    }

    /// Requires that the record, where the text has a single one, is no whole table.
    fn check_only_record(&mut self) -> Result<(), SourceError> {
        let mut only = None;
        while let Some(block) = self.next_block()? {
            for piece in block.pieces {
                if only.is_some() {
                    return Ok(());
                }
                let bytes = block.bytes.get(piece.range).unwrap_or_default();
                only = Some((bytes.to_vec(), piece.line));
            }
        }
        match only.and_then(|(bytes, line)| Some((shape::no_record(&bytes)?, line))) {
            Some((holds, line)) => {
                Err(self.window.error(Some(line), SourceProblem::TableInObject { holds }))
            }
            None => Ok(()),
        }
    }

    /// Takes the first row as the header.
    fn read_header(&mut self) -> Result<(), SourceError> {
        let max = self.options.max_record_bytes;
        let (start, end) = loop {
            let rest = self.window.rest();
            let found = self.scanner.scan(rest, self.window.is_at_end());
            let (start, end) = match found {
                Found::Record { start, end, .. } => (start, end),
                Found::More => (self.scanner.settled(), rest.len()),
            };
            match found {
                _ if end - start > max => {
                    let line = self.line + line_feeds(&rest[..start]);
                    return Err(self
                        .window
                        .error(Some(line), SourceProblem::HeaderTooLarge { max }));
                }
                Found::More if !self.window.is_at_end() => {
                    self.window.fill(rest.len() + self.options.block_bytes)?;
                }
                _ => break (start, end),
            }
        };
        let mut row = Row::default();
        let bytes = &self.window.rest()[start..end];
        let read = row.read(bytes);
        let line = self.line + line_feeds(&self.window.rest()[..start]);
        read.map_err(|_| self.window.error(Some(line), SourceProblem::HeaderRow))?;
        self.columns = Arc::new(Columns::named(row.cells()));
        if self.columns.header().len() > self.options.max_columns {
            let problem = SourceProblem::TooManyColumns { max: self.options.max_columns };
            return Err(self.window.error(Some(line), problem));
        }
        self.pass(end);
        self.header_bytes = end as u64;
        Ok(())
    }

    pub(crate) const fn columns(&self) -> &Arc<Columns> {
        &self.columns
    }

    /// Goes on behind `count` bytes.
    fn pass(&mut self, count: usize) {
        self.line += line_feeds(&self.window.rest()[..count]);
        self.window.pass(count);
        self.scanner.pass(count);
    }

    /// Passes over a record that is too large, and keeps its beginning.
    fn too_large(&mut self) -> Result<SelfDescribingBlock, SourceError> {
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

    fn block(&mut self, bytes: Vec<u8>, pieces: Vec<Piece>, count: u64) -> SelfDescribingBlock {
        let covers = count + std::mem::take(&mut self.header_bytes);
        let (columns, source) = (Arc::clone(&self.columns), Arc::clone(self.window.name()));
        SelfDescribingBlock { source, form: self.form, bytes, pieces, covers, columns }
    }

    /// The first `count` bytes of the window as a block of the pieces that lie in them.
    fn cut(&mut self, count: usize, pieces: Vec<Piece>) -> SelfDescribingBlock {
        let bytes = self.window.rest()[..count].to_vec();
        self.pass(count);
        self.block(bytes, pieces, count as u64)
    }
}

impl<R> JsonSource<R> {
    /// The columns: the paths of all values, in the order in which they first appear, or the first row
    /// of a table.
    #[must_use]
    pub fn header(&self) -> &[String] {
        self.columns.header()
    }
}

impl<R: Read + Seek> Source for JsonSource<R> {
    type Block = SelfDescribingBlock;
    type Error = SourceError;

    fn next_block(&mut self) -> Result<Option<SelfDescribingBlock>, SourceError> {
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
                    if end == 0 && pieces.is_empty() && self.header_bytes == 0 {
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
