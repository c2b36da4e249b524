//! What the reader makes of the cells, held against the truth.

use std::collections::BTreeMap;
use std::fmt;

use contactmill_core::options::PhoneMode;
use contactmill_core::{Normalized, Normalizer, Options, RawContact, Reason, Region};

use super::{Cell, Demand, Kind, Known, Number, Part, Truth};

/// What the reader has made of a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CellOutcome {
    /// A number, with everything that was written beside it.
    Read(Reading),
    /// No number, and why.
    Rejected(Reason),
}

/// The numbers of a cell, calling code and national number each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    phone: (u16, String),
    others: Vec<String>,
    extension: Option<String>,
    warnings: Vec<&'static str>,
}

impl CellOutcome {
    /// Reads the cell as `contactmill convert` does a record's.
    #[must_use]
    pub fn of(cell: &Cell, phones: PhoneMode) -> Self {
        let normalizer = Normalizer::new(cell.options(phones));
        let mut raw = named();
        raw.phones.push(&cell.text);
        raw.countries.extend(cell.country.map(Region::as_str));
        match normalizer.normalize(&raw) {
            Ok(normalized) => CellOutcome::Read(Reading::of(&normalized)),
            Err(rejection) => CellOutcome::Rejected(rejection.reason),
        }
    }
}

/// A record that has a name, so that nothing needs to stand in for it.
fn named() -> RawContact<'static> {
    let mut raw = RawContact::default();
    raw.names.push("Asha Verma");
    raw
}

impl Reading {
    fn of(normalized: &Normalized) -> Self {
        let contact = &normalized.contact;
        let mut reading = Reading {
            phone: (contact.phone.calling_code(), contact.phone.national_number().to_string()),
            others: Vec::new(),
            extension: None,
            warnings: normalized.warnings.iter().map(|warning| warning.code.code()).collect(),
        };
        for attribute in &contact.attributes {
            let value = attribute.value.as_str().to_owned();
            if &*attribute.key == "phone_extension" {
                reading.extension = Some(value);
            } else if attribute.key.starts_with("phone_") && &*attribute.key != "phone_note" {
                reading.others.push(value);
            }
        }
        reading
    }

    fn warned(&self) -> bool {
        !self.warnings.is_empty()
    }

    fn is_phone_of(&self, known: &Known) -> bool {
        let is_phone =
            |number: &Number| self.phone.0 == number.code() && self.phone.1 == number.national();
        match known.demand {
            Demand::AnyPhone => known.numbers.iter().any(is_phone),
            Demand::All | Demand::Phone => known.numbers.first().is_some_and(is_phone),
        }
    }

    fn is_all_of(&self, known: &Known) -> bool {
        let numbers: Vec<String> = known.numbers.iter().map(ToString::to_string).collect();
        self.is_phone_of(known)
            && match known.demand {
                Demand::All => self.others == numbers[1..] && self.extension == known.extension,
                Demand::Phone | Demand::AnyPhone => {
                    self.others.iter().all(|other| numbers.contains(other))
                }
            }
    }
}

impl fmt::Display for CellOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CellOutcome::Rejected(reason) => f.write_str(reason.code()),
            CellOutcome::Read(reading) => {
                write!(f, "+{}/{}", reading.phone.0, reading.phone.1)?;
                for other in &reading.others {
                    write!(f, " & {other}")?;
                }
                if let Some(extension) = &reading.extension {
                    write!(f, " x{extension}")?;
                }
                for warning in &reading.warnings {
                    write!(f, " [{warning}]")?;
                }
                Ok(())
            }
        }
    }
}

/// What became of the cells of one kind.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    cells: u64,
    right: u64,
    right_warned: u64,
    rejected: u64,
    wrong_warned: u64,
    wrong_silent: u64,
    odd_reason: u64,
    /// Right, and none of the warnings that the design names.
    odd_warning: u64,
}

impl Tally {
    fn add(&mut self, other: &Tally) {
        self.cells += other.cells;
        self.right += other.right;
        self.right_warned += other.right_warned;
        self.rejected += other.rejected;
        self.wrong_warned += other.wrong_warned;
        self.wrong_silent += other.wrong_silent;
        self.odd_reason += other.odd_reason;
        self.odd_warning += other.odd_warning;
    }

