//! vCard 2.1, 3.0 and 4.0.
//!
//! A card is a record. Its columns are `name`, `phone`, `phone 2`, `email`, `tags` and so on; which
//! there are, a first pass over the file tells. `phone` is always there: a card without a phone is a
//! record that lacks one, whatever the others have. Photos are left out while cards are cut, so that they
//! cost no memory.

mod card;

use std::io::{Read, Seek};
use std::sync::Arc;

use contactmill_core::records::{Integrity, Source};

pub(crate) use self::card::{Card, PHONE, USUAL, Value};
use crate::input::error::SourceError;
use crate::records::self_describing::{Columns, Form, SelfDescribingBlock, SelfDescribingOptions};
use crate::records::window::{KEPT_BYTES, Piece, Window};

/// Longer lines are read in pieces.
const LINE_PIECE: usize = 64 << 10;

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

/// What is being put together.
#[derive(Debug, Default)]
struct Cutter {
    bytes: Vec<u8>,
    pieces: Vec<Piece>,
    /// The card, or the lines between cards, in which the cutter is.
    open: Option<Open>,
    /// Whether the line is one of a photo.
    in_skipped: bool,
    /// Whether the last piece of a line was not its end.
    in_line: bool,
    /// How much of the input was read for the block.
    covered: u64,
}

#[derive(Clone, Copy, Debug)]
struct Open {
    /// Where it begins in the block, in the input, and on which line.
    start: usize,
    byte: u64,
    line: u64,
    /// How many cards deep; 0 between cards.
    depth: u32,
    is_too_large: bool,
}

impl Cutter {
    /// Ends what is open.
    fn end(&mut self, integrity: Integrity) {
        let Some(open) = self.open.take() else { return };
        let integrity = if open.is_too_large { Integrity::TooLarge } else { integrity };
        let Open { start, byte, line, .. } = open;
        self.pieces.push(Piece { range: start..self.bytes.len(), byte, line, integrity });
    }

    /// Takes a line, or a piece of one, that begins at this byte and on this line of the input.
    fn take(&mut self, text: &[u8], byte: u64, line: u64, max: usize) {
        let is_start = !std::mem::replace(&mut self.in_line, !text.ends_with(b"\n"));
        let bare = text.trim_ascii();
        let is_word = |word: &[u8]| is_start && bare.eq_ignore_ascii_case(word);
        if is_word(b"BEGIN:VCARD") {
            self.in_skipped = false;
            let nests = self.open.is_some_and(|open| open.depth > 0)
                && self.bytes.trim_ascii_end().to_ascii_uppercase().ends_with(b"AGENT:");
            if !nests {
                // A card that was never ended, or lines between cards.
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
            self.open = Some(Open { start, byte, line, depth: 0, is_too_large: false });
        }
        let Some(open) = &mut self.open else { return };
        if is_word(b"BEGIN:VCARD") {
            open.depth += 1;
        }
        if !self.in_skipped || open.depth == 0 {
            let room = if open.is_too_large { KEPT_BYTES } else { max };
            let len = self.bytes.len() - open.start;
            if len + text.len() > room {
                open.is_too_large = true;
                self.bytes.truncate(open.start + len.min(KEPT_BYTES));
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
        let mut source = VcardSource::of_columns(name, reader, options, Arc::default())?;
        source.columns = Arc::new(Columns::of_cards(&mut source, options.max_columns)?);
        source.window.rewind()?;
        (source.line, source.cutter) = (1, Cutter::default());
        Ok(source)
    }

    /// The same where the columns are known.
    pub(crate) fn of_columns(
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
        let (bytes, pieces) = match self.cutter.open {
            // What is open goes into the next block.
            Some(open) => {
                let rest = self.cutter.bytes.split_off(open.start);
                let bytes = std::mem::replace(&mut self.cutter.bytes, rest);
                (bytes, std::mem::take(&mut self.cutter.pieces))
            }
            None => {
                (std::mem::take(&mut self.cutter.bytes), std::mem::take(&mut self.cutter.pieces))
            }
        };
        if let Some(open) = &mut self.cutter.open {
            open.start = 0;
        }
        let covers = std::mem::take(&mut self.cutter.covered);
        SelfDescribingBlock {
            source: Arc::clone(self.window.name()),
            form: Form::Card,
            bytes,
            pieces,
            covers,
            columns: Arc::clone(&self.columns),
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
            self.window.fill(LINE_PIECE)?;
            let rest = self.window.rest();
            if rest.is_empty() {
                self.cutter.end(Integrity::Malformed);
                let is_done = self.cutter.pieces.is_empty() && self.cutter.covered == 0;
                return Ok((!is_done).then(|| self.block()));
            }
            let within = &rest[..rest.len().min(LINE_PIECE)];
            let count = memchr::memchr(b'\n', within).map_or(within.len(), |found| found + 1);
            let (byte, line) = (self.window.start(), self.line);
            self.cutter.take(&rest[..count], byte, line, self.options.max_record_bytes);
            self.line += u64::from(rest[count - 1] == b'\n');
            self.window.pass(count);
            self.cutter.covered += count as u64;
            let has_enough = self.cutter.bytes.len() >= self.options.block_bytes
                || self.cutter.covered >= 4 * self.options.block_bytes as u64;
            if has_enough && !self.cutter.pieces.is_empty() {
                return Ok(Some(self.block()));
            }
        }
    }
}
