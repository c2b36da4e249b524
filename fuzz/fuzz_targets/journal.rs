//! Reads bytes as journals of uploads; see the property.

#![no_main]

#[path = "../properties/journal.rs"]
mod journal;

libfuzzer_sys::fuzz_target!(|data: &[u8]| journal::check(data));
