//! What is known from an earlier result, and how the contacts of a run compare with it.

use std::sync::Arc;

use contactmill_wire::files::GONE;
use contactmill_wire::index::IndexEntry;
use contactmill_wire::manifest::Since;

use crate::error::EmitError;
use crate::file::ResultFiles;
use crate::tables::Table;

/// The contacts that are known from an earlier result: some 24 bytes each.
#[derive(Debug)]
pub struct KnownContacts {
    /// Sorted by number.
    entries: Vec<IndexEntry>,
    /// The number of the first of each [`STRIDE`] entries: it fits into a cache, and then a number is
    /// looked up in one place in memory.
    strides: Vec<u64>,
}

/// Number of entries between two that are looked through first.
const STRIDE: usize = 32;

impl KnownContacts {
    /// The contacts of these entries, which are sorted by number. Several may have one number.
    #[must_use]
    pub fn new(entries: Vec<IndexEntry>) -> Self {
        let strides = entries.iter().step_by(STRIDE).map(|entry| entry.phone).collect();
        KnownContacts { entries, strides }
    }

    /// Where the entries with this number are.
    fn places(&self, phone: u64) -> std::ops::Range<usize> {
        let stride = self.strides.partition_point(|&first| first < phone).saturating_sub(1);
        let start = (stride * STRIDE).min(self.entries.len());
        self.places_from(start, phone)
    }

    /// Where the entries with this number are, from a place that is not behind them.
    fn places_from(&self, start: usize, phone: u64) -> std::ops::Range<usize> {
        let entries = &self.entries[start..];
        let below = entries.iter().take_while(|entry| entry.phone < phone).count();
        let same = entries[below..].iter().take_while(|entry| entry.phone == phone).count();
        start + below..start + below + same
    }

    /// Whether a contact is known just as it is.
    pub(crate) fn holds(&self, contact: IndexEntry) -> bool {
        self.entries[self.places(contact.phone)].contains(&contact)
    }
}

/// How the contacts of a run compare with those that are known from an earlier result.
#[derive(Debug)]
pub struct Comparison {
    known: Arc<KnownContacts>,
    /// Whether the run has a contact with the number of each known one.
    seen: Vec<bool>,
    counts: Since,
    /// The first entry whose number is not below that of the last contact.
    at: usize,
}

impl Comparison {
    pub(crate) fn new(known: Arc<KnownContacts>) -> Self {
        let seen = vec![false; known.entries.len()];
        Comparison { known, seen, counts: Since::default(), at: 0 }
    }

    /// Counts a contact of the run. They come in the order of their numbers.
    pub(crate) fn add(&mut self, contact: IndexEntry) {
        let places = self.known.places_from(self.at, contact.phone);
        self.at = places.start;
        self.seen[places.clone()].fill(true);
        let is_known = self.known.entries[places.clone()].contains(&contact);
        *match (is_known, places.is_empty()) {
            (true, _) => &mut self.counts.unchanged,
            (false, false) => &mut self.counts.changed,
            (false, true) => &mut self.counts.new,
        } += 1;
    }

    /// How the contacts compared.
    #[must_use]
    pub fn counts(&self) -> Since {
        let gone = self.seen.iter().filter(|seen| !**seen).count() as u64;
        Since { gone, ..self.counts }
    }

    /// The numbers of the contacts that the run has not, sorted.
    #[must_use]
    pub fn gone_phones(&self) -> Vec<u64> {
        let known = self.known.entries.iter().zip(&self.seen);
        known.filter(|(_, seen)| !**seen).map(|(entry, _)| entry.phone).collect()
    }

