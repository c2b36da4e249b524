//! Decides what is sent next, and what follows from an answer: a state machine without clock, files,
//! network or threads, so that an hour of it can be tested in a moment.

use std::collections::{BTreeSet, VecDeque};
use std::num::NonZeroU32;
use std::time::Duration;

use crate::answer::{Trouble, Verdict, is_about_the_contact};
use crate::journal::Past;
use crate::pacer::Pacer;
use crate::slice::ArraySlice;

/// The wait without a usable `Retry-After`: the window of the limit.
const DEFAULT_WAIT: Duration = Duration::from_secs(60);

/// Minimum wait, also where the service asks for none.
const MIN_WAIT: Duration = Duration::from_secs(1);

/// What is added to a wait that the service asked for: its seconds may begin after ours.
const WAIT_MARGIN: Duration = Duration::from_millis(100);

/// The wait before a retry is drawn from 0 to this, doubled with each try, up to the cap: "full jitter",
/// so that clients that failed together do not come back together.
const BACKOFF_BASE: Duration = Duration::from_secs(1);
const BACKOFF_CAP: Duration = Duration::from_secs(60);

/// Number of refusals in a row after which it is in doubt whether the service takes anything.
const DOUBTED_AFTER: usize = 8;

/// Number of single contacts, of those not sent yet, that are then tried: more where nothing was ever
/// taken, and one where a contact that was taken can prove it.
const SAMPLES: u32 = 4;
const SAMPLES_BEFORE_A_CHECK: u32 = 1;

/// A moment, as the number of requests and answers until then.
type Moment = u64;

/// How a schedule behaves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    pub(crate) rate: NonZeroU32,
    pub(crate) concurrency: usize,
    /// Maximum number of retries of a slice without a clear answer.
    pub(crate) retries: u32,
    /// Maximum time during which nothing may be sent because of the limit.
    pub(crate) max_wait: Duration,
    pub(crate) seed: u64,
}

/// A request that is to be sent, or under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) slice: ArraySlice,
    /// Number of times that it was sent without a clear answer.
    tries: u32,
    not_before: Duration,
    /// The other half of the slice that was refused. It is dealt with once this half was answered.
    other_half: Option<ArraySlice>,
    /// Whether the fault must be in here, if a contact was at fault: the other half was taken.
    is_suspect: bool,
    purpose: Purpose,
    /// When a request was refused whose contacts were all taken since, but for this slice and its other
    /// half.
    blamed_at: Option<Moment>,
    sent_at: Moment,
    /// When the newest request was sent of those that had been taken before this one was sent.
    taken_before: Moment,
}

/// Why a request is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    /// To import its contacts.
    Import,
    /// To import its contact, and to see whether the service takes anything.
    Sample,
    /// To see whether the service takes a contact that it has taken before.
    Check,
}

impl Request {
    fn new(slice: ArraySlice) -> Self {
        Request {
            slice,
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

    /// Whether a refusal of this contact proves that it is at fault. A request was refused, and this
    /// contact is all that was not taken of it. Then something else was sent and taken. Then this was
    /// sent, and is refused again. So the service did not refuse everything between the two refusals,
    /// and one of them was due to the contact.
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
    request: Request,
    refused_at: Moment,
    status: u16,
    message: String,
}

/// A contact that is refused for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) slice: ArraySlice,
    pub(crate) status: u16,
    pub(crate) message: String,
}

/// What the uploader is to do now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Send this. It counts as sent now.
    Send(Request),
    /// Wait until this time, or for an answer.
    WaitUntil(Duration, WaitFor),
    /// Wait for an answer.
    WaitForAnswer,
    /// List this as refused for good: it was answered before, and the proof has come since.
    Refuse(Refusal),
    /// Send nothing more.
    Stop(Stop),
    /// End: everything was sent and answered.
    Done,
}

/// Why nothing is sent for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaitFor {
    /// The limit of requests a minute.
    Rate,
    /// The service asked to wait, or said that the limit is exceeded.
    Service,
    /// The wait before a retry.
    Retry,
}