    /// Whether the outcome is as good as the truth allows, for a list of failures.
    fn count(&mut self, cell: &Cell, outcome: &CellOutcome, all: bool) -> bool {
        self.cells += 1;
        let truth = &cell.truth;
        let known = match truth {
            Truth::Clean(known) | Truth::Recoverable(known) | Truth::Undecidable(known) => {
                std::slice::from_ref(known)
            }
            Truth::TwoReadings(known) => known,
            Truth::Unrecoverable(_) => &[],
        };
        let is_known = |reading: &Reading| {
            known.iter().any(|known| {
                if all { reading.is_all_of(known) } else { reading.is_phone_of(known) }
            })
        };
        match outcome {
            CellOutcome::Rejected(reason) => {
                self.rejected += 1;
                match truth {
                    Truth::Undecidable(_) | Truth::TwoReadings(_) => true,
                    Truth::Unrecoverable(reasons) => {
                        let is_named = reasons.is_empty() || reasons.contains(&reason.code());
                        self.odd_reason += u64::from(!is_named);
                        is_named
                    }
                    _ => false,
                }
            }
            CellOutcome::Read(reading)
                if is_known(reading)
                    && (reading.warned() || !matches!(truth, Truth::TwoReadings(_))) =>
            {
                let named = &cell.warnings;
                let is_named = named.iter().any(|code| reading.warnings.contains(code));
                self.odd_warning += u64::from(!is_named && !named.is_empty());
                self.right += u64::from(!reading.warned());
                self.right_warned += u64::from(reading.warned());
                !(reading.warned() && matches!(truth, Truth::Clean(_)))
            }
            CellOutcome::Read(reading) => {
                self.wrong_warned += u64::from(reading.warned());
                self.wrong_silent += u64::from(!reading.warned());
                false
            }
        }
    }
}

/// What a cell can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Section {
    Clean,
    Recoverable,
    Undecidable,
    TwoReadings,
    Unrecoverable,
}

impl Section {
    const ALL: [Section; 5] = [
        Section::Clean,
        Section::Recoverable,
        Section::Undecidable,
        Section::TwoReadings,
        Section::Unrecoverable,
    ];

    /// Those whose number is known.
    const KNOWN: [Section; 4] =
        [Section::Clean, Section::Recoverable, Section::Undecidable, Section::TwoReadings];

    fn of(truth: &Truth) -> Self {
        match truth {
            Truth::Clean(_) => Section::Clean,
            Truth::Recoverable(_) => Section::Recoverable,
            Truth::Undecidable(_) => Section::Undecidable,
            Truth::TwoReadings(_) => Section::TwoReadings,
            Truth::Unrecoverable(_) => Section::Unrecoverable,
        }
    }

    fn title(self) -> &'static str {
        match self {
            Section::Clean => "layout only",
            Section::Recoverable => "recoverable",
            Section::Undecidable => "two readings are plausible: rejected is right too",
            Section::TwoReadings => "two readings, either with a warning",
            Section::Unrecoverable => "no number: rejected is right",
        }
    }
}

/// The parts that the reader is held to; of the others the figures are only shown.
pub const HELD: &[Part] = &[Part::First, Part::Second];

/// What the design asks for, as cells in a million. What it never allows has no bound here.
struct Bounds {
    /// At least, of the recoverable cells: right.
    recoverable: u64,
    /// At least, of the cells with layout only: right and no warning.
    clean: u64,
    /// At most, of all cells: wrong with a warning.
    wrong_warned: u64,
}

impl Part {
    const fn bounds(self) -> Bounds {
        match self {
            Part::First => Bounds { recoverable: 999_000, clean: 999_000, wrong_warned: 1_000 },
            Part::Second => Bounds { recoverable: 970_000, clean: 999_000, wrong_warned: 1_000 },
        }
    }
}

/// One figure that the reader is held to.
#[derive(Clone, Debug)]
pub struct Target {
    /// What is counted.
    pub what: &'static str,
    /// Cells that count.
    pub count: u64,
    /// Out of this number.
    pub of: u64,
    /// The bound, as cells in a million.
    per_million: u64,
    /// Whether the bound is the least or the most.
    at_least: bool,
}

impl Target {
    fn at_least(what: &'static str, count: u64, of: u64, per_million: u64) -> Self {
        Target { what, count, of, per_million, at_least: true }
    }

    fn at_most(what: &'static str, count: u64, of: u64, per_million: u64) -> Self {
        Target { what, count, of, per_million, at_least: false }
    }

