//! National prefixes and exit codes: patterns with groups, as automata over ten digits that say
//! how many digits the prefix has and what replaces them.

use std::collections::HashMap;
use std::error::Error;
use std::ops::Range;

use regex_automata::nfa::thompson::{Compiler, NFA, State};
use regex_automata::util::look::Look;
use regex_automata::util::primitives::StateID;
use regex_automata::util::syntax;

use crate::automaton::{self, Automaton, MAX_DIGITS};

/// What a pattern makes of the digits that a number begins with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum PrefixMatch {
    /// There is no such prefix.
    #[default]
    No,
    /// The prefix has this many digits.
    With(usize),
    /// This many digits are replaced by others, with some of their own behind those.
    Rewritten { taken: usize, put: String, kept: Range<usize> },
}

/// Compiles a pattern, with the rule for the digits that it matches.
pub(crate) fn build(
    pattern: &str,
    rule: Option<&str>,
) -> Result<Automaton<PrefixMatch>, Box<dyn Error>> {
    let rule = rule.filter(|rule| !rule.is_empty()).map(Rule::parse).transpose()?;
    let nfa = Compiler::new()
        .syntax(syntax::Config::new().unicode(false).utf8(false))
        .build(&format!("^(?:{pattern})"))?;
    let mut simulation = Simulation { nfa: &nfa, rule: rule.as_ref() };
    simulation.automaton()
}

/// `9$1` in parts.
struct Rule {
    put: String,
    group: usize,
}

impl Rule {
    fn parse(text: &str) -> Result<Self, Box<dyn Error>> {
        let parts = text.split_once('$').and_then(|(put, group)| Some((put, group.parse().ok()?)));
        match parts {
            Some((put, group)) if put.bytes().all(|byte| byte.is_ascii_digit()) => {
                Ok(Rule { put: put.to_owned(), group })
            }
            _ => Err(format!("a rule for national prefixes is of a new kind: {text}").into()),
        }
    }
}

/// Where the groups begin and end.
type Slots = Vec<Option<usize>>;

/// A thread of the simulation: a way through the pattern that is still open.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Thread {
    state: StateID,
    slots: Slots,
}

/// The open threads, most preferred first, and the best match that they may still replace.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Situation {
    threads: Vec<Thread>,
    matched: Option<Slots>,
    digits: usize,
}

/// Follows all ways at once, in the order in which a backtracking matcher prefers them (Pike's simulation).
struct Simulation<'a> {
    nfa: &'a NFA,
    rule: Option<&'a Rule>,
}

impl Simulation<'_> {
    fn automaton(&mut self) -> Result<Automaton<PrefixMatch>, Box<dyn Error>> {
        let slots = vec![None; self.nfa.group_info().slot_len()];
        let first = Situation {
            threads: vec![Thread { state: self.nfa.start_anchored(), slots }],
            matched: None,
            digits: 0,
        };
        let mut index = HashMap::from([(first.clone(), 0)]);
        let mut situations = vec![first];
        let mut next: Vec<[Option<usize>; 10]> = Vec::new();
        let mut answers = Vec::new();
        while next.len() < situations.len() {
            let at = next.len();
            let situation = situations[at].clone();
            answers.push(self.outcome(&situation)?);
            let is_decided = situation.threads.is_empty();
            if !is_decided && situation.digits > MAX_DIGITS {
                return Err("a prefix is of a new kind: it looks at more than 20 digits".into());
            }
            next.push(std::array::from_fn(|digit| {
                if is_decided {
                    return Some(at);
                }
                let stepped = self.step(&situation, b'0' + digit as u8);
                Some(*index.entry(stepped.clone()).or_insert_with(|| {
                    situations.push(stepped);
                    situations.len() - 1
                }))
            }));
        }
        Ok(automaton::minimised(&next, answers))
    }

    /// The threads that read a digit next, and the match that cuts off those behind it.
    fn open(&self, situation: &Situation, at_end: bool) -> (Vec<Thread>, Option<Slots>) {
        let mut seen = vec![false; self.nfa.states().len()];
        let mut open = Vec::new();
        let mut stack: Vec<Thread> = situation.threads.iter().rev().cloned().collect();
        while let Some(Thread { state, mut slots }) = stack.pop() {
            if std::mem::replace(&mut seen[state.as_usize()], true) {
                continue;
            }
            let mut follow = |state: StateID, slots: Slots| stack.push(Thread { state, slots });
            match self.nfa.state(state) {
                State::ByteRange { .. } | State::Sparse(_) | State::Dense(_) => {
                    open.push(Thread { state, slots });
                }
                State::Look { look: Look::Start, next } if situation.digits == 0 => {
                    follow(*next, slots);
                }
                State::Look { look: Look::End, next } if at_end => follow(*next, slots),
                State::Look { .. } | State::Fail => {}
                State::Union { alternates } => {
                    for &alternate in alternates.iter().rev() {
                        follow(alternate, slots.clone());
                    }
                }
                State::BinaryUnion { alt1, alt2 } => {
                    follow(*alt2, slots.clone());
                    follow(*alt1, slots);
                }
                State::Capture { next, slot, .. } => {
                    slots[slot.as_usize()] = Some(situation.digits);
                    follow(*next, slots);
                }
                State::Match { .. } => return (open, Some(slots)),
            }
        }
        (open, None)
    }

    fn step(&self, situation: &Situation, byte: u8) -> Situation {
        let (open, matched) = self.open(situation, false);
        let threads = open.into_iter().filter_map(|Thread { state, slots }| {
            let next = match self.nfa.state(state) {
                State::ByteRange { trans } => trans.matches_byte(byte).then_some(trans.next),
                State::Sparse(sparse) => sparse.matches_byte(byte),
                State::Dense(dense) => dense.matches_byte(byte),
                _ => None,
            };
            Some(Thread { state: next?, slots })
        });
        let threads: Vec<Thread> = threads.collect();
        let matched = matched.or_else(|| situation.matched.clone());
        // Once nothing is open, the number of digits makes no difference.
        let digits = if threads.is_empty() { 0 } else { situation.digits + 1 };
        Situation { threads, matched, digits }
    }

    /// What the pattern says of digits that end here.
    fn outcome(&self, situation: &Situation) -> Result<PrefixMatch, Box<dyn Error>> {
        let (_, matched) = self.open(situation, true);
        let Some(slots) = matched.or_else(|| situation.matched.clone()) else {
            return Ok(PrefixMatch::No);
        };
        let span = |group: usize| match slots.get(2 * group..2 * group + 2) {
            Some(&[Some(start), Some(end)]) => Some(start..end),
            _ => None,
        };
        let taken = span(0).ok_or("a match without an end")?.end;
        let is_filled = |group: Option<&Range<usize>>| group.is_some_and(|span| !span.is_empty());
        let (first, second) = (span(1), span(2));
        Ok(match self.rule {
            // The rule is for the last group, where that took part.
            Some(rule)
                if first.is_some()
                    && (is_filled(second.as_ref())
                        || second.is_none() && is_filled(first.as_ref())) =>
            {
                let kept = span(rule.group).unwrap_or(0..0);
                PrefixMatch::Rewritten { taken, put: rule.put.clone(), kept }
            }
            _ if taken == 0 => PrefixMatch::No,
            _ => PrefixMatch::With(taken),
        })
    }
}
