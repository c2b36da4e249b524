//! How contacts are written at the end: the core knows who does it, not the form.

use crate::contact::Contact;

/// How contacts are written, and how large one may become.
///
/// The workers of a run encode what they read, so that whoever takes the contacts only copies.
pub trait Encoding: Sync {
    /// Appends the encoded contact.
    fn encode(&self, contact: &Contact, out: &mut Vec<u8>);

    /// The most bytes that an encoded contact may have; larger ones are rejected.
    fn max_bytes(&self) -> usize;

    /// The most that one more value of this many bytes can take, with all that stands around it.
    fn at_most(&self, value_bytes: usize) -> usize;
}

impl dyn Encoding + '_ {
    /// How many bytes more the contact could have; none when it is too large already.
    pub(crate) fn room(&self, contact: &Contact) -> Option<usize> {
        let mut encoded = Vec::new();
        self.encode(contact, &mut encoded);
        self.max_bytes().checked_sub(encoded.len())
    }
}

/// Contacts are taken as they are, of any size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unencoded;

impl Encoding for Unencoded {
    fn encode(&self, _: &Contact, _: &mut Vec<u8>) {}

    fn max_bytes(&self) -> usize {
        usize::MAX
    }

    fn at_most(&self, value_bytes: usize) -> usize {
        value_bytes
    }
}
