//! Drawing from tables, always in the same order and with the same numbers on every machine.
//!
//! All draws go through `u32`: `fastrand` takes another stream for `usize` on 32-bit machines, and
//! a file made there must have the same bytes.

use fastrand::Rng;

/// A table of items with weights, checked when it is compiled.
pub(crate) struct Weighted<T: 'static> {
    table: &'static [(T, u32)],
    total: u32,
}

impl<T: Copy> Weighted<T> {
    /// Takes the table as it stands. In a `const` or `static`, a table that adds up to nothing
    /// does not compile.
    pub(crate) const fn new(table: &'static [(T, u32)]) -> Self {
        let mut total = 0;
        let mut index = 0;
        while index < table.len() {
            total += table[index].1;
            index += 1;
        }
        assert!(total > 0, "a weighted table needs a weight");
        Self { table, total }
    }

    /// One item, each as often as its share of the total weight.
    pub(crate) fn draw(&self, rng: &mut Rng) -> T {
        let mut left = rng.u32(..self.total);
        for &(item, weight) in self.table {
            if left < weight {
                return item;
            }
            left -= weight;
        }
        // Not reached, since `left` was under the sum of the weights.
        self.table[0].0
    }

    /// The items in their order, over and over.
    pub(crate) fn nth(&self, count: usize) -> T {
        self.table[count % self.table.len()].0
    }

    /// Every item of the table, in its order.
    #[cfg(test)]
    pub(crate) fn items(&self) -> impl Iterator<Item = T> {
        self.table.iter().map(|&(item, _)| item)
    }
}

/// One of the items, all equally often. The list must not be empty; those of this crate are fixed
/// text, and a test draws from every one of them.
pub(crate) fn one_of<T: Copy>(rng: &mut Rng, items: &[T]) -> T {
    items[index(rng, items.len())]
}

/// A position in a list of `len` items, which must not be 0.
pub(crate) fn index(rng: &mut Rng, len: usize) -> usize {
    // No list here comes near 2^32 items, so the cast loses nothing.
    rng.u32(..len as u32) as usize
}

/// True in `percent` of 100 calls.
pub(crate) fn chance(rng: &mut Rng, percent: u32) -> bool {
    rng.u32(..100) < percent
}

/// Appends `count` random decimal digits.
pub(crate) fn push_digits(rng: &mut Rng, count: usize, out: &mut String) {
    for _ in 0..count {
        out.push(char::from(rng.u8(b'0'..=b'9')));
    }
}

/// The entries of a table that is written as one text: `"Asha, Ravi, da Silva"`.
pub(crate) fn entries(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.split(',').map(str::trim).filter(|entry| !entry.is_empty())
}
