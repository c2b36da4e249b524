//! The tables: what every territory's plan says, in a form that is walked and not searched.

use std::collections::HashMap;
use std::error::Error;
use std::fmt::Write;

use contactmill_phone::{LineType, Region};
use rlibphonenumber::{PhoneMetadata, PhoneNumberDesc};

use crate::automaton::{self, Automaton, MAX_DIGITS};
use crate::metadata::Metadata;

/// What the digits of a national number say by themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Answer {
    region: Option<Region>,
    line_type: Option<LineType>,
    /// Bit n: the number matches the general pattern of the calling code's nth territory.
    general: u32,
}

struct Territory {
    region: Region,
    calling_code: u16,
    /// Its place among the territories of its calling code.
    place: usize,
    possible: u32,
    local_only: u32,
    international_prefix: Prefix,
    national_prefix: Prefix,
}

/// Digits that may stand before a number.
#[derive(Default)]
struct Prefix {
    /// The digits, where the pattern is nothing but digits.
    literal: Option<String>,
    /// Where the walk starts that tells whether any digits may be a prefix.
    start: Option<usize>,
}

struct CallingCode {
    code: u16,
    start: usize,
    main: usize,
    /// The region of a calling code that has only one.
    only_region: Option<Region>,
}

pub(crate) struct Tables {
    version: String,
    territories: Vec<Territory>,
    calling_codes: Vec<CallingCode>,
    next: Vec<[u16; 10]>,
    state_answers: Vec<u16>,
    answers: Vec<Answer>,
    answer_ids: HashMap<Answer, u16>,
}

impl Tables {
    pub(crate) fn build(metadata: &Metadata) -> Result<Self, Box<dyn Error>> {
        let mut codes: Vec<(u16, Vec<&PhoneMetadata>)> = Vec::new();
        for territory in &metadata.territories {
            let code = u16::try_from(territory.country_code())?;
            let at = codes.iter().position(|(known, _)| *known == code).unwrap_or_else(|| {
                codes.push((code, Vec::new()));
                codes.len() - 1
            });
            // The main one comes first, the others in the order of the metadata.
            match territory.main_country_for_code() && !codes[at].1.is_empty() {
                true => codes[at].1.insert(0, territory),
                false => codes[at].1.push(territory),
            }
        }
        codes.sort_by_key(|(code, _)| *code);

        let mut tables = Tables {
            version: metadata.version.clone(),
            territories: Vec::new(),
            calling_codes: Vec::new(),
            // The dead state is shared by all calling codes.
            next: vec![[0; 10]],
            state_answers: vec![0],
            answers: vec![Answer::default()],
            answer_ids: HashMap::from([(Answer::default(), 0)]),
        };
        for (code, members) in &codes {
            tables.add(*code, members)?;
        }
        Ok(tables)
    }

    /// Adds an automaton and returns where its walk starts. Its dead state is the one that is there.
    fn append<A>(
        &mut self,
        automaton: &Automaton<A>,
        answer: impl Fn(&A) -> Answer,
    ) -> Result<usize, Box<dyn Error>> {
        let offset = self.next.len() - 1;
        let renumber = |state: usize| if state == 0 { 0 } else { state + offset };
        for (row, own) in automaton.next.iter().zip(&automaton.answers).skip(1) {
            let row: Result<Vec<u16>, _> =
                row.iter().map(|&state| u16::try_from(renumber(state))).collect();
            self.next.push(row?.try_into().map_err(|_| "ten digits")?);
            let answer = answer(own);
            let fresh = u16::try_from(self.answer_ids.len())?;
            let id = *self.answer_ids.entry(answer).or_insert(fresh);
            if usize::from(id) == self.answers.len() {
                self.answers.push(answer);
            }
            self.state_answers.push(id);
        }
        Ok(renumber(automaton.start))
    }

