//! The tables as the crate holds them: rows of ten digits, and leaves where digits stop mattering.

use std::collections::{HashMap, VecDeque};
use std::error::Error;
use std::fmt::Write;
use std::hash::Hash;

use contactmill_phone::Region;

use crate::automaton::Automaton;
use crate::prefix::PrefixMatch;
use crate::tables::{Answer, Tables};

/// Numbers with more digits have no answer.
const LONGEST: usize = 17;

/// An entry counts the rows up to here, and the leaves from there on.
#[derive(Clone, Copy)]
enum Entry {
    Row(usize),
    Leaf(usize),
}

/// Where each digit leads, and what the digits so far say if they end here.
struct Row {
    next: [Entry; 10],
    answer: usize,
}

/// Values, each once, in the order in which they were added.
struct Distinct<T> {
    all: Vec<T>,
    ids: HashMap<T, usize>,
}

impl<T: Clone + Eq + Hash> Distinct<T> {
    fn with(first: T) -> Self {
        let mut distinct = Distinct { all: Vec::new(), ids: HashMap::new() };
        distinct.add(first);
        distinct
    }

    fn add(&mut self, value: T) -> usize {
        *self.ids.entry(value.clone()).or_insert_with(|| {
            self.all.push(value);
            self.all.len() - 1
        })
    }
}

pub(crate) struct Encoded<'t> {
    tables: &'t Tables,
    rows: Vec<Row>,
    /// For each calling code, where the first two digits lead.
    openings: Vec<[Entry; 100]>,
    /// For numbers whose further digits do not matter: the answer by the number of digits.
    tails: Distinct<[usize; LONGEST + 1]>,
    answers: Distinct<Answer>,
    outcomes: Distinct<PrefixMatch>,
    /// For each prefix, where it starts.
    prefixes: Vec<usize>,
    layouts: Distinct<String>,
    /// For each calling code, where the walk to a layout starts.
    layout_starts: Vec<Entry>,
}

impl<'t> Encoded<'t> {
    pub(crate) fn of(tables: &'t Tables) -> Self {
        let mut encoded = Encoded {
            tables,
            rows: Vec::new(),
            openings: Vec::new(),
            tails: Distinct::with([0; LONGEST + 1]),
            answers: Distinct::with(Answer::default()),
            outcomes: Distinct::with(PrefixMatch::No),
            prefixes: Vec::new(),
            layouts: Distinct::with(String::new()),
            layout_starts: Vec::new(),
        };
        for prefix in &tables.prefixes {
            encoded.add_prefix(prefix);
        }
        for code in &tables.calling_codes {
            encoded.add_numbers(&code.numbers);
        }
        for code in &tables.calling_codes {
            encoded.add_layouts(&code.layouts);
        }
        encoded
    }

    fn add_prefix(&mut self, prefix: &Automaton<PrefixMatch>) {
        let first = self.rows.len();
        // The start has a row even where nothing is a prefix.
        let mut states = vec![prefix.start];
        let mut at = 0;
        while at < states.len() {
            let state = states[at];
            let next = prefix.next[state].map(|to| {
                if prefix.next[to].iter().all(|&further| further == to) {
                    return Entry::Leaf(self.outcomes.add(prefix.answers[to].clone()));
                }
                let known = states.iter().position(|&known| known == to).unwrap_or_else(|| {
                    states.push(to);
                    states.len() - 1
                });
                Entry::Row(first + known)
            });
            let answer = self.outcomes.add(prefix.answers[state].clone());
            self.rows.push(Row { next, answer });
            at += 1;
        }
        self.prefixes.push(first);
    }

    fn add_numbers(&mut self, numbers: &Automaton<Answer>) {
        let mut rows = WaitingRows::new(numbers, self.rows.len());
        let opening = std::array::from_fn(|pair| {
            let state = numbers.next[numbers.next[numbers.start][pair / 10]][pair % 10];
            rows.entry(state, 2, &mut self.tails, &mut self.answers)
        });
        self.openings.push(opening);
        rows.write(&mut self.rows, &mut self.tails, &mut self.answers);
    }

    fn add_layouts(&mut self, layouts: &Automaton<String>) {
        let mut rows = WaitingRows::new(layouts, self.rows.len());
        self.layout_starts.push(rows.entry(layouts.start, 0, &mut self.tails, &mut self.layouts));
        rows.write(&mut self.rows, &mut self.tails, &mut self.layouts);
    }

