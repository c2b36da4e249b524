//! Reads texts as tables in memory; see the property.

#![no_main]

#[path = "../properties/table.rs"]
mod table;

libfuzzer_sys::fuzz_target!(|data: &[u8]| table::check(data));
