//! JSON: arrays of objects; objects or arrays one after the other, one a line or not (NDJSON); and
//! tables, as arrays of cells.
//!
//! The columns of objects are the paths that occur anywhere in the input. A first pass collects them,
//! so a key that appears late is a column like any other. The columns of a table are its first row.

mod leaves;
mod rows;
mod scan;
mod shape;

use std::io::{Read, Seek};
use std::sync::Arc;

use contactmill_core::records::{Block, Integrity, Record, Source};

use self::leaves::Leaves;
use self::rows::{JsonRowBlock, Row};
use self::scan::{ScannedRecord, Scanner};
use crate::input::error::{SourceError, SourceProblem};
use crate::input::options::SelfDescribingOptions;
use crate::records::self_describing::{ColumnCollector, Columns, SelfDescribingBlock};
use crate::records::split::InputSplit;
use crate::records::window::{CutRecords, MAX_KEPT, RecordSpan, Window, line_feeds};

/// How many bytes at the beginning show whether an object wraps the list of records.
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
    /// The physical line at the beginning of the window's rest, from 1.
    line: u64,
    columns: Arc<Columns>,
    is_done: bool,
    /// Whether the input ends in the middle of a record.
    is_cut_off: bool,
    /// The size of the header row of a table, until a block covers it.
    header_bytes: u64,
}

/// A run of whole records of a [`JsonSource`].
#[derive(Debug)]
pub struct JsonBlock(Layout);

#[derive(Debug)]
enum Layout {
    Objects(SelfDescribingBlock),
    Rows(JsonRowBlock),
}

impl Block for JsonBlock {
    type Error = SourceError;

    fn len_bytes(&self) -> u64 {
        match &self.0 {
            Layout::Objects(block) => block.len_bytes(),
            Layout::Rows(block) => block.len_bytes(),
        }
    }

    fn visit(&self, visitor: &mut dyn FnMut(Record<'_>)) -> Result<(), SourceError> {
        match &self.0 {
            Layout::Objects(block) => block.visit(visitor),
            Layout::Rows(block) => block.visit(visitor),
        }
    }
}

/// What comes next in the input.
enum Next {
    Record(ScannedRecord),
    /// A record that cannot be a part of this block: the block ends before it, after this many bytes.
    BlockEnd(usize),
    /// A record that is too large to be kept in memory.
    TooLarge,
    /// The end of the input.
    End,
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
        if source.scanner.holds_rows() {
            source.read_header()?;
            return Ok(source);
        }
        let beginning = source.scanner.clone();
        source.check_only_record()?;
        source.rewind(beginning.clone())?;
        source.collect_columns()?;
        source.rewind(beginning)?;
        Ok(source)
    }

    /// The same, where the columns are known.
    pub(crate) fn with_columns(
        name: &str,
        reader: R,
        options: SelfDescribingOptions,
        columns: Arc<Columns>,
    ) -> Result<Self, SourceError> {
        let mut source = JsonSource::at_beginning(name, reader, options)?;
        match source.scanner.holds_rows() {
            true => source.read_header()?,
            false => source.columns = columns,
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
        Ok(JsonSource {
            options,
            window,
            scanner,
            line: 1,
            columns: Arc::default(),
            is_done: false,
            is_cut_off: false,
            header_bytes: 0,
        })
    }

    /// Reads only this split from now on.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn read_split(&mut self, split: InputSplit) -> Result<(), SourceError> {
        if split.start > self.window.start() {
            self.scanner = Scanner::between_lines();
        }
        self.window.go_to(split)?;
        self.line = split.line;
        Ok(())
    }

