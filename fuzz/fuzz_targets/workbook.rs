//! Reads parts of workbooks; see the property.

#![no_main]

#[path = "../properties/foreign.rs"]
mod foreign;
#[path = "../properties/workbook.rs"]
mod workbook;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    foreign::may_panic();
    workbook::check(data);
});
