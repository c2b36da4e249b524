//! Phone cells whose truth is known: valid numbers of all regions, damaged in every way that tables
//! of contacts show, alone and two at a time. The judge of the reader, and made without it.
//!
//! What a cell can tell is decided by the metadata and the rules of the design (`standing`), by the
//! library itself and not by the code under test. Left out is what no reader could tell: a cell
//! that is, letter for letter, how another valid number is plainly written.
//!
//! Two parts are scored by themselves: the kinds of the design's table, and those of its second
//! part, each with its bounds. What the second part does not cover:
//!
//! * what stands in the attribute `phone_note`, and which of several repairs is named first;
//! * more than one phone column, columns of calling codes, one person in two spellings (Argentina,
//!   Mexico), lines that people share;
//! * labels, notes and extensions in languages that header words are not known in: a rejection is
//!   right there, as it is for figures beside the number, markup and addresses that the design does
//!   not name, and words or lists around a cell that is damaged besides;
//! * text read in other wrong encodings than Windows-1252, mistyped or swapped digits, speech;
//! * renumberings of more than ten years ago, and those that hang on the network (Manila);
//! * national ids of further countries; what libphonenumber reads as valid in the very form of a
//!   date, a decimal or an id may be read or rejected.
//!
//! ```
//! use contactmill_benches::cells::{Corpus, Score};
//!
//! let mut score = Score::default();
//! for cell in Corpus::new(1).take(1_000) {
//!     score.add(&cell);
//! }
//! assert_eq!(score.cells(), 1_000);
//! ```

mod around;
mod beside;
mod codes;
mod doubts;
mod encoded;
mod forms;
mod hopeless;
mod lists;
mod lookalikes;
mod number;
mod score;
mod second;
mod sound;
mod speed;
mod standing;
mod template;

use std::collections::BTreeMap;
use std::fmt;

use contactmill_core::options::{BareDigits, PhoneMode};
use contactmill_core::{Options, Region};
use fastrand::Rng;

use self::around::{COATS, Coat, FRAMES, Frame, Framed};
use self::forms::{DAMAGED, Form, PLAIN};
use self::hopeless::{HOPELESS, Hopeless};
pub use self::number::Number;
use self::number::Numbers;
pub use self::score::{CellOutcome, HELD, Score, Target};
use self::second::SecondPlan;
pub use self::speed::{Speed, speed};
use self::standing::{Skip, Standing, looks_like_date};
use crate::contacts::draw::{chance, index};

/// The name of one way to write or to damage a cell.
pub type Kind = &'static str;

/// What is known of a cell beforehand.
#[derive(Clone, Debug)]
pub enum Truth {
    /// Layout only: the first number and no warning.
    Clean(Known),
    /// Damaged; nothing but these numbers can be meant.
    Recoverable(Known),
    /// These numbers were meant, but another reading is as plausible: a rejection is right too.
    Undecidable(Known),
    /// Two numbers may be meant: one of them with a warning, or a rejection, and never silence.
    TwoReadings([Known; 2]),
    /// There is no number; the reasons that the design allows, if it names any.
    Unrecoverable(&'static [&'static str]),
}

/// What was meant.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Known {
    /// The phone, and the further numbers.
    pub numbers: Vec<Number>,
    /// The extension of the phone.
    pub extension: Option<String>,
    /// How much of it must come out.
    pub demand: Demand,
}

/// How much of what was meant must come out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Demand {
    /// All the numbers in their order, and the extension.
    #[default]
    All,
    /// The first as the phone. The rest may be missing; another number is wrong.
    Phone,
    /// Any as the phone. The rest may be missing; another number is wrong.
    AnyPhone,
}

/// The parts of the design's page on phone cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Its table.
    #[default]
    First,
    /// What stands beside the number, and what only looks like one.
    Second,
}

/// A phone cell and what is known of it.
#[derive(Clone, Debug)]
pub struct Cell {
    /// Where the design speaks of it.
    pub part: Part,
    /// What was done, one or two.
    pub kinds: Vec<Kind>,
    /// The warnings that the design names for the kinds of the second part.
    pub warnings: Vec<&'static str>,
    /// The cell.
    pub text: String,
    /// The region that it is read with.
    pub region: Option<Region>,
    /// What the record's country column says.
    pub country: Option<Region>,
    /// What digits without `+` mean.
    pub bare_digits: BareDigits,
    /// What was meant.
    pub truth: Truth,
}

impl Cell {
    /// The options that the cell is read with.
    #[must_use]
    pub fn options(&self, phones: PhoneMode) -> Options {
        Options { region: self.region, bare_digits: self.bare_digits, phones, ..Options::default() }
    }
}

