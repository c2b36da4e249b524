//! Decides which contacts are the same, and merges them.
//!
//! Two contacts are the same if they share a [`MatchKey`]: the full international number. A
//! [`DedupPolicy`] says which of them is kept; a value that loses is a [`Conflict`].
//!
//! A shared line is no identity: under [`Merge`](DedupPolicy::Merge), a contact takes values only from
//! others that may be the same person by their names. There, too, two forms of one number
//! (Argentina's with and without the 9, for example) are one contact if names or e-mails agree.

pub(crate) mod codec;
pub(crate) mod identity;
pub(crate) mod index;
pub(crate) mod merge;
pub(crate) mod spill;
pub(crate) mod variant;

use contactmill_phone::PhoneNumber;

use crate::contact::Contact;
use crate::reason::Field;

/// Which of several contacts with the same phone number is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum DedupPolicy {
    /// All of them.
    None,
    /// The first is kept; later ones are skipped.
    First,
    /// The last is kept; earlier ones are skipped.
    Last,
    /// The first is kept and takes what later ones add: name and email where it has none, tags,
    /// attributes with new keys. Those whose names share no word with its own add nothing.
    #[default]
    Merge,
}

impl DedupPolicy {
    /// Whether a contact is final only when everything has been read.
    pub(crate) const fn defers(self) -> bool {
        matches!(self, DedupPolicy::Last | DedupPolicy::Merge)
    }
}

/// What two contacts must share to be the same: the full international number.
///
/// ```
/// use contactmill_core::dedup::MatchKey;
/// use contactmill_core::{Normalizer, Options, RawContact};
///
/// let normalizer = Normalizer::new(Options::default());
/// let key = |phone| {
///     let mut raw = RawContact::default();
///     raw.phones.push(phone);
///     MatchKey::of(&normalizer.normalize(&raw).unwrap().contact)
/// };
/// assert_eq!(key("+91 98765 43210"), key("00919876543210"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MatchKey(pub(crate) PhoneNumber);

impl MatchKey {
    /// The key of a contact.
    #[must_use]
    pub const fn of(contact: &Contact<'_>) -> Self {
        MatchKey(contact.phone)
    }
}

impl From<PhoneNumber> for MatchKey {
    fn from(number: PhoneNumber) -> Self {
        MatchKey(number)
    }
}

/// A value of a merged record that lost against the value of the contact kept.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Conflict {
    /// The field.
    pub field: Field,
    /// The value that is not emitted.
    pub value: Box<str>,
}

/// Every value that a merged record loses.
pub type Conflicts = Vec<Conflict>;