    fn number(&self, entry: Entry) -> Result<u16, std::num::TryFromIntError> {
        u16::try_from(match entry {
            Entry::Row(row) => row,
            Entry::Leaf(leaf) => self.rows.len() + leaf,
        })
    }

    /// Little-endian, two bytes each: the rows (ten digits, the answer, and room to 16), the
    /// openings, the tails.
    pub(crate) fn plans_bin(&self) -> Result<Vec<u8>, Box<dyn Error>> {
        let mut numbers: Vec<u16> = Vec::new();
        for row in &self.rows {
            for entry in row.next {
                numbers.push(self.number(entry)?);
            }
            numbers.push(u16::try_from(row.answer)?);
            numbers.extend([0; 5]);
        }
        for &entry in self.openings.iter().flatten() {
            numbers.push(self.number(entry)?);
        }
        for &answer in self.tails.all.iter().flatten() {
            numbers.push(u16::try_from(answer)?);
        }
        Ok(numbers.into_iter().flat_map(u16::to_le_bytes).collect())
    }

    pub(crate) fn generated_rs(&self) -> Result<String, Box<dyn Error>> {
        let Tables { territories, calling_codes, version, .. } = self.tables;
        let mut out = String::new();
        writeln!(
            out,
            "//! Tables of the numbering plans.\n\
             //!\n\
             //! Written by `cargo run --release -p contactmill-codegen`; do not edit.\n\
             //! libphonenumber metadata {version}.\n\n\
             use super::{{Answer, Begins, Prefix, Territory}};\n\
             use crate::{{LineType, Region}};\n\n\
             /// The version of the metadata.\n\
             pub(crate) const METADATA_VERSION: &str = {version:?};\n\n\
             /// How many rows, openings and tails `plans.bin` has.\n\
             pub(super) const ROWS: usize = {};\n\
             pub(super) const OPENINGS: usize = {};\n\
             pub(super) const TAILS: usize = {};\n",
            self.rows.len(),
            self.openings.len(),
            self.tails.all.len(),
        )?;

        table(&mut out, "What digits say; the first says nothing.", "ANSWERS", "Answer", {
            self.answers.all.iter().map(|answer| {
                format!(
                    "Answer {{ region: {}, line_type: {}, general: {:#x} }}",
                    option_rs(answer.region),
                    answer
                        .line_type
                        .map_or("LineType::Unknown".into(), |kind| format!("LineType::{kind:?}")),
                    answer.general,
                )
            })
        })?;
        table(&mut out, "What prefixes become.", "OUTCOMES", "Begins", {
            self.outcomes.all.iter().map(|outcome| match outcome {
                PrefixMatch::No => "Begins::No".to_owned(),
                PrefixMatch::With(taken) => format!("Begins::With({taken})"),
                PrefixMatch::Rewritten { taken, put, kept } => {
                    let put: Vec<String> = put.chars().map(String::from).collect();
                    format!(
                        "Begins::Rewritten {{ taken: {taken}, put: &[{}], kept: ({}, {}) }}",
                        put.join(", "),
                        kept.start,
                        kept.end
                    )
                }
            })
        })?;
        let what = "How numbers are laid out for readers abroad: `#` is the next digit, `_` one that \
                    is left out. The first: all digits side by side.";
        table(&mut out, what, "LAYOUTS", "&str", {
            self.layouts.all.iter().map(|layout| format!("{layout:?}"))
        })?;
        let starts = self.layout_starts.iter().map(|&start| self.number(start));
        let starts = starts.collect::<Result<Vec<u16>, _>>()?;
        let what = "For each calling code, the entry where the walk to a layout starts.";
        places(&mut out, what, "LAYOUT_STARTS", {
            starts.iter().map(|&start| Some(usize::from(start)))
        })?;
        let what = "The territories, those of one calling code side by side, its main one first.";
        table(&mut out, what, "TERRITORIES", "Territory", {
            territories.iter().map(|territory| {
                let code = &calling_codes[territory.calling_code];
                format!(
                    "Territory {{ region: Region::{:?}, code: {}, code_digits: {}, \
                     calling_code: {}, main: {}, place: {}, is_only: {}, possible: {:#x}, \
                     local_only: {:#x}, international_prefix: {}, national_prefix: {} }}",
                    territory.region,
                    code.code,
                    code.code.to_string().len(),
                    territory.calling_code,
                    code.main,
                    territory.place,
                    code.only_region.is_some(),
                    territory.possible,
                    territory.local_only,
                    self.prefix_rs(territory.international_prefix),
                    self.prefix_rs(territory.national_prefix),
                )
            })
        })?;
        // No calling code begins another (ITU-T E.164).
        let leads = |code: u16, digits: usize| match code {
            0..10 => digits / 100 == usize::from(code),
            10..100 => digits / 10 == usize::from(code),
            _ => digits == usize::from(code),
        };
        let what = "The main territory of the calling code that three digits begin with, if any.";
        places(&mut out, what, "BY_LEADING_DIGITS", {
            (0..1_000).map(|digits| {
                calling_codes.iter().find(|code| leads(code.code, digits)).map(|code| code.main)
            })
        })?;
        let what = "The territory of every region but the world, in the order of `Region`.";
        let countries = &Region::ALL[..Region::ALL.len() - 1];
        places(&mut out, what, "BY_REGION", {
            countries
                .iter()
                .map(|region| territories.iter().position(|territory| territory.region == *region))
        })?;
        Ok(out)
    }