/// What follows from an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AnswerEffect {
    Acknowledged,
    /// One contact was refused for good.
    Refused {
        status: u16,
        message: String,
    },
    /// One contact was refused, without proof that it is at fault.
    Doubted {
        status: u16,
    },
    /// The service took a contact once more that it had taken before: so it does take some.
    Checked,
    /// A slice was refused, and is sent in halves.
    Halved {
        status: u16,
    },
    /// Nothing is sent during this wait. Then it is sent again.
    Limited {
        wait: Duration,
    },
    /// It is sent again after this wait.
    Retried {
        trouble: Trouble,
        wait: Duration,
    },
    /// All retries are used up. The service may have taken it or not.
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
    /// Nothing was taken during this time, and the service asks for this further wait.
    WaitUsedUp {
        waited: Duration,
        wait: Duration,
    },
    Unreachable,
    /// The service refuses everything. These are its last words.
    RefusesEverything {
        status: u16,
        message: String,
    },
}

/// What the schedule knows of an array.
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
    /// Slices that were never sent.
    fresh: VecDeque<ArraySlice>,
    /// Halves, and retries.
    again: Vec<Request>,
    /// Number of requests under way.
    under_way: usize,
    /// Slices that must be halved, as an earlier run found.
    to_halve: BTreeSet<ArraySlice>,
    /// The smallest size that was too large for one request, in bytes.
    too_large: u64,
    /// Whether every refusal so far was due to contacts. A service with a limit of its own refuses arrays
    /// in which no contact is at fault.
    trusts_suspicion: bool,
    limited_since: Option<Duration>,
    moment: Moment,
    /// When the newest request was sent of those that were taken; 0 before the first.
    newest_taken: Moment,
    /// When refusals came since which nothing was sent and taken.
    refusals_in_a_row: Vec<Moment>,
    /// Number of single contacts that were tried in this row and not taken.
    samples: u32,
    last_refusal: (u16, String),
    doubted: Vec<Doubted>,
    /// Refusals that the answer to another request has proved.
    proved: Vec<Refusal>,
    /// A contact that was taken. A service that refuses it now refuses everything.
    known_good: Option<ArraySlice>,
}

impl Schedule {
    /// Schedules what is still to be sent of these arrays. `now` must be later than the past requests
    /// that still matter.
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
            refusals_in_a_row: Vec::new(),
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
    pub(crate) fn next_action(&mut self, now: Duration) -> Action {
        if let Some(refusal) = self.proved.pop() {
            return Action::Refuse(refusal);
        }
        self.halve_what_cannot_go();
        let is_all_sent = self.fresh.is_empty() && self.again.is_empty();
        if is_all_sent && self.doubted.is_empty() {
            return if self.under_way == 0 { Action::Done } else { Action::WaitForAnswer };
        }
        if self.under_way >= self.max_under_way(is_all_sent) {
            return Action::WaitForAnswer;
        }
        let is_in_doubt = self.is_in_doubt();
        if (is_all_sent || is_in_doubt)
            && let Some(end) = self.ask_for_proof(is_all_sent)
        {
            return end;
        }
        let Some(paced) = self.pacer.next(now) else { return Action::WaitForAnswer };
        if paced > now {
            let is_asked = paced == self.pacer.blocked_until();
            return Action::WaitUntil(
                paced,
                if is_asked { WaitFor::Service } else { WaitFor::Rate },
            );
        }
        // What was begun is finished first. In doubt, only what can remove the doubt is sent.
        let may_be_sent = |request: &Request| !is_in_doubt || request.purpose != Purpose::Import;
        let is_due = |request: &Request| request.not_before <= now && may_be_sent(request);
        let mut request = match self.again.iter().position(is_due) {
            Some(at) => self.again.remove(at),
            None => match (!is_in_doubt).then(|| self.fresh.pop_front()).flatten() {
                Some(slice) => Request::new(slice),
                None => {
                    let candidates = self.again.iter().filter(|request| may_be_sent(request));
                    let first = candidates.map(|request| request.not_before).min();
                    return Action::WaitUntil(first.unwrap_or(now), WaitFor::Retry);
                }
            },
        };
        self.pacer.sent(now);
        self.under_way += 1;
        self.moment += 1;
        request.sent_at = self.moment;
        request.taken_before = self.newest_taken;
        Action::Send(request)
    }

