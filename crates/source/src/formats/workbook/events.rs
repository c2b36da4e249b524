//! A limit on XML, before a parser keeps it in memory.

use std::io::{self, Read};

use crate::input::error::SourceProblem;

/// Maximum size of a tag or a text. A cell has at most 32,767 characters.
const MAX_EVENT: usize = 4 << 20;

/// A reader of XML that fails where a tag or a text is too large for a parser to keep.
pub(super) struct ShortEvents<R> {
    reader: R,
    /// The number of bytes since the last tag began.
    since_tag: usize,
}

impl<R: Read> ShortEvents<R> {
    pub(super) const fn new(reader: R) -> Self {
        ShortEvents { reader, since_tag: 0 }
    }
}

impl<R: Read> Read for ShortEvents<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        // The buffer is much smaller than the limit, so looking for its last tag is enough.
        self.since_tag = match memchr::memrchr(b'<', &buffer[..count]) {
            Some(at) => count - at,
            None => self.since_tag + count,
        };
        if self.since_tag > MAX_EVENT {
            let error = "a cell in it is longer than any program would write";
            return Err(SourceProblem::damaged("workbook", error).into());
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_may_be_long_but_not_endless() {
        let read = |len: usize| {
            let cell = b"<v>".chain(io::repeat(b'x').take(len as u64)).chain(&b"</v>"[..]);
            io::copy(&mut ShortEvents::new(cell), &mut io::sink())
        };
        assert!(read(1 << 20).is_ok());
        assert!(read(MAX_EVENT + 1).is_err());
    }
}
