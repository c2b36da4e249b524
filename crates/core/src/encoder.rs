//! How contacts are written at the end: the core knows the encoder, not the form.

use crate::contact::Contact;

/// Encodes contacts, and limits how large one may become.
///
/// The workers of a run encode what they read, so that whoever takes the contacts only copies.
pub trait ContactEncoder: Sync {
    /// Appends the encoded contact.
    fn encode(&self, contact: &Contact<'_>, out: &mut Vec<u8>);

    /// Maximum size of an encoded contact, in bytes; a larger one is rejected. No limit by default.
    fn max_bytes(&self) -> usize {
        usize::MAX
    }

    /// Size of the encoded contact, in bytes. By default it is encoded.
    fn encoded_bytes(&self, contact: &Contact<'_>) -> usize {
        let mut encoded = Vec::new();
        self.encode(contact, &mut encoded);
        encoded.len()
    }

    /// Upper bound for the size of the encoded contact, in bytes.
    ///
    /// By default it is measured. An encoder that can tell from the length of the values saves that time.
    fn upper_bound(&self, contact: &Contact<'_>) -> usize {
        self.encoded_bytes(contact)
    }

    /// Whether the encoded contact is within [`max_bytes`](ContactEncoder::max_bytes). Nearly all are far from
    /// the limit, and only those close to it are measured.
    fn fits(&self, contact: &Contact<'_>) -> bool {
        let max = self.max_bytes();
        max == usize::MAX || self.upper_bound(contact) <= max || self.encoded_bytes(contact) <= max
    }

    /// Upper bound for how much an encoded contact grows, in bytes, when this many values (a name, an
    /// address, tags, attributes) with this many bytes of text in all are added to it.
    ///
    /// By default there is none, and each contact that others are merged into is measured.
    fn max_growth(&self, values: usize, bytes: usize) -> usize {
        let _ = (values, bytes);
        usize::MAX
    }
}

impl dyn ContactEncoder + '_ {
    /// How many more bytes the encoded contact may have; `None` when it is too large already.
    pub(crate) fn room_beside(&self, contact: &Contact<'_>) -> Option<usize> {
        match self.max_bytes() {
            usize::MAX => Some(usize::MAX),
            max => max.checked_sub(self.encoded_bytes(contact)),
        }
    }
}
