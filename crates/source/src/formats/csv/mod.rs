//! Delimited text.
//!
//! The grammar is that of the `csv` crate, which is the reference: a quote opens a quoted field
//! only where a field begins, `""` stands for a quote, and whatever follows a closing quote is
//! taken as it is. In one place we are stricter, so that damage stays local: a quoted field with a
//! line break in it whose quote is not followed by a delimiter or line end was never meant to be
//! one. Its opening line is given up as damaged, and reading goes on with the next line.

mod block;
mod dialect;
mod quoting;
mod scan;

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;

use contactmill_core::columns::{is_bookkeeping_header, numbered_header};
use contactmill_core::records::Source;

pub use self::block::CsvBlock;
use self::block::{BlockForm, Fields};
pub(crate) use self::dialect::looks_delimited;
pub use self::dialect::{Delimiter, InvalidDelimiter};
pub(crate) use self::quoting::{Quoting, Requoted};
use self::scan::{Found, OpenQuote, Scanner, line_ends};
use crate::input::error::{SourceError, SourceProblem};
use crate::records::header::{HeaderSearch, usual_width};
use crate::records::own_file;

/// How much of the beginning is looked at to find the delimiter.
const SAMPLE: usize = 64 << 10;

/// How delimited text is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CsvOptions {
    /// The delimiter; found by itself when not given.
    pub delimiter: Option<Delimiter>,
    /// About how many bytes make a block.
    pub block_bytes: usize,
    /// The largest record that is taken; a larger one is given up as too large.
    pub max_record_bytes: usize,
}

impl Default for CsvOptions {
    fn default() -> Self {
        CsvOptions { delimiter: None, block_bytes: 128 << 10, max_record_bytes: 1 << 20 }
    }
}

/// Delimited text with a header row.
pub struct CsvSource<R> {
    name: Arc<str>,
    reader: R,
    options: CsvOptions,
    delimiter: Delimiter,
    has_bom: bool,
    header: Vec<String>,
    own_file: bool,
    buffer: Vec<u8>,
    /// How much of the buffer was given away; it goes when more is read.
    given: usize,
    /// Where the rest of the buffer stands in the input.
    start: u64,
    /// The physical line at `start`, from 1.
    line: u64,
    at_end: bool,
    scanner: Scanner,
}

impl<R: Read + Seek> CsvSource<R> {
    /// Reads the beginning: byte order mark, delimiter, header row. An empty input has an empty
    /// header and no records.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or has no readable header row.
    pub fn new(name: &str, reader: R, options: CsvOptions) -> Result<Self, SourceError> {
        CsvSource::with_banners(name, reader, options, HeaderSearch::none())
    }

    /// The same, where banners may stand above the header row, or there is none.
    pub(crate) fn with_banners(
        name: &str,
        reader: R,
        options: CsvOptions,
        search: HeaderSearch<'_>,
    ) -> Result<Self, SourceError> {
        let mut source = CsvSource {
            name: name.into(),
            reader,
            options,
            delimiter: options.delimiter.unwrap_or_default(),
            has_bom: false,
            header: Vec::new(),
            own_file: false,
            buffer: Vec::new(),
            given: 0,
            start: 0,
            line: 1,
            at_end: false,
            scanner: Scanner::new(0, Delimiter::default()),
        };
        source.fill(SAMPLE)?;
        if source.rest().starts_with(dialect::BOM) {
            source.has_bom = true;
            source.pass_over(dialect::BOM.len());
        }
        let declared = dialect::declared(source.rest());
        if let Some((_, len)) = declared {
            source.pass_over(len);
        }
        source.delimiter = options
            .delimiter
            .or(declared.map(|(delimiter, _)| delimiter))
            .unwrap_or_else(|| dialect::find(source.rest(), source.at_end));
        if !source.number_columns(search)? {
            source.pass_over_banners(search);
            source.read_header()?;
        }
        Ok(source)
    }

    /// The header row.
    #[must_use]
    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// The delimiter.
    #[must_use]
    pub const fn delimiter(&self) -> Delimiter {
        self.delimiter
    }

