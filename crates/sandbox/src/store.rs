//! Stores what has arrived: contacts by number, and requests by time.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use crate::contact::{Key, Valid};

/// The window of the limit.
const MINUTE: Duration = Duration::from_secs(60);

/// The chart has this number of steps, each of this length.
const CHART_STEPS: u32 = 120;
const CHART_STEP: Duration = Duration::from_secs(5);

/// How long requests are remembered: for the chart and one window before it.
const REMEMBERED: Duration = Duration::from_secs(11 * 60);

/// Maximum number of requests that are remembered: at the published limit more than a day.
const MAX_REQUESTS: usize = 200_000;

/// Maximum number of contacts that are stored.
pub(crate) const MAX_CONTACTS: usize = 2_000_000;

/// Number of contacts that the page shows.
const LATEST: usize = 12;

/// A contact as it was stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    /// The contact as it arrived last.
    pub contact: Value,
    /// Number of times that it arrived.
    pub times: u64,
}

/// Everything that a sandbox knows. Times count from its start.
#[derive(Debug, Default)]
pub(crate) struct Store {
    pub(crate) contacts: BTreeMap<Key, Stored>,
    latest: VecDeque<(Key, Duration)>,
    created: u64,
    updated: u64,
    requests: u64,
    early: u64,
    answers: BTreeMap<u16, u64>,
    behind_200: BTreeMap<&'static str, u64>,
    arrivals: VecDeque<Duration>,
    /// By token: the requests of the last minute that were accepted, and until when none may arrive.
    tokens: HashMap<u64, Window>,
    peak: usize,
}

#[derive(Debug, Default)]
struct Window {
    taken: VecDeque<Duration>,
    closed_until: Duration,
}

/// The content of `/stats`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Stats {
    /// Number of contacts in the store.
    pub contacts: u64,
    /// Number of contacts that were new when they arrived.
    pub created: u64,
    /// Number of contacts that had arrived before.
    pub updated: u64,
    /// Number of requests to the import API.
    pub requests: u64,
    /// Number of answers by status; 0 is a connection that broke without one.
    pub answers: BTreeMap<u16, u64>,
    /// Number of those answers with status 200 that are none of success, by fault: `lie` and `html`,
    /// with nothing stored, and `truncate`, with everything stored.
    pub behind_200: BTreeMap<&'static str, u64>,
    /// Maximum number of requests a minute that are accepted for each token.
    pub limit: u32,
    /// Number of requests in the last 60 s.
    pub last_minute: u64,
    /// Maximum number of requests in any 60 s.
    pub peak_minute: u64,
    /// Number of requests that arrived before the `Retry-After` of an earlier answer was over.
    pub before_retry_after: u64,
    /// Number of requests in the 60 s before each of the last steps of 5 s, oldest first.
    pub chart: Vec<u32>,
    /// The latest contacts, newest first, with most of name and number hidden.
    pub latest: Vec<Masked>,
}

/// A contact that may be shown: most of it is hidden.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Masked {
    /// The first letter of each name.
    pub name: String,
    /// Prefix and the last two digits.
    pub phone: String,
    /// Seconds since it arrived.
    pub seconds_ago: u64,
}

impl Store {
    /// Counts a request. Returns its number, from 1, and how long the token stays over its limit, if it is
    /// over it.
    pub(crate) fn arrive(
        &mut self,
        token: u64,
        limit: u32,
        now: Duration,
    ) -> (u64, Option<Duration>) {
        self.requests += 1;
        if self.arrivals.len() >= MAX_REQUESTS {
            self.arrivals.pop_front();
        }
        self.arrivals.push_back(now);
        while self.arrivals.front().is_some_and(|first| *first + REMEMBERED < now) {
            self.arrivals.pop_front();
        }
        self.peak = self.peak.max(self.in_the_minute_before(now));
        // Tokens come with requests, so their number must have a limit.
        if self.tokens.len() > 1_000 && !self.tokens.contains_key(&token) {
            self.tokens.clear();
        }
        let window = self.tokens.entry(token).or_default();
        if now < window.closed_until {
            self.early += 1;
        }
        while window.taken.front().is_some_and(|first| *first + MINUTE <= now) {
            window.taken.pop_front();
        }
        if window.taken.len() >= limit as usize {
            let wait = window.taken.front().map(|first| *first + MINUTE - now);
            return (self.requests, wait);
        }
        window.taken.push_back(now);
        (self.requests, None)
    }

    /// Notes that no request with this token should arrive before then.
    pub(crate) fn close(&mut self, token: u64, until: Duration) {
        let window = self.tokens.entry(token).or_default();
        window.closed_until = window.closed_until.max(until);
    }

