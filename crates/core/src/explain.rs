//! What was seen, done and left undone while a cell was read.
//!
//! The steps are noted by the code that reads, while it reads: there is no second telling.

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
    /// What came of it.
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
    /// What was seen or done, and why; one line, with text from the cell in it.
    pub text: String,
}

/// Kinds of [`Step`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StepKind {
    /// Something was noticed that decides how to go on.
    Seen,
    /// A reading or a repair was taken.
    Taken,
    /// A reading or a repair was refused.
    Refused,
}

impl StepKind {
    /// The kind as one word in small letters.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            StepKind::Seen => "seen",
            StepKind::Taken => "taken",
            StepKind::Refused => "refused",
        }
    }
}

/// Where steps are noted, if anybody wants to know.
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