    fn add(&mut self, code: u16, members: &[&PhoneMetadata]) -> Result<(), Box<dyn Error>> {
        let main = self.territories.len();
        let regions =
            members.iter().map(|member| member.id.parse()).collect::<Result<Vec<Region>, _>>()?;
        let mut patterns = Patterns::default();
        let plans: Vec<Plan> =
            members.iter().map(|member| Plan::of(member, &mut patterns)).collect();
        let is_only = members.len() == 1;
        let answer = |matched: &[usize], digits: usize| {
            let has = |desc: &Desc| desc.matches(matched, digits);
            let mut answer = Answer::default();
            for (place, plan) in plans.iter().enumerate() {
                if plan.general.pattern.is_some_and(|pattern| matched.contains(&pattern)) {
                    answer.general |= 1 << place;
                }
                let line_type = plan.line_type(&has);
                let leads = plan.leading.is_some_and(|pattern| matched.contains(&pattern));
                if answer.region.is_none() && (is_only || leads || line_type.is_some()) {
                    answer.region = Some(regions[place]);
                    answer.line_type = line_type;
                }
            }
            if is_only && answer.line_type.is_none() {
                // The region of the only plan needs no saying.
                answer.region = None;
            }
            answer
        };
        let automaton = automaton::build(&patterns.0, answer)?;
        let start = self.append(&automaton, |answer| *answer)?;
        self.calling_codes.push(CallingCode {
            code,
            start,
            main,
            only_region: is_only.then(|| regions[0]),
        });
        for (place, (member, region)) in members.iter().zip(regions).enumerate() {
            let general = general_desc(member);
            let lengths = |of: fn(&PhoneNumberDesc) -> &[i32]| mask(general.map_or(&[], of));
            let international_prefix = Prefix::of(international_prefix(member), self)?;
            let national_prefix = Prefix::of(national_prefix(member), self)?;
            self.territories.push(Territory {
                region,
                calling_code: code,
                place,
                possible: lengths(|desc| &desc.possible_length),
                local_only: lengths(|desc| &desc.possible_length_local_only),
                international_prefix,
                national_prefix,
            });
        }
        Ok(())
    }

    /// Two bytes for each of ten digits of each state, little-endian; then two bytes for each
    /// state's answer.
    pub(crate) fn transitions_bin(&self) -> Vec<u8> {
        let next = self.next.iter().flatten().copied();
        next.chain(self.state_answers.iter().copied()).flat_map(u16::to_le_bytes).collect()
    }

