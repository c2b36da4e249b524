//! Explains bytes as cells; see the property.

#![no_main]

#[path = "../properties/explain.rs"]
mod explain;

libfuzzer_sys::fuzz_target!(|data: &[u8]| explain::check(data));
