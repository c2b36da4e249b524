//! Which contacts are the same, and what becomes of the later ones.

pub(crate) mod codec;
pub(crate) mod merge;
pub(crate) mod spill;

use std::hash::BuildHasher;

use contactmill_phone::PhoneNumber;
use foldhash::HashMap;
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use crate::contact::Contact;
use crate::reason::Field;

/// What becomes of contacts with the same phone number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DedupPolicy {
    /// They stay side by side.
    None,
    /// The first is kept; later ones are skipped.
    First,
    /// The last is kept; earlier ones are skipped.
    Last,
    /// The first is kept and takes what later ones add: name and email where it has none, tags,
    /// attributes with new keys.
    #[default]
    Merge,
}

impl DedupPolicy {
    /// Whether what becomes of a contact is known only when everything has been read.
    pub(crate) const fn holds(self) -> bool {
        matches!(self, DedupPolicy::Last | DedupPolicy::Merge)
    }
}

/// What makes two contacts the same: the full international number.
///
/// ```
/// use contactmill_core::dedup::MatchKey;
/// use contactmill_core::{Normalizer, Options, RawContact};
///
/// let normalizer = Normalizer::new(Options::default());
/// let key = |phone| {
///     let mut raw = RawContact::default();
///     raw.phones.push(phone);
///     MatchKey::of(&normalizer.normalize(&raw).unwrap().contact)
/// };
/// assert_eq!(key("+91 98765 43210"), key("00919876543210"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MatchKey(PhoneNumber);

impl MatchKey {
    /// The key of a contact.
    #[must_use]
    pub const fn of(contact: &Contact<'_>) -> Self {
        MatchKey(contact.phone)
    }
}

impl From<PhoneNumber> for MatchKey {
    fn from(number: PhoneNumber) -> Self {
        MatchKey(number)
    }
}

/// A value of a merged record that lost against the value of the contact kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The field.
    pub field: Field,
    /// The value that is not emitted.
    pub value: Box<str>,
}

/// All that a merged record loses.
pub type Conflicts = Vec<Conflict>;

/// The keys seen so far and, for each, which record of the run has it: some 18 to 24 bytes a key.
///
/// The table holds places in a list instead of keys, because a table must have room to spare and a
/// list need not.
#[derive(Default)]
pub(crate) struct KeyIndex {
    hasher: RandomState,
    table: HashTable<u32>,
    /// By place: the key, and the number of the record in the run.
    keys: Vec<[u32; 3]>,
    /// The places of keys that are too long for the table.
    long: HashMap<MatchKey, u32>,
}

/// Stands in the list for both halves of a key that is too long for the table; no [`Compact`] one has
/// so high a number.
const LONG: u32 = u32::MAX;

/// Where a key stands in a [`KeyIndex`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// It was not known.
    New,
    /// It was known; its place, in the order in which keys came.
    Known(u32),
}

impl KeyIndex {
    /// Looks a key up, and adds it for this record where it is not known.
    pub(crate) fn admit(&mut self, key: MatchKey, record: u32) -> Place {
        // There are fewer keys than records, and those are counted in a `u32`.
        let next = self.keys.len() as u32;
        let Some(compact) = Compact::of(key) else {
            let place = *self.long.entry(key).or_insert(next);
            if place != next {
                return Place::Known(place);
            }
            self.keys.push([LONG, LONG, record]);
            return Place::New;
        };
        if self.table.len() == self.table.capacity() {
            self.grow();
        }
        let KeyIndex { hasher, table, keys, .. } = self;
        let hash = |key: Compact| hasher.hash_one(key);
        let key_at = |place: u32| Compact::at(&keys[place as usize]);
        let is_it = |&place: &u32| key_at(place) == compact;
        match table.entry(hash(compact), is_it, |&place| hash(key_at(place))) {
            Entry::Occupied(entry) => Place::Known(*entry.get()),
            Entry::Vacant(entry) => {
                entry.insert(next);
                let Compact([low, high]) = compact;
                keys.push([low, high, record]);
                Place::New
            }
        }
    }

