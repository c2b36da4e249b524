//! Faults on demand: what goes wrong, and how often.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;
use std::time::Duration;

/// Something that goes wrong with one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The answer has this status, and nothing is stored. 429 comes with `Retry-After`.
    Status(u16),
    /// The connection is reset before the request is read.
    Reset,
    /// The contacts are stored, and the connection breaks before the answer.
    DropAfterApply,
    /// The contacts are stored, and the answer is cut short.
    Truncate,
    /// Nothing is stored, and the answer is 200 with `success: false`.
    Lie,
    /// Nothing is stored, and the answer is 200 with an HTML page.
    Html,
    /// Nothing is stored, and the answer is always 400: the bot does not exist.
    BotNotFound,
}

impl Fault {
    const WORDS: [(&'static str, Fault); 6] = [
        ("reset", Fault::Reset),
        ("drop-after-apply", Fault::DropAfterApply),
        ("truncate", Fault::Truncate),
        ("lie", Fault::Lie),
        ("html", Fault::Html),
        ("bot-not-found", Fault::BotNotFound),
    ];

    /// The word for an answer with status 200 that does not say what became of the contacts.
    pub(crate) fn behind_200(self) -> Option<&'static str> {
        let is_behind = matches!(self, Fault::Lie | Fault::Html | Fault::Truncate);
        let mut words = Fault::WORDS.iter().filter(|_| is_behind);
        words.find(|(_, fault)| *fault == self).map(|(word, _)| *word)
    }

    const STATUSES: [u16; 10] = [400, 401, 403, 413, 422, 429, 500, 502, 503, 504];
}

/// The faults of a sandbox: `429=0.1,500=0.05,reset=0.02,slow=1s`.
///
/// Each share is the probability of the fault. Instead of a share, `20..40` means the 20th request to the
/// 39th, and `20..` all from the 20th on; such a fault takes precedence over random ones. `slow` is the
/// time that every answer takes, `retry-after` the wait that an injected 429 asks for (default: 1 s).
///
/// ```
/// use contactmill_sandbox::Faults;
///
/// let faults: Faults = "429=0.1,drop-after-apply=0.02,slow=250ms".parse()?;
/// assert_eq!(faults.slow.as_millis(), 250);
/// assert!("bot-not-found=20..40".parse::<Faults>().is_ok());
/// assert!("429=1.5".parse::<Faults>().is_err());
/// # Ok::<(), contactmill_sandbox::FaultsError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Faults {
    shares: Vec<(Fault, f64)>,
    /// Faults of certain requests, numbered from 1.
    spans: Vec<(Fault, Range<u64>)>,
    /// The time that every answer takes.
    pub slow: Duration,
    /// The wait that an injected 429 asks for.
    pub retry_after: Duration,
}

impl Default for Faults {
    fn default() -> Self {
        Faults {
            shares: Vec::new(),
            spans: Vec::new(),
            slow: Duration::ZERO,
            retry_after: Duration::from_secs(1),
        }
    }
}

impl Faults {
    /// The fault of a request, by its number from 1 and a random draw from 0 to 1.
    pub(crate) fn drawn(&self, request: u64, mut draw: f64) -> Option<Fault> {
        let span = self.spans.iter().find(|(_, span)| span.contains(&request));
        if let Some((fault, _)) = span {
            return Some(*fault);
        }
        self.shares.iter().find_map(|(fault, share)| {
            draw -= share;
            (draw < 0.0).then_some(*fault)
        })
    }
}

impl FromStr for Faults {
    type Err = FaultsError;

