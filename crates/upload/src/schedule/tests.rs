//! The schedule on a test clock, against a service that exists only here.

#![allow(clippy::print_stdout, reason = "a test tells what it measured")]

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::journal::{Job, JournalEvent, JournalLine};

const START: Duration = Duration::from_secs(100_000);

const SECOND: Duration = Duration::from_secs(1);

fn rules() -> Rules {
    Rules {
        rate: NonZeroU32::new(100).unwrap(),
        concurrency: 4,
        retries: 6,
        max_wait: SECOND * 900,
        seed: 7,
    }
}

fn sizes(arrays: usize, contacts: u32) -> Vec<Size> {
    vec![Size { contacts, bytes: u64::from(contacts) * 200 }; arrays]
}

fn message() -> String {
    "number is missing".to_owned()
}

fn refused() -> Verdict {
    Verdict::Refused { status: 422, message: message() }
}

fn unclear(trouble: Trouble) -> Verdict {
    Verdict::Unclear { trouble, wait: None }
}

/// One request and the effect of its answer, or a decision without a request.
#[derive(Debug)]
struct Exchange {
    slice: ArraySlice,
    is_request: bool,
    sent: Duration,
    answered: Duration,
    effect: AnswerEffect,
}

/// Runs a schedule to its end, or to a stop, against a service that returns its answer and latency.
fn run(
    schedule: &mut Schedule,
    service: &mut dyn FnMut(ArraySlice, Duration) -> (Verdict, Duration),
) -> Vec<Exchange> {
    let mut now = START;
    let mut under_way: Vec<(Duration, Duration, Request, Verdict)> = Vec::new();
    let mut exchanges = Vec::new();
    loop {
        under_way.sort_by_key(|(answered, ..)| *answered);
        let first = under_way.first().map(|(answered, ..)| *answered);
        let step = schedule.next_action(now);
        match (step, first) {
            (Action::Send(request), _) => {
                let (verdict, latency) = service(request.slice, now);
                under_way.push((now + latency, now, request, verdict));
                continue;
            }
            (Action::WaitUntil(until, _), first) if first.is_none_or(|first| until < first) => {
                assert!(until > now, "a wait that is over");
                now = until;
                continue;
            }
            (Action::Done, _) => return exchanges,
            (Action::Refuse(Refusal { slice, status, message }), _) => {
                let effect = AnswerEffect::Refused { status, message };
                let decided =
                    Exchange { slice, is_request: false, sent: now, answered: now, effect };
                exchanges.push(decided);
                continue;
            }
            (Action::Stop(stop), _) => {
                assert!(under_way.is_empty(), "stopped while something was under way");
                let (slice, effect) = (NO_SLICE, AnswerEffect::Stopped { stop });
                let decided =
                    Exchange { slice, is_request: false, sent: now, answered: now, effect };
                exchanges.push(decided);
                return exchanges;
            }
            _ => {}
        }
        let (answered, sent, request, verdict) = under_way.remove(0);
        now = now.max(answered);
        let slice = request.slice;
        let effect = schedule.answered(request, verdict, now);
        let stops = matches!(effect, AnswerEffect::Stopped { .. });
        exchanges.push(Exchange { slice, is_request: true, sent, answered, effect });
        if stops {
            return exchanges;
        }
    }
}

const NO_SLICE: ArraySlice = ArraySlice { array: u32::MAX, first: 0, end: 0 };

fn requests(exchanges: &[Exchange]) -> usize {
    exchanges.iter().filter(|exchange| exchange.is_request).count()
}

fn schedule(rules: Rules, sizes: Vec<Size>) -> Schedule {
    Schedule::new(rules, sizes, &Past::default(), START)
}

/// A contact: its array, and its index there.
type ContactId = (u32, u32);

/// The contacts that were acknowledged, and those that were refused.
fn settled(exchanges: &[Exchange]) -> (Vec<ContactId>, BTreeSet<ContactId>) {
    let (mut acknowledged, mut refused) = (Vec::new(), BTreeSet::new());
    for Exchange { slice, effect, .. } in exchanges {
        match effect {
            AnswerEffect::Acknowledged => {
                acknowledged.extend((slice.first..slice.end).map(|contact| (slice.array, contact)));
            }
            AnswerEffect::Refused { message: said, .. } => {
                assert_eq!((slice.contacts(), said.as_str()), (1, message().as_str()));
                assert!(refused.insert((slice.array, slice.first)));
            }
            _ => {}
        }
    }
    acknowledged.sort_unstable();
    (acknowledged, refused)
}

/// A service that refuses arrays with one of these contacts.
fn refusing(bad: &BTreeSet<ContactId>) -> impl FnMut(ArraySlice, Duration) -> (Verdict, Duration) {
    move |slice, _| {
        let mut within = bad.range((slice.array, slice.first)..(slice.array, slice.end));
        let verdict = if within.next().is_some() { refused() } else { Verdict::Acknowledged };
        (verdict, SECOND / 10)
    }
}

