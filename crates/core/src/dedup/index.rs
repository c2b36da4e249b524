//! The index of match keys: which record has a number.

use std::hash::BuildHasher;

use foldhash::HashMap;
use foldhash::fast::RandomState;

use crate::dedup::MatchKey;
use crate::dedup::variant::other_form;

/// The match keys seen so far and, for each, the record of the run that has it: about 20 bytes a key.
///
/// Keys stand in tables themselves, so that looking one up is one place in memory, and there are many
/// tables, so that growing copies one that fits into a cache and never holds all keys twice.
pub(crate) struct KeyIndex {
    hasher: RandomState,
    shards: Vec<Shard>,
    /// The number in the run of the record of each key, in the order in which keys came.
    records: Vec<u32>,
    /// The indexes of keys that are too long for the tables.
    long: HashMap<MatchKey, u32>,
}

/// Number of bits of a hash that say which shard a key is in.
const SHARD_BITS: u32 = 8;

impl Default for KeyIndex {
    fn default() -> Self {
        KeyIndex {
            hasher: RandomState::default(),
            shards: (0..1 << SHARD_BITS).map(Shard::new).collect(),
            records: Vec::new(),
            long: HashMap::default(),
        }
    }
}

/// Whether a [`KeyIndex`] knew a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lookup {
    /// It did not.
    New,
    /// It did; the index of the key, in the order in which keys came.
    Known(u32),
}

impl KeyIndex {
    /// Reads the places of keys that are looked up next. They are far apart in memory, and a processor
    /// waits for many of them at once where nothing depends on what is read.
    pub(crate) fn prefetch(&self, keys: impl Iterator<Item = MatchKey>) {
        let places = keys.filter_map(CompactKey::of).map(|key| {
            let hash = self.hash(key);
            self.shard(hash).first(hash).map_or(0, |slot| slot.index)
        });
        std::hint::black_box(places.fold(0, |all, index| all ^ index));
    }

    /// Looks a key up, and adds it for this record where it is not known.
    pub(crate) fn admit(&mut self, key: MatchKey, record: u32) -> Lookup {
        // There are fewer keys than records, and those are counted in a `u32`.
        let next = self.records.len() as u32;
        let index = match CompactKey::of(key) {
            None => *self.long.entry(key).or_insert(next),
            Some(key) => {
                let hash = self.hash(key);
                let KeyIndex { hasher, shards, .. } = self;
                let shard = &mut shards[shard_of(hash)];
                if shard.is_full() {
                    shard.grow(|key| hasher.hash_one(key));
                }
                shard.find_or_insert(hash, key, next)
            }
        };
        if index == next {
            self.records.push(record);
            return Lookup::New;
        }
        Lookup::Known(index)
    }

    /// The number of the record that has the key with this index.
    pub(crate) fn record_at(&self, index: u32) -> u32 {
        self.records[index as usize]
    }

    /// Assigns the key with this index to another record.
    pub(crate) fn assign(&mut self, index: u32, record: u32) {
        self.records[index as usize] = record;
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
        self.records.len().saturating_sub(1) as u32
    }

    /// The index of the [other form](other_form) of a number, if that is known.
    pub(crate) fn other_form_of(&self, key: MatchKey) -> Option<u32> {
        let (code, national) = other_form(key)?;
        self.find(CompactKey::new(code, 0, national)?)
    }

    fn find(&self, key: CompactKey) -> Option<u32> {
        let hash = self.hash(key);
        self.shard(hash).find(hash, key)
    }

    fn hash(&self, key: CompactKey) -> u64 {
        self.hasher.hash_one(key)
    }

    fn shard(&self, hash: u64) -> &Shard {
        &self.shards[shard_of(hash)]
    }
}

const fn shard_of(hash: u64) -> usize {
    (hash >> (u64::BITS - SHARD_BITS)) as usize
}

/// A table of keys. Where a place is taken, the next one is tried.
struct Shard {
    /// The first allocation; that of each shard differs, so that not all grow at once.
    first_len: usize,
    slots: Vec<Slot>,
    used: usize,
}

#[derive(Clone, Copy)]
struct Slot {
    key: CompactKey,
    /// The index of the key, or [`FREE`].
    index: u32,
}

/// No key has this index.
const FREE: u32 = u32::MAX;

impl Shard {
    const fn new(number: usize) -> Self {
        Shard { first_len: 16 + number % 16, slots: Vec::new(), used: 0 }
    }

    /// Whether so few places are free that looking up takes long.
    const fn is_full(&self) -> bool {
        self.used * 5 >= self.slots.len() * 4
    }

    /// The first place of a key with this hash.
    const fn place(&self, hash: u64) -> usize {
        // The bits that did not choose the shard, as a fraction of the table.
        let fraction = (hash << SHARD_BITS) >> 32;
        ((fraction * self.slots.len() as u64) >> 32) as usize
    }

    fn first(&self, hash: u64) -> Option<&Slot> {
        self.slots.get(self.place(hash))
    }

    fn find(&self, hash: u64, key: CompactKey) -> Option<u32> {
        let (before, behind) = self.slots.split_at(self.place(hash));
        let places = behind.iter().chain(before);
        let slot = places.take_while(|slot| slot.index != FREE).find(|slot| slot.key == key);
        slot.map(|slot| slot.index)
    }

    /// The index of the key, which is this one if it is new. There must be a free place.
    fn find_or_insert(&mut self, hash: u64, key: CompactKey, index: u32) -> u32 {
        let mut place = self.place(hash);
        loop {
            let slot = &mut self.slots[place];
            if slot.index == FREE {
                *slot = Slot { key, index };
                self.used += 1;
                return index;
            }
            if slot.key == key {
                return slot.index;
            }
            place = if place + 1 == self.slots.len() { 0 } else { place + 1 };
        }
    }

    #[cold]
    fn grow(&mut self, hash: impl Fn(CompactKey) -> u64) {
        let len = (self.slots.len() + self.slots.len() / 4).max(self.first_len);
        let free = Slot { key: CompactKey([0; 2]), index: FREE };
        let old = std::mem::replace(&mut self.slots, vec![free; len]);
        self.used = 0;
        for Slot { key, index } in old.into_iter().filter(|slot| slot.index != FREE) {
            self.find_or_insert(hash(key), key, index);
        }
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
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

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
    fn keys_take_little_room_and_stand_near_their_places() {
        let mut index = KeyIndex::default();
        for number in 0..20_000 {
            index.admit(MatchKey(parse(&format!("+9198{number:08}"), None).unwrap()), number);
        }
        let (mut slots, mut steps) = (0, 0);
        for shard in &index.shards {
            assert!((20..200).contains(&shard.used), "{}", shard.used);
            slots += shard.slots.len();
            for (at, slot) in shard.slots.iter().enumerate().filter(|(_, slot)| slot.index != FREE)
            {
                let first = shard.place(index.hash(slot.key));
                steps += (at + shard.slots.len() - first) % shard.slots.len();
            }
        }
        assert!(slots < 40_000, "{slots}");
        assert!(steps < 80_000, "{steps}");
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
        let keys = numbers.iter().filter_map(|&number| CompactKey::of(number));
        let keys: Vec<u64> = keys.map(CompactKey::number).collect();
        assert_eq!(keys.iter().collect::<HashSet<_>>().len(), keys.len());
        assert!(keys.iter().any(|&key| key > u64::from(u32::MAX)));
        for (record, &number) in (0..).zip(&numbers) {
            assert_eq!(index.record_of(number), Some(record));
            assert_eq!(index.admit(number, 1_000), Lookup::Known(record));
        }
    }
}
