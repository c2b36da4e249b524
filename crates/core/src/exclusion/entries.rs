//! The entries of exclusion lists: small, and quick to tell that something is not among them.

use std::hash::{BuildHasher, Hasher, RandomState};

use contactmill_phone::PhoneNumber;

use crate::dedup::index::CompactKey;
use crate::workers::Workers;

/// A list and a line of it: 24 and 40 bits, in order. In halves, so that an entry needs no padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place([u32; 2]);

impl Place {
    const LINE_BITS: u32 = 40;

    pub(super) const fn new(list: usize, line: u64) -> Self {
        let place = (list as u64) << Self::LINE_BITS | line & Self::MAX_LINE;
        Place([(place >> 32) as u32, place as u32])
    }

    const MAX_LINE: u64 = (1 << Self::LINE_BITS) - 1;

    const fn number(self) -> u64 {
        let Place([high, low]) = self;
        (high as u64) << 32 | low as u64
    }

    pub(super) const fn list(self) -> usize {
        (self.number() >> Self::LINE_BITS) as usize
    }

    pub(super) const fn line(self) -> u64 {
        self.number() & Self::MAX_LINE
    }
}

/// What something is known by in a list: a hash in 64 bits, and whatever tells it from others.
pub(super) trait EntryKey: Copy + Ord + Send {
    fn hash(self) -> u64;
}

/// All of a number, mixed so that numbers of one country are far apart: no two have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct NumberKey(pub(super) u64);

impl NumberKey {
    /// The key of a number; `None` if it is too long.
    pub(super) fn of(number: PhoneNumber) -> Option<Self> {
        let mut key = CompactKey::of(number.into())?.number();
        // Each step can be undone (MurmurHash3, fmix64), so that different numbers stay different.
        for factor in [0xff51_afd7_ed55_8ccd, 0xc4ce_b9fe_1a85_ec53] {
            key ^= key >> 33;
            key = key.wrapping_mul(factor);
        }
        Some(NumberKey(key ^ key >> 33))
    }
}

impl EntryKey for NumberKey {
    fn hash(self) -> u64 {
        self.0
    }
}

/// 96 keyed bits of an address in lower case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct AddressKey([u32; 3]);

impl AddressKey {
    pub(super) const fn of(first: u64, second: u64) -> Self {
        AddressKey([(first >> 32) as u32, first as u32, second as u32])
    }
}

impl EntryKey for AddressKey {
    fn hash(self) -> u64 {
        let AddressKey([high, low, _]) = self;
        u64::from(high) << 32 | u64::from(low)
    }
}

/// Hashes addresses. Keyed, so that nobody can choose addresses that share their bits.
#[derive(Debug, Default)]
pub(super) struct AddressHashers([RandomState; 2]);

impl AddressHashers {
    pub(super) fn key(&self, address: &str) -> AddressKey {
        AddressKey::of(self.half(0, address), self.half(1, address))
    }

    /// One of two hashes of an address in lower case.
    pub(super) fn half(&self, half: usize, address: &str) -> u64 {
        let mut hasher = self.0[half].build_hasher();
        if !address.is_ascii() {
            hasher.write(address.to_lowercase().as_bytes());
            return hasher.finish();
        }
        let mut lower = [0; 64];
        for part in address.as_bytes().chunks(lower.len()) {
            let lower = &mut lower[..part.len()];
            lower.copy_from_slice(part);
            lower.make_ascii_lowercase();
            hasher.write(lower);
        }
        hasher.finish()
    }
}

/// Keys in order, each with the first place that it stands in.
#[derive(Debug)]
pub(super) struct Entries<K> {
    pub(super) sorted: Vec<(K, Place)>,
    filter: Filter,
    /// The index of the first entry of each [`STRIDE`] words of the filter, and behind them that of none.
    strides: Vec<usize>,
}

/// Number of words of a filter whose entries, 32 on the average, are searched for a key.
const STRIDE: usize = 8;

impl<K> Default for Entries<K> {
    fn default() -> Self {
        Entries { sorted: Vec::new(), filter: Filter::default(), strides: Vec::new() }
    }
}

impl<K: EntryKey> Entries<K> {
    /// Brings what was pushed into order. Nothing is found before.
    pub(super) fn sort(&mut self, workers: &Workers) {
        workers.sort(&mut self.sorted);
        self.sorted.dedup_by_key(|(key, _)| *key);
        self.sorted.shrink_to_fit();
        self.filter = Filter::of(self.sorted.iter().map(|(key, _)| key.hash()));
        self.strides.clear();
        for (index, (key, _)) in self.sorted.iter().enumerate() {
            let stride = self.filter.word(key.hash()) / STRIDE;
            self.strides.resize(self.strides.len().max(stride + 1), index);
        }
        self.strides.resize(self.filter.0.len() / STRIDE + 2, self.sorted.len());
    }

