//! What a contact takes from another with the same number.

use std::collections::HashSet;

use crate::cells::tag;
use crate::contact::{Attribute, Contact, Tag};
use crate::dedup::{Conflict, Conflicts};
use crate::encoder::Encoding;
use crate::reason::Field;

/// A contact that takes what others add.
pub(crate) struct Merger<'a> {
    contact: Contact<'static>,
    encoding: Option<&'a dyn Encoding>,
    /// At least so many bytes can be added.
    room: usize,
    /// Something did not fit. Nothing is added any more, or a million duplicates of one phone
    /// would each be measured in vain.
    is_full: bool,
    /// The tags in small letters, once there are too many to look through.
    tags: HashSet<String>,
}

/// From so many on, tags are looked up.
const FEW_TAGS: usize = 32;

impl<'a> Merger<'a> {
    /// The contact that stays, which `encoding` takes as it is.
    pub(crate) fn new(contact: Contact<'static>, encoding: Option<&'a dyn Encoding>) -> Self {
        Merger { contact, encoding, room: 0, is_full: false, tags: HashSet::new() }
    }

    /// The contact with all that it took.
    pub(crate) fn contact(&self) -> &Contact<'static> {
        &self.contact
    }

    /// Adds what `other` has and this has not; the values that lose are returned. Where the sum
    /// would be too large to be emitted, this stays as it is and everything of `other` loses.
    pub(crate) fn merge(&mut self, other: &Contact<'_>) -> Conflicts {
        let kept = &self.contact;
        let name = (kept.name.stands_in() && !other.name.stands_in()).then_some(&other.name);
        let email = if kept.email.is_none() { other.email.as_ref() } else { None };
        let (mut tags, mut lost_tags) = (Vec::new(), Vec::new());
        tags.extend(other.tags.iter().filter(|tag| !self.has_tag(tag.as_str())));
        let (known, mut attributes): (Vec<&Attribute>, Vec<&Attribute>) = other
            .attributes
            .iter()
            .partition(|attribute| kept.attributes.iter().any(|own| own.key == attribute.key));

        let values = name.iter().map(|name| name.as_str().len());
        let values = values.chain(email.iter().map(|email| email.as_str().len()));
        let values = values.chain(tags.iter().map(|tag| tag.as_str().len()));
        let values = values.chain(attributes.iter().map(|a| a.key.len() + a.value.as_str().len()));
        let (count, bytes) = values.fold((0, 0), |(count, sum), bytes| (count + 1, sum + bytes));
        let cost = match self.encoding {
            Some(encoding) if count > 0 => encoding.at_most(count, bytes),
            _ => 0,
        };
        let adds = |kept: &mut Contact<'static>| {
            if let Some(name) = name {
                kept.name = name.clone().into_owned();
            }
            if let Some(email) = email {
                kept.email = Some(email.clone().into_owned());
            }
            kept.tags.extend(tags.iter().map(|&tag| tag.clone().into_owned()));
            let attributes = attributes.iter().map(|&attribute| attribute.clone().into_owned());
            kept.attributes.extend(attributes);
        };
        let mut fits = cost == 0 || !self.is_full;
        let mut room = self.room;
        if fits && cost > room {
            room = self.room_beside(kept).unwrap_or(0);
            if cost > room {
                // Close to the limit only measuring the sum tells.
                let mut sum = kept.clone();
                adds(&mut sum);
                fits = self.room_beside(&sum).is_some();
            }
        }
        let mut lost_email =
            other.email.as_ref().filter(|email| kept.email.as_ref() != Some(email));
        let mut lost_attributes: Vec<&Attribute> = known
            .into_iter()
            .filter(|attribute| !kept.attributes.iter().any(|own| own == *attribute))
            .collect();
        self.room = room;
        if fits {
            adds(&mut self.contact);
            self.room = room.saturating_sub(cost);
            self.note_tags(&tags);
            if email.is_some() {
                lost_email = None;
            }
        } else {
            self.is_full = true;
            lost_tags = std::mem::take(&mut tags);
            lost_attributes.append(&mut attributes);
        }

        let mut conflicts = Vec::new();
        let mut lose = |field, value: &str| {
            conflicts.push(Conflict { field, value: value.into() });
        };
        if !other.name.stands_in() && other.name.as_str() != self.contact.name.as_str() {
            lose(Field::Name, other.name.as_str());
        }
        if let Some(email) = lost_email {
            lose(Field::Email, email.as_str());
        }
        for tag in lost_tags {
            lose(Field::Tags, tag.as_str());
        }
        for attribute in lost_attributes {
            lose(Field::Attribute(attribute.key.as_ref().into()), attribute.value.as_str());
        }
        conflicts
    }

    /// How many bytes more the contact could have; none when it is too large already.
    fn room_beside(&self, contact: &Contact<'_>) -> Option<usize> {
        self.encoding.map_or(Some(usize::MAX), |encoding| encoding.room_beside(contact))
    }

    fn has_tag(&self, tag: &str) -> bool {
        if self.tags.is_empty() {
            tag::has(&self.contact.tags, tag)
        } else {
            self.tags.contains(&tag.to_lowercase())
        }
    }

    /// Takes down the tags that were added.
    fn note_tags(&mut self, added: &[&Tag<'_>]) {
        let all = &self.contact.tags;
        if self.tags.is_empty() && all.len() > FEW_TAGS {
            self.tags.extend(all.iter().map(|tag| tag.as_str().to_lowercase()));
        } else if !self.tags.is_empty() {
            self.tags.extend(added.iter().map(|tag| tag.as_str().to_lowercase()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Normalizer;
    use crate::Options;
    use crate::RawContact;

    struct Full;

    impl Encoding for Full {
        fn encode(&self, _: &Contact<'_>, out: &mut Vec<u8>) {
            out.push(0);
        }

        fn max_bytes(&self) -> usize {
            0
        }

        fn at_most(&self, _: usize, bytes: usize) -> usize {
            bytes
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
    fn many_tags_are_told_apart_as_few_are() {
        let all: Vec<String> = (0..3 * FEW_TAGS).map(|number| format!("Tag {number}")).collect();
        let mut merger = Merger::new(contact("Asha", "", "", ""), None);
        for tag in &all {
            merger.merge(&contact("Asha", "", &tag.to_uppercase(), ""));
            merger.merge(&contact("Asha", "", tag, ""));
        }
        assert_eq!(merger.contact().tags.len(), all.len());
    }

    #[test]
    fn a_merge_that_would_not_fit_loses_everything_it_brings() {
        let mut merger = Merger::new(contact("Asha", "", "lead", ""), Some(&Full));
        let conflicts = merger.merge(&contact("Asha", "a@example.com", "demo", "pro"));
        assert_eq!(conflicts.len(), 3);
        assert_eq!(*merger.contact(), contact("Asha", "", "lead", ""));
    }
}
