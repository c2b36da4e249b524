//! Reads parts of workbooks; see the property.

#![no_main]

#[path = "../properties/workbook.rs"]
mod workbook;

libfuzzer_sys::fuzz_target!(|data: &[u8]| workbook::check(data));
