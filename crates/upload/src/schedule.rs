//! What is sent next, and what an answer makes of it: a state machine without clock, files, network
//! or threads, so that an hour of it can be tested in a moment.

use std::collections::{BTreeSet, VecDeque};
use std::num::NonZeroU32;
use std::time::Duration;

use crate::answer::{Trouble, Verdict};
use crate::journal::Past;
use crate::pacer::Pacer;
use crate::part::Part;

/// Without a `Retry-After` that can be meant, the window of the limit.
const DEFAULT_WAIT: Duration = Duration::from_secs(60);

/// Even a service that asks for no wait gets one.
const LEAST_WAIT: Duration = Duration::from_secs(1);

/// Beyond what the service asked for: its seconds may have begun after ours.
const WAIT_MARGIN: Duration = Duration::from_millis(100);

/// Waits before a part is sent again are drawn from 0 to this, doubled with each try, up to the cap:
/// "full jitter", so that clients that failed together do not come back together.
const BACKOFF_BASE: Duration = Duration::from_secs(1);
const BACKOFF_CAP: Duration = Duration::from_secs(60);

/// How a schedule behaves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    pub(crate) rate: NonZeroU32,
    pub(crate) concurrency: usize,
    /// How often a part is sent again without a clear answer.
    pub(crate) retries: u32,
    /// The longest that nothing may be sent because of the limit.
    pub(crate) max_wait: Duration,
    pub(crate) seed: u64,
}

/// A part that is to be sent, or under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Task {
    pub(crate) part: Part,
    /// How often it was sent without a clear answer.
    tries: u32,
    not_before: Duration,
    /// The other half of what was refused, to be looked at when this one is settled.
    other_half: Option<Part>,
    /// The fault must be in here, if one contact was at fault: the other half went through.
    is_suspect: bool,
}

impl Task {
    fn new(part: Part) -> Self {
        Task { part, tries: 0, not_before: Duration::ZERO, other_half: None, is_suspect: false }
    }
}

/// What to do now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Send this; it counts as sent now.
    Send(Task),
    /// Nothing before this time, unless an answer comes first.
    WaitUntil(Duration, WaitFor),
    /// Nothing until an answer comes.
    WaitForAnswer,
    /// Nothing any more.
    Done,
}

/// Why nothing is sent for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaitFor {
    /// The limit of requests a minute.
    Rate,
    /// The service said that it is over its limit, or asked to wait.
    Service,
    /// What had no clear answer is sent again after a while.
    Retry,
}

/// What an answer came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Acknowledged,
    /// One contact was refused for good.
    Refused {
        status: u16,
        message: String,
    },
    /// A part was refused and is sent in halves.
    Halved {
        status: u16,
    },
    /// Nothing is sent for so long; then it is sent again.
    Limited {
        wait: Duration,
    },
    /// It is sent again after so long.
    Retried {
        trouble: Trouble,
        wait: Duration,
    },
    /// It was sent often enough; what became of it is not known.
    GivenUp {
        trouble: Trouble,
    },
    /// The run cannot go on.
    Stopped {
        stop: Stop,
    },
}

/// Why nothing more is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    Unauthorized { status: u16 },
    Unexpected { status: u16, location: Option<String> },
    TooLongAWait { wait: Duration },
    Unreachable,
}

/// An array as far as the schedule knows it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub(crate) contacts: u32,
    pub(crate) bytes: u64,
}

/// Everything that is still to be sent.
#[derive(Debug)]
pub(crate) struct Schedule {
    rules: Rules,
    pacer: Pacer,
    random: fastrand::Rng,
    sizes: Vec<Size>,
    fresh: VecDeque<Part>,
    /// Halves, and what is sent again.
    again: Vec<Task>,
    under_way: usize,
    /// What an earlier run learned must be halved.
    to_halve: BTreeSet<Part>,
    /// The least that was too large for one request, in bytes.
    too_large: u64,
    /// Whether a refusal has always been due to contacts: a service that counts them differently
    /// refuses arrays in which none is at fault.
    trusts_suspicion: bool,
    limited_since: Option<Duration>,
}

impl Schedule {
    /// Schedules what the past has left of these arrays. `now` must be later than the requests of
    /// the past that still matter.
    pub(crate) fn new(rules: Rules, sizes: Vec<Size>, past: &Past, now: Duration) -> Self {
        let left = |(array, size): (usize, &Size)| {
            past.left(u32::try_from(array).unwrap_or(u32::MAX), size.contacts)
        };
        let mut pacer = Pacer::new(rules.rate);
        let over = past.requests.iter().map(|age| now.saturating_sub(*age));
        pacer.resume(over.collect(), past.last_sent.map(|age| now.saturating_sub(age)));
        if let Some(wait) = past.blocked_for {
            pacer.block(now + wait);
        }
        Schedule {
            pacer,
            random: fastrand::Rng::with_seed(rules.seed),
            fresh: sizes.iter().enumerate().flat_map(left).collect(),
            again: Vec::new(),
            under_way: 0,
            to_halve: past.to_halve.clone(),
            too_large: u64::MAX,
            trusts_suspicion: true,
            limited_since: past.blocked_for.map(|_| now),
            sizes,
            rules,
        }
    }

