//! Random numbers that are the same in every run.

/// Random numbers: xorshift64.
pub(crate) struct Draws(u64);

impl Draws {
    /// Another seed gives other numbers.
    pub(crate) const fn new(seed: u64) -> Self {
        Draws(0x9e37_79b9 ^ seed)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}