    pub(crate) fn generated_rs(&self) -> String {
        let mut out = String::new();
        let mut line = |text: String| {
            out.push_str(&text);
            out.push('\n');
        };
        line("//! Tables of the numbering plans.".into());
        line("//!".into());
        line("//! Written by `cargo run --release -p contactmill-codegen`; do not edit.".into());
        line(format!("//! libphonenumber metadata {}.", self.version));
        line(String::new());
        line("use super::{Answer, CallingCode, Prefix, Territory};".into());
        line("use crate::{LineType, Region};".into());
        line(String::new());
        line("/// The version of the metadata.".into());
        line(format!("pub(crate) const METADATA_VERSION: &str = {:?};", self.version));
        line(String::new());
        line("/// How many states the automata have.".into());
        line(format!("pub(super) const STATES: usize = {};", self.next.len()));
        line(String::new());
        line("/// What the states say; the first says nothing.".into());
        line("#[rustfmt::skip]".into());
        line(format!("pub(super) static ANSWERS: [Answer; {}] = [", self.answers.len()));
        for answer in &self.answers {
            line(format!(
                "    Answer {{ region: {}, line_type: {}, general: {:#x} }},",
                region_rs(answer.region),
                answer
                    .line_type
                    .map_or("LineType::Unknown".into(), |kind| format!("LineType::{kind:?}")),
                answer.general,
            ));
        }
        line("];".into());
        line(String::new());
        line("/// The calling codes, ascending.".into());
        line("#[rustfmt::skip]".into());
        line(format!(
            "pub(super) static CALLING_CODES: [CallingCode; {}] = [",
            self.calling_codes.len()
        ));
        for code in &self.calling_codes {
            line(format!(
                "    CallingCode {{ code: {}, start: {}, main: {}, only_region: {} }},",
                code.code,
                code.start,
                code.main,
                region_rs(code.only_region),
            ));
        }
        line("];".into());
        line(String::new());
        line(
            "/// The territories, those of one calling code side by side, its main one first."
                .into(),
        );
        line("#[rustfmt::skip]".into());
        line(format!("pub(super) static TERRITORIES: [Territory; {}] = [", self.territories.len()));
        for territory in &self.territories {
            let code =
                self.calling_codes.iter().position(|code| code.code == territory.calling_code);
            line(format!(
                "    Territory {{ region: Region::{:?}, calling_code: {}, place: {}, possible: {:#x}, local_only: {:#x}, \
                 international_prefix: {}, national_prefix: {} }},",
                territory.region,
                code.unwrap_or_default(),
                territory.place,
                territory.possible,
                territory.local_only,
                territory.international_prefix.rs(),
                territory.national_prefix.rs(),
            ));
        }
        line("];".into());
        line(String::new());
        line(
            "/// The place of every number below 1,000 among the calling codes; 255 for none."
                .into(),
        );
        line("#[rustfmt::skip]".into());
        let mut row = "pub(super) static BY_CODE: [u8; 1000] = [".to_owned();
        for code in 0..1_000 {
            let at = self.calling_codes.iter().position(|known| known.code == code);
            let _ = write!(row, "{}, ", at.unwrap_or(usize::from(u8::MAX)));
        }
        line(row.trim_end_matches(", ").to_owned() + "];");
        line(String::new());
        line("/// The territory of every region but the world, in the order of `Region`.".into());
        line("#[rustfmt::skip]".into());
        let countries = &Region::ALL[..Region::ALL.len() - 1];
        let mut row = format!("pub(super) static BY_REGION: [u8; {}] = [", countries.len());
        for region in countries {
            let at = self.territories.iter().position(|territory| territory.region == *region);
            let _ = write!(row, "{}, ", at.unwrap_or(usize::from(u8::MAX)));
        }
        line(row.trim_end_matches(", ").to_owned() + "];");
        out
    }
}

/// Draws numbers by walking the automata at random.
pub(crate) struct Walk<'t> {
    tables: &'t Tables,
    /// For each state, the digits that lead on.
    ways: Vec<Vec<u8>>,
}

impl Tables {
    pub(crate) fn walk(&self) -> Walk<'_> {
        let ways =
            self.next.iter().map(|row| (0..10).filter(|&d| row[usize::from(d)] != 0).collect());
        Walk { tables: self, ways: ways.collect() }
    }
}

impl Walk<'_> {
    /// A calling code, digits that go as far as its plans know the way, nearly always to a valid
    /// number, and one of its regions.
    pub(crate) fn number(&self, rng: &mut fastrand::Rng) -> (u16, Vec<u8>, Option<Region>) {
        let codes = &self.tables.calling_codes;
        // Shared calling codes have more to go wrong.
        let at = match rng.u8(0..4) {
            0 => 0,
            _ => rng.usize(0..codes.len()),
        };
        let code = &codes[at];
        let mut digits = Vec::new();
        let mut state = code.start;
        while let Some(&digit) = rng.choice(&self.ways[state]) {
            let answer = self.tables.answers[usize::from(self.tables.state_answers[state])];
            if digits.len() >= MAX_DIGITS || answer.line_type.is_some() && rng.u8(0..3) == 0 {
                break;
            }
            digits.push(digit);
            state = usize::from(self.tables.next[state][usize::from(digit)]);
        }
        let members = self.tables.territories.iter().filter(|t| t.calling_code == code.code);
        let members: Vec<Region> = members.map(|territory| territory.region).collect();
        (code.code, digits, rng.choice(&members).copied())
    }
}

fn region_rs(region: Option<Region>) -> String {
    region.map_or("None".into(), |region| format!("Some(Region::{region:?})"))
}

/// Patterns, each once.
#[derive(Default)]
struct Patterns(Vec<String>);

impl Patterns {
    fn add(&mut self, pattern: String) -> usize {
        self.0.iter().position(|known| *known == pattern).unwrap_or_else(|| {
            self.0.push(pattern);
            self.0.len() - 1
        })
    }
}

