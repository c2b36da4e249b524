//! What the pages of a Parquet file would take in memory, before a reader takes it.
//!
//! The reader makes room for what the header of a page says it unpacks to, and unpacks all there is.
//! So headers are read here first, and what is packed without a limit of its own is unpacked once to
//! count it. A header is a struct of Thrift's compact protocol
//! (Parquet format, "Data Pages"; Thrift, "compact protocol").

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use parquet::basic::Compression;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};

use super::{MAX_HELD, PARQUET, too_much};
use crate::error::SourceProblem;
use crate::input::Input;

/// The most elements that the lists of one column may have in a group of rows: a row could hold them
/// all.
const MAX_ELEMENTS: u64 = 1 << 23;

/// No header is as long as this, statistics and all.
const MAX_HEADER: u64 = 16 << 20;

/// Structs in structs: more than any header has.
const MAX_DEPTH: u32 = 8;

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
        let mut fields = Fields {
            bytes: bytes.take(MAX_HEADER),
            header: Header {
                is_dictionary: false,
                unpacked: 0,
                packed: 0,
                values: 0,
                levels: 0,
                is_packed: true,
            },
        };
        fields.structure(0, 0)?;
        Ok((fields.header, MAX_HEADER - fields.bytes.limit()))
    }

    /// Requires that no more comes out of the page than its header says, where nothing else does.
    fn check_unpacked(&self, by: Compression, bytes: impl Read) -> Result<(), SourceProblem> {
        let mut page = bytes.take(self.packed);
        io::copy(&mut page.by_ref().take(self.levels), &mut io::sink()).map_err(damaged)?;
        let unpacked: Box<dyn Read> = match by {
            _ if !self.is_packed => return Ok(()),
            Compression::GZIP(_) => Box::new(flate2::read::MultiGzDecoder::new(page)),
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

/// A reader of Thrift's compact protocol that keeps what it looks for and passes over the rest.
struct Fields<R> {
    bytes: io::Take<R>,
    header: Header,
}

impl<R: Read> Fields<R> {
    fn byte(&mut self) -> io::Result<u8> {
        let mut byte = [0];
        self.bytes.read_exact(&mut byte)?;
        Ok(byte[0])
    }

    fn varint(&mut self) -> io::Result<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(io::Error::other("a number in a header is too long"))
    }

    fn integer(&mut self) -> io::Result<i64> {
        let zigzag = self.varint()?;
        Ok((zigzag >> 1) as i64 ^ -((zigzag & 1) as i64))
    }

    fn skip(&mut self, count: u64) -> io::Result<()> {
        match io::copy(&mut self.bytes.by_ref().take(count), &mut io::sink())? {
            copied if copied == count => Ok(()),
            _ => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    /// Reads a struct that is the field `of` of the header, or the header itself.
    fn structure(&mut self, of: i64, depth: u32) -> io::Result<()> {
        let mut id = 0;
        loop {
            let head = self.byte()?;
            if head == 0 {
                return Ok(());
            }
            id = match head >> 4 {
                0 => self.integer()?,
                step => id + i64::from(step),
            };
            let kind = head & 0x0F;
            // What stands in a struct within a field is not looked for.
            let place = if depth < 2 { (of, id) } else { (-1, -1) };
            match kind {
                1 | 2 => {
                    if place == (8, 7) {
                        self.header.is_packed = kind == 1;
                    }
                }
                4..=6 => {
                    let number = self.integer()?;
                    self.take(place, number)?;
                }
                _ => self.value(kind, id, depth)?,
            }
        }
    }

    fn take(&mut self, place: (i64, i64), number: i64) -> io::Result<()> {
        let negative = |_| io::Error::other("a header has a size below zero");
        let size = || u64::try_from(number).map_err(negative);
        match place {
            // DICTIONARY_PAGE
            (0, 1) => self.header.is_dictionary = number == 2,
            (0, 2) => self.header.unpacked = size()?,
            (0, 3) => self.header.packed = size()?,
            (5 | 8, 1) => self.header.values = size()?,
            (8, 5 | 6) => self.header.levels += size()?,
            _ => {}
        }
        Ok(())
    }

    /// Passes over a value that is no integer.
    fn value(&mut self, kind: u8, id: i64, depth: u32) -> io::Result<()> {
        if depth > MAX_DEPTH {
            return Err(io::Error::other("a header nests too deep"));
        }
        match kind {
            // In a list a truth value takes a byte.
            1..=3 => self.skip(1),
            4..=6 => self.integer().map(|_| ()),
            7 => self.skip(8),
            8 => {
                let len = self.varint()?;
                self.skip(len)
            }
            9 | 10 => {
                let head = self.byte()?;
                let count = match head >> 4 {
                    0xF => self.varint()?,
                    count => count.into(),
                };
                (0..count).try_for_each(|_| self.value(head & 0x0F, -1, depth + 1))
            }
            12 => self.structure(if depth == 0 { id } else { -1 }, depth + 1),
            _ => Err(io::Error::other("a header has a field of no known kind")),
        }
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
