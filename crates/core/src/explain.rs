//! The steps in which a cell is read.
//!
//! The code that reads notes them while it reads, so that an explanation never differs from what is
//! done.

use std::cell::RefCell;

use contactmill_phone::PhoneNumber;

use crate::contact::{Attribute, EmailAddress};
use crate::reason::{Reason, Warning};

/// How a cell was read, step by step; see [`Normalizer::explain_phone`] and
/// [`Normalizer::explain_email`].
///
/// [`Normalizer::explain_phone`]: crate::Normalizer::explain_phone
/// [`Normalizer::explain_email`]: crate::Normalizer::explain_email
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Explanation {
    /// What happened, in order.
    pub steps: Vec<Step>,
    /// The result.
    pub outcome: Result<Explained, Reason>,
}

/// What a cell gives to its contact.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Explained {
    /// The phone number.
    pub phone: Option<PhoneNumber>,
    /// The e-mail address.
    pub email: Option<EmailAddress<'static>>,
    /// What else stood in the cell: further numbers or addresses, an extension.
    pub attributes: Vec<Attribute<'static>>,
    /// What was changed, or is suspect.
    pub warnings: Vec<Warning>,
}

/// One step in reading a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Step {
    /// What kind of step it was.
    pub kind: StepKind,
    /// What was seen or done, and why; with text from the cell in it, as it stands there.
    pub text: String,
}

/// Kinds of [`Step`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StepKind {
    /// An observation that decides how to go on.
    Seen,
    /// A reading or a repair was taken.
    Taken,
    /// A reading or a repair was refused.
    Refused,
}

impl StepKind {
    /// The kind as one word in lower case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            StepKind::Seen => "seen",
            StepKind::Taken => "taken",
            StepKind::Refused => "refused",
        }
    }
}

/// Collects steps, if the caller wants them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Notes<'n>(Option<&'n RefCell<Vec<Step>>>);

impl<'n> Notes<'n> {
    pub(crate) const fn to(steps: &'n RefCell<Vec<Step>>) -> Self {
        Notes(Some(steps))
    }

    pub(crate) const fn are_wanted(self) -> bool {
        self.0.is_some()
    }

    pub(crate) fn seen(self, text: impl FnOnce() -> String) {
        self.note(StepKind::Seen, text);
    }

    pub(crate) fn taken(self, text: impl FnOnce() -> String) {
        self.note(StepKind::Taken, text);
    }

    pub(crate) fn refused(self, text: impl FnOnce() -> String) {
        self.note(StepKind::Refused, text);
    }

    fn note(self, kind: StepKind, text: impl FnOnce() -> String) {
        if let Some(steps) = self.0 {
            steps.borrow_mut().push(Step { kind, text: text() });
        }
    }
}
