//! When the next request may be sent.
//!
//! The service counts a request when it arrives, at some time between its sending and the end of its
//! answer. So a request counts here from its sending until one window after its end, and at most `rate`
//! requests count at any time. Take any window of 60 s as the service sees it, and the request in it
//! that was sent last: all others in the window counted at that time. So there are no more than `rate`
//! of them, whatever the latency of each was.
//!
//! Requests are also spread evenly: the time between two is at least a `rate`th of a window, so that no
//! window begins with a burst.

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::time::Duration;

/// The window of the limit, and half a second for the difference between clocks.
pub(crate) const WINDOW: Duration = Duration::from_millis(60_500);

/// The time over which `rate` requests are spread.
const MINUTE: Duration = Duration::from_secs(60);

/// Keeps requests within the limit. Times are those of a monotonic clock.
#[derive(Debug)]
pub(crate) struct Pacer {
    rate: usize,
    spacing: Duration,
    under_way: usize,
    /// When the requests of the last window ended, in order.
    over: VecDeque<Duration>,
    last_sent: Option<Duration>,
    blocked_until: Duration,
}

impl Pacer {
    pub(crate) fn new(rate: NonZeroU32) -> Self {
        Pacer {
            rate: rate.get() as usize,
            spacing: MINUTE / rate.get(),
            under_way: 0,
            over: VecDeque::new(),
            last_sent: None,
            blocked_until: Duration::ZERO,
        }
    }

    /// Counts the requests of an earlier run: when each ended, and when the last was sent.
    pub(crate) fn resume(&mut self, mut over: Vec<Duration>, last_sent: Option<Duration>) {
        over.sort_unstable();
        self.over = over.into();
        self.last_sent = last_sent;
    }

    /// When the next request may be sent; nothing when that depends on requests under way.
    pub(crate) fn next(&mut self, now: Duration) -> Option<Duration> {
        while self.over.front().is_some_and(|over| *over + WINDOW <= now) {
            self.over.pop_front();
        }
        let spread = self.last_sent.map_or(Duration::ZERO, |sent| sent + self.spacing);
        let earliest = spread.max(self.blocked_until);
        let count = self.under_way + self.over.len();
        if count < self.rate {
            return Some(earliest);
        }
        // This many requests must leave the window before one more may enter.
        let leaving = self.over.get(count - self.rate)?;
        Some(earliest.max(*leaving + WINDOW))
    }

    pub(crate) fn sent(&mut self, now: Duration) {
        self.under_way += 1;
        self.last_sent = Some(now);
    }

    pub(crate) fn over(&mut self, now: Duration) {
        self.under_way = self.under_way.saturating_sub(1);
        self.over.push_back(now);
    }

    /// A request that counted as sent was not.
    pub(crate) fn not_sent(&mut self) {
        self.under_way = self.under_way.saturating_sub(1);
    }

    /// Allows no request before then.
    pub(crate) fn block(&mut self, until: Duration) {
        self.blocked_until = self.blocked_until.max(until);
    }

    pub(crate) fn blocked_until(&self) -> Duration {
        self.blocked_until
    }
}

/// Minimum time from the first to the last of a number of requests, at this rate a minute.
///
/// ```
/// use std::num::NonZeroU32;
/// use std::time::Duration;
///
/// let rate = NonZeroU32::new(100).unwrap();
/// assert_eq!(contactmill_upload::least_time(rate, 101), Duration::from_secs(60));
/// ```
#[must_use]
pub fn least_time(rate: NonZeroU32, requests: u64) -> Duration {
    let between = u32::try_from(requests.saturating_sub(1)).unwrap_or(u32::MAX);
    (MINUTE / rate.get()).saturating_mul(between)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rate(rate: u32) -> NonZeroU32 {
        NonZeroU32::new(rate).unwrap()
    }

    /// Maximum number of arrivals in any window of 60 s, both ends included.
    fn most_in_a_minute(mut arrivals: Vec<Duration>) -> usize {
        arrivals.sort_unstable();
        let mut first = 0;
        let mut most = 0;
        for last in 0..arrivals.len() {
            while arrivals[last] - arrivals[first] > MINUTE {
                first += 1;
            }
            most = most.max(last - first + 1);
        }
        most
    }

    proptest! {
        /// Whatever the latencies, and wherever between its ends a request reaches the service.
        #[test]
        fn no_window_has_more_than_the_limit(
            limit in 1u32..120,
            requests in prop::collection::vec((0u64..90_000, 0.0f64..=1.0), 1..400),
            concurrency in 1usize..9,
        ) {
            let mut pacer = Pacer::new(rate(limit));
            let mut now = Duration::from_secs(1_000);
            let mut under_way: Vec<Duration> = Vec::new();
            let mut arrivals = Vec::new();
            for (latency, share) in requests {
                loop {
                    under_way.sort_unstable();
                    let next = pacer.next(now).filter(|_| under_way.len() < concurrency);
                    match (next, under_way.first().copied()) {
                        (Some(at), first) if first.is_none_or(|first| at <= first) => {
                            now = now.max(at);
                            break;
                        }
                        (_, Some(first)) => {
                            now = now.max(first);
                            under_way.remove(0);
                            pacer.over(now);
                        }
                        (_, None) => unreachable!("nothing under way always frees the next"),
                    }
                }
                pacer.sent(now);
                let latency = Duration::from_millis(latency);
                arrivals.push(now + latency.mul_f64(share));
                under_way.push(now + latency);
            }
            prop_assert!(most_in_a_minute(arrivals) <= limit as usize);
        }
    }

    #[test]
    fn requests_are_spread_and_not_sent_in_a_burst() {
        let mut pacer = Pacer::new(rate(100));
        let mut now = Duration::from_secs(100);
        let mut sent = Vec::new();
        for _ in 0..100 {
            now = now.max(pacer.next(now).unwrap());
            sent.push(now);
            pacer.sent(now);
            pacer.over(now);
        }
        assert!(sent.windows(2).all(|pair| pair[1] - pair[0] == Duration::from_millis(600)));
        assert_eq!(sent[99] - sent[0], least_time(rate(100), 100));
    }

    #[test]
    fn a_block_is_never_shortened() {
        let mut pacer = Pacer::new(rate(100));
        pacer.block(Duration::from_secs(30));
        pacer.block(Duration::from_secs(20));
        assert_eq!(pacer.blocked_until(), Duration::from_secs(30));
        assert_eq!(pacer.next(Duration::from_secs(1)), Some(Duration::from_secs(30)));
    }

    #[test]
    fn a_request_that_was_not_sent_takes_no_place() {
        let mut pacer = Pacer::new(rate(1));
        let now = Duration::from_secs(100);
        pacer.sent(now);
        assert_eq!(pacer.next(now), None);
        pacer.not_sent();
        assert_eq!(pacer.next(now), Some(now + MINUTE));
    }

    #[test]
    fn requests_of_an_earlier_run_still_count() {
        let mut pacer = Pacer::new(rate(2));
        let seconds = Duration::from_secs;
        pacer.resume(vec![seconds(90), seconds(70)], Some(seconds(90)));
        assert_eq!(pacer.next(seconds(100)), Some(seconds(70) + WINDOW));
    }
}