    fn from_str(text: &str) -> Result<Self, FaultsError> {
        let mut faults = Faults::default();
        for item in text.split(',').map(str::trim).filter(|item| !item.is_empty()) {
            let wrong = || FaultsError { item: item.to_owned() };
            let (name, value) = item.split_once('=').ok_or_else(wrong)?;
            match name {
                "slow" => faults.slow = duration(value).ok_or_else(wrong)?,
                "retry-after" => faults.retry_after = duration(value).ok_or_else(wrong)?,
                _ => {
                    let word = Fault::WORDS.iter().find(|(word, _)| *word == name);
                    let status = || {
                        let status = name.parse().ok()?;
                        Fault::STATUSES.contains(&status).then_some(Fault::Status(status))
                    };
                    let fault = word.map(|(_, fault)| *fault).or_else(status).ok_or_else(wrong)?;
                    if let Some((from, to)) = value.split_once("..") {
                        faults.spans.push((fault, span(from, to).ok_or_else(wrong)?));
                        continue;
                    }
                    let share: f64 = value.parse().map_err(|_| wrong())?;
                    faults.shares.push((fault, share));
                    let sum: f64 = faults.shares.iter().map(|(_, share)| share).sum();
                    if !(0.0..=1.0).contains(&share) || sum > 1.000_001 {
                        return Err(wrong());
                    }
                }
            }
        }
        Ok(faults)
    }
}

/// The requests from one number up to another, without the latter.
fn span(from: &str, to: &str) -> Option<Range<u64>> {
    let from = from.parse().ok().filter(|from| *from > 0)?;
    let to = if to.is_empty() { u64::MAX } else { to.parse().ok()? };
    (from < to).then_some(from..to)
}

fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = match text.strip_suffix("ms") {
        Some(number) => (number, 0.001),
        None => (text.strip_suffix('s')?, 1.0),
    };
    let number: f64 = number.parse().ok()?;
    let seconds = number * unit;
    (0.0..=3_600.0).contains(&seconds).then(|| Duration::from_secs_f64(seconds))
}

/// An unknown fault, or a share or time that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultsError {
    item: String,
}

impl fmt::Display for FaultsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<&str> = Fault::WORDS.iter().map(|(word, _)| *word).collect();
        let statuses: Vec<String> = Fault::STATUSES.iter().map(u16::to_string).collect();
        write!(
            f,
            "{:?} is no fault: expected {}, {} with a share from 0 to 1 (together at most 1) or \
             requests such as 20..40, or slow=1s, retry-after=2s",
            self.item,
            statuses.join(", "),
            words.join(", ")
        )
    }
}

impl std::error::Error for FaultsError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_drawn_in_their_shares() {
        let faults: Faults = "429=0.25, reset=0.25,drop-after-apply=0.25".parse().unwrap();
        assert_eq!(faults.drawn(1, 0.0), Some(Fault::Status(429)));
        assert_eq!(faults.drawn(1, 0.3), Some(Fault::Reset));
        assert_eq!(faults.drawn(1, 0.74), Some(Fault::DropAfterApply));
        assert_eq!(faults.drawn(1, 0.76), None);
        assert_eq!(Faults::default().drawn(1, 0.0), None);
    }

    #[test]
    fn faults_of_certain_requests_precede_random_ones() {
        let faults: Faults = "500=1,bot-not-found=2..4,reset=9..".parse().unwrap();
        let drawn: Vec<Fault> = (1..=10).filter_map(|request| faults.drawn(request, 0.5)).collect();
        let (down, none, reset) = (Fault::Status(500), Fault::BotNotFound, Fault::Reset);
        assert_eq!(drawn, [down, none, none, down, down, down, down, down, reset, reset]);
    }

    #[test]
    fn a_fault_that_makes_no_sense_is_refused() {
        for text in [
            "429",
            "418=0.1",
            "429=-1",
            "429=x",
            "500=0.6,502=0.6",
            "slow=1",
            "slow=-1s",
            "slow=1..2",
            "x=1",
            "bot-not-found=..",
            "bot-not-found=0..4",
            "bot-not-found=4..4",
            "bot-not-found=1..-4",
        ] {
            assert!(text.parse::<Faults>().is_err(), "{text}");
        }
    }
}