#[test]
fn one_bad_contact_among_500_is_found_in_18_requests_at_any_index() {
    let mut most = 0;
    for index in 0..500 {
        let bad = [(0, index)].into();
        let exchanges = run(&mut schedule(rules(), sizes(1, 500)), &mut refusing(&bad));
        most = most.max(requests(&exchanges));
        let (acknowledged, refused) = settled(&exchanges);
        assert_eq!(refused, bad);
        let others: Vec<_> = (0..500).filter(|at| *at != index).map(|at| (0, at)).collect();
        assert_eq!(acknowledged, others, "{index}");
    }
    let bound = 2.0 * 500f64.log2() + 1.0;
    assert!(most as f64 <= bound, "{most} requests, and {bound:.2} are allowed");
    println!("at most {most} requests");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whichever contacts are at fault: each is refused alone, and all others are taken once.
    #[test]
    fn exactly_the_contacts_at_fault_are_refused(
        bad in prop::collection::btree_set((0u32..3, 0u32..70), 0..40),
        trouble in 0.0f64..0.5,
        seed in any::<u64>(),
    ) {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut service = refusing(&bad);
        let mut faulty = |slice: ArraySlice, now: Duration| {
            let (verdict, latency) = service(slice, now);
            let is_trouble = random.f64() < trouble;
            (if is_trouble { unclear(Trouble::TimedOut) } else { verdict }, latency)
        };
        let rules = Rules { retries: 1_000, ..rules() };
        let exchanges = run(&mut schedule(rules, sizes(3, 70)), &mut faulty);
        let (acknowledged, refused) = settled(&exchanges);
        prop_assert_eq!(&refused, &bad);
        let all = (0..3).flat_map(|array| (0..70).map(move |contact| (array, contact)));
        let others: Vec<_> = all.filter(|contact| !bad.contains(contact)).collect();
        prop_assert_eq!(acknowledged, others);
    }
}

#[test]
fn a_service_with_smaller_limits_gets_smaller_requests_and_all_contacts() {
    let too_many = |verdict: fn() -> Verdict, limit: u32| {
        move |slice: ArraySlice, _: Duration| {
            let is_too_many = slice.contacts() > limit;
            (if is_too_many { verdict() } else { Verdict::Acknowledged }, SECOND / 10)
        }
    };
    for (verdict, most) in [
        // Eight slices of each array are taken. The first four arrays show which size is too large.
        ((|| Verdict::TooLarge { message: message() }) as fn() -> Verdict, 5 * 8 + 4 * 7),
        // Refusals look like a contact at fault, until nobody is: fifteen for each array at best.
        (refused, 5 * 15 + 4 * 8),
    ] {
        let exchanges = run(&mut schedule(rules(), sizes(5, 500)), &mut too_many(verdict, 100));
        let (acknowledged, refused) = settled(&exchanges);
        assert_eq!((acknowledged.len(), refused.len()), (2_500, 0));
        assert!(requests(&exchanges) <= most, "{} requests", requests(&exchanges));
    }
}

#[test]
fn a_slice_without_a_clear_answer_uses_up_its_retries_and_the_rest_goes_on() {
    let mut service = |slice: ArraySlice, _: Duration| {
        let broken = slice.array == 1;
        (if broken { unclear(Trouble::Status(503)) } else { Verdict::Acknowledged }, SECOND / 10)
    };
    let exchanges = run(&mut schedule(rules(), sizes(4, 10)), &mut service);
    let sent = exchanges.iter().filter(|exchange| exchange.slice.array == 1).count();
    assert_eq!(sent, 1 + rules().retries as usize);
    let given_up = AnswerEffect::GivenUp { trouble: Trouble::Status(503) };
    assert_eq!(exchanges.iter().filter(|exchange| exchange.effect == given_up).count(), 1);
    assert_eq!(settled(&exchanges).0.len(), 30);
}

#[test]
fn waits_before_retries_are_random_and_their_maximum_grows() {
    let mut waits: Vec<Vec<Duration>> = vec![Vec::new(); 10];
    for seed in 0..200 {
        let rules = Rules { retries: 10, seed, ..rules() };
        let mut service = |_: ArraySlice, _: Duration| (unclear(Trouble::TimedOut), SECOND);
        let exchanges = run(&mut schedule(rules, sizes(1, 1)), &mut service);
        for (wait, all) in exchanges.iter().zip(&mut waits) {
            if let AnswerEffect::Retried { wait, .. } = wait.effect {
                all.push(wait);
            }
        }
    }
    for (waits, most) in waits.iter().zip([1, 2, 4, 8, 16, 32, 60, 60, 60, 60]) {
        let most = SECOND * most;
        let mean = waits.iter().sum::<Duration>() / 200;
        assert!(waits.iter().all(|wait| *wait <= most));
        assert!((most.mul_f64(0.4)..most.mul_f64(0.6)).contains(&mean), "{mean:?} of {most:?}");
    }
}

