//! A normalised contact. Its parts can be made no other way than by normalising.

use std::borrow::Cow;
use std::fmt;

use contactmill_phone::PhoneNumber;

use crate::raw::emptied;

/// A contact, ready to be imported. Only a [`Normalizer`](crate::Normalizer) makes one.
///
/// What was not changed is borrowed from the record that it was read from; see
/// [`into_owned`](Contact::into_owned).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Contact<'r> {
    /// The full name.
    pub name: ContactName<'r>,
    /// The phone number.
    pub phone: PhoneNumber,
    /// The e-mail address, if there is one.
    pub email: Option<EmailAddress<'r>>,
    /// Tags; no two differ only in case.
    pub tags: Vec<Tag<'r>>,
    /// Attributes; no two have the same key.
    pub attributes: Vec<Attribute<'r>>,
}

impl Contact<'_> {
    /// The contact with texts of its own, to be kept when the record has gone.
    ///
    /// ```
    /// use contactmill_core::{Contact, Normalizer, Options, RawContact};
    ///
    /// fn read(cell: String) -> Option<Contact<'static>> {
    ///     let mut raw = RawContact::default();
    ///     raw.phones.push(&cell);
    ///     let normalizer = Normalizer::new(Options::default());
    ///     Some(normalizer.normalize(&raw).ok()?.contact.into_owned())
    /// }
    /// assert_eq!(read("+91 98765 43210".into()).unwrap().name.as_str(), "+91 98765 43210");
    /// ```
    #[must_use]
    pub fn into_owned(self) -> Contact<'static> {
        Contact {
            name: self.name.into_owned(),
            phone: self.phone,
            email: self.email.map(EmailAddress::into_owned),
            tags: self.tags.into_iter().map(Tag::into_owned).collect(),
            attributes: self.attributes.into_iter().map(Attribute::into_owned).collect(),
        }
    }
}

/// Memory for the lists of a contact.
#[derive(Debug, Default)]
pub(crate) struct ContactLists<'r> {
    pub(crate) tags: Vec<Tag<'r>>,
    pub(crate) attributes: Vec<Attribute<'r>>,
}

impl Contact<'_> {
    /// The memory of the contact's lists, for the next contact.
    pub(crate) fn into_lists(self) -> ContactLists<'static> {
        ContactLists {
            tags: emptied(self.tags, Tag::into_owned),
            attributes: emptied(self.attributes, Attribute::into_owned),
        }
    }
}

/// Declares a type of normalised text that only this crate can make.
macro_rules! normalised_text {
    ($(#[$outer:meta])* $name:ident) => {
        $(#[$outer])*
        #[derive(Clone, PartialEq, Eq, Hash)]
        pub struct $name<'r>(Cow<'r, str>);

        impl<'r> $name<'r> {
            pub(crate) fn new(text: impl Into<Cow<'r, str>>) -> Self {
                $name(text.into())
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The same with a text of its own.
            #[must_use]
            pub fn into_owned(self) -> $name<'static> {
                $name(Cow::Owned(self.0.into_owned()))
            }
        }

        impl fmt::Display for $name<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&*self.0, f)
            }
        }
    };
}

normalised_text! {
    /// An e-mail address: the local part as it was typed, the domain in lower case.
    EmailAddress
}

normalised_text! {
    /// A tag: trimmed, one line, not empty.
    Tag
}

impl EmailAddress<'_> {
    /// The domain: what stands behind the last `@`.
    ///
    /// ```
    /// use contactmill_core::{Normalizer, Options};
    ///
    /// let explanation = Normalizer::new(Options::default()).explain_email("Asha@Example.com");
    /// assert_eq!(explanation.outcome.unwrap().email.unwrap().domain(), "example.com");
    /// ```
    #[must_use]
    pub fn domain(&self) -> &str {
        // Every contact is asked: bytes are found faster than characters.
        let at = self.0.bytes().rposition(|byte| byte == b'@').unwrap_or(self.0.len());
        self.0.get(at + 1..).unwrap_or_default()
    }
}

/// A contact's name, never empty.
#[derive(Clone, PartialEq, Eq)]
pub struct ContactName<'r> {
    text: Cow<'r, str>,
    stands_in: bool,
}

impl<'r> ContactName<'r> {
    pub(crate) fn given(text: impl Into<Cow<'r, str>>) -> Self {
        ContactName { text: text.into(), stands_in: false }
    }

    /// The number in international format, where a record has no name.
    pub(crate) fn of_phone(phone: PhoneNumber) -> Self {
        Self::standing_in(phone.international().to_string())
    }

    /// What [`of_phone`](ContactName::of_phone) has made.
    pub(crate) fn standing_in(text: impl Into<Cow<'r, str>>) -> Self {
        ContactName { text: text.into(), stands_in: true }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the record had no name and the phone number stands in.
    #[must_use]
    pub const fn stands_in(&self) -> bool {
        self.stands_in
    }

    /// The same with a text of its own.
    #[must_use]
    pub fn into_owned(self) -> ContactName<'static> {
        ContactName { text: Cow::Owned(self.text.into_owned()), stands_in: self.stands_in }
    }
}

impl fmt::Display for ContactName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl fmt::Debug for ContactName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.text, f)
    }
}

/// A key with a value that is not empty.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attribute<'r> {
    /// The key: the column's header, or a name such as `phone_2`.
    pub key: Cow<'r, str>,
    /// The value.
    pub value: AttributeValue<'r>,
}

impl Attribute<'_> {
    /// The same with texts of its own.
    #[must_use]
    pub fn into_owned(self) -> Attribute<'static> {
        let Attribute { key, value } = self;
        Attribute { key: Cow::Owned(key.into_owned()), value: value.into_owned() }
    }
}

normalised_text! {
    /// The value of an attribute: trimmed, not empty, without control characters.
    AttributeValue
}
