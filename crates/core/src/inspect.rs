//! Reports how the records of a source would be read, by a sample of all of them.
//!
//! An [`Inspector`] reads whole sources and keeps a sample; its [`Inspection`] says what each column
//! holds, what would be rejected and why, and which region national numbers may be of.

use std::collections::BTreeMap;

use crate::cells::country::{self, CountryReading};
use crate::cells::email::{self, EmailReading};
use crate::cells::name;
use crate::columns::column_map::{ColumnMap, ColumnRole, RecordKind};
use crate::columns::consent::Consent;
use crate::columns::field::MappedField;
use crate::contact::Contact;
use crate::explain::Notes;
use crate::normalize::Normalizer;
use crate::raw::RawContact;
use crate::reason::{Reason, WarningCode};
use crate::records::{Block, Position, Record, RecordBuffer, Source, SourceId, Spread};
use crate::regions::{RegionFits, RegionSample};
use crate::text::{is_blank, says_nothing};

/// Maximum number of records in the sample.
const MAX_RECORDS: usize = 20_000;

/// Maximum size of the sample, in bytes.
const MAX_BYTES: usize = 64 << 20;

/// Maximum number of example contacts.
const SHOWN: usize = 5;

/// What was found in a cell: the reason to reject it, or what would be changed or is suspect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Finding {
    /// It cannot be taken.
    Reason(Reason),
    /// It is taken with a warning.
    Warning(WarningCode),
}

impl Finding {
    /// Its stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Finding::Reason(reason) => reason.code(),
            Finding::Warning(code) => code.code(),
        }
    }

    /// What it means, in a few words.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Finding::Reason(reason) => reason.meaning(),
            Finding::Warning(code) => code.meaning(),
        }
    }

    /// What to do about it, in a few words.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Finding::Reason(reason) => reason.advice(),
            Finding::Warning(code) => code.advice(),
        }
    }

    /// Whether a spreadsheet did it, to a whole column as a rule.
    #[must_use]
    pub const fn is_spreadsheet_damage(self) -> bool {
        matches!(
            self,
            Finding::Reason(Reason::PhoneExcelRounded | Reason::PhoneLooksLikeDate)
                | Finding::Warning(WarningCode::PhoneFloatSuffix | WarningCode::PhoneScientific)
        )
    }
}

/// Number of times something was found, and where first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FindingCount {
    /// What was found.
    pub finding: Finding,
    /// Number of cells, or records.
    pub count: u64,
    /// Where it was found first.
    pub first: Position,
}

/// What the cells of one column would give.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ColumnInspection {
    /// Cells that say something.
    pub filled: u64,
    /// Cells that can be read as what the column is taken for; `None` where anything goes.
    pub valid: Option<u64>,
    /// What was found in them, the commonest first.
    pub found: Vec<FindingCount>,
}

/// A column of consents, and the number of people in it who do not want to be written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConsentColumn {
    /// The column, from 0.
    pub column: usize,
    /// Records of the sample.
    pub count: u64,
}

/// How the records of a source would be read.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Inspection {
    /// Number of records.
    pub records: u64,
    /// Number of records in the sample.
    pub sampled: u64,
    /// The interval of the sample: 1 for every record, 2 for every second.
    pub every: u64,
    /// Records of the sample that would become contacts (duplicates are not looked for).
    pub contacts: u64,
    /// Records of the sample that hold nothing.
    pub blank: u64,
    /// Records of the sample that would be rejected.
    pub rejected: u64,
    /// Why they would be rejected, the commonest first.
    pub reasons: Vec<FindingCount>,
    /// The columns, in order.
    pub columns: Vec<ColumnInspection>,
    /// How numbers without a country code fit regions. It is advice: nothing is read by it.
    pub regions: RegionFits,
    /// Columns of consents.
    pub opt_outs: Vec<ConsentColumn>,
    /// Some contacts as they would come out, from all over the source.
    pub examples: Vec<(Position, Contact<'static>)>,
}

