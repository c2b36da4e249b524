//! The part of Thrift's compact protocol that is needed to look into the metadata of Parquet before the
//! `parquet` crate reads them (Thrift, "compact protocol").

use std::io::{self, Read};

/// Maximum depth of structs in structs. Metadata have far fewer.
const MAX_DEPTH: u32 = 16;

/// The type of a field or an element.
pub(super) type TypeId = u8;

pub(super) const STRING: TypeId = 8;
pub(super) const LIST: TypeId = 9;
pub(super) const STRUCT: TypeId = 12;

/// Whether this is the type of an integer of two bytes or more.
pub(super) const fn is_integer(kind: TypeId) -> bool {
    matches!(kind, 4..=6)
}

/// Reads fields one after the other, up to a maximum number of bytes.
pub(super) struct Compact<R>(io::Take<R>);

impl<R: Read> Compact<R> {
    pub(super) fn new(bytes: R, limit: u64) -> Self {
        Compact(bytes.take(limit))
    }

    /// The number of bytes that may still be read.
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

    /// The next field of a struct, behind the field `before`, and its type; `None` at the end.
    pub(super) fn field(&mut self, before: i64) -> io::Result<Option<(i64, TypeId)>> {
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

    /// The number of elements of a list, and their type.
    pub(super) fn list(&mut self) -> io::Result<(u64, TypeId)> {
        let head = self.byte()?;
        let count = match head >> 4 {
            0xF => self.varint()?,
            count => count.into(),
        };
        Ok((count, head & 0x0F))
    }

    /// A string, of which at most a kilobyte is kept.
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

    /// Skips the value of a field of this type. A Boolean has its value in the type.
    pub(super) fn skip_field(&mut self, kind: TypeId) -> io::Result<()> {
        match kind {
            1 | 2 => Ok(()),
            kind => self.skip_value(kind, 0),
        }
    }

    fn skip_value(&mut self, kind: TypeId, depth: u32) -> io::Result<()> {
        if depth > MAX_DEPTH {
            return Err(io::Error::other("it nests too deep"));
        }
        match kind {
            // In a list a Boolean takes a byte.
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
