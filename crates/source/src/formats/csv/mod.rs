//! Delimited text.
//!
//! The grammar is that of the `csv` crate, which is the reference: a quote opens a quoted field only
//! where a field begins, `""` stands for a quote, and text behind a closing quote is taken as it is. In
//! one place this module is stricter, so that damage stays local: if a quoted field has a line break in
//! it, and its closing quote is followed by neither a delimiter nor a line end, then its opening quote
//! was an accident. Its line is rejected as damaged, and reading goes on with the next line.

mod block;
mod dialect;
mod fields;
mod plain_lines;
mod quoting;
mod scan;

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;

use contactmill_core::columns::{is_own_header, numbered_header};
use contactmill_core::records::Source;

use self::block::BlockContent;
pub use self::block::CsvBlock;
pub(crate) use self::dialect::looks_delimited;
use self::fields::Fields;
pub(crate) use self::quoting::{Quoting, Requoted};
use self::scan::{OpenQuote, ScanStop, Scanner, line_ends};
use crate::input::delimiter::Delimiter;
use crate::input::encoding::BYTE_ORDER_MARK;
use crate::input::error::{SourceError, SourceProblem};
use crate::input::options::CsvOptions;
use crate::records::header::{HeaderSearch, below_row, usual_width};
use crate::records::own_file;
use crate::records::split::InputSplit;

