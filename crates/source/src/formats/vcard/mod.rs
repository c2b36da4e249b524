//! vCard 2.1, 3.0 and 4.0.
//!
//! A card is a record. Its columns are `name`, `phone`, `phone 2`, `email`, `tags` and so on; a first
//! pass over the file collects them. `phone` is always there: a card without a phone is a record that
//! lacks one, whatever the other cards have. Photos are skipped while cards are cut, so that they cost
//! no memory.

mod card;

use std::io::{Read, Seek};
use std::sync::Arc;

use contactmill_core::records::{Integrity, Source};

use self::card::{Card, KINDS, PHONE};
use crate::input::error::SourceError;
use crate::input::options::SelfDescribingOptions;
use crate::records::self_describing::{ColumnCollector, ColumnGroup, Columns, SelfDescribingBlock};
use crate::records::window::{CutRecords, MAX_KEPT, RecordSpan, Window};

/// Maximum number of bytes of a line that are taken at once.
const MAX_LINE_PART: usize = 64 << 10;

/// A file of vCards.
///
/// ```
/// use std::io::Cursor;
///
/// use contactmill_core::records::{Block, Source};
/// use contactmill_source::{SelfDescribingOptions, VcardSource};
///
/// let text = "BEGIN:VCARD\nVERSION:4.0\nFN:Asha\nTEL;TYPE=cell:+919876543210\nEND:VCARD\n";
/// let mut source = VcardSource::new("contacts.vcf", Cursor::new(text), SelfDescribingOptions::default())?;
/// assert_eq!(source.header(), ["name", "phone", "phone kind"]);
/// let block = source.next_block()?.unwrap();
/// block.visit(&mut |record| assert_eq!(record.get(1), Some("+919876543210")))?;
/// # Ok::<(), contactmill_source::SourceError>(())
/// ```
pub struct VcardSource<R> {
    options: SelfDescribingOptions,
    window: Window<R>,
    /// The physical line at the beginning of the window's rest, from 1.
    line: u64,
    columns: Arc<Columns>,
    cutter: Cutter,
}

/// Puts cards together, line by line.
#[derive(Debug, Default)]
struct Cutter {
    bytes: Vec<u8>,
    spans: Vec<RecordSpan>,
    /// The current record, if one is open.
    open: Option<OpenRecord>,
    /// Whether the current line belongs to a photo.
    in_skipped: bool,
    /// Whether the last part of a line was not its end.
    in_line: bool,
    /// The number of bytes of the input that the block covers so far.
    covered: u64,
}

/// A card that is not ended, or lines between cards.
#[derive(Clone, Copy, Debug)]
struct OpenRecord {
    /// Where it begins in the block.
    start: usize,
    /// Where it begins in the input: the offset, and the physical line.
    byte: u64,
    line: u64,
    /// The number of open cards, one in the other; 0 between cards.
    depth: u32,
    is_too_large: bool,
}

impl Cutter {
    /// Ends the current record.
    fn end(&mut self, integrity: Integrity) {
        let Some(open) = self.open.take() else { return };
        let integrity = if open.is_too_large { Integrity::TooLarge } else { integrity };
        let OpenRecord { start, byte, line, .. } = open;
        self.spans.push(RecordSpan { range: start..self.bytes.len(), byte, line, integrity });
    }

    /// Takes a line, or a part of one, that begins at this byte and on this line of the input.
    fn take(&mut self, text: &[u8], byte: u64, line: u64, max: usize) {
        let is_start = !std::mem::replace(&mut self.in_line, !text.ends_with(b"\n"));
        let bare = text.trim_ascii();
        let is_word = |word: &[u8]| is_start && bare.eq_ignore_ascii_case(word);
        if is_word(b"BEGIN:VCARD") {
            self.in_skipped = false;
            let nests = self.open.is_some_and(|open| open.depth > 0)
                && self.bytes.trim_ascii_end().to_ascii_uppercase().ends_with(b"AGENT:");
            if !nests {
                // The card before was never ended, or there are lines between the cards.
                self.end(Integrity::Malformed);
            }
        } else if is_start {
            let is_folded = text.starts_with(b" ") || text.starts_with(b"\t");
            self.in_skipped = match self.in_skipped {
                true if is_folded => true,
                _ => !is_folded && is_picture(text),
            };
        }
        if self.open.is_none() {
            if bare.is_empty() {
                return;
            }
            let start = self.bytes.len();
            self.open = Some(OpenRecord { start, byte, line, depth: 0, is_too_large: false });
        }
        let Some(open) = &mut self.open else { return };
        if is_word(b"BEGIN:VCARD") {
            open.depth += 1;
        }
        if !self.in_skipped || open.depth == 0 {
            let room = if open.is_too_large { MAX_KEPT } else { max };
            let len = self.bytes.len() - open.start;
            if len + text.len() > room {
                open.is_too_large = true;
                self.bytes.truncate(open.start + len.min(MAX_KEPT));
            } else {
                self.bytes.extend_from_slice(text);
            }
        }
        if is_word(b"END:VCARD") && open.depth > 0 {
            open.depth -= 1;
            if open.depth == 0 {
                self.end(Integrity::Whole);
            }
        }
    }
}