/// Looks at a sample of a source.
///
/// The sample is every record, or every second, fourth, eighth … of the whole source, so that it is
/// at most 20,000. It depends on the records alone.
///
/// ```
/// use contactmill_core::columns::FieldMapping;
/// use contactmill_core::inspect::Inspector;
/// use contactmill_core::records::{Rows, SourceId};
/// use contactmill_core::{Normalizer, Options};
///
/// let map = FieldMapping::default().resolve(&["Name", "Phone"].map(String::from))?;
/// let normalizer = Normalizer::new(Options::default());
/// let mut rows = Rows::new([["Asha", "+91 98765 43210"], ["Ravi", "9.19877E+11"]].into_iter());
/// let mut inspector = Inspector::new(&normalizer, &map);
/// inspector.read(SourceId(0), &mut rows)?;
/// let inspection = inspector.finish();
/// assert_eq!((inspection.contacts, inspection.rejected), (1, 1));
/// assert_eq!(inspection.columns[1].valid, Some(1));
/// assert!(inspection.columns[1].found[0].finding.is_spreadsheet_damage());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Inspector<'a> {
    normalizer: &'a Normalizer,
    map: &'a ColumnMap,
    records: u64,
    every: u64,
    bytes: usize,
    sample: Vec<RecordBuffer>,
}

impl<'a> Inspector<'a> {
    /// Looks at records of these columns as this normalizer reads them.
    #[must_use]
    pub const fn new(normalizer: &'a Normalizer, map: &'a ColumnMap) -> Self {
        Inspector { normalizer, map, records: 0, every: 1, bytes: 0, sample: Vec::new() }
    }

    /// Reads a source to its end and keeps a sample of it.
    ///
    /// # Errors
    ///
    /// When the source cannot be read.
    pub fn read<S: Source>(&mut self, id: SourceId, source: &mut S) -> Result<(), S::Error> {
        while let Some(block) = source.next_block()? {
            block.visit(&mut |record| self.keep(id, record))?;
        }
        Ok(())
    }

    fn keep(&mut self, source: SourceId, record: Record<'_>) {
        let number = self.records;
        self.records += 1;
        if !Spread::one_in(self.every).has(number) {
            return;
        }
        let position = Position { source, record: self.records, ..record.position() };
        let record = record.at(position);
        self.bytes += size(record);
        self.sample.push(record.into());
        while self.sample.len() > MAX_RECORDS || self.bytes > MAX_BYTES && self.sample.len() > 1 {
            self.every *= 2;
            let spread = Spread::one_in(self.every);
            self.sample.retain(|kept| spread.has(kept.as_record().position().record - 1));
            self.bytes = self.sample.iter().map(|kept| size(kept.as_record())).sum();
        }
    }

    /// What the sample says.
    #[must_use]
    pub fn finish(self) -> Inspection {
        let mut tally = Tally::new(self.normalizer, self.map, self.sample.len());
        for (index, record) in self.sample.iter().map(RecordBuffer::as_record).enumerate() {
            tally.add(index, record);
        }
        let Tally { whole, columns, consents, examples, .. } = tally;
        let step = examples.len().div_ceil(SHOWN).max(1);
        let reasons = whole.rejected.by_count();
        Inspection {
            records: self.records,
            sampled: self.sample.len() as u64,
            every: self.every,
            contacts: whole.contacts,
            blank: whole.blank,
            rejected: reasons.iter().map(|found| found.count).sum(),
            reasons,
            columns: columns.into_iter().map(|(_, tally)| tally.finish()).collect(),
            regions: whole.regions.fits(),
            opt_outs: consents
                .into_iter()
                // Remarks are mostly of other things.
                .filter(|(consent, column)| {
                    !matches!(consent, Consent::Remark | Consent::Tags) || column.count > 0
                })
                .map(|(_, column)| column)
                .collect(),
            examples: examples.into_iter().step_by(step).collect(),
        }
    }
}

