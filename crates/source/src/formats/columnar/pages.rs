//! The memory that the pages of a Parquet file take, found before a reader takes it.
//!
//! The reader allocates the decompressed size that the header of a page claims, and then decompresses
//! everything. So headers are read here first, and pages whose compression has no limit of its own are
//! decompressed once to count their bytes. A header is a struct of Thrift's compact protocol (Parquet
//! format, "Data Pages").

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use parquet::basic::Compression;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};

use super::thrift::{Compact, STRUCT, is_integer};
use super::values::{MAX_MEMORY, PARQUET, too_large};
use crate::input::Input;
use crate::input::error::SourceProblem;

/// Maximum number of list elements of one column in a group of rows, as a single row could hold them
/// all.
const MAX_ELEMENTS: u64 = 1 << 23;

/// The first bytes of an LZ4 frame.
const LZ4_FRAME: [u8; 4] = [0x04, 0x22, 0x4D, 0x18];

/// Maximum size of a header. Even with statistics, headers are much shorter.
const MAX_HEADER: u64 = 16 << 20;

/// Requires that pages never take more memory than [`MAX_MEMORY`] at once.
pub(super) fn check(input: &Input, metadata: &ParquetMetaData) -> Result<(), SourceProblem> {
    for group in metadata.row_groups() {
        // All columns are read in parallel, each one page at a time and its dictionary.
        let mut memory = 0_u64;
        for column in group.columns() {
            memory = memory.saturating_add(memory_of(input, column)?);
            if memory > MAX_MEMORY {
                return Err(too_large(PARQUET, "the pages of a group of rows", "smaller pages"));
            }
        }
    }
    Ok(())
}

fn damaged(error: impl std::fmt::Display) -> SourceProblem {
    SourceProblem::damaged(PARQUET, error)
}

/// The memory of the largest page and the dictionary of a column.
fn memory_of(input: &Input, column: &ColumnChunkMetaData) -> Result<u64, SourceProblem> {
    let first = column.dictionary_page_offset().unwrap_or_else(|| column.data_page_offset());
    let length = u64::try_from(column.compressed_size()).map_err(damaged)?;
    let mut at = u64::try_from(first).map_err(damaged)?;
    let end = at.checked_add(length).filter(|&end| end <= input.len());
    let end = end.ok_or_else(|| damaged("it ends too early"))?;
    let (mut dictionary, mut page, mut elements) = (0, 0, 0_u64);
    while at < end {
        let mut bytes = input.clone();
        bytes.seek(SeekFrom::Start(at)).map_err(SourceProblem::Io)?;
        let mut bytes = BufReader::new(bytes.take(end - at));
        let (header, len) = Header::read(&mut bytes).map_err(damaged)?;
        if header.compressed > end - at - len {
            return Err(damaged("a page is longer than its column"));
        }
        let memory = header.compressed.saturating_add(header.decompressed);
        let largest = if header.is_dictionary { &mut dictionary } else { &mut page };
        *largest = memory.max(*largest);
        if memory > MAX_MEMORY {
            return Err(too_large(PARQUET, "a page", "smaller pages"));
        }
        header.check_decompressed(column.compression(), bytes)?;
        if column.column_descr().max_rep_level() > 0 {
            elements = elements.saturating_add(header.values);
        }
        if elements > MAX_ELEMENTS {
            return Err(too_large(PARQUET, "the lists of a column", "smaller groups of rows"));
        }
        at += len + header.compressed;
    }
    Ok(dictionary + page)
}

/// The header of a page.
#[derive(Debug, PartialEq, Eq)]
struct Header {
    is_dictionary: bool,
    decompressed: u64,
    compressed: u64,
    values: u64,
    /// The number of bytes before the values, which are never compressed.
    levels: u64,
    is_compressed: bool,
}

impl Header {
    /// Reads a header, and returns its size.
    fn read(bytes: impl Read) -> io::Result<(Header, u64)> {
        let mut header = Header {
            is_dictionary: false,
            decompressed: 0,
            compressed: 0,
            values: 0,
            levels: 0,
            is_compressed: true,
        };
        let mut fields = Compact::new(bytes, MAX_HEADER);
        header.structure(&mut fields, 0)?;
        Ok((header, MAX_HEADER - fields.left()))
    }

