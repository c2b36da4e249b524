//! How many records may be rejected before a run counts as bad.

use std::fmt;
use std::str::FromStr;

/// Maximum number, or share, of rejected records. A run that exceeds it is written all the same.
///
/// ```
/// use contactmill::MaxRejects;
///
/// let max: MaxRejects = "2.5%".parse()?;
/// assert!(max.is_exceeded(3, 100) && !max.is_exceeded(2, 100));
/// # Ok::<(), contactmill::InvalidMaxRejects>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MaxRejects {
    /// A number of records.
    Count(u64),
    /// A share of all records, in percent.
    Percent(f64),
}

impl MaxRejects {
    /// Whether `rejected` of `records` is more than this.
    #[must_use]
    pub fn is_exceeded(self, rejected: u64, records: u64) -> bool {
        match self {
            MaxRejects::Count(max) => rejected > max,
            MaxRejects::Percent(max) => rejected as f64 * 100.0 > max * records as f64,
        }
    }
}

/// The text is no [`MaxRejects`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidMaxRejects;

impl fmt::Display for InvalidMaxRejects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected a number of records such as 100, or a share such as 2.5%")
    }
}

impl std::error::Error for InvalidMaxRejects {}

impl FromStr for MaxRejects {
    type Err = InvalidMaxRejects;

    fn from_str(text: &str) -> Result<Self, InvalidMaxRejects> {
        match text.strip_suffix('%') {
            Some(percent) => {
                let percent: f64 = percent.trim().parse().map_err(|_| InvalidMaxRejects)?;
                let is_share = (0.0..=100.0).contains(&percent);
                is_share.then_some(MaxRejects::Percent(percent)).ok_or(InvalidMaxRejects)
            }
            None => text.parse().map(MaxRejects::Count).map_err(|_| InvalidMaxRejects),
        }
    }
}

impl fmt::Display for MaxRejects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MaxRejects::Count(count) => write!(f, "{count}"),
            MaxRejects::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}
