//! Thrift's compact protocol, as far as the metadata of Parquet need it before the `parquet` crate
//! reads them (Thrift, "compact protocol").

use std::io::{self, Read};

/// Structs in structs: more than any metadata have.
const MAX_DEPTH: u32 = 16;

/// What kind of value a field or an element has.
pub(super) type Kind = u8;

pub(super) const STRING: Kind = 8;
pub(super) const LIST: Kind = 9;
pub(super) const STRUCT: Kind = 12;

/// Whether a value of this kind is a whole number of two bytes or more.
pub(super) const fn is_integer(kind: Kind) -> bool {
    matches!(kind, 4..=6)
}

/// Reads fields one after the other, no more bytes than a limit.
pub(super) struct Compact<R>(io::Take<R>);

impl<R: Read> Compact<R> {
    pub(super) fn new(bytes: R, limit: u64) -> Self {
        Compact(bytes.take(limit))
    }

    /// How many more bytes may be read.
    pub(super) fn left(&self) -> u64 {
        self.0.limit()
    }

    fn byte(&mut self) -> io::Result<u8> {
        let mut byte = [0];
        self.0.read_exact(&mut byte)?;
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
        Err(io::Error::other("a number in it is too long"))
    }

    pub(super) fn integer(&mut self) -> io::Result<i64> {
        let zigzag = self.varint()?;
        Ok((zigzag >> 1) as i64 ^ -((zigzag & 1) as i64))
    }

    /// The next field of a struct and its kind, behind the field `before`; nothing at the end.
    pub(super) fn field(&mut self, before: i64) -> io::Result<Option<(i64, Kind)>> {
        let head = self.byte()?;
        if head == 0 {
            return Ok(None);
        }
        let id = match head >> 4 {
            0 => self.integer()?,
            step => before.saturating_add(step.into()),
        };
        Ok(Some((id, head & 0x0F)))
    }

    /// How many elements a list has, and their kind.
    pub(super) fn list(&mut self) -> io::Result<(u64, Kind)> {
        let head = self.byte()?;
        let count = match head >> 4 {
            0xF => self.varint()?,
            count => count.into(),
        };
        Ok((count, head & 0x0F))
    }

    /// A string, of which no more than a kilobyte is kept.
    pub(super) fn string(&mut self) -> io::Result<String> {
        let len = self.varint()?;
        let mut text = Vec::new();
        self.0.by_ref().take(len.min(1 << 10)).read_to_end(&mut text)?;
        self.skip(len - text.len() as u64)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    fn skip(&mut self, count: u64) -> io::Result<()> {
        match io::copy(&mut self.0.by_ref().take(count), &mut io::sink())? {
            copied if copied == count => Ok(()),
            _ => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    /// Skips the value of a field of this kind. The values of truth stand in the kind itself.
    pub(super) fn skip_field(&mut self, kind: Kind) -> io::Result<()> {
        match kind {
            1 | 2 => Ok(()),
            kind => self.skip_value(kind, 0),
        }
    }

    fn skip_value(&mut self, kind: Kind, depth: u32) -> io::Result<()> {
        if depth > MAX_DEPTH {
            return Err(io::Error::other("it nests too deep"));
        }
        match kind {
            // In a list a truth value takes a byte.
            1..=3 => self.skip(1),
            4..=6 => self.integer().map(|_| ()),
            7 => self.skip(8),
            STRING => {
                let len = self.varint()?;
                self.skip(len)
            }
            LIST | 10 => {
                let (count, kind) = self.list()?;
                (0..count).try_for_each(|_| self.skip_value(kind, depth + 1))
            }
            STRUCT => {
                let mut before = 0;
                while let Some((id, kind)) = self.field(before)? {
                    before = id;
                    match kind {
                        1 | 2 => {}
                        kind => self.skip_value(kind, depth + 1)?,
                    }
                }
                Ok(())
            }
            _ => Err(io::Error::other("it has a field of no known kind")),
        }
    }
}
