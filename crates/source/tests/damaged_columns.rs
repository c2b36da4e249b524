//! Damaged Parquet and Arrow files are read to their end or to an error, without a panic and without too
//! many records: a few thousand of them here, more with `PROPTEST_CASES`.

#![cfg(feature = "arrow")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

use contactmill_core::records::{Block, Source};
use contactmill_source::{DecompressLimits, Dump, Format, Input, ReadOptions, SourceError};
use proptest::prelude::*;

const CASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/cases");

const FILES: [&str; 11] = [
    "arrow-file/in.arrow",
    "arrow-stream/stdin",
    "arrow-values-of-every-kind/leads.arrow",
    "feather-lz4/leads.feather",
    "feather-zstd/leads.feather",
    "parquet/in.parquet",
    "parquet-brotli/leads.parquet",
    "parquet-encrypted-column/leads.parquet",
    "parquet-int96/leads.parquet",
    "parquet-lz4/leads.parquet",
    "parquet-values-of-every-kind/leads.parquet",
];

/// A change to some bytes of a file.
#[derive(Clone, Debug)]
enum Damage {
    /// A byte becomes another.
    Byte(u8),
    /// Four bytes become a number that is hard on sizes and offsets.
    Word(i32),
    /// All bytes from here on are gone.
    Cut,
}

fn damage() -> impl Strategy<Value = (f64, Damage)> {
    let hard = prop::sample::select(vec![0, 1, -1, 7, 1 << 16, 1 << 24, i32::MIN, i32::MAX]);
    let damage = prop_oneof![
        8 => any::<u8>().prop_map(Damage::Byte),
        4 => hard.prop_map(Damage::Word),
        1 => Just(Damage::Cut),
    ];
    (0.0..1.0, damage)
}

/// The number of records, and of the bytes in them.
fn read(bytes: &[u8]) -> Result<(u64, u64), SourceError> {
    let options = ReadOptions {
        decompress: DecompressLimits { max_bytes: 1 << 22, max_ratio: 250 },
        ..ReadOptions::new(&tempfile::tempfile)
    };
    let (mut records, mut len) = (0, 0);
    for member in Dump::of(Input::spool("input", bytes, options.scratch)?, options)?.members {
        let mut source = member.open(options)?;
        // Without its first bytes it is something else.
        if !matches!(source.format(), Format::Parquet | Format::ArrowIpc) {
            continue;
        }
        let (columns, mut line) = (source.header().len(), 0);
        while let Some(block) = source.next_block()? {
            block.visit(&mut |record| {
                assert!(record.position().line > line);
                assert!(record.len() >= columns);
                line = record.position().line;
                records += 1;
                len += record.iter().map(|field| field.len() as u64).sum::<u64>();
            })?;
        }
    }
    Ok((records, len))
}

#[test]
fn every_file_is_sound_before_it_is_damaged() {
    for file in FILES {
        let outcome = read(&fs::read(Path::new(CASES).join(file)).unwrap());
        assert_eq!(outcome.is_ok(), !file.contains("encrypted"), "{file}: {outcome:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: std::env::var("PROPTEST_CASES").map_or(3_000, |cases| cases.parse().unwrap()),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn damage_is_an_error_or_other_records_and_never_a_panic(
        file in prop::sample::select(&FILES[..]),
        damages in prop::collection::vec(damage(), 1..6),
    ) {
        let mut bytes = fs::read(Path::new(CASES).join(file)).unwrap();
        for (share, damage) in damages {
            let at = (share * bytes.len() as f64) as usize;
            match damage {
                Damage::Byte(byte) => {
                    if let Some(place) = bytes.get_mut(at) {
                        *place = byte;
                    }
                }
                Damage::Word(word) => {
                    if let Some(place) = bytes.get_mut(at..at + 4) {
                        place.copy_from_slice(&word.to_le_bytes());
                    }
                }
                Damage::Cut => bytes.truncate(at),
            }
        }
        if let Ok((records, _)) = read(&bytes) {
            // No more than what a bit each could hold.
            prop_assert!(records <= 8 * (bytes.len() as u64).max(1 << 20));
        }
    }
}
