//! Readers that are not ours, and panic on some of what is damaged.
//!
//! Their panics end in an error like any other damage. What they would print is kept to themselves:
//! a message of theirs may quote what stands in the file.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use crate::input::error::SourceProblem;

thread_local! {
    /// Whether a reader that is not ours is at work on this thread.
    static AT_WORK: Cell<bool> = const { Cell::new(false) };
}

/// Runs what reads a file by a reader that is not ours; `what` the file is called in errors.
pub(crate) fn contained<T, E: From<SourceProblem>>(
    what: &'static str,
    read: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    be_silent_about_readers();
    let before = AT_WORK.replace(true);
    // What the closure leaves behind is thrown away with it: nobody sees it half done.
    let outcome = catch_unwind(AssertUnwindSafe(read));
    AT_WORK.set(before);
    outcome.unwrap_or_else(|_| Err(SourceProblem::damaged(what, "it cannot be parsed").into()))
}

/// Puts a hook in front of the one there is, once: it lets pass what is not the panic of a reader.
/// A panic of this crate is a mistake in it, and is told even then.
fn be_silent_about_readers() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        let here = file!().trim_end_matches("contained.rs");
        std::panic::set_hook(Box::new(move |panic| {
            let is_ours = panic.location().is_some_and(|place| place.file().starts_with(here));
            if is_ours || !AT_WORK.get() {
                before(panic);
            }
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_a_reader_is_damage() {
        let read = || -> Result<(), SourceProblem> {
            // Nothing that stands in this crate: the standard library panics here.
            let _ = std::iter::repeat_n(1_u8, 1).step_by(std::hint::black_box(0));
            Ok(())
        };
        let outcome = contained("Arrow file", read);
        assert!(matches!(outcome, Err(SourceProblem::Damaged { what: "Arrow file", .. })));
        assert!(!AT_WORK.get());
        assert!(contained("Arrow file", || Ok::<_, SourceProblem>(1)).is_ok());
    }
}