impl fmt::Display for Cell {
    /// Region, cell and truth.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let region = self.region.map_or("-", Region::as_str);
        let mode = match self.bare_digits {
            BareDigits::International => " international",
            _ => "",
        };
        let country = self.country.map_or(String::new(), |country| format!(" country {country}"));
        write!(f, "{region}{country}{mode} {:?}: ", self.text)?;
        match &self.truth {
            Truth::Clean(known) | Truth::Recoverable(known) => write!(f, "{known}"),
            Truth::Undecidable(known) => write!(f, "{known} or nothing"),
            Truth::TwoReadings([one, other]) => {
                write!(f, "{one} or {other} with a warning, or nothing")
            }
            Truth::Unrecoverable([]) => f.write_str("nothing"),
            Truth::Unrecoverable(reasons) => f.write_str(&reasons.join(" or ")),
        }
    }
}

impl fmt::Display for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, number) in self.numbers.iter().enumerate() {
            let between = if at == 0 { "" } else { " & " };
            write!(f, "{between}+{}/{}", number.code(), number.national())?;
        }
        if let Some(digits) = &self.extension {
            write!(f, " x{digits}")?;
        }
        f.write_str(match self.demand {
            Demand::All => "",
            Demand::Phone => ", the first at least",
            Demand::AnyPhone => ", one at least",
        })
    }
}

/// Cells without end; the same seed always gives the same.
pub struct Corpus {
    part: Part,
    rng: Rng,
    numbers: Numbers,
    left_out: BTreeMap<Kind, u64>,
}

