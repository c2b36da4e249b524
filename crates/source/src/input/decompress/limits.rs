//! How much may come out of what is packed.

use std::fmt;
use std::io::{self, Read};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::input::error::SourceProblem;

/// How much an input may unpack to. Both limits hold.
///
/// ```
/// use contactmill_source::DecompressLimits;
///
/// let limits: DecompressLimits = "20G,500x".parse()?;
/// assert_eq!((limits.max_bytes, limits.max_ratio), (20 << 30, 500));
/// assert_eq!(limits.to_string(), "20G,500x");
/// # Ok::<(), contactmill_source::InvalidLimits>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecompressLimits {
    /// In bytes.
    pub max_bytes: u64,
    /// In bytes for each packed one. It counts once more than 32 MiB have come out: what is small
    /// may be as repetitive as it likes.
    pub max_ratio: u64,
}

/// Up to here the ratio does not count.
const RATIO_COUNTS_FROM: u64 = 32 << 20;

impl Default for DecompressLimits {
    /// 64 GiB and 250 to one. Tables of contacts come to 3 to 30 to one; deflate can reach 1032.
    fn default() -> Self {
        DecompressLimits { max_bytes: 64 << 30, max_ratio: 250 }
    }
}

impl DecompressLimits {
    /// Requires that so much may come out of so many packed bytes.
    pub(crate) fn check(self, packed: u64, inflated: u64) -> Result<(), SourceProblem> {
        let by_ratio = packed.saturating_mul(self.max_ratio).max(RATIO_COUNTS_FROM);
        if inflated > self.max_bytes || inflated > by_ratio {
            return Err(SourceProblem::Inflated { limits: self });
        }
        Ok(())
    }
}

/// Binary units and their letters.
const UNITS: [(u32, &str); 4] = [(40, "T"), (30, "G"), (20, "M"), (10, "K")];

impl fmt::Display for DecompressLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.max_bytes;
        let unit = UNITS.iter().find(|(shift, _)| bytes >> shift << shift == bytes && bytes > 0);
        let &(shift, letter) = unit.unwrap_or(&(0, ""));
        write!(f, "{}{letter},{}x", bytes >> shift, self.max_ratio)
    }
}

/// The text is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidLimits;

impl fmt::Display for InvalidLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected a size such as 64G, a ratio such as 250x, or both: 64G,250x")
    }
}

impl std::error::Error for InvalidLimits {}

impl FromStr for DecompressLimits {
    type Err = InvalidLimits;

    fn from_str(text: &str) -> Result<Self, InvalidLimits> {
        let mut limits = DecompressLimits::default();
        for part in text.split(',').map(str::trim) {
            if let Some(ratio) = part.strip_suffix('x') {
                limits.max_ratio = ratio.parse().map_err(|_| InvalidLimits)?;
            } else {
                limits.max_bytes = bytes(part).ok_or(InvalidLimits)?;
            }
        }
        Ok(limits)
    }
}

fn bytes(text: &str) -> Option<u64> {
    let text = text.to_ascii_uppercase();
    let text = text.strip_suffix('B').unwrap_or(&text);
    let text = text.strip_suffix('I').unwrap_or(text);
    let unit = UNITS.iter().find_map(|&(shift, letter)| Some((text.strip_suffix(letter)?, shift)));
    let (number, shift) = unit.unwrap_or((text, 0));
    number.parse::<u64>().ok()?.checked_mul(1 << shift)
}

/// A reader that counts what is read through it.
pub(super) struct Counted<R> {
    reader: R,
    count: Arc<AtomicU64>,
}

impl<R: Read> Counted<R> {
    pub(super) fn new(reader: R) -> Self {
        Counted { reader, count: Arc::default() }
    }

    pub(super) fn count(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.count)
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.count.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// A reader of what was unpacked that fails when too much comes out.
pub(super) struct Limited<R> {
    reader: R,
    packed: Arc<AtomicU64>,
    inflated: u64,
    limits: DecompressLimits,
}

impl<R: Read> Limited<R> {
    pub(super) fn new(reader: R, packed: Arc<AtomicU64>, limits: DecompressLimits) -> Self {
        Limited { reader, packed, inflated: 0, limits }
    }
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.inflated += count as u64;
        self.limits.check(self.packed.load(Ordering::Relaxed), self.inflated)?;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_as_people_write_them() {
        for (text, bytes, ratio) in [
            ("1000", 1000, 250),
            ("20G", 20 << 30, 250),
            ("20GB", 20 << 30, 250),
            ("20gib", 20 << 30, 250),
            ("500x", 64 << 30, 500),
            ("1k,2x", 1024, 2),
        ] {
            let limits = DecompressLimits { max_bytes: bytes, max_ratio: ratio };
            assert_eq!(text.parse(), Ok(limits), "{text}");
            assert_eq!(limits.to_string().parse(), Ok(limits));
        }
        for text in ["", "x", "20Q", "-1", "99999999999T", "1.5G"] {
            assert_eq!(text.parse::<DecompressLimits>(), Err(InvalidLimits), "{text}");
        }
    }
}
