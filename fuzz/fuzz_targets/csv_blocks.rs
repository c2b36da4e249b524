//! Reads any input; see the property.

#![no_main]

#[path = "../properties/csv_blocks.rs"]
mod csv_blocks;

libfuzzer_sys::fuzz_target!(|data: &[u8]| csv_blocks::check(data));