/// A pattern with the lengths that its numbers have.
struct Desc {
    pattern: Option<usize>,
    lengths: Vec<i32>,
}

impl Desc {
    fn of(desc: Option<&PhoneNumberDesc>, patterns: &mut Patterns) -> Self {
        #[expect(deprecated, reason = "read as it is decoded, without the library's wrapper")]
        let pattern = desc.and_then(|desc| desc.national_number_pattern.clone());
        Desc {
            pattern: pattern.map(|pattern| patterns.add(pattern)),
            lengths: desc.map(|desc| desc.possible_length.clone()).unwrap_or_default(),
        }
    }

    fn matches(&self, matched: &[usize], digits: usize) -> bool {
        (self.lengths.is_empty() || self.lengths.contains(&(digits as i32)))
            && self.pattern.is_some_and(|pattern| matched.contains(&pattern))
    }
}

/// The patterns of one territory.
struct Plan {
    general: Desc,
    /// Special kinds, in the order in which libphonenumber asks for them.
    kinds: Vec<(LineType, Desc)>,
    fixed_line: Desc,
    mobile: Desc,
    same_fixed_line_and_mobile: bool,
    leading: Option<usize>,
}

impl Plan {
    #[expect(deprecated, reason = "read as it is decoded, without the library's wrapper")]
    fn of(metadata: &PhoneMetadata, patterns: &mut Patterns) -> Self {
        let mut desc = |desc: &Option<PhoneNumberDesc>| Desc::of(desc.as_ref(), patterns);
        let general = desc(&metadata.general_desc);
        let kinds = vec![
            (LineType::PremiumRate, desc(&metadata.premium_rate)),
            (LineType::TollFree, desc(&metadata.toll_free)),
            (LineType::SharedCost, desc(&metadata.shared_cost)),
            (LineType::Voip, desc(&metadata.voip)),
            (LineType::PersonalNumber, desc(&metadata.personal_number)),
            (LineType::Pager, desc(&metadata.pager)),
            (LineType::Uan, desc(&metadata.uan)),
            (LineType::Voicemail, desc(&metadata.voicemail)),
        ];
        let (fixed_line, mobile) = (desc(&metadata.fixed_line), desc(&metadata.mobile));
        // Only the beginning of a number has to match these.
        let leading = metadata.leading_digits.as_deref().map(|pattern| {
            patterns.add(format!("{}[0-9]*$", pattern.strip_suffix('$').unwrap_or(pattern)))
        });
        Plan {
            general,
            kinds,
            fixed_line,
            mobile,
            same_fixed_line_and_mobile: metadata.same_mobile_and_fixed_line_pattern(),
            leading,
        }
    }

    fn line_type(&self, has: &impl Fn(&Desc) -> bool) -> Option<LineType> {
        if !has(&self.general) {
            return None;
        }
        if let Some((kind, _)) = self.kinds.iter().find(|(_, desc)| has(desc)) {
            return Some(*kind);
        }
        match (has(&self.fixed_line), has(&self.mobile)) {
            (true, _) if self.same_fixed_line_and_mobile => Some(LineType::FixedLineOrMobile),
            (true, true) => Some(LineType::FixedLineOrMobile),
            (true, false) => Some(LineType::FixedLine),
            (false, true) if !self.same_fixed_line_and_mobile => Some(LineType::Mobile),
            (false, _) => None,
        }
    }
}

#[expect(deprecated, reason = "read as it is decoded, without the library's wrapper")]
fn general_desc(metadata: &PhoneMetadata) -> Option<&PhoneNumberDesc> {
    metadata.general_desc.as_ref()
}

#[expect(deprecated, reason = "read as it is decoded, without the library's wrapper")]
fn international_prefix(metadata: &PhoneMetadata) -> Option<&str> {
    metadata.international_prefix.as_deref()
}

#[expect(deprecated, reason = "read as it is decoded, without the library's wrapper")]
fn national_prefix(metadata: &PhoneMetadata) -> Option<&str> {
    metadata.national_prefix_for_parsing.as_deref()
}

