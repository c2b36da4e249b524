//! What the cell reader costs beside the bare engine, on cells with nothing but layout.

use std::hint::black_box;
use std::time::{Duration, Instant};

use contactmill_core::cells::read_phone;
use contactmill_core::{Options, Region};
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

/// The best of several rounds, with all clean cells or with those alone that the engine reads by
/// its own tables.
#[must_use]
pub fn speed(seed: u64, fast_only: bool) -> Speed {
    let rng = &mut Rng::with_seed(seed);
    let mut numbers = Numbers::new();
    let mut all = Vec::new();
    while all.len() < NUMBERS {
        let number = numbers.draw(rng);
        let Some(mut layouts) = layouts(&number) else { continue };
        let region = Some(layouts.region);
        layouts
            .cells
            .retain(|cell| !fast_only || contactmill_phone::parse_plain(cell, region).is_some());
        let options = Options { region, ..Options::default() };
        all.push((options, layouts.cells));
    }
    let each = |read: &mut dyn FnMut(&str, &Options)| {
        for (options, cells) in &all {
            for cell in cells {
                read(black_box(cell), options);
            }
        }
    };
    let mut best = [Duration::MAX; 2];
    for _ in 0..ROUNDS {
        let reader = time(|| {
            each(&mut |cell, options| {
                let _ = black_box(read_phone(cell, options));
            });
        });
        let engine = time(|| {
            each(&mut |cell, options| {
                let number = contactmill_phone::parse(cell, options.region);
                let _ = black_box(number.map(contactmill_phone::PhoneNumber::is_valid));
            });
        });
        best = [best[0].min(reader), best[1].min(engine)];
    }
    let cells: usize = all.iter().map(|(_, cells)| cells.len()).sum();
    let [reader, engine] = best.map(|took| took.as_nanos() as f64 / cells as f64);
    Speed { cells, reader, engine }
}

fn time(work: impl FnOnce()) -> Duration {
    let started = Instant::now();
    work();
    started.elapsed()
}
