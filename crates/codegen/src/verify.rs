//! Verifies the fast path against the library: both read generated cells, every difference is shown.

use std::collections::BTreeMap;

use contactmill_phone::__private::{facts, parse_with_libphonenumber};
use contactmill_phone::{PhoneNumber, Region, parse, parse_plain};
use fastrand::Rng;

use crate::metadata;
use crate::say;
use crate::tables::{Tables, Walk};

/// How much is verified.
#[derive(Clone, Copy)]
pub(crate) struct VerifyOptions {
    count: u64,
    seed: u64,
}

impl VerifyOptions {
    /// Reads `--count N` and `--seed N`.
    pub(crate) fn parse(words: &[&str]) -> Option<Self> {
        let mut settings = VerifyOptions { count: 1_000_000, seed: 1 };
        for pair in words.chunks(2) {
            match pair {
                ["--count", count] => settings.count = count.parse().ok()?,
                ["--seed", seed] => settings.seed = seed.parse().ok()?,
                _ => return None,
            }
        }
        Some(settings)
    }
}

#[derive(Default)]
struct Comparison {
    fast: u64,
    valid: u64,
    differences: u64,
    shown: Vec<String>,
    /// Cells by what was done to them, and how many of them took the fast path.
    kinds: BTreeMap<&'static str, (u64, u64)>,
}

/// Verifies, and says whether there was no difference.
pub(crate) fn run(settings: VerifyOptions) -> bool {
    let tables = match metadata::load().and_then(|metadata| Tables::build(&metadata)) {
        Ok(tables) => tables,
        Err(error) => {
            say(&format!("error: {error}"));
            return false;
        }
    };
    let walk = Walk(&tables);
    let threads = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let outcomes: Vec<Comparison> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|worker| {
                let count = settings.count / threads + u64::from(worker < settings.count % threads);
                let walk = &walk;
                // The seeds of workers must differ from those of other runs.
                let seed = settings.seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(worker);
                scope.spawn(move || verify(walk, count, seed))
            })
            .collect();
        workers.into_iter().filter_map(|worker| worker.join().ok()).collect()
    });
    let mut all = Comparison::default();
    for outcome in outcomes {
        all.fast += outcome.fast;
        all.valid += outcome.valid;
        all.differences += outcome.differences;
        all.shown.extend(outcome.shown);
        for (kind, (cells, fast)) in outcome.kinds {
            let sum = all.kinds.entry(kind).or_default();
            *sum = (sum.0 + cells, sum.1 + fast);
        }
    }
    let cells: u64 = all.kinds.values().map(|(cells, _)| cells).sum();
    for line in all.shown.iter().take(40) {
        say(line);
    }
    for (kind, (cells, fast)) in &all.kinds {
        say(&format!("{cells:>10}  {kind:<28} {:>6.2} % fast", percent(*fast, *cells)));
    }
    say(&format!(
        "{cells:>10}  cells: {:.2} % valid numbers, {:.2} % took the fast path, {} differences",
        percent(all.valid, cells),
        percent(all.fast, cells),
        all.differences
    ));
    // A worker that panicked has not verified its share.
    cells == settings.count && all.differences == 0
}

fn percent(part: u64, whole: u64) -> f64 {
    part as f64 * 100.0 / whole.max(1) as f64
}

fn verify(walk: &Walk<'_>, count: u64, seed: u64) -> Comparison {
    let mut rng = Rng::with_seed(seed);
    let mut outcome = Comparison::default();
    for _ in 0..count {
        let (kind, cell, region) = cell(walk, &mut rng);
        let ours = parse(&cell, region);
        let theirs = parse_with_libphonenumber(&cell, region);
        let fast = parse_plain(&cell, region).is_some();
        outcome.fast += u64::from(fast);
        outcome.valid += u64::from(theirs.is_ok_and(PhoneNumber::is_valid));
        let entry = outcome.kinds.entry(kind).or_default();
        *entry = (entry.0 + 1, entry.1 + u64::from(fast));
        if ours.map(facts) != theirs.map(facts) {
            outcome.differences += 1;
            if outcome.shown.len() < 20 {
                outcome.shown.push(format!(
                    "{region:?} {cell:?} ({kind}): {:?}, the library says {:?}",
                    ours.map(facts),
                    theirs.map(facts)
                ));
            }
        }
    }
    outcome
}

