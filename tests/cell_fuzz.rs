//! The properties of cells, on the corpus and the findings of the fuzzer.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::duplicate_mod, reason = "each property brings what it needs")]

#[path = "../fuzz/properties/country.rs"]
mod country;
#[path = "../fuzz/properties/email.rs"]
mod email;
#[path = "../fuzz/properties/explain.rs"]
mod explain;
mod seeds;

use seeds::check_all;

#[test]
fn a_number_beside_a_country_is_one_of_that_country() {
    check_all("country", country::check);
}

#[test]
fn an_address_that_is_taken_is_one_and_one_that_is_not_is_said() {
    check_all("email", email::check);
}

#[test]
fn an_explanation_ends_as_a_conversion_does() {
    check_all("explain", explain::check);
}