    /// Reads a struct that is the field `of` of the header, or the header itself.
    fn structure(&mut self, fields: &mut Compact<impl Read>, of: i64) -> io::Result<()> {
        let mut before = 0;
        while let Some((id, kind)) = fields.field(before)? {
            before = id;
            match kind {
                1 | 2 if (of, id) == (8, 7) => self.is_compressed = kind == 1,
                // Structs within a field are not needed.
                STRUCT if of == 0 => self.structure(fields, id)?,
                kind if is_integer(kind) => self.take((of, id), fields.integer()?)?,
                kind => fields.skip_field(kind)?,
            }
        }
        Ok(())
    }

    fn take(&mut self, place: (i64, i64), number: i64) -> io::Result<()> {
        let negative = |_| io::Error::other("a header has a size below zero");
        let size = || u64::try_from(number).map_err(negative);
        match place {
            // DICTIONARY_PAGE
            (0, 1) => self.is_dictionary = number == 2,
            (0, 2) => self.decompressed = size()?,
            (0, 3) => self.compressed = size()?,
            (5 | 8, 1) => self.values = size()?,
            (8, 5 | 6) => self.levels = self.levels.saturating_add(size()?),
            _ => {}
        }
        Ok(())
    }

    /// Requires that the page is no larger than its header says, if its compression does not check that.
    fn check_decompressed(&self, by: Compression, bytes: impl Read) -> Result<(), SourceProblem> {
        let mut page = bytes.take(self.compressed);
        io::copy(&mut page.by_ref().take(self.levels), &mut io::sink()).map_err(damaged)?;
        let decompressed: Box<dyn Read> = match by {
            _ if !self.is_compressed => return Ok(()),
            Compression::GZIP(_) => Box::new(flate2::read::MultiGzDecoder::new(page)),
            Compression::BROTLI(_) => Box::new(brotli::Decompressor::new(page, 4 << 10)),
            // Data under this name may be a frame, which does not limit its size.
            Compression::LZ4 => {
                let mut magic = Vec::new();
                page.by_ref().take(4).read_to_end(&mut magic).map_err(damaged)?;
                if magic != LZ4_FRAME {
                    return Ok(());
                }
                Box::new(lz4_flex::frame::FrameDecoder::new(io::Cursor::new(magic).chain(page)))
            }
            Compression::ZSTD(_) => Box::new(zstd::stream::Decoder::new(page).map_err(damaged)?),
            _ => return Ok(()),
        };
        let left = self.decompressed.saturating_sub(self.levels);
        let count = io::copy(&mut decompressed.take(left + 1), &mut io::sink()).map_err(damaged)?;
        if count > left {
            return Err(damaged("more comes out of a page than its header says"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_of_a_page_are_read_from_its_header() {
        // type 0, 100 bytes, compressed in 60, then a data page header with 7 values, an encoding and
        // statistics with a binary of two bytes.
        let header = b"\x15\x00\x15\xC8\x01\x15\x78\x2C\x15\x0E\x15\x00\x3C\x18\x02ab\x00\x00\x00";
        let (read, len) = Header::read(&header[..]).unwrap();
        let expected = Header {
            is_dictionary: false,
            decompressed: 100,
            compressed: 60,
            values: 7,
            levels: 0,
            is_compressed: true,
        };
        assert_eq!((read, len), (expected, header.len() as u64));
        for end in 0..header.len() {
            assert!(Header::read(&header[..end]).is_err());
        }
        assert!(Header::read(&b"\x15\x00\x15\x01\x00"[..]).is_err(), "below zero");
        let deep = [0x1C; 100];
        assert!(Header::read(&deep[..]).is_err());
    }

    #[test]
    fn a_page_larger_than_its_header_says_is_damaged() {
        let compressed = zstd::encode_all(&vec![0; 1 << 20][..], 1).unwrap();
        let header = |decompressed| Header {
            is_dictionary: false,
            decompressed,
            compressed: compressed.len() as u64,
            values: 1,
            levels: 0,
            is_compressed: true,
        };
        let by = Compression::ZSTD(Default::default());
        assert!(header(1 << 20).check_decompressed(by, &compressed[..]).is_ok());
        assert!(header(100).check_decompressed(by, &compressed[..]).is_err());
    }
}
