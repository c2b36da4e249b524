//! The fast path: lines without quotes.

use memchr::memchr;

use crate::input::delimiter::Delimiter;

/// Lines without quotes. They need no parsing: they are their fields with delimiters between them.
pub(super) struct PlainLines<'b> {
    text: &'b str,
    delimiter: u8,
    max_record_bytes: usize,
    /// The index of the next quote, or of the end.
    quote: usize,
    ends: Vec<usize>,
}

impl<'b> PlainLines<'b> {
    pub(super) fn new(text: &'b str, delimiter: Delimiter, max_record_bytes: usize) -> Self {
        PlainLines {
            text,
            delimiter: delimiter.byte(),
            max_record_bytes,
            quote: memchr(b'"', text.as_bytes()).unwrap_or(text.len()),
            ends: Vec::new(),
        }
    }

    /// The line that begins at this byte, the ends of its fields, and its size with its line end. `None`
    /// if it has a quote, is too large, or has no line end.
    pub(super) fn next(&mut self, at: usize) -> Option<(&'b str, &[usize], usize)> {
        if self.quote < at {
            let quote = memchr(b'"', self.text.as_bytes().get(at..)?);
            self.quote = quote.map_or(self.text.len(), |found| at + found);
        }
        let line = self.text.get(at..self.quote)?;
        self.ends.clear();
        // Fields are short, so comparing eight bytes at a time is faster than a search for each end.
        let delimiter = u64::from_le_bytes([self.delimiter; 8]);
        let (words, rest) = line.as_bytes().as_chunks();
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        for (index, word) in words.iter().chain(std::iter::once(&last)).enumerate() {
            let word = u64::from_le_bytes(*word);
            let mut found = zeros(word ^ delimiter)
                | zeros(word ^ u64::from_le_bytes([b'\n'; 8]))
                | zeros(word ^ u64::from_le_bytes([b'\r'; 8]));
            while found != 0 {
                let end = 8 * index + found.trailing_zeros() as usize / 8;
                found &= found - 1;
                self.ends.push(end);
                let line_end = match line.as_bytes()[end] {
                    b'\n' => 1,
                    b'\r' if self.text.as_bytes().get(at + end + 1) == Some(&b'\n') => 2,
                    b'\r' => 1,
                    _ => continue,
                };
                let text = (end <= self.max_record_bytes).then_some(&line[..end])?;
                return Some((text, &self.ends, end + line_end));
            }
        }
        None
    }
}

/// The highest bit of every byte that is zero, and no other bit.
const fn zeros(word: u64) -> u64 {
    let low = u64::from_le_bytes([0x7F; 8]);
    !(((word & low) + low) | word | low)
}
