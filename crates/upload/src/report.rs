//! What is told of a run, while it goes on and at its end.

use std::time::Duration;

use crate::answer::Trouble;
use crate::part::ArraySlice;
use crate::schedule::WaitFor;

/// Something that happened in a run. None of them holds a contact or a token.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The file system refuses locks, so another upload of this folder would not be noticed. Said
    /// once, before anything is sent.
    NotLocked {
        /// Why.
        why: String,
    },
    /// A request is sent.
    Sending {
        /// What it holds.
        part: ArraySlice,
    },
    /// The service has taken a part.
    Acknowledged {
        /// What it has taken.
        part: ArraySlice,
    },
    /// The service refused a contact, which stands in `refused.csv` now.
    Refused {
        /// The contact.
        part: ArraySlice,
        /// The HTTP status.
        status: u16,
    },
    /// The service refused a contact while nothing else went through: it is not known yet whether
    /// the contact is at fault.
    Doubted {
        /// The contact.
        part: ArraySlice,
        /// The HTTP status.
        status: u16,
    },
    /// The service refused a part, which is sent in halves.
    Halved {
        /// The part.
        part: ArraySlice,
        /// The HTTP status.
        status: u16,
    },
    /// A part had no clear answer, and is sent again after a while.
    Retried {
        /// The part.
        part: ArraySlice,
        /// What was wrong.
        trouble: Trouble,
        /// How long it waits.
        wait: Duration,
    },
    /// A part had no clear answer so often that it is left for the next run.
    Unknown {
        /// The part.
        part: ArraySlice,
        /// What was wrong the last time.
        trouble: Trouble,
    },
    /// Nothing is sent for a while. Said once for each wait of a second or more.
    Waiting {
        /// Why.
        reason: WaitFor,
        /// How long.
        wait: Duration,
    },
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ended {
    /// Everything was sent. What had no clear answer is listed.
    Finished,
    /// It was asked to stop.
    Interrupted,
    /// The token was refused (401, 403); nothing was sent afterwards.
    Unauthorized {
        /// The HTTP status.
        status: u16,
    },
    /// An answer that no import API gives: a redirect, or a status such as 404.
    Unexpected {
        /// The HTTP status.
        status: u16,
        /// Where a redirect leads; it was not followed.
        location: Option<String>,
    },
    /// The service asks to wait longer than was allowed.
    TooLongAWait {
        /// How long it asks for.
        wait: Duration,
    },
    /// The service took nothing for so long, and asks to wait more than was allowed in all.
    WaitUsedUp {
        /// How long nothing was taken.
        waited: Duration,
        /// How much longer it asks to wait.
        wait: Duration,
    },
    /// The service refused whatever it was sent, so that no contact can be said to be at fault. None
    /// of them was refused for good; the next run tries them again.
    RefusesEverything {
        /// The HTTP status.
        status: u16,
        /// What the service said, fit to be shown.
        message: String,
    },
    /// No connection came about, however often it was tried.
    Unreachable,
    /// The service did not prove who it is; nothing was sent to it.
    Certificate {
        /// What is wrong with its certificate.
        why: String,
    },
}

/// What a run came to. Everything is in one of the four counts:
/// contacts of the folder = acknowledged + refused + unknown + left.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// How it ended.
    pub ended: Ended,
    /// Contacts that the service has taken, in this run and before.
    pub acknowledged: u64,
    /// Of these, contacts that it had taken before.
    pub acknowledged_before: u64,
    /// Contacts that the service refused, in this run and before; they are in `refused.csv`.
    pub refused: u64,
    /// Parts that may be in or not: sent often enough, without a clear answer.
    pub unknown: Vec<(ArraySlice, Trouble)>,
    /// Contacts that were not settled when the run ended, beside the unknown ones.
    pub left: u64,
    /// Requests that were sent.
    pub requests: u64,
    /// How long the run took.
    pub took: Duration,
}

impl Report {
    /// Contacts in the unknown parts.
    #[must_use]
    pub fn unknown_contacts(&self) -> u64 {
        self.unknown.iter().map(|(part, _)| u64::from(part.contacts())).sum()
    }
}
