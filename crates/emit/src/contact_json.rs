//! One contact in the form of the import API.

use contactmill_core::contact::EmailAddress;
use contactmill_core::{Contact, ContactEncoder, PhoneNumber};

/// Writes a contact as compact JSON, every field present: an absent email is `""`, no tags and no
/// attributes are `[]`.
///
/// The form is that of `docs/import-api.md` in the repository.
pub fn contact_json(contact: &Contact<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(br#"{"profile":{"userDetails":{"userProvidedName":"#);
    string(contact.name.as_str(), out);
    out.extend_from_slice(br#","contact":{"email":"#);
    string(contact.email.as_ref().map_or("", EmailAddress::as_str), out);
    out.extend_from_slice(br#","phone":"#);
    phone_json(contact.phone, out);
    out.extend_from_slice(br#"},"tags":["#);
    for (index, tag) in contact.tags.iter().enumerate() {
        separate(index, out);
        string(tag.as_str(), out);
    }
    out.extend_from_slice(br#"],"attributes":["#);
    for (index, attribute) in contact.attributes.iter().enumerate() {
        separate(index, out);
        out.extend_from_slice(br#"{"key":"#);
        string(&attribute.key, out);
        out.extend_from_slice(br#","value":"#);
        string(attribute.value.as_str(), out);
        out.push(b'}');
    }
    out.extend_from_slice(b"]}}}");
}

/// Writes a phone number as it stands in an import array: `{"number":"…","prefix":"…"}`. Both are
/// strings, because as numbers they would lose their leading zeros.
pub fn phone_json(number: PhoneNumber, out: &mut Vec<u8>) {
    let national = number.national_number();
    out.extend_from_slice(br#"{"number":""#);
    out.resize(out.len() + usize::from(national.leading_zeros()), b'0');
    out.extend_from_slice(itoa::Buffer::new().format(national.value()).as_bytes());
    out.extend_from_slice(br#"","prefix":""#);
    out.extend_from_slice(itoa::Buffer::new().format(number.calling_code()).as_bytes());
    out.extend_from_slice(br#""}"#);
}

fn separate(index: usize, out: &mut Vec<u8>) {
    if index > 0 {
        out.push(b',');
    }
}

fn string(text: &str, out: &mut Vec<u8>) {
    // RFC 8259, section 7: what must be escaped. Nearly no text has any of it.
    let is_special = |byte: u8| (byte < b' ') | (byte == b'"') | (byte == b'\\');
    // Without a way out of the middle, it is done many at once.
    if !text.bytes().fold(false, |found, byte| found | is_special(byte)) {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
        return;
    }
    // Writing into memory cannot fail.
    let written = serde_json::to_writer(out, text);
    debug_assert!(written.is_ok());
}

/// Encodes contacts as they stand in import arrays: each must fit into an array by itself.
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

    fn fits(&self, contact: &Contact<'_>) -> bool {
        let email = contact.email.iter().map(|email| email.as_str().len());
        let tags = contact.tags.iter().map(|tag| tag.as_str().len());
        let attributes =
            contact.attributes.iter().map(|own| own.key.len() + own.value.as_str().len());
        let values = 1 + email.len() + tags.len() + attributes.len();
        let bytes: usize = email.chain(tags).chain(attributes).sum();
        let bound = self.max_growth(values, bytes + contact.name.as_str().len());
        // Nearly all are far from the limit. Only those close to it are measured.
        bound + MAX_FRAME_BYTES <= self.max_bytes() || {
            let mut json = Vec::new();
            contact_json(contact, &mut json);
            json.len() <= self.max_bytes()
        }
    }

    fn max_growth(&self, values: usize, bytes: usize) -> usize {
        // JSON writes one byte as six at most (`\u0000`); 64 covers what stands around a value.
        6 * bytes + 64 * values
    }
}
