//! Panics of readers that are not ours.

use std::sync::Once;

/// Lets panics of other packages unwind, as they do outside the fuzzer: they are caught where those
/// packages are called, and a panic that is not caught ends the fuzzer all the same.
pub(crate) fn may_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let ours = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let place = panic.location().map_or("", |location| location.file());
            if !place.contains("registry") {
                ours(panic);
            }
        }));
    });
}