/// What is put together in one cell.
#[derive(Clone, Copy)]
enum Plan {
    /// A number, in a form alone.
    Form(&'static Form),
    /// In a form, with something around it.
    Framed(&'static Form, &'static Frame),
    /// In a form, and something over the cell.
    Coated(&'static Form, &'static Coat),
    /// In a plain form, with something around it and something over the cell.
    Both(&'static Form, &'static Frame, &'static Coat),
    /// No number, perhaps with something over the cell.
    Hopeless(&'static Hopeless, Option<&'static Coat>),
}

fn any<T>(rng: &mut Rng, items: &'static [T]) -> &'static T {
    &items[index(rng, items.len())]
}

/// A form, and what may stand around it.
fn framed(
    rng: &mut Rng,
    forms: &'static [Form],
    plan: impl Fn(&'static Form, &'static Frame) -> Plan,
) -> Plan {
    loop {
        let (form, frame) = (any(rng, forms), any(rng, FRAMES));
        if form.around.contains(&frame.around) {
            return plan(form, frame);
        }
    }
}

impl Plan {
    fn draw(rng: &mut Rng) -> Plan {
        match rng.u8(0..100) {
            0..18 => Plan::Form(any(rng, PLAIN)),
            18..38 => Plan::Form(any(rng, DAMAGED)),
            38..50 => framed(rng, PLAIN, Plan::Framed),
            50..57 => Plan::Coated(any(rng, PLAIN), any(rng, COATS)),
            57..64 => framed(rng, DAMAGED, Plan::Framed),
            64..70 => Plan::Coated(any(rng, DAMAGED), any(rng, COATS)),
            70..75 => {
                let coat = any(rng, COATS);
                framed(rng, PLAIN, |form, frame| Plan::Both(form, frame, coat))
            }
            _ => {
                let coat = chance(rng, 15).then(|| any(rng, COATS));
                Plan::Hopeless(any(rng, HOPELESS), coat)
            }
        }
    }

    /// The kinds of mangling, plain forms left out where something else is done.
    fn kinds(self) -> Vec<Kind> {
        let damaged = |form: &Form| DAMAGED.iter().any(|other| other.name == form.name);
        let form = |form: &'static Form| damaged(form).then_some(form.name);
        match self {
            Plan::Form(form) => vec![form.name],
            Plan::Framed(of, frame) => form(of).into_iter().chain([frame.name]).collect(),
            Plan::Coated(of, coat) => form(of).into_iter().chain([coat.name]).collect(),
            Plan::Both(_, frame, coat) => vec![frame.name, coat.name],
            Plan::Hopeless(hopeless, coat) => {
                [hopeless.name].into_iter().chain(coat.map(|coat| coat.name)).collect()
            }
        }
    }
}

impl Corpus {
    /// The corpus of a seed, with the kinds of the design's table.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self::of(Part::First, seed)
    }

    /// The corpus of a seed, with the kinds of one part.
    #[must_use]
    pub fn of(part: Part, seed: u64) -> Self {
        let (rng, numbers) = (Rng::with_seed(seed), Numbers::new());
        Corpus { part, rng, numbers, left_out: BTreeMap::new() }
    }

    /// How many cells of each kind were left out because they are, letter for letter, how another
    /// valid number is plainly written.
    #[must_use]
    pub fn left_out(&self) -> &BTreeMap<Kind, u64> {
        &self.left_out
    }

    /// So that what fits few numbers comes nearly as often as the rest.
    fn try_often(
        &mut self,
        kinds: &[Kind],
        carry_out: impl Fn(&mut Self) -> Result<Cell, Skip>,
    ) -> Option<Cell> {
        for _ in 0..30 {
            match carry_out(self) {
                Ok(cell) => return Some(cell),
                Err(Skip::LooksLikeAnother) => *self.left_out.entry(kinds[0]).or_default() += 1,
                Err(Skip::Inapplicable) => {}
            }
        }
        None
    }

    fn carry_out(&mut self, plan: Plan) -> Result<Cell, Skip> {
        let (part, rng) = (Part::First, &mut self.rng);
        let number = match plan {
            Plan::Form(form) | Plan::Framed(form, _) | Plan::Coated(form, _)
                if form.name == "Mexico's old 1" =>
            {
                self.numbers.draw_in(rng, Some(rlibphonenumber::Region::MX))
            }
            _ => self.numbers.draw(rng),
        };
        let (form, frame, coat) = match plan {
            Plan::Form(form) => (form, None, None),
            Plan::Framed(form, frame) => (form, Some(frame), None),
            Plan::Coated(form, coat) => (form, None, Some(coat)),
            Plan::Both(form, frame, coat) => (form, Some(frame), Some(coat)),
            Plan::Hopeless(hopeless, coat) => {
                let (text, region) = (hopeless.write)(rng, &self.numbers, &number)?;
                let (text, reasons) = match coat {
                    Some(coat) => ((coat.lay)(rng, &text)?, &[][..]),
                    None => (text, hopeless.reasons),
                };
                return Ok(Cell {
                    part,
                    kinds: plan.kinds(),
                    warnings: Vec::new(),
                    text,
                    region: region.and_then(ours),
                    country: None,
                    bare_digits: BareDigits::National,
                    truth: Truth::Unrecoverable(reasons),
                });
            }
        };
        let writing = (form.write)(rng, &self.numbers, &number)?;
        let mut framed = Framed::alone(writing, number);
        if let Some(frame) = frame {
            framed = (frame.put)(rng, &mut self.numbers, form, framed)?;
        }
        let Framed { writing, numbers, extension } = framed;
        let mut standing = writing.standing;
        if looks_like_date(&writing.text) {
            standing = Standing::Undecidable;
        }
        let text = match coat {
            Some(coat) => (coat.lay)(rng, &writing.text)?,
            None => writing.text,
        };
        let known = Known { numbers, extension, demand: Demand::All };
        Ok(Cell {
            part,
            kinds: plan.kinds(),
            warnings: Vec::new(),
            text,
            region: writing.region.and_then(ours),
            country: None,
            bare_digits: bare_digits(writing.international),
            truth: standing.of(known),
        })
    }
}

impl Iterator for Corpus {
    type Item = Cell;

    fn next(&mut self) -> Option<Cell> {
        loop {
            let found = match self.part {
                Part::First => {
                    let plan = Plan::draw(&mut self.rng);
                    self.try_often(&plan.kinds(), |corpus| corpus.carry_out(plan))
                }
                Part::Second => {
                    let plan = SecondPlan::draw(&mut self.rng);
                    self.try_often(&plan.kinds(), |corpus| {
                        plan.carry_out(&mut corpus.rng, &mut corpus.numbers)
                    })
                }
            };
            if found.is_some() {
                return found;
            }
        }
    }
}

/// What digits without `+` mean.
fn bare_digits(international: bool) -> BareDigits {
    if international { BareDigits::International } else { BareDigits::National }
}

/// The same region as contactmill spells it.
fn ours(region: rlibphonenumber::Region) -> Option<Region> {
    region.as_region_str().as_str().parse().ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Corpus, Kind, Part, second};

    #[test]
    fn every_kind_of_the_second_part_has_a_name_of_its_own_and_comes() {
        let kinds = second::kinds();
        let all: BTreeSet<Kind> = kinds.iter().copied().collect();
        assert_eq!(all.len(), kinds.len(), "two kinds of one name");
        let came: BTreeSet<Kind> =
            Corpus::of(Part::Second, 1).take(30_000).flat_map(|cell| cell.kinds).collect();
        let missing: Vec<_> = all.difference(&came).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}
