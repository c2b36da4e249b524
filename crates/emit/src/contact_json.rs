//! One contact in the form of the import API.

use std::fmt::Display;

use contactmill_core::{Attribute, Contact, EmailAddress, NationalNumber, Tag};
use serde::{Serialize, Serializer};

/// Writes a contact as compact JSON, every field present: an absent email is `""`, no tags and no
/// attributes are `[]`.
///
/// The form is that of `docs/import-api.md` in the repository.
pub fn contact_json(contact: &Contact, out: &mut Vec<u8>) {
    // Writing into memory cannot fail, and all keys are strings.
    let written = serde_json::to_writer(out, &Entry::from(contact));
    debug_assert!(written.is_ok());
}

/// Whether a contact is small enough for an array of at most `max_bytes` bytes.
///
/// ```
/// use contactmill_core::{Normalizer, Options, RawContact};
///
/// let mut raw = RawContact::default();
/// raw.phones.push("+91 98765 43210");
/// let contact = Normalizer::new(Options::default()).normalize(&raw)?.contact;
/// assert!(contactmill_emit::fits(&contact, 1_000));
/// assert!(!contactmill_emit::fits(&contact, 100));
/// # Ok::<(), contactmill_core::Rejection>(())
/// ```
#[must_use]
pub fn fits(contact: &Contact, max_bytes: usize) -> bool {
    // JSON makes of one byte six at most (`\u0000`); 64 covers what stands around a value.
    let text = contact.name.as_str().len()
        + contact.email.as_ref().map_or(0, |email| email.as_str().len())
        + contact.tags.iter().map(|tag| tag.as_str().len() + 64).sum::<usize>()
        + contact
            .attributes
            .iter()
            .map(|attribute| attribute.key.len() + attribute.value.as_str().len() + 64)
            .sum::<usize>();
    if 6 * text + 512 <= max_bytes {
        return true;
    }
    let mut json = Vec::with_capacity(text + 512);
    contact_json(contact, &mut json);
    json.len() + "[]".len() <= max_bytes
}

#[derive(Serialize)]
struct Entry<'c> {
    profile: Profile<'c>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Profile<'c> {
    user_details: UserDetails<'c>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UserDetails<'c> {
    user_provided_name: &'c str,
    contact: Reach<'c>,
    #[serde(serialize_with = "tags")]
    tags: &'c [Tag],
    #[serde(serialize_with = "attributes")]
    attributes: &'c [Attribute],
}

#[derive(Serialize)]
struct Reach<'c> {
    email: &'c str,
    phone: Phone,
}

/// Digits are sent as strings: as numbers they would lose their leading zeros.
#[derive(Serialize)]
struct Phone {
    #[serde(serialize_with = "digits")]
    number: NationalNumber,
    #[serde(serialize_with = "digits")]
    prefix: u16,
}

#[derive(Serialize)]
struct KeyValue<'c> {
    key: &'c str,
    value: &'c str,
}

impl<'c> From<&'c Contact> for Entry<'c> {
    fn from(contact: &'c Contact) -> Self {
        let email = contact.email.as_ref().map_or("", EmailAddress::as_str);
        let (number, prefix) = (contact.phone.national_number(), contact.phone.calling_code());
        let user_details = UserDetails {
            user_provided_name: contact.name.as_str(),
            contact: Reach { email, phone: Phone { number, prefix } },
            tags: &contact.tags,
            attributes: &contact.attributes,
        };
        Entry { profile: Profile { user_details } }
    }
}

fn digits<S: Serializer>(digits: &impl Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(digits)
}

fn tags<S: Serializer>(tags: &[Tag], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(tags.iter().map(Tag::as_str))
}

fn attributes<S: Serializer>(attributes: &[Attribute], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(
        attributes
            .iter()
            .map(|attribute| KeyValue { key: &attribute.key, value: attribute.value.as_str() }),
    )
}
