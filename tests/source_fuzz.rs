//! The properties of sources, on the corpus and the findings of the fuzzer.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::duplicate_mod, reason = "each property brings what it needs")]

#[path = "../fuzz/properties/archive.rs"]
mod archive;
#[path = "../fuzz/properties/csv_blocks.rs"]
mod csv_blocks;
#[path = "../fuzz/properties/dump.rs"]
mod dump;
mod seeds;
#[path = "../fuzz/properties/workbook.rs"]
mod workbook;

use std::fs;
use std::path::Path;

use seeds::check_all;

const FUZZ: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz");

#[test]
fn every_text_reads_as_the_csv_crate_reads_it() {
    check_all("csv_blocks", csv_blocks::check);
}

#[test]
fn every_input_is_read_or_refused() {
    check_all("dump", dump::check);
}

#[test]
fn any_parts_make_a_workbook_that_is_read_or_refused() {
    check_all("workbook", workbook::check);
}

#[test]
fn compressed_input_gives_the_records_of_plain_input() {
    check_all("archive", archive::check);
}

#[test]
fn the_seeds_of_workbooks_are_workbooks() {
    for entry in fs::read_dir(Path::new(FUZZ).join("corpus/workbook")).unwrap() {
        let path = entry.unwrap().path();
        let is_sound = workbook::is_sound(&fs::read(&path).unwrap());
        let is_refused = path.to_string_lossy().ends_with("-refused");
        assert_eq!(is_sound, !is_refused, "{}", path.display());
    }
}