    /// Maximum number of requests under way. It shrinks with each refusal in a row, so that a service
    /// that refuses everything gets no more than it takes to find out.
    fn max_under_way(&self, is_all_sent: bool) -> usize {
        let before_doubt = DOUBTED_AFTER.saturating_sub(self.refusals_in_a_row.len()).max(1);
        let is_taking = self.refusals_in_a_row.is_empty() && self.newest_taken > 0;
        match (is_all_sent, is_taking) {
            // The answer may remove the doubt, or bring more to send.
            (true, _) => 1,
            (false, true) => self.rules.concurrency,
            (false, false) => self.rules.concurrency.min(before_doubt),
        }
    }

    /// Whether the service may be refusing everything.
    fn is_in_doubt(&self) -> bool {
        self.refusals_in_a_row.len() >= DOUBTED_AFTER
    }

    /// Schedules a request that distinguishes a service that refuses these contacts from one that refuses
    /// everything. Returns how the run ends where there is none.
    fn ask_for_proof(&mut self, is_all_sent: bool) -> Option<Action> {
        if self.again.iter().any(|request| request.purpose != Purpose::Import) {
            return None;
        }
        let samples = if self.known_good.is_some() { SAMPLES_BEFORE_A_CHECK } else { SAMPLES };
        if self.samples < samples
            && let Some(sample) = self.take_sample()
        {
            self.again.push(Request { purpose: Purpose::Sample, ..sample });
            return None;
        }
        if let Some(slice) = self.known_good {
            self.again.push(Request { purpose: Purpose::Check, ..Request::new(slice) });
            return None;
        }
        // Only single contacts are left, and nothing was ever taken: the words of the answers decide.
        let is_about = |doubted: &Doubted| is_about_the_contact(doubted.status, &doubted.message);
        if let Some(at) = self.doubted.iter().position(is_about).filter(|_| is_all_sent) {
            let Doubted { request, status, message, .. } = self.doubted.remove(at);
            return Some(Action::Refuse(Refusal { slice: request.slice, status, message }));
        }
        Some(Action::Stop(self.refuses_everything()))
    }

    fn refuses_everything(&self) -> Stop {
        let (status, message) = self.last_refusal.clone();
        Stop::RefusesEverything { status, message }
    }

    /// Takes one contact of those that are still to be sent, where possible of an array not sent yet.
    fn take_sample(&mut self) -> Option<Request> {
        if !self.fresh.is_empty() {
            let at = self.random.usize(..self.fresh.len());
            let (first, rest) = self.fresh.get(at)?.split_first();
            match rest {
                Some(rest) => *self.fresh.get_mut(at)? = rest,
                None => drop(self.fresh.remove(at)),
            }
            return Some(Request::new(first));
        }
        if self.again.is_empty() {
            return None;
        }
        let request = self.again.remove(self.random.usize(..self.again.len()));
        let (first, Some(rest)) = request.slice.split_first() else { return Some(request) };
        // The rest of it is no longer to blame, nor is its other half.
        self.release_other_half(&request);
        self.again.push(Request { not_before: request.not_before, ..Request::new(rest) });
        Some(Request { not_before: request.not_before, ..Request::new(first) })
    }

    /// Takes back a request that was not sent after all.
    pub(crate) fn put_back(&mut self, request: Request) {
        self.pacer.not_sent();
        self.under_way = self.under_way.saturating_sub(1);
        self.again.push(request);
    }