#[test]
fn a_service_that_cannot_be_reached_ends_the_run() {
    let mut service = |_: ArraySlice, _: Duration| (unclear(Trouble::NotConnected), SECOND / 10);
    let exchanges = run(&mut schedule(rules(), sizes(100, 500)), &mut service);
    let last = exchanges.last().map(|exchange| &exchange.effect);
    assert_eq!(last, Some(&AnswerEffect::Stopped { stop: Stop::Unreachable }));
    assert!(exchanges.len() <= 4 * 7 * 2, "{}", exchanges.len());
}

#[test]
fn a_refused_token_ends_the_run_at_once() {
    for status in [401, 403] {
        let mut service =
            |_: ArraySlice, _: Duration| (Verdict::Unauthorized { status }, SECOND / 10);
        let exchanges = run(&mut schedule(rules(), sizes(100, 500)), &mut service);
        assert_eq!(exchanges.len(), 1);
    }
}

#[test]
fn nothing_is_sent_while_the_service_asks_to_wait() {
    for (asked, least) in [(Some(30), 30), (Some(0), 1), (None, 60)] {
        let mut answered = false;
        let mut service = |_: ArraySlice, _: Duration| {
            if std::mem::replace(&mut answered, true) {
                return (Verdict::Acknowledged, SECOND / 10);
            }
            (Verdict::Limited { wait: asked.map(Duration::from_secs) }, SECOND / 10)
        };
        let exchanges = run(&mut schedule(rules(), sizes(20, 500)), &mut service);
        let over = exchanges[0].answered;
        for later in &exchanges[1..] {
            assert!(later.sent >= over + SECOND * least, "{later:?}");
        }
        assert_eq!(settled(&exchanges).0.len(), 10_000);
    }
}

#[test]
fn a_service_that_is_down_may_ask_to_wait_too() {
    let answers = |seconds: u64| {
        let mut answered = false;
        let mut service = move |_: ArraySlice, _: Duration| {
            let wait = Some(Duration::from_secs(seconds));
            let down = Verdict::Unclear { trouble: Trouble::Status(503), wait };
            let is_up = std::mem::replace(&mut answered, true);
            (if is_up { Verdict::Acknowledged } else { down }, SECOND / 10)
        };
        run(&mut schedule(rules(), sizes(20, 500)), &mut service)
    };
    let exchanges = answers(30);
    let over = exchanges[0].answered;
    assert!(exchanges[1..].iter().all(|later| later.sent >= over + SECOND * 30));
    assert_eq!(settled(&exchanges).0.len(), 10_000);
    assert_eq!(answers(901).len(), 1);
}

#[test]
fn a_wait_longer_than_allowed_ends_the_run() {
    let asks = |seconds: u64| {
        let mut service = |_: ArraySlice, _: Duration| {
            (Verdict::Limited { wait: Some(Duration::from_secs(seconds)) }, SECOND / 10)
        };
        run(&mut schedule(rules(), sizes(20, 500)), &mut service)
    };
    assert_eq!(asks(901).len(), 1);
    // A service that never takes anything is not waited for for ever either.
    let exchanges = asks(60);
    assert!((14..=16).contains(&exchanges.len()), "{}", exchanges.len());
    let stopped = &exchanges[exchanges.len() - 1].effect;
    let AnswerEffect::Stopped { stop: Stop::WaitUsedUp { waited, wait } } = stopped else {
        panic!("{stopped:?}")
    };
    assert!(*waited + *wait > rules().max_wait && *wait < SECOND * 61, "{waited:?} {wait:?}");
    let stopped = &asks(901)[0].effect;
    assert!(matches!(stopped, AnswerEffect::Stopped { stop: Stop::TooLongAWait { .. } }));
}

#[test]
fn ten_thousand_contacts_take_what_the_limit_allows() {
    let mut service = |_: ArraySlice, _: Duration| (Verdict::Acknowledged, SECOND);
    let exchanges = run(&mut schedule(rules(), sizes(20, 500)), &mut service);
    let took = exchanges[exchanges.len() - 1].answered - START;
    let allowed = crate::least_time(rules().rate, 20) + SECOND;
    assert!(took <= allowed.mul_f64(1.1), "{took:?}, and {allowed:?} is the least");
    println!("{took:?}, and {allowed:?} is the least");
}

/// The next request, which must be due.
fn sent(schedule: &mut Schedule, now: Duration) -> Request {
    match schedule.next_action(now) {
        Action::Send(request) => request,
        other => panic!("{other:?}"),
    }
}

/// The time between two requests.
const SPACING: Duration = Duration::from_millis(600);

#[test]
fn a_wait_says_what_is_waited_for() {
    let mut schedule = schedule(rules(), sizes(3, 10));
    let request = sent(&mut schedule, START);
    let paced = Action::WaitUntil(START + SPACING, WaitFor::Rate);
    assert_eq!(schedule.next_action(START), paced);
    schedule.answered(request, Verdict::Limited { wait: Some(SECOND * 30) }, START);
    let asked = Action::WaitUntil(START + SECOND * 30 + WAIT_MARGIN, WaitFor::Service);
    assert_eq!(schedule.next_action(START), asked);
}

