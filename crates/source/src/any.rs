//! One type for sources of every format.

use std::fmt;
use std::sync::Arc;

use contactmill_core::records::{Block, Record, Source};

use crate::formats::csv::Delimiter;
use crate::input::Input;
use crate::input::digest::Digest;
use crate::input::encoding::TextEncoding;
use crate::input::error::SourceError;
use crate::input::format::Format;
use crate::records::table::SkippedColumn;

/// A source of any format, and what is known of it.
///
/// [`DumpMember::open`](crate::DumpMember::open) makes one. To add a format, give it a [`Source`] whose error is
/// [`SourceError`], a variant of [`Format`], and an arm where a part is opened.
pub struct AnySource {
    name: Arc<str>,
    format: Format,
    encoding: TextEncoding,
    delimiter: Option<Delimiter>,
    quotes: Option<&'static str>,
    bytes: u64,
    header: Vec<String>,
    skipped: Vec<SkippedColumn>,
    blocks: Box<dyn Source<Block = AnyBlock, Error = SourceError>>,
    read: Bytes,
    progress: Progress,
    /// How much of the input the blocks so far stand for.
    covered: u64,
}

/// The bytes that a name stands for.
#[derive(Clone, Debug)]
pub(crate) enum Bytes {
    /// They can be read from any place.
    Input(Input),
    /// They are read once, in order, from a place in the input; how many there are is known.
    Stream(Digest, u64, Input),
}

impl Bytes {
    fn digest(&self) -> &Digest {
        match self {
            Bytes::Input(input) => input.digest(),
            Bytes::Stream(digest, ..) => digest,
        }
    }

    /// The file that they stand in.
    fn input(&self) -> &Input {
        match self {
            Bytes::Input(input) | Bytes::Stream(_, _, input) => input,
        }
    }

    fn len(&self) -> u64 {
        match self {
            Bytes::Input(input) => input.len(),
            Bytes::Stream(_, len, _) => *len,
        }
    }
}

/// How it is known how far a source is in its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// By the bytes that were read.
    Read,
    /// By what blocks say: the input is not read in order.
    Blocks,
}

impl AnySource {
    /// A source of this format, whose records have these columns.
    pub(crate) fn new<S>(
        (name, read): (Arc<str>, Bytes),
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
        let blocks = Box::new(Boxing(source));
        let bytes = read.len();
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
            blocks,
            read,
            progress,
            covered,
        }
    }

    /// What the source is called: the input as the user named it and, where that holds several,
    /// the one in it, such as `contacts.zip/leads.csv`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The format.
    #[must_use]
    pub const fn format(&self) -> Format {
        self.format
    }

    /// The encoding of its text; of workbooks, which store text as they please, UTF-8.
    #[must_use]
    pub const fn encoding(&self) -> TextEncoding {
        self.encoding
    }

    /// What stands between the fields of delimited text.
    #[must_use]
    pub const fn delimiter(&self) -> Option<Delimiter> {
        self.delimiter
    }

    /// How the fields of delimited text are quoted, where it is another way than the usual, such as
    /// `'…'`.
    #[must_use]
    pub const fn quotes(&self) -> Option<&'static str> {
        self.quotes
    }

    pub(crate) fn delimited_by(self, delimiter: Delimiter, quotes: Option<&'static str>) -> Self {
        AnySource { delimiter: Some(delimiter), quotes, ..self }
    }

    /// How many bytes that of which it is the name holds.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The names of the columns.
    #[must_use]
    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// The columns that it has beside them, and that are not read.
    #[must_use]
    pub fn skipped_columns(&self) -> &[SkippedColumn] {
        &self.skipped
    }

    /// The error that one of these columns is needed.
    #[must_use]
    pub fn cannot_read(&self, skipped: &SkippedColumn) -> SourceError {
        SourceError { source: Arc::clone(&self.name), line: None, problem: skipped.problem() }
    }

    pub(crate) fn without(self, skipped: Vec<SkippedColumn>) -> Self {
        AnySource { skipped, ..self }
    }

    /// The SHA-256 of the bytes of that of which it is the name, in hexadecimal. Whole once the last
    /// block was taken.
    ///
    /// # Errors
    ///
    /// When what was not read yet cannot be read.
    pub fn sha256(&self) -> Result<String, SourceError> {
        match &self.read {
            Bytes::Input(input) => input.sha256(),
            Bytes::Stream(digest, ..) => Ok(digest.sha256()),
        }
    }
}

impl Source for AnySource {
    type Block = AnyBlock;
    type Error = SourceError;

    fn next_block(&mut self) -> Result<Option<AnyBlock>, SourceError> {
        let taken = self.blocks.next_block();
        if matches!(taken, Ok(None) | Err(_)) {
            // What was changed on the way shows as an end or as damage, or not at all.
            self.read.input().check_unchanged().map_err(|problem| SourceError {
                source: Arc::clone(&self.name),
                line: None,
                problem,
            })?;
        }
        let mut block = taken?;
        if let Some(block) = &mut block
            && self.progress == Progress::Read
        {
            let read = self.read.digest().bytes();
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

/// A source whose blocks are put into boxes.
struct Boxing<S>(S);

impl<S> Source for Boxing<S>
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
