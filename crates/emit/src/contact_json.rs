//! One contact in the form of the import API.

use std::fmt::Display;

use contactmill_core::{
    Attribute, Contact, EmailAddress, NationalNumber, PhoneNumber, SizeLimit, Tag,
};
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

/// A phone number as it stands in an import array: `{"number":"…","prefix":"…"}`, both strings.
#[must_use]
pub fn phone_entry(number: PhoneNumber) -> impl Serialize {
    Phone { number: number.national_number(), prefix: number.calling_code() }
}

/// The size of import arrays as a limit for contacts: each must fit into an array by itself.
///
/// ```
/// use contactmill_core::{Normalizer, Options, RawContact, SizeLimit};
/// use contactmill_emit::ArraySize;
///
/// let mut raw = RawContact::default();
/// raw.phones.push("+91 98765 43210");
/// let contact = Normalizer::new(Options::default()).normalize(&raw)?.contact;
/// assert!(ArraySize { max_bytes: 1_000 }.room(&contact).is_some());
/// assert!(ArraySize { max_bytes: 100 }.room(&contact).is_none());
/// # Ok::<(), contactmill_core::Rejection>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArraySize {
    /// Bytes of one array.
    pub max_bytes: usize,
}

impl SizeLimit for ArraySize {
    fn room(&self, contact: &Contact) -> Option<usize> {
        // All but the text of a contact is less than this.
        let fixed = 512;
        let values = contact.tags.iter().map(|tag| tag.as_str().len());
        let values = values.chain(
            contact.attributes.iter().map(|pair| pair.key.len() + pair.value.as_str().len()),
        );
        let email = contact.email.as_ref().map_or(0, |email| email.as_str().len());
        let most = fixed
            + values.map(|len| self.at_most(len)).sum::<usize>()
            + self.at_most(contact.name.as_str().len() + email);
        if let Some(room) = self.max_bytes.checked_sub(most) {
            return Some(room);
        }
        let mut json = Vec::with_capacity(most / 4);
        contact_json(contact, &mut json);
        self.max_bytes.checked_sub(json.len() + "[]".len())
    }

    fn at_most(&self, value_bytes: usize) -> usize {
        // JSON makes of one byte six at most (`\u0000`); 64 covers what stands around a value.
        6 * value_bytes + 64
    }
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