/// Whether the line begins a property that is a picture, a sound or a key.
fn is_picture(line: &[u8]) -> bool {
    let name = line.split(|&byte| matches!(byte, b':' | b';')).next().unwrap_or_default();
    let name = name.rsplit(|&byte| byte == b'.').next().unwrap_or_default();
    [&b"PHOTO"[..], b"LOGO", b"SOUND", b"KEY"].iter().any(|own| name.eq_ignore_ascii_case(own))
}

impl<R: Read + Seek> VcardSource<R> {
    /// Reads the whole file once, for its columns, and goes back to the beginning.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or there are more columns than the options allow.
    pub fn new(name: &str, reader: R, options: SelfDescribingOptions) -> Result<Self, SourceError> {
        let mut source = VcardSource::with_columns(name, reader, options, Arc::default())?;
        let mut collector = ColumnCollector::new(&KINDS, options.max_columns);
        collector.add(PHONE, Some(ColumnGroup { kind: PHONE, number: 1, is_label: false }));
        source.columns = Arc::new(collector.collect(&mut source)?);
        source.window.rewind()?;
        (source.line, source.cutter) = (1, Cutter::default());
        Ok(source)
    }

    /// The same, where the columns are known.
    pub(crate) fn with_columns(
        name: &str,
        reader: R,
        options: SelfDescribingOptions,
        columns: Arc<Columns>,
    ) -> Result<Self, SourceError> {
        let window = Window::new(name, reader)?;
        Ok(VcardSource { options, window, line: 1, columns, cutter: Cutter::default() })
    }

    pub(crate) const fn columns(&self) -> &Arc<Columns> {
        &self.columns
    }

    fn block(&mut self) -> SelfDescribingBlock {
        let cutter = &mut self.cutter;
        // The current record goes into the next block.
        let rest = match &mut cutter.open {
            Some(open) => cutter.bytes.split_off(std::mem::take(&mut open.start)),
            None => Vec::new(),
        };
        let records = CutRecords {
            source: Arc::clone(self.window.name()),
            bytes: std::mem::replace(&mut cutter.bytes, rest),
            spans: std::mem::take(&mut cutter.spans),
            covers: std::mem::take(&mut cutter.covered),
        };
        SelfDescribingBlock {
            records,
            columns: Arc::clone(&self.columns),
            parser: || Box::new(Card::default()),
        }
    }
}

impl<R> VcardSource<R> {
    /// The columns.
    #[must_use]
    pub fn header(&self) -> &[String] {
        self.columns.header()
    }
}

impl<R: Read + Seek> Source for VcardSource<R> {
    type Block = SelfDescribingBlock;
    type Error = SourceError;

    fn next_block(&mut self) -> Result<Option<SelfDescribingBlock>, SourceError> {
        loop {
            self.window.fill(MAX_LINE_PART)?;
            let rest = self.window.rest();
            if rest.is_empty() {
                self.cutter.end(Integrity::Malformed);
                let is_done = self.cutter.spans.is_empty() && self.cutter.covered == 0;
                return Ok((!is_done).then(|| self.block()));
            }
            let within = &rest[..rest.len().min(MAX_LINE_PART)];
            let count = memchr::memchr(b'\n', within).map_or(within.len(), |found| found + 1);
            let (byte, line) = (self.window.start(), self.line);
            self.cutter.take(&rest[..count], byte, line, self.options.max_record_bytes);
            self.line += u64::from(rest[count - 1] == b'\n');
            self.window.consume(count);
            self.cutter.covered += count as u64;
            let has_enough = self.cutter.bytes.len() >= self.options.block_bytes
                || self.cutter.covered >= 4 * self.options.block_bytes as u64;
            if has_enough && !self.cutter.spans.is_empty() {
                return Ok(Some(self.block()));
            }
        }
    }
}