#[test]
fn a_retry_waits_as_long_as_it_says() {
    let mut schedule = schedule(rules(), sizes(1, 10));
    let mut now = START;
    let (retried, paced) = loop {
        let request = sent(&mut schedule, now);
        let effect = schedule.answered(request, unclear(Trouble::TimedOut), now);
        let AnswerEffect::Retried { wait, .. } = effect else { panic!("{effect:?}") };
        let (retried, paced) = (now + wait, now + SPACING);
        if retried > paced {
            break (retried, paced);
        }
        now = paced;
    };
    assert_eq!(schedule.next_action(paced), Action::WaitUntil(retried, WaitFor::Retry));
    sent(&mut schedule, retried);
}

#[test]
fn the_longest_wait_that_is_allowed_is_waited() {
    let verdicts: [fn(Duration) -> Verdict; 2] = [
        |wait| Verdict::Limited { wait: Some(wait) },
        |wait| Verdict::Unclear { trouble: Trouble::Status(503), wait: Some(wait) },
    ];
    for verdict in verdicts {
        for (over, stops) in [(Duration::ZERO, false), (Duration::from_millis(1), true)] {
            let mut schedule = schedule(rules(), sizes(1, 10));
            let request = sent(&mut schedule, START);
            let effect = schedule.answered(request, verdict(rules().max_wait + over), START);
            let is_stop =
                matches!(effect, AnswerEffect::Stopped { stop: Stop::TooLongAWait { .. } });
            assert_eq!(is_stop, stops, "{effect:?}");
        }
    }
}

#[test]
fn a_request_that_was_not_sent_is_sent_again() {
    let mut schedule = schedule(rules(), sizes(1, 10));
    let request = sent(&mut schedule, START);
    let slice = request.slice;
    schedule.put_back(request);
    let request = sent(&mut schedule, START + SPACING);
    assert_eq!(request.slice, slice);
    schedule.answered(request, Verdict::Acknowledged, START + SECOND);
    assert_eq!(schedule.next_action(START + SECOND), Action::Done);
}

#[test]
fn few_requests_are_under_way_until_the_first_is_taken() {
    let rules = Rules { concurrency: 20, ..rules() };
    let mut schedule = schedule(rules, sizes(40, 10));
    let mut now = START;
    let mut fill = |schedule: &mut Schedule| {
        let mut requests = Vec::new();
        loop {
            now += SPACING;
            match schedule.next_action(now) {
                Action::Send(request) => requests.push(request),
                _ => return (requests, now),
            }
        }
    };
    let (mut requests, now) = fill(&mut schedule);
    assert_eq!(requests.len(), DOUBTED_AFTER);
    schedule.answered(requests.remove(0), Verdict::Acknowledged, now);
    assert_eq!(fill(&mut schedule).0.len(), 20 - (DOUBTED_AFTER - 1));
}

#[test]
fn what_is_known_to_be_refused_or_too_large_is_sent_in_halves_at_once() {
    let whole = ArraySlice { array: 0, first: 0, end: 10 };
    let past = Past { to_halve: [whole].into(), ..Past::default() };
    let mut halving = Schedule::new(rules(), sizes(2, 10), &past, START);
    let mut taken = |_: ArraySlice, _: Duration| (Verdict::Acknowledged, SECOND);
    let slices: Vec<_> = run(&mut halving, &mut taken).iter().map(|one| one.slice).collect();
    let contacts =
        |slices: &[ArraySlice]| slices.iter().map(|one| one.contacts()).collect::<Vec<_>>();
    assert_eq!(contacts(&slices), [5, 5, 10]);

    // The second array is twice as large.
    let sizes = [10, 20].map(|contacts| Size { contacts, bytes: u64::from(contacts) * 200 });
    let mut schedule = schedule(Rules { concurrency: 1, ..rules() }, sizes.to_vec());
    let mut service = |slice: ArraySlice, _: Duration| match slice.contacts() {
        ..=5 => (Verdict::Acknowledged, SECOND),
        _ => (Verdict::TooLarge { message: message() }, SECOND),
    };
    let slices: Vec<_> = run(&mut schedule, &mut service).iter().map(|one| one.slice).collect();
    assert_eq!(contacts(&slices), [10, 5, 5, 5, 5, 5, 5]);
}

/// A service that counts requests, and an uploader that is killed and started again many times: an hour
/// of it in a moment. The journal is the real one, without a disk.
#[test]
fn an_hour_with_restarts_stays_within_the_limit_and_every_wait() {
    for seed in 0..5 {
        let requests = an_hour(seed, |_| Duration::ZERO);
        assert!(requests > 4_000, "{requests} requests in an hour");
    }
}

