//! One type for sources of every format.

use std::fmt;
use std::sync::Arc;

use contactmill_core::records::{Block, Record, Source};

use crate::input::Input;
use crate::input::delimiter::Delimiter;
use crate::input::digest::Digest;
use crate::input::encoding::TextEncoding;
use crate::input::error::SourceError;
use crate::input::format::Format;
use crate::records::fixed::{CellFixes, FixedBlocks};
use crate::records::table::SkippedColumn;

/// A source of any format, and its properties.
///
/// [`DumpMember::open`](crate::DumpMember::open) makes one. To add a format, write a [`Source`] whose
/// error is [`SourceError`], add a variant of [`Format`], and open it in `dump/member.rs`.
pub struct AnySource {
    name: Arc<str>,
    format: Format,
    encoding: TextEncoding,
    delimiter: Option<Delimiter>,
    quotes: Option<&'static str>,
    bytes: u64,
    header: Vec<String>,
    skipped: Vec<SkippedColumn>,
    unread_sheets: Vec<String>,
    blocks: Box<dyn Source<Block = AnyBlock, Error = SourceError>>,
    original: SourceBytes,
    progress: Progress,
    /// The number of bytes of the input that the blocks so far stand for.
    covered: u64,
}

/// The bytes that a name stands for.
#[derive(Clone, Debug)]
pub(crate) enum SourceBytes {
    /// All of an input.
    Input(Input),
    /// A file in an archive, which is read once, in order: its digest, its size, and the archive.
    Stream(Digest, u64, Input),
}

impl SourceBytes {
    fn digest(&self) -> &Digest {
        match self {
            SourceBytes::Input(input) => input.digest(),
            SourceBytes::Stream(digest, ..) => digest,
        }
    }

    /// The file that they are in.
    fn input(&self) -> &Input {
        match self {
            SourceBytes::Input(input) | SourceBytes::Stream(_, _, input) => input,
        }
    }

    /// The SHA-256 of all of them, in hexadecimal.
    pub(crate) fn sha256(&self) -> Result<String, SourceError> {
        match self {
            SourceBytes::Input(input) => input.sha256(),
            SourceBytes::Stream(digest, ..) => Ok(digest.sha256()),
        }
    }

    fn len(&self) -> u64 {
        match self {
            SourceBytes::Input(input) => input.len(),
            SourceBytes::Stream(_, len, _) => *len,
        }
    }
}

/// What shows how far a source has read its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// The bytes that were read.
    Read,
    /// What the blocks say, as the input is not read in order.
    Blocks,
}

impl AnySource {
    /// A source of this format, whose records have these columns.
    pub(crate) fn new<S>(
        (name, original): (Arc<str>, SourceBytes),
        (format, encoding): (Format, TextEncoding),
        header: Vec<String>,
        source: S,
    ) -> Self
    where
        S: Source<Error = SourceError> + 'static,
        S::Block: 'static,
    {
        let progress = match format {
            Format::Csv => Progress::Read,
            _ => Progress::Blocks,
        };
        let blocks = Box::new(BoxedBlocks(source));
        let bytes = original.len();
        let (delimiter, quotes, covered) = (None, None, 0);
        AnySource {
            name,
            format,
            encoding,
            delimiter,
            quotes,
            bytes,
            header,
            skipped: Vec::new(),
            unread_sheets: Vec::new(),
            blocks,
            original,
            progress,
            covered,
        }
    }

    /// Its name: the input as the user named it and, in an archive, the name of the file, such as
    /// `contacts.zip/leads.csv`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The format.
    #[must_use]
    pub const fn format(&self) -> Format {
        self.format
    }

    /// The encoding of its text. For binary formats this is UTF-8.
    #[must_use]
    pub const fn encoding(&self) -> TextEncoding {
        self.encoding
    }

    /// The delimiter of delimited text.
    #[must_use]
    pub const fn delimiter(&self) -> Option<Delimiter> {
        self.delimiter
    }

