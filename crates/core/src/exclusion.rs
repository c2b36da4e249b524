//! Who must not be written to: exclusion lists, and what is done about columns of consents.

use std::hash::{BuildHasher, RandomState};

use contactmill_phone::{PhoneNumber, parse};

use crate::cells::email::{self, EmailReading};
use crate::columns::mapping::{ColumnMap, RecordKind};
use crate::contact::Contact;
use crate::explain::Notes;
use crate::normalize::Normalizer;
use crate::raw::RawContact;
use crate::reason::{Field, Reason};
use crate::records::Block;

/// What becomes of contacts that a column of consents says must not be written to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OptOuts {
    /// They are emitted, and counted.
    #[default]
    Keep,
    /// They are excluded.
    Exclude,
}

/// Why a record was excluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Exclusion<'e> {
    /// A number or an address of it stands in an exclusion list.
    Listed {
        /// The field that holds it.
        field: &'e Field,
        /// The name of the list.
        list: &'e str,
        /// The line of the list, from 1.
        line: u64,
    },
    /// The person does not want to be written to.
    OptedOut {
        /// The column that says so.
        column: &'e str,
    },
}

impl Exclusion<'_> {
    /// The stable code.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        match self {
            Exclusion::Listed { .. } => Reason::ContactExcluded,
            Exclusion::OptedOut { .. } => Reason::ContactOptedOut,
        }
    }
}

/// The numbers and addresses of exclusion lists, as the cells of contacts are read.
///
/// An entry takes 24 bytes. Numbers are compared exactly. Of an address, in lower case, 128 keyed bits
/// are kept: that two of ten million listed addresses and a billion others share them has a
/// probability of some 10⁻²².
///
/// ```
/// use contactmill_core::columns::FieldMapping;
/// use contactmill_core::exclusion::ExclusionLists;
/// use contactmill_core::records::{Rows, Source};
/// use contactmill_core::{Normalizer, Options, Region};
///
/// let normalizer = Normalizer::new(Options { region: Some(Region::IN), ..Options::default() });
/// let map = FieldMapping::default().resolve(&["Phone".into()])?;
/// let mut rows = Rows::new([["https://wa.me/919876543210"], ["junk"]].into_iter());
///
/// let mut lists = ExclusionLists::default();
/// lists.begin("do-not-call.csv");
/// while let Some(block) = rows.next_block()? {
///     lists.add(&block, &map, &normalizer)?;
/// }
/// let counts = lists.end();
/// assert_eq!((counts.numbers, counts.unreadable), (1, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Default)]
pub struct ExclusionLists {
    names: Vec<String>,
    numbers: Entries,
    addresses: Entries,
    /// Keyed, so that nobody can choose addresses that share their bits; two, for 128 bits.
    hashers: [RandomState; 2],
    counts: ListCounts,
}

/// What an exclusion list holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListCounts {
    /// Phone numbers.
    pub numbers: u64,
    /// E-mail addresses.
    pub addresses: u64,
    /// Records in which something cannot be read, or nothing stands to be read.
    pub unreadable: u64,
    /// The line of the first of them.
    pub first_unreadable: Option<u64>,
}

/// A list and a line of it: 24 and 40 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place(u64);

impl Place {
    const LINE_BITS: u32 = 40;

    const fn new(list: usize, line: u64) -> Self {
        Place((list as u64) << Self::LINE_BITS | line & Self::MAX_LINE)
    }

    const MAX_LINE: u64 = (1 << Self::LINE_BITS) - 1;
}

/// What a contact is known by in a list: all of a number, or 128 bits of an address.
type Key = [u64; 2];

/// Keys in order, each with the first place that it stands in.
#[derive(Debug, Default)]
struct Entries(Vec<(Key, Place)>);

impl Entries {
    fn sort(&mut self) {
        self.0.sort_unstable();
        self.0.dedup_by_key(|(key, _)| *key);
        self.0.shrink_to_fit();
    }

    fn place(&self, key: Key) -> Option<Place> {
        let found = self.0.binary_search_by_key(&key, |&(key, _)| key);
        found.ok().map(|index| self.0[index].1)
    }
}

fn number_key(number: PhoneNumber) -> Key {
    let national = number.national_number();
    let code = u64::from(number.calling_code()) << 8 | u64::from(national.leading_zeros());
    [code, national.value()]
}

impl ExclusionLists {
    /// Whether a cell holds a number or an address. No header does: a first row with such a cell is an
    /// entry of a list, and would be lost as a header.
    #[must_use]
    pub fn is_entry(cell: &str, normalizer: &Normalizer) -> bool {
        normalizer.phone_of(&RawContact::default(), cell).is_ok()
            || email::read(cell, Notes::default()).into_addresses().is_some()
    }

