//! How contacts are written at the end: the core knows who does it, not the form.

use crate::contact::Contact;

/// How contacts are written, and how large one may become.
///
/// The workers of a run encode what they read, so that whoever takes the contacts only copies.
pub trait Encoding: Sync {
    /// Appends the encoded contact.
    fn encode(&self, contact: &Contact<'_>, out: &mut Vec<u8>);

    /// The most bytes that an encoded contact may have; larger ones are rejected.
    fn max_bytes(&self) -> usize;

    /// The most that a contact of so many values (name, address, tags, attributes) with so many
    /// bytes in all can take.
    fn at_most(&self, values: usize, bytes: usize) -> usize;
}

impl dyn Encoding + '_ {
    /// Whether the contact is within the limit.
    pub(crate) fn takes(&self, contact: &Contact<'_>) -> bool {
        let email = contact.email.iter().map(|email| email.as_str().len());
        let tags = contact.tags.iter().map(|tag| tag.as_str().len());
        let attributes =
            contact.attributes.iter().map(|own| own.key.len() + own.value.as_str().len());
        let values = 1 + email.len() + tags.len() + attributes.len();
        let bytes: usize = email.chain(tags).chain(attributes).sum();
        // Nearly all are far from the limit. Only close to it they are measured.
        self.at_most(values, bytes + contact.name.as_str().len()) <= self.max_bytes()
            || self.room_beside(contact).is_some()
    }

    /// How many bytes more the contact could have; none when it is too large already.
    pub(crate) fn room_beside(&self, contact: &Contact<'_>) -> Option<usize> {
        let mut encoded = Vec::new();
        self.encode(contact, &mut encoded);
        self.max_bytes().checked_sub(encoded.len())
    }
}