    /// Whether the text begins with a byte order mark.
    #[must_use]
    pub const fn has_bom(&self) -> bool {
        self.has_bom
    }

    fn error(&self, line: Option<u64>, problem: SourceProblem) -> SourceError {
        SourceError { source: Arc::clone(&self.name), line, problem }
    }

    /// Reads until the rest holds `wanted` bytes or the input ends. A carriage return is never
    /// left as the last byte while more may follow: it may be half a line end.
    fn fill(&mut self, wanted: usize) -> Result<(), SourceError> {
        let is_enough =
            |rest: &[u8]| rest.len() >= wanted && rest.last().is_none_or(|&last| last != b'\r');
        if self.at_end || is_enough(self.rest()) {
            return Ok(());
        }
        self.buffer.drain(..self.given);
        self.given = 0;
        while !self.at_end && !is_enough(&self.buffer) {
            let old = self.buffer.len();
            self.buffer.resize(wanted.max(old + (4 << 10)), 0);
            let count = match self.reader.read(&mut self.buffer[old..]) {
                Ok(count) => {
                    self.at_end = count == 0;
                    count
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => 0,
                Err(error) => return Err(self.error(None, SourceProblem::reading(error))),
            };
            self.buffer.truncate(old + count);
        }
        Ok(())
    }

    /// Takes the first bytes of the rest.
    fn give_away(&mut self, count: usize) -> Vec<u8> {
        let given = self.rest()[..count].to_vec();
        self.pass_over(count);
        given
    }

    fn pass_over(&mut self, count: usize) {
        self.line += line_ends(&self.rest()[..count]);
        self.given += count;
        self.start += count as u64;
    }

    /// The first rows, as many as `max`, and where they begin in the rest.
    fn first_rows(&self, max: usize) -> (Vec<Vec<String>>, Vec<usize>) {
        let rest = self.rest();
        let whole = match self.at_end {
            true => rest,
            false => &rest[..memchr::memrchr(b'\n', rest).map_or(0, |at| at + 1)],
        };
        let mut fields = Fields::new(self.delimiter, whole.len());
        let (mut rows, mut starts, mut at) = (Vec::new(), Vec::new(), 0);
        while rows.len() < max
            && let Some(read) = fields.read(&whole[at..])
        {
            // A banner in another encoding is no header row, but a row.
            rows.push(fields.to_strings().unwrap_or_else(|| vec![String::new(); fields.len()]));
            starts.push(at);
            at += read;
        }
        (rows, starts)
    }

    /// Goes to the header row where banners stand above it.
    fn pass_over_banners(&mut self, search: HeaderSearch<'_>) {
        let (rows, starts) = self.first_rows(search.rows());
        let found = search.find(rows.iter().map(Vec::as_slice));
        if let Some(&start) = found.and_then(|row| starts.get(row)) {
            self.pass_over(start);
        }
    }

    /// Gives the columns numbers where there is no header row, and leaves the first row to be read.
    fn number_columns(&mut self, search: HeaderSearch<'_>) -> Result<bool, SourceError> {
        if !search.is_without() {
            return Ok(false);
        }
        while !self.at_end
            && self.rest().len() <= self.options.max_record_bytes
            && !self.rest().contains(&b'\n')
        {
            self.fill(self.rest().len() + SAMPLE)?;
        }
        let (mut rows, _) = self.first_rows(search.rows());
        if rows.is_empty() && !self.rest().is_empty() {
            // One row, larger than a record may be.
            let mut fields = Fields::new(self.delimiter, self.rest().len());
            fields.read_all(self.rest());
            rows.push(vec![String::new(); fields.len()]);
        }
        if !search.is_numbered(rows.first().map(Vec::as_slice)) {
            return Ok(rows.is_empty());
        }
        self.header = numbered_header(usual_width(rows.iter().map(Vec::len).collect()));
        self.scanner = Scanner::new(self.start, self.delimiter);
        Ok(true)
    }

    fn read_header(&mut self) -> Result<(), SourceError> {
        // Empty lines above the header row.
        loop {
            let blank = self.rest().iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
            if blank == 0 {
                break;
            }
            self.pass_over(blank);
            self.fill(1)?;
        }
        // Of white space alone no header can be made.
        if self.at_end && self.rest().trim_ascii().is_empty() {
            self.pass_over(self.rest().len());
        }
        let (line, start) = (self.line, self.start);
        let mut scanner = Scanner::new(start, self.delimiter);
        let end = loop {
            let seen = (scanner.position() - start) as usize;
            match scanner.scan_record(&self.rest()[seen..]) {
                Found::RecordEnd(end) => break end,
                Found::Unterminated(quote) => return Err(self.header_quote(quote.opened_at)),
                Found::More if self.at_end => match scanner.open_quote() {
                    Some(opened_at) => return Err(self.header_quote(opened_at)),
                    None => break start + self.rest().len() as u64,
                },
                Found::More if self.rest().len() > self.options.max_record_bytes => {
                    let max = self.options.max_record_bytes;
                    return Err(self.error(Some(line), SourceProblem::HeaderTooLarge { max }));
                }
                Found::More => self.fill(self.rest().len() + SAMPLE)?,
            }
        };
        let bytes = self.give_away((end - start) as usize);
        self.scanner = Scanner::new(self.start, self.delimiter);
        if bytes.is_empty() {
            return Ok(());
        }
        let mut fields = Fields::new(self.delimiter, bytes.len());
        fields.read_all(&bytes);
        let header = fields.to_strings();
        self.header =
            header.ok_or_else(|| self.error(Some(line), SourceProblem::HeaderEncoding))?;
        self.own_file = is_bookkeeping_header(&self.header);
        if self.own_file {
            for name in &mut self.header {
                *name = own_file::unguarded(name).to_owned();
            }
        }
        Ok(())
    }

    fn header_quote(&self, opened_at: u64) -> SourceError {
        let before = (opened_at - self.start) as usize;
        let line = self.line + line_ends(&self.rest()[..before]);
        self.error(Some(line), SourceProblem::HeaderQuote)
    }

    /// The next `count` bytes as a block of this form.
    fn block(&mut self, count: usize, form: BlockForm) -> CsvBlock {
        let (byte, line) = (self.start, self.line);
        CsvBlock {
            bytes: self.give_away(count),
            covers: count as u64,
            delimiter: self.delimiter,
            own_file: self.own_file,
            max_record_bytes: self.options.max_record_bytes,
            byte,
            line,
            form,
        }
    }

    /// Gives up the record at the start of the buffer, in which the quote is never closed: its
    /// line becomes a block, and reading goes on behind it.
    fn unterminated(&mut self, quote: OpenQuote) -> Result<CsvBlock, SourceError> {
        let OpenQuote { opened_at, line_end } = quote;
        if line_end - self.start > self.options.max_record_bytes as u64 {
            return self.too_large();
        }
        let count = (line_end - self.start) as usize;
        self.fill(count)?;
        let quote = (opened_at - self.start) as usize;
        let block = self.block(count, BlockForm::UnterminatedQuote { quote });
        self.scanner = Scanner::new(self.start, self.delimiter);
        Ok(block)
    }

    /// Gives up the record at the start of the buffer because it is too large, without holding it.
    fn too_large(&mut self) -> Result<CsvBlock, SourceError> {
        let (start, line) = (self.start, self.line);
        let max = self.options.max_record_bytes as u64;
        let kept = block::kept_of_too_large(self.rest(), self.options.max_record_bytes).to_vec();
        let mut scanner = Scanner::new(start, self.delimiter);
        let end = loop {
            match scanner.scan_record(self.rest()) {
                Found::RecordEnd(end) => break end,
                Found::Unterminated(quote) => {
                    // Not a large record but a quote that is never closed.
                    if quote.line_end - start <= max {
                        self.go_to(start, line)?;
                        return self.unterminated(quote);
                    }
                    break quote.line_end;
                }
                Found::More if self.at_end => {
                    let end = self.start + self.rest().len() as u64;
                    match scanner.unterminated() {
                        Some(quote) if quote.line_end - start <= max => {
                            self.go_to(start, line)?;
                            return self.unterminated(quote);
                        }
                        Some(quote) => break quote.line_end.min(end),
                        None => break end,
                    }
                }
                Found::More => {}
            }
            self.pass_over(self.rest().len());
            self.fill(self.options.block_bytes.max(SAMPLE))?;
        };
        // The end may lie behind us, when a quote turned out to be never closed.
        if end < self.start {
            let line = line + self.lines_between(start, end)?;
            self.go_to(end, line)?;
        } else {
            self.pass_over((end - self.start) as usize);
        }
        self.scanner = Scanner::new(end, self.delimiter);
        Ok(CsvBlock {
            bytes: kept,
            covers: end - start,
            delimiter: self.delimiter,
            own_file: self.own_file,
            max_record_bytes: self.options.max_record_bytes,
            byte: start,
            line,
            form: BlockForm::TooLarge,
        })
    }

    /// Forgets the buffer and goes on reading at `start`, which stands on this line.
    fn go_to(&mut self, start: u64, line: u64) -> Result<(), SourceError> {
        let sought = self.reader.seek(SeekFrom::Start(start));
        sought.map_err(|error| self.error(None, SourceProblem::reading(error)))?;
        self.buffer.clear();
        self.given = 0;
        (self.start, self.line, self.at_end) = (start, line, false);
        self.fill(SAMPLE)
    }

    /// Counts the line ends between two places of the input.
    fn lines_between(&mut self, from: u64, to: u64) -> Result<u64, SourceError> {
        self.go_to(from, 0)?;
        while self.start < to {
            let count = ((to - self.start) as usize).min(self.rest().len());
            self.pass_over(count);
            self.fill(SAMPLE)?;
        }
        Ok(self.line)
    }
}

impl<R: Read + Seek> Source for CsvSource<R> {
    type Block = CsvBlock;
    type Error = SourceError;

