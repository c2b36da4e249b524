//! Which contacts are the same, and what becomes of the later ones.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use contactmill_phone::PhoneNumber;

use crate::contact::{Contact, Tag};
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

/// What becomes of a contact that arrives.
pub(crate) enum Admission {
    /// It can be emitted at once.
    Emit(Contact),
    /// It is held until everything has been read.
    Held,
    /// Its record is a duplicate.
    Duplicate { kept: Position, conflicts: Conflicts },
}

/// Decides in input order, so the result does not depend on threads.
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
}

impl Deduper {
    pub(crate) fn new(policy: DedupPolicy) -> Self {
        Deduper {
            policy,
            first: HashMap::new(),
            index: HashMap::new(),
            held: Vec::new(),
            displaced: Vec::new(),
        }
    }

    pub(crate) const fn policy(&self) -> DedupPolicy {
        self.policy
    }

    /// Takes the next contact in input order. `fits` says whether a merged contact is small enough
    /// to be emitted.
    pub(crate) fn admit(
        &mut self,
        contact: Contact,
        record: Record<'_>,
        fits: impl Fn(&Contact) -> bool,
    ) -> Admission {
        let position = record.position();
        let key = MatchKey::of(&contact);
        match self.policy {
            DedupPolicy::None => Admission::Emit(contact),
            DedupPolicy::First => match self.first.entry(key) {
                Entry::Vacant(entry) => {
                    entry.insert(position);
                    Admission::Emit(contact)
                }
                Entry::Occupied(entry) => {
                    Admission::Duplicate { kept: *entry.get(), conflicts: Vec::new() }
                }
            },
            DedupPolicy::Merge => match self.index.entry(key) {
                Entry::Vacant(entry) => {
                    entry.insert(self.held.len());
                    self.held.push(Held { position, contact, record: None });
                    Admission::Held
                }
                Entry::Occupied(entry) => {
                    let kept = &mut self.held[*entry.get()];
                    let conflicts = merge(&mut kept.contact, contact, fits);
                    Admission::Duplicate { kept: kept.position, conflicts }
                }
            },
            DedupPolicy::Last => {
                let index = self.held.len();
                if let Some(previous) = self.index.insert(key, index)
                    && let Some(record) = self.held[previous].record.take()
                {
                    self.displaced.push((record, index));
                }
                self.held.push(Held { position, contact, record: Some(record.into()) });
                Admission::Held
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

/// Adds to `kept` what `other` has and it has not; the values that lose are returned. Where the
/// sum would be too large to be emitted, `kept` stays as it is and everything of `other` loses.
fn merge(kept: &mut Contact, other: Contact, fits: impl Fn(&Contact) -> bool) -> Conflicts {
    let mut conflicts = Vec::new();
    let mut merged: Option<Contact> = None;
    let adds_name = kept.name.stands_in() && !other.name.stands_in();
    let adds_email = kept.email.is_none() && other.email.is_some();
    let adds_tag = |tag: &Tag| !kept.tags.iter().any(|known| known == tag);
    let of_key = |key: &str| kept.attributes.iter().find(|attribute| *attribute.key == *key);
    if adds_name
        || adds_email
        || other.tags.iter().any(adds_tag)
        || other.attributes.iter().any(|attribute| of_key(&attribute.key).is_none())
    {
        let mut sum = kept.clone();
        if adds_name {
            sum.name = other.name.clone();
        }
        if adds_email {
            sum.email = other.email.clone();
        }
        for tag in &other.tags {
            tag_cell::push(&mut sum.tags, tag.as_str());
        }
        for attribute in &other.attributes {
            if of_key(&attribute.key).is_none() {
                sum.attributes.push(attribute.clone());
            }
        }
        if fits(&sum) {
            merged = Some(sum);
        }
    }
    if let Some(sum) = merged {
        *kept = sum;
    }

    let mut lose = |field, value: &str| {
        conflicts.push(Conflict { field, value: value.into() });
    };
    if !other.name.stands_in() && other.name.as_str() != kept.name.as_str() {
        lose(Field::Name, other.name.as_str());
    }
    if let Some(email) = &other.email
        && kept.email.as_ref() != Some(email)
    {
        lose(Field::Email, email.as_str());
    }
    let mut tags = kept.tags.clone();
    for tag in &other.tags {
        let known = tags.len();
        tag_cell::push(&mut tags, tag.as_str());
        if tags.len() > known {
            lose(Field::Tags, tag.as_str());
        }
    }
    for attribute in &other.attributes {
        let stays = kept
            .attributes
            .iter()
            .any(|known| known.key == attribute.key && known.value == attribute.value);
        if !stays {
            lose(Field::Attribute(attribute.key.clone()), attribute.value.as_str());
        }
    }
    conflicts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Integrity;
    use crate::{Normalizer, Options, RawContact, SourceId};

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
        deduper.admit(contact("", "", "lead", "pro"), at(1), |_| true);
        let later = contact("Asha", "a@example.com", "LEAD, demo", "free");
        let Admission::Duplicate { kept, conflicts } = deduper.admit(later, at(2), |_| true) else {
            panic!("the second is a duplicate");
        };
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
        deduper.admit(contact("Asha", "", "lead", ""), at(1), |_| true);
        let later = contact("Asha", "a@example.com", "demo", "pro");
        let Admission::Duplicate { conflicts, .. } = deduper.admit(later, at(2), |_| false) else {
            panic!("the second is a duplicate");
        };
        assert_eq!(conflicts.len(), 3);
        assert_eq!(deduper.finish().0[0].1, contact("Asha", "", "lead", ""));
    }

    #[test]
    fn the_last_is_kept_and_all_before_point_to_it() {
        let mut deduper = Deduper::new(DedupPolicy::Last);
        for record in 1..=3 {
            deduper.admit(contact(&format!("N{record}"), "", "", ""), at(record), |_| true);
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
