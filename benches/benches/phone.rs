//! Reading phone numbers: `contactmill-phone` beside `rlibphonenumber` and `phonenumber`, on the
//! same cells in the same run, all work included (parse, validity, region, kind of line).
//!
//! After criterion's figures it prints a table of nanoseconds a number and ratios.

#![allow(missing_docs, reason = "criterion's macros make the items")]

use std::hint::black_box;
use std::io::Write;
use std::time::{Duration, Instant};

use contactmill_benches::phones::{self, Cell};
use contactmill_phone::Region;
use criterion::{Criterion, Throughput, criterion_group};

const NUMBERS: usize = 20_000;
/// The slowest peer reads only this many.
const FEW: usize = 300;

fn corpora() -> [(&'static str, Vec<Cell>); 3] {
    [
        ("e164", phones::e164(NUMBERS)),
        ("national", phones::national(NUMBERS)),
        ("mixed", phones::mixed(NUMBERS)),
    ]
}

/// The same cells with our regions.
fn ours(cells: &[Cell]) -> Vec<(String, Option<Region>)> {
    let region = |region: rlibphonenumber::Region| region.as_region_str().as_str().parse().ok();
    cells.iter().map(|(text, default)| (text.clone(), default.and_then(region))).collect()
}

fn read_ours(cells: &[(String, Option<Region>)]) {
    for (text, region) in cells {
        let number = contactmill_phone::parse(text, *region);
        let _ = black_box(number.map(|n| (n.is_valid(), n.region(), n.line_type())));
    }
}

fn read_library(cells: &[Cell]) {
    for (text, region) in cells {
        let number = rlibphonenumber::PhoneNumber::parse(text, *region);
        let _ = black_box(number.map(|n| (n.is_valid(), n.get_region_code(), n.get_type())));
    }
}

fn read_peer(cells: &[(String, Option<phonenumber::country::Id>)]) {
    for (text, region) in cells {
        let number = phonenumber::parse(*region, text);
        let _ = black_box(number.map(|n| {
            (
                phonenumber::is_valid(&n),
                n.country().id(),
                n.number_type(&phonenumber::metadata::DATABASE),
            )
        }));
    }
}

fn peers(cells: &[Cell]) -> Vec<(String, Option<phonenumber::country::Id>)> {
    let region = |region: rlibphonenumber::Region| region.as_region_str().as_str().parse().ok();
    cells.iter().take(FEW).map(|(text, code)| (text.clone(), code.and_then(region))).collect()
}

fn phone(criterion: &mut Criterion) {
    for (name, cells) in corpora() {
        let mut group = criterion.benchmark_group(format!("phone/{name}"));
        group.throughput(Throughput::Elements(cells.len() as u64));
        let mine = ours(&cells);
        group.bench_function("contactmill-phone", |bencher| bencher.iter(|| read_ours(&mine)));
        group.sample_size(10);
        group.bench_function("rlibphonenumber", |bencher| bencher.iter(|| read_library(&cells)));
        group.finish();
    }
}

/// Laying numbers out for readers abroad.
fn international(criterion: &mut Criterion) {
    let cells = phones::e164(NUMBERS);
    let numbers = |(text, _): &Cell| contactmill_phone::parse(text, None).ok();
    let mine: Vec<_> = cells.iter().filter_map(numbers).collect();
    let numbers = |(text, _): &Cell| rlibphonenumber::PhoneNumber::parse(text, None).ok();
    let library: Vec<_> = cells.iter().filter_map(numbers).collect();
    let mut group = criterion.benchmark_group("phone/international");
    group.throughput(Throughput::Elements(mine.len() as u64));
    group.bench_function("contactmill-phone", |bencher| {
        bencher.iter(|| mine.iter().for_each(|n| drop(black_box(n.international().to_string()))));
    });
    group.sample_size(10);
    group.bench_function("rlibphonenumber", |bencher| {
        let format = rlibphonenumber::PhoneNumberFormat::International;
        bencher.iter(|| library.iter().for_each(|n| drop(black_box(n.format_as(format)))));
    });
    group.finish();
}

/// The best of some rounds, in nanoseconds a number.
fn nanoseconds(rounds: usize, numbers: usize, mut read: impl FnMut()) -> f64 {
    let mut best = f64::INFINITY;
    for _ in 0..rounds {
        let started = Instant::now();
        read();
        best = best.min(started.elapsed().as_nanos() as f64 / numbers as f64);
    }
    best
}

fn table(first: Duration) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "\n{:<10}{:>12}{:>16}{:>14}{:>10}{:>9}",
        "corpus", "contactmill", "rlibphonenumber", "phonenumber", "ratio", "fast"
    )?;
    for (name, cells) in corpora() {
        let (mine, few) = (ours(&cells), peers(&cells));
        let own = nanoseconds(20, cells.len(), || read_ours(&mine));
        let library = nanoseconds(5, cells.len(), || read_library(&cells));
        let peer = nanoseconds(1, few.len(), || read_peer(&few));
        let fast = mine
            .iter()
            .filter(|(text, region)| contactmill_phone::parse_plain(text, *region).is_some());
        let share = fast.count() as f64 * 100.0 / mine.len() as f64;
        writeln!(
            out,
            "{name:<10}{own:>9.1} ns{library:>13.0} ns{peer:>11.0} ns{:>9.1}x{share:>7.1} %",
            library / own
        )?;
    }
    let (_, cells) = &corpora()[2];
    let mine = ours(cells);
    writeln!(out, "\nfirst call in the process: {:.3} ms", first.as_secs_f64() * 1e3)?;
    writeln!(out, "\ntwo threads against one, mixed corpus")?;
    writeln!(out, "contactmill      {:.2}", gain_of_two_threads(mine.len(), || read_ours(&mine)))?;
    writeln!(
        out,
        "rlibphonenumber  {:.2}",
        gain_of_two_threads(cells.len(), || read_library(cells))
    )
}

/// How much more two threads read than one.
fn gain_of_two_threads(numbers: usize, read: impl Fn() + Sync) -> f64 {
    // Enough that starting a thread does not count.
    let read_often = || (0..50).for_each(|_| read());
    let one = nanoseconds(5, numbers, read_often);
    let two = nanoseconds(5, 2 * numbers, || {
        std::thread::scope(|scope| {
            scope.spawn(read_often);
            read_often();
        });
    });
    one / two
}

criterion_group!(benches, phone, international);

/// What the first number of a process costs.
fn first_call() -> Duration {
    let started = Instant::now();
    let _ = black_box(contactmill_phone::parse(black_box("+91 98765 43210"), None));
    started.elapsed()
}

fn main() {
    let first = first_call();
    benches();
    Criterion::default().configure_from_args().final_summary();
    let is_test = std::env::args().any(|argument| argument == "--test");
    if !is_test && let Err(error) = table(first) {
        // Nobody reads the table any more.
        drop(error);
    }
}