    fn next_block(&mut self) -> Result<Option<CsvBlock>, SourceError> {
        loop {
            let seen = (self.scanner.position() - self.start) as usize;
            let found = self.scanner.scan_all(&self.buffer[self.given + seen..]);
            // Everything before the record that the scanner is in.
            let whole = (self.scanner.record_start() - self.start) as usize;
            let stuck = match found {
                Found::Unterminated(_) => true,
                _ => self.at_end || self.rest().len() - whole > self.options.max_record_bytes,
            };
            if whole > 0 && (stuck || whole >= self.options.block_bytes) {
                let ends_input = self.at_end && whole == self.rest().len();
                let form = BlockForm::Records { cut_off: ends_input && !self.ends_in_line_end() };
                let block = self.block(whole, form);
                self.scanner = Scanner::new(self.start, self.delimiter);
                return Ok(Some(block));
            }
            if let Found::Unterminated(quote) = found {
                return self.unterminated(quote).map(Some);
            }
            if self.rest().len() - whole > self.options.max_record_bytes {
                return self.too_large().map(Some);
            }
            if self.at_end {
                if let Some(quote) = self.scanner.unterminated() {
                    return self.unterminated(quote).map(Some);
                }
                if self.rest().is_empty() {
                    return Ok(None);
                }
                let count = self.rest().len();
                let block = self.block(count, BlockForm::Records { cut_off: true });
                self.scanner = Scanner::new(self.start, self.delimiter);
                return Ok(Some(block));
            }
            self.fill(self.rest().len() + self.options.block_bytes)?;
        }
    }
}

impl<R> CsvSource<R> {
    /// The bytes that were read and not yet given away.
    fn rest(&self) -> &[u8] {
        &self.buffer[self.given..]
    }

    fn ends_in_line_end(&self) -> bool {
        matches!(self.rest().last(), Some(b'\n' | b'\r'))
    }
}
