//! The SHA-256 of bytes, taken while they are read.

use std::fmt;
use std::io::{self, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ring::digest::{Context, SHA256};

/// The SHA-256 of bytes, from the first to where they were read. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Digest(Arc<Mutex<State>>);

struct State {
    hasher: Context,
    bytes: u64,
}

impl Default for State {
    fn default() -> Self {
        State { hasher: Context::new(&SHA256), bytes: 0 }
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State").field("bytes", &self.bytes).finish_non_exhaustive()
    }
}

impl Digest {
    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic leaves nothing half done: a hasher takes bytes or does not.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes bytes that were read at this offset. Bytes that were read before are not hashed again, and
    /// bytes behind a gap are ignored until the gap is read.
    pub(crate) fn update(&self, position: u64, bytes: &[u8]) {
        let mut state = self.lock();
        let Some(known) = state.bytes.checked_sub(position) else { return };
        let Some(new) = usize::try_from(known).ok().and_then(|known| bytes.get(known..)) else {
            return;
        };
        state.hasher.update(new);
        state.bytes += new.len() as u64;
    }

    /// The number of bytes that it covers.
    pub(crate) fn bytes(&self) -> u64 {
        self.lock().bytes
    }

    /// The SHA-256 in hexadecimal.
    pub(crate) fn sha256(&self) -> String {
        let digest = self.lock().hasher.clone().finish();
        digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// A reader whose bytes are digested while they are read.
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
        self.digest.update(self.digest.bytes(), &buffer[..count]);
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
        digest.update(2, b"c");
        digest.update(0, b"ab");
        digest.update(0, b"a");
        digest.update(1, b"bc");
        assert_eq!((digest.bytes(), digest.sha256().as_str()), (3, expected));
    }
}
