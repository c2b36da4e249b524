//! Decoding while reading.

use std::io::{self, Read};

use encoding_rs::{Decoder, DecoderResult};

use super::TextEncoding;

/// Stands in the text for bytes that cannot be decoded. UTF-8 never has this byte, so the reader of the
/// text finds the place, and nothing is replaced silently.
pub(crate) const UNDECODABLE: u8 = 0xFF;

/// The number of bytes that are decoded at once.
const CHUNK: usize = 64 << 10;

/// A reader that decodes text to UTF-8. It removes a byte order mark.
pub(crate) struct Decoded<R> {
    reader: R,
    decoder: Decoder,
    encoded: Box<[u8]>,
    /// The range of `encoded` that is not decoded yet.
    left: (usize, usize),
    at_end: bool,
    finished: bool,
    text: Box<[u8]>,
    /// The range of `text` that is not handed over yet.
    ready: (usize, usize),
}

impl<R: Read> Decoded<R> {
    pub(crate) fn new(reader: R, encoding: TextEncoding) -> Self {
        Decoded {
            reader,
            decoder: encoding.0.new_decoder_with_bom_removal(),
            encoded: vec![0; CHUNK].into(),
            left: (0, 0),
            at_end: false,
            finished: false,
            // Room for the mark behind the last character.
            text: vec![0; 2 * CHUNK].into(),
            ready: (0, 0),
        }
    }

    /// Decodes the next chunk. Nothing is ready only at the end.
    fn decode(&mut self) -> io::Result<()> {
        self.ready = (0, 0);
        while self.ready.1 == 0 && !self.finished {
            if self.left.0 == self.left.1 && !self.at_end {
                let count = self.reader.read(&mut self.encoded)?;
                self.at_end = count == 0;
                self.left = (0, count);
            }
            let encoded = &self.encoded[self.left.0..self.left.1];
            let room = self.text.len() - 1;
            let (result, read, written) = self.decoder.decode_to_utf8_without_replacement(
                encoded,
                &mut self.text[..room],
                self.at_end,
            );
            self.left.0 += read;
            self.ready.1 = written;
            match result {
                DecoderResult::InputEmpty => self.finished = self.at_end,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => {
                    self.text[written] = UNDECODABLE;
                    self.ready.1 += 1;
                }
            }
        }
        Ok(())
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.ready.0 == self.ready.1 {
            self.decode()?;
        }
        let ready = &self.text[self.ready.0..self.ready.1];
        let count = ready.len().min(buffer.len());
        buffer[..count].copy_from_slice(&ready[..count]);
        self.ready.0 += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns one byte at a time.
    struct Bytewise<'b>(&'b [u8]);

    impl Read for Bytewise<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let some = buffer.len().min(1);
            self.0.read(&mut buffer[..some])
        }
    }

    #[track_caller]
    fn check(encoding: &str, encoded: &[u8], expected: &[u8]) {
        let encoding: TextEncoding = encoding.parse().unwrap();
        let mut text = Vec::new();
        Decoded::new(encoded, encoding).read_to_end(&mut text).unwrap();
        assert_eq!(text, expected);
        text.clear();
        Decoded::new(Bytewise(encoded), encoding).read_to_end(&mut text).unwrap();
        assert_eq!(text, expected, "a byte at a time");
    }

    #[test]
    fn text_of_several_encodings_becomes_utf8() {
        check("utf-16le", b"\xFF\xFEJ\0o\0s\0\xE9\0", "José".as_bytes());
        check("utf-16be", b"\0J\0o\0s\0\xE9\xD8\x3D\xDE\x00", "José😀".as_bytes());
        check("windows-1252", b"Jos\xE9 \x80", "José €".as_bytes());
        check("shift_jis", b"\x8E\x52\x93\x63", "山田".as_bytes());
        check("gb18030", b"\xD5\xC5\xCE\xB0", "张伟".as_bytes());
    }

    #[test]
    fn bytes_that_cannot_be_decoded_are_marked_where_they_are() {
        check("utf-16le", b"a\0\x00\xD8b\0", b"a\xFFb");
        check("utf-16le", b"a\0b", b"a\xFF");
        check("shift_jis", b"a\x81\n1", b"a\xFF\n1");
        check("utf-8", b"a\xE9\nb", b"a\xFF\nb");
    }

    #[test]
    fn long_text_comes_out_whole() {
        let text = "Ξένια, 山田,\n".repeat(20_000);
        let encoded: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        check("utf-16le", &encoded, text.as_bytes());
    }
}
