//! The tables: what every territory's plan says, as automata that are walked and not searched.

use std::collections::HashMap;
use std::error::Error;

use contactmill_phone::{LineType, Region};
use rlibphonenumber::{PhoneMetadata, PhoneNumberDesc};

use crate::automaton::{self, Automaton, MAX_DIGITS};
use crate::layout;
use crate::metadata::Metadata;
use crate::plan::{Patterns, Plan};
use crate::prefix::{self, PrefixMatch};

/// What the digits of a national number say by themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Answer {
    pub(crate) region: Option<Region>,
    pub(crate) line_type: Option<LineType>,
    /// Bit n: the number matches the general pattern of the calling code's nth territory.
    pub(crate) general: u32,
}

pub(crate) struct Territory {
    pub(crate) region: Region,
    /// Its place among the territories of its calling code.
    pub(crate) place: usize,
    pub(crate) calling_code: usize,
    pub(crate) possible: u32,
    pub(crate) local_only: u32,
    /// Its prefixes, by their places among all; a territory without any has the one of none.
    pub(crate) international_prefix: usize,
    pub(crate) national_prefix: usize,
}

pub(crate) struct CallingCode {
    pub(crate) code: u16,
    /// The national numbers, from their first digit on.
    pub(crate) numbers: Automaton<Answer>,
    /// How they are laid out for readers abroad.
    pub(crate) layouts: Automaton<String>,
    pub(crate) main: usize,
    /// The region of a calling code that has only one.
    pub(crate) only_region: Option<Region>,
}

pub(crate) struct Tables {
    pub(crate) version: String,
    pub(crate) territories: Vec<Territory>,
    /// Ascending.
    pub(crate) calling_codes: Vec<CallingCode>,
    pub(crate) prefixes: Vec<Automaton<PrefixMatch>>,
    /// The prefixes by pattern and rule.
    prefix_ids: HashMap<(String, Option<String>), usize>,
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
            prefixes: Vec::new(),
            prefix_ids: HashMap::new(),
        };
        for (code, members) in &codes {
            tables.add(*code, members)?;
        }
        Ok(tables)
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
            let mut answer = Answer::default();
            for (place, plan) in plans.iter().enumerate() {
                if plan.general.pattern.is_some_and(|pattern| matched.contains(&pattern)) {
                    answer.general |= 1 << place;
                }
                let line_type = plan.line_type(matched, digits);
                let leads = plan.leading.is_some_and(|pattern| matched.contains(&pattern));
                if answer.region.is_none() && (is_only || leads || line_type.is_some()) {
                    answer.region = Some(regions[place]);
                    answer.line_type = line_type;
                }
            }
            if is_only && answer.line_type.is_none() {
                // With only one plan, the region is known.
                answer.region = None;
            }
            answer
        };
        self.calling_codes.push(CallingCode {
            code,
            numbers: automaton::build(&patterns.0, answer)?,
            layouts: layout::build(members[0])?,
            main,
            only_region: is_only.then(|| regions[0]),
        });
        for (place, (member, region)) in members.iter().zip(regions).enumerate() {
            let general = general_desc(member);
            let lengths = |of: fn(&PhoneNumberDesc) -> &[i32]| mask(general.map_or(&[], of));
            let international_prefix = self.prefix(international_prefix(member), None)?;
            let national_prefix = self.prefix(national_prefix(member), rule(member))?;
            self.territories.push(Territory {
                region,
                calling_code: self.calling_codes.len() - 1,
                place,
                possible: lengths(|desc| &desc.possible_length),
                local_only: lengths(|desc| &desc.possible_length_local_only),
                international_prefix,
                national_prefix,
            });
        }
        Ok(())
    }

    /// The place of a prefix among all.
    fn prefix(
        &mut self,
        pattern: Option<&str>,
        rule: Option<&str>,
    ) -> Result<usize, Box<dyn Error>> {
        let bare = match pattern {
            Some(pattern) => pattern
                .strip_prefix("^(?:")
                .and_then(|rest| rest.strip_suffix(")$"))
                .ok_or("a prefix pattern is not wrapped as expected")?,
            None => "",
        };
        let key = (bare.to_owned(), rule.map(str::to_owned));
        if let Some(&known) = self.prefix_ids.get(&key) {
            return Ok(known);
        }
        self.prefixes.push(prefix::build(bare, rule)?);
        self.prefix_ids.insert(key, self.prefixes.len() - 1);
        Ok(self.prefixes.len() - 1)
    }
}

#[cfg(test)]
impl Tables {
    /// The prefixes by pattern and rule, with their places.
    pub(crate) fn patterns_of_prefixes(
        &self,
    ) -> impl Iterator<Item = (&(String, Option<String>), &usize)> {
        self.prefix_ids.iter()
    }
}

/// Draws numbers by walking the automata at random.
pub(crate) struct Walk<'t>(pub(crate) &'t Tables);

impl Walk<'_> {
    /// A calling code, digits that its plans know, nearly always of a valid number, and one of its
    /// territories.
    pub(crate) fn number(&self, rng: &mut fastrand::Rng) -> (u16, Vec<u8>, Option<&Territory>) {
        let codes = &self.0.calling_codes;
        // More can go wrong where territories share a calling code.
        let at = match rng.u8(0..4) {
            0 => 0,
            _ => rng.usize(0..codes.len()),
        };
        let numbers = &codes[at].numbers;
        let mut digits = Vec::new();
        let mut state = numbers.start;
        while let Some((digit, to)) = way(&numbers.next[state], rng) {
            if digits.len() >= MAX_DIGITS
                || numbers.answers[state].line_type.is_some() && rng.u8(0..3) == 0
            {
                break;
            }
            digits.push(digit);
            state = to;
        }
        let members = self.0.territories.iter().filter(|member| member.calling_code == at);
        let members: Vec<&Territory> = members.collect();
        (codes[at].code, digits, rng.choice(&members).copied())
    }

    /// Digits that begin as a prefix does.
    pub(crate) fn prefix(&self, prefix: usize, rng: &mut fastrand::Rng) -> Vec<u8> {
        let prefix = &self.0.prefixes[prefix];
        let mut digits = Vec::new();
        let mut state = prefix.start;
        while let Some((digit, to)) = way(&prefix.next[state], rng) {
            if to == state || prefix.answers[state] != PrefixMatch::No && rng.bool() {
                break;
            }
            digits.push(digit);
            state = to;
        }
        digits
    }
}

/// One of the digits that do not lead to the dead state.
fn way(row: &[usize; 10], rng: &mut fastrand::Rng) -> Option<(u8, usize)> {
    let ways = (0..10).zip(row.iter().copied()).filter(|&(_, to)| to != 0);
    rng.choice(&ways.collect::<Vec<(u8, usize)>>()).copied()
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

fn rule(metadata: &PhoneMetadata) -> Option<&str> {
    metadata.national_prefix_transform_rule.as_deref()
}

fn mask(lengths: &[i32]) -> u32 {
    lengths
        .iter()
        .filter_map(|&length| usize::try_from(length).ok())
        .filter(|&length| length <= MAX_DIGITS)
        .fold(0, |mask, length| mask | 1 << length)
}