    /// Makes room for as many keys again, before the table does so itself: it would look every key up
    /// where the list has it, each far from the last, and hold the old entries beside the new. Here
    /// the old ones go first, and the list is read from its beginning to its end.
    #[cold]
    fn grow(&mut self) {
        let room = (2 * self.table.capacity()).max(64);
        self.table = HashTable::new();
        self.table = HashTable::with_capacity(room);
        let KeyIndex { hasher, table, keys, .. } = self;
        let hash_at = |key: &[u32; 3]| hasher.hash_one(Compact::at(key));
        for (place, key) in (0..).zip(&*keys) {
            if key[..2] != [LONG; 2] {
                table.insert_unique(hash_at(key), place, |&place| hash_at(&keys[place as usize]));
            }
        }
    }

    /// The number of the record that has the key at this place.
    pub(crate) fn record_at(&self, place: u32) -> u32 {
        self.keys[place as usize][2]
    }

    /// Gives the key at this place to another record.
    pub(crate) fn give(&mut self, place: u32, record: u32) {
        self.keys[place as usize][2] = record;
    }

    /// The number of the record that has this key.
    pub(crate) fn record_of(&self, key: MatchKey) -> Option<u32> {
        let place = match Compact::of(key) {
            None => self.long.get(&key),
            Some(compact) => self.table.find(self.hasher.hash_one(compact), |&place| {
                Compact::at(&self.keys[place as usize]) == compact
            }),
        }?;
        Some(self.record_at(*place))
    }
}

/// A key in 64 bits: all national numbers of up to 16 digits in order of their length, one calling
/// code after the other. Longer ones are possible, in Indonesia, but nobody has one.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Compact([u32; 2]);

impl Compact {
    const MOST_DIGITS: u32 = 16;

    /// How many texts of fewer digits there are: 1, 11, 111…
    const fn shorter(length: u32) -> u64 {
        (10_u64.pow(length) - 1) / 9
    }

    fn of(MatchKey(number): MatchKey) -> Option<Self> {
        let (code, national) = (number.calling_code(), number.national_number());
        let digits = national.value().checked_ilog10().map_or(0, |log| log + 1);
        let length = digits + u32::from(national.leading_zeros());
        if length > Self::MOST_DIGITS || code > 999 {
            return None;
        }
        let of_a_code = Self::shorter(Self::MOST_DIGITS + 1);
        let key = u64::from(code) * of_a_code + Self::shorter(length) + national.value();
        Some(Compact([key as u32, (key >> 32) as u32]))
    }

    const fn at(&[low, high, _]: &[u32; 3]) -> Self {
        Compact([low, high])
    }
}

#[cfg(test)]
mod tests {
    use contactmill_phone::parse;

    use super::*;

    #[test]
    fn a_key_is_known_by_its_number_alone() {
        let key = |text: &str| MatchKey(parse(text, None).unwrap());
        let mut index = KeyIndex::default();
        assert_eq!(index.admit(key("+39 06 1234 5678"), 4), Place::New);
        assert_eq!(index.admit(key("+39 6 1234 5678"), 5), Place::New);
        assert_eq!(index.admit(key("+91 98765 43210"), 6), Place::New);
        assert_eq!(index.admit(key("+39 0612345678"), 7), Place::Known(0));
        assert_eq!(index.record_at(0), 4);
        index.give(0, 7);
        assert_eq!(index.record_of(key("+39 06 1234 5678")), Some(7));
        assert_eq!(index.record_of(key("+39 06 1234 5679")), None);
    }

    #[test]
    fn keys_stay_known_while_the_index_grows() {
        let key = |number: u64| MatchKey(parse(&format!("+9198{number:08}"), None).unwrap());
        let long = MatchKey(parse("+6280123456789012345", None).unwrap());
        assert!(Compact::of(long).is_none());
        let mut index = KeyIndex::default();
        assert_eq!(index.admit(long, 7), Place::New);
        for number in 0..5_000 {
            assert_eq!(index.admit(key(number), number as u32), Place::New);
        }
        for number in 0..5_000 {
            assert_eq!(index.admit(key(number), 0), Place::Known(number as u32 + 1));
        }
        assert_eq!(index.record_of(long), Some(7));
    }

    #[test]
    fn numbers_of_any_length_are_told_apart() {
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
        assert!(numbers.iter().any(|&number| Compact::of(number).is_none()));
        for (record, &number) in (0..).zip(&numbers) {
            assert_eq!(index.admit(number, record), Place::New, "{number:?}");
        }
        for (record, &number) in (0..).zip(&numbers) {
            assert_eq!(index.record_of(number), Some(record));
            assert_eq!(index.admit(number, 1_000), Place::Known(record));
        }
    }
}