    /// Begins the next list.
    pub fn begin(&mut self, name: impl Into<String>) {
        self.names.push(name.into());
        self.counts = ListCounts::default();
    }

    /// Adds the records of a block.
    ///
    /// # Errors
    ///
    /// When the block cannot be read.
    pub fn add<B: Block>(
        &mut self,
        block: &B,
        map: &ColumnMap,
        normalizer: &Normalizer,
    ) -> Result<(), B::Error> {
        block.visit(&mut |record| {
            let line = record.position().line;
            let is_read = match map.kind(record) {
                RecordKind::Blank => true,
                RecordKind::Rejected(_) => false,
                RecordKind::Contact => self.add_contact(&map.raw_contact(record), line, normalizer),
            };
            if !is_read {
                self.counts.unreadable += 1;
                self.counts.first_unreadable.get_or_insert(line);
            }
        })
    }

    /// Ends the list and returns what it holds.
    pub fn end(&mut self) -> ListCounts {
        self.numbers.sort();
        self.addresses.sort();
        self.counts
    }

    /// Adds every number and address of a record. Returns whether there is one, and all can be read.
    fn add_contact(&mut self, raw: &RawContact<'_>, line: u64, normalizer: &Normalizer) -> bool {
        let place = Place::new(self.names.len().saturating_sub(1), line);
        let before = self.counts;
        let mut is_read = true;
        for &cell in &raw.phones {
            match normalizer.phone_of(raw, cell) {
                Ok(reading) => {
                    for phone in reading.into_phones() {
                        self.counts.numbers += 1;
                        self.numbers.0.push((number_key(phone.number), place));
                    }
                }
                Err(Reason::PhoneMissing) => {}
                Err(_) => is_read &= self.add_addresses(cell, place),
            }
        }
        for &cell in &raw.emails {
            is_read &= self.add_addresses(cell, place);
        }
        let has_entry =
            (self.counts.numbers, self.counts.addresses) != (before.numbers, before.addresses);
        is_read && has_entry
    }

    /// Adds the addresses of a cell. Returns whether it can be read.
    fn add_addresses(&mut self, cell: &str, place: Place) -> bool {
        let addresses = match email::read(cell, Notes::default()) {
            EmailReading::Empty => return true,
            EmailReading::Bad => return false,
            EmailReading::One(address) => vec![address],
            EmailReading::Several(addresses) => addresses,
        };
        for address in addresses {
            self.counts.addresses += 1;
            let key = self.address_key(address.as_str());
            self.addresses.0.push((key, place));
        }
        true
    }

    fn address_key(&self, address: &str) -> Key {
        let address = address.to_lowercase();
        [0, 1].map(|half: usize| self.hashers[half].hash_one(&address))
    }

    /// The first number or address of a contact that stands in a list: its field, and where.
    pub(crate) fn find(&self, contact: &Contact<'_>) -> Option<(Field, Place)> {
        if let Some(place) = self.numbers.place(number_key(contact.phone)) {
            return Some((Field::Phone, place));
        }
        let place_of = |address: &str| self.addresses.place(self.address_key(address));
        if let Some(place) = contact.email.as_ref().and_then(|email| place_of(email.as_str())) {
            return Some((Field::Email, place));
        }
        // Whoever asks not to be reached by a number means all of the numbers.
        contact.attributes.iter().find_map(|attribute| {
            let (key, value) = (&*attribute.key, attribute.value.as_str());
            let place = match key.split_once('_')? {
                ("phone", nth) if nth.starts_with(is_digit) => {
                    let number = value.split(' ').next().and_then(|text| parse(text, None).ok())?;
                    self.numbers.place(number_key(number))
                }
                ("email", nth) if nth.starts_with(is_digit) => place_of(value),
                _ => None,
            }?;
            Some((Field::Attribute(key.into()), place))
        })
    }

    /// What stands in the proof for a place.
    pub(crate) fn listed<'e>(&'e self, field: &'e Field, Place(place): Place) -> Exclusion<'e> {
        let list = (place >> Place::LINE_BITS) as usize;
        let list = self.names.get(list).map_or("", String::as_str);
        Exclusion::Listed { field, list, line: place & Place::MAX_LINE }
    }
}

const fn is_digit(c: char) -> bool {
    c.is_ascii_digit()
}

