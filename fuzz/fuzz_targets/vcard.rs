//! Reads bytes as vCards; see the property.

#![no_main]

#[path = "../properties/vcard.rs"]
mod vcard;

libfuzzer_sys::fuzz_target!(|data: &[u8]| vcard::check(data));