    /// Whether the reader keeps to the bound.
    #[must_use]
    pub fn is_met(&self) -> bool {
        let (count, bound) = (
            u128::from(self.count) * 1_000_000,
            u128::from(self.of) * u128::from(self.per_million),
        );
        if self.at_least { count >= bound } else { count <= bound }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let share = if self.of == 0 { 0.0 } else { self.count as f64 * 100.0 / self.of as f64 };
        let bound = self.per_million as f64 / 10_000.0;
        let sign = if self.at_least { ">=" } else { "<=" };
        let met = if self.is_met() { "met" } else { "MISSED" };
        write!(
            f,
            "{:<44}{:>9} of {:>9}{share:>10.4} %  {sign} {bound:>5} %  {met}",
            self.what, self.count, self.of
        )
    }
}

/// The counts over many cells.
#[derive(Clone, Debug, Default)]
pub struct Score {
    part: Part,
    /// Recovering and strict, by section and kinds.
    tallies: BTreeMap<(Section, Vec<Kind>), [Tally; 2]>,
    failures_kept: usize,
    failures: BTreeMap<(Section, Vec<Kind>), Vec<String>>,
    read_again: u64,
    not_itself: Vec<String>,
    changed: u64,
}

impl Score {
    /// Counts the cells of one part, and keeps up to this many failing ones of every kind for
    /// [`Score::failures`].
    #[must_use]
    pub fn keeping(part: Part, failures: usize) -> Self {
        Score { part, failures_kept: failures, ..Score::default() }
    }

    /// Reads one cell in both ways, reads again what came out, and counts.
    pub fn add(&mut self, cell: &Cell) -> CellOutcome {
        let outcome = CellOutcome::of(cell, PhoneMode::Recover);
        let strict = CellOutcome::of(cell, PhoneMode::Strict);
        let key = (Section::of(&cell.truth), cell.kinds.clone());
        let tallies = self.tallies.entry(key).or_default();
        let is_right = tallies[0].count(cell, &outcome, true);
        // The library knows one number and an extension: the phone is all that it is asked for.
        tallies[1].count(cell, &strict, false);
        if !is_right && self.failures_kept > 0 {
            let key = (Section::of(&cell.truth), cell.kinds.clone());
            let failures = self.failures.entry(key).or_default();
            if failures.len() < self.failures_kept {
                failures.push(format!("{cell}, came out {outcome}"));
            }
        }
        if let CellOutcome::Read(reading) = &outcome {
            self.read_again(reading, cell.region);
        }
        outcome
    }

    /// What came out reads as itself: behind a `+`, and as a prefix and a number.
    fn read_again(&mut self, reading: &Reading, region: Option<Region>) {
        let (code, national) = (reading.phone.0.to_string(), &reading.phone.1);
        let e164 = format!("+{code}{national}");
        let others = reading.others.iter().map(|other| (other.as_str(), None));
        let cells = [(e164.as_str(), None), (national.as_str(), Some(code.as_str()))];
        for (cell, prefix) in cells.into_iter().chain(others) {
            let mut raw = named();
            raw.phones.push(cell);
            raw.countries.extend(prefix);
            let normalizer = Normalizer::new(Options { region, ..Options::default() });
            let again = normalizer.normalize(&raw);
            let expected = if prefix.is_some() { &e164 } else { cell };
            let is_itself = again.as_ref().is_ok_and(|again| {
                again.warnings.is_empty()
                    && again.contact.attributes.is_empty()
                    && again.contact.phone.e164().to_string() == *expected
            });
            self.read_again += 1;
            if !is_itself {
                self.changed += 1;
                if self.not_itself.len() < self.failures_kept {
                    let again = match again {
                        Ok(again) => CellOutcome::Read(Reading::of(&again)),
                        Err(rejection) => CellOutcome::Rejected(rejection.reason),
                    };
                    let beside = prefix.map_or("", |_| " beside its prefix");
                    let region = region.map_or("-", Region::as_str);
                    self.not_itself.push(format!("{region} {expected}{beside}: came out {again}"));
                }
            }
        }
    }

    /// Cells counted.
    #[must_use]
    pub fn cells(&self) -> u64 {
        self.tallies.values().map(|tallies| tallies[0].cells).sum()
    }

    fn total(&self, sections: &[Section]) -> [Tally; 2] {
        let mut total = [Tally::default(); 2];
        for ((section, _), tallies) in &self.tallies {
            if sections.contains(section) {
                for (total, tally) in total.iter_mut().zip(tallies) {
                    total.add(tally);
                }
            }
        }
        total
    }

