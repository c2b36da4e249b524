//! A dump through the stages of a run, each beside the `csv` crate reading the same bytes.
//!
//! For the whole program, with its files and its memory, there is `bulk`.

#![allow(missing_docs, reason = "criterion's macros make the items")]

use std::hint::black_box;
use std::io::Cursor;

use contactmill_benches::contacts;
use contactmill_core::columns::{ColumnMap, FieldMapping};
use contactmill_core::dedup::DedupPolicy;
use contactmill_core::pipeline::{Counts, Outcomes, Pipeline, PipelineOptions};
use contactmill_core::records::{Block, Source, SourceId};
use contactmill_core::{ContactEncoder, Normalizer, Options, Region};
use contactmill_emit::ArrayEncoder;
use contactmill_source::{CsvOptions, CsvSource};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};

const RECORDS: u64 = 20_000;

const ENCODER: ArrayEncoder = ArrayEncoder { max_array_bytes: 100_000 };

fn source(dump: &[u8]) -> CsvSource<Cursor<&[u8]>> {
    CsvSource::new("dump.csv", Cursor::new(dump), CsvOptions::default()).expect("sound CSV")
}

fn map(dump: &[u8]) -> ColumnMap {
    FieldMapping::default().resolve(source(dump).header()).expect("a phone column")
}

fn normalizer() -> Normalizer {
    Normalizer::new(Options { region: Some(Region::IN), ..Options::default() })
}

/// Reads all records of all blocks.
fn visit(dump: &[u8], mut visitor: impl FnMut(contactmill_core::records::Record<'_>)) {
    let mut source = source(dump);
    while let Some(block) = source.next_block().expect("memory can be read") {
        block.visit(&mut visitor).expect("sound UTF-8");
    }
}

fn run(dump: &[u8], map: &ColumnMap, dedup: DedupPolicy, threads: usize) -> Counts {
    let normalizer = normalizer();
    let options =
        PipelineOptions { threads, dedup, encoder: Some(&ENCODER), ..PipelineOptions::default() };
    let mut outcomes = Outcomes::new(|outcome| {
        black_box(outcome);
    });
    let mut pipeline = Pipeline::new(&normalizer, options).expect("threads");
    pipeline.feed(SourceId(0), &mut source(dump), map, &mut outcomes).expect("sound input");
    pipeline.finish(&mut outcomes).expect("memory takes all")
}

fn stages(group: &mut BenchmarkGroup<'_, WallTime>, dump: &[u8]) {
    group.bench_function("csv reads the records", |bencher| {
        bencher.iter(|| {
            let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(dump);
            let mut record = csv::ByteRecord::new();
            let mut fields = 0;
            while reader.read_byte_record(&mut record).expect("sound CSV") {
                fields += record.len();
            }
            fields
        });
    });
    group.bench_function("cutting blocks", |bencher| {
        bencher.iter(|| {
            let mut source = source(dump);
            while let Some(block) = source.next_block().expect("memory can be read") {
                black_box(block);
            }
        });
    });
    group.bench_function("cutting and parsing", |bencher| {
        bencher.iter(|| visit(dump, |record| _ = black_box(record)));
    });
    let (map, normalizer) = (map(dump), normalizer());
    group.bench_function("and normalising", |bencher| {
        bencher.iter(|| {
            visit(dump, |record| {
                let _ = black_box(normalizer.normalize(&map.raw_contact(record)));
            });
        });
    });
    group.bench_function("and encoding", |bencher| {
        let mut encoded = Vec::new();
        bencher.iter(|| {
            visit(dump, |record| {
                encoded.clear();
                if let Ok(read) = normalizer.normalize(&map.raw_contact(record)) {
                    ENCODER.encode(&read.contact, &mut encoded);
                }
                black_box(&encoded);
            });
        });
    });
}

fn pipeline(criterion: &mut Criterion) {
    let mut dump = Vec::new();
    contacts::write(&mut dump, RECORDS, 1).expect("memory takes all bytes");
    let map = map(&dump);
    for (unit, throughput) in [
        ("records", Throughput::Elements(RECORDS)),
        ("bytes", Throughput::Bytes(dump.len() as u64)),
    ] {
        let mut group = criterion.benchmark_group(format!("pipeline, {unit}"));
        group.throughput(throughput);
        stages(&mut group, &dump);
        for (name, dedup) in [("first", DedupPolicy::First), ("merge", DedupPolicy::Merge)] {
            for threads in [1, 2] {
                group.bench_function(format!("whole, {name}, threads: {threads}"), |bencher| {
                    bencher.iter(|| run(&dump, &map, dedup, threads));
                });
            }
        }
        group.finish();
    }
}

criterion_group!(benches, pipeline);
criterion_main!(benches);
