//! What a contact takes from another with the same number.

use std::collections::HashSet;

use crate::cells::tag;
use crate::contact::{Attribute, Contact, ContactName, EmailAddress, Tag};
use crate::dedup::identity::names_agree;
use crate::dedup::{Conflict, Conflicts};
use crate::encoder::ContactEncoder;
use crate::reason::Field;
use crate::records::RecordId;

/// A contact that takes what others add.
pub(crate) struct Merger<'a> {
    contact: Contact<'a>,
    encoder: Option<&'a dyn ContactEncoder>,
    /// Lower bound of what can still be added, in bytes.
    room: usize,
    /// Something did not fit. Nothing is added any more, or a million duplicates of one phone
    /// would each be measured for nothing.
    is_full: bool,
    /// The tags in lower case, once there are too many to look through.
    tags: HashSet<String>,
    shared_with: Option<SharedWith>,
}

/// Records with the number of a contact and the names of other people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SharedWith {
    /// The first of them.
    pub(crate) first: RecordId,
    /// How many others there are.
    pub(crate) others: u64,
}

/// Number of tags from which they are looked up in a set.
const FEW_TAGS: usize = 32;

impl<'a> Merger<'a> {
    /// Starts from the contact that stays; `encoder` can encode it as it is.
    pub(crate) fn new(contact: Contact<'a>, encoder: Option<&'a dyn ContactEncoder>) -> Self {
        let tags = HashSet::new();
        Merger { contact, encoder, room: 0, is_full: false, tags, shared_with: None }
    }

    /// The contact with everything that it took.
    pub(crate) fn contact(&self) -> &Contact<'a> {
        &self.contact
    }

    /// Who else has its number, by the records that [`take`](Merger::take) was given.
    pub(crate) const fn shared_with(&self) -> Option<SharedWith> {
        self.shared_with
    }

    /// Takes a record with the same number: merges its contact if it may be the same person by the name
    /// that this contact has by now. Otherwise nothing crosses over. Returns the values that lose.
    pub(crate) fn take(&mut self, other: &Contact<'a>, id: RecordId) -> Conflicts {
        if names_agree(&self.contact.name, &other.name) {
            return self.merge(other);
        }
        match &mut self.shared_with {
            Some(shared) => shared.others += 1,
            None => self.shared_with = Some(SharedWith { first: id, others: 0 }),
        }
        self.conflicts(other, &self.additions(other), false)
    }

    /// Adds what `other` has and this contact lacks; returns the values that lose. Where the sum
    /// would be too large to be emitted, the contact stays as it is and everything of `other` loses.
    pub(crate) fn merge(&mut self, other: &Contact<'a>) -> Conflicts {
        let additions = self.additions(other);
        let takes = self.has_room_for(&additions);
        // The values that lose are those that differ from the contact before it takes anything.
        let conflicts = self.conflicts(other, &additions, takes);
        if takes {
            self.note_tags(&additions.tags);
            additions.add_to(&mut self.contact);
        }
        conflicts
    }

    /// What `other` has and the contact lacks.
    fn additions<'o>(&self, other: &'o Contact<'a>) -> Additions<'o, 'a> {
        let kept = &self.contact;
        let takes_name = kept.name.stands_in() && !other.name.stands_in();
        let is_new =
            |attribute: &&Attribute| !kept.attributes.iter().any(|own| own.key == attribute.key);
        Additions {
            name: takes_name.then_some(&other.name),
            email: if kept.email.is_none() { other.email.as_ref() } else { None },
            tags: other.tags.iter().filter(|tag| !self.has_tag(tag.as_str())).collect(),
            attributes: other.attributes.iter().filter(is_new).collect(),
        }
    }

    /// Whether the contact with the additions can still be emitted.
    fn has_room_for(&mut self, additions: &Additions<'_, 'a>) -> bool {
        let Some(encoder) = self.encoder else { return true };
        let (values, bytes) = additions.size();
        if values == 0 || encoder.max_bytes() == usize::MAX {
            return true;
        }
        if self.is_full {
            return false;
        }
        let growth = encoder.max_growth(values, bytes);
        if growth > self.room {
            self.room = encoder.max_bytes().saturating_sub(encoder.upper_bound(&self.contact));
        }
        if growth > self.room {
            // Close to the limit, only measuring the sum is exact.
            let mut sum = self.contact.clone();
            additions.add_to(&mut sum);
            let room = encoder.room_beside(&sum);
            self.is_full = room.is_none();
            self.room = room.unwrap_or(0);
            return !self.is_full;
        }
        self.room -= growth;
        true
    }

    /// The values of `other` that lose, given what it adds and whether that is taken.
    fn conflicts(
        &self,
        other: &Contact<'a>,
        additions: &Additions<'_, 'a>,
        takes: bool,
    ) -> Conflicts {
        let kept = &self.contact;
        let mut conflicts = Vec::new();
        let mut lose = |field, value: &str| {
            conflicts.push(Conflict { field, value: value.into() });
        };
        if other.phone != kept.phone {
            lose(Field::Phone, &other.phone.e164().to_string());
        }
        let takes_name = takes && additions.name.is_some();
        if !takes_name && !other.name.stands_in() && other.name.as_str() != kept.name.as_str() {
            lose(Field::Name, other.name.as_str());
        }
        let takes_email = takes && additions.email.is_some();
        if let Some(email) = other.email.as_ref().filter(|_| !takes_email)
            && kept.email.as_ref() != Some(email)
        {
            lose(Field::Email, email.as_str());
        }
        if !takes {
            additions.tags.iter().for_each(|tag| lose(Field::Tags, tag.as_str()));
        }
        let key = |attribute: &Attribute<'_>| Field::Attribute(attribute.key.as_ref().into());
        for attribute in &other.attributes {
            let own = kept.attributes.iter().find(|own| own.key == attribute.key);
            if own.is_some_and(|own| own.value != attribute.value) {
                lose(key(attribute), attribute.value.as_str());
            }
        }
        if !takes {
            for attribute in &additions.attributes {
                lose(key(attribute), attribute.value.as_str());
            }
        }
        conflicts
    }

    fn has_tag(&self, tag: &str) -> bool {
        if self.tags.is_empty() {
            tag::has(&self.contact.tags, tag)
        } else {
            self.tags.contains(&tag.to_lowercase())
        }
    }

    /// Keeps the look-up of tags complete, before these are added.
    fn note_tags(&mut self, added: &[&Tag<'_>]) {
        let own = &self.contact.tags;
        if self.tags.is_empty() && own.len() + added.len() > FEW_TAGS {
            self.tags.extend(own.iter().map(|tag| tag.as_str().to_lowercase()));
        }
        if !self.tags.is_empty() {
            self.tags.extend(added.iter().map(|tag| tag.as_str().to_lowercase()));
        }
    }
}

