//! The SHA-256 of what is read, taken while it passes by.

use std::fmt;
use std::io::{self, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ring::digest::{Context, SHA256};

/// The SHA-256 of some bytes from their beginning, as far as they were read. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Digest(Arc<Mutex<Passed>>);

struct Passed {
    hasher: Context,
    bytes: u64,
}

impl Default for Passed {
    fn default() -> Self {
        Passed { hasher: Context::new(&SHA256), bytes: 0 }
    }
}

impl fmt::Debug for Passed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passed").field("bytes", &self.bytes).finish_non_exhaustive()
    }
}

impl Digest {
    fn lock(&self) -> MutexGuard<'_, Passed> {
        // Whoever panicked had nothing half done: a hasher takes bytes or does not.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of bytes that were read at this place. Going back does not hash twice, and what
    /// lies behind a gap waits until the gap is read.
    pub(crate) fn pass(&self, position: u64, bytes: &[u8]) {
        let mut passed = self.lock();
        let Some(known) = passed.bytes.checked_sub(position) else { return };
        let Some(new) = usize::try_from(known).ok().and_then(|known| bytes.get(known..)) else {
            return;
        };
        passed.hasher.update(new);
        passed.bytes += new.len() as u64;
    }

    /// How many bytes it covers.
    pub(crate) fn bytes(&self) -> u64 {
        self.lock().bytes
    }

    /// In hexadecimal.
    pub(crate) fn sha256(&self) -> String {
        let digest = self.lock().hasher.clone().finish();
        digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// A reader whose bytes are digested as they pass by.
pub(crate) struct Digested<R> {
    reader: R,
    digest: Digest,
}

impl<R: Read> Digested<R> {
    pub(crate) fn new(reader: R) -> Self {
        Digested { reader, digest: Digest::default() }
    }

    pub(crate) fn digest(&self) -> &Digest {
        &self.digest
    }
}

impl<R: Read> Read for Digested<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.digest.pass(self.digest.bytes(), &buffer[..count]);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_hashed_once_in_its_order() {
        // SHA-256 of "abc", FIPS 180-2, B.1.
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let digest = Digest::default();
        digest.pass(2, b"c");
        digest.pass(0, b"ab");
        digest.pass(0, b"a");
        digest.pass(1, b"bc");
        assert_eq!((digest.bytes(), digest.sha256().as_str()), (3, expected));
    }
}
