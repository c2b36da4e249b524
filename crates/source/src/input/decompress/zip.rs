//! The members of a zip archive.
//!
//! The `zip` crate reads the directory. Members are inflated here, as each needs a reader of its own that
//! lives as long as its source.

use std::borrow::Cow;
use std::collections::HashSet;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

use flate2::Crc;
use zip::CompressionMethod;

use super::limited::{Counted, Limited};
use crate::input::Input;
use crate::input::error::SourceProblem;
use crate::input::format::Format;
use crate::input::limits::DecompressLimits;

/// What errors call it.
const ZIP: &str = "zip archive";

/// The directory of an archive.
pub(crate) struct Archive {
    pub(crate) members: Vec<Member>,
    is_open_document: bool,
}

/// One file in an archive, and where its bytes are.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    /// Its path in the archive. It never leads out of a folder, and has no control characters. Several
    /// members may have the same name.
    pub(crate) name: String,
    pub(crate) size: u64,
    start: u64,
    compressed: u64,
    crc: u32,
    method: Method,
    is_encrypted: bool,
    is_folder: bool,
}

/// How a member is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    Stored,
    Deflated,
    /// By a method that is not supported.
    Other(&'static str),
}

impl Method {
    /// The method with this number in archives (APPNOTE.TXT, 4.4.5).
    const fn of_number(number: u16) -> Self {
        match number {
            0 => Method::Stored,
            8 => Method::Deflated,
            other => Method::Other(CompressionMethod::name_from_u16(other)),
        }
    }
}

impl From<CompressionMethod> for Method {
    fn from(method: CompressionMethod) -> Self {
        match method {
            CompressionMethod::Stored => Method::Stored,
            CompressionMethod::Deflated => Method::Deflated,
            CompressionMethod::DEFLATE64 => Method::of_number(9),
            CompressionMethod::BZIP2 => Method::of_number(12),
            CompressionMethod::LZMA => Method::of_number(14),
            CompressionMethod::ZSTD => Method::of_number(93),
            CompressionMethod::XZ => Method::of_number(95),
            CompressionMethod::PPMD => Method::of_number(98),
            _ => Method::Other("a method that is not known"),
        }
    }
}

impl Archive {
    /// Reads the directory.
    pub(crate) fn of(mut input: Input, limits: DecompressLimits) -> Result<Archive, SourceProblem> {
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
        let compressed = input.len();
        let mut archive = zip::ZipArchive::new(input.clone()).map_err(damaged)?;
        let mut members = Vec::with_capacity(archive.len());
        for index in 0..archive.len() {
            let file = archive.by_index_raw(index).map_err(damaged)?;
            // A name in a wrong encoding must not make the archive unreadable.
            let name = file.name().map(Cow::into_owned);
            let name = name.unwrap_or_else(|_| String::from_utf8_lossy(file.name_raw()).into());
            members.push((
                file.central_header_start(),
                Member {
                    is_folder: name.ends_with(['/', '\\']),
                    name: safe_name(&name),
                    size: file.size(),
                    start: file.data_start().unwrap_or_default(),
                    compressed: file.compressed_size(),
                    crc: file.crc32(),
                    method: file.compression().into(),
                    is_encrypted: file.encrypted(),
                },
            ));
        }
        if archive.has_duplicate_names() {
            let directory = archive.central_directory_start();
            let hidden = hidden_members(&mut input, directory, archive.offset(), &members);
            members.extend(hidden.map_err(|error| SourceProblem::damaged(ZIP, error))?);
            members.sort_by_key(|&(entry, _)| entry);
        }
        let members: Vec<Member> = members.into_iter().map(|(_, member)| member).collect();
        let inflated = members.iter().fold(0_u64, |sum, member| sum.saturating_add(member.size));
        // The sizes in the directory are checked again while members are read.
        limits.check(compressed, inflated)?;
        // The first member of an OpenDocument file names its type (ODF 1.2, part 3, 3.3).
        let is_open_document =
            head.get(30..).is_some_and(|name| name.starts_with(b"mimetypeapplication/vnd.oasis"));
        Ok(Archive { members, is_open_document })
    }