    /// How the fields of delimited text are quoted, if not in the usual way: for example `'…'`.
    #[must_use]
    pub const fn quotes(&self) -> Option<&'static str> {
        self.quotes
    }

    pub(crate) fn delimited_by(self, delimiter: Delimiter, quotes: Option<&'static str>) -> Self {
        AnySource { delimiter: Some(delimiter), quotes, ..self }
    }

    /// Size of the input, or of the file in the archive, in bytes.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The names of the columns.
    #[must_use]
    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// The further columns, which are not read.
    #[must_use]
    pub fn skipped_columns(&self) -> &[SkippedColumn] {
        &self.skipped
    }

    /// The other sheets of the workbook that this is a sheet of, those that are not empty, where none was asked
    /// for.
    #[must_use]
    pub fn unread_sheets(&self) -> &[String] {
        &self.unread_sheets
    }

    /// The error that one of these columns is needed and cannot be read.
    #[must_use]
    pub fn cannot_read(&self, skipped: &SkippedColumn) -> SourceError {
        SourceError { source: Arc::clone(&self.name), line: None, problem: skipped.problem() }
    }

    pub(crate) fn with_skipped(self, skipped: Vec<SkippedColumn>) -> Self {
        AnySource { skipped, ..self }
    }

    pub(crate) fn with_unread_sheets(self, unread_sheets: Vec<String>) -> Self {
        AnySource { unread_sheets, ..self }
    }

    /// The same source with these corrections of its cells.
    ///
    /// # Errors
    ///
    /// When one of them is of a column that it has not. Any other that does not fit is an error where it
    /// would be made.
    pub(crate) fn fixed(self, fixes: &Arc<CellFixes>) -> Result<Self, SourceError> {
        let described = (&self.name, &*self.header);
        let fixed = FixedBlocks::new(described, self.blocks, Arc::clone(fixes))?;
        Ok(AnySource { blocks: Box::new(BoxedBlocks(fixed)), ..self })
    }

    /// The SHA-256 of the input, or of the file in the archive, in hexadecimal. It is complete once the
    /// last block was taken.
    ///
    /// # Errors
    ///
    /// When the bytes that are not read yet cannot be read.
    pub fn sha256(&self) -> Result<String, SourceError> {
        self.original.sha256()
    }
}

impl Source for AnySource {
    type Block = AnyBlock;
    type Error = SourceError;

    fn next_block(&mut self) -> Result<Option<AnyBlock>, SourceError> {
        let taken = self.blocks.next_block();
        if matches!(taken, Ok(None) | Err(_)) {
            // A change of the input may look like its end, like damage, or like nothing.
            self.original.input().check_unchanged().map_err(|problem| SourceError {
                source: Arc::clone(&self.name),
                line: None,
                problem,
            })?;
        }
        let mut block = taken?;
        if let Some(block) = &mut block
            && self.progress == Progress::Read
        {
            let read = self.original.digest().bytes();
            block.covers = read - self.covered;
            self.covered = read;
        }
        Ok(block)
    }
}

impl fmt::Debug for AnySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let AnySource { name, format, encoding, .. } = self;
        f.debug_struct("AnySource")
            .field("name", name)
            .field("format", format)
            .field("encoding", encoding)
            .finish_non_exhaustive()
    }
}

/// A run of whole records of an [`AnySource`].
pub struct AnyBlock {
    block: Box<dyn Block<Error = SourceError>>,
    covers: u64,
}

impl Block for AnyBlock {
    type Error = SourceError;

    fn len_bytes(&self) -> u64 {
        self.covers
    }

    fn visit(&self, visitor: &mut dyn FnMut(Record<'_>)) -> Result<(), SourceError> {
        self.block.visit(visitor)
    }
}

impl fmt::Debug for AnyBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnyBlock").field("covers", &self.covers).finish_non_exhaustive()
    }
}

/// Puts the blocks of a source into boxes.
struct BoxedBlocks<S>(S);

impl<S> Source for BoxedBlocks<S>
where
    S: Source<Error = SourceError>,
    S::Block: 'static,
{
    type Block = AnyBlock;
    type Error = SourceError;

    fn next_block(&mut self) -> Result<Option<AnyBlock>, SourceError> {
        let boxed =
            |block: S::Block| AnyBlock { covers: block.len_bytes(), block: Box::new(block) };
        Ok(self.0.next_block()?.map(boxed))
    }
}