    /// Counts an answer, and the fault that its status hides.
    pub(crate) fn answered(&mut self, status: u16, behind_200: Option<&'static str>) {
        *self.answers.entry(status).or_default() += 1;
        if let Some(fault) = behind_200 {
            *self.behind_200.entry(fault).or_default() += 1;
        }
    }

    /// Creates or updates contacts. Returns `false` when there is no room for all of them.
    pub(crate) fn upsert(&mut self, contacts: Vec<Valid>, now: Duration) -> bool {
        if self.contacts.len() + contacts.len() > MAX_CONTACTS {
            return false;
        }
        for Valid { key, contact } in contacts {
            let stored = self
                .contacts
                .entry(key.clone())
                .or_insert_with(|| Stored { contact: Value::Null, times: 0 });
            stored.contact = contact;
            stored.times += 1;
            *(if stored.times == 1 { &mut self.created } else { &mut self.updated }) += 1;
            self.latest.push_front((key, now));
            self.latest.truncate(LATEST);
        }
        true
    }

    /// Number of requests in the 60 s before, both ends included.
    fn in_the_minute_before(&self, now: Duration) -> usize {
        let from = now.saturating_sub(MINUTE);
        let first = self.arrivals.partition_point(|at| *at < from);
        self.arrivals.partition_point(|at| *at <= now) - first
    }

    pub(crate) fn stats(&self, limit: u32, now: Duration) -> Stats {
        let chart = (0..CHART_STEPS).rev().map(|step| {
            let at = now.checked_sub(CHART_STEP * step);
            at.map_or(0, |at| u32::try_from(self.in_the_minute_before(at)).unwrap_or(u32::MAX))
        });
        let latest = self.latest.iter().map(|(key, at)| {
            let contact = self.contacts.get(key).map_or(&Value::Null, |stored| &stored.contact);
            let name = contact.pointer("/profile/userDetails/userProvidedName");
            Masked {
                name: masked_name(name.and_then(Value::as_str).unwrap_or_default()),
                phone: masked_phone(key),
                seconds_ago: now.saturating_sub(*at).as_secs(),
            }
        });
        Stats {
            contacts: self.contacts.len() as u64,
            created: self.created,
            updated: self.updated,
            requests: self.requests,
            answers: self.answers.clone(),
            behind_200: self.behind_200.clone(),
            limit,
            last_minute: self.in_the_minute_before(now) as u64,
            peak_minute: self.peak as u64,
            before_retry_after: self.early,
            chart: chart.collect(),
            latest: latest.collect(),
        }
    }
}

/// The first letter of each word, for at most three words.
fn masked_name(name: &str) -> String {
    let first = |word: &str| word.chars().next().filter(|c| c.is_alphabetic());
    let letters = name.split_whitespace().filter_map(first).take(3);
    let masked: Vec<String> = letters.map(|letter| format!("{letter}•••")).collect();
    if masked.is_empty() { "•••".to_owned() } else { masked.join(" ") }
}

fn masked_phone(key: &Key) -> String {
    let hidden = key.number.len().saturating_sub(2);
    let shown = key.number.get(hidden..).unwrap_or_default();
    format!("+{} {}{shown}", key.prefix, "•".repeat(hidden))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn the_limit_holds_in_any_sixty_seconds() {
        let mut store = Store::default();
        for second in 0..3 {
            assert_eq!(store.arrive(1, 3, SECOND * second).1, None);
        }
        assert_eq!(store.arrive(1, 3, SECOND * 10).1, Some(SECOND * 50));
        assert_eq!(store.arrive(2, 3, SECOND * 10).1, None, "another token");
        assert_eq!(store.arrive(1, 3, SECOND * 60).1, None, "the first has left the window");
        assert_eq!(store.arrive(1, 3, SECOND * 60).1, Some(SECOND));
        let stats = store.stats(3, SECOND * 60);
        assert_eq!((stats.requests, stats.last_minute, stats.peak_minute), (7, 7, 7));
        assert_eq!(stats.chart.last(), Some(&7));
    }

    #[test]
    fn requests_before_the_end_of_retry_after_are_counted() {
        let mut store = Store::default();
        store.close(1, SECOND * 5);
        store.arrive(1, 9, SECOND * 4);
        store.arrive(1, 9, SECOND * 5);
        assert_eq!(store.stats(9, SECOND * 5).before_retry_after, 1);
    }

    #[test]
    fn a_masked_contact_identifies_nobody() {
        let key = Key { prefix: "91".into(), number: "9876543210".into() };
        assert_eq!(masked_phone(&key), "+91 ••••••••10");
        assert_eq!(masked_name("Asha de Verma Rao"), "A••• d••• V•••");
        assert_eq!(masked_name("+91 98765"), "•••");
    }
}
