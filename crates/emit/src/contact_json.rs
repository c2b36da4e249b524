//! Contacts as the import API takes them.

use contactmill_core::contact::{EmailAddress, Tag};
use contactmill_core::{Contact, ContactEncoder, PhoneNumber};
use contactmill_wire::import::{PhoneDigits, write_contact, write_phone};
use contactmill_wire::index::IndexEntry;

/// Appends a contact as compact JSON. Every field is present: an absent e-mail address is `""`, no
/// tags and no attributes are `[]`.
///
/// The form is that of `docs/import-api.md` in the repository.
pub fn contact_json(contact: &Contact<'_>, out: &mut Vec<u8>) {
    write_contact(
        contact.name.as_str(),
        contact.email.as_ref().map_or("", EmailAddress::as_str),
        digits(contact.phone),
        contact.tags.iter().map(Tag::as_str),
        contact.attributes.iter().map(|own| (&*own.key, own.value.as_str())),
        out,
    );
}

/// The entry of a contact in the index of a result. `scratch` is memory to work in.
pub(crate) fn index_entry(contact: &Contact<'_>, scratch: &mut Vec<u8>) -> IndexEntry {
    IndexEntry::new(
        contact.name.as_str(),
        contact.email.as_ref().map_or("", EmailAddress::as_str),
        digits(contact.phone),
        contact.tags.iter().map(Tag::as_str),
        contact.attributes.iter().map(|own| (&*own.key, own.value.as_str())),
        scratch,
    )
}

/// Appends a phone number as it is in an import array: `{"number":"…","prefix":"…"}`.
pub fn phone_json(number: PhoneNumber, out: &mut Vec<u8>) {
    write_phone(digits(number), out);
}

pub(crate) fn digits(number: PhoneNumber) -> PhoneDigits {
    let national = number.national_number();
    PhoneDigits {
        calling_code: number.calling_code(),
        leading_zeros: national.leading_zeros(),
        national: national.value(),
    }
}

/// Encodes contacts for import arrays: each must fit into an array by itself.
///
/// ```
/// use contactmill_core::{ContactEncoder, Normalizer, Options, RawContact};
/// use contactmill_emit::ArrayEncoder;
///
/// let mut raw = RawContact::default();
/// raw.phones.push("+91 98765 43210");
/// let contact = Normalizer::new(Options::default()).normalize(&raw)?.contact;
/// let mut json = Vec::new();
/// let encoder = ArrayEncoder { max_array_bytes: 1_000 };
/// encoder.encode(&contact, &mut json);
/// assert!(json.starts_with(b"{\"profile\":"));
/// assert!(json.len() <= encoder.max_bytes());
/// # Ok::<(), contactmill_core::Rejection>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArrayEncoder {
    /// Maximum size of one array, in bytes.
    pub max_array_bytes: usize,
}

/// Upper bound for what a contact has beside its values, in bytes.
const MAX_FRAME_BYTES: usize = 256;

impl ContactEncoder for ArrayEncoder {
    fn encode(&self, contact: &Contact<'_>, out: &mut Vec<u8>) {
        contact_json(contact, out);
    }

    fn max_bytes(&self) -> usize {
        self.max_array_bytes.saturating_sub("[]".len())
    }

    fn upper_bound(&self, contact: &Contact<'_>) -> usize {
        let email = contact.email.iter().map(|email| email.as_str().len());
        let tags = contact.tags.iter().map(|tag| tag.as_str().len());
        let attributes =
            contact.attributes.iter().map(|own| own.key.len() + own.value.as_str().len());
        let values = 1 + email.len() + tags.len() + attributes.len();
        let bytes: usize = email.chain(tags).chain(attributes).sum();
        MAX_FRAME_BYTES + self.max_growth(values, bytes + contact.name.as_str().len())
    }

    fn max_growth(&self, values: usize, bytes: usize) -> usize {
        // JSON writes one byte as six at most (`\u0000`); 64 covers what surrounds a value.
        6 * bytes + 64 * values
    }
}
