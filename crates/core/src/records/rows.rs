//! Records that are in memory already: any iterator of rows.

use std::convert::Infallible;

use crate::records::{Block, Integrity, Position, Record, Source, SourceId};

/// Number of rows in a block: enough that handing it to a worker costs little beside reading it.
const ROWS_OF_A_BLOCK: usize = 1_024;

/// A [`Source`] of rows that a program has in memory, or gets one after the other from a database.
///
/// A row is anything that gives its fields as text. Of each [`Position`], `line` is the number of
/// the row, like `record`, and `byte` is 0.
///
/// ```
/// use contactmill_core::pipeline::{Outcome, Outcomes, Pipeline, PipelineOptions};
/// use contactmill_core::columns::FieldMapping;
/// use contactmill_core::records::{Rows, SourceId};
/// use contactmill_core::{Normalizer, Options, Region};
///
/// let normalizer = Normalizer::new(Options { region: Some(Region::IN), ..Options::default() });
/// let map = FieldMapping::default().resolve(&["Name", "Phone"].map(String::from))?;
/// let mut rows = Rows::new([["Asha", "098765-43210"], ["Ravi", "9.19877E+11"]].into_iter());
///
/// let (mut contacts, mut rejected) = (Vec::new(), Vec::new());
/// let mut outcomes = Outcomes::new(|outcome| match outcome {
///     Outcome::Contact { contact, .. } => contacts.push(contact.phone().e164().to_string()),
///     Outcome::Rejected { rejection, .. } => rejected.push(rejection.reason.code()),
///     _ => {}
/// });
/// let mut pipeline = Pipeline::new(&normalizer, PipelineOptions::default())?;
/// pipeline.feed(SourceId(0), &mut rows, &map, &mut outcomes)?;
/// pipeline.finish(&mut outcomes)?;
/// assert_eq!(contacts, ["+919876543210"]);
/// assert_eq!(rejected, ["phone_excel_rounded"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Rows<I> {
    rows: I,
    taken: u64,
}

impl<I> Rows<I>
where
    I: Iterator<Item: IntoIterator<Item: AsRef<str>>>,
{
    /// A source of these rows. They are taken a thousand at a time, as they are needed.
    pub const fn new(rows: I) -> Self {
        Rows { rows, taken: 0 }
    }
}

impl<I> Source for Rows<I>
where
    I: Iterator<Item: IntoIterator<Item: AsRef<str>>>,
{
    type Block = RowBlock;
    type Error = Infallible;

    fn next_block(&mut self) -> Result<Option<RowBlock>, Infallible> {
        let mut block = RowBlock { before: self.taken, ..RowBlock::default() };
        for row in self.rows.by_ref().take(ROWS_OF_A_BLOCK) {
            let start = block.text.len();
            for field in row {
                block.text.push_str(field.as_ref());
                block.ends.push(block.text.len() - start);
            }
            block.rows.push((block.text.len(), block.ends.len()));
        }
        self.taken += block.rows.len() as u64;
        Ok((!block.rows.is_empty()).then_some(block))
    }
}

/// A run of [`Rows`].
#[derive(Clone, Debug, Default)]
pub struct RowBlock {
    /// The fields of all rows, end to end.
    text: String,
    /// Where each field ends in its row.
    ends: Vec<usize>,
    /// Where each row ends in both.
    rows: Vec<(usize, usize)>,
    /// Number of rows before.
    before: u64,
}

impl Block for RowBlock {
    type Error = Infallible;

    fn len_bytes(&self) -> u64 {
        self.text.len() as u64
    }

    fn visit(&self, visitor: &mut dyn FnMut(Record<'_>)) -> Result<(), Infallible> {
        let (mut text, mut ends) = (0, 0);
        for (&(text_end, fields_end), record) in self.rows.iter().zip(1..) {
            let line = self.before + record;
            let position = Position { source: SourceId::default(), record, line, byte: 0 };
            let fields = &self.ends[ends..fields_end];
            visitor(Record::new(&self.text[text..text_end], fields, position, Integrity::Whole));
            (text, ends) = (text_end, fields_end);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_comes_out_once_with_its_fields_and_its_number() {
        let count = 2 * ROWS_OF_A_BLOCK + 7;
        let row = |number: usize| match number {
            5 => Vec::new(),
            _ => vec![number.to_string(), String::new(), "é".to_owned()],
        };
        let mut source = Rows::new((0..count).map(row));
        let mut seen = Vec::new();
        while let Some(block) = source.next_block().unwrap() {
            block
                .visit(&mut |record| {
                    let fields: Vec<String> = record.iter().map(str::to_owned).collect();
                    seen.push((record.position().line, fields));
                })
                .unwrap();
        }
        let expected: Vec<(u64, Vec<String>)> =
            (0..count).map(|n| (n as u64 + 1, row(n))).collect();
        assert_eq!(seen, expected);
    }
}
