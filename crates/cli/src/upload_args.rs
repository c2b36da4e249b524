//! The arguments of `upload` and `sandbox`.

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{Args, ValueEnum};
use contactmill_sandbox::{AnswerStyle, DEFAULT_PORT, Faults, Options};
use contactmill_upload::{Service, Target, TargetError, UploadOptions};

use crate::args::{DisplayArguments, from_one};

/// Send what convert wrote, within the limit, and account for every contact.
///
/// A journal in DIR lists every request and its answer: after a run was killed or stopped at any
/// moment, the same command continues it. Contacts that the service refuses go to refused.csv.
#[derive(Args, Debug)]
#[command(
    after_help = "The token is read from --token-file, from the variable CONTACTMILL_TOKEN, or from standard\ninput; it is never an argument.\n\nExit codes: 0 finished; 1 failed, some contacts without a clear answer, or everything refused; 2 usage;\n4 finished, some contacts refused; 5 token refused; 130 and 143 stopped by SIGINT and SIGTERM."
)]
pub(crate) struct UploadArguments {
    /// Folder that convert has written
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,

    /// Show target, arrays, contacts, time and the first request, and send nothing
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Send everything once more, acknowledged and refused contacts too: after a sandbox was started
    /// again, or a service was mended. Without it, the next run continues what this one began
    #[arg(long)]
    pub(crate) again: bool,

    #[command(flatten, next_help_heading = "Where to")]
    target: TargetArguments,

    #[command(flatten, next_help_heading = "How")]
    pub(crate) sending: SendingArguments,

    #[command(flatten, next_help_heading = "What is shown")]
    pub(crate) display: DisplayArguments,
}

#[derive(Args, Debug)]
struct TargetArguments {
    #[arg(
        long,
        value_name = "NAME",
        help = format!("A service by name: {}", Service::names()),
        required_unless_present = "base_url",
        conflicts_with = "base_url"
    )]
    target: Option<Service>,

    /// Any other service: the URL before /inbox/users/import. It must be https, except on this
    /// machine
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,

    /// The origin that requests name: https:// and a host [default: the target's]
    #[arg(long, value_name = "URL")]
    origin: Option<String>,

    /// A bot id to send, as a header and in the query
    #[arg(long, value_name = "ID")]
    bot_id: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct SendingArguments {
    /// File with the token; - for standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,

    /// PEM file of root certificates to trust, instead of the public ones
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,

    /// Requests a minute [default: the target's, 100]
    #[arg(long, value_name = "N", value_parser = from_one::<NonZeroU32>)]
    rate: Option<NonZeroU32>,

    /// Maximum number of requests under way
    #[arg(long, value_name = "N", default_value = "4")]
    concurrency: Concurrency,

    /// Maximum number of retries of an array without a clear answer
    #[arg(long, value_name = "N", default_value_t = UploadOptions::default().retries)]
    retries: u32,

    /// Maximum time of one request, such as 30s or 2m
    #[arg(long, value_name = "TIME", default_value = "60s")]
    pub(crate) timeout: Period,

    /// Maximum wait that the service may ask for, such as 15m
    #[arg(long, value_name = "TIME", default_value = "15m")]
    max_wait: Period,

    /// Put a tag on every contact that is sent; without a value, one that identifies
    /// these results, such as import-1f2e3d4c
    #[arg(long, value_name = "TAG", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub(crate) tag_run: Option<String>,
}

impl UploadArguments {
    pub(crate) fn target(&self) -> Result<Target, TargetError> {
        let TargetArguments { target, base_url, origin, bot_id } = &self.target;
        let mut target = match (target, base_url) {
            (Some(service), _) => Target::service(*service),
            (None, url) => Target::at(url.as_deref().unwrap_or_default())?,
        };
        if let Some(origin) = origin {
            target = target.with_origin(origin)?;
        }
        if let Some(bot_id) = bot_id {
            target = target.with_bot_id(bot_id)?;
        }
        Ok(match self.sending.rate {
            Some(rate) => target.with_rate(rate),
            None => target,
        })
    }

