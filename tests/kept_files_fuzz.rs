//! The properties of files that are kept between runs, and of answers, on the corpus and the findings of the fuzzer.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../fuzz/properties/answer.rs"]
mod answer;
#[path = "../fuzz/properties/fixes.rs"]
mod fixes;
#[path = "../fuzz/properties/index.rs"]
mod index;
#[path = "../fuzz/properties/journal.rs"]
mod journal;
mod seeds;

use seeds::check_all;

#[test]
fn only_a_whole_success_acknowledges_and_no_secret_is_shown() {
    check_all("answer", answer::check);
}

#[test]
fn corrections_are_read_as_they_were_written() {
    check_all("fixes", fixes::check);
}

#[test]
fn an_index_is_what_was_written_or_none() {
    check_all("index", index::check);
}

#[test]
fn a_journal_is_what_was_written_and_accounts_for_everybody() {
    check_all("journal", journal::check);
}