    fn prefix_rs(&self, prefix: usize) -> String {
        let automaton = &self.tables.prefixes[prefix];
        let first = automaton.next[automaton.start].iter().enumerate();
        let first = first.fold(0, |mask, (digit, &to)| mask | u16::from(to != 0) << digit);
        format!("Prefix {{ first: {first:#x}, start: {} }}", self.prefixes[prefix])
    }

    /// What the tables, walked as the crate walks them, say of a national number.
    #[cfg(test)]
    fn answer(&self, code: usize, digits: &[u8]) -> Answer {
        let [first, second, rest @ ..] = digits else { return Answer::default() };
        let opening = self.openings[code][usize::from(10 * first + second)];
        self.answers.all[self.walked(opening, rest, digits.len())]
    }

    /// How the tables lay a national number out.
    #[cfg(test)]
    fn layout(&self, code: usize, digits: &[u8]) -> &str {
        &self.layouts.all[self.walked(self.layout_starts[code], digits, digits.len())]
    }

    /// Where a walk over a number with this many digits ends.
    #[cfg(test)]
    fn walked(&self, mut entry: Entry, rest: &[u8], digits: usize) -> usize {
        let mut rest = rest.iter();
        loop {
            match (entry, rest.next()) {
                (Entry::Leaf(tail), _) => {
                    break self.tails.all[tail].get(digits).copied().unwrap_or(0);
                }
                (Entry::Row(row), Some(&digit)) => entry = self.rows[row].next[usize::from(digit)],
                (Entry::Row(row), None) => break self.rows[row].answer,
            }
        }
    }

    /// What the tables say of a prefix.
    #[cfg(test)]
    fn outcome(&self, prefix: usize, digits: &[u8]) -> &PrefixMatch {
        let mut entry = Entry::Row(self.prefixes[prefix]);
        let mut digits = digits.iter();
        &self.outcomes.all[loop {
            match (entry, digits.next()) {
                (Entry::Leaf(outcome), _) => break outcome,
                (Entry::Row(row), Some(&digit)) => entry = self.rows[row].next[usize::from(digit)],
                (Entry::Row(row), None) => break self.rows[row].answer,
            }
        }]
    }
}

/// The rows of one automaton, in the order of a breadth-first walk.
struct WaitingRows<'a, A> {
    automaton: &'a Automaton<A>,
    first: usize,
    /// Rows by state and number of digits.
    known: HashMap<(usize, usize), usize>,
    waiting: VecDeque<(usize, usize)>,
}

impl<'a, A: Clone + Eq + Hash> WaitingRows<'a, A> {
    fn new(automaton: &'a Automaton<A>, first: usize) -> Self {
        WaitingRows { automaton, first, known: HashMap::new(), waiting: VecDeque::new() }
    }

