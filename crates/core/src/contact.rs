//! A normalised contact. Its parts can be made no other way than by normalising.

use std::fmt;

use contactmill_phone::PhoneNumber;

/// A contact, ready to be imported. Only a [`Normalizer`](crate::Normalizer) makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Contact {
    /// The full name.
    pub name: ContactName,
    /// The phone number.
    pub phone: PhoneNumber,
    /// The e-mail address, if there is one.
    pub email: Option<EmailAddress>,
    /// Tags; no two differ only in case.
    pub tags: Vec<Tag>,
    /// Attributes; no two have the same key.
    pub attributes: Vec<Attribute>,
}

/// Declares a type of normalised text that only this crate can make.
macro_rules! normalised_text {
    ($(#[$outer:meta])* $name:ident) => {
        $(#[$outer])*
        #[derive(Clone, PartialEq, Eq, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            pub(crate) fn new(text: impl Into<Box<str>>) -> Self {
                $name(text.into())
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
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

/// A contact's name, never empty.
#[derive(Clone, PartialEq, Eq)]
pub struct ContactName {
    text: Box<str>,
    stands_in: bool,
}

impl ContactName {
    pub(crate) fn given(text: impl Into<Box<str>>) -> Self {
        ContactName { text: text.into(), stands_in: false }
    }

    /// The number in international format, where a record has no name.
    pub(crate) fn of_phone(phone: PhoneNumber) -> Self {
        ContactName { text: phone.international().to_string().into(), stands_in: true }
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
}

impl fmt::Display for ContactName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl fmt::Debug for ContactName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.text, f)
    }
}

/// A key with a value that is not empty.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attribute {
    /// The key: the column's header, or a name such as `phone_2`.
    pub key: Box<str>,
    /// The value.
    pub value: AttributeValue,
}

normalised_text! {
    /// The value of an attribute: trimmed, not empty, without control characters.
    AttributeValue
}