/// What is counted while the records of a sample are read.
struct Tally<'a> {
    normalizer: &'a Normalizer,
    map: &'a ColumnMap,
    whole: Whole,
    columns: Vec<(&'a ColumnRole, ColumnTally)>,
    /// The columns of consents.
    consents: Vec<(Consent, ConsentColumn)>,
    /// Interval between the records of the sample that may become examples.
    example_every: usize,
    examples: Vec<(Position, Contact<'static>)>,
}

impl<'a> Tally<'a> {
    fn new(normalizer: &'a Normalizer, map: &'a ColumnMap, sampled: usize) -> Self {
        let consents = map.consents().iter();
        let consents = consents.map(|&(column, of)| (of, ConsentColumn { column, count: 0 }));
        Tally {
            normalizer,
            map,
            whole: Whole { regions: RegionSample::new(normalizer.options()), ..Whole::default() },
            columns: map.columns().map(|(_, role)| (role, ColumnTally::default())).collect(),
            consents: consents.collect(),
            example_every: (sampled / (4 * SHOWN)).max(1),
            examples: Vec::new(),
        }
    }

    /// Reads the record at this index of the sample.
    fn add(&mut self, index: usize, record: Record<'_>) {
        let position = record.position();
        let raw = match self.map.kind(record) {
            RecordKind::Blank => {
                self.whole.blank += 1;
                return;
            }
            RecordKind::Rejected(reason) => {
                self.whole.rejected.add(Finding::Reason(reason), position);
                return;
            }
            RecordKind::Contact => self.map.raw_contact(record),
        };
        for ((role, tally), cell) in self.columns.iter_mut().zip(record.iter()) {
            tally.add(cell, role, &raw, self.normalizer, position, &mut self.whole);
        }
        for (consent, opt_outs) in &mut self.consents {
            let is_out = record.get(opt_outs.column).is_some_and(|cell| consent.is_opt_out(cell));
            opt_outs.count += u64::from(is_out);
        }
        match self.normalizer.normalize(&raw) {
            Ok(normalized) => {
                self.whole.contacts += 1;
                if self.examples.len() * self.example_every <= index {
                    self.examples.push((position, normalized.contact.into_owned()));
                }
            }
            Err(rejection) => {
                self.whole.rejected.add(Finding::Reason(rejection.reason), position);
            }
        }
    }
}

fn size(record: Record<'_>) -> usize {
    record.iter().map(|field| field.len() + size_of::<usize>()).sum()
}

/// What is counted over all columns.
#[derive(Default)]
struct Whole {
    contacts: u64,
    blank: u64,
    rejected: Findings,
    regions: RegionSample,
}

#[derive(Clone, Debug, Default)]
struct Findings(BTreeMap<Finding, (u64, Position)>);

impl Findings {
    fn add(&mut self, finding: Finding, position: Position) {
        self.0.entry(finding).or_insert((0, position)).0 += 1;
    }

    fn by_count(self) -> Vec<FindingCount> {
        let all = self.0.into_iter();
        let mut found: Vec<FindingCount> =
            all.map(|(finding, (count, first))| FindingCount { finding, count, first }).collect();
        // The order of the codes parts equals.
        found.sort_by_key(|found| std::cmp::Reverse(found.count));
        found
    }
}

#[derive(Clone, Debug, Default)]
struct ColumnTally {
    filled: u64,
    valid: u64,
    is_checked: bool,
    found: Findings,
}

impl ColumnTally {
    fn add(
        &mut self,
        cell: &str,
        role: &ColumnRole,
        raw: &RawContact<'_>,
        normalizer: &Normalizer,
        position: Position,
        whole: &mut Whole,
    ) {
        if is_blank(cell) || says_nothing(cell.trim()) {
            return;
        }
        self.filled += 1;
        let ColumnRole::Field(field) = role else { return };
        self.is_checked = !matches!(
            field,
            MappedField::Tags | MappedField::Attributes | MappedField::Attribute(_)
        );
        match field {
            MappedField::Phone => self.add_phone(cell, raw, normalizer, position, whole),
            MappedField::Email => {
                let addresses = match email::read(cell, Notes::default()) {
                    EmailReading::Empty => return,
                    EmailReading::Bad => {
                        self.found.add(Finding::Warning(WarningCode::EmailDropped), position);
                        return;
                    }
                    EmailReading::One(address) => vec![address],
                    EmailReading::Several(addresses) => {
                        self.found.add(Finding::Warning(WarningCode::EmailExtra), position);
                        addresses
                    }
                };
                self.valid += 1;
                if addresses.iter().any(|address| email::suggestion(address).is_some()) {
                    self.found.add(Finding::Warning(WarningCode::EmailTypoSuspected), position);
                }
            }
            MappedField::Name | MappedField::FirstName | MappedField::LastName => {
                self.valid += u64::from(name::read(cell).is_some());
            }
            MappedField::Country => {
                let is_understood = country::read(cell) != CountryReading::NotUnderstood;
                self.valid += u64::from(is_understood);
            }
            MappedField::Tags | MappedField::Attributes | MappedField::Attribute(_) => {}
        }
    }

    fn add_phone(
        &mut self,
        cell: &str,
        raw: &RawContact<'_>,
        normalizer: &Normalizer,
        position: Position,
        whole: &mut Whole,
    ) {
        let reading = normalizer.phone_of(raw, cell);
        match &reading {
            Ok(reading) => {
                self.valid += 1;
                for &code in reading.repairs() {
                    self.found.add(Finding::Warning(code), position);
                }
            }
            Err(reason) => self.found.add(Finding::Reason(*reason), position),
        }
        whole.regions.add_cell(cell, raw);
    }

    fn finish(self) -> ColumnInspection {
        ColumnInspection {
            filled: self.filled,
            valid: self.is_checked.then_some(self.valid),
            found: self.found.by_count(),
        }
    }
}