    fn entry(
        &mut self,
        state: usize,
        digits: usize,
        tails: &mut Distinct<[usize; LONGEST + 1]>,
        answers: &mut Distinct<A>,
    ) -> Entry {
        if let Some(states) = self.tail(state, digits) {
            let mut tail = [0; LONGEST + 1];
            for (slot, state) in tail[digits..].iter_mut().zip(states) {
                *slot = answers.add(self.automaton.answers[state].clone());
            }
            return Entry::Leaf(tails.add(tail));
        }
        let fresh = self.first + self.known.len();
        let row = *self.known.entry((state, digits)).or_insert_with(|| {
            self.waiting.push_back((state, digits));
            fresh
        });
        Entry::Row(row)
    }

    /// Writes the rows.
    fn write(
        mut self,
        rows: &mut Vec<Row>,
        tails: &mut Distinct<[usize; LONGEST + 1]>,
        answers: &mut Distinct<A>,
    ) {
        while let Some((state, digits)) = self.waiting.pop_front() {
            let next =
                self.automaton.next[state].map(|to| self.entry(to, digits + 1, tails, answers));
            let answer = answers.add(self.automaton.answers[state].clone());
            rows.push(Row { next, answer });
        }
    }

    /// The states that follow one another, whatever the digits.
    fn tail(&self, mut state: usize, digits: usize) -> Option<Vec<usize>> {
        let mut states = vec![state];
        for _ in digits..LONGEST {
            let [first, others @ ..] = self.automaton.next[state];
            if others.iter().any(|&other| other != first) {
                return None;
            }
            state = first;
            states.push(state);
        }
        Some(states)
    }
}

/// A table with this many entries, one a line.
fn table(
    out: &mut String,
    what: &str,
    name: &str,
    of: &str,
    entries: impl ExactSizeIterator<Item = String>,
) -> std::fmt::Result {
    writeln!(out, "/// {what}\n#[rustfmt::skip]")?;
    writeln!(out, "pub(super) static {name}: [{of}; {}] = [", entries.len())?;
    for entry in entries {
        writeln!(out, "    {entry},")?;
    }
    writeln!(out, "];\n")
}

/// A table of indexes into another table, on one line; the largest number stands for none.
fn places(
    out: &mut String,
    what: &str,
    name: &str,
    places: impl ExactSizeIterator<Item = Option<usize>>,
) -> std::fmt::Result {
    writeln!(out, "/// {what}\n#[rustfmt::skip]")?;
    write!(out, "pub(super) static {name}: [u16; {}] = [", places.len())?;
    for (at, place) in places.enumerate() {
        let comma = if at == 0 { "" } else { ", " };
        write!(out, "{comma}{}", place.unwrap_or(usize::from(u16::MAX)))?;
    }
    writeln!(out, "];")
}

fn option_rs(region: Option<Region>) -> String {
    region.map_or("None".into(), |region| format!("Some(Region::{region:?})"))
}

