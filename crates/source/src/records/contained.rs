//! Containing the panics of parsers in other crates, which panic on some damaged files.
//!
//! Such a panic ends in an error, like any other damage. Its message is suppressed: it may quote what
//! stands in the file.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Once;

use crate::input::error::SourceProblem;

thread_local! {
    /// Whether a parser of another crate is at work on this thread.
    static IS_PARSING: Cell<bool> = const { Cell::new(false) };
}

/// Runs a parser of another crate. Errors call the file `what`.
pub(crate) fn contained<T, E: From<SourceProblem>>(
    what: &'static str,
    read: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    silence_parsers();
    let before = IS_PARSING.replace(true);
    // Whatever the closure has changed is dropped with it, so nobody sees a half-done state.
    let outcome = catch_unwind(AssertUnwindSafe(read));
    IS_PARSING.set(before);
    outcome.unwrap_or_else(|_| Err(SourceProblem::damaged(what, "it cannot be parsed").into()))
}

/// Puts a panic hook before the present one, once. It suppresses the message of a parser. A panic in
/// this crate is a defect of it, and is always reported.
fn silence_parsers() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        // The folder of this crate's sources: this file is in a folder of it.
        let own = Path::new(file!()).ancestors().nth(2);
        std::panic::set_hook(Box::new(move |panic| {
            let is_own = panic.location().is_some_and(|location| {
                own.is_some_and(|own| Path::new(location.file()).starts_with(own))
            });
            if is_own || !IS_PARSING.get() {
                before(panic);
            }
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_a_parser_is_damage() {
        let read = || -> Result<(), SourceProblem> {
            // The panic must not be in this crate: here it is in the standard library.
            let _ = std::iter::repeat_n(1_u8, 1).step_by(std::hint::black_box(0));
            Ok(())
        };
        let outcome = contained("Arrow file", read);
        assert!(matches!(outcome, Err(SourceProblem::Damaged { what: "Arrow file", .. })));
        assert!(!IS_PARSING.get());
        assert!(contained("Arrow file", || Ok::<_, SourceProblem>(1)).is_ok());
    }
}
