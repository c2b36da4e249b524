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

    /// Whether the encoded contact is within [`max_bytes`](ContactEncoder::max_bytes).
    ///
    /// By default it is encoded and measured. An encoder that can tell from the length of the values
    /// saves that time.
    fn fits(&self, contact: &Contact<'_>) -> bool {
        self.max_bytes() == usize::MAX || encoded_bytes(self, contact) <= self.max_bytes()
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

/// The size of an encoded contact, in bytes.
fn encoded_bytes<E: ContactEncoder + ?Sized>(encoder: &E, contact: &Contact<'_>) -> usize {
    let mut encoded = Vec::new();
    encoder.encode(contact, &mut encoded);
    encoded.len()
}

impl dyn ContactEncoder + '_ {
    /// How many more bytes the encoded contact may have; `None` when it is too large already.
    pub(crate) fn room_beside(&self, contact: &Contact<'_>) -> Option<usize> {
        match self.max_bytes() {
            usize::MAX => Some(usize::MAX),
            max => max.checked_sub(encoded_bytes(self, contact)),
        }
    }
}