#[cfg(test)]
mod tests {
    use regex_automata::meta::Regex;
    use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumber, PhoneNumberFormat, PhoneNumberType};

    use super::*;
    use crate::layout;

    fn tables() -> Tables {
        Tables::build(&crate::metadata::load().unwrap()).unwrap()
    }

    /// Checks the first digits found that lead to each state, with every digit behind them: all cases
    /// that can differ, and one step beyond.
    fn for_every_step<A>(automaton: &Automaton<A>, longest: usize, mut check: impl FnMut(&[u8])) {
        let mut seen = vec![false; automaton.next.len()];
        let mut queue = VecDeque::from([(automaton.start, Vec::new())]);
        while let Some((state, digits)) = queue.pop_front() {
            for digit in 0..10_u8 {
                let next = automaton.next[state][usize::from(digit)];
                let mut number = digits.clone();
                number.push(digit);
                check(&number);
                if next != 0 && number.len() < longest && !std::mem::replace(&mut seen[next], true)
                {
                    queue.push_back((next, number));
                }
            }
        }
    }

    /// A national number as the library holds it.
    fn library_number(code: u16, digits: &[u8]) -> PhoneNumber {
        let zeros = digits.iter().take_while(|&&digit| digit == 0).count().min(digits.len() - 1);
        PhoneNumber {
            country_code: code.into(),
            national_number: digits.iter().fold(0, |n, &digit| 10 * n + u64::from(digit)),
            italian_leading_zero: (zeros > 0).then_some(true),
            number_of_leading_zeros: (zeros > 1).then_some(zeros as i32),
            ..PhoneNumber::default()
        }
    }

    /// What the library says of a national number, by its patterns.
    fn by_library(code: u16, digits: &[u8]) -> (Option<String>, PhoneNumberType) {
        let number = library_number(code, digits);
        let region = PHONE_NUMBER_UTIL.get_region_for_number(&number);
        (
            region.map(|region| region.as_region_str().as_str().to_owned()),
            PHONE_NUMBER_UTIL.get_number_type(&number),
        )
    }

    #[test]
    fn every_step_of_every_walk_says_what_the_patterns_say() {
        let tables = tables();
        let encoded = Encoded::of(&tables);
        let mut steps = 0;
        for (at, code) in tables.calling_codes.iter().enumerate() {
            for_every_step(&code.numbers, LONGEST, |number| {
                // The library looks the former up with ten zeros, the latter are no numbers; the
                // fast path leaves both alone.
                if number.starts_with(&[0; 11]) || number.len() < 2 {
                    return;
                }
                let answer = encoded.answer(at, number);
                let region = answer.region.or(code.only_region).map(|region| region.to_string());
                let kind = answer.line_type.map_or("unknown".into(), |kind| format!("{kind:?}"));
                let (their_region, their_kind) = by_library(code.code, number);
                assert_eq!(region, their_region, "+{} {number:?}", code.code);
                let their_kind = format!("{their_kind:?}");
                assert!(kind.eq_ignore_ascii_case(&their_kind), "+{} {number:?}", code.code);
                steps += 1;
            });
        }
        assert!(steps > 150_000, "{steps}");
    }

    #[test]
    fn every_step_of_every_layout_is_what_the_library_writes() {
        let tables = tables();
        let encoded = Encoded::of(&tables);
        let mut steps = 0;
        for (at, code) in tables.calling_codes.iter().enumerate() {
            for_every_step(&code.layouts, LONGEST, |number| {
                // The library writes no more leading zeros than ten.
                if number.starts_with(&[0; 11]) {
                    return;
                }
                let mut digits = number.iter().map(|digit| char::from(b'0' + digit));
                let mut ours = format!("+{} ", code.code);
                for mark in encoded.layout(at, number).chars() {
                    match mark {
                        layout::DIGIT => ours.extend(digits.next()),
                        layout::LEFT_OUT => drop(digits.next()),
                        other => ours.push(other),
                    }
                }
                ours.extend(digits);
                let theirs = library_number(code.code, number);
                assert_eq!(ours, theirs.format_as(PhoneNumberFormat::International));
                steps += 1;
            });
        }
        assert!(steps > 10_000, "{steps}");
    }

    /// The rules as the library applies them, one call of a pattern at a time.
    fn by_pattern(pattern: &Regex, rule: Option<&str>, digits: &[u8]) -> PrefixMatch {
        let text: String = digits.iter().map(|digit| char::from(b'0' + digit)).collect();
        let mut captures = pattern.create_captures();
        pattern.captures(&text, &mut captures);
        let Some(whole) = captures.get_group(0) else { return PrefixMatch::No };
        let filled = |group: usize| captures.get_group(group).map(|span| !span.is_empty());
        let applies = match (filled(1), filled(2)) {
            (None, _) => false,
            (Some(first), None) => first,
            (Some(_), Some(second)) => second,
        };
        match rule.filter(|_| applies).and_then(|rule| rule.split_once('$')) {
            Some((put, group)) => {
                let kept = captures.get_group(group.parse().unwrap()).unwrap();
                PrefixMatch::Rewritten { taken: whole.end, put: put.to_owned(), kept: kept.range() }
            }
            None if whole.end == 0 => PrefixMatch::No,
            None => PrefixMatch::With(whole.end),
        }
    }

    #[test]
    fn every_step_of_every_prefix_says_what_the_pattern_says() {
        let tables = tables();
        let encoded = Encoded::of(&tables);
        let mut steps = 0;
        for ((pattern, rule), &at) in tables.patterns_of_prefixes() {
            let pattern = Regex::new(&format!("^(?:{pattern})")).unwrap();
            for_every_step(&tables.prefixes[at], 21, |digits| {
                let theirs = by_pattern(&pattern, rule.as_deref(), digits);
                assert_eq!(encoded.outcome(at, digits), &theirs, "{pattern:?} {digits:?}");
                steps += 1;
            });
        }
        assert!(steps > 5_000, "{steps}");
    }
}