/// What the journal says was then sent in the future counts as sent now, so the run waits, and no longer
/// than a service asked for.
#[test]
fn an_hour_in_which_the_clock_is_set_back_stays_within_the_limit_and_every_wait() {
    for seed in 0..5 {
        let requests = an_hour(seed, |random| match random.u32(..4) {
            0 => SECOND * random.u32(..5_000),
            _ => Duration::ZERO,
        });
        assert!(requests > 1_000, "{requests} requests in an hour");
    }
}

/// The number of requests that arrive in an hour. Before each run the clock of the machine is set back by
/// this much.
fn an_hour(seed: u64, set_back: fn(&mut fastrand::Rng) -> Duration) -> usize {
    const HOUR: Duration = Duration::from_secs(3_600);
    /// What the clock of the machine is ahead of the wall before it is set back.
    const CLOCK: Duration = Duration::from_secs(10_000_000);
    let job = Job { url: "https://api.example.com/".into(), manifest: "ab".into(), tag: None };
    let mut random = fastrand::Rng::with_seed(seed);
    let mut behind = Duration::ZERO;
    // Time of the wall; each run has a monotonic clock of its own beside it.
    let (mut wall, end) = (START, START + HOUR);
    let mut lines: Vec<JournalLine> = Vec::new();
    let mut arrivals: Vec<Duration> = Vec::new();
    let mut closed: Vec<(Duration, Duration)> = Vec::new();
    let mut sent: Vec<Duration> = Vec::new();
    let mut restarts = 0;
    while wall < end {
        behind += set_back(&mut random);
        let milliseconds =
            |wall: Duration| u64::try_from((CLOCK + wall - behind).as_millis()).unwrap();
        let past = Past::of(&lines, &job, milliseconds(wall));
        lines.push(JournalLine {
            at: milliseconds(wall),
            event: JournalEvent::Opened { job: job.clone(), again: false },
        });
        let rules = Rules { seed: random.u64(..), ..rules() };
        let offset = SECOND * random.u32(100_000..200_000);
        let began = wall;
        let clock = |wall: Duration| offset + (wall - began);
        let mut schedule = Schedule::new(rules, sizes(7_000, 1), &past, offset);
        let killed = (wall + Duration::from_millis(random.u64(1..240_000))).min(end);
        let mut under_way: Vec<(Duration, Request, Verdict)> = Vec::new();
        while wall < killed {
            under_way.sort_by_key(|(answered, ..)| *answered);
            let first = under_way.first().map(|(answered, ..)| *answered);
            match schedule.next_action(clock(wall)) {
                Action::Send(request) => {
                    let at = milliseconds(wall);
                    lines.push(JournalLine { at, event: JournalEvent::Sending(request.slice) });
                    sent.push(wall);
                    let latency = Duration::from_millis(match random.u32(..20) {
                        0 => random.u64(1_000..50_000),
                        _ => random.u64(5..2_000),
                    });
                    // It arrives at some time between its sending and the answer.
                    arrivals.push((wall + latency.mul_f64(random.f64())).min(killed));
                    let verdict = match random.u32(..1_000) {
                        0..3 => Verdict::Limited { wait: Some(SECOND * random.u32(0..20)) },
                        3..40 => unclear(Trouble::Status(500)),
                        _ => Verdict::Acknowledged,
                    };
                    under_way.push((wall + latency, request, verdict));
                }
                Action::WaitUntil(until, _)
                    if first.is_none_or(|first| until < clock(wall) + (first - wall)) =>
                {
                    wall += until - clock(wall);
                }
                Action::Done => return arrivals.len(),
                _ => {
                    let (answered, request, verdict) = under_way.remove(0);
                    wall = wall.max(answered);
                    if wall >= killed {
                        break;
                    }
                    let (slice, at) = (request.slice, milliseconds(wall));
                    let event = match schedule.answered(request, verdict, clock(wall)) {
                        AnswerEffect::Acknowledged => JournalEvent::Acknowledged(slice),
                        AnswerEffect::Limited { wait } => {
                            closed.push((wall, wall + wait));
                            let wait_milliseconds = u64::try_from(wait.as_millis()).unwrap();
                            JournalEvent::Limited { slice, until: at + wait_milliseconds }
                        }
                        _ => JournalEvent::Unknown(slice),
                    };
                    lines.push(JournalLine { at, event });
                }
            }
        }
        restarts += 1;
        wall = killed + Duration::from_millis(random.u64(0..3_000));
    }
    arrivals.sort_unstable();
    let minute = SECOND * 60;
    let mut most = 0;
    let mut first = 0;
    for (last, at) in arrivals.iter().enumerate() {
        while *at - arrivals[first] > minute {
            first += 1;
        }
        most = most.max(last - first + 1);
    }
    let early = sent.iter().filter(|sent| {
        closed.iter().any(|(from, until)| **sent > *from && **sent < *until - SECOND / 10)
    });
    println!(
        "seed {seed}: {} requests, at most {most} in a minute, {restarts} runs, {} waits",
        arrivals.len(),
        closed.len()
    );
    assert!(most <= 100, "{most} requests in a minute");
    assert_eq!(early.count(), 0, "requests before the wait was over");
    assert!(restarts > 10 && !closed.is_empty());
    arrivals.len()
}

