//! What is sent next, and what an answer makes of it: a state machine without clock, files, network
//! or threads, so that an hour of it can be tested in a moment.

use std::collections::{BTreeSet, VecDeque};
use std::num::NonZeroU32;
use std::time::Duration;

use crate::answer::{Trouble, Verdict, speaks_of_the_contact};
use crate::journal::Past;
use crate::pacer::Pacer;
use crate::part::ArraySlice;

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

/// So many refusals in a row, and it is in doubt whether the service takes anything at all.
const DOUBTED_AFTER: usize = 8;

/// Single contacts, of those not sent yet, that are tried then: so many where nothing was ever
/// taken, and one where a contact that was taken can tell for certain.
const SAMPLES: u32 = 4;
const SAMPLES_BEFORE_A_CHECK: u32 = 1;

/// A moment, by the number of requests sent and answers come until then.
type Moment = u64;

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
    pub(crate) part: ArraySlice,
    /// How often it was sent without a clear answer.
    tries: u32,
    not_before: Duration,
    /// The other half of what was refused, to be looked at when this one is settled.
    other_half: Option<ArraySlice>,
    /// The fault must be in here, if one contact was at fault: the other half went through.
    is_suspect: bool,
    purpose: Purpose,
    /// When a request was refused of which everything but this part and its other half has been
    /// taken since.
    blamed_at: Option<Moment>,
    sent_at: Moment,
    /// When the newest request was sent that had been taken when this one was sent.
    taken_before: Moment,
}

/// What a task is sent for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    /// To get its contacts in.
    Import,
    /// The same, and to see whether the service takes anything.
    Sample,
    /// To see whether the service takes a contact that it has taken already.
    Check,
}

impl Task {
    fn new(part: ArraySlice) -> Self {
        Task {
            part,
            tries: 0,
            not_before: Duration::ZERO,
            other_half: None,
            is_suspect: false,
            purpose: Purpose::Import,
            blamed_at: None,
            sent_at: 0,
            taken_before: 0,
        }
    }

    /// Whether a refusal of this contact is due to it. A request was refused of which it alone was
    /// left; then something was sent and taken; then it was sent, and refused again. So the service
    /// did not refuse everything from the one refusal to the other, and one of the two was meant.
    fn is_proof(&self) -> bool {
        self.other_half.is_none() && self.was_taken_since_blamed()
    }

    fn was_taken_since_blamed(&self) -> bool {
        self.blamed_at.is_some_and(|blamed_at| blamed_at < self.taken_before)
    }
}

/// A single contact that was refused, without proof that it is at fault.
#[derive(Debug)]
struct Doubted {
    task: Task,
    refused_at: Moment,
    status: u16,
    message: String,
}

