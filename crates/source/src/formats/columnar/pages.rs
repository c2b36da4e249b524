//! What the pages of a Parquet file would take in memory, before a reader takes it.
//!
//! The reader makes room for what the header of a page says it unpacks to, and unpacks all there is.
//! So headers are read here first, and what is packed without a limit of its own is unpacked once to
//! count it. A header is a struct of Thrift's compact protocol (Parquet format, "Data Pages").

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use parquet::basic::Compression;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};

use super::thrift::{Compact, STRUCT, is_integer};
use super::{MAX_HELD, PARQUET, too_much};
use crate::input::Input;
use crate::input::error::SourceProblem;

/// The most elements that the lists of one column may have in a group of rows: a row could hold them
/// all.
const MAX_ELEMENTS: u64 = 1 << 23;

/// What a frame of LZ4 begins with.
const LZ4_FRAME: [u8; 4] = [0x04, 0x22, 0x4D, 0x18];

/// No header is as long as this, statistics and all.
const MAX_HEADER: u64 = 16 << 20;

/// Requires that reading takes no more memory than [`MAX_HELD`] for pages at a time.
pub(super) fn check(input: &Input, metadata: &ParquetMetaData) -> Result<(), SourceProblem> {
    for group in metadata.row_groups() {
        // All columns are read side by side, each a page at a time beside its dictionary.
        let mut held = 0_u64;
        for column in group.columns() {
            held = held.saturating_add(held_by(input, column)?);
            if held > MAX_HELD {
                return Err(too_much(PARQUET, "the pages of a group of rows", "smaller pages"));
            }
        }
    }
    Ok(())
}

fn damaged(error: impl std::fmt::Display) -> SourceProblem {
    SourceProblem::damaged(PARQUET, error)
}

/// What the largest page and the dictionary of a column take.
fn held_by(input: &Input, column: &ColumnChunkMetaData) -> Result<u64, SourceProblem> {
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
        if header.packed > end - at - len {
            return Err(damaged("a page is longer than its column"));
        }
        let held = header.packed.saturating_add(header.unpacked);
        let largest = if header.is_dictionary { &mut dictionary } else { &mut page };
        *largest = held.max(*largest);
        if held > MAX_HELD {
            return Err(too_much(PARQUET, "a page", "smaller pages"));
        }
        header.check_unpacked(column.compression(), bytes)?;
        if column.column_descr().max_rep_level() > 0 {
            elements = elements.saturating_add(header.values);
        }
        if elements > MAX_ELEMENTS {
            return Err(too_much(PARQUET, "the lists of a column", "smaller groups of rows"));
        }
        at += len + header.packed;
    }
    Ok(dictionary + page)
}

/// What the header of a page says of it.
#[derive(Debug, PartialEq, Eq)]
struct Header {
    is_dictionary: bool,
    unpacked: u64,
    packed: u64,
    values: u64,
    /// How much in front of the values is never packed.
    levels: u64,
    is_packed: bool,
}

impl Header {
    /// Reads a header, and says how long it is.
    fn read(bytes: impl Read) -> io::Result<(Header, u64)> {
        let mut header = Header {
            is_dictionary: false,
            unpacked: 0,
            packed: 0,
            values: 0,
            levels: 0,
            is_packed: true,
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
                1 | 2 if (of, id) == (8, 7) => self.is_packed = kind == 1,
                // What stands in a struct within a field is not looked for.
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
            (0, 2) => self.unpacked = size()?,
            (0, 3) => self.packed = size()?,
            (5 | 8, 1) => self.values = size()?,
            (8, 5 | 6) => self.levels = self.levels.saturating_add(size()?),
            _ => {}
        }
        Ok(())
    }

    /// Requires that no more comes out of the page than its header says, where nothing else does.
    fn check_unpacked(&self, by: Compression, bytes: impl Read) -> Result<(), SourceProblem> {
        let mut page = bytes.take(self.packed);
        io::copy(&mut page.by_ref().take(self.levels), &mut io::sink()).map_err(damaged)?;
        let unpacked: Box<dyn Read> = match by {
            _ if !self.is_packed => return Ok(()),
            Compression::GZIP(_) => Box::new(flate2::read::MultiGzDecoder::new(page)),
            Compression::BROTLI(_) => Box::new(brotli::Decompressor::new(page, 4 << 10)),
            // What is called so may be a frame, which says for itself how long it is.
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
        let left = self.unpacked.saturating_sub(self.levels);
        let count = io::copy(&mut unpacked.take(left + 1), &mut io::sink()).map_err(damaged)?;
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
    fn the_sizes_of_a_page_are_found_in_its_header() {
        // type 0, 100 bytes, packed in 60, then a data page header with 7 values, an encoding and
        // statistics with a binary of two bytes.
        let header = b"\x15\x00\x15\xC8\x01\x15\x78\x2C\x15\x0E\x15\x00\x3C\x18\x02ab\x00\x00\x00";
        let (read, len) = Header::read(&header[..]).unwrap();
        let expected = Header {
            is_dictionary: false,
            unpacked: 100,
            packed: 60,
            values: 7,
            levels: 0,
            is_packed: true,
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
    fn a_page_holds_what_it_says_or_is_damaged() {
        let packed = zstd::encode_all(&vec![0; 1 << 20][..], 1).unwrap();
        let header = |unpacked| Header {
            is_dictionary: false,
            unpacked,
            packed: packed.len() as u64,
            values: 1,
            levels: 0,
            is_packed: true,
        };
        let by = Compression::ZSTD(Default::default());
        assert!(header(1 << 20).check_unpacked(by, &packed[..]).is_ok());
        assert!(header(100).check_unpacked(by, &packed[..]).is_err());
    }
}