/// The answer of a service that refuses everything. Nothing in it is about a contact.
fn general() -> Verdict {
    Verdict::Refused { status: 400, message: "Bot not found".to_owned() }
}

fn refuses_everything(message: &str, status: u16) -> AnswerEffect {
    AnswerEffect::Stopped { stop: Stop::RefusesEverything { status, message: message.to_owned() } }
}

/// The contacts that were refused for good, with any message.
fn refused_for_good(exchanges: &[Exchange]) -> BTreeSet<ContactId> {
    let refused = exchanges.iter().filter(|one| matches!(one.effect, AnswerEffect::Refused { .. }));
    refused.map(|one| (one.slice.array, one.slice.first)).collect()
}

#[test]
fn a_service_that_refuses_everything_is_detected_in_a_few_requests() {
    // Answers overtake each other, and some contacts are refused before, too.
    for seed in 0..40 {
        for (arrays, contacts, concurrency) in
            [(100, 500, 4), (100, 500, 1), (100, 500, 64), (1, 100_000, 4), (3_000, 1, 8)]
        {
            for before in [0, 1, 2, 5, 9, 37, 60] {
                found_out(seed, before, sizes(arrays, contacts), concurrency);
            }
        }
    }
}

fn found_out(seed: u64, before: usize, sizes: Vec<Size>, concurrency: usize) {
    let mut random = fastrand::Rng::with_seed(seed);
    let bad: BTreeSet<ContactId> =
        (0..sizes.len() as u32).step_by(3).map(|array| (array, random.u32(..500))).collect();
    let (mut sent, mut in_vain) = (0, 0);
    let mut service = |slice: ArraySlice, _: Duration| {
        sent += 1;
        let mut within = bad.range((slice.array, slice.first)..(slice.array, slice.end));
        let verdict = match within.next() {
            _ if sent > before => {
                in_vain += 1;
                general()
            }
            Some(_) => refused(),
            None => Verdict::Acknowledged,
        };
        (verdict, SECOND.mul_f64(random.f64() * 3.0))
    };
    let rules = Rules { concurrency, seed, ..rules() };
    let exchanges = run(&mut schedule(rules, sizes), &mut service);
    if in_vain == 0 {
        return;
    }
    let is_taken = |exchange: &Exchange| exchange.effect == AnswerEffect::Acknowledged;
    let was_taken = exchanges.iter().any(is_taken);
    let most = if was_taken { concurrency.max(8) + 2 } else { 12 };
    assert!(in_vain <= most, "{in_vain} requests, and {most} are allowed");
    let last = exchanges.last().map(|exchange| &exchange.effect);
    assert_eq!(last, Some(&refuses_everything("Bot not found", 400)));
    assert!(refused_for_good(&exchanges).is_subset(&bad));
}

#[test]
fn a_service_that_finds_everything_too_large_refuses_no_contact() {
    let mut service = |_: ArraySlice, _: Duration| {
        (Verdict::TooLarge { message: "request entity too large".to_owned() }, SECOND / 10)
    };
    let exchanges = run(&mut schedule(rules(), sizes(100, 500)), &mut service);
    let last = exchanges.last().map(|exchange| &exchange.effect);
    assert_eq!(last, Some(&refuses_everything("request entity too large", 413)));
    assert_eq!(refused_for_good(&exchanges), BTreeSet::new());
    // The size that goes is looked for first: some nine halvings of what four workers sent.
    assert!(requests(&exchanges) <= 60, "{}", requests(&exchanges));
}

#[test]
fn a_last_array_of_bad_contacts_is_refused_contact_by_contact() {
    let bad: BTreeSet<ContactId> = (0..60).map(|index| (4, index)).collect();
    let exchanges = run(&mut schedule(rules(), sizes(5, 60)), &mut refusing(&bad));
    let (acknowledged, refused) = settled(&exchanges);
    assert_eq!(refused, bad);
    let checks: Vec<ArraySlice> = exchanges
        .iter()
        .filter(|exchange| exchange.effect == AnswerEffect::Checked)
        .map(|exchange| exchange.slice)
        .collect();
    assert!(!checks.is_empty() && checks.iter().all(|check| check.contacts() == 1));
    assert!(checks.iter().all(|check| acknowledged.contains(&(check.array, check.first))));
    // Twice each, the slices around them, and a sample and a check for every eight refusals.
    let most = 60 * 3 + 60 * 3 * 2 / 8 + 4;
    assert!(requests(&exchanges) <= most, "{} requests", requests(&exchanges));
}

