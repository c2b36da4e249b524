//! Unpacking: gzip, zstd and the members of zip archives, within limits.

mod gzip;
mod limits;
mod zip;

use std::io::{self, BufReader, Read};

use self::limits::{Counted, Limited};
pub use self::limits::{DecompressLimits, InvalidLimits};
pub(crate) use self::zip::{Archive, Member};
use crate::input::error::SourceProblem;
use crate::input::format::Packing;

/// The largest window of zstd that is taken, as a power of two: what its own tools take unless they
/// are told otherwise.
const ZSTD_WINDOW_LOG: u32 = 27;

/// What `reader` holds, unpacked: all members of a gzip file, all frames of zstd.
pub(crate) fn unpacked(
    packing: Packing,
    reader: Box<dyn Read + Send>,
    limits: DecompressLimits,
) -> io::Result<Box<dyn Read + Send>> {
    let packed = Counted::new(reader);
    let count = packed.count();
    let name = match packing {
        Packing::Gzip => "gzip file",
        Packing::Zstd => "zstd file",
        Packing::Zip => "zip archive",
    };
    let inflated: Box<dyn Read + Send> = match packing {
        Packing::Gzip => Box::new(gzip::Members::new(BufReader::new(packed))),
        Packing::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(BufReader::new(packed))?;
            decoder.window_log_max(ZSTD_WINDOW_LOG)?;
            Box::new(decoder)
        }
        Packing::Zip => return Err(SourceProblem::Format { format: "a zip archive" }.into()),
    };
    Ok(Box::new(Limited::new(Undamaged { reader: inflated, name }, count, limits)))
}

/// A reader of packed bytes whose errors say that they are damaged: what was cut off must not pass
/// for all there is.
struct Undamaged<R> {
    reader: R,
    name: &'static str,
}

impl<R: Read> Read for Undamaged<R> {
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
        packing: Packing,
        packed: Vec<u8>,
        limits: DecompressLimits,
    ) -> Result<Vec<u8>, SourceProblem> {
        let mut bytes = Vec::new();
        unpacked(packing, Box::new(io::Cursor::new(packed)), limits)
            .and_then(|mut reader| reader.read_to_end(&mut bytes))
            .map(|_| bytes)
            .map_err(SourceProblem::reading)
    }

    type Pack = fn(&[u8]) -> Vec<u8>;

    const PACKINGS: [(Packing, Pack); 2] = [(Packing::Gzip, gzip), (Packing::Zstd, zstd)];

    #[test]
    fn all_members_and_frames_are_read() {
        for (packing, pack) in PACKINGS {
            let packed = [pack(b"Name,Phone\n"), pack(b""), pack(b"Asha,1\n")].concat();
            let bytes = read(packing, packed, DecompressLimits::default()).unwrap();
            assert_eq!(bytes, b"Name,Phone\nAsha,1\n", "{packing:?}");
        }
    }

    #[test]
    fn zeros_behind_a_gzip_file_are_padding_and_nothing_else_is() {
        for zeros in [1, 2, 511, 100_000] {
            let packed = [gzip(b"Name,Phone\n"), gzip(b"Asha,1\n"), vec![0; zeros]].concat();
            let bytes = read(Packing::Gzip, packed, DecompressLimits::default()).unwrap();
            assert_eq!(bytes, b"Name,Phone\nAsha,1\n");
        }
        for behind in [&b"Ravi,2\n"[..], b"\0\0Ravi,2\n", b"\x1F", b"\0\x1F\x8B"] {
            let packed = [&gzip(b"Name,Phone\n")[..], behind].concat();
            let outcome = read(Packing::Gzip, packed, DecompressLimits::default());
            assert!(matches!(outcome, Err(SourceProblem::Damaged { .. })), "{behind:?}");
        }
    }

    #[test]
    fn what_was_cut_off_is_an_error_wherever_it_was_cut() {
        for (packing, pack) in PACKINGS {
            let packed = [pack(b"Name,Phone\n"), pack(&b"Asha,1\n".repeat(100))].concat();
            let first = pack(b"Name,Phone\n").len();
            for len in (1..packed.len()).filter(|&len| len != first) {
                let outcome = read(packing, packed[..len].to_vec(), DecompressLimits::default());
                let is_damage = matches!(outcome, Err(SourceProblem::Damaged { .. }));
                assert!(is_damage, "{packing:?} cut off at {len}: {outcome:?}");
            }
        }
    }

    #[test]
    fn a_bomb_ends_at_the_limit() {
        let limits = DecompressLimits { max_bytes: 1 << 40, max_ratio: 100 };
        for (packing, pack) in PACKINGS {
            let bomb = pack(&vec![0; 64 << 20]);
            let outcome = read(packing, bomb, limits);
            assert!(matches!(outcome, Err(SourceProblem::Inflated { .. })), "{packing:?}");
            let small = DecompressLimits { max_bytes: 10, ..limits };
            assert!(read(packing, pack(b"Name,Phone"), small).is_ok());
            let outcome = read(packing, pack(b"Name,Phone\n"), small);
            assert!(matches!(outcome, Err(SourceProblem::Inflated { .. })), "{packing:?}");
        }
    }
}
