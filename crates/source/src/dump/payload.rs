//! The bytes of an input or of a file in an archive, decompressed as far as needed.

use std::io::{self, Cursor, Read, Seek, SeekFrom};

use crate::input::Input;
use crate::input::decompress::decompress;
use crate::input::encoding::{Decoded, TextEncoding, detect, whole_lines};
use crate::input::error::{SourceError, SourceProblem};
use crate::input::format::{Compression, ContentKind, content_kind};
use crate::input::limits::DecompressLimits;
use crate::input::options::ReadOptions;

/// The number of bytes at the beginning that show what something is.
const HEAD: usize = 64 << 10;

/// The number of further samples that show the encoding, where the beginning is ASCII.
const SAMPLES: u64 = 16;

/// Maximum number of compressions, one in the other.
const MAX_COMPRESSIONS: usize = 3;

/// Bytes that are being opened, and their beginning.
pub(super) struct Payload {
    pub(super) head: Vec<u8>,
    pub(super) data: PayloadData,
}

pub(super) enum PayloadData {
    /// All bytes, in a file.
    Input(Input),
    /// The bytes behind the beginning.
    Stream(Box<dyn Read + Send>),
}

impl Payload {
    pub(super) fn of_input(input: Input) -> Result<Payload, SourceProblem> {
        let head = head_of(&mut input.clone()).map_err(SourceProblem::reading)?;
        Ok(Payload { head, data: PayloadData::Input(input) })
    }

    pub(super) fn of_stream(mut reader: Box<dyn Read + Send>) -> Result<Payload, SourceProblem> {
        let head = head_of(&mut reader).map_err(SourceProblem::reading)?;
        Ok(Payload { head, data: PayloadData::Stream(reader) })
    }

    /// The kind of content, by the beginning.
    pub(super) fn kind(&self) -> ContentKind {
        content_kind(&self.head)
    }

    /// A reader of all bytes.
    pub(super) fn into_reader(self) -> Box<dyn Read + Send> {
        match self.data {
            PayloadData::Input(input) => Box::new(input),
            PayloadData::Stream(rest) => Box::new(Cursor::new(self.head).chain(rest)),
        }
    }

    /// All bytes as an input that can be read from any place.
    pub(super) fn into_input(
        self,
        name: &str,
        options: ReadOptions<'_>,
    ) -> Result<Input, SourceError> {
        match self.data {
            PayloadData::Input(input) => Ok(input),
            PayloadData::Stream(_) => Input::spool(name, self.into_reader(), options.scratch),
        }
    }

    /// Whether the beginning is all.
    pub(super) fn is_all_head(&self) -> bool {
        self.head.len() < HEAD
    }

    /// The payload without gzip and zstd around it.
    pub(super) fn decompressed(
        mut self,
        limits: DecompressLimits,
    ) -> Result<Payload, SourceProblem> {
        for _ in 0..MAX_COMPRESSIONS {
            let ContentKind::Compressed(compression @ (Compression::Gzip | Compression::Zstd)) =
                self.kind()
            else {
                return Ok(self);
            };
            let reader = decompress(compression, self.into_reader(), limits);
            self = Payload::of_stream(reader.map_err(SourceProblem::reading)?)?;
        }
        Err(SourceProblem::Format { format: "compressed more than twice" })
    }

    /// The encoding that the options name, or that samples of the text show.
    pub(super) fn encoding(&self, options: ReadOptions<'_>) -> Result<TextEncoding, SourceProblem> {
        match options.encoding {
            Some(encoding) => Ok(encoding),
            None => self.detected_encoding(),
        }
    }

    /// The encoding that samples of the text show.
    pub(super) fn detected_encoding(&self) -> Result<TextEncoding, SourceProblem> {
        let mut samples = Vec::new();
        // The beginning may end within a character, which would show nothing.
        let head = match self.is_all_head() {
            true => &self.head[..],
            false => &self.head[..memchr::memrchr(b'\n', &self.head).map_or(HEAD, |at| at + 1)],
        };
        if let PayloadData::Input(input) = &self.data
            && !self.is_all_head()
            && head.is_ascii()
        {
            let mut input = input.clone();
            for sample in 1..=SAMPLES {
                let at = (input.len() - HEAD as u64) / SAMPLES * sample;
                input.seek(SeekFrom::Start(at)).map_err(SourceProblem::reading)?;
                let bytes = head_of(&mut input).map_err(SourceProblem::reading)?;
                samples.push(whole_lines(&bytes).to_vec());
            }
        }
        Ok(detect(head, &samples))
    }

    /// The beginning as text in UTF-8.
    pub(super) fn text_head(&self, encoding: TextEncoding) -> Result<Vec<u8>, SourceProblem> {
        if encoding == TextEncoding::UTF_8 {
            return Ok(self.head.clone());
        }
        let mut text = Vec::new();
        let mut decoded = Decoded::new(Cursor::new(&self.head), encoding);
        decoded.read_to_end(&mut text).map_err(SourceProblem::reading)?;
        Ok(text)
    }
}

/// The beginning of what the reader reads.
fn head_of(reader: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    reader.take(HEAD as u64).read_to_end(&mut head)?;
    Ok(head)
}
