//! Records as they stand, for whoever shows them.

use std::collections::BTreeSet;
use std::fmt;

use contactmill_core::columns::{FieldMapping, column_names};
use contactmill_core::records::{Block, Integrity, Record, Source};
use contactmill_source::{Dump, DumpMember, Format, ReadOptions};

use crate::error::Error;
use crate::inputs::{self, Input, Reading};
use crate::scratch::scratch;

/// Reads some records as they stand: the first ones of each input, or those that are named. It decides on
/// no columns, so it reads what [`Convert`](crate::Convert) asks about.
///
/// ```
/// use contactmill::{Input, Records};
///
/// let dump = "Name,Nummer\nAsha,98765\nRavi,12\n";
/// let inputs = Records::new([Input::reader("leads", dump.as_bytes())]).first(1).run()?;
/// assert_eq!(inputs[0].columns, ["Name", "Nummer"]);
/// assert_eq!(inputs[0].records[0].cells, ["Asha", "98765"]);
/// # Ok::<(), contactmill::Error>(())
/// ```
#[must_use = "nothing happens before `run`"]
pub struct Records<'i> {
    inputs: Vec<Input<'i>>,
    reading: Reading,
    first: u64,
    named: BTreeSet<(String, u64)>,
}

/// An input, or a member of one, and some of its records.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct InputRecords {
    /// Its name.
    pub name: String,
    /// Its format.
    pub format: Format,
    /// The names of its columns.
    pub columns: Vec<String>,
    /// The records, in order.
    pub records: Vec<StandingRecord>,
}

/// A record as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StandingRecord {
    /// Its number, from 1.
    pub record: u64,
    /// The physical line on which it begins.
    pub line: u64,
    /// Its cells.
    pub cells: Vec<String>,
    /// Whether it arrived whole.
    pub is_whole: bool,
}

impl<'i> Records<'i> {
    /// Records of these inputs.
    pub fn new<I: Into<Input<'i>>>(inputs: impl IntoIterator<Item = I>) -> Self {
        let inputs = inputs.into_iter().map(Into::into).collect();
        Records { inputs, reading: Reading::default(), first: 0, named: BTreeSet::new() }
    }

    /// How inputs are read.
    pub fn reading(mut self, reading: Reading) -> Self {
        self.reading = reading;
        self
    }

    /// The first records of each input.
    pub const fn first(mut self, records: u64) -> Self {
        self.first = records;
        self
    }

    /// The record with this number of the input with this name.
    pub fn named(mut self, input: &str, record: u64) -> Self {
        self.named.insert((input.to_owned(), record));
        self
    }

    /// Reads as far as the last of these records.
    ///
    /// # Errors
    ///
    /// When an input cannot be read.
    pub fn run(mut self) -> Result<Vec<InputRecords>, Error> {
        inputs::check(self.inputs.iter().filter_map(Input::path))?;
        let is_header = |row: &[String]| FieldMapping::default().is_header(row);
        let reading = std::mem::take(&mut self.reading);
        let reading = reading.options(&scratch, &is_header);
        let mut all = Vec::new();
        for input in std::mem::take(&mut self.inputs) {
            let input = input.open(&scratch, &mut |_| {})?;
            for member in Dump::of(input, reading)?.members {
                all.push(self.of_member(&member, reading)?);
            }
        }
        Ok(all)
    }

    fn of_member(
        &self,
        member: &DumpMember,
        reading: ReadOptions<'_>,
    ) -> Result<InputRecords, Error> {
        let mut source = member.open(reading)?;
        let name = source.name().to_owned();
        let named: BTreeSet<u64> =
            self.named.iter().filter(|(of, _)| *of == name).map(|&(_, record)| record).collect();
        let last = self.first.max(named.last().copied().unwrap_or_default());
        let (mut records, mut number) = (Vec::new(), 0);
        while number < last
            && let Some(block) = source.next_block()?
        {
            block.visit(&mut |record| {
                number += 1;
                if number <= self.first || named.contains(&number) {
                    records.push(standing(number, record));
                }
            })?;
        }
        let (format, columns) = (source.format(), column_names(source.header()));
        Ok(InputRecords { name, format, columns, records })
    }
}

fn standing(number: u64, record: Record<'_>) -> StandingRecord {
    StandingRecord {
        record: number,
        line: record.position().line,
        cells: record.iter().map(str::to_owned).collect(),
        is_whole: matches!(record.integrity(), Integrity::Whole | Integrity::NoLineEnd),
    }
}

impl fmt::Debug for Records<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Records { inputs, first, .. } = self;
        f.debug_struct("Records")
            .field("inputs", inputs)
            .field("first", first)
            .finish_non_exhaustive()
    }
}
