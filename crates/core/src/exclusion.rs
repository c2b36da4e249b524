//! Who must not be written to: exclusion lists, and what is done about columns of consents.

mod entries;

use std::collections::HashMap;

use contactmill_phone::{PhoneNumber, parse};

use self::entries::{AddressHashers, AddressKey, Entries, NumberKey, Place};
use crate::cells::email::{self, EmailReading};
use crate::cells::phone::{Phone, PhoneReading};
use crate::columns::column_map::{ColumnMap, RecordKind};
use crate::contact::{Contact, EmailAddress};
use crate::dedup::MatchKey;
use crate::dedup::variant::other_form;
use crate::explain::Notes;
use crate::normalize::Normalizer;
use crate::raw::RawContact;
use crate::reason::{Field, Reason, Warning, WarningCode};
use crate::records::{Block, Record, Source};
use crate::workers::{NoThreads, Workers};

/// What happens to contacts that a column of consents says must not be written to.
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

/// The numbers and addresses of exclusion lists, as the cells of contacts are read. A [`ListReader`]
/// makes it.
///
/// A number takes some 18 bytes, an address 22. Numbers are compared exactly. Of an address, in lower case, 96 keyed
/// bits are kept: that two of ten million listed addresses and a billion others share them has a
/// probability of some 10⁻¹³.
#[derive(Debug, Default)]
pub struct ExclusionLists {
    names: Vec<String>,
    numbers: Entries<NumberKey>,
    /// Numbers that are too long for a [`NumberKey`].
    long: HashMap<MatchKey, Place>,
    addresses: Entries<AddressKey>,
    hashers: AddressHashers,
}

/// Reads exclusion lists.
///
/// ```
/// use contactmill_core::columns::FieldMapping;
/// use contactmill_core::exclusion::ListReader;
/// use contactmill_core::records::Rows;
/// use contactmill_core::{Normalizer, Options, Region};
///
/// let normalizer = Normalizer::new(Options { region: Some(Region::IN), ..Options::default() });
/// let map = FieldMapping::default().resolve(&["Phone".into()])?;
/// let mut rows = Rows::new([["https://wa.me/919876543210"], ["junk"]].into_iter());
///
/// let mut reader = ListReader::new(&normalizer, 1)?;
/// let proceed = || Ok::<(), std::convert::Infallible>(());
/// let counts = reader.read("do-not-call.csv", &mut rows, &map, proceed)?;
/// assert_eq!((counts.numbers, counts.unreadable), (1, 1));
/// let lists = reader.finish();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ListReader<'n> {
    normalizer: &'n Normalizer,
    workers: Workers,
    lists: ExclusionLists,
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

/// What the workers find in a block of a list.
#[derive(Default)]
struct BlockEntries {
    numbers: Vec<(PhoneNumber, u64)>,
    /// The other forms of these numbers, where they have one.
    other_forms: Vec<(PhoneNumber, u64)>,
    addresses: Vec<(AddressKey, u64)>,
    unreadable: u64,
    first_unreadable: Option<u64>,
}

/// What the worker needs who reads a block of a list.
#[derive(Clone, Copy)]
struct BlockReader<'r> {
    normalizer: &'r Normalizer,
    map: &'r ColumnMap,
    hashers: &'r AddressHashers,
}

impl<'n> ListReader<'n> {
    /// A reader on this number of threads; 0 for one per core. With 1, the calling thread does
    /// everything.
    ///
    /// # Errors
    ///
    /// When threads cannot be started.
    pub fn new(normalizer: &'n Normalizer, threads: usize) -> Result<Self, NoThreads> {
        let (workers, lists) = (Workers::new(threads)?, ExclusionLists::default());
        Ok(ListReader { normalizer, workers, lists })
    }

    /// Whether a cell holds a number or an address. No header does: a first row with such a cell is an
    /// entry of a list, and would be lost as a header.
    #[must_use]
    pub fn is_entry(&self, cell: &str) -> bool {
        self.normalizer.phone_of(&RawContact::default(), cell).is_ok()
            || email::read(cell, Notes::default()).into_addresses().is_some()
    }

