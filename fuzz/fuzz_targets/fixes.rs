//! Reads bytes as corrections; see the property.

#![no_main]

#[path = "../properties/fixes.rs"]
mod fixes;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fixes::check(data));