/// A contact that is refused for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) part: ArraySlice,
    pub(crate) status: u16,
    pub(crate) message: String,
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
    /// Put this down as refused for good: its request was answered before, and now it is proved.
    Refuse(Refusal),
    /// Send nothing more.
    Stop(Stop),
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
    /// One contact was refused; whether it is at fault is not proved.
    Doubted {
        status: u16,
    },
    /// The service took a contact once more that it had taken already: it does take some.
    Checked,
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
    Unauthorized {
        status: u16,
    },
    Unexpected {
        status: u16,
        location: Option<String>,
    },
    TooLongAWait {
        wait: Duration,
    },
    /// So much waiting in which nothing went through, and this much more is asked for.
    WaitUsedUp {
        waited: Duration,
        wait: Duration,
    },
    Unreachable,
    /// The service refuses whatever it is sent; these are its last words.
    RefusesEverything {
        status: u16,
        message: String,
    },
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
    fresh: VecDeque<ArraySlice>,
    /// Halves, and what is sent again.
    again: Vec<Task>,
    under_way: usize,
    /// What an earlier run learned must be halved.
    to_halve: BTreeSet<ArraySlice>,
    /// The least that was too large for one request, in bytes.
    too_large: u64,
    /// Whether a refusal has always been due to contacts: a service that counts them differently
    /// refuses arrays in which none is at fault.
    trusts_suspicion: bool,
    limited_since: Option<Duration>,
    moment: Moment,
    /// When the newest request was sent that was taken; 0 before the first.
    newest_taken: Moment,
    /// When refusals came after which nothing was sent and taken.
    row: Vec<Moment>,
    /// Single contacts that were tried in this row without being taken.
    samples: u32,
    last_refusal: (u16, String),
    doubted: Vec<Doubted>,
    /// What an answer to something else has proved.
    proved: Vec<Refusal>,
    /// A contact that was taken: to refuse it now is to refuse everything.
    known_good: Option<ArraySlice>,
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
            moment: 0,
            newest_taken: 0,
            row: Vec::new(),
            samples: 0,
            last_refusal: (0, String::new()),
            doubted: Vec::new(),
            proved: Vec::new(),
            known_good: past.any_acknowledged(),
            sizes,
            rules,
        }
    }

    /// What to do now.
    pub(crate) fn next(&mut self, now: Duration) -> Next {
        if let Some(refusal) = self.proved.pop() {
            return Next::Refuse(refusal);
        }
        self.halve_what_cannot_go();
        let is_all_sent = self.fresh.is_empty() && self.again.is_empty();
        if is_all_sent && self.doubted.is_empty() {
            return if self.under_way == 0 { Next::Done } else { Next::WaitForAnswer };
        }
        if self.under_way >= self.most_under_way(is_all_sent) {
            return Next::WaitForAnswer;
        }
        let is_in_doubt = self.is_in_doubt();
        if (is_all_sent || is_in_doubt)
            && let Some(end) = self.ask_for_proof(is_all_sent)
        {
            return end;
        }
        let Some(paced) = self.pacer.next(now) else { return Next::WaitForAnswer };
        if paced > now {
            let is_asked = paced == self.pacer.blocked_until();
            return Next::WaitUntil(paced, if is_asked { WaitFor::Service } else { WaitFor::Rate });
        }
        // What was begun is finished first; in doubt, nothing is sent but what can settle it.
        let is_meant = |task: &Task| !is_in_doubt || task.purpose != Purpose::Import;
        let is_due = |task: &Task| task.not_before <= now && is_meant(task);
        let mut task = match self.again.iter().position(is_due) {
            Some(at) => self.again.remove(at),
            None => match (!is_in_doubt).then(|| self.fresh.pop_front()).flatten() {
                Some(part) => Task::new(part),
                None => {
                    let meant = self.again.iter().filter(|task| is_meant(task));
                    let first = meant.map(|task| task.not_before).min();
                    return Next::WaitUntil(first.unwrap_or(now), WaitFor::Retry);
                }
            },
        };
        self.pacer.sent(now);
        self.under_way += 1;
        self.moment += 1;
        task.sent_at = self.moment;
        task.taken_before = self.newest_taken;
        Next::Send(task)
    }

    /// How much may be under way at once. The more was refused in a row, the less: so a service that
    /// refuses everything is sent no more than it takes to find out.
    fn most_under_way(&self, is_all_sent: bool) -> usize {
        let before_doubt = DOUBTED_AFTER.saturating_sub(self.row.len()).max(1);
        let is_taking = self.row.is_empty() && self.newest_taken > 0;
        match (is_all_sent, is_taking) {
            // What is under way may settle the doubt, or bring more to send.
            (true, _) => 1,
            (false, true) => self.rules.concurrency,
            (false, false) => self.rules.concurrency.min(before_doubt),
        }
    }

    /// Whether the service may be refusing everything.
    fn is_in_doubt(&self) -> bool {
        self.row.len() >= DOUBTED_AFTER
    }

    /// Has something sent by which a service that refuses these contacts can be told from one that
    /// refuses everything; or says how it ends without.
    fn ask_for_proof(&mut self, is_all_sent: bool) -> Option<Next> {
        if self.again.iter().any(|task| task.purpose != Purpose::Import) {
            return None;
        }
        let samples = if self.known_good.is_some() { SAMPLES_BEFORE_A_CHECK } else { SAMPLES };
        if self.samples < samples
            && let Some(sample) = self.take_sample()
        {
            self.again.push(Task { purpose: Purpose::Sample, ..sample });
            return None;
        }
        if let Some(part) = self.known_good {
            self.again.push(Task { purpose: Purpose::Check, ..Task::new(part) });
            return None;
        }
        // Everything that is left stands alone, and nothing was ever taken: the answers must tell.
        let speaks = |doubted: &Doubted| speaks_of_the_contact(doubted.status, &doubted.message);
        if let Some(at) = self.doubted.iter().position(speaks).filter(|_| is_all_sent) {
            let Doubted { task, status, message, .. } = self.doubted.remove(at);
            return Some(Next::Refuse(Refusal { part: task.part, status, message }));
        }
        Some(Next::Stop(self.refuses_everything()))
    }

    fn refuses_everything(&self) -> Stop {
        let (status, message) = self.last_refusal.clone();
        Stop::RefusesEverything { status, message }
    }

    /// One contact of those that are still to be sent: of an array not sent yet, where there is one.
    fn take_sample(&mut self) -> Option<Task> {
        if !self.fresh.is_empty() {
            let at = self.random.usize(..self.fresh.len());
            let (first, rest) = self.fresh.get(at)?.split_first();
            match rest {
                Some(rest) => *self.fresh.get_mut(at)? = rest,
                None => drop(self.fresh.remove(at)),
            }
            return Some(Task::new(first));
        }
        if self.again.is_empty() {
            return None;
        }
        let task = self.again.remove(self.random.usize(..self.again.len()));
        let (first, Some(rest)) = task.part.split_first() else { return Some(task) };
        // What is left of it is to blame no more, nor is its other half.
        self.release_other_half(&task);
        self.again.push(Task { not_before: task.not_before, ..Task::new(rest) });
        Some(Task { not_before: task.not_before, ..Task::new(first) })
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
        self.moment += 1;
        match verdict {
            Verdict::Acknowledged => {
                self.limited_since = None;
                self.taken(&task);
                if task.purpose == Purpose::Check {
                    return Outcome::Checked;
                }
                // A suspect that goes through alone: no contact was at fault.
                if task.is_suspect && task.part.contacts() == 1 {
                    self.trusts_suspicion = false;
                }
                if let Some(suspect) = task.other_half {
                    self.suspect(suspect, task.blamed_at);
                }
                Outcome::Acknowledged
            }
            Verdict::Refused { status, message } => self.refused(task, status, message),
            Verdict::TooLarge { message } => {
                let Some((first, second)) = task.part.halves() else {
                    return self.refused(task, 413, message);
                };
                self.limited_since = None;
                self.release_other_half(&task);
                self.too_large = self.too_large.min(self.bytes(task.part));
                self.again.extend([Task::new(first), Task::new(second)]);
                self.halve_what_is_too_large();
                Outcome::Halved { status: 413 }
            }
            Verdict::Limited { wait } => {
                let wait = wait.unwrap_or(DEFAULT_WAIT).max(LEAST_WAIT) + WAIT_MARGIN;
                let since = *self.limited_since.get_or_insert(now);
                self.pacer.block(now + wait);
                if let Some(stop) = self.waits_too_long(wait, since, now) {
                    return Outcome::Stopped { stop };
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
            match task.purpose {
                Purpose::Import => {}
                Purpose::Sample => self.samples += 1,
                // What it was to tell is not told: nothing has been taken since.
                Purpose::Check => {
                    return Outcome::Stopped { stop: self.refuses_everything() };
                }
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
    fn suspect(&mut self, part: ArraySlice, blamed_at: Option<Moment>) {
        self.again.push(match part.halves().filter(|_| self.trusts_suspicion) {
            None => Task { is_suspect: true, blamed_at, ..Task::new(part) },
            Some((first, second)) => {
                Task { other_half: Some(second), blamed_at, ..Task::new(first) }
            }
        });
    }

    /// Everything of a part is in: what that tells of the refusals before.
    fn taken(&mut self, task: &Task) {
        self.newest_taken = self.newest_taken.max(task.sent_at);
        // What was sent before a refusal came says nothing of the time after it.
        self.row.retain(|refused_at| *refused_at > self.newest_taken);
        self.samples = 0;
        if task.purpose != Purpose::Check {
            self.known_good = Some(task.part.split_first().0);
        }
        for doubted in std::mem::take(&mut self.doubted) {
            let Doubted { task: refused, refused_at, status, message } = doubted;
            let part = refused.part;
            // Everything beside it is in, and something was taken before it was refused itself.
            if refused.other_half == Some(task.part) && refused.was_taken_since_blamed() {
                self.proved.push(Refusal { part, status, message });
            } else if refused_at < self.newest_taken {
                self.again.push(Task { blamed_at: Some(refused_at), ..Task::new(part) });
            } else {
                self.doubted.push(Doubted { task: refused, refused_at, status, message });
            }
        }
    }

    fn refused(&mut self, task: Task, status: u16, message: String) -> Outcome {
        self.limited_since = None;
        self.last_refusal = (status, message.clone());
        match task.purpose {
            Purpose::Import => {}
            Purpose::Sample => self.samples += 1,
            Purpose::Check => return Outcome::Stopped { stop: self.refuses_everything() },
        }
        self.row.push(self.moment);
        self.release_other_half(&task);
        let refused_at = self.moment;
        if let Some((first, second)) = task.part.halves() {
            self.again.push(Task {
                other_half: Some(second),
                blamed_at: Some(refused_at),
                ..Task::new(first)
            });
            return Outcome::Halved { status };
        }
        if task.is_proof() {
            return Outcome::Refused { status, message };
        }
        self.doubted.push(Doubted { task, refused_at, status, message });
        Outcome::Doubted { status }
    }

    /// Whether to wait this long would be too long: by itself, or with all waiting before.
    fn waits_too_long(&self, wait: Duration, since: Duration, now: Duration) -> Option<Stop> {
        let allowed = self.rules.max_wait + WAIT_MARGIN;
        if wait > allowed {
            return Some(Stop::TooLongAWait { wait });
        }
        let waited = now.saturating_sub(since);
        (waited + wait > allowed).then_some(Stop::WaitUsedUp { waited, wait })
    }

    /// The half beside one that did not go through may be without fault.
    fn release_other_half(&mut self, task: &Task) {
        if let Some(other) = task.other_half {
            self.again.push(Task::new(other));
        }
    }

    /// Halves what waits to be sent again and is as large as what was too large.
    fn halve_what_is_too_large(&mut self) {
        for task in std::mem::take(&mut self.again) {
            let is_too_large = self.bytes(task.part) >= self.too_large;
            match task.part.halves().filter(|_| is_too_large) {
                None => self.again.push(task),
                Some((first, second)) => {
                    self.release_other_half(&task);
                    let half = |part| Task { not_before: task.not_before, ..Task::new(part) };
                    self.again.extend([half(first), half(second)]);
                }
            }
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
    fn bytes(&self, part: ArraySlice) -> u64 {
        let size = self.sizes.get(part.array as usize);
        size.map_or(0, |size| {
            size.bytes * u64::from(part.contacts()) / u64::from(size.contacts.max(1))
        })
    }
}

#[cfg(test)]
mod tests;
