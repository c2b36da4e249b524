//! From many patterns to one small automaton over ten digits.

use std::collections::HashMap;
use std::error::Error;
use std::hash::Hash;

use regex_automata::dfa::Automaton as _;
use regex_automata::dfa::dense;
use regex_automata::util::start;
use regex_automata::util::syntax;
use regex_automata::{Anchored, MatchKind};

/// Numbers with more digits are never looked up.
pub(crate) const MAX_DIGITS: usize = 20;

/// A minimal automaton. State 0 is dead: no number that leads there has an answer.
pub(crate) struct Automaton<A> {
    pub(crate) start: usize,
    pub(crate) next: Vec<[usize; 10]>,
    pub(crate) answers: Vec<A>,
}

/// Compiles patterns over digits; each must match a whole number.
pub(crate) fn compile(patterns: &[String]) -> Result<dense::DFA<Vec<u32>>, Box<dyn Error>> {
    Ok(dense::Builder::new()
        .configure(
            dense::Config::new()
                .match_kind(MatchKind::All)
                .start_kind(regex_automata::dfa::StartKind::Anchored),
        )
        .syntax(syntax::Config::new().unicode(false).utf8(false))
        .build_many(patterns)?)
}

/// The automaton of what `answer` makes of the patterns that a number of some length matches.
pub(crate) fn build<A: Clone + Eq + Hash + Default>(
    patterns: &[String],
    answer: impl Fn(&[usize], usize) -> A,
) -> Result<Automaton<A>, Box<dyn Error>> {
    let dfa = compile(patterns)?;
    let first = dfa.start_state(&start::Config::new().anchored(Anchored::Yes))?;
    // States by number of digits: lengths decide as well as digits do.
    let mut index = HashMap::from([((first, 0), 0)]);
    let mut states = vec![(first, 0)];
    let mut next: Vec<[Option<usize>; 10]> = Vec::new();
    let mut answers: Vec<A> = Vec::new();
    let mut at = 0;
    while at < states.len() {
        let (state, digits) = states[at];
        let end = dfa.next_eoi_state(state);
        let matched: Vec<usize> = match dfa.is_match_state(end) {
            true => (0..dfa.match_len(end))
                .map(|match_index| dfa.match_pattern(end, match_index).as_usize())
                .collect(),
            false => Vec::new(),
        };
        answers.push(answer(&matched, digits));
        let mut row = [None; 10];
        if digits < MAX_DIGITS {
            for (digit, slot) in (b'0'..=b'9').zip(&mut row) {
                let to = dfa.next_state(state, digit);
                if dfa.is_dead_state(to) {
                    continue;
                }
                let key = (to, digits + 1);
                *slot = Some(*index.entry(key).or_insert_with(|| {
                    states.push(key);
                    states.len() - 1
                }));
            }
        }
        next.push(row);
        at += 1;
    }
    Ok(minimised(&next, answers))
}

/// Merges states that no digits distinguish (Moore's algorithm).
pub(crate) fn minimised<A: Clone + Eq + Hash + Default>(
    next: &[[Option<usize>; 10]],
    answers: Vec<A>,
) -> Automaton<A> {
    // One state more: the dead one, which gives no answer for anything.
    let dead = next.len();
    let answer_of =
        |state: usize| if state == dead { A::default() } else { answers[state].clone() };
    let target = |state: usize, digit: usize| match next.get(state) {
        Some(row) => row[digit].unwrap_or(dead),
        None => dead,
    };
    let mut ids: HashMap<A, usize> = HashMap::from([(A::default(), 0)]);
    let mut classes: Vec<usize> = (0..=dead)
        .map(|state| {
            let fresh = ids.len();
            *ids.entry(answer_of(state)).or_insert(fresh)
        })
        .collect();
    let mut count = ids.len();
    loop {
        let mut ids: HashMap<(usize, [usize; 10]), usize> = HashMap::new();
        let key = |state: usize| {
            (classes[state], std::array::from_fn(|digit| classes[target(state, digit)]))
        };
        // The dead state keeps the first number.
        ids.insert(key(dead), 0);
        let refined: Vec<usize> = (0..=dead)
            .map(|state| {
                let fresh = ids.len();
                *ids.entry(key(state)).or_insert(fresh)
            })
            .collect();
        let refined_count = ids.len();
        classes = refined;
        if refined_count == count {
            break;
        }
        count = refined_count;
    }
    let mut automaton = Automaton {
        start: classes[0],
        next: vec![[0; 10]; count],
        answers: vec![A::default(); count],
    };
    for (state, &class) in classes.iter().enumerate() {
        automaton.answers[class] = answer_of(state);
        automaton.next[class] = std::array::from_fn(|digit| classes[target(state, digit)]);
    }
    automaton
}
