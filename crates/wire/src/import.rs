//! A contact as the import API takes it. The form is that of `docs/import-api.md` in the repository.
//!
//! [`Contact`] is for reading contacts and for writing a few. [`write_contact`] writes millions.
//!
//! What is an object in the form is read from an object alone. The outermost value is not: read an
//! [`Object<Contact>`](crate::object::Object) where an array must not pass for a contact.

use serde::{Deserialize, Serialize};

use crate::bytes::any_byte;
use crate::object::{object, objects};

/// One element of an import array. Fields that are not known are ignored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// The only field.
    #[serde(deserialize_with = "object")]
    pub profile: Profile,
}

/// The profile of a [`Contact`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Profile {
    /// The only field.
    #[serde(deserialize_with = "object")]
    pub user_details: UserDetails,
}

/// Everything that a [`Contact`] says. No field is optional: an empty value is `""` or `[]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserDetails {
    /// The full name.
    pub user_provided_name: String,
    /// Address and number.
    #[serde(deserialize_with = "object")]
    pub contact: Reach,
    /// Tags.
    pub tags: Vec<String>,
    /// Attributes.
    #[serde(deserialize_with = "objects")]
    pub attributes: Vec<Attribute>,
}

/// How to reach a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reach {
    /// The e-mail address; `""` where there is none.
    pub email: String,
    /// The phone number.
    #[serde(deserialize_with = "object")]
    pub phone: Phone,
}

/// A phone number. Both parts are text: as numbers they would lose their leading zeros.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phone {
    /// The national (significant) number, without the country calling code.
    pub number: String,
    /// The country calling code, without `+`.
    pub prefix: String,
}

/// A named value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribute {
    /// The name.
    pub key: String,
    /// The value.
    pub value: String,
}

/// A phone number to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PhoneDigits {
    /// The country calling code.
    pub calling_code: u16,
    /// Number of zeros in front of the national number.
    pub leading_zeros: u8,
    /// The national number without these zeros.
    pub national: u64,
}

impl PhoneDigits {
    /// All its digits as one number. Calling codes begin with no zero and none begins with another, so
    /// that no two phone numbers have the same.
    ///
    /// ```
    /// use contactmill_wire::import::PhoneDigits;
    ///
    /// let phone = PhoneDigits { calling_code: 39, leading_zeros: 1, national: 612_345_678 };
    /// assert_eq!(phone.e164(), 390_612_345_678);
    /// ```
    #[must_use]
    pub const fn e164(self) -> u64 {
        let digits = match self.national.checked_ilog10() {
            Some(log) => log + 1,
            None => 1,
        };
        // The longest numbers of any plan have 17 digits; more than 19 would wrap.
        let shift = 10_u64.wrapping_pow(digits + self.leading_zeros as u32);
        (self.calling_code as u64).wrapping_mul(shift).wrapping_add(self.national)
    }
}

impl PhoneDigits {
    /// Appends the national number, with the zeros in front.
    pub fn write_national_number(self, out: &mut Vec<u8>) {
        out.resize(out.len() + usize::from(self.leading_zeros), b'0');
        out.extend_from_slice(itoa::Buffer::new().format(self.national).as_bytes());
    }

    /// Appends the number as ITU-T E.164 writes it, with a plus.
    ///
    /// ```
    /// use contactmill_wire::import::PhoneDigits;
    ///
    /// let mut text = Vec::new();
    /// let phone = PhoneDigits { calling_code: 39, leading_zeros: 1, national: 612_345_678 };
    /// phone.write_e164(&mut text);
    /// assert_eq!(text, b"+390612345678");
    /// ```
    pub fn write_e164(self, out: &mut Vec<u8>) {
        out.push(b'+');
        out.extend_from_slice(itoa::Buffer::new().format(self.calling_code).as_bytes());
        self.write_national_number(out);
    }
}