    /// Reads the next list to its end, asking `proceed` before every block. Returns what it holds.
    ///
    /// # Errors
    ///
    /// When the list cannot be read, and that of `proceed`.
    pub fn read<S: Source, E: From<S::Error>>(
        &mut self,
        name: impl Into<String>,
        source: &mut S,
        map: &ColumnMap,
        mut proceed: impl FnMut() -> Result<(), E>,
    ) -> Result<ListCounts, E> {
        let ListReader { normalizer, workers, lists } = self;
        let ExclusionLists { names, numbers, long, addresses, hashers } = lists;
        let list = names.len();
        names.push(name.into());
        let mut counts = ListCounts::default();
        let reader = BlockReader { normalizer, map, hashers };
        workers.in_order(
            || {
                proceed()?;
                source.next_block().map_err(E::from)
            },
            |block, committed: Option<BlockEntries>| {
                reader.entries(&block, committed.unwrap_or_default())
            },
            |read| {
                let read: BlockEntries = read?;
                counts.numbers += read.numbers.len() as u64;
                counts.addresses += read.addresses.len() as u64;
                counts.unreadable += read.unreadable;
                counts.first_unreadable = counts.first_unreadable.or(read.first_unreadable);
                for &(number, line) in read.numbers.iter().chain(&read.other_forms) {
                    let place = Place::new(list, line);
                    match NumberKey::of(number) {
                        Some(key) => numbers.sorted.push((key, place)),
                        None => drop(long.entry(number.into()).or_insert(place)),
                    }
                }
                let keys = read.addresses.iter();
                addresses.sorted.extend(keys.map(|&(key, line)| (key, Place::new(list, line))));
                Ok(read)
            },
        )?;
        Ok(counts)
    }

    /// What was read.
    #[must_use]
    pub fn finish(self) -> ExclusionLists {
        let ListReader { workers, mut lists, .. } = self;
        lists.numbers.sort(&workers);
        lists.addresses.sort(&workers);
        lists
    }
}