/// Where nothing was ever taken, the message decides.
#[test]
fn contacts_of_a_tiny_folder_are_refused_if_the_message_is_about_the_contact() {
    for contacts in 1..=5 {
        let bad: BTreeSet<ContactId> = (0..contacts).map(|index| (0, index)).collect();
        let exchanges = run(&mut schedule(rules(), sizes(1, contacts)), &mut refusing(&bad));
        assert_eq!(settled(&exchanges).1, bad);
        let mut service = |_: ArraySlice, _: Duration| (general(), SECOND / 10);
        let exchanges = run(&mut schedule(rules(), sizes(1, contacts)), &mut service);
        assert_eq!(refused_for_good(&exchanges), BTreeSet::new());
        let last = exchanges.last().map(|exchange| &exchange.effect);
        assert_eq!(last, Some(&refuses_everything("Bot not found", 400)));
        assert_eq!(requests(&exchanges), 2 * contacts as usize - 1);
    }
}

#[test]
fn a_check_without_a_clear_answer_ends_the_run_and_refuses_nobody() {
    let mut sent = 0;
    let mut service = |_: ArraySlice, _: Duration| {
        sent += 1;
        let verdict = match sent {
            1 => Verdict::Acknowledged,
            2..=40 => general(),
            _ => unclear(Trouble::Status(500)),
        };
        (if sent > 10 { unclear(Trouble::Status(500)) } else { verdict }, SECOND / 10)
    };
    let exchanges = run(&mut schedule(rules(), sizes(50, 500)), &mut service);
    let last = exchanges.last().map(|exchange| &exchange.effect);
    assert_eq!(last, Some(&refuses_everything("Bot not found", 400)));
    assert_eq!(refused_for_good(&exchanges), BTreeSet::new());
    assert!(requests(&exchanges) <= 10 + 2 * 7, "{}", requests(&exchanges));
}

/// Everything that the journal of a folder would hold, and the runs that wrote it.
struct Folder {
    sizes: Vec<Size>,
    job: Job,
    lines: Vec<JournalLine>,
    /// The answers so far, of all runs.
    answered: usize,
}

/// How a run of a folder ended.
#[derive(Debug, PartialEq)]
enum RunEnd {
    Done,
    Stopped,
    Killed,
}

impl Folder {
    fn new(sizes: Vec<Size>) -> Self {
        let job = Job { url: "https://api.example.com/".into(), manifest: "ab".into(), tag: None };
        Folder { sizes, job, lines: Vec::new(), answered: 0 }
    }

    fn past(&self) -> Past {
        Past::of(&self.lines, &self.job, self.lines.len() as u64)
    }

    /// Runs until everything is answered, the schedule stops, or this number of answers has come. A journal
    /// line is written where the uploader writes one.
    fn run(
        &mut self,
        rules: Rules,
        killed_after: usize,
        service: &mut dyn FnMut(ArraySlice, Duration) -> (Verdict, Duration),
    ) -> RunEnd {
        let past = self.past();
        let mut note = |event| self.lines.push(JournalLine { at: self.lines.len() as u64, event });
        note(JournalEvent::Opened { job: self.job.clone(), again: false });
        let mut schedule = Schedule::new(rules, self.sizes.clone(), &past, START);
        let mut now = START;
        let mut under_way: Vec<(Duration, Request, Verdict)> = Vec::new();
        let mut left = killed_after;
        loop {
            under_way.sort_by_key(|(answered, ..)| *answered);
            let first = under_way.first().map(|(answered, ..)| *answered);
            match (schedule.next_action(now), first) {
                (Action::Send(request), _) => {
                    note(JournalEvent::Sending(request.slice));
                    let (verdict, latency) = service(request.slice, now);
                    under_way.push((now + latency, request, verdict));
                    continue;
                }
                (Action::WaitUntil(until, _), first) if first.is_none_or(|first| until < first) => {
                    now = until;
                    continue;
                }
                (Action::Refuse(Refusal { slice, status, .. }), _) => {
                    note(JournalEvent::Refused { slice, status });
                    continue;
                }
                (Action::Stop(_), _) => return RunEnd::Stopped,
                (Action::Done, _) => return RunEnd::Done,
                _ => {}
            }
            if left == 0 {
                return RunEnd::Killed;
            }
            left -= 1;
            self.answered += 1;
            let (answered, request, verdict) = under_way.remove(0);
            now = now.max(answered);
            let slice = request.slice;
            let (event, stops) = match schedule.answered(request, verdict, now) {
                AnswerEffect::Acknowledged => (JournalEvent::Acknowledged(slice), false),
                AnswerEffect::Refused { status, .. } | AnswerEffect::Halved { status } => {
                    (JournalEvent::Refused { slice, status }, false)
                }
                AnswerEffect::Doubted { status } => {
                    (JournalEvent::Doubted { slice, status }, false)
                }
                AnswerEffect::Checked => (JournalEvent::Checked(slice), false),
                AnswerEffect::Limited { .. }
                | AnswerEffect::Retried { .. }
                | AnswerEffect::GivenUp { .. } => (JournalEvent::Unknown(slice), false),
                AnswerEffect::Stopped { .. } => (JournalEvent::Unknown(slice), true),
            };
            note(event);
            if stops {
                return RunEnd::Stopped;
            }
        }
    }

