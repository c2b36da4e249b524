//! The index of match keys: which record has a number.

use std::hash::BuildHasher;

use foldhash::HashMap;
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use crate::dedup::MatchKey;
use crate::dedup::variant::other_form;

/// The match keys seen so far and, for each, the record of the run that has it: 18 to 24 bytes a key.
///
/// The table holds indexes into a list instead of keys, because a table must have free space and a
/// list need not.
#[derive(Default)]
pub(crate) struct KeyIndex {
    hasher: RandomState,
    table: HashTable<u32>,
    /// Each key with the number of its record in the run, in the order in which keys came.
    keys: Vec<[u32; 3]>,
    /// The indexes of keys that are too long for the table.
    long: HashMap<MatchKey, u32>,
}

/// Replaces both halves of a key that is too long for the table. No [`CompactKey`] has so high a
/// number.
const LONG: u32 = u32::MAX;

/// Whether a [`KeyIndex`] knew a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lookup {
    /// It did not.
    New,
    /// It did; the index of the key, in the order in which keys came.
    Known(u32),
}

impl KeyIndex {
    /// Looks a key up, and adds it for this record where it is not known.
    pub(crate) fn admit(&mut self, key: MatchKey, record: u32) -> Lookup {
        // There are fewer keys than records, and those are counted in a `u32`.
        let next = self.keys.len() as u32;
        let Some(compact) = CompactKey::of(key) else {
            let index = *self.long.entry(key).or_insert(next);
            if index != next {
                return Lookup::Known(index);
            }
            self.keys.push([LONG, LONG, record]);
            return Lookup::New;
        };
        if self.table.len() == self.table.capacity() {
            self.grow();
        }
        let KeyIndex { hasher, table, keys, .. } = self;
        let hash = |key: CompactKey| hasher.hash_one(key);
        let key_at = |index: u32| CompactKey::at(&keys[index as usize]);
        let is_it = |&index: &u32| key_at(index) == compact;
        match table.entry(hash(compact), is_it, |&index| hash(key_at(index))) {
            Entry::Occupied(entry) => Lookup::Known(*entry.get()),
            Entry::Vacant(entry) => {
                entry.insert(next);
                let CompactKey([low, high]) = compact;
                keys.push([low, high, record]);
                Lookup::New
            }
        }
    }

    /// Doubles the table before it does so itself: it would look up every key in the list, each far
    /// from the last in memory, and hold the old entries beside the new. Here the old ones go first,
    /// and the list is read from start to end.
    #[cold]
    fn grow(&mut self) {
        let room = (2 * self.table.capacity()).max(64);
        self.table = HashTable::new();
        self.table = HashTable::with_capacity(room);
        let KeyIndex { hasher, table, keys, .. } = self;
        let hash_at = |key: &[u32; 3]| hasher.hash_one(CompactKey::at(key));
        for (index, key) in (0..).zip(&*keys) {
            if key[..2] != [LONG; 2] {
                table.insert_unique(hash_at(key), index, |&index| hash_at(&keys[index as usize]));
            }
        }
    }

    /// The number of the record that has the key with this index.
    pub(crate) fn record_at(&self, index: u32) -> u32 {
        self.keys[index as usize][2]
    }

    /// Assigns the key with this index to another record.
    pub(crate) fn assign(&mut self, index: u32, record: u32) {
        self.keys[index as usize][2] = record;
    }

    /// The number of the record that has this key.
    pub(crate) fn record_of(&self, key: MatchKey) -> Option<u32> {
        let index = match CompactKey::of(key) {
            None => self.long.get(&key).copied(),
            Some(compact) => self.find(compact),
        }?;
        Some(self.record_at(index))
    }

    /// The index of the key that was added last.
    pub(crate) fn last(&self) -> u32 {
        // There are fewer keys than records, and those are counted in a `u32`.
        self.keys.len().saturating_sub(1) as u32
    }

    /// The index of the [other form](other_form) of a number, if that is known.
    pub(crate) fn other_form_of(&self, key: MatchKey) -> Option<u32> {
        let (code, national) = other_form(key)?;
        self.find(CompactKey::new(code, 0, national)?)
    }

    fn find(&self, key: CompactKey) -> Option<u32> {
        let is_it = |&index: &u32| CompactKey::at(&self.keys[index as usize]) == key;
        self.table.find(self.hasher.hash_one(key), is_it).copied()
    }
}

/// A key in 64 bits: all national numbers of up to 16 digits in order of their length, one calling
/// code after the other. Longer ones are possible, in Indonesia, but nobody has one.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct CompactKey([u32; 2]);

