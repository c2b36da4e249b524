//! Reads any input; see the property.

#![no_main]

#[path = "../properties/dump.rs"]
mod dump;
#[path = "../properties/foreign.rs"]
mod foreign;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    foreign::may_panic();
    dump::check(data);
});