    /// The figures that the reader is held to.
    #[must_use]
    pub fn targets(&self) -> Vec<Target> {
        let bounds = self.part.bounds();
        let [clean, _] = self.total(&[Section::Clean]);
        let [recoverable, _] = self.total(&[Section::Recoverable]);
        let [hopeless, _] = self.total(&[Section::Unrecoverable]);
        let [known, _] = self.total(&Section::KNOWN);
        let [all, _] = self.total(&Section::ALL);
        let right = recoverable.right + recoverable.right_warned;
        vec![
            Target::at_least("recoverable, right", right, recoverable.cells, bounds.recoverable),
            Target::at_least(
                "layout only, right and no warning",
                clean.right,
                clean.cells,
                bounds.clean,
            ),
            Target::at_most("number known, wrong in silence", known.wrong_silent, known.cells, 0),
            Target::at_most(
                "wrong with a warning",
                all.wrong_warned,
                all.cells,
                bounds.wrong_warned,
            ),
            Target::at_most("no number, read in silence", hopeless.wrong_silent, hopeless.cells, 0),
            Target::at_most("changed when read again", self.changed, self.read_again, 0),
        ]
    }

    /// The cells that were read wrongly, or rejected though they could be read, by kind.
    pub fn failures(&self) -> impl Iterator<Item = (String, &[String])> {
        let not_itself = (!self.not_itself.is_empty())
            .then(|| ("changed when read again".to_owned(), self.not_itself.as_slice()));
        let of_kinds = self.failures.iter().map(|((section, kinds), failures)| {
            (format!("{} ({})", kinds.join(" + "), section.title()), failures.as_slice())
        });
        of_kinds.chain(not_itself)
    }

    /// The table. Cells with two manglings are counted under the second; with `pairs` every pair
    /// has a row of its own.
    #[must_use]
    pub fn table(&self, pairs: bool) -> String {
        let mut text = format!(
            "{:<43}{:>46}{:>22}\n{:<43}{:>7}{:>8}{:>7}{:>7}{:>6}{:>6}{:>5}{:>8}{:>8}{:>6}\n",
            "",
            "recover",
            "strict",
            "",
            "cells",
            "right",
            "warned",
            "reject",
            "wrong",
            "SILENT",
            "odd",
            "right",
            "reject",
            "wrong"
        );
        for section in Section::ALL {
            let mut rows: BTreeMap<(usize, String), [Tally; 2]> = BTreeMap::new();
            for ((of, kinds), tallies) in &self.tallies {
                if *of != section {
                    continue;
                }
                let name = match kinds.as_slice() {
                    [kind] => (*kind).to_owned(),
                    kinds if pairs => kinds.join(" + "),
                    kinds => format!("… + {}", kinds.last().unwrap_or(&"")),
                };
                let row = rows.entry((kinds.len(), name)).or_default();
                for (total, tally) in row.iter_mut().zip(tallies) {
                    total.add(tally);
                }
            }
            text += &format!("\n{}\n", section.title());
            for ((_, name), tallies) in &rows {
                text += &row(name, tallies);
            }
            text += &row("all", &self.total(&[section]));
        }
        text += "\n";
        text += &row("all cells", &self.total(&Section::ALL));
        let [hopeless, _] = self.total(&[Section::Unrecoverable]);
        let [known, _] = self.total(&Section::KNOWN);
        text += &format!(
            "rejected for a reason that the design does not name: {}\n\
             right, and none of the warnings that the design names: {}\n",
            hopeless.odd_reason, known.odd_warning
        );
        text += &self.alone();
        text
    }

    /// What the library alone makes of the cells whose number is known.
    fn alone(&self) -> String {
        let [_, strict] = self.total(&[Section::Clean, Section::Recoverable]);
        let share = |count: u64| count as f64 * 100.0 / strict.cells.max(1) as f64;
        format!(
            "libphonenumber alone where the number is known: {:.2} % right, {:.2} % rejected, {:.2} % wrong\n",
            share(strict.right + strict.right_warned),
            share(strict.rejected),
            share(strict.wrong_silent + strict.wrong_warned),
        )
    }
}

fn row(name: &str, [recover, strict]: &[Tally; 2]) -> String {
    let name: String = name.chars().take(42).collect();
    format!(
        "{name:<43}{:>7}{:>8}{:>7}{:>7}{:>6}{:>6}{:>5}{:>8}{:>8}{:>6}\n",
        recover.cells,
        recover.right,
        recover.right_warned,
        recover.rejected,
        recover.wrong_warned,
        recover.wrong_silent,
        recover.odd_reason + recover.odd_warning,
        strict.right + strict.right_warned,
        strict.rejected,
        strict.wrong_warned + strict.wrong_silent,
    )
}
