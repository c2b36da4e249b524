//! Text in UTF-8 that can be read from any place, whatever it was made of.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};

use crate::input::Input;

/// A reader of UTF-8 text that can go back.
pub(crate) enum Text {
    /// The bytes of the input itself.
    Plain(Input),
    /// Text that is made while it is read: decoded, unpacked, or both.
    Made(Remembered),
    /// Such text where there is little of it.
    InMemory(Cursor<Vec<u8>>),
}

/// A reader that writes down what passes by, so that it can go back. It cannot skip ahead.
pub(crate) struct Remembered {
    reader: Box<dyn Read + Send>,
    copy: File,
    /// How much was written down.
    len: u64,
    position: u64,
}

impl Remembered {
    /// Writes down what it reads to `copy`, which is empty.
    pub(crate) fn new(reader: Box<dyn Read + Send>, copy: File) -> Self {
        Remembered { reader, copy, len: 0, position: 0 }
    }
}

impl Read for Remembered {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.position < self.len {
            self.copy.seek(SeekFrom::Start(self.position))?;
            let known = usize::try_from(self.len - self.position).unwrap_or(usize::MAX);
            let wanted = buffer.len().min(known);
            let count = self.copy.read(&mut buffer[..wanted])?;
            self.position += count as u64;
            return Ok(count);
        }
        let count = self.reader.read(buffer)?;
        self.copy.seek(SeekFrom::Start(self.len))?;
        self.copy.write_all(&buffer[..count])?;
        self.len += count as u64;
        self.position = self.len;
        Ok(count)
    }
}

impl Read for Text {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Text::Plain(input) => input.read(buffer),
            Text::Made(text) => text.read(buffer),
            Text::InMemory(text) => text.read(buffer),
        }
    }
}

impl Seek for Text {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match self {
            Text::Plain(input) => input.seek(to),
            Text::InMemory(text) => text.seek(to),
            Text::Made(text) => {
                let position = match to {
                    SeekFrom::Start(position) => Some(position),
                    SeekFrom::Current(offset) => text.position.checked_add_signed(offset),
                    SeekFrom::End(_) => None,
                };
                let position = position.filter(|&position| position <= text.len);
                text.position = position.ok_or(io::ErrorKind::InvalidInput)?;
                Ok(text.position)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_can_be_read_again() {
        let copy = tempfile::tempfile().unwrap();
        let mut text = Text::Made(Remembered::new(Box::new(&b"abcdefgh"[..]), copy));
        let read = |text: &mut Text, count| {
            let mut bytes = vec![0; count];
            text.read_exact(&mut bytes).unwrap();
            String::from_utf8(bytes).unwrap()
        };
        assert_eq!(read(&mut text, 5), "abcde");
        text.seek(SeekFrom::Start(2)).unwrap();
        assert_eq!(read(&mut text, 4), "cdef");
        assert!(text.seek(SeekFrom::Start(7)).is_err());
        text.rewind().unwrap();
        assert_eq!(read(&mut text, 8), "abcdefgh");
        assert_eq!(text.read(&mut [0; 8]).unwrap(), 0);
    }
}