impl Phone {
    /// Its digits, if both parts are nothing else.
    #[must_use]
    pub fn digits(&self) -> Option<PhoneDigits> {
        let Phone { number, prefix } = self;
        let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let national: u64 = number.parse().ok().filter(|_| is_digits(number))?;
        let zeros = number.len() - number.trim_start_matches('0').len();
        // Zero itself is written with one digit.
        let zeros = zeros - usize::from(national == 0);
        Some(PhoneDigits {
            calling_code: prefix.parse().ok().filter(|_| is_digits(prefix))?,
            leading_zeros: u8::try_from(zeros).ok()?,
            national,
        })
    }
}

/// Appends a contact as compact JSON, just as [`Contact`] serialises, without allocating.
///
/// ```
/// use contactmill_wire::import::{Contact, PhoneDigits, write_contact};
///
/// let phone = PhoneDigits { calling_code: 39, leading_zeros: 1, national: 612_345_678 };
/// let mut json = Vec::new();
/// write_contact("Mario", "", phone, ["lead"].into_iter(), [("plan", "pro")].into_iter(), &mut json);
///
/// let contact: Contact = serde_json::from_slice(&json)?;
/// assert_eq!(contact.profile.user_details.contact.phone.number, "0612345678");
/// assert_eq!(serde_json::to_vec(&contact)?, json);
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn write_contact<'a>(
    name: &str,
    email: &str,
    phone: PhoneDigits,
    tags: impl Iterator<Item = &'a str>,
    attributes: impl Iterator<Item = (&'a str, &'a str)>,
    out: &mut Vec<u8>,
) {
    out.extend_from_slice(br#"{"profile":{"userDetails":{"userProvidedName":"#);
    write_string(name, out);
    out.extend_from_slice(br#","contact":{"email":"#);
    write_string(email, out);
    out.extend_from_slice(br#","phone":"#);
    write_phone(phone, out);
    out.extend_from_slice(br#"},"tags":"#);
    write_strings(tags, out);
    out.extend_from_slice(br#","attributes":"#);
    write_attributes(attributes, out);
    out.extend_from_slice(b"}}}");
}

/// Appends texts as a list of JSON strings.
#[inline]
pub fn write_strings<'a>(texts: impl Iterator<Item = &'a str>, out: &mut Vec<u8>) {
    out.push(b'[');
    for (index, text) in texts.enumerate() {
        write_comma(index, out);
        write_string(text, out);
    }
    out.push(b']');
}

/// Appends attributes as they are in a contact: `[{"key":"…","value":"…"}]`.
#[inline]
pub fn write_attributes<'a>(
    attributes: impl Iterator<Item = (&'a str, &'a str)>,
    out: &mut Vec<u8>,
) {
    out.push(b'[');
    for (index, (key, value)) in attributes.enumerate() {
        write_comma(index, out);
        out.extend_from_slice(br#"{"key":"#);
        write_string(key, out);
        out.extend_from_slice(br#","value":"#);
        write_string(value, out);
        out.push(b'}');
    }
    out.push(b']');
}

/// Appends a phone number as it is in a contact: `{"number":"…","prefix":"…"}`.
pub fn write_phone(phone: PhoneDigits, out: &mut Vec<u8>) {
    out.extend_from_slice(br#"{"number":""#);
    phone.write_national_number(out);
    out.extend_from_slice(br#"","prefix":""#);
    out.extend_from_slice(itoa::Buffer::new().format(phone.calling_code).as_bytes());
    out.extend_from_slice(br#""}"#);
}

fn write_comma(index: usize, out: &mut Vec<u8>) {
    if index > 0 {
        out.push(b',');
    }
}

/// Appends text as a JSON string.
#[inline]
pub fn write_string(text: &str, out: &mut Vec<u8>) {
    if !must_escape(text.as_bytes()) {
        out.reserve(text.len() + 2);
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
        return;
    }
    // Writing into memory cannot fail.
    let written = serde_json::to_writer(out, text);
    debug_assert!(written.is_ok());
}

/// Whether anything must be escaped (RFC 8259, section 7). Nearly no text has it.
fn must_escape(text: &[u8]) -> bool {
    any_byte(text, |byte| (byte < b' ') | (byte == b'"') | (byte == b'\\'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fast_writer_writes_what_serde_writes() {
        for text in
            ["", "Asha", "O\"Hara\\", "a\nb\u{0}\u{1f}\u{7f}", "été 😀", "\u{2028}</script>"]
        {
            let contact = Contact {
                profile: Profile {
                    user_details: UserDetails {
                        user_provided_name: text.to_owned(),
                        contact: Reach {
                            email: text.to_owned(),
                            phone: Phone { number: "0012".to_owned(), prefix: "39".to_owned() },
                        },
                        tags: vec![text.to_owned(), "b".to_owned()],
                        attributes: vec![
                            Attribute { key: text.to_owned(), value: text.to_owned() },
                            Attribute { key: "k".to_owned(), value: String::new() },
                        ],
                    },
                },
            };
            let phone = PhoneDigits { calling_code: 39, leading_zeros: 2, national: 12 };
            let mut json = Vec::new();
            write_contact(
                text,
                text,
                phone,
                [text, "b"].into_iter(),
                [(text, text), ("k", "")].into_iter(),
                &mut json,
            );
            assert_eq!(String::from_utf8(json).unwrap(), serde_json::to_string(&contact).unwrap());
        }
    }

    #[test]
    fn what_json_must_escape_and_nothing_else_takes_the_slow_way() {
        for character in ('\0'..='\u{7f}').chain(['é', '😀']) {
            let text = String::from(character).repeat(20);
            let is_changed = serde_json::to_string(&text).unwrap() != format!("\"{text}\"");
            assert_eq!(must_escape(text.as_bytes()), is_changed, "{character:?}");
        }
    }

    #[test]
    fn the_digits_of_a_phone_are_those_that_were_written() {
        let digits = |prefix: &str, number: &str| {
            Phone { number: number.to_owned(), prefix: prefix.to_owned() }.digits()
        };
        for (prefix, number, leading_zeros, e164) in [
            ("39", "0612345678", 1, 390_612_345_678),
            ("225", "0707123456", 1, 2_250_707_123_456),
            ("91", "9876543210", 0, 919_876_543_210),
            ("39", "0012", 2, 390_012),
            ("1", "0", 0, 10),
            ("1", "00", 1, 100),
        ] {
            let read = digits(prefix, number).unwrap();
            assert_eq!((read.leading_zeros, read.e164()), (leading_zeros, e164), "{number}");
            let mut json = Vec::new();
            write_phone(read, &mut json);
            let written = format!(r#"{{"number":"{number}","prefix":"{prefix}"}}"#);
            assert_eq!(String::from_utf8(json).unwrap(), written);
        }
        for (prefix, number) in
            [("", "12"), ("91", ""), ("+91", "12"), ("91", "1 2"), ("91", "+12")]
        {
            assert_eq!(digits(prefix, number), None, "{prefix} {number}");
        }
    }

    #[test]
    fn an_array_is_not_read_as_an_object_at_any_depth() {
        let phone = r#"{"number":"9876543210","prefix":"91"}"#;
        let reach = format!(r#"{{"email":"","phone":{phone}}}"#);
        let contact = |details: &str| format!(r#"{{"profile":{{"userDetails":{details}}}}}"#);
        let details = |reach: &str, attributes: &str| {
            let name = r#""userProvidedName":"Asha""#;
            contact(&format!(
                r#"{{{name},"contact":{reach},"tags":[],"attributes":[{attributes}]}}"#
            ))
        };
        let attribute = r#"{"key":"plan","value":"pro"}"#;
        let read = |json: &str| serde_json::from_str::<Contact>(json);
        assert!(read(&details(&reach, attribute)).is_ok());
        for json in [
            details(r#"["",{"number":"9876543210","prefix":"91"}]"#, attribute),
            details(r#"{"email":"","phone":["9876543210","91"]}"#, attribute),
            details(&reach, r#"["plan","pro"]"#),
            contact(&format!(r#"["Asha",{reach},[],[]]"#)),
            format!(
                r#"{{"profile":[{{"userProvidedName":"Asha","contact":{reach},"tags":[],"attributes":[]}}]}}"#
            ),
        ] {
            assert!(read(&json).is_err(), "{json}");
        }
    }
}
