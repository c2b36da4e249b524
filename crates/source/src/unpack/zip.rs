//! The members of a zip archive.
//!
//! The `zip` crate reads the directory. Members are inflated here: they have to be readers of their
//! own, that live as long as their source.

use std::io::{self, Read, Seek, SeekFrom};

use flate2::Crc;
use zip::CompressionMethod;

use super::limits::{Counted, InflateLimits, Limited};
use crate::error::SourceProblem;
use crate::format::Format;
use crate::input::Input;

/// What is called a damaged zip archive in errors.
const ZIP: &str = "zip archive";

/// The directory of an archive.
pub(crate) struct Archive {
    pub(crate) members: Vec<Member>,
    is_open_document: bool,
}

/// One file in an archive, and how it is found again.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) size: u64,
    start: u64,
    packed: u64,
    crc: u32,
    method: CompressionMethod,
    is_encrypted: bool,
}

impl Archive {
    /// Reads the directory.
    pub(crate) fn of(mut input: Input, limits: InflateLimits) -> Result<Archive, SourceProblem> {
        let damaged = |error: zip::result::ZipError| match error {
            zip::result::ZipError::Io(error) => SourceProblem::damaged(ZIP, error),
            error => SourceProblem::damaged(ZIP, error),
        };
        let mut head = Vec::new();
        input
            .by_ref()
            .take(128)
            .read_to_end(&mut head)
            .map_err(|error| SourceProblem::damaged(ZIP, error))?;
        let packed = input.len();
        let mut archive = zip::ZipArchive::new(input).map_err(damaged)?;
        let mut members = Vec::with_capacity(archive.len());
        let mut inflated = 0_u64;
        for index in 0..archive.len() {
            let file = archive.by_index_raw(index).map_err(damaged)?;
            inflated = inflated.saturating_add(file.size());
            members.push(Member {
                name: file.name().map_err(damaged)?.into_owned(),
                size: file.size(),
                start: file.data_start().unwrap_or_default(),
                packed: file.compressed_size(),
                crc: file.crc32(),
                method: file.compression(),
                is_encrypted: file.encrypted(),
            });
        }
        // What the directory says is held against what comes out while it is read.
        limits.check(packed, inflated)?;
        // The first member of an OpenDocument file says what it is (ODF 1.2, part 3, 3.3).
        let is_open_document =
            head.get(30..).is_some_and(|name| name.starts_with(b"mimetypeapplication/vnd.oasis"));
        Ok(Archive { members, is_open_document })
    }

    pub(crate) fn member(&self, name: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.name.eq_ignore_ascii_case(name))
    }

    /// The document that the archive is, by the files in it: a spreadsheet, or another kind, by its
    /// name. Nothing when it is an archive of files.
    pub(crate) fn document(&self) -> Option<Result<Format, &'static str>> {
        let has = |name| self.member(name).is_some();
        if has("xl/workbook.xml") {
            Some(Ok(Format::Xlsx))
        } else if has("xl/workbook.bin") {
            Some(Err("a binary Excel workbook (XLSB)"))
        } else if has("word/document.xml") {
            Some(Err("a Word document"))
        } else if has("ppt/presentation.xml") {
            Some(Err("a presentation"))
        } else if self.is_open_document || (has("content.xml") && has("META-INF/manifest.xml")) {
            Some(Ok(Format::Ods))
        } else if has("index/document.iwa") {
            Some(Err("an Apple Numbers document"))
        } else {
            None
        }
    }
}

impl Member {
    /// Whether it is somebody's file: no folder, nothing that an archiver or a system hid in it.
    pub(crate) fn is_file(&self) -> bool {
        let is_hidden = |part: &str| part.starts_with('.') || part == "__MACOSX";
        !self.name.ends_with(['/', '\\']) && !self.name.split(['/', '\\']).any(is_hidden)
    }

    /// Its bytes. They end in an error if they are not what the directory says.
    pub(crate) fn reader(
        &self,
        mut input: Input,
        limits: InflateLimits,
    ) -> Result<Box<dyn Read + Send>, SourceProblem> {
        if self.is_encrypted {
            return Err(SourceProblem::Password { what: "it" });
        }
        input.seek(SeekFrom::Start(self.start)).map_err(SourceProblem::Io)?;
        let packed = Counted::new(input.take(self.packed));
        let count = packed.count();
        let inflated: Box<dyn Read + Send> = match self.method {
            CompressionMethod::Stored => Box::new(packed),
            CompressionMethod::Deflated => Box::new(flate2::read::DeflateDecoder::new(packed)),
            other => {
                return Err(SourceProblem::Compression { method: other.to_string() });
            }
        };
        let checked =
            Checked { reader: inflated, crc: Crc::new(), left: self.size, expected: self.crc };
        Ok(Box::new(Limited::new(checked, count, limits)))
    }
}

/// A reader that holds what it reads against a length and a checksum.
struct Checked<R> {
    reader: R,
    crc: Crc,
    left: u64,
    expected: u32,
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let damaged = |error: io::Error| match error.kind() {
            io::ErrorKind::Interrupted => error,
            _ => SourceProblem::damaged(ZIP, error).into(),
        };
        let count = self.reader.read(buffer).map_err(damaged)?;
        self.crc.update(&buffer[..count]);
        let Some(left) = self.left.checked_sub(count as u64) else {
            return Err(
                SourceProblem::damaged(ZIP, "more comes out than its directory says").into()
            );
        };
        self.left = left;
        if count == 0 && !buffer.is_empty() {
            if self.left > 0 {
                return Err(SourceProblem::damaged(ZIP, "it ends too early").into());
            }
            if self.crc.sum() != self.expected {
                return Err(SourceProblem::damaged(ZIP, "a checksum does not match").into());
            }
        }
        Ok(count)
    }
}
