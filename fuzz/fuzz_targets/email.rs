//! Reads bytes as e-mail cells; see the property.

#![no_main]

#[path = "../properties/email.rs"]
mod email;

libfuzzer_sys::fuzz_target!(|data: &[u8]| email::check(data));