    /// Whether something with this hash may stand here.
    pub(super) fn may_hold(&self, hash: u64) -> bool {
        self.filter.may_hold(hash)
    }

    /// Where something with this hash stands, whose key is asked for only if it may be there.
    pub(super) fn place(&self, hash: u64, key: impl FnOnce() -> K) -> Option<Place> {
        if !self.filter.may_hold(hash) {
            return None;
        }
        let (key, stride) = (key(), self.filter.word(hash) / STRIDE);
        let near = &self.sorted[self.strides[stride]..self.strides[stride + 1]];
        let found = near.binary_search_by_key(&key, |&(key, _)| key);
        found.ok().map(|index| near[index].1)
    }
}

/// A Bloom filter of hashes: five bits of one word each, so that one look into memory is enough. It
/// takes 2 bytes a hash, and takes one in 250 others for one of them.
#[derive(Debug, Default)]
struct Filter(Vec<u64>);

impl Filter {
    fn of(hashes: impl ExactSizeIterator<Item = u64>) -> Self {
        let mut filter = Filter(vec![0; hashes.len().div_ceil(4)]);
        for hash in hashes {
            let word = filter.word(hash);
            filter.0[word] |= Self::bits(hash);
        }
        filter
    }

    /// The word of a hash. Keys are in the order of their first bits, so these fill the words in order.
    fn word(&self, hash: u64) -> usize {
        let words = self.0.len() as u128;
        ((u128::from(hash) * words) >> 64) as usize
    }

    const fn bits(hash: u64) -> u64 {
        let (a, b, c) = (hash & 63, hash >> 6 & 63, hash >> 12 & 63);
        1 << a | 1 << b | 1 << c | 1 << (hash >> 18 & 63) | 1 << (hash >> 24 & 63)
    }

    fn may_hold(&self, hash: u64) -> bool {
        let bits = Self::bits(hash);
        self.0.get(self.word(hash)).is_some_and(|word| word & bits == bits)
    }
}

#[cfg(test)]
mod tests {
    use contactmill_phone::parse;

    use super::*;

    #[test]
    fn an_entry_takes_at_most_24_bytes() {
        let of_filter = Filter::of(vec![7; 1_000].into_iter()).0.len() * 8 / 1_000;
        assert_eq!(size_of::<(NumberKey, Place)>() + of_filter, 18);
        assert_eq!(size_of::<(AddressKey, Place)>() + of_filter, 22);
    }

    #[test]
    fn a_place_keeps_list_and_line() {
        let place = Place::new(70_000, 12_345_678_901);
        assert_eq!((place.list(), place.line()), (70_000, 12_345_678_901));
        assert!(Place::new(1, 900) < Place::new(2, 1) && Place::new(2, 1) < Place::new(2, 1 << 33));
    }

    #[test]
    fn everything_that_was_pushed_is_found_and_nothing_else() {
        let key = |n: u64| NumberKey::of(parse(&format!("+919{n:09}"), None).unwrap()).unwrap();
        let mut entries = Entries::default();
        for n in 0..20_000 {
            entries.sorted.push((key(n * 7), Place::new(0, n)));
            entries.sorted.push((key(n * 7), Place::new(1, n)));
        }
        entries.sort(&Workers::new(2).unwrap());
        let place = |n| entries.place(key(n).hash(), || key(n));
        assert!((0..20_000).all(|n| place(n * 7) == Some(Place::new(0, n))));
        assert!((0..20_000).all(|n| place(n * 7 + 1).is_none()));
        let passed = (0..20_000).filter(|n| entries.filter.may_hold(key(n * 7 + 1).hash()));
        // Every hash is the same on every machine, and so are those that share their bits.
        assert_eq!(passed.count(), 87);
        let none = Entries::<NumberKey>::default();
        assert_eq!(none.place(1, || NumberKey(1)), None);
    }

    #[test]
    fn an_address_hashes_the_same_in_any_case() {
        let hashers = AddressHashers::default();
        let long = format!("{}@example.com", "Asha".repeat(40));
        for address in ["Asha@Example.com", "Ärger@example.com", &long] {
            assert_eq!(hashers.key(address), hashers.key(&address.to_lowercase()));
        }
        assert_ne!(hashers.key("asha@example.com"), hashers.key("ashb@example.com"));
    }
}