/// What one contact has and another lacks.
struct Additions<'o, 'a> {
    name: Option<&'o ContactName<'a>>,
    email: Option<&'o EmailAddress<'a>>,
    tags: Vec<&'o Tag<'a>>,
    attributes: Vec<&'o Attribute<'a>>,
}

impl<'a> Additions<'_, 'a> {
    /// Number of values, and the size of their text in bytes.
    fn size(&self) -> (usize, usize) {
        let name = self.name.iter().map(|name| name.as_str().len());
        let email = self.email.iter().map(|email| email.as_str().len());
        let tags = self.tags.iter().map(|tag| tag.as_str().len());
        let attributes = self.attributes.iter().map(|own| own.key.len() + own.value.as_str().len());
        let lengths = name.chain(email).chain(tags).chain(attributes);
        lengths.fold((0, 0), |(values, sum), bytes| (values + 1, sum + bytes))
    }

    fn add_to(&self, contact: &mut Contact<'a>) {
        if let Some(name) = self.name {
            contact.name = name.clone();
        }
        if let Some(email) = self.email {
            contact.email = Some(email.clone());
        }
        contact.tags.extend(self.tags.iter().map(|&tag| tag.clone()));
        contact.attributes.extend(self.attributes.iter().map(|&attribute| attribute.clone()));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use proptest::prelude::*;

    use super::*;
    use crate::Normalizer;
    use crate::Options;
    use crate::RawContact;
    use crate::contact::AttributeValue;

    /// Limits contacts to this many bytes: their text, and one byte for each value.
    struct Limit {
        bytes: usize,
        measured: AtomicUsize,
    }

    impl Limit {
        fn of(bytes: usize) -> Self {
            Limit { bytes, measured: AtomicUsize::new(0) }
        }
    }

    impl ContactEncoder for Limit {
        fn encode(&self, contact: &Contact<'_>, out: &mut Vec<u8>) {
            self.measured.fetch_add(1, Ordering::Relaxed);
            let email = contact.email.as_ref().map_or("", |email| email.as_str());
            let tags = contact.tags.iter().map(Tag::as_str);
            let attributes = contact.attributes.iter();
            let attributes = attributes.flat_map(|own| [&*own.key, own.value.as_str()]);
            for text in [contact.name.as_str(), email].into_iter().chain(tags).chain(attributes) {
                out.extend_from_slice(text.as_bytes());
                out.push(0);
            }
        }

        fn max_bytes(&self) -> usize {
            self.bytes
        }

        fn max_growth(&self, values: usize, bytes: usize) -> usize {
            2 * values + bytes
        }
    }

    fn contact(name: &str, email: &str, tags: &str, plan: &str) -> Contact<'static> {
        let mut raw = RawContact::default();
        raw.names.push(name);
        raw.phones.push("+919876543210");
        raw.emails.push(email);
        raw.tags.push(tags);
        raw.attributes.push(("plan", plan));
        Normalizer::new(Options::default()).normalize(&raw).unwrap().contact.into_owned()
    }

    #[test]
    fn merging_takes_what_is_new_and_lists_what_loses() {
        let mut merger = Merger::new(contact("", "", "lead", "pro"), None);
        let conflicts = merger.merge(&contact("Asha", "a@example.com", "LEAD, demo", "free"));
        let lost: Vec<String> =
            conflicts.iter().map(|lost| format!("{}={}", lost.field, lost.value)).collect();
        assert_eq!(lost, ["attr:plan=free"]);
        let kept = merger.contact();
        assert_eq!(kept.name.as_str(), "Asha");
        assert_eq!(kept.email.as_ref().unwrap().as_str(), "a@example.com");
        assert_eq!(kept.tags.iter().map(Tag::as_str).collect::<Vec<_>>(), ["lead", "demo"]);
        assert_eq!(kept.attributes[0].value.as_str(), "pro");
    }

    #[test]
    fn nothing_crosses_over_between_people_who_share_a_line() {
        let id = |record| RecordId { record, ..RecordId::default() };
        let mut merger = Merger::new(contact("", "", "lead", ""), None);
        assert_eq!(merger.take(&contact("Asha", "", "", ""), id(2)), []);
        let kept = merger.contact().clone();
        let lost = merger.take(&contact("Ravi", "r@example.com", "Lead, demo", "pro"), id(3));
        let lost: Vec<String> =
            lost.iter().map(|lost| format!("{}={}", lost.field, lost.value)).collect();
        assert_eq!(lost, ["name=Ravi", "email=r@example.com", "tags=demo", "attr:plan=pro"]);
        merger.take(&contact("Meera", "", "", ""), id(4));
        assert_eq!(*merger.contact(), kept);
        assert_eq!(merger.shared_with(), Some(SharedWith { first: id(3), others: 1 }));
        merger.take(&contact("Asha Patel", "a@example.com", "", ""), id(5));
        assert_eq!(merger.contact().email.as_ref().unwrap().as_str(), "a@example.com");
    }

    #[test]
    fn many_tags_are_told_apart_as_few_are() {
        let all: Vec<String> = (0..3 * FEW_TAGS).map(|number| format!("Tag {number}")).collect();
        let mut merger = Merger::new(contact("Asha", "", "", ""), None);
        for (tag, count) in all.iter().zip(1..) {
            merger.merge(&contact("Asha", "", &tag.to_uppercase(), ""));
            merger.merge(&contact("Asha", "", tag, ""));
            assert_eq!(merger.contact().tags.len(), count);
            // They are looked up once they are too many to look through.
            assert_eq!(merger.tags.len(), if count > FEW_TAGS { count } else { 0 });
        }
    }

    #[test]
    fn a_contact_far_from_the_limit_is_measured_once() {
        let encoder = Limit::of(1 << 20);
        let mut merger = Merger::new(contact("Asha", "", "", ""), Some(&encoder));
        for number in 0..100 {
            merger.merge(&contact("Asha", "", &format!("tag {number}"), ""));
        }
        assert_eq!(merger.contact().tags.len(), 100);
        assert_eq!(encoder.measured.into_inner(), 1);
    }

    #[test]
    fn a_merge_that_would_not_fit_loses_everything_it_brings() {
        let nothing = Limit::of(0);
        let mut merger = Merger::new(contact("Asha", "", "lead", ""), Some(&nothing));
        let conflicts = merger.merge(&contact("Asha", "a@example.com", "demo", "pro"));
        assert_eq!(conflicts.len(), 3);
        assert_eq!(*merger.contact(), contact("Asha", "", "lead", ""));
    }

    proptest! {
        /// The room that is left is tracked by an upper bound, and measured where that is not enough. What
        /// comes out is as if every sum was measured, up to the first that does not fit.
        #[test]
        fn a_contact_takes_what_fits_and_grows_no_larger(
            limit in 40..160_usize,
            others in proptest::collection::vec((0..3_u8, "[a-e]{1,6}", "[a-e]{1,9}"), 0..24),
        ) {
            let encoder = Limit::of(limit);
            let size = |contact: &Contact<'_>| {
                let mut out = Vec::new();
                encoder.encode(contact, &mut out);
                out.len()
            };
            let first = contact("Asha", "", "", "");
            let (mut merger, mut kept) = (Merger::new(first.clone(), Some(&encoder)), first);
            let mut is_full = false;
            for (kind, key, value) in others {
                let mut other = contact("Asha", "", "", "");
                match kind {
                    0 => other.email = Some(EmailAddress::new("asha@example.com")),
                    1 => other.tags.push(Tag::new(&*value).into_owned()),
                    _ => {
                        let value = AttributeValue::new(&*value);
                        let attribute = Attribute { key: key.into(), value };
                        other.attributes.push(attribute.into_owned());
                    }
                }
                merger.merge(&other);
                let mut sum = Merger::new(kept.clone(), None);
                sum.merge(&other);
                is_full |= size(sum.contact()) > limit;
                if !is_full {
                    kept = sum.contact().clone();
                }
                prop_assert_eq!(merger.contact(), &kept);
            }
        }
    }
}
