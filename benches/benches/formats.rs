//! The same contacts in several formats, each beside a reader that does less.
//!
//! The measure is the processor time of all threads, as some formats are read by several threads.

#![allow(missing_docs, reason = "criterion's macros make the items")]

use std::fs;
use std::hint::black_box;
use std::io::{BufReader, Cursor, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use calamine::{Reader, Xlsx};
use contactmill_benches::contacts;
use contactmill_core::columns::FieldMapping;
use contactmill_core::records::{Block, Source};
use contactmill_source::{Dump, Input, ReadOptions};
use criterion::measurement::{Measurement, ValueFormatter};
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use rustix::time::{ClockId, clock_gettime};

const RECORDS: u64 = 100_000;

/// Processor time of all threads of the process.
struct ProcessorTime;

impl Measurement for ProcessorTime {
    type Intermediate = Duration;
    type Value = Duration;

    fn start(&self) -> Duration {
        let now = clock_gettime(ClockId::ProcessCPUTime);
        Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or_default())
    }

    fn end(&self, start: Duration) -> Duration {
        self.start() - start
    }

    fn add(&self, first: &Duration, second: &Duration) -> Duration {
        *first + *second
    }

    fn zero(&self) -> Duration {
        Duration::ZERO
    }

    fn to_f64(&self, value: &Duration) -> f64 {
        value.as_nanos() as f64
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        criterion::measurement::WallTime.formatter()
    }
}

/// Reads every record of a file, as `convert` does.
fn records(path: &Path) -> u64 {
    let mapping = FieldMapping::default();
    let is_header = |row: &[String]| mapping.resolve(row).is_ok();
    let options = ReadOptions { is_header: &is_header, ..ReadOptions::new(&tempfile::tempfile) };
    let input = Input::open(path, tempfile::tempfile).expect("it was just written");
    let mut records = 0;
    for member in Dump::of(input, options).expect("it is sound").members {
        let mut source = member.open(options).expect("it is sound");
        while let Some(block) = source.next_block().expect("it is sound") {
            let visited = block.visit(&mut |record| {
                black_box(record);
                records += 1;
            });
            visited.expect("it is sound");
        }
    }
    records
}

/// Reads the cells of a file by calamine alone.
fn cells(path: &Path) -> u64 {
    let file = fs::File::open(path).expect("it was just written");
    let mut workbook: Xlsx<_> = Xlsx::new(BufReader::new(file)).expect("it is sound");
    let sheet = workbook.sheet_names().remove(0);
    let mut cells = workbook.worksheet_cells_reader(&sheet).expect("it is sound");
    let mut count = 0;
    while let Some(cell) = cells.next_cell().expect("it is sound") {
        black_box(cell);
        count += 1;
    }
    count
}

/// A workbook with text cells and number cells.
fn workbook(csv: &[u8]) -> Vec<u8> {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet();
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(csv);
    for (row, record) in (0..).zip(reader.records()) {
        for (column, cell) in (0..).zip(record.expect("sound CSV").iter()) {
            let written = match cell.parse::<u64>() {
                Ok(number) => sheet.write_number(row, column, number as f64).map(|_| ()),
                Err(_) if cell.is_empty() => Ok(()),
                Err(_) => sheet.write_string(row, column, cell).map(|_| ()),
            };
            written.expect("a sheet has room for it");
        }
    }
    workbook.save_to_buffer().expect("memory takes all")
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).expect("memory takes all");
    encoder.finish().expect("memory takes all")
}

fn formats(criterion: &mut Criterion<ProcessorTime>) {
    let folder = tempfile::tempdir().expect("there is room for files");
    let file = |name: &str, bytes: &[u8]| -> PathBuf {
        let path = folder.path().join(name);
        fs::write(&path, bytes).expect("there is room for files");
        path
    };
    let mut csv = Vec::new();
    contacts::write(&mut csv, RECORDS, 1).expect("memory takes all");
    let text = String::from_utf8(csv.clone()).expect("contacts are text");
    let utf_16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut group = criterion.benchmark_group("formats");
    group.throughput(Throughput::Elements(RECORDS)).sample_size(10);
    let measure = |group: &mut BenchmarkGroup<'_, ProcessorTime>, name: &str, path: &Path| {
        group.bench_function(name, |bencher| bencher.iter(|| records(path)));
    };
    group.bench_function("csv, by the csv crate", |bencher| {
        bencher.iter(|| {
            let mut reader =
                csv::ReaderBuilder::new().flexible(true).from_reader(Cursor::new(&csv));
            let mut record = csv::ByteRecord::new();
            let mut fields = 0;
            while reader.read_byte_record(&mut record).expect("sound CSV") {
                fields += record.len();
            }
            fields
        });
    });
    measure(&mut group, "csv", &file("contacts.csv", &csv));
    measure(&mut group, "csv, gzip", &file("contacts.csv.gz", &gzip(&csv)));
    measure(&mut group, "csv, utf-16", &file("contacts-16.csv", &utf_16));
    let workbook = file("contacts.xlsx", &workbook(&csv));
    group.bench_function("xlsx, cells by calamine", |bencher| bencher.iter(|| cells(&workbook)));
    measure(&mut group, "xlsx", &workbook);
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().with_measurement(ProcessorTime);
    targets = formats
}
criterion_main!(benches);
