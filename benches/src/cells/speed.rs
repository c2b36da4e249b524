//! What the cell reader costs beside the bare engine, on cells with nothing but layout.

use std::hint::black_box;
use std::time::{Duration, Instant};

use contactmill_core::{Normalizer, Options, RawContact, Region};
use fastrand::Rng;
use rlibphonenumber::PhoneNumberFormat;

use super::number::{Number, Numbers, read};
use super::standing::{Standing, digits_of, with_plus, without_plus};

/// Nanoseconds a cell.
#[derive(Clone, Copy, Debug)]
pub struct Speed {
    /// Cells measured.
    pub cells: usize,
    /// The cell reader.
    pub reader: f64,
    /// `contactmill_phone::parse` on the same cells.
    pub engine: f64,
}

/// Layouts of one number in ASCII, all of them clean, and the region that they are read with.
struct Layouts {
    region: Region,
    cells: Vec<String>,
}

/// As many numbers as fit the caches together with what reads them.
const NUMBERS: usize = 2_000;
const ROUNDS: usize = 15;

fn layouts(number: &Number) -> Option<Layouts> {
    let region = number.region()?;
    let international = number.format(PhoneNumberFormat::International);
    let national = number.format(PhoneNumberFormat::National);
    let with_plus_sign = [
        number.to_string(),
        international.replace(' ', "-"),
        international.replace(' ', "."),
        format!("({number})"),
        international,
    ];
    let without = [digits_of(&national), national, number.national().to_owned()];
    let mut cells = Vec::new();
    for text in with_plus_sign {
        if with_plus(number, &text) == Ok(Standing::Clean) {
            cells.push(text);
        }
    }
    for text in without {
        let is_clean = without_plus(number, &text, Some(region)) == Ok(Standing::Clean);
        if is_clean && read(&text, Some(region)).is_some() {
            cells.push(text);
        }
    }
    let region = super::ours(region)?;
    (cells.len() > 4).then_some(Layouts { region, cells })
}

/// A record for every number, with at most so many of its layouts.
fn records(all: &[Layouts], most: usize) -> Vec<(Normalizer, RawContact<'_>)> {
    let mut records = Vec::with_capacity(all.len());
    for Layouts { region, cells } in all {
        let options = Options { region: Some(*region), ..Options::default() };
        let mut raw = RawContact::default();
        raw.names.push("Asha Verma");
        raw.phones.extend(cells.iter().take(most).map(String::as_str));
        records.push((Normalizer::new(options), raw));
    }
    records
}

/// The best of several rounds, with all clean cells or with those alone that the engine reads by
/// its own tables.
///
/// The reader has no door of its own, so it is measured from outside: a record with all layouts of
/// a number in its phone column takes longer than one with the first alone by what the others cost.
#[must_use]
pub fn speed(seed: u64, fast_only: bool) -> Speed {
    let rng = &mut Rng::with_seed(seed);
    let mut numbers = Numbers::new();
    let mut all = Vec::new();
    while all.len() < NUMBERS {
        let number = numbers.draw(rng);
        let Some(mut layouts) = layouts(&number) else { continue };
        let region = Some(layouts.region);
        layouts.cells.retain(|cell| !fast_only || contactmill_phone::is_fast(cell, region));
        if layouts.cells.len() > 1 {
            all.push(layouts);
        }
    }
    let (whole, first) = (records(&all, usize::MAX), records(&all, 1));
    let normalize = |raws: &[(Normalizer, RawContact<'_>)]| {
        for (normalizer, raw) in raws {
            let _ = black_box(normalizer.normalize(black_box(raw)));
        }
    };
    let parse = || {
        for layouts in &all {
            for cell in &layouts.cells[1..] {
                let number = contactmill_phone::parse(black_box(cell), Some(layouts.region));
                let _ = black_box(number.map(contactmill_phone::PhoneNumber::is_valid));
            }
        }
    };
    let mut best = [Duration::MAX; 3];
    for _ in 0..ROUNDS {
        let took = [time(|| normalize(&whole)), time(|| normalize(&first)), time(parse)];
        for (best, took) in best.iter_mut().zip(took) {
            *best = took.min(*best);
        }
    }
    let cells: usize = all.iter().map(|layouts| layouts.cells.len() - 1).sum();
    let [whole, first, engine] = best.map(|took| took.as_nanos() as f64);
    Speed { cells, reader: (whole - first) / cells as f64, engine: engine / cells as f64 }
}

fn time(work: impl FnOnce()) -> Duration {
    let started = Instant::now();
    work();
    started.elapsed()
}
