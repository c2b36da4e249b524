//! Ctrl-C while Rust is at work.
//!
//! Python notes a signal, and acts on it when the main thread comes back to it. So whoever stays away for
//! long has to ask.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread::{self, ThreadId};
use std::time::Duration;

use pyo3::prelude::*;

/// Time between two looks at whether there is a signal.
const LOOK_UP: Duration = Duration::from_millis(50);

/// Runs work on a thread of its own, without Python's lock, and asks for signals meanwhile. What a signal
/// raises (`KeyboardInterrupt` as a rule) stops the work, and is what comes of it.
pub(crate) fn interruptible<T: Send>(
    py: Python<'_>,
    work: impl FnOnce(&AtomicBool) -> T + Send,
) -> PyResult<T> {
    let stop = AtomicBool::new(false);
    py.detach(|| {
        thread::scope(|scope| {
            let (done, is_done) = channel::<()>();
            let at_work = scope.spawn(|| {
                // Dropped at the end, whatever the end is.
                let _done = done;
                work(&stop)
            });
            let mut raised = Ok(());
            while raised.is_ok() && is_done.recv_timeout(LOOK_UP) == Err(RecvTimeoutError::Timeout)
            {
                raised = Python::attach(asked_for_signals);
            }
            stop.store(raised.is_err(), Ordering::Relaxed);
            let came = at_work.join().unwrap_or_else(|panic| resume_unwind(panic));
            raised.map(|()| came)
        })
    })
}

/// Lets Python act on signals that have come.
fn asked_for_signals(py: Python<'_>) -> PyResult<()> {
    py.check_signals()
}

/// Asks for signals between the batches of a stream.
#[derive(Debug)]
pub(crate) struct SignalCheck(ThreadId);

impl SignalCheck {
    /// A check on the thread that this is called on. It has Python's lock, or had it before.
    pub(crate) fn on_this_thread() -> Self {
        SignalCheck(thread::current().id())
    }

    /// Whether a signal has raised an exception. It is raised again where the consumer of the stream
    /// returns to Python, as the stream itself can only fail.
    ///
    /// On another thread, somebody may hold Python's lock and wait for this very batch.
    pub(crate) fn is_interrupted(&self) -> bool {
        if thread::current().id() != self.0 {
            return false;
        }
        Python::attach(|py| {
            let is_interrupted = py.check_signals().is_err();
            if is_interrupted {
                // Where that cannot be done, the stream fails all the same.
                let _ =
                    py.import("_thread").and_then(|thread| thread.call_method0("interrupt_main"));
            }
            is_interrupted
        })
    }
}
