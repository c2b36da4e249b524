//! Which contacts are the same, and what becomes of the later ones.

use std::collections::HashSet;
use std::collections::hash_map::Entry;

use contactmill_phone::PhoneNumber;
use foldhash::HashMap;

use crate::contact::{Attribute, Contact, Tag};
use crate::encoding::Encoding;
use crate::reason::Field;
use crate::record::{Position, Record, RecordBuffer};
use crate::tag_cell;

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
    /// Whether contacts are held until everything has been read.
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
    pub const fn of(contact: &Contact) -> Self {
        MatchKey(contact.phone)
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

/// A record that was merged away or skipped.
#[derive(Debug)]
pub(crate) struct Duplicate {
    pub(crate) record: RecordBuffer,
    pub(crate) kept: Position,
}

/// A contact that was merged into another, or skipped in its favour.
#[derive(Debug)]
pub(crate) struct Merged {
    pub(crate) kept: Position,
    pub(crate) conflicts: Conflicts,
}

/// Decides in input order, so the result does not depend on threads.
#[derive(Default)]
pub(crate) struct Deduper {
    policy: DedupPolicy,
    /// By key: the position of the contact kept, or its index in `held`.
    first: HashMap<MatchKey, Position>,
    index: HashMap<MatchKey, usize>,
    held: Vec<Held>,
    /// Records displaced under [`DedupPolicy::Last`], with the index of their successor.
    displaced: Vec<(RecordBuffer, usize)>,
}

struct Held {
    position: Position,
    contact: Contact,
    /// Kept under [`DedupPolicy::Last`], where the record may turn out to be a duplicate.
    record: Option<RecordBuffer>,
    /// What merging needs to know; few contacts are ever merged with another.
    merging: Option<Box<Merging>>,
}

#[derive(Default)]
struct Merging {
    /// At least so many bytes can be added.
    room: usize,
    /// Something did not fit. Nothing is added any more, or a million duplicates of one phone
    /// would each be measured in vain.
    is_full: bool,
    /// The tags in small letters, once there are too many to look through.
    tags: HashSet<String>,
}

impl Deduper {
    pub(crate) fn new(policy: DedupPolicy) -> Self {
        Deduper { policy, ..Deduper::default() }
    }

    pub(crate) const fn policy(&self) -> DedupPolicy {
        self.policy
    }

    /// Decides on the next contact in input order, under a policy that holds none back: it is to
    /// be emitted, or the one at this position was before it.
    pub(crate) fn admit(&mut self, key: MatchKey, position: Position) -> Option<Position> {
        if self.policy == DedupPolicy::None {
            return None;
        }
        match self.first.entry(key) {
            Entry::Vacant(entry) => {
                entry.insert(position);
                None
            }
            Entry::Occupied(entry) => Some(*entry.get()),
        }
    }

    /// Takes the next contact in input order, under a policy that [`holds`](DedupPolicy::holds). A
    /// merged contact stays within what `encoding` takes; one that is not merged is held.
    pub(crate) fn hold(
        &mut self,
        contact: Contact,
        record: Record<'_>,
        encoding: &dyn Encoding,
    ) -> Option<Merged> {
        let position = record.position();
        let index = self.held.len();
        let key = MatchKey::of(&contact);
        if self.policy == DedupPolicy::Last {
            if let Some(previous) = self.index.insert(key, index)
                && let Some(record) = self.held[previous].record.take()
            {
                self.displaced.push((record, index));
            }
            self.held.push(Held::new(position, contact, Some(record.into())));
            return None;
        }
        match self.index.entry(key) {
            Entry::Vacant(entry) => {
                entry.insert(index);
                self.held.push(Held::new(position, contact, None));
                None
            }
            Entry::Occupied(entry) => {
                let kept = &mut self.held[*entry.get()];
                let conflicts = kept.merge(contact, encoding);
                Some(Merged { kept: kept.position, conflicts })
            }
        }
    }

    /// What was held: the contacts, and the duplicates known only now, both in input order.
    pub(crate) fn finish(self) -> (Vec<(Position, Contact)>, Vec<Duplicate>) {
        // A displaced record's successor may have been displaced as well; the last one is kept.
        let mut successor: Vec<Option<usize>> = vec![None; self.held.len()];
        let at = |position: Position| {
            self.held.binary_search_by(|held| held.position.cmp(&position)).ok()
        };
        for (record, next) in &self.displaced {
            if let Some(index) = at(record.as_record().position()) {
                successor[index] = Some(*next);
            }
        }
        // Successors come later, so walking backwards meets each after its own successor.
        for index in (0..successor.len()).rev() {
            if let Some(next) = successor[index] {
                successor[index] = successor[next].or(Some(next));
            }
        }
        let mut duplicates: Vec<Duplicate> = Vec::with_capacity(self.displaced.len());
        for (record, next) in self.displaced {
            let kept = successor[next].unwrap_or(next);
            duplicates.push(Duplicate { record, kept: self.held[kept].position });
        }
        duplicates.sort_by_key(|duplicate| duplicate.record.as_record().position());
        let contacts = self
            .held
            .into_iter()
            .enumerate()
            .filter(|(index, _)| successor[*index].is_none())
            .map(|(_, held)| (held.position, held.contact))
            .collect();
        (contacts, duplicates)
    }
}

const FEW_TAGS: usize = 32;

impl Held {
    fn new(position: Position, contact: Contact, record: Option<RecordBuffer>) -> Self {
        Held { position, contact, record, merging: None }
    }

    /// Adds what `other` has and this has not; the values that lose are returned. Where the sum
    /// would be too large to be emitted, this stays as it is and everything of `other` loses.
    fn merge(&mut self, other: Contact, encoding: &dyn Encoding) -> Conflicts {
        let Held { contact: kept, merging, .. } = self;
        let merging = merging.get_or_insert_default();
        let name = (kept.name.stands_in() && !other.name.stands_in()).then_some(&other.name);
        let email = if kept.email.is_none() { other.email.as_ref() } else { None };
        let (mut tags, mut lost_tags) = (Vec::new(), Vec::new());
        tags.extend(other.tags.iter().filter(|tag| !merging.has_tag(&kept.tags, tag.as_str())));
        let (known, mut attributes): (Vec<&Attribute>, Vec<&Attribute>) = other
            .attributes
            .iter()
            .partition(|attribute| kept.attributes.iter().any(|own| own.key == attribute.key));

        let values = name.iter().map(|name| name.as_str().len());
        let values = values.chain(email.iter().map(|email| email.as_str().len()));
        let values = values.chain(tags.iter().map(|tag| tag.as_str().len()));
        let values = values.chain(attributes.iter().map(|a| a.key.len() + a.value.as_str().len()));
        let cost = values.map(|len| encoding.at_most(len)).fold(0_usize, usize::saturating_add);
        let adds = |kept: &mut Contact| {
            if let Some(name) = name {
                kept.name = name.clone();
            }
            if let Some(email) = email {
                kept.email = Some(email.clone());
            }
            kept.tags.extend(tags.iter().copied().cloned());
            kept.attributes.extend(attributes.iter().copied().cloned());
        };
        let mut fits = cost == 0 || !merging.is_full;
        if fits && cost > merging.room {
            merging.room = encoding.room(kept).unwrap_or(0);
            if cost > merging.room {
                // Close to the limit only measuring the sum tells.
                let mut sum = kept.clone();
                adds(&mut sum);
                fits = encoding.room(&sum).is_some();
                merging.is_full = !fits;
            }
        }
        let mut lost_email =
            other.email.as_ref().filter(|email| kept.email.as_ref() != Some(email));
        let mut lost_attributes: Vec<&Attribute> = known
            .into_iter()
            .filter(|attribute| !kept.attributes.iter().any(|own| own == *attribute))
            .collect();
        if fits {
            adds(kept);
            merging.room = merging.room.saturating_sub(cost);
            merging.add_tags(&kept.tags, &tags);
            if email.is_some() {
                lost_email = None;
            }
        } else {
            lost_tags = std::mem::take(&mut tags);
            lost_attributes.append(&mut attributes);
        }

        let mut conflicts = Vec::new();
        let mut lose = |field, value: &str| {
            conflicts.push(Conflict { field, value: value.into() });
        };
        if !other.name.stands_in() && other.name.as_str() != kept.name.as_str() {
            lose(Field::Name, other.name.as_str());
        }
        if let Some(email) = lost_email {
            lose(Field::Email, email.as_str());
        }
        for tag in lost_tags {
            lose(Field::Tags, tag.as_str());
        }
        for attribute in lost_attributes {
            lose(Field::Attribute(attribute.key.clone()), attribute.value.as_str());
        }
        conflicts
    }
}

impl Merging {
    fn has_tag(&self, tags: &[Tag], tag: &str) -> bool {
        if tags.len() > FEW_TAGS && !self.tags.is_empty() {
            self.tags.contains(&tag.to_lowercase())
        } else {
            tag_cell::has(tags, tag)
        }
    }

    /// Takes down the tags that were added to `all`.
    fn add_tags(&mut self, all: &[Tag], added: &[&Tag]) {
        if all.len() > FEW_TAGS {
            let new = added.iter().map(|tag| tag.as_str().to_lowercase());
            if self.tags.is_empty() {
                self.tags.extend(all.iter().map(|tag| tag.as_str().to_lowercase()));
            } else {
                self.tags.extend(new);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Integrity;
    use crate::{Normalizer, Options, RawContact, SourceId, Unencoded};

    struct Full;

    impl Encoding for Full {
        fn encode(&self, _: &Contact, out: &mut Vec<u8>) {
            out.push(0);
        }

        fn max_bytes(&self) -> usize {
            0
        }

        fn at_most(&self, value_bytes: usize) -> usize {
            value_bytes
        }
    }

    fn contact(name: &str, email: &str, tags: &str, plan: &str) -> Contact {
        let mut raw = RawContact::default();
        raw.names.push(name);
        raw.phones.push("+919876543210");
        raw.emails.push(email);
        raw.tags.push(tags);
        raw.attributes.push(("plan", plan));
        Normalizer::new(Options::default()).normalize(&raw).unwrap().contact
    }

    fn at(record: u64) -> Record<'static> {
        let position = Position { source: SourceId(0), record, line: record, byte: record };
        Record::new("", &[], position, Integrity::Whole)
    }

    #[test]
    fn merging_takes_what_is_new_and_lists_what_loses() {
        let mut deduper = Deduper::new(DedupPolicy::Merge);
        deduper.hold(contact("", "", "lead", "pro"), at(1), &Unencoded);
        let later = contact("Asha", "a@example.com", "LEAD, demo", "free");
        let Merged { kept, conflicts } = deduper.hold(later, at(2), &Unencoded).unwrap();
        assert_eq!(kept.record, 1);
        let lost: Vec<String> =
            conflicts.iter().map(|lost| format!("{}={}", lost.field, lost.value)).collect();
        assert_eq!(lost, ["attr:plan=free"]);
        let (contacts, duplicates) = deduper.finish();
        assert!(duplicates.is_empty());
        let kept = &contacts[0].1;
        assert_eq!(kept.name.as_str(), "Asha");
        assert_eq!(kept.email.as_ref().unwrap().as_str(), "a@example.com");
        assert_eq!(kept.tags.iter().map(Tag::as_str).collect::<Vec<_>>(), ["lead", "demo"]);
        assert_eq!(kept.attributes[0].value.as_str(), "pro");
    }

    #[test]
    fn a_merge_that_would_not_fit_loses_everything_it_brings() {
        let mut deduper = Deduper::new(DedupPolicy::Merge);
        deduper.hold(contact("Asha", "", "lead", ""), at(1), &Unencoded);
        let later = contact("Asha", "a@example.com", "demo", "pro");
        let Merged { conflicts, .. } = deduper.hold(later, at(2), &Full).unwrap();
        assert_eq!(conflicts.len(), 3);
        assert_eq!(deduper.finish().0[0].1, contact("Asha", "", "lead", ""));
    }

    #[test]
    fn the_last_is_kept_and_all_before_point_to_it() {
        let mut deduper = Deduper::new(DedupPolicy::Last);
        for record in 1..=3 {
            deduper.hold(contact(&format!("N{record}"), "", "", ""), at(record), &Unencoded);
        }
        let (contacts, duplicates) = deduper.finish();
        assert_eq!(contacts.len(), 1);
        assert_eq!(contacts[0].1.name.as_str(), "N3");
        let kept: Vec<(u64, u64)> = duplicates
            .iter()
            .map(|lost| (lost.record.as_record().position().record, lost.kept.record))
            .collect();
        assert_eq!(kept, [(1, 3), (2, 3)]);
    }
}
