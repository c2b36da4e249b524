//! Which contacts are the same, and what becomes of the later ones.

use std::hash::BuildHasher;

use contactmill_phone::PhoneNumber;
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
/// use contactmill_core::{MatchKey, Normalizer, Options, RawContact};
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
}

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
        let key = Compact::of(key);
        let Compact([low, high]) = key;
        let KeyIndex { hasher, table, keys } = self;
        let key_at = |place: u32| {
            let [low, high, _] = keys[place as usize];
            Compact([low, high])
        };
        let hash = |key: Compact| hasher.hash_one(key);
        let entry = table.entry(hash(key), |&at| key_at(at) == key, |&at| hash(key_at(at)));
        match entry {
            Entry::Occupied(entry) => Place::Known(*entry.get()),
            Entry::Vacant(entry) => {
                // There are fewer keys than records, and those are counted in a `u32`.
                entry.insert(keys.len() as u32);
                keys.push([low, high, record]);
                Place::New
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
        let key = Compact::of(key);
        let is_it = |&at: &u32| {
            let [low, high, _] = self.keys[at as usize];
            Compact([low, high]) == key
        };
        let place = self.table.find(self.hasher.hash_one(key), is_it)?;
        Some(self.record_at(*place))
    }
}

/// A key in 64 bits: a 1, the calling code, the national number with its leading zeros, as one
/// decimal number. Calling codes are such that none begins another (ITU-T E.164), and no national
/// number of a plan has more than 15 digits, so two numbers never share a key.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Compact([u32; 2]);

impl Compact {
    fn of(MatchKey(number): MatchKey) -> Self {
        let national = number.national_number();
        let digits = national.value().checked_ilog10().map_or(0, |log| log + 1);
        let length = digits + u32::from(national.leading_zeros());
        let leading = 1_000 + u64::from(number.calling_code());
        let shifted = 10_u64.checked_pow(length).and_then(|power| leading.checked_mul(power));
        let key = shifted.map_or(u64::MAX, |shifted| shifted + national.value());
        Compact([key as u32, (key >> 32) as u32])
    }
}

#[cfg(test)]
mod tests {
    use contactmill_phone::{Region, parse};

    use super::*;

    #[test]
    fn no_number_of_a_contact_is_too_long_for_its_key() {
        for code in (1..1_000).filter(|&code| Region::of_calling_code(code).is_some()) {
            for length in 16..=17 {
                let read = parse(&format!("+{code}{}", "9".repeat(length)), None);
                assert!(!read.is_ok_and(PhoneNumber::is_possible), "{code} {length}");
            }
        }
    }

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
}
