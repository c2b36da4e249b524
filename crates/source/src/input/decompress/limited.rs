//! Readers that count compressed and decompressed bytes, and stop where too much comes out.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::input::error::SourceProblem;
use crate::input::limits::DecompressLimits;

/// Up to this size the ratio does not apply.
const RATIO_APPLIES_FROM: u64 = 32 << 20;

impl DecompressLimits {
    /// Requires that `compressed` bytes may become `inflated` bytes.
    pub(crate) fn check(self, compressed: u64, inflated: u64) -> Result<(), SourceProblem> {
        let by_ratio = compressed.saturating_mul(self.max_ratio).max(RATIO_APPLIES_FROM);
        if inflated > self.max_bytes || inflated > by_ratio {
            return Err(SourceProblem::Inflated { limits: self });
        }
        Ok(())
    }
}

/// A reader that counts the bytes read through it.
pub(super) struct Counted<R> {
    reader: R,
    count: Arc<AtomicU64>,
}

impl<R: Read> Counted<R> {
    pub(super) fn new(reader: R) -> Self {
        Counted { reader, count: Arc::default() }
    }

    pub(super) fn count(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.count)
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.count.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// A reader of decompressed bytes that fails when too much comes out.
pub(super) struct Limited<R> {
    reader: R,
    compressed: Arc<AtomicU64>,
    inflated: u64,
    limits: DecompressLimits,
}

impl<R: Read> Limited<R> {
    pub(super) fn new(reader: R, compressed: Arc<AtomicU64>, limits: DecompressLimits) -> Self {
        Limited { reader, compressed, inflated: 0, limits }
    }
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.inflated += count as u64;
        self.limits.check(self.compressed.load(Ordering::Relaxed), self.inflated)?;
        Ok(count)
    }
}
