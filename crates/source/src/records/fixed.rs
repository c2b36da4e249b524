//! Cells that were corrected by hand.

use std::sync::Arc;

use contactmill_core::columns::column_names;
use contactmill_core::records::{Block, Integrity, Record, RecordBuffer, Source};

use crate::input::error::{SourceError, SourceProblem};
use crate::input::misfit::Misfit;

/// The correction of one cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CellFix {
    /// The line that says so.
    pub line: u64,
    /// The number of the record, from 1.
    pub record: u64,
    /// The name of the column.
    pub column: String,
    /// What stands in the cell.
    pub before: String,
    /// What it is read as.
    pub after: String,
}

/// The corrections of the cells of one source.
#[derive(Debug)]
pub struct CellFixes {
    /// The file that they stand in.
    name: Arc<str>,
    /// By record.
    fixes: Vec<CellFix>,
}

impl CellFixes {
    /// These corrections, which stand in the file of this name.
    #[must_use]
    pub fn new(name: &str, mut fixes: Vec<CellFix>) -> Self {
        fixes.sort_by_key(|fix| fix.record);
        CellFixes { name: name.into(), fixes }
    }

    fn misfit(&self, fix: &CellFix, input: &str, misfit: Misfit) -> SourceError {
        let CellFix { record, column, .. } = fix.clone();
        SourceError {
            source: Arc::clone(&self.name),
            line: Some(fix.line),
            problem: SourceProblem::Fix { input: input.to_owned(), record, column, misfit },
        }
    }
}

/// A source some of whose cells are corrected.
pub(crate) struct FixedBlocks<S> {
    blocks: S,
    input: Arc<str>,
    fixes: Arc<CellFixes>,
    /// By correction, the column.
    columns: Vec<usize>,
    /// The first correction that is still to be made.
    next: usize,
    /// Number of records before the next block.
    records: u64,
}

impl<S: Source<Error = SourceError>> FixedBlocks<S> {
    /// # Errors
    ///
    /// When a column is not among those of the header.
    pub(crate) fn new(
        (input, header): (&Arc<str>, &[String]),
        blocks: S,
        fixes: Arc<CellFixes>,
    ) -> Result<Self, SourceError> {
        let names = column_names(header);
        let column = |fix: &CellFix| {
            let misfit = || Misfit::Column { columns: names.clone() };
            let index = names.iter().position(|name| *name == fix.column);
            index.ok_or_else(|| fixes.misfit(fix, input, misfit()))
        };
        let columns = fixes.fixes.iter().map(column).collect::<Result<_, _>>()?;
        Ok(FixedBlocks { blocks, input: Arc::clone(input), fixes, columns, next: 0, records: 0 })
    }

    /// The record with its corrections.
    fn fixed(&self, record: Record<'_>, fixes: &[CellFix]) -> Result<RecordBuffer, SourceError> {
        let mut cells: Vec<&str> = record.iter().collect();
        let is_whole = matches!(record.integrity(), Integrity::Whole | Integrity::NoLineEnd);
        for (fix, &column) in fixes.iter().zip(&self.columns[self.next..]) {
            let misfit = match cells.get_mut(column).filter(|_| is_whole) {
                None => Misfit::Damaged,
                Some(cell) if *cell == fix.before => {
                    *cell = &fix.after;
                    continue;
                }
                Some(_) => Misfit::Before,
            };
            return Err(self.fixes.misfit(fix, &self.input, misfit));
        }
        let mut end = 0;
        let ends: Vec<usize> = cells.iter().map(|cell| (end += cell.len(), end).1).collect();
        let text = cells.concat();
        Ok(Record::new(&text, &ends, record.position(), record.integrity()).into())
    }

    /// The corrected records of a block.
    fn fixed_of(&mut self, block: &S::Block) -> Result<Vec<RecordBuffer>, SourceError> {
        let (mut fixed, mut failed, mut records) = (Vec::new(), None, 0);
        let all = Arc::clone(&self.fixes);
        block.visit(&mut |record| {
            records += 1;
            let number = self.records + records;
            let rest = &all.fixes[self.next..];
            let count = rest.iter().take_while(|fix| fix.record == number).count();
            if count > 0 && failed.is_none() {
                match self.fixed(record, &rest[..count]) {
                    Ok(record) => fixed.push(record),
                    Err(error) => failed = Some(error),
                }
                self.next += count;
            }
        })?;
        self.records += records;
        failed.map_or(Ok(fixed), Err)
    }
}

impl<S: Source<Error = SourceError>> Source for FixedBlocks<S> {
    type Block = FixedBlock<S::Block>;
    type Error = SourceError;

    fn next_block(&mut self) -> Result<Option<Self::Block>, SourceError> {
        let block = self.blocks.next_block()?;
        let fixed = match (&block, self.fixes.fixes.get(self.next)) {
            (_, None) => Vec::new(),
            (Some(block), Some(_)) => self.fixed_of(block)?,
            (None, Some(fix)) => {
                let misfit = Misfit::Record { records: self.records };
                return Err(self.fixes.misfit(fix, &self.input, misfit));
            }
        };
        Ok(block.map(|block| FixedBlock { block, fixed }))
    }
}

/// A block some of whose records may be corrected.
pub(crate) struct FixedBlock<B> {
    block: B,
    fixed: Vec<RecordBuffer>,
}

impl<B: Block<Error = SourceError>> Block for FixedBlock<B> {
    type Error = SourceError;

    fn len_bytes(&self) -> u64 {
        self.block.len_bytes()
    }

    fn visit(&self, visitor: &mut dyn FnMut(Record<'_>)) -> Result<(), SourceError> {
        let mut fixed = self.fixed.iter().map(RecordBuffer::as_record).peekable();
        self.block.visit(&mut |record| {
            let number = record.position().record;
            visitor(fixed.next_if(|fixed| fixed.position().record == number).unwrap_or(record));
        })
    }
}
