//! Reads compressed bytes; see the property.

#![no_main]

#[path = "../properties/archive.rs"]
mod archive;

libfuzzer_sys::fuzz_target!(|data: &[u8]| archive::check(data));
