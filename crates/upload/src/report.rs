//! What a run reports, while it goes on and at its end.

use std::time::Duration;

use crate::answer::Trouble;
use crate::schedule::WaitFor;
use crate::slice::ArraySlice;
use crate::transport::CertificateFault;

/// Something that happened in a run. None of them holds a contact or a token.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The file system has no locks, so another upload of this folder would not be noticed. Reported
    /// once, before anything is sent.
    NotLocked {
        /// Why.
        why: String,
    },
    /// A request is sent.
    Sending {
        /// Its contacts.
        slice: ArraySlice,
    },
    /// The service has taken a slice.
    Acknowledged {
        /// The slice.
        slice: ArraySlice,
    },
    /// The service refused a contact, which is in `refused.csv` now.
    Refused {
        /// The contact.
        slice: ArraySlice,
        /// The HTTP status.
        status: u16,
    },
    /// The service refused a contact while it took nothing else, so the contact may not be at fault.
    Doubted {
        /// The contact.
        slice: ArraySlice,
        /// The HTTP status.
        status: u16,
    },
    /// The service refused a slice, which is sent in halves.
    Halved {
        /// The slice.
        slice: ArraySlice,
        /// The HTTP status.
        status: u16,
    },
    /// A slice had no clear answer. It is sent again after a wait.
    Retried {
        /// The slice.
        slice: ArraySlice,
        /// The reason.
        trouble: Trouble,
        /// The wait.
        wait: Duration,
    },
    /// A slice had no clear answer after all retries. It is left for the next run.
    Unknown {
        /// The slice.
        slice: ArraySlice,
        /// The reason of the last time.
        trouble: Trouble,
    },
    /// Nothing is sent for a while. Reported once for each wait of a second or more.
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
    /// Everything was sent. Slices without a clear answer are listed.
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
        /// The wait that it asks for.
        wait: Duration,
    },
    /// The service took nothing for some time, and asks to wait longer than was allowed in all.
    WaitUsedUp {
        /// The time during which nothing was taken.
        waited: Duration,
        /// The further wait that it asks for.
        wait: Duration,
    },
    /// The service refused everything, so no contact is known to be at fault. None was refused for
    /// good; the next run tries them again.
    RefusesEverything {
        /// The HTTP status.
        status: u16,
        /// What the service said, fit to be shown.
        message: String,
    },
    /// No connection was made, in all retries.
    Unreachable,
    /// The service did not prove who it is; nothing was sent to it.
    Certificate(CertificateFault),
}

/// The result of a run. Every contact is in one of four counts:
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
    /// Slices without a clear answer after all retries: the service may have taken them or not.
    pub unknown: Vec<(ArraySlice, Trouble)>,
    /// Contacts that were still to be sent when the run ended, without the unknown ones.
    pub left: u64,
    /// Number of requests that were sent.
    pub requests: u64,
    /// Duration of the run.
    pub took: Duration,
}

impl Report {
    /// Number of contacts in the unknown slices.
    #[must_use]
    pub fn unknown_contacts(&self) -> u64 {
        self.unknown.iter().map(|(slice, _)| u64::from(slice.contacts())).sum()
    }
}