/// The number of bytes at the beginning by which the delimiter is found.
const SAMPLE: usize = 64 << 10;

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
    /// How many bytes of the buffer are consumed. They are dropped when more is read.
    consumed: usize,
    /// The offset of the rest of the buffer in the input.
    start: u64,
    /// The physical line at `start`, from 1.
    line: u64,
    /// The offset behind which nothing is read: the end of the split, or no end.
    end: u64,
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
        CsvSource::with_preamble(name, reader, options, HeaderSearch::first_row())
    }

    /// The same, where preamble rows may stand above the header row, or there is no header row.
    pub(crate) fn with_preamble(
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
            consumed: 0,
            start: 0,
            line: 1,
            end: u64::MAX,
            at_end: false,
            scanner: Scanner::new(0, Delimiter::default()),
        };
        source.fill(SAMPLE)?;
        if source.rest().starts_with(BYTE_ORDER_MARK) {
            source.has_bom = true;
            source.consume(BYTE_ORDER_MARK.len());
        }
        let declared = dialect::declared(source.rest());
        if let Some((_, len)) = declared {
            source.consume(len);
        }
        source.delimiter = options
            .delimiter
            .or(declared.map(|(delimiter, _)| delimiter))
            .unwrap_or_else(|| dialect::find(source.rest(), source.at_end));
        if !source.number_columns(search)? {
            let above = source.skip_preamble(search);
            source.read_header()?;
            source.header = below_row(above.as_deref(), source.header);
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

    /// Reads until the rest has `wanted` bytes or the input ends. The last byte is never a carriage
    /// return while more may follow, as it may be half a line end.
    fn fill(&mut self, wanted: usize) -> Result<(), SourceError> {
        let is_enough =
            |rest: &[u8]| rest.len() >= wanted && rest.last().is_none_or(|&last| last != b'\r');
        if self.at_end || is_enough(self.rest()) {
            return Ok(());
        }
        self.buffer.drain(..self.consumed);
        self.consumed = 0;
        while !self.at_end && !is_enough(&self.buffer) {
            let old = self.buffer.len();
            let most = usize::try_from(self.end - self.start).unwrap_or(usize::MAX);
            self.buffer.resize(wanted.max(old + (4 << 10)).min(most), 0);
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
    fn take(&mut self, count: usize) -> Vec<u8> {
        let taken = self.rest()[..count].to_vec();
        self.consume(count);
        taken
    }

    fn consume(&mut self, count: usize) {
        self.line += line_ends(&self.rest()[..count]);
        self.consumed += count;
        self.start += count as u64;
    }

    /// The first rows, at most `max`, and where each of them begins in the rest.
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
            // A preamble row that is not text in this encoding is a row all the same.
            rows.push(fields.to_strings().unwrap_or_else(|| vec![String::new(); fields.len()]));
            starts.push(at);
            at += read;
        }
        (rows, starts)
    }

    /// Goes to the header row, if preamble rows stand above it. Returns the last of those.
    fn skip_preamble(&mut self, search: HeaderSearch<'_>) -> Option<Vec<String>> {
        let (mut rows, starts) = self.first_rows(search.rows());
        let found = search.find(rows.iter().map(Vec::as_slice))?;
        self.consume(*starts.get(found)?);
        Some(rows.swap_remove(found.checked_sub(1)?))
    }

    /// Numbers the columns, if there is no header row. Returns whether the header is done with.
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
            // The only row is larger than a record may be.
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
            self.consume(blank);
            self.fill(1)?;
        }
        // White space is not a header.
        if self.at_end && self.rest().trim_ascii().is_empty() {
            self.consume(self.rest().len());
        }
        let (line, start) = (self.line, self.start);
        let mut scanner = Scanner::new(start, self.delimiter);
        let end = loop {
            let seen = (scanner.position() - start) as usize;
            match scanner.scan_record(&self.rest()[seen..]) {
                ScanStop::RecordEnd(end) => break end,
                ScanStop::Unterminated(quote) => return Err(self.header_quote(quote.opened_at)),
                ScanStop::BytesEnd if self.at_end => match scanner.open_quote() {
                    Some(opened_at) => return Err(self.header_quote(opened_at)),
                    None => break start + self.rest().len() as u64,
                },
                ScanStop::BytesEnd if self.rest().len() > self.options.max_record_bytes => {
                    let max = self.options.max_record_bytes;
                    return Err(self.error(Some(line), SourceProblem::HeaderTooLarge { max }));
                }
                ScanStop::BytesEnd => self.fill(self.rest().len() + SAMPLE)?,
            }
        };
        let bytes = self.take((end - start) as usize);
        self.scanner = Scanner::new(self.start, self.delimiter);
        if bytes.is_empty() {
            return Ok(());
        }
        let mut fields = Fields::new(self.delimiter, bytes.len());
        fields.read_all(&bytes);
        let header = fields.to_strings();
        self.header =
            header.ok_or_else(|| self.error(Some(line), SourceProblem::HeaderEncoding))?;
        self.own_file = is_own_header(&self.header);
        if self.own_file {
            self.header = own_file::unescaped_header(&self.header);
        }
        Ok(())
    }

    fn header_quote(&self, opened_at: u64) -> SourceError {
        let before = (opened_at - self.start) as usize;
        let line = self.line + line_ends(&self.rest()[..before]);
        self.error(Some(line), SourceProblem::HeaderQuote)
    }

    /// The next `count` bytes as a block that holds this.
    fn block(&mut self, count: usize, holds: BlockContent) -> CsvBlock {
        let (byte, line) = (self.start, self.line);
        CsvBlock {
            bytes: self.take(count),
            covers: count as u64,
            delimiter: self.delimiter,
            own_file: self.own_file,
            max_record_bytes: self.options.max_record_bytes,
            byte,
            line,
            holds,
        }
    }

    /// Gives up the first record of the rest, in which this quote is never closed: its line becomes a
    /// block, and reading goes on behind it.
    fn unterminated(&mut self, quote: OpenQuote) -> Result<CsvBlock, SourceError> {
        let OpenQuote { opened_at, line_end } = quote;
        if line_end - self.start > self.options.max_record_bytes as u64 {
            return self.too_large();
        }
        let count = (line_end - self.start) as usize;
        self.fill(count)?;
        let quote = (opened_at - self.start) as usize;
        let block = self.block(count, BlockContent::UnterminatedQuote { quote });
        self.scanner = Scanner::new(self.start, self.delimiter);
        Ok(block)
    }

    /// Gives up the first record of the rest because it is too large, and skips it in parts.
    fn too_large(&mut self) -> Result<CsvBlock, SourceError> {
        let (start, line) = (self.start, self.line);
        let max = self.options.max_record_bytes as u64;
        let kept = block::kept_of_too_large(self.rest(), self.options.max_record_bytes).to_vec();
        let mut scanner = Scanner::new(start, self.delimiter);
        let end = loop {
            match scanner.scan_record(self.rest()) {
                ScanStop::RecordEnd(end) => break end,
                ScanStop::Unterminated(quote) => {
                    // The record is not large. A quote in it is never closed.
                    if quote.line_end - start <= max {
                        self.go_to(start, line)?;
                        return self.unterminated(quote);
                    }
                    break quote.line_end;
                }
                ScanStop::BytesEnd if self.at_end => {
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
                ScanStop::BytesEnd => {}
            }
            self.consume(self.rest().len());
            self.fill(self.options.block_bytes.max(SAMPLE))?;
        };
        // The end lies before the current place if a quote turned out to be never closed.
        if end < self.start {
            let line = line + self.lines_between(start, end)?;
            self.go_to(end, line)?;
        } else {
            self.consume((end - self.start) as usize);
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
            holds: BlockContent::TooLarge,
        })
    }

    /// Clears the buffer and goes on reading at the offset `start`, which is on this line.
    fn go_to(&mut self, start: u64, line: u64) -> Result<(), SourceError> {
        let sought = self.reader.seek(SeekFrom::Start(start));
        sought.map_err(|error| self.error(None, SourceProblem::reading(error)))?;
        self.buffer.clear();
        self.consumed = 0;
        (self.start, self.line, self.at_end) = (start, line, false);
        self.fill(SAMPLE)
    }

    /// Reads only this split from now on. A quote that is still open at its end is never closed: otherwise
    /// its record would go on, and the split too.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn read_split(&mut self, split: InputSplit) -> Result<(), SourceError> {
        self.end = split.end;
        self.go_to(split.start, split.line)?;
        self.scanner = Scanner::new(split.start, self.delimiter);
        Ok(())
    }

    /// Cuts the rest into splits of at least this many bytes, but for the last.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn into_splits(mut self, bytes: u64) -> Result<Vec<InputSplit>, SourceError> {
        let mut splits = Vec::new();
        let (mut start, mut line) = (self.start, self.line);
        while self.next_block()?.is_some() {
            if self.start - start >= bytes {
                splits.push(InputSplit { start, end: self.start, line });
                (start, line) = (self.start, self.line);
            }
        }
        if self.start > start {
            splits.push(InputSplit { start, end: self.start, line });
        }
        Ok(splits)
    }

    /// The number of line ends between two offsets of the input.
    fn lines_between(&mut self, from: u64, to: u64) -> Result<u64, SourceError> {
        self.go_to(from, 0)?;
        while self.start < to {
            let count = ((to - self.start) as usize).min(self.rest().len());
            self.consume(count);
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
            let stop = self.scanner.scan_all(&self.buffer[self.consumed + seen..]);
            // The size of all records before the current one.
            let whole = (self.scanner.record_start() - self.start) as usize;
            let stuck = match stop {
                ScanStop::Unterminated(_) => true,
                _ => self.at_end || self.rest().len() - whole > self.options.max_record_bytes,
            };
            if whole > 0 && (stuck || whole >= self.options.block_bytes) {
                let ends_input = self.at_end && whole == self.rest().len();
                let holds =
                    BlockContent::Records { cut_off: ends_input && !self.ends_in_line_end() };
                let block = self.block(whole, holds);
                self.scanner = Scanner::new(self.start, self.delimiter);
                return Ok(Some(block));
            }
            if let ScanStop::Unterminated(quote) = stop {
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
                let block = self.block(count, BlockContent::Records { cut_off: true });
                self.scanner = Scanner::new(self.start, self.delimiter);
                return Ok(Some(block));
            }
            self.fill(self.rest().len() + self.options.block_bytes)?;
        }
    }
}

impl<R> CsvSource<R> {
    /// The bytes that are read and not consumed.
    fn rest(&self) -> &[u8] {
        &self.buffer[self.consumed..]
    }

    fn ends_in_line_end(&self) -> bool {
        matches!(self.rest().last(), Some(b'\n' | b'\r'))
    }
}