    /// Takes the answer to a request, or the lack of one. Returns what follows.
    pub(crate) fn answered(
        &mut self,
        request: Request,
        verdict: Verdict,
        now: Duration,
    ) -> AnswerEffect {
        self.pacer.over(now);
        self.under_way = self.under_way.saturating_sub(1);
        self.moment += 1;
        match verdict {
            Verdict::Acknowledged => {
                self.limited_since = None;
                self.taken(&request);
                if request.purpose == Purpose::Check {
                    return AnswerEffect::Checked;
                }
                // A suspect that is taken alone: no contact was at fault.
                if request.is_suspect && request.slice.contacts() == 1 {
                    self.trusts_suspicion = false;
                }
                if let Some(suspect) = request.other_half {
                    self.suspect(suspect, request.blamed_at);
                }
                AnswerEffect::Acknowledged
            }
            Verdict::Refused { status, message } => self.refused(request, status, message),
            Verdict::TooLarge { message } => {
                let Some((first, second)) = request.slice.halves() else {
                    return self.refused(request, 413, message);
                };
                self.limited_since = None;
                self.release_other_half(&request);
                self.too_large = self.too_large.min(self.bytes(request.slice));
                self.again.extend([Request::new(first), Request::new(second)]);
                self.halve_what_is_too_large();
                AnswerEffect::Halved { status: 413 }
            }
            Verdict::Limited { wait } => {
                let wait = wait.unwrap_or(DEFAULT_WAIT).max(MIN_WAIT) + WAIT_MARGIN;
                let since = *self.limited_since.get_or_insert(now);
                self.pacer.block(now + wait);
                if let Some(stop) = self.waits_too_long(wait, since, now) {
                    return AnswerEffect::Stopped { stop };
                }
                self.again.push(request);
                AnswerEffect::Limited { wait }
            }
            Verdict::Unclear { trouble, wait } => self.unclear(request, trouble, wait, now),
            Verdict::Unauthorized { status } => {
                AnswerEffect::Stopped { stop: Stop::Unauthorized { status } }
            }
            Verdict::Unexpected { status, location } => {
                AnswerEffect::Stopped { stop: Stop::Unexpected { status, location } }
            }
        }
    }

    fn unclear(
        &mut self,
        mut request: Request,
        trouble: Trouble,
        asked: Option<Duration>,
        now: Duration,
    ) -> AnswerEffect {
        if request.tries >= self.rules.retries {
            // Where nothing can be reached, the rest would be given up too.
            if trouble == Trouble::NotConnected {
                return AnswerEffect::Stopped { stop: Stop::Unreachable };
            }
            match request.purpose {
                Purpose::Import => {}
                Purpose::Sample => self.samples += 1,
                // It proves nothing, and nothing has been taken since.
                Purpose::Check => {
                    return AnswerEffect::Stopped { stop: self.refuses_everything() };
                }
            }
            self.release_other_half(&request);
            return AnswerEffect::GivenUp { trouble };
        }
        let most = BACKOFF_BASE.saturating_mul(1 << request.tries.min(16)).min(BACKOFF_CAP);
        let mut wait = most.mul_f64(self.random.f64());
        if let Some(asked) = asked.map(|asked| asked + WAIT_MARGIN) {
            if asked > self.rules.max_wait + WAIT_MARGIN {
                return AnswerEffect::Stopped { stop: Stop::TooLongAWait { wait: asked } };
            }
            // A service that asks for a wait while it is down means everybody.
            self.pacer.block(now + asked);
            wait = wait.max(asked);
        }
        request.tries += 1;
        request.not_before = now + wait;
        self.again.push(request);
        AnswerEffect::Retried { trouble, wait }
    }

    /// Schedules the half beside one that was taken. The fault must be there, so only its halves are sent.
    fn suspect(&mut self, slice: ArraySlice, blamed_at: Option<Moment>) {
        self.again.push(match slice.halves().filter(|_| self.trusts_suspicion) {
            None => Request { is_suspect: true, blamed_at, ..Request::new(slice) },
            Some((first, second)) => {
                Request { other_half: Some(second), blamed_at, ..Request::new(first) }
            }
        });
    }

