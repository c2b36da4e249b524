//! The size of blocks never shows in the results.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::Cursor;
use std::path::Path;

use contactmill_benches::contacts;
use contactmill_core::columns::FieldMapping;
use contactmill_core::dedup::DedupPolicy;
use contactmill_core::pipeline::{Pipeline, PipelineOptions, scratch_in_memory};
use contactmill_core::records::SourceId;
use contactmill_core::{Normalizer, Options, Region};
use contactmill_emit::{
    ArrayLayout, ArrayWriter, BatchLimits, Existing, InputTable, RejectsFormat, ResultWriter,
    Staging, WriteThread, indexing_encoder,
};
use contactmill_source::{CsvOptions, CsvSource};

/// All files that a run over this dump writes, but the manifest.
fn results(dump: &[u8], dedup: DedupPolicy, block_bytes: usize, threads: usize) -> Vec<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let staging = Staging::new(&folder.path().join("out"), Existing::Keep).unwrap();
    let options = CsvOptions { block_bytes, ..CsvOptions::default() };
    let mut source = CsvSource::new("dump.csv", Cursor::new(dump), options).unwrap();
    let header = source.header().to_vec();
    let limits = BatchLimits { max_contacts: 50, ..BatchLimits::default() };
    let table = InputTable { name: "dump.csv", header: &header };
    let contacts =
        ArrayWriter::new(staging.files(), limits, ArrayLayout::Files, WriteThread::Own).unwrap();
    let encoder = indexing_encoder(&contacts, None);
    let mut result = ResultWriter::new(
        staging.files(),
        &[table],
        Box::new(contacts),
        RejectsFormat::Csv,
        &scratch_in_memory,
    )
    .unwrap();
    let normalizer = Normalizer::new(Options { region: Some(Region::IN), ..Options::default() });
    let map = FieldMapping::default().resolve(&header).unwrap();
    let encoder = encoder.as_deref();
    let run = PipelineOptions { threads, dedup, encoder, ..PipelineOptions::default() };
    let mut pipeline = Pipeline::new(&normalizer, run).unwrap();
    pipeline.feed(SourceId(0), &mut source, &map, &mut result).unwrap();
    let counts = pipeline.finish(&mut result).unwrap();
    assert_eq!(
        counts.records,
        counts.contacts + counts.duplicates + counts.excluded + counts.rejected + counts.blank
    );
    let finished = result.finish().unwrap();
    let tables = ["rejects.csv", "duplicates.csv", "warnings.csv", "contacts.index"];
    let arrays = finished.files.iter().map(|file| file.path.as_str());
    let read = |name: &str| std::fs::read(Path::new(&staging.path_of(name))).unwrap();
    arrays.chain(tables).map(read).collect()
}

#[test]
fn no_block_size_and_no_number_of_threads_shows() {
    let mut dump = Vec::new();
    contacts::write(&mut dump, 4_000, 5).unwrap();
    for dedup in [DedupPolicy::None, DedupPolicy::First, DedupPolicy::Last, DedupPolicy::Merge] {
        let expected = results(&dump, dedup, 128 << 10, 1);
        assert!(expected.len() > 20, "{dedup:?}");
        for block_bytes in [1, 700, 32 << 10] {
            for threads in [1, 2, 7] {
                let found = results(&dump, dedup, block_bytes, threads);
                assert!(found == expected, "{dedup:?} {block_bytes} {threads}");
            }
        }
    }
}