impl CompactKey {
    const MAX_DIGITS: u32 = 16;

    /// Number of strings with fewer digits: 1, 11, 111…
    const fn shorter(length: u32) -> u64 {
        (10_u64.pow(length) - 1) / 9
    }

    pub(crate) fn of(MatchKey(number): MatchKey) -> Option<Self> {
        let national = number.national_number();
        Self::new(number.calling_code(), national.leading_zeros(), national.value())
    }

    fn new(code: u16, leading_zeros: u8, national: u64) -> Option<Self> {
        let digits = national.checked_ilog10().map_or(0, |log| log + 1);
        let length = digits + u32::from(leading_zeros);
        if length > Self::MAX_DIGITS || code > 999 {
            return None;
        }
        let of_a_code = Self::shorter(Self::MAX_DIGITS + 1);
        let key = u64::from(code) * of_a_code + Self::shorter(length) + national;
        Some(CompactKey([key as u32, (key >> 32) as u32]))
    }

    /// The key as a number.
    pub(crate) const fn number(self) -> u64 {
        let CompactKey([low, high]) = self;
        (high as u64) << 32 | low as u64
    }

    const fn at(&[low, high, _]: &[u32; 3]) -> Self {
        CompactKey([low, high])
    }
}

#[cfg(test)]
mod tests {
    use contactmill_phone::parse;

    use super::*;

    #[test]
    fn keys_are_compared_by_number_alone() {
        let key = |text: &str| MatchKey(parse(text, None).unwrap());
        let mut index = KeyIndex::default();
        assert_eq!(index.admit(key("+39 06 1234 5678"), 4), Lookup::New);
        assert_eq!(index.admit(key("+39 6 1234 5678"), 5), Lookup::New);
        assert_eq!(index.admit(key("+91 98765 43210"), 6), Lookup::New);
        assert_eq!(index.admit(key("+39 0612345678"), 7), Lookup::Known(0));
        assert_eq!(index.record_at(0), 4);
        index.assign(0, 7);
        assert_eq!(index.record_of(key("+39 06 1234 5678")), Some(7));
        assert_eq!(index.record_of(key("+39 06 1234 5679")), None);
    }

    #[test]
    fn the_other_form_of_a_number_is_found() {
        let key = |text: &str| MatchKey(parse(text, None).unwrap());
        let mut index = KeyIndex::default();
        index.admit(key("+91 98765 43210"), 0);
        index.admit(key("+54 11 2345 6789"), 1);
        assert_eq!(index.last(), 1);
        assert_eq!(index.other_form_of(key("+54 9 11 2345 6789")), Some(1));
        assert_eq!(index.other_form_of(key("+54 11 2345 6789")), None);
        assert_eq!(index.other_form_of(key("+91 98765 43210")), None);
    }

    #[test]
    fn keys_survive_growth() {
        let key = |number: u64| MatchKey(parse(&format!("+9198{number:08}"), None).unwrap());
        let long = MatchKey(parse("+6280123456789012345", None).unwrap());
        assert!(CompactKey::of(long).is_none());
        let mut index = KeyIndex::default();
        assert_eq!(index.admit(long, 7), Lookup::New);
        for number in 0..5_000 {
            assert_eq!(index.admit(key(number), number as u32), Lookup::New);
        }
        for number in 0..5_000 {
            assert_eq!(index.admit(key(number), 0), Lookup::Known(number as u32 + 1));
        }
        assert_eq!(index.record_of(long), Some(7));
    }

    #[test]
    fn numbers_of_any_length_are_distinct() {
        let mut index = KeyIndex::default();
        let mut numbers = Vec::new();
        for code in ["1", "62", "888", "999"] {
            for length in 2..=17 {
                for digit in ["1", "9", "0"] {
                    // A last digit other than 0, so that there is a number behind the zeros.
                    let text = format!("+{code}{}3", digit.repeat(length - 1));
                    numbers.extend(parse(&text, None).map(MatchKey));
                }
            }
        }
        numbers.sort_unstable();
        numbers.dedup();
        assert!(numbers.len() > 90, "{}", numbers.len());
        assert!(numbers.iter().any(|&number| CompactKey::of(number).is_none()));
        for (record, &number) in (0..).zip(&numbers) {
            assert_eq!(index.admit(number, record), Lookup::New, "{number:?}");
        }
        for (record, &number) in (0..).zip(&numbers) {
            assert_eq!(index.record_of(number), Some(record));
            assert_eq!(index.admit(number, 1_000), Lookup::Known(record));
        }
    }
}