    /// Cuts the text into splits of at least this many bytes, but for the last. `None` where it can only be
    /// read as a whole, as objects do not stand one a line.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn into_splits(mut self, bytes: u64) -> Result<Option<Vec<InputSplit>>, SourceError> {
        let mut splits = Vec::new();
        let (mut start, mut line) = (self.window.start(), self.line);
        while self.next_records()?.is_some() {
            let end = self.window.start();
            if end - start >= bytes && self.scanner.is_between_lines() {
                splits.push(InputSplit { start, end, line });
                (start, line) = (end, self.line);
            }
        }
        let end = self.window.start();
        if end > start && !splits.is_empty() {
            splits.push(InputSplit { start, end, line });
        }
        Ok((splits.len() > 1).then_some(splits))
    }

    fn rewind(&mut self, beginning: Scanner) -> Result<(), SourceError> {
        self.window.rewind()?;
        (self.scanner, self.line) = (beginning, 1);
        (self.is_done, self.is_cut_off) = (false, false);
        Ok(())
    }

    /// Requires that the text is not a single object that holds a whole table.
    fn check_only_record(&mut self) -> Result<(), SourceError> {
        let mut only = None;
        while let Some(cut) = self.next_records()? {
            for (bytes, span, _) in cut.iter() {
                if only.is_some() {
                    return Ok(());
                }
                only = Some((bytes.to_vec(), span.line));
            }
        }
        match only.and_then(|(bytes, line)| Some((shape::no_record(&bytes)?, line))) {
            Some((holds, line)) => {
                Err(self.window.error(Some(line), SourceProblem::TableInObject { holds }))
            }
            None => Ok(()),
        }
    }

    /// Takes the columns of all objects.
    fn collect_columns(&mut self) -> Result<(), SourceError> {
        let mut collector = ColumnCollector::new(&[], self.options.max_columns);
        while let Some(block) = self.next_block()? {
            if let Layout::Objects(block) = block.0 {
                collector.add_block(&block)?;
            }
        }
        self.columns = Arc::new(collector.into_columns());
        Ok(())
    }

    /// Takes the first row as the header.
    fn read_header(&mut self) -> Result<(), SourceError> {
        let (start, end) = self.scan_header()?;
        let rest = self.window.rest();
        let line = Some(self.line + line_feeds(&rest[..start]));
        let mut row = Row::default();
        let read = row.read(&rest[start..end]);
        read.map_err(|_| self.window.error(line, SourceProblem::HeaderRow))?;
        self.columns = Arc::new(Columns::named(row.cells()));
        if self.columns.header().len() > self.options.max_columns {
            let problem = SourceProblem::TooManyColumns { max: self.options.max_columns };
            return Err(self.window.error(line, problem));
        }
        self.consume(end);
        self.header_bytes = end as u64;
        Ok(())
    }

    /// Finds the header row in the rest.
    fn scan_header(&mut self) -> Result<(usize, usize), SourceError> {
        let max = self.options.max_record_bytes;
        loop {
            let rest = self.window.rest();
            let record = self.scanner.scan(rest, self.window.is_at_end());
            let (start, end) = match &record {
                Some(record) => (record.start, record.end),
                None => (self.scanner.record_start(), rest.len()),
            };
            if end - start > max {
                let line = self.line + line_feeds(&rest[..start]);
                let problem = SourceProblem::HeaderTooLarge { max };
                return Err(self.window.error(Some(line), problem));
            }
            if record.is_some() || self.window.is_at_end() {
                return Ok((start, end));
            }
            let wanted = rest.len() + self.options.block_bytes;
            self.window.fill(wanted)?;
        }
    }

    pub(crate) const fn columns(&self) -> &Arc<Columns> {
        &self.columns
    }

    /// Moves on by `count` bytes.
    fn consume(&mut self, count: usize) {
        self.line += line_feeds(&self.window.rest()[..count]);
        self.window.consume(count);
        self.scanner.consume(count);
    }

    /// Cuts as many records as make a block.
    fn next_records(&mut self) -> Result<Option<CutRecords>, SourceError> {
        let mut spans: Vec<RecordSpan> = Vec::new();
        // Lines are counted up to here, and this is the line there.
        let (mut counted, mut line) = (0, self.line);
        while !self.is_done {
            match self.next_step()? {
                Next::Record(ScannedRecord { start, end, is_closed }) => {
                    line += line_feeds(&self.window.rest()[counted..start]);
                    counted = start;
                    let integrity = match is_closed {
                        _ if end - start > self.options.max_record_bytes => Integrity::TooLarge,
                        true => Integrity::Whole,
                        false => Integrity::Malformed,
                    };
                    let byte = self.window.start() + start as u64;
                    spans.push(RecordSpan { range: start..end, byte, line, integrity });
                    if end >= self.options.block_bytes {
                        return Ok(Some(self.cut(end, spans)));
                    }
                }
                Next::BlockEnd(count) => return Ok(Some(self.cut(count, spans))),
                Next::TooLarge => return self.too_large().map(Some),
                Next::End => {
                    self.is_done = true;
                    let end = self.window.rest().len();
                    if self.scanner.is_in_list() && !self.is_cut_off {
                        // The list is never closed. Whatever is missing counts as one record.
                        line += line_feeds(&self.window.rest()[counted..]);
                        let byte = self.window.start() + end as u64;
                        let integrity = Integrity::Malformed;
                        spans.push(RecordSpan { range: end..end, byte, line, integrity });
                    }
                    let is_empty = end == 0 && spans.is_empty() && self.header_bytes == 0;
                    return Ok((!is_empty).then(|| self.cut(end, spans)));
                }
            }
        }
        Ok(None)
    }

    /// Scans on to the next record, and reads more of the input for it.
    fn next_step(&mut self) -> Result<Next, SourceError> {
        loop {
            let rest = self.window.rest();
            if let Some(record) = self.scanner.scan(rest, self.window.is_at_end()) {
                return Ok(Next::Record(record));
            }
            let start = self.scanner.record_start();
            let is_in_record = self.scanner.is_in_record();
            if is_in_record && rest.len() - start > self.options.max_record_bytes {
                return Ok(match self.scanner.give_up(rest) {
                    Some(given_up) => Next::Record(given_up),
                    None if start > 0 => Next::BlockEnd(start),
                    None => Next::TooLarge,
                });
            }
            if !self.window.is_at_end() {
                if start >= self.options.block_bytes {
                    return Ok(Next::BlockEnd(start));
                }
                let wanted = rest.len() + self.options.block_bytes;
                self.window.fill(wanted)?;
                continue;
            }
            if is_in_record && let Some(given_up) = self.scanner.give_up(rest) {
                return Ok(Next::Record(given_up));
            }
            return Ok(match self.scanner.finish(rest) {
                Some(cut_off) => {
                    self.is_cut_off = true;
                    Next::Record(cut_off)
                }
                None => Next::End,
            });
        }
    }

    /// Skips a record that is too large, and keeps its beginning.
    fn too_large(&mut self) -> Result<CutRecords, SourceError> {
        let (byte, line) = (self.window.start(), self.line);
        let kept = self.window.rest()[..MAX_KEPT.min(self.window.rest().len())].to_vec();
        loop {
            if let Some(record) = self.scanner.scan(self.window.rest(), self.window.is_at_end()) {
                self.consume(record.end);
                break;
            }
            if self.window.is_at_end() {
                let rest = self.window.rest().len();
                let _ = self.scanner.finish(self.window.rest());
                self.is_cut_off = true;
                self.consume(rest);
                break;
            }
            let scanned = self.scanner.position();
            self.consume(scanned);
            self.window.fill(self.options.block_bytes.max(MAX_KEPT))?;
        }
        let integrity = Integrity::TooLarge;
        let span = RecordSpan { range: 0..kept.len(), byte, line, integrity };
        Ok(self.records(kept, vec![span], self.window.start() - byte))
    }

    fn records(&mut self, bytes: Vec<u8>, spans: Vec<RecordSpan>, count: u64) -> CutRecords {
        let covers = count + std::mem::take(&mut self.header_bytes);
        CutRecords { source: Arc::clone(self.window.name()), bytes, spans, covers }
    }

    /// Cuts the first `count` bytes of the window, in which these records are.
    fn cut(&mut self, count: usize, spans: Vec<RecordSpan>) -> CutRecords {
        let bytes = self.window.rest()[..count].to_vec();
        self.consume(count);
        self.records(bytes, spans, count as u64)
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
    type Block = JsonBlock;
    type Error = SourceError;

    fn next_block(&mut self) -> Result<Option<JsonBlock>, SourceError> {
        let Some(records) = self.next_records()? else { return Ok(None) };
        let columns = Arc::clone(&self.columns);
        Ok(Some(JsonBlock(match self.scanner.holds_rows() {
            true => Layout::Rows(JsonRowBlock { records, columns }),
            false => Layout::Objects(SelfDescribingBlock {
                records,
                columns,
                parser: || Box::new(Leaves::default()),
            }),
        })))
    }
}
