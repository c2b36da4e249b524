//! Decompressing gzip, zstd and the members of zip archives, within limits.

mod gzip;
mod limited;
mod zip;

use std::io::{self, BufReader, Read};

use self::limited::{Counted, Limited};
pub(crate) use self::zip::{Archive, Member};
use crate::input::error::SourceProblem;
use crate::input::format::Compression;
use crate::input::limits::DecompressLimits;

/// Maximum window size of zstd, as a power of two. The tools of zstd have the same default.
const ZSTD_WINDOW_LOG: u32 = 27;

/// A reader of the decompressed bytes: of all members of a gzip file, or of all frames of zstd.
pub(crate) fn decompress(
    compression: Compression,
    reader: Box<dyn Read + Send>,
    limits: DecompressLimits,
) -> io::Result<Box<dyn Read + Send>> {
    let compressed = Counted::new(reader);
    let count = compressed.count();
    let name = match compression {
        Compression::Gzip => "gzip file",
        Compression::Zstd => "zstd file",
        Compression::Zip => "zip archive",
    };
    let inflated: Box<dyn Read + Send> = match compression {
        Compression::Gzip => Box::new(gzip::Members::new(BufReader::new(compressed))),
        Compression::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(BufReader::new(compressed))?;
            decoder.window_log_max(ZSTD_WINDOW_LOG)?;
            Box::new(decoder)
        }
        Compression::Zip => return Err(SourceProblem::Format { format: "a zip archive" }.into()),
    };
    Ok(Box::new(Limited::new(DamageReporting { reader: inflated, name }, count, limits)))
}

/// A reader of decompressed bytes whose errors say that the file is damaged: a file that is cut off must
/// not look complete.
struct DamageReporting<R> {
    reader: R,
    name: &'static str,
}

impl<R: Read> Read for DamageReporting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buffer).map_err(|error| match error.kind() {
            io::ErrorKind::Interrupted => error,
            _ => SourceProblem::damaged(self.name, error).into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        ::zstd::stream::encode_all(bytes, 3).unwrap()
    }

    fn read(
        compression: Compression,
        compressed: Vec<u8>,
        limits: DecompressLimits,
    ) -> Result<Vec<u8>, SourceProblem> {
        let mut bytes = Vec::new();
        decompress(compression, Box::new(io::Cursor::new(compressed)), limits)
            .and_then(|mut reader| reader.read_to_end(&mut bytes))
            .map(|_| bytes)
            .map_err(SourceProblem::reading)
    }

    type Compress = fn(&[u8]) -> Vec<u8>;

    const COMPRESSIONS: [(Compression, Compress); 2] =
        [(Compression::Gzip, gzip), (Compression::Zstd, zstd)];

    #[test]
    fn all_members_and_frames_are_read() {
        for (compression, compress) in COMPRESSIONS {
            let compressed =
                [compress(b"Name,Phone\n"), compress(b""), compress(b"Asha,1\n")].concat();
            let bytes = read(compression, compressed, DecompressLimits::default()).unwrap();
            assert_eq!(bytes, b"Name,Phone\nAsha,1\n", "{compression:?}");
        }
    }

    #[test]
    fn only_zeros_may_follow_a_gzip_file() {
        for zeros in [1, 2, 511, 100_000] {
            let compressed = [gzip(b"Name,Phone\n"), gzip(b"Asha,1\n"), vec![0; zeros]].concat();
            let bytes = read(Compression::Gzip, compressed, DecompressLimits::default()).unwrap();
            assert_eq!(bytes, b"Name,Phone\nAsha,1\n");
        }
        for behind in [&b"Ravi,2\n"[..], b"\0\0Ravi,2\n", b"\x1F", b"\0\x1F\x8B"] {
            let compressed = [&gzip(b"Name,Phone\n")[..], behind].concat();
            let outcome = read(Compression::Gzip, compressed, DecompressLimits::default());
            assert!(matches!(outcome, Err(SourceProblem::Damaged { .. })), "{behind:?}");
        }
    }

    #[test]
    fn a_file_cut_off_anywhere_is_an_error() {
        for (compression, compress) in COMPRESSIONS {
            let compressed =
                [compress(b"Name,Phone\n"), compress(&b"Asha,1\n".repeat(100))].concat();
            let first = compress(b"Name,Phone\n").len();
            for len in (1..compressed.len()).filter(|&len| len != first) {
                let outcome =
                    read(compression, compressed[..len].to_vec(), DecompressLimits::default());
                let is_damage = matches!(outcome, Err(SourceProblem::Damaged { .. }));
                assert!(is_damage, "{compression:?} cut off at {len}: {outcome:?}");
            }
        }
    }

    #[test]
    fn a_bomb_ends_at_the_limit() {
        let limits = DecompressLimits { max_bytes: 1 << 40, max_ratio: 100 };
        for (compression, compress) in COMPRESSIONS {
            let bomb = compress(&vec![0; 64 << 20]);
            let outcome = read(compression, bomb, limits);
            assert!(matches!(outcome, Err(SourceProblem::Inflated { .. })), "{compression:?}");
            let small = DecompressLimits { max_bytes: 10, ..limits };
            assert!(read(compression, compress(b"Name,Phone"), small).is_ok());
            let outcome = read(compression, compress(b"Name,Phone\n"), small);
            assert!(matches!(outcome, Err(SourceProblem::Inflated { .. })), "{compression:?}");
        }
    }
}
