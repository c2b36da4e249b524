//! SIGINT and SIGTERM: the first asks the run to stop and clean up, a second ends it at once.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// Time between two looks at whether a signal has come.
const LOOK_UP: Duration = Duration::from_millis(20);

/// While this lives, a signal ends the process.
#[derive(Debug)]
pub(crate) struct EndsProcess {
    dropped: Option<Sender<()>>,
    watching: Option<JoinHandle<()>>,
}

impl Drop for EndsProcess {
    fn drop(&mut self) {
        self.dropped = None;
        if let Some(watching) = self.watching.take() {
            // It does not panic, and if it did there would be nothing more to watch.
            let _ = watching.join();
        }
    }
}

/// The signals that have come so far.
#[derive(Clone, Debug)]
pub(crate) struct Signals {
    any: Arc<AtomicBool>,
    /// Each signal with the exit code that shells expect of it: 128 and its number.
    each: Vec<(u8, Arc<AtomicBool>)>,
}

impl Signals {
    /// Listens from now on.
    #[cfg(unix)]
    pub(crate) fn listen() -> io::Result<Self> {
        use signal_hook::consts::{SIGINT, SIGTERM, SIGXFSZ};
        use signal_hook::flag::{register, register_conditional_shutdown};

        let any = Arc::new(AtomicBool::new(false));
        let mut each = Vec::new();
        for (signal, code) in [(SIGINT, 130), (SIGTERM, 143)] {
            // Before the flag is set, so that the first signal does not end the process.
            register_conditional_shutdown(signal, code.into(), Arc::clone(&any))?;
            register(signal, Arc::clone(&any))?;
            let own = Arc::new(AtomicBool::new(false));
            register(signal, Arc::clone(&own))?;
            each.push((code, own));
        }
        // A file that may not grow any more is an error where it is written, not the end.
        register(SIGXFSZ, Arc::default())?;
        Ok(Signals { any, each })
    }

    /// Nothing is listened to where there are no such signals.
    #[cfg(not(unix))]
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Signals { any: Arc::default(), each: Vec::new() })
    }

    /// Until what is returned is dropped, a signal ends the process, after `clean_up`. This is for
    /// work that looks at no flag, such as waiting for a pipe that nobody writes to.
    ///
    /// Where no thread can be started to wait for signals, only a second signal ends the process.
    pub(crate) fn end_process(&self, clean_up: impl FnOnce(u8) + Send + 'static) -> EndsProcess {
        let signals = self.clone();
        let (dropped, is_dropped) = channel();
        let watching = std::thread::Builder::new().spawn(move || {
            while is_dropped.recv_timeout(LOOK_UP) == Err(RecvTimeoutError::Timeout) {
                if let Some(code) = signals.exit_code() {
                    clean_up(code);
                    std::process::exit(code.into());
                }
            }
        });
        EndsProcess { dropped: Some(dropped), watching: watching.ok() }
    }

    /// Set once a signal has come.
    pub(crate) fn any(&self) -> &AtomicBool {
        &self.any
    }

    /// The exit code of the signal that has come.
    pub(crate) fn exit_code(&self) -> Option<u8> {
        let came = |own: &AtomicBool| own.load(Ordering::Relaxed);
        self.each.iter().find(|(_, own)| came(own)).map(|(code, _)| *code)
    }
}