    /// What to do now.
    pub(crate) fn next(&mut self, now: Duration) -> Next {
        self.halve_what_cannot_go();
        if self.fresh.is_empty() && self.again.is_empty() {
            return if self.under_way == 0 { Next::Done } else { Next::WaitForAnswer };
        }
        if self.under_way >= self.rules.concurrency {
            return Next::WaitForAnswer;
        }
        let Some(paced) = self.pacer.next(now) else { return Next::WaitForAnswer };
        if paced > now {
            let is_asked = paced == self.pacer.blocked_until();
            return Next::WaitUntil(paced, if is_asked { WaitFor::Service } else { WaitFor::Rate });
        }
        // What was begun is finished first.
        let is_due = |task: &Task| task.not_before <= now;
        let task = match self.again.iter().position(is_due) {
            Some(at) => self.again.remove(at),
            None => match self.fresh.pop_front() {
                Some(part) => Task::new(part),
                None => {
                    let first = self.again.iter().map(|task| task.not_before).min();
                    return Next::WaitUntil(first.unwrap_or(now), WaitFor::Retry);
                }
            },
        };
        self.pacer.sent(now);
        self.under_way += 1;
        Next::Send(task)
    }

    /// Takes back what was not sent after all.
    pub(crate) fn put_back(&mut self, task: Task) {
        self.pacer.not_sent();
        self.under_way = self.under_way.saturating_sub(1);
        self.again.push(task);
    }

    /// What an answer comes to, or the lack of one.
    pub(crate) fn answered(&mut self, task: Task, verdict: Verdict, now: Duration) -> Outcome {
        self.pacer.over(now);
        self.under_way = self.under_way.saturating_sub(1);
        match verdict {
            Verdict::Acknowledged => {
                self.limited_since = None;
                // A suspect that goes through alone: no contact was at fault.
                if task.is_suspect && task.part.contacts() == 1 {
                    self.trusts_suspicion = false;
                }
                if let Some(suspect) = task.other_half {
                    self.suspect(suspect);
                }
                Outcome::Acknowledged
            }
            Verdict::Refused { status, message } => {
                self.limited_since = None;
                self.release_other_half(&task);
                match task.part.halves() {
                    None => Outcome::Refused { status, message },
                    Some((first, second)) => {
                        self.again.push(Task { other_half: Some(second), ..Task::new(first) });
                        Outcome::Halved { status }
                    }
                }
            }
            Verdict::TooLarge { message } => {
                self.limited_since = None;
                self.release_other_half(&task);
                self.too_large = self.too_large.min(self.bytes(task.part));
                match task.part.halves() {
                    None => Outcome::Refused { status: 413, message },
                    Some((first, second)) => {
                        self.again.extend([Task::new(first), Task::new(second)]);
                        Outcome::Halved { status: 413 }
                    }
                }
            }
            Verdict::Limited { wait } => {
                let wait = wait.unwrap_or(DEFAULT_WAIT).max(LEAST_WAIT) + WAIT_MARGIN;
                let since = *self.limited_since.get_or_insert(now);
                self.pacer.block(now + wait);
                if now + wait - since > self.rules.max_wait {
                    return Outcome::Stopped { stop: Stop::TooLongAWait { wait } };
                }
                self.again.push(task);
                Outcome::Limited { wait }
            }
            Verdict::Unclear { trouble, wait } => self.unclear(task, trouble, wait, now),
            Verdict::Unauthorized { status } => {
                Outcome::Stopped { stop: Stop::Unauthorized { status } }
            }
            Verdict::Unexpected { status, location } => {
                Outcome::Stopped { stop: Stop::Unexpected { status, location } }
            }
        }
    }

    fn unclear(
        &mut self,
        mut task: Task,
        trouble: Trouble,
        asked: Option<Duration>,
        now: Duration,
    ) -> Outcome {
        if task.tries >= self.rules.retries {
            // Where nothing can be reached, the rest would only be given up too.
            if trouble == Trouble::NotConnected {
                return Outcome::Stopped { stop: Stop::Unreachable };
            }
            self.release_other_half(&task);
            return Outcome::GivenUp { trouble };
        }
        let most = BACKOFF_BASE.saturating_mul(1 << task.tries.min(16)).min(BACKOFF_CAP);
        let mut wait = most.mul_f64(self.random.f64());
        if let Some(asked) = asked.map(|asked| asked + WAIT_MARGIN) {
            if asked > self.rules.max_wait + WAIT_MARGIN {
                return Outcome::Stopped { stop: Stop::TooLongAWait { wait: asked } };
            }
            // A service that asks for a wait while it is down means everybody.
            self.pacer.block(now + asked);
            wait = wait.max(asked);
        }
        task.tries += 1;
        task.not_before = now + wait;
        self.again.push(task);
        Outcome::Retried { trouble, wait }
    }

    /// The half beside one that went through: the fault must be there, so only its halves are sent.
    fn suspect(&mut self, part: Part) {
        self.again.push(match part.halves().filter(|_| self.trusts_suspicion) {
            None => Task { is_suspect: true, ..Task::new(part) },
            Some((first, second)) => Task { other_half: Some(second), ..Task::new(first) },
        });
    }

    /// The half beside one that did not go through may be without fault.
    fn release_other_half(&mut self, task: &Task) {
        if let Some(other) = task.other_half {
            self.again.push(Task::new(other));
        }
    }

    /// Halves parts that are known not to go as they are.
    fn halve_what_cannot_go(&mut self) {
        while let Some(&part) = self.fresh.front() {
            let was_refused = self.to_halve.contains(&part);
            let is_too_large = self.bytes(part) >= self.too_large;
            let Some((first, second)) = part.halves().filter(|_| was_refused || is_too_large)
            else {
                return;
            };
            self.fresh.pop_front();
            self.fresh.push_front(second);
            self.fresh.push_front(first);
        }
    }

    /// About how many bytes a part has.
    fn bytes(&self, part: Part) -> u64 {
        let size = self.sizes.get(part.array as usize);
        size.map_or(0, |size| {
            size.bytes * u64::from(part.contacts()) / u64::from(size.contacts.max(1))
        })
    }
}

#[cfg(test)]
mod tests;
