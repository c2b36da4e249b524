//! Panics of parsers in other crates.

use std::sync::Once;

/// Lets panics of other packages unwind, as they do outside the fuzzer: source catches them where it calls
/// those packages. A panic that is not caught still ends the fuzzer.
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
