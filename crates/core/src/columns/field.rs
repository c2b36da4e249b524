//! What a column can be mapped to.

use std::fmt;
use std::str::FromStr;

use crate::reason::Field;

/// A field that a column can be mapped to.
///
/// ```
/// use contactmill_core::columns::MappedField;
///
/// assert_eq!("phone".parse(), Ok(MappedField::Phone));
/// assert_eq!("attr:plan".parse(), Ok(MappedField::Attribute("plan".into())));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MappedField {
    /// The full name.
    Name,
    /// The first name.
    FirstName,
    /// The last name.
    LastName,
    /// A phone number.
    Phone,
    /// An e-mail address.
    Email,
    /// The country that numbers without a country calling code belong to.
    Country,
    /// Tags.
    Tags,
    /// All attributes in one cell: an object of texts, as JSON.
    Attributes,
    /// The attribute with this key.
    Attribute(Box<str>),
}

impl MappedField {
    /// The field of a contact that a warning about such a cell names.
    pub(crate) fn reported(&self) -> Field {
        match self {
            MappedField::Name | MappedField::FirstName | MappedField::LastName => Field::Name,
            MappedField::Phone => Field::Phone,
            MappedField::Email => Field::Email,
            MappedField::Country => Field::Attribute("country".into()),
            MappedField::Tags => Field::Tags,
            MappedField::Attributes => Field::Attribute(self.to_string().into()),
            MappedField::Attribute(key) => Field::Attribute(key.clone()),
        }
    }

    /// Whether [`reported`](MappedField::reported) is this field.
    pub(crate) fn is_reported_as(&self, field: &Field) -> bool {
        match (self, field) {
            (MappedField::Name | MappedField::FirstName | MappedField::LastName, Field::Name)
            | (MappedField::Phone, Field::Phone)
            | (MappedField::Email, Field::Email)
            | (MappedField::Tags, Field::Tags) => true,
            (MappedField::Attribute(key), Field::Attribute(other)) => key == other,
            (MappedField::Country | MappedField::Attributes, Field::Attribute(_)) => {
                self.reported() == *field
            }
            _ => false,
        }
    }
}

impl fmt::Display for MappedField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MappedField::Name => f.pad("name"),
            MappedField::FirstName => f.pad("first_name"),
            MappedField::LastName => f.pad("last_name"),
            MappedField::Phone => f.pad("phone"),
            MappedField::Email => f.pad("email"),
            MappedField::Country => f.pad("country"),
            MappedField::Tags => f.pad("tags"),
            MappedField::Attributes => f.pad("attributes"),
            MappedField::Attribute(key) => write!(f, "attr:{key}"),
        }
    }
}

/// The text names no [`MappedField`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnknownField;

impl fmt::Display for UnknownField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "expected name, first_name, last_name, phone, email, country, tags, attributes or attr:KEY",
        )
    }
}

impl std::error::Error for UnknownField {}

impl FromStr for MappedField {
    type Err = UnknownField;

    fn from_str(text: &str) -> Result<Self, UnknownField> {
        Ok(match text {
            "name" => MappedField::Name,
            "first_name" => MappedField::FirstName,
            "last_name" => MappedField::LastName,
            "phone" => MappedField::Phone,
            "email" => MappedField::Email,
            "country" => MappedField::Country,
            "tags" => MappedField::Tags,
            "attributes" => MappedField::Attributes,
            _ => match text.strip_prefix("attr:").map(str::trim) {
                Some(key) if !key.is_empty() => MappedField::Attribute(key.into()),
                _ => return Err(UnknownField),
            },
        })
    }
}
