//! How large a contact may be once it is encoded: the core does not know how that is done.

use crate::contact::Contact;

/// How large a contact may be.
pub trait SizeLimit: Sync {
    /// How many bytes more the contact could have; none when it is too large already.
    fn room(&self, contact: &Contact) -> Option<usize>;

    /// The most that one more value of this many bytes can take, with all that stands around it.
    fn at_most(&self, value_bytes: usize) -> usize;
}

/// Any contact is small enough.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unlimited;

impl SizeLimit for Unlimited {
    fn room(&self, _: &Contact) -> Option<usize> {
        Some(usize::MAX)
    }

    fn at_most(&self, value_bytes: usize) -> usize {
        value_bytes
    }
}
