//! SIGINT and SIGTERM: the first asks the run to stop and clean up, a second ends it at once.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::convert::Failure;

/// What has been asked for so far.
#[derive(Debug)]
pub(crate) struct Signals {
    any: Arc<AtomicBool>,
    /// Each signal with the exit code that shells expect of it: 128 and its number.
    each: Vec<(u8, Arc<AtomicBool>)>,
}

impl Signals {
    /// Listens from now on.
    #[cfg(unix)]
    pub(crate) fn listen() -> io::Result<Self> {
        use signal_hook::consts::{SIGINT, SIGTERM};
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
        Ok(Signals { any, each })
    }

    /// Nothing is listened to where there are no such signals.
    #[cfg(not(unix))]
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Signals { any: Arc::default(), each: Vec::new() })
    }

    /// Set once a signal has come.
    pub(crate) fn any(&self) -> &AtomicBool {
        &self.any
    }

    /// The exit code of the signal that came.
    pub(crate) fn code(&self) -> Option<u8> {
        let came = |own: &AtomicBool| own.load(Ordering::Relaxed);
        self.each.iter().find(|(_, own)| came(own)).map(|(code, _)| *code)
    }

    /// A run that stopped, stopped for the signal that came.
    pub(crate) fn name(&self, failure: Failure) -> Failure {
        match failure {
            Failure::Stopped(_) => Failure::Stopped(self.code()),
            other => other,
        }
    }
}
