//! Reads bytes as country cells; see the property.

#![no_main]

#[path = "../properties/country.rs"]
mod country;

libfuzzer_sys::fuzz_target!(|data: &[u8]| country::check(data));
