//! Reading one record, beside what it rests on: `rlibphonenumber` reading the phone cell alone.
//!
//! The ratio of the two says what everything around the phone engine costs.

#![allow(missing_docs, reason = "criterion's macros make the items")]

use std::hint::black_box;

use contactmill_benches::contacts;
use contactmill_core::columns::{ColumnMap, FieldMapping};
use contactmill_core::records::{Integrity, Position, Record};
use contactmill_core::{Normalizer, Options, Region};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const RECORDS: u64 = 2_000;

/// A generated dump, parsed: the text of each record and where its fields end.
fn records() -> (ColumnMap, Vec<(String, Vec<usize>)>) {
    let mut file = Vec::new();
    contacts::write(&mut file, RECORDS, 1).expect("memory takes all bytes");
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(file.as_slice());
    let header: Vec<String> =
        reader.headers().expect("a header").iter().map(str::to_owned).collect();
    let map = FieldMapping::default().resolve(&header).expect("a phone column");
    let records = reader.records().map(|record| {
        let record = record.expect("sound CSV");
        let ends = (0..record.len()).filter_map(|at| record.range(at)).map(|range| range.end);
        (record.as_slice().to_owned(), ends.collect())
    });
    (map, records.collect())
}

fn normalize(criterion: &mut Criterion) {
    let (map, records) = records();
    let normalizer = Normalizer::new(Options { region: Some(Region::IN), ..Options::default() });
    let region = "IN".parse().ok();

    let mut group = criterion.benchmark_group("normalize");
    group.throughput(Throughput::Elements(records.len() as u64));
    group.bench_function("contactmill-core, whole record", |bencher| {
        bencher.iter(|| {
            for (text, ends) in &records {
                let record = Record::new(text, ends, Position::default(), Integrity::Whole);
                let _ = black_box(normalizer.normalize(&map.raw_contact(record)));
            }
        });
    });
    group.bench_function("rlibphonenumber, phone cell alone", |bencher| {
        bencher.iter(|| {
            for (text, ends) in &records {
                let record = Record::new(text, ends, Position::default(), Integrity::Whole);
                let cell = record.get(1).unwrap_or_default();
                let number = rlibphonenumber::PhoneNumber::parse(cell, region);
                let _ = black_box(number.map(|number| (number.is_valid(), number.get_type())));
            }
        });
    });
    group.finish();
}

criterion_group!(benches, normalize);
criterion_main!(benches);
