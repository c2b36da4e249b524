//! The properties of tables in memory, on the corpus and the findings of the fuzzer.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod seeds;
#[path = "../fuzz/properties/table.rs"]
mod table;

use seeds::check_all;

#[test]
fn a_table_gives_its_rows_however_they_are_stored() {
    check_all("table", table::check);
}