impl BlockReader<'_> {
    /// The entries of a block, in the memory of another.
    fn entries<B: Block>(
        self,
        block: &B,
        mut entries: BlockEntries,
    ) -> Result<BlockEntries, B::Error> {
        entries.numbers.clear();
        entries.other_forms.clear();
        entries.addresses.clear();
        (entries.unreadable, entries.first_unreadable) = (0, None);
        let mut empty = RawContact::default();
        block.visit(&mut |record| {
            let line = record.position().line;
            let is_read = match self.map.kind(record) {
                RecordKind::Blank => true,
                // Whoever can be read in a damaged row means to be left out all the same.
                RecordKind::Rejected(reason) => {
                    let is_found = self.add_cells(record, line, &mut entries);
                    is_found && matches!(reason, Reason::RowTooManyFields | Reason::RowTooFewFields)
                }
                RecordKind::Contact => {
                    let mut raw: RawContact<'_> = std::mem::take(&mut empty);
                    self.map.fill(record, &mut raw);
                    let is_read = self.add_contact(&raw, line, &mut entries);
                    empty = raw.emptied();
                    is_read
                }
            };
            if !is_read {
                entries.unreadable += 1;
                entries.first_unreadable.get_or_insert(line);
            }
        })?;
        Ok(entries)
    }

    /// Adds every number and address of a record. Returns whether there is one, and all can be read.
    fn add_contact(self, raw: &RawContact<'_>, line: u64, entries: &mut BlockEntries) -> bool {
        let before = (entries.numbers.len(), entries.addresses.len());
        let mut is_read = true;
        let of_others = raw.phones_of_others.iter().map(|&(cell, _)| cell);
        for cell in raw.phones.iter().copied().chain(of_others) {
            // A country that is another's, or none, keeps nobody on the list.
            let alone = |_| self.normalizer.phone_of(&RawContact::default(), cell);
            match self.normalizer.phone_of(raw, cell).or_else(alone) {
                Ok(reading) => is_read &= self.add_phones(cell, reading, line, entries),
                Err(Reason::PhoneMissing) => {}
                Err(_) => is_read &= self.add_addresses(cell, line, entries),
            }
        }
        for &cell in &raw.emails {
            is_read &= self.add_addresses(cell, line, entries);
        }
        for &(_, cell) in &raw.attributes {
            self.add_cell(raw, cell, line, entries);
        }
        is_read && (entries.numbers.len(), entries.addresses.len()) != before
    }

    /// Adds every number and address of a record, whatever its columns are. Returns whether there is one.
    fn add_cells(self, record: Record<'_>, line: u64, entries: &mut BlockEntries) -> bool {
        let before = (entries.numbers.len(), entries.addresses.len());
        for cell in record.iter() {
            self.add_cell(&RawContact::default(), cell, line, entries);
        }
        (entries.numbers.len(), entries.addresses.len()) != before
    }

    /// Adds what stands in a cell that need hold neither a number nor an address.
    fn add_cell(self, raw: &RawContact<'_>, cell: &str, line: u64, entries: &mut BlockEntries) {
        match self.normalizer.phone_of(raw, cell) {
            Ok(reading) if has_digits(cell, FEWEST_DIGITS) => {
                self.add_phones(cell, reading, line, entries);
            }
            _ => drop(cell.contains('@') && self.add_addresses(cell, line, entries)),
        }
    }

    /// Adds the numbers of a cell, and addresses beside them. Returns whether all of it was read: whoever
    /// stands behind the first number means to be left out, too.
    fn add_phones(
        self,
        cell: &str,
        reading: PhoneReading,
        line: u64,
        entries: &mut BlockEntries,
    ) -> bool {
        let mut left = cell.bytes().filter(u8::is_ascii_digit).count();
        let mut is_read = true;
        for Phone { number, extension } in reading.into_phones() {
            let national = number.national_number().to_string().len();
            let extension = extension.map_or(0, |extension| extension.len());
            left = left.saturating_sub(national + extension);
            entries.numbers.push((number, line));
            entries.other_forms.extend(in_other_form(number).map(|number| (number, line)));
        }
        if cell.contains('@') {
            is_read = self.add_addresses(cell, line, entries);
        } else if left >= FEWEST_DIGITS {
            is_read = false;
        }
        is_read
    }

    /// Adds the addresses of a cell, and those beside other words. Returns whether all were read.
    fn add_addresses(self, cell: &str, line: u64, entries: &mut BlockEntries) -> bool {
        addresses_in(cell, |address| {
            entries.addresses.push((self.hashers.key(address.as_str()), line));
        })
    }
}