    /// Lists the contacts that the run has not in `gone.csv`: first those that `names` has, in its order,
    /// then the others by number, without a name. `result` is the earlier result as the user named it.
    ///
    /// # Errors
    ///
    /// When the file cannot be written, or `names` fails.
    pub fn write_gone<E: From<EmitError>>(
        &self,
        files: &ResultFiles,
        result: &str,
        mut names: impl Iterator<Item = Result<(IndexEntry, String), E>>,
    ) -> Result<(), E> {
        let mut table = Table::create(GONE, files)?;
        table.write(["phone", "name", "source_result"])?;
        let (mut left, mut listed) = (self.counts().gone, self.seen.clone());
        while left > 0
            && let Some(named) = names.next()
        {
            let (entry, name) = named?;
            let mut places = self.known.places(entry.phone);
            let place = places.find(|&at| !listed[at] && self.known.entries[at] == entry);
            if let Some(at) = place {
                listed[at] = true;
                left -= 1;
                table.write([format!("+{}", entry.phone).as_str(), &name, result])?;
            }
        }
        for (entry, _) in self.known.entries.iter().zip(&listed).filter(|(_, listed)| !**listed) {
            table.write([format!("+{}", entry.phone).as_str(), "", result])?;
        }
        Ok(table.into_file().finish()?)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use contactmill_wire::index::CONTENT_BYTES;
    use proptest::prelude::*;

    use super::*;

    fn entry(phone: u64, content: u8) -> IndexEntry {
        IndexEntry { phone, content: [content; CONTENT_BYTES] }
    }

    fn compared(known: &[IndexEntry], contacts: &[IndexEntry]) -> Comparison {
        let mut comparison = Comparison::new(Arc::new(KnownContacts::new(known.to_vec())));
        contacts.iter().for_each(|&contact| comparison.add(contact));
        comparison
    }

    proptest! {
        /// Compared one by one, and all at once in the order of their numbers, contacts are distinguished as if
        /// the whole list was looked through for each.
        #[test]
        fn contacts_are_known_changed_or_new(
            mut known in proptest::collection::vec((0..160_u64, 0..3_u8), 0..300),
            contacts in proptest::collection::btree_map(0..160_u64, 0..3_u8, 0..120),
        ) {
            known.sort_unstable();
            let known: Vec<_> = known.iter().map(|&(phone, content)| entry(phone, content)).collect();
            let contacts: BTreeMap<u64, u8> = contacts;
            let contacts: Vec<_> =
                contacts.iter().map(|(&phone, &content)| entry(phone, content)).collect();
            let all = KnownContacts::new(known.clone());
            let mut expected = Since::default();
            for contact in &contacts {
                prop_assert_eq!(all.holds(*contact), known.contains(contact));
                *match known.iter().any(|one| one.phone == contact.phone) {
                    true if known.contains(contact) => &mut expected.unchanged,
                    true => &mut expected.changed,
                    false => &mut expected.new,
                } += 1;
            }
            let is_gone = |one: &&IndexEntry| contacts.iter().all(|contact| contact.phone != one.phone);
            let gone: Vec<u64> = known.iter().filter(is_gone).map(|one| one.phone).collect();
            expected.gone = gone.len() as u64;
            let comparison = compared(&known, &contacts);
            prop_assert_eq!(comparison.counts(), expected);
            prop_assert_eq!(comparison.gone_phones(), gone);
        }
    }

    #[test]
    fn names_are_read_until_the_last_one_who_is_gone_has_his() {
        let comparison = compared(&[entry(10, 1), entry(20, 2)], &[]);
        let mut names = [10, 20, 30, 40].into_iter().zip(1..);
        let mut read = names
            .by_ref()
            .map(|(phone, content)| Ok::<_, EmitError>((entry(phone, content), "Asha".to_owned())));
        let folder = tempfile::tempdir().unwrap();
        comparison.write_gone(&ResultFiles::new(folder.path()), "earlier", &mut read).unwrap();
        assert_eq!(names.next(), Some((30, 3)));
    }

    #[test]
    fn everybody_who_is_gone_is_listed_once_and_named_where_a_name_is_known() {
        let known = [entry(10, 1), entry(20, 2), entry(20, 2), entry(30, 3), entry(40, 4)];
        let comparison = compared(&known, &[entry(30, 9)]);
        let names = [
            // Two that are not gone, or not known as they are.
            (entry(30, 3), "Zoe"),
            (entry(10, 9), "Nobody"),
            (entry(40, 4), "Ravi, Jr."),
            (entry(20, 2), "Asha"),
            (entry(20, 2), "Asha Patel"),
            (entry(20, 2), "Asha Verma"),
        ];
        let names = names.map(|(entry, name)| Ok::<_, EmitError>((entry, name.to_owned())));
        let folder = tempfile::tempdir().unwrap();
        let files = ResultFiles::new(folder.path());
        comparison.write_gone(&files, "earlier", names.into_iter()).unwrap();
        let written = std::fs::read_to_string(folder.path().join(GONE)).unwrap();
        let rows: Vec<&str> = written.lines().skip(1).collect();
        assert_eq!(
            rows,
            [
                "\"'+40\",\"Ravi, Jr.\",earlier",
                "\"'+20\",Asha,earlier",
                "\"'+20\",Asha Patel,earlier",
                "\"'+10\",,earlier",
            ]
        );
    }
}
