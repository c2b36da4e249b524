//! Text in UTF-8 that can be read again.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};

use crate::input::Input;

/// A reader of UTF-8 text that can go back.
pub(crate) enum Text {
    /// The bytes of the input itself.
    Plain(Input),
    /// Text that is decompressed or decoded while it is read.
    Copied(CopyingReader),
    /// Such text, where it is short.
    InMemory(Cursor<Vec<u8>>),
}

/// A reader that copies what it reads to a file, so that it can go back. It cannot skip ahead.
pub(crate) struct CopyingReader {
    reader: Box<dyn Read + Send>,
    copy: File,
    /// The size of the copy.
    len: u64,
    position: u64,
}

impl CopyingReader {
    /// Copies what it reads to `copy`, which is empty.
    pub(crate) fn new(reader: Box<dyn Read + Send>, copy: File) -> Self {
        CopyingReader { reader, copy, len: 0, position: 0 }
    }
}

impl Read for CopyingReader {
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
            Text::Copied(text) => text.read(buffer),
            Text::InMemory(text) => text.read(buffer),
        }
    }
}

impl Seek for Text {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match self {
            Text::Plain(input) => input.seek(to),
            Text::InMemory(text) => text.seek(to),
            Text::Copied(text) => {
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
    fn text_that_was_read_can_be_read_again() {
        let copy = tempfile::tempfile().unwrap();
        let mut text = Text::Copied(CopyingReader::new(Box::new(&b"abcdefgh"[..]), copy));
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