/// A cell, what was done to make it, and the default region it is read with.
fn cell(walk: &Walk<'_>, rng: &mut Rng) -> (&'static str, String, Option<Region>) {
    let any_region = |rng: &mut Rng| match rng.u8(0..10) {
        0 => None,
        _ => rng.choice(Region::ALL).copied(),
    };
    if rng.u8(0..10) == 0 {
        // Long runs of zeros are rules of their own.
        let zeros = if rng.u8(0..4) == 0 { rng.usize(0..16) } else { 0 };
        let start = rng.usize(0..4);
        let most = if rng.u8(0..4) == 0 { 31 } else { 21 };
        let random = (0..rng.usize(0..most)).map(|_| char::from(b'0' + rng.u8(0..10)));
        let mut digits: String = random.collect();
        digits.insert_str(start.min(digits.len()), &"0".repeat(zeros));
        digits.truncate(30);
        let plus = if rng.bool() { "+" } else { "" };
        let region = any_region(rng);
        return ("random digits", laid_out(rng, plus, &digits), region);
    }
    let (code, mut national, member) = walk.number(rng);
    let home = member.map(|member| member.region);
    let mut kind = "as it is";
    if rng.u8(0..3) == 0 && !national.is_empty() {
        let at = rng.usize(0..national.len());
        kind = match rng.u8(0..3) {
            0 => {
                national[at] = rng.u8(0..10);
                "one digit changed"
            }
            1 => {
                national.insert(at, rng.u8(0..10));
                "one digit added"
            }
            _ => {
                national.remove(at);
                "one digit lost"
            }
        };
    }
    let national = text(&national);
    let region = match rng.u8(0..4) {
        0 => any_region(rng),
        _ => home,
    };
    let trunk = match (rng.u8(0..8), member) {
        (0, _) => ["0", "1", "8", "00"][rng.usize(0..4)].to_owned(),
        (1..4, Some(member)) => text(&walk.prefix(member.national_prefix, rng)),
        _ => String::new(),
    };
    let (plus, digits) = match rng.u8(0..10) {
        0..=3 => ("+", format!("{code}{national}")),
        4 => ("+", format!("{code}{trunk}{national}")),
        5 => {
            let exit_code = match (rng.bool(), member) {
                (true, Some(member)) => text(&walk.prefix(member.international_prefix, rng)),
                _ => ["00", "011", "0011", "810", "119"][rng.usize(0..5)].to_owned(),
            };
            ("", format!("{exit_code}{code}{national}"))
        }
        6 => ("", format!("{code}{national}")),
        _ => ("", format!("{trunk}{national}")),
    };
    (kind, laid_out(rng, plus, &digits), region)
}

fn text(digits: &[u8]) -> String {
    digits.iter().map(|digit| char::from(b'0' + digit)).collect()
}

/// The digits in some layout.
fn laid_out(rng: &mut Rng, plus: &str, digits: &str) -> String {
    let mut text = String::new();
    let style = rng.u8(0..8);
    if style == 7 {
        text.push_str(["(", " ", "((", "-", "+", ". ", "tel:", "\u{200e}"][rng.usize(0..8)]);
    }
    text.push_str(plus);
    for digit in digits.chars() {
        let gap = match style {
            0..=2 => "",
            3 if rng.u8(0..4) == 0 => " ",
            4 if rng.u8(0..4) == 0 => "-",
            5 if rng.u8(0..4) == 0 => ["(", ")", " (", ") "][rng.usize(0..4)],
            6 if rng.u8(0..4) == 0 => [".", "/", " - ", "  "][rng.usize(0..4)],
            7 if rng.u8(0..8) == 0 => {
                ["x", "~", "[", "+", "\u{a0}", ",", "#", "*"][rng.usize(0..8)]
            }
            _ => "",
        };
        text.push_str(gap);
        text.push(digit);
    }
    if rng.u8(0..16) == 0 {
        text.push_str([" ", ")", ".", "-", "/", "#", " x1", "a"][rng.usize(0..8)]);
    }
    text
}