    /// The options, with the tag that was given or else this one.
    pub(crate) fn options(&self, tag: impl FnOnce() -> String) -> UploadOptions {
        UploadOptions {
            concurrency: self.sending.concurrency.0,
            retries: self.sending.retries,
            max_wait: self.sending.max_wait.0,
            tag: self
                .sending
                .tag_run
                .clone()
                .map(|given| if given.is_empty() { tag() } else { given }),
            again: self.again,
        }
    }
}

/// Number of requests under way: more than a few dozen only make the service slow.
#[derive(Clone, Copy, Debug)]
struct Concurrency(NonZeroUsize);

impl FromStr for Concurrency {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number: NonZeroUsize = text.parse().map_err(|_| "expected 1 to 64".to_owned())?;
        (number.get() <= 64).then_some(Concurrency(number)).ok_or("expected 1 to 64".to_owned())
    }
}

/// A time such as `250ms`, `30s`, `15m` or `1h`; a bare number means seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Period(pub(crate) Duration);

impl FromStr for Period {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || "expected a time such as 30s, 15m or 1h, at most a day".to_owned();
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let milliseconds = match text.get(digits.len()..).unwrap_or_default() {
            "ms" => 1,
            "s" | "" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            _ => return Err(expected()),
        };
        let number: u64 = digits.parse().map_err(|_| expected())?;
        let period = number.checked_mul(milliseconds).map(Duration::from_millis);
        let is_sane = |period: &Duration| (1..=86_400_000).contains(&period.as_millis());
        period.filter(is_sane).map(Period).ok_or_else(expected)
    }
}

/// A local stand-in for the import API, to rehearse an upload.
///
/// It listens on this machine alone, keeps contacts in memory, and takes any token. Its page shows what
/// arrived.
#[derive(Args, Debug)]
#[command(
    after_help = "Faults: a status (400, 401, 403, 413, 422, 429, 500, 502, 503, 504), reset, drop-after-apply,\ntruncate, lie, html or bot-not-found, each with its share of all requests, or with requests such as\n20..40; slow and retry-after with a time.\n\nExample: contactmill sandbox --fail 429=0.1,500=0.05,reset=0.02,slow=1s"
)]
pub(crate) struct SandboxArguments {
    /// Port on 127.0.0.1; 0 takes a free one
    #[arg(long, value_name = "N", default_value_t = DEFAULT_PORT)]
    port: u16,

    /// Maximum number of requests a minute for each token
    #[arg(long, value_name = "N", default_value = "100", value_parser = from_one::<NonZeroU32>)]
    rate: NonZeroU32,

    /// Maximum size of a body, in bytes
    #[arg(long, value_name = "N", default_value_t = Options::default().max_bytes)]
    max_bytes: usize,

    /// Form of a successful answer: one of the two that are published
    #[arg(long, value_enum, default_value_t)]
    answers: AnswersArgument,

    /// Faults, and how often they happen
    #[arg(long, value_name = "FAULT=SHARE,...")]
    fail: Option<Faults>,

    /// Seed of the random faults
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum AnswersArgument {
    #[default]
    A,
    B,
}

impl SandboxArguments {
    pub(crate) fn options(&self) -> Options {
        Options {
            port: self.port,
            rate: self.rate,
            max_bytes: self.max_bytes,
            answers: match self.answers {
                AnswersArgument::A => AnswerStyle::A,
                AnswersArgument::B => AnswerStyle::B,
            },
            faults: self.fail.clone().unwrap_or_default(),
            seed: self.seed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_their_units() {
        for (text, milliseconds) in
            [("30", 30_000), ("30s", 30_000), ("250ms", 250), ("15m", 900_000), ("1h", 3_600_000)]
        {
            assert_eq!(text.parse(), Ok(Period(Duration::from_millis(milliseconds))), "{text}");
        }
        for text in ["", "s", "0", "-1s", "1.5s", "2d", "25h", "99999999999999999999"] {
            assert!(text.parse::<Period>().is_err(), "{text}");
        }
    }
}
