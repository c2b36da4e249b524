//! Formats whose records say to which columns their values belong, such as JSON and vCard.
//!
//! Their columns are known only once all records have been looked at, so a first pass over the input
//! collects them.

use std::collections::HashMap;
use std::sync::Arc;

use contactmill_core::records::{Block, Integrity, Record, Source};

use crate::input::error::{SourceError, SourceProblem};
use crate::records::window::{CutRecords, keep_beginning};

/// What stands between the values of a record that belong to one column.
pub(crate) const BETWEEN_VALUES: &str = "; ";

/// Parses one record at a time, in buffers that are used again. Each self-describing format has one.
pub(crate) trait RecordParser {
    /// Parses a record, and says whether it is whole. If it is malformed, it has no values.
    fn parse(&mut self, bytes: &[u8]) -> Integrity;

    /// Hands over the column of each value, in the order of the values, until `take` returns `false`.
    /// Returns whether `take` took them all.
    fn each_column(&self, take: &mut dyn FnMut(&str, Option<ColumnGroup<'_>>) -> bool) -> bool;

    /// The value with this index.
    fn value(&self, index: usize) -> &str;
}

/// The columns that a column stands beside: those that hold the same kind of value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ColumnGroup<'v> {
    /// The kind of value, such as `phone`.
    pub(crate) kind: &'v str,
    /// Its number among the values of its kind, from 1.
    pub(crate) number: usize,
    /// Whether it holds the label of that value, and not the value.
    pub(crate) is_label: bool,
}

/// The columns of a source, and the index of each.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    header: Vec<String>,
    by_name: HashMap<String, usize>,
}

impl Columns {
    /// These columns, in this order.
    pub(crate) fn named(header: Vec<String>) -> Columns {
        let by_name = header.iter().cloned().zip(0..).collect();
        Columns { header, by_name }
    }

    /// These columns and, behind them, those that other inputs have.
    pub(crate) fn and(&self, others: &[String]) -> Columns {
        let mut header = self.header.clone();
        header.extend(others.iter().filter(|name| !self.by_name.contains_key(*name)).cloned());
        Columns::named(header)
    }

    pub(crate) fn header(&self) -> &[String] {
        &self.header
    }
}

/// Where a column stands in the header. Columns without a group stay in the order in which they
/// appeared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct ColumnRank {
    /// The index of its kind among all kinds.
    kind: usize,
    number: usize,
    is_label: bool,
}

/// Collects the columns of all records of a source.
pub(crate) struct ColumnCollector {
    /// Ranks and names, in the order in which they appeared.
    columns: Vec<(ColumnRank, String)>,
    by_name: HashMap<String, usize>,
    /// Kinds of value, in the order of their columns.
    kinds: Vec<String>,
    max_columns: usize,
}

impl ColumnCollector {
    /// A collector that puts columns of these kinds first, in this order.
    pub(crate) fn new(kinds: &[&str], max_columns: usize) -> Self {
        ColumnCollector {
            columns: Vec::new(),
            by_name: HashMap::new(),
            kinds: kinds.iter().map(|&kind| kind.to_owned()).collect(),
            max_columns,
        }
    }

    /// Adds a column unless it is known. Returns `false` when there are too many.
    pub(crate) fn add(&mut self, name: &str, group: Option<ColumnGroup<'_>>) -> bool {
        if self.by_name.contains_key(name) {
            return true;
        }
        if self.columns.len() == self.max_columns {
            return false;
        }
        let rank = group.map_or_else(ColumnRank::default, |group| self.rank(group));
        self.by_name.insert(name.to_owned(), self.columns.len());
        self.columns.push((rank, name.to_owned()));
        true
    }

    fn rank(&mut self, group: ColumnGroup<'_>) -> ColumnRank {
        let known = self.kinds.iter().position(|kind| kind == group.kind);
        let kind = known.unwrap_or_else(|| {
            self.kinds.push(group.kind.to_owned());
            self.kinds.len() - 1
        });
        ColumnRank { kind, number: group.number, is_label: group.is_label }
    }

    /// Adds the columns of all records in a block.
    pub(crate) fn add_block(&mut self, block: &SelfDescribingBlock) -> Result<(), SourceError> {
        let mut parser = (block.parser)();
        for (bytes, span, _) in block.records.iter() {
            if span.integrity == Integrity::Whole
                && parser.parse(bytes) != Integrity::Malformed
                && !parser.each_column(&mut |name, group| self.add(name, group))
            {
                let problem = SourceProblem::TooManyColumns { max: self.max_columns };
                return Err(block.records.error(span, problem));
            }
        }
        Ok(())
    }

    /// Adds the columns of all records of a source, and returns all columns.
    pub(crate) fn collect<S>(mut self, source: &mut S) -> Result<Columns, SourceError>
    where
        S: Source<Block = SelfDescribingBlock, Error = SourceError>,
    {
        while let Some(block) = source.next_block()? {
            self.add_block(&block)?;
        }
        Ok(self.into_columns())
    }

    pub(crate) fn into_columns(mut self) -> Columns {
        self.columns.sort_by_key(|&(rank, _)| rank);
        Columns::named(self.columns.into_iter().map(|(_, name)| name).collect())
    }
}

/// A run of whole records that name their columns.
#[derive(Debug)]
pub struct SelfDescribingBlock {
    pub(crate) records: CutRecords,
    pub(crate) columns: Arc<Columns>,
    /// Makes a parser for such records.
    pub(crate) parser: fn() -> Box<dyn RecordParser>,
}

impl Block for SelfDescribingBlock {
    type Error = SourceError;

    fn len_bytes(&self) -> u64 {
        self.records.covers
    }

    fn visit(&self, visitor: &mut dyn FnMut(Record<'_>)) -> Result<(), SourceError> {
        let width = self.columns.header.len();
        let mut parser = (self.parser)();
        let (mut text, mut ends) = (String::new(), Vec::with_capacity(width + 1));
        // The column of each value, and the index of the value.
        let mut order: Vec<(usize, usize)> = Vec::new();
        for (bytes, span, position) in self.records.iter() {
            text.clear();
            ends.clear();
            let integrity = match span.integrity {
                Integrity::Whole => parser.parse(bytes),
                damaged => damaged,
            };
            if matches!(integrity, Integrity::Whole | Integrity::InvalidEncoding) {
                order.clear();
                let are_known = parser.each_column(&mut |name, _| {
                    let column = self.columns.by_name.get(name);
                    order.extend(column.map(|&column| (column, order.len())));
                    column.is_some()
                });
                if !are_known {
                    // The first pass saw other records.
                    return Err(self.records.error(span, SourceProblem::Changed));
                }
                order.sort_unstable();
                write_fields(&*parser, &order, width, &mut text, &mut ends);
            } else {
                keep_beginning(bytes, width, &mut text, &mut ends);
            }
            visitor(Record::new(&text, &ends, position, integrity));
        }
        Ok(())
    }
}

/// Writes the values of a record as the fields of all columns. `order` has the column and the index of
/// each value, sorted.
fn write_fields(
    parser: &dyn RecordParser,
    order: &[(usize, usize)],
    width: usize,
    text: &mut String,
    ends: &mut Vec<usize>,
) {
    let mut values = order.iter().peekable();
    for column in 0..width {
        let start = text.len();
        while let Some(&(_, index)) = values.next_if(|&&(of, _)| of == column) {
            let value = parser.value(index);
            if text.len() > start && !value.is_empty() {
                text.push_str(BETWEEN_VALUES);
            }
            text.push_str(value);
        }
        ends.push(text.len());
    }
}