/// Hands over the addresses of a cell, and those beside other words. Returns whether all were read.
fn addresses_in(cell: &str, mut take: impl FnMut(&EmailAddress<'_>)) -> bool {
    match email::read(cell, Notes::default()) {
        EmailReading::Empty => return true,
        // `*@example.com` is meant for many, and is nobody's.
        EmailReading::One(address) if address.as_str().contains('*') => return false,
        EmailReading::One(address) if cell.matches('@').count() == 1 => {
            take(&address);
            return true;
        }
        _ => {}
    }
    let is_end = |c: char| c.is_whitespace() || ";,|/<>()[]\"'".contains(c);
    let pieces = cell.split(is_end).filter(|piece| piece.contains('@'));
    let (mut is_found, mut is_read) = (false, true);
    for piece in pieces {
        match email::read(piece, Notes::default()).into_addresses() {
            Some(addresses) => addresses.iter().for_each(&mut take),
            None => is_read = false,
        }
        is_found = true;
    }
    is_found && is_read
}

impl ExclusionLists {
    fn place_of_number(&self, number: PhoneNumber) -> Option<Place> {
        match NumberKey::of(number) {
            Some(key) => self.numbers.place(key.0, || key),
            None => self.long.get(&number.into()).copied(),
        }
    }

    /// Which of many contacts are excluded by their numbers. What the filter says of all of them is
    /// asked first, and in a row: a processor waits for many places of a large filter at once.
    pub(crate) fn numbers_of<T>(
        &self,
        numbers: impl Iterator<Item = (T, PhoneNumber)>,
    ) -> Vec<(T, Excluded)> {
        let mut hashed: Vec<_> =
            numbers.map(|(of, number)| (NumberKey::of(number), of, number)).collect();
        hashed.retain(|(key, ..)| key.is_none_or(|key| self.numbers.may_hold(key.0)));
        let listed = hashed.into_iter().filter_map(|(_, of, number)| {
            Some((of, Excluded::Listed(Field::Phone, self.place_of_number(number)?)))
        });
        listed.collect()
    }

    fn place_of_address(&self, address: &str) -> Option<Place> {
        if self.addresses.sorted.is_empty() {
            return None;
        }
        let first = self.hashers.half(0, address);
        self.addresses.place(first, || AddressKey::of(first, self.hashers.half(1, address)))
    }

    /// The first address or further number of a contact that stands in a list: its field, and where.
    /// Its own number is looked up with those of other contacts, by [`Self::numbers_of`].
    fn find_beside_number(&self, contact: &Contact<'_>) -> Option<(Field, Place)> {
        let email = contact.email.as_ref();
        if let Some(place) = email.and_then(|email| self.place_of_address(email.as_str())) {
            return Some((Field::Email, place));
        }
        let beside = contact.attributes.iter().filter(|one| one.key == "phone_note");
        let mut texts = beside.map(|one| one.value.as_str()).chain([contact.name.as_str()]);
        let is_end = |c: char| c.is_whitespace() || ";,|<>()".contains(c);
        let in_text = |text: &str| {
            let mut words = text.split(is_end).filter(|word| word.contains('@'));
            words.find_map(|word| self.place_of_address(word))
        };
        // An address that was taken for a name, or for words beside a number.
        if let Some(place) = texts.find_map(in_text) {
            return Some((Field::Email, place));
        }
        // Whoever asks not to be reached by a number means all of the numbers.
        contact.attributes.iter().find_map(|attribute| {
            let (key, value) = (&*attribute.key, attribute.value.as_str());
            let nth = |name: &str| key.strip_prefix(name)?.strip_prefix('_');
            let is_nth = |name: &str| nth(name).is_some_and(|nth| nth.starts_with(is_digit));
            let place = if is_nth("phone") {
                let number = value.split(' ').next().and_then(|text| parse(text, None).ok())?;
                self.place_of_number(number)
            } else if is_nth("email") {
                self.place_of_address(value)
            } else {
                None
            }?;
            Some((Field::Attribute(key.into()), place))
        })
    }

    /// The first address in cells that were dropped for what stands beside it, that stands in a list.
    fn find_dropped(&self, warnings: &[Warning]) -> Option<(Field, Place)> {
        let dropped = warnings.iter().filter(|one| one.code == WarningCode::EmailDropped);
        let mut place = None;
        for warning in dropped {
            addresses_in(&warning.before, |address| {
                place = place.or_else(|| self.place_of_address(address.as_str()));
            });
        }
        Some((Field::Email, place?))
    }

    /// What stands in the proof for a place.
    pub(crate) fn listed<'e>(&'e self, field: &'e Field, place: Place) -> Exclusion<'e> {
        let list = self.names.get(place.list()).map_or("", String::as_str);
        Exclusion::Listed { field, list, line: place.line() }
    }
}

/// Fewer digits are no number of their own.
const FEWEST_DIGITS: usize = 6;

fn has_digits(cell: &str, at_least: usize) -> bool {
    cell.bytes().filter(u8::is_ascii_digit).count() >= at_least
}

/// The number in its [other form](other_form).
fn in_other_form(number: PhoneNumber) -> Option<PhoneNumber> {
    let (code, national) = other_form(number.into())?;
    parse(&format!("+{code}{national}"), None).ok()
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
    /// Whether a contact is excluded by its number.
    pub(crate) fn check_number(self, number: PhoneNumber) -> Option<Excluded> {
        let place = self.lists?.place_of_number(number)?;
        Some(Excluded::Listed(Field::Phone, place))
    }

    /// Whether a contact is excluded, whatever its number, with the warnings of it; `opt_out` is the column that
    /// says so.
    pub(crate) fn check(
        self,
        contact: &Contact<'_>,
        warnings: &[Warning],
        opt_out: Option<usize>,
    ) -> Option<Excluded> {
        let find = |lists: &ExclusionLists| {
            lists.find_beside_number(contact).or_else(|| lists.find_dropped(warnings))
        };
        if let Some((field, place)) = self.lists.and_then(find) {
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
    use std::convert::Infallible;

    use super::*;
    use crate::columns::FieldMapping;
    use crate::options::Options;
    use crate::pipeline::{Outcome, Outcomes, Pipeline, PipelineOptions};
    use crate::records::{Rows, SourceId};

    fn lists(entries: &[&str]) -> ExclusionLists {
        read(&["Phone"], entries.iter().map(|&entry| [entry])).1
    }

    /// Reads a list with these columns, behind an empty one.
    fn read<'r, const N: usize>(
        header: &[&str; N],
        rows: impl Iterator<Item = [&'r str; N]>,
    ) -> (ListCounts, ExclusionLists) {
        let normalizer = Normalizer::new(Options::default());
        let map = FieldMapping::default().resolve(&header.map(String::from)).unwrap();
        let mut reader = ListReader::new(&normalizer, 1).unwrap();
        let mut none = Rows::new(std::iter::empty::<[&str; 1]>());
        let proceed = || Ok::<(), Infallible>(());
        reader.read("empty", &mut none, &map, proceed).unwrap();
        let counts = reader.read("list", &mut Rows::new(rows), &map, proceed).unwrap();
        (counts, reader.finish())
    }

    /// Where a contact with these cells is listed.
    fn found(lists: &ExclusionLists, phone: &str, email: &str) -> Option<String> {
        let mut raw = RawContact::default();
        raw.phones.push(phone);
        raw.emails.push(email);
        let normalizer = Normalizer::new(Options::default());
        let contact = normalizer.normalize(&raw).unwrap().contact;
        let by_number = lists.place_of_number(contact.phone).map(|place| (Field::Phone, place));
        let (field, place) = by_number.or_else(|| lists.find_beside_number(&contact))?;
        match lists.listed(&field, place) {
            Exclusion::Listed { field, list, line } => Some(format!("{field} {list}:{line}")),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn numbers_are_the_same_by_all_their_digits() {
        let lists = lists(&["+39 06 1234 5678", "+91 98765 43210", "+919876543210"]);
        assert_eq!(lists.numbers.sorted.len(), 2);
        assert_eq!(found(&lists, "+39 06 1234 5678", "").unwrap(), "phone list:1");
        assert_eq!(found(&lists, "https://wa.me/919876543210", "").unwrap(), "phone list:2");
        assert_eq!(found(&lists, "+91 98765 43211", ""), None);
        // Without its zero it is another number, if it is one.
        assert_eq!(lists.place_of_number(parse("+39 6 1234 5678", None).unwrap()), None);
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
    fn only_numbered_attributes_are_further_numbers() {
        let lists = lists(&["+91 99887 76655"]);
        let mut raw = RawContact::default();
        raw.phones.push("+91 98765 43210");
        raw.attributes.push(("phone_of_mother", "+919988776655"));
        let normalizer = Normalizer::new(Options::default());
        let contact = normalizer.normalize(&raw).unwrap().contact;
        assert_eq!(lists.find_beside_number(&contact), None);
    }

    #[test]
    fn each_of_many_addresses_is_found() {
        let addresses: Vec<String> = (0..500).map(|n| format!("asha{n}@example.com")).collect();
        let lists = lists(&addresses.iter().map(String::as_str).collect::<Vec<_>>());
        for (address, line) in addresses.iter().zip(1..) {
            let place = lists.place_of_address(address);
            assert_eq!(place.map(Place::line), Some(line), "{address}");
        }
        assert!(
            (500..1_000).all(|n| lists.place_of_address(&format!("asha{n}@example.com")).is_none())
        );
    }

    #[test]
    fn a_number_or_an_address_is_an_entry_and_a_header_is_none() {
        let normalizer = Normalizer::new(Options::default());
        let reader = ListReader::new(&normalizer, 1).unwrap();
        assert!(reader.is_entry("+91 98765 43210") && reader.is_entry("asha@example.com"));
        assert!(!reader.is_entry("Phone") && !reader.is_entry(""));
    }

    #[test]
    fn what_cannot_be_read_is_counted_over_all_blocks() {
        let rows = [
            ["Asha", "+91 98765 43210", "asha@example.com"],
            // What can be read of these counts all the same.
            ["Ravi", "+91 99887 76655", "junk"],
            ["Meera", "junk", "meera@example.com"],
            ["Nobody", "", ""],
            ["", "", ""],
            ["", "zoe@example.com", ""],
        ];
        let many = rows.iter().copied().cycle().take(400 * rows.len());
        let (counts, _) = read(&["Name", "Phone", "Email"], many);
        assert_eq!((counts.numbers, counts.addresses), (800, 1_200));
        assert_eq!((counts.unreadable, counts.first_unreadable), (1_200, Some(2)));
    }

    #[test]
    fn a_run_leaves_out_whoever_is_listed_and_nobody_else() {
        let lists = lists(&["+91 98765 43210", "asha@example.com"]);
        let rows = [
            ["Ravi", "+91 98765 43210", ""],
            ["Meera", "+91 99887 76655", "meera@example.com"],
            // This one warns, and is looked up at another time.
            ["Ravi", "0091 98765 43210", ""],
            ["Asha", "+91 98765 43211", "asha@example.com"],
        ];
        let map = FieldMapping::default().resolve(&["Name", "Phone", "Email"].map(String::from));
        let (map, normalizer) = (map.unwrap(), Normalizer::new(Options::default()));
        let options =
            PipelineOptions { threads: 1, exclusion_lists: Some(&lists), ..Default::default() };
        let mut excluded = Vec::new();
        let mut outcomes = Outcomes::new(|outcome| {
            if let Outcome::Excluded { record, exclusion: Exclusion::Listed { field, line, .. } } =
                outcome
            {
                excluded.push((record.position().record, field.to_string(), line));
            }
        });
        let mut pipeline = Pipeline::new(&normalizer, options).unwrap();
        pipeline.feed(SourceId(0), &mut Rows::new(rows.iter()), &map, &mut outcomes).unwrap();
        let counts = pipeline.finish(&mut outcomes).unwrap();
        assert_eq!((counts.contacts, counts.excluded, counts.warnings), (1, 3, 0));
        let listed = |record, field: &str, line| (record, field.to_owned(), line);
        assert_eq!(excluded, [listed(1, "phone", 1), listed(3, "phone", 1), listed(4, "email", 2)]);
    }

    #[test]
    fn all_of_a_cell_counts_or_is_said_to_be_unread() {
        for (cell, expected) in [
            ("+919820112345 / +919820112346", (2, 0, 0)),
            ("+919820112345 / 9820112346", (1, 0, 1)),
            ("+919820112345 asha@example.com", (1, 1, 0)),
            ("asha@example.com; ravi@@example.com", (0, 1, 1)),
            ("asha@example.com (bounced)", (0, 1, 0)),
        ] {
            let (counts, _) = read(&["Phone"], std::iter::once([cell]));
            let found = (counts.numbers, counts.addresses, counts.unreadable);
            assert_eq!(found, expected, "{cell}");
        }
    }

    #[test]
    fn a_number_is_left_out_in_its_other_form() {
        for (listed, number) in
            [("+541123456789", "+5491123456789"), ("+5491123456789", "+541123456789")]
        {
            let place = lists(&[listed]).place_of_number(parse(number, None).unwrap());
            assert!(place.is_some(), "{listed}");
        }
    }
}