    /// Takes note that all contacts of a request were taken, and of what that proves about earlier
    /// refusals.
    fn taken(&mut self, request: &Request) {
        self.newest_taken = self.newest_taken.max(request.sent_at);
        // A request that was sent before a refusal came says nothing about the time after it.
        self.refusals_in_a_row.retain(|refused_at| *refused_at > self.newest_taken);
        self.samples = 0;
        if request.purpose != Purpose::Check {
            self.known_good = Some(request.slice.split_first().0);
        }
        for doubted in std::mem::take(&mut self.doubted) {
            let Doubted { request: refused, refused_at, status, message } = doubted;
            let slice = refused.slice;
            // Everything beside it was taken, and something was taken before it was refused itself.
            if refused.other_half == Some(request.slice) && refused.was_taken_since_blamed() {
                self.proved.push(Refusal { slice, status, message });
            } else if refused_at < self.newest_taken {
                self.again.push(Request { blamed_at: Some(refused_at), ..Request::new(slice) });
            } else {
                self.doubted.push(Doubted { request: refused, refused_at, status, message });
            }
        }
    }

    fn refused(&mut self, request: Request, status: u16, message: String) -> AnswerEffect {
        self.limited_since = None;
        self.last_refusal = (status, message.clone());
        match request.purpose {
            Purpose::Import => {}
            Purpose::Sample => self.samples += 1,
            Purpose::Check => return AnswerEffect::Stopped { stop: self.refuses_everything() },
        }
        self.refusals_in_a_row.push(self.moment);
        self.release_other_half(&request);
        let refused_at = self.moment;
        if let Some((first, second)) = request.slice.halves() {
            self.again.push(Request {
                other_half: Some(second),
                blamed_at: Some(refused_at),
                ..Request::new(first)
            });
            return AnswerEffect::Halved { status };
        }
        if request.is_proof() {
            return AnswerEffect::Refused { status, message };
        }
        self.doubted.push(Doubted { request, refused_at, status, message });
        AnswerEffect::Doubted { status }
    }

    /// Whether this wait is too long, by itself or with all waits before it.
    fn waits_too_long(&self, wait: Duration, since: Duration, now: Duration) -> Option<Stop> {
        let allowed = self.rules.max_wait + WAIT_MARGIN;
        if wait > allowed {
            return Some(Stop::TooLongAWait { wait });
        }
        let waited = now.saturating_sub(since);
        (waited + wait > allowed).then_some(Stop::WaitUsedUp { waited, wait })
    }

    /// Schedules the half beside one that was not taken, as it may be without fault.
    fn release_other_half(&mut self, request: &Request) {
        if let Some(other) = request.other_half {
            self.again.push(Request::new(other));
        }
    }

    /// Halves waiting requests that are known to be too large.
    fn halve_what_is_too_large(&mut self) {
        for request in std::mem::take(&mut self.again) {
            let is_too_large = self.bytes(request.slice) >= self.too_large;
            match request.slice.halves().filter(|_| is_too_large) {
                None => self.again.push(request),
                Some((first, second)) => {
                    self.release_other_half(&request);
                    let half =
                        |slice| Request { not_before: request.not_before, ..Request::new(slice) };
                    self.again.extend([half(first), half(second)]);
                }
            }
        }
    }

    /// Halves the next slices that are known to be refused or too large.
    fn halve_what_cannot_go(&mut self) {
        while let Some(&slice) = self.fresh.front() {
            let was_refused = self.to_halve.contains(&slice);
            let is_too_large = self.bytes(slice) >= self.too_large;
            let Some((first, second)) = slice.halves().filter(|_| was_refused || is_too_large)
            else {
                return;
            };
            self.fresh.pop_front();
            self.fresh.push_front(second);
            self.fresh.push_front(first);
        }
    }

    /// Approximate size of a slice, in bytes.
    fn bytes(&self, slice: ArraySlice) -> u64 {
        let size = self.sizes.get(slice.array as usize);
        size.map_or(0, |size| {
            size.bytes * u64::from(slice.contacts()) / u64::from(size.contacts.max(1))
        })
    }
}

#[cfg(test)]
mod tests;