    /// The contacts that the journal lists as acknowledged, each as often as it does, and as refused.
    fn settled(&self) -> (Vec<ContactId>, BTreeSet<ContactId>) {
        let past = self.past();
        let taken = past.acknowledged.iter().flat_map(|(array, slices)| {
            slices.iter().flat_map(|(first, end)| (*first..*end).map(|index| (*array, index)))
        });
        (taken.collect(), past.refused.keys().map(|slice| (slice.array, slice.first)).collect())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// A service refuses everything for some time, and some contacts always. The run is killed and started
    /// again, and some answers are unclear. Every contact ends where it belongs, and none is refused for
    /// good because of the time when everything was.
    #[test]
    fn no_contact_is_refused_because_everything_was(
        bad in prop::collection::btree_set((0u32..3, 0u32..40), 0..30),
        begins in 0usize..80,
        lasts in 0usize..60,
        kills in prop::collection::vec(0usize..60, 0..4),
        concurrency in 1usize..9,
        trouble in 0.0f64..0.3,
        seed in any::<u64>(),
    ) {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut sent = 0;
        let mut service = |slice: ArraySlice, _: Duration| {
            sent += 1;
            let mut within = bad.range((slice.array, slice.first)..(slice.array, slice.end));
            let verdict = match within.next() {
                _ if (begins..begins + lasts).contains(&sent) => general(),
                Some(_) => refused(),
                None => Verdict::Acknowledged,
            };
            let is_trouble = random.f64() < trouble;
            let latency = SECOND.mul_f64(random.f64());
            (if is_trouble { unclear(Trouble::TimedOut) } else { verdict }, latency)
        };
        let mut folder = Folder::new(sizes(3, 40));
        let mut kills = kills.into_iter();
        let mut runs = 0;
        loop {
            let rules = Rules { retries: 1_000, concurrency, seed: seed ^ runs, ..rules() };
            let ended = folder.run(rules, kills.next().unwrap_or(usize::MAX), &mut service);
            let (_, refused) = folder.settled();
            prop_assert!(refused.is_subset(&bad), "{refused:?} of {bad:?}");
            if ended == RunEnd::Done {
                break;
            }
            runs += 1;
            prop_assert!(runs < 80, "it does not end");
        }
        let (acknowledged, refused) = folder.settled();
        prop_assert_eq!(&refused, &bad);
        let all = (0..3).flat_map(|array| (0..40).map(move |index| (array, index)));
        let others: Vec<ContactId> = all.filter(|index| !bad.contains(index)).collect();
        prop_assert_eq!(acknowledged, others);
    }

    /// Where everything is refused several times, a contact without fault is refused for good only if it was
    /// sent in two of those times, with something taken between them.
    #[test]
    fn a_single_time_when_everything_is_refused_is_no_proof(
        bad in prop::collection::btree_set((0u32..3, 0u32..40), 0..12),
        times in prop::collection::vec((1usize..30, 1usize..12), 1..8),
        seed in any::<u64>(),
    ) {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut generals: Vec<std::ops::Range<usize>> = Vec::new();
        for (pause, lasts) in times {
            let begins = generals.last().map_or(0, |last| last.end) + pause;
            generals.push(begins..begins + lasts);
        }
        let mut sent = 0;
        let mut met: Vec<(usize, ArraySlice)> = Vec::new();
        let mut service = |slice: ArraySlice, _: Duration| {
            sent += 1;
            let mut within = bad.range((slice.array, slice.first)..(slice.array, slice.end));
            let time = generals.iter().position(|time| time.contains(&sent));
            let verdict = match (time, within.next()) {
                (Some(time), _) => {
                    met.push((time, slice));
                    general()
                }
                (None, Some(_)) => refused(),
                (None, None) => Verdict::Acknowledged,
            };
            (verdict, SECOND.mul_f64(random.f64()))
        };
        let mut folder = Folder::new(sizes(3, 40));
        let mut runs = 0;
        while folder.run(Rules { seed: seed ^ runs, ..rules() }, usize::MAX, &mut service)
            != RunEnd::Done
        {
            runs += 1;
            prop_assert!(runs < 80, "it does not end");
        }
        let (acknowledged, refused) = folder.settled();
        prop_assert_eq!(acknowledged.len() + refused.len(), 120);
        prop_assert!(refused.is_superset(&bad));
        for (array, index) in refused.difference(&bad) {
            let holds = |slice: &ArraySlice| slice.array == *array && (slice.first..slice.end).contains(index);
            let of = met.iter().filter(|(_, slice)| holds(slice)).map(|(time, _)| *time);
            prop_assert!(of.collect::<BTreeSet<_>>().len() >= 2, "{array} {index}");
        }
    }
}
