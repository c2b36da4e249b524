//! Reads a cell both ways; see the property.

#![no_main]

#[path = "../properties/phone.rs"]
mod phone;

libfuzzer_sys::fuzz_target!(|data: &[u8]| phone::check(data));