    pub(crate) fn member(&self, name: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.name.eq_ignore_ascii_case(name))
    }

    /// The document that the archive is, by the files in it: a spreadsheet, or another kind of document in
    /// words. `None` when it is an archive of files.
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
    /// Whether it is a file of the user, and not a folder or a hidden file of a system.
    pub(crate) fn is_file(&self) -> bool {
        let is_hidden =
            |part: &str| part == "__MACOSX" || part == ".DS_Store" || part.starts_with("._");
        !self.is_folder && !self.name.split('/').any(is_hidden)
    }

    /// A reader of its bytes. It ends in an error if they are not what the directory says.
    pub(crate) fn reader(
        &self,
        mut input: Input,
        limits: DecompressLimits,
    ) -> Result<Box<dyn Read + Send>, SourceProblem> {
        if self.is_encrypted {
            return Err(SourceProblem::Password { what: "it" });
        }
        input.seek(SeekFrom::Start(self.start)).map_err(SourceProblem::Io)?;
        let compressed = Counted::new(input.take(self.compressed));
        let count = compressed.count();
        let inflated: Box<dyn Read + Send> = match self.method {
            Method::Stored => Box::new(compressed),
            Method::Deflated => Box::new(flate2::read::DeflateDecoder::new(compressed)),
            Method::Other(method) => {
                return Err(SourceProblem::Compression { method: method.to_owned() });
            }
        };
        let checked =
            Checked { reader: inflated, crc: Crc::new(), left: self.size, expected: self.crc };
        Ok(Box::new(Limited::new(checked, count, limits)))
    }
}

/// The name of a member as a path below the archive: without a root, a drive, steps up and control
/// characters.
fn safe_name(name: &str) -> String {
    let is_drive = |step: &str| step.len() == 2 && step.ends_with(':');
    let steps: Vec<String> = name
        .split(['/', '\\'])
        .filter(|step| !matches!(*step, "" | "." | "..") && !is_drive(step))
        .map(|step| step.chars().map(|c| if c.is_control() { '\u{FFFD}' } else { c }).collect())
        .collect();
    match steps.is_empty() {
        true => "unnamed".to_owned(),
        false => steps.join("/"),
    }
}

/// Members of a name that comes again in the directory, with their offsets there: the `zip` crate keeps
/// only the last member of a name. The fields are those of APPNOTE.TXT, 4.3.7, 4.3.12 and 4.5.3.
fn hidden_members(
    input: &mut Input,
    directory: u64,
    offset: u64,
    known: &[(u64, Member)],
) -> io::Result<Vec<(u64, Member)>> {
    let known: HashSet<u64> = known.iter().map(|&(entry, _)| entry).collect();
    let mut reader = BufReader::new(input.clone());
    reader.seek(SeekFrom::Start(directory))?;
    let (mut hidden, mut entry) = (Vec::new(), directory);
    let mut fixed = [0; 46];
    while reader.read_exact(&mut fixed).is_ok() && fixed.starts_with(b"PK\x01\x02") {
        let [name_len, extra_len, comment_len] = [28, 30, 32].map(|at| u16_at(&fixed, at));
        let mut name = vec![0; usize::from(name_len)];
        let mut extra = vec![0; usize::from(extra_len)];
        reader.read_exact(&mut name)?;
        reader.read_exact(&mut extra)?;
        reader.seek_relative(i64::from(comment_len))?;
        if !known.contains(&entry) {
            let mut sizes = [24, 20, 42].map(|at| u64::from(u32_at(&fixed, at)));
            widen(&mut sizes, &extra);
            let [size, compressed, header] = sizes;
            let header = header.saturating_add(offset);
            let mut local = [0; 30];
            input.seek(SeekFrom::Start(header))?;
            input.read_exact(&mut local)?;
            let before = 30 + u64::from(u16_at(&local, 26)) + u64::from(u16_at(&local, 28));
            let name = String::from_utf8_lossy(&name);
            let member = Member {
                is_folder: name.ends_with(['/', '\\']),
                name: safe_name(&name),
                size,
                start: header.saturating_add(before),
                compressed,
                crc: u32_at(&fixed, 16),
                method: Method::of_number(u16_at(&fixed, 10)),
                is_encrypted: u16_at(&fixed, 8) & 1 != 0,
            };
            hidden.push((entry, member));
        }
        entry += 46 + [name_len, extra_len, comment_len].map(u64::from).iter().sum::<u64>();
    }
    Ok(hidden)
}

/// Replaces sizes that are too large for the directory by those of the extra field.
fn widen(sizes: &mut [u64; 3], mut extra: &[u8]) {
    while extra.len() >= 4 {
        let (id, len) = (u16_at(extra, 0), usize::from(u16_at(extra, 2)));
        let field = extra.get(4..4 + len).unwrap_or_default();
        if id == 1 {
            let mut wide = field.chunks_exact(8);
            for size in sizes.iter_mut().filter(|size| **size == u64::from(u32::MAX)) {
                let bytes = wide.next().and_then(|bytes| bytes.first_chunk());
                *size = bytes.map_or(*size, |bytes| u64::from_le_bytes(*bytes));
            }
        }
        extra = extra.get(4 + len..).unwrap_or_default();
    }
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    let field = bytes.get(at..).and_then(|rest| rest.first_chunk());
    field.map_or(0, |field| u16::from_le_bytes(*field))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let field = bytes.get(at..).and_then(|rest| rest.first_chunk());
    field.map_or(0, |field| u32::from_le_bytes(*field))
}

/// A reader that checks the size and the checksum of what it reads.
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
