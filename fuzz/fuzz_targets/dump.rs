//! Reads any input; see the property.

#![no_main]

#[path = "../properties/dump.rs"]
mod dump;

libfuzzer_sys::fuzz_target!(|data: &[u8]| dump::check(data));
