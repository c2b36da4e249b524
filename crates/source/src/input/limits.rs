//! How much may come out of compressed input.

use std::fmt;
use std::str::FromStr;

/// How large an input may become when it is decompressed. Both limits hold.
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
    /// Maximum size, in bytes.
    pub max_bytes: u64,
    /// Maximum number of bytes for each compressed byte. It applies once more than 32 MiB have come
    /// out: small files may be as repetitive as they like.
    pub max_ratio: u64,
}

impl Default for DecompressLimits {
    /// 64 GiB and 250 to one. Tables of contacts come to 3 to 30 to one; deflate can reach 1032.
    fn default() -> Self {
        DecompressLimits { max_bytes: 64 << 30, max_ratio: 250 }
    }
}

/// Binary units: the power of two, and the letter.
const UNITS: [(u32, &str); 4] = [(40, "T"), (30, "G"), (20, "M"), (10, "K")];

impl fmt::Display for DecompressLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.max_bytes;
        let unit = UNITS.iter().find(|(shift, _)| bytes >> shift << shift == bytes && bytes > 0);
        let &(shift, letter) = unit.unwrap_or(&(0, ""));
        write!(f, "{}{letter},{}x", bytes >> shift, self.max_ratio)
    }
}

/// The text is not a limit.
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