/// Why a record of a block is excluded, until it is reported as an [`Exclusion`].
#[derive(Debug)]
pub(crate) enum Excluded {
    Listed(Field, Place),
    /// By the column at this index.
    OptedOut(usize),
}

/// Who is excluded from a run.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ExclusionRules<'a> {
    pub(crate) lists: Option<&'a ExclusionLists>,
    pub(crate) opt_outs: OptOuts,
}

impl<'a> ExclusionRules<'a> {
    /// Whether a contact is excluded; `opt_out` is the column that says so.
    pub(crate) fn check(self, contact: &Contact<'_>, opt_out: Option<usize>) -> Option<Excluded> {
        if let Some((field, place)) = self.lists.and_then(|lists| lists.find(contact)) {
            return Some(Excluded::Listed(field, place));
        }
        match self.opt_outs {
            OptOuts::Keep => None,
            OptOuts::Exclude => opt_out.map(Excluded::OptedOut),
        }
    }

    /// The reason as it is reported.
    pub(crate) fn exclusion<'e>(self, excluded: &'e Excluded, map: &'e ColumnMap) -> Exclusion<'e>
    where
        'a: 'e,
    {
        match (excluded, self.lists) {
            (Excluded::Listed(field, place), Some(lists)) => lists.listed(field, *place),
            (Excluded::Listed(field, _), None) => Exclusion::Listed { field, list: "", line: 0 },
            (Excluded::OptedOut(column), _) => Exclusion::OptedOut { column: map.name(*column) },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns::FieldMapping;
    use crate::options::Options;
    use crate::records::{Rows, Source};

    fn lists(entries: &[&str]) -> ExclusionLists {
        let normalizer = Normalizer::new(Options::default());
        let map = FieldMapping::default().resolve(&["Phone".into()]).unwrap();
        let mut rows = Rows::new(entries.iter().map(|&entry| [entry]));
        let mut lists = ExclusionLists::default();
        for name in ["empty", "list"] {
            lists.begin(name);
        }
        while let Some(block) = rows.next_block().unwrap() {
            lists.add(&block, &map, &normalizer).unwrap();
        }
        lists.end();
        lists
    }

    /// Where a contact with these cells is listed.
    fn found(lists: &ExclusionLists, phone: &str, email: &str) -> Option<String> {
        let mut raw = RawContact::default();
        raw.phones.push(phone);
        raw.emails.push(email);
        let normalizer = Normalizer::new(Options::default());
        let (field, place) = lists.find(&normalizer.normalize(&raw).unwrap().contact)?;
        match lists.listed(&field, place) {
            Exclusion::Listed { field, list, line } => Some(format!("{field} {list}:{line}")),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_entry_takes_24_bytes() {
        assert_eq!(size_of::<(Key, Place)>(), 24);
    }

    #[test]
    fn numbers_are_the_same_by_all_their_digits() {
        let lists = lists(&["+39 06 1234 5678", "+91 98765 43210", "+919876543210"]);
        assert_eq!(lists.numbers.0.len(), 2);
        assert_eq!(found(&lists, "+39 06 1234 5678", "").unwrap(), "phone list:1");
        assert_eq!(found(&lists, "https://wa.me/919876543210", "").unwrap(), "phone list:2");
        assert_eq!(found(&lists, "+91 98765 43211", ""), None);
        // Without its zero it is another number, if it is one.
        let [code, digits] = lists.numbers.0[0].0;
        assert!(lists.numbers.place([code & !0xFF, digits]).is_none());
    }

    #[test]
    fn addresses_are_the_same_in_any_case() {
        let lists = lists(&["Asha@Example.com"]);
        let asha = "asha@EXAMPLE.com";
        assert_eq!(found(&lists, "+91 98765 43210", asha).unwrap(), "email list:1");
        assert_eq!(found(&lists, "+91 98765 43210", "ravi@example.com"), None);
    }

    #[test]
    fn every_number_and_address_of_a_contact_counts() {
        let lists = lists(&["+91 99887 76655", "ravi@example.com"]);
        let several = "+91 98765 43210 / +91 99887 76655";
        assert_eq!(found(&lists, several, "").unwrap(), "attr:phone_2 list:1");
        let several = "asha@example.com; ravi@example.com";
        let expected = "attr:email_2 list:2";
        assert_eq!(found(&lists, "+91 98765 43210", several).unwrap(), expected);
    }

    #[test]
    fn a_place_keeps_list_and_line() {
        let Place(place) = Place::new(70_000, 12_345_678_901);
        assert_eq!((place >> Place::LINE_BITS, place & Place::MAX_LINE), (70_000, 12_345_678_901));
    }
}
