//! What has arrived: contacts by number, and requests by time.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use crate::contact::{Key, Valid};

/// The window of the limit.
const MINUTE: Duration = Duration::from_secs(60);

/// The chart goes back so far, in steps of this.
const CHART_STEPS: u32 = 120;
const CHART_STEP: Duration = Duration::from_secs(5);

/// Requests are remembered for the chart and one window before it.
const REMEMBERED: Duration = Duration::from_secs(11 * 60);

/// More requests than this are not remembered: at the published limit that is a day.
const MAX_REQUESTS: usize = 200_000;

/// More contacts than this are not stored.
pub(crate) const MAX_CONTACTS: usize = 2_000_000;

/// Contacts shown on the page.
const LATEST: usize = 12;

/// A contact as it was stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    /// The contact as it came last.
    pub contact: Value,
    /// How often it came.
    pub times: u64,
}

/// Everything that a sandbox knows. Times are since it began.
#[derive(Debug, Default)]
pub(crate) struct Store {
    pub(crate) contacts: BTreeMap<Key, Stored>,
    latest: VecDeque<(Key, Duration)>,
    created: u64,
    updated: u64,
    requests: u64,
    early: u64,
    answers: BTreeMap<u16, u64>,
    arrivals: VecDeque<Duration>,
    /// By token: what was let through in the last minute, and until when nothing may come.
    tokens: HashMap<u64, Window>,
    peak: usize,
}

#[derive(Debug, Default)]
struct Window {
    taken: VecDeque<Duration>,
    closed_until: Duration,
}

/// What `/stats` tells.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Stats {
    /// Contacts in the store.
    pub contacts: u64,
    /// Contacts that were new when they came.
    pub created: u64,
    /// Contacts that came again.
    pub updated: u64,
    /// Requests to the import API.
    pub requests: u64,
    /// Answers by status; 0 is a connection that broke without one.
    pub answers: BTreeMap<u16, u64>,
    /// Requests a minute that are let through for each token.
    pub limit: u32,
    /// Requests of the last 60 s.
    pub last_minute: u64,
    /// The most requests in any 60 s.
    pub peak_minute: u64,
    /// Requests that came before the `Retry-After` of an earlier answer was over.
    pub before_retry_after: u64,
    /// Requests in the 60 s before each of the last steps of 5 s, oldest first.
    pub chart: Vec<u32>,
    /// The latest contacts, newest first, with most of name and number hidden.
    pub latest: Vec<Masked>,
}

/// A contact as it may be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Masked {
    /// The first letter of each name.
    pub name: String,
    /// Prefix and the last two digits.
    pub phone: String,
    /// Seconds since it came.
    pub seconds_ago: u64,
}

impl Store {
    /// Counts a request: its number, from 1, and for how long the token is over its limit, if it is.
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
        // A token is taken from the request, so their number must have a limit.
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

    /// Nothing with this token should come before then.
    pub(crate) fn close(&mut self, token: u64, until: Duration) {
        let window = self.tokens.entry(token).or_default();
        window.closed_until = window.closed_until.max(until);
    }

    pub(crate) fn answered(&mut self, status: u16) {
        *self.answers.entry(status).or_default() += 1;
    }

    /// Creates or updates; `false` when there is no room for all of them.
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

    /// Requests in the 60 s before, both ends included.
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
            limit,
            last_minute: self.in_the_minute_before(now) as u64,
            peak_minute: self.peak as u64,
            before_retry_after: self.early,
            chart: chart.collect(),
            latest: latest.collect(),
        }
    }
}

/// The first letter of each word, at most three.
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
    fn the_limit_is_of_any_sixty_seconds() {
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
    fn what_comes_too_early_is_counted() {
        let mut store = Store::default();
        store.close(1, SECOND * 5);
        store.arrive(1, 9, SECOND * 4);
        store.arrive(1, 9, SECOND * 5);
        assert_eq!(store.stats(9, SECOND * 5).before_retry_after, 1);
    }

    #[test]
    fn nothing_shown_tells_who_it_is() {
        let key = Key { prefix: "91".into(), number: "9876543210".into() };
        assert_eq!(masked_phone(&key), "+91 ••••••••10");
        assert_eq!(masked_name("Asha de Verma Rao"), "A••• d••• V•••");
        assert_eq!(masked_name("+91 98765"), "•••");
    }
}