impl Prefix {
    fn of(pattern: Option<&str>, tables: &mut Tables) -> Result<Self, Box<dyn Error>> {
        let Some(pattern) = pattern else { return Ok(Prefix::default()) };
        let bare = pattern.strip_prefix("^(?:").and_then(|rest| rest.strip_suffix(")$"));
        let bare = bare.ok_or("a prefix pattern is not wrapped as expected")?;
        if !bare.is_empty() && bare.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(Prefix { literal: Some(bare.to_owned()), start: None });
        }
        // `$` in a pattern depends on what follows; taking it away only asks more often.
        let automaton =
            automaton::build(&[format!("^(?:{})$", bare.replace('$', ""))], |matched, digits| {
                digits > 0 && !matched.is_empty()
            })?;
        let start = tables.append(&automaton, |&matches| Answer {
            general: u32::from(matches),
            ..Answer::default()
        })?;
        Ok(Prefix { literal: None, start: Some(start) })
    }

    fn rs(&self) -> String {
        match &self.literal {
            Some(digits) => {
                let digits: Vec<String> = digits.chars().map(String::from).collect();
                format!("Prefix::Digits(&[{}])", digits.join(", "))
            }
            None => self.start.map_or("Prefix::None".into(), |at| format!("Prefix::Pattern({at})")),
        }
    }
}

fn mask(lengths: &[i32]) -> u32 {
    lengths
        .iter()
        .filter_map(|&length| usize::try_from(length).ok())
        .filter(|&length| length <= MAX_DIGITS)
        .fold(0, |mask, length| mask | 1 << length)
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumber, PhoneNumberType};

    use super::*;

    /// What the library says of a national number, by its patterns.
    fn by_library(code: u16, digits: &[u8]) -> (Option<String>, PhoneNumberType) {
        let zeros = digits.iter().take_while(|&&digit| digit == 0).count().min(digits.len() - 1);
        let number = PhoneNumber {
            country_code: code.into(),
            national_number: digits.iter().fold(0, |n, &digit| 10 * n + u64::from(digit)),
            italian_leading_zero: (zeros > 0).then_some(true),
            number_of_leading_zeros: (zeros > 1).then_some(zeros as i32),
            ..PhoneNumber::default()
        };
        let region = PHONE_NUMBER_UTIL.get_region_for_number(&number);
        (
            region.map(|region| region.as_region_str().as_str().to_owned()),
            PHONE_NUMBER_UTIL.get_number_type(&number),
        )
    }

    /// From every state that the automata tell apart, every digit: that is every prefix of a
    /// national number that makes a difference, and one step beyond.
    #[test]
    fn every_step_of_every_walk_says_what_the_patterns_say() {
        let tables = Tables::build(&crate::metadata::load().unwrap()).unwrap();
        let mut steps = 0;
        for code in &tables.calling_codes {
            let mut seen = vec![false; tables.next.len()];
            let mut queue = VecDeque::from([(code.start, Vec::new())]);
            while let Some((state, digits)) = queue.pop_front() {
                for digit in 0..10_u8 {
                    let next = usize::from(tables.next[state][usize::from(digit)]);
                    let mut number = digits.clone();
                    number.push(digit);
                    // The library looks such numbers up with ten zeros; the fast path leaves them.
                    if number.starts_with(&[0; 11]) {
                        continue;
                    }
                    let answer = tables.answers[usize::from(tables.state_answers[next])];
                    let region =
                        answer.region.or(code.only_region).map(|region| region.to_string());
                    let kind = answer.line_type.map(|kind| format!("{kind:?}").to_lowercase());
                    let (their_region, their_kind) = by_library(code.code, &number);
                    let their_kind = format!("{their_kind:?}").to_lowercase();
                    assert_eq!(region, their_region, "+{} {number:?}", code.code);
                    assert_eq!(
                        kind.unwrap_or("unknown".into()),
                        their_kind,
                        "+{} {number:?}",
                        code.code
                    );
                    steps += 1;
                    if next != 0 && number.len() < 18 && !std::mem::replace(&mut seen[next], true) {
                        queue.push_back((next, number));
                    }
                }
            }
        }
        assert!(steps > 150_000, "{steps}");
    }
}
