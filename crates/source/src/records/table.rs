//! Rows of a table that is not text, such as a sheet: a thread of its own reads them, and hands them
//! over in blocks.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

#[cfg(feature = "arrow")]
use contactmill_core::columns::is_bookkeeping_header;
use contactmill_core::columns::is_own_header;
use contactmill_core::records::{Block, Integrity, Position, Record, Source, SourceId};

use crate::input::error::{SourceError, SourceProblem};
use crate::records::contained::contained;
use crate::records::own_file;

/// Target size of a block, in bytes.
const BLOCK_BYTES: usize = 256 << 10;

/// Maximum number of fields of a sheet that cost nothing in the file, as they are empty or repeated.
/// A full sheet of two hundred columns has as many fields; the largest sheet has far more.
const MAX_GAPS: u64 = 1 << 28;

/// What a table is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TableOf {
    /// A workbook, whose cells may stand far apart.
    Workbook,
    /// A file of columns, and what errors call it.
    #[cfg(feature = "arrow")]
    Columns(&'static str),
}

impl TableOf {
    const fn what(self) -> &'static str {
        match self {
            TableOf::Workbook => "workbook",
            #[cfg(feature = "arrow")]
            TableOf::Columns(what) => what,
        }
    }
}

/// A column that is not read, as its values have no plain form as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkippedColumn {
    /// Its name, behind the path to it.
    pub name: String,
    /// What it holds, such as `lists of structs`.
    pub holds: &'static str,
}

impl SkippedColumn {
    /// The problem that this column is needed.
    pub(crate) fn problem(&self) -> SourceProblem {
        SourceProblem::Column { column: self.name.clone(), holds: self.holds }
    }
}

/// The records of a table, in order.
pub(crate) struct TableSource {
    pub(crate) header: Vec<String>,
    pub(crate) skipped: Vec<SkippedColumn>,
    /// Other sheets of the workbook, which are not empty.
    pub(crate) unread_sheets: Vec<String>,
    blocks: Option<Receiver<Result<TableBlock, SourceProblem>>>,
    thread: Option<JoinHandle<()>>,
    of: TableOf,
    name: Arc<str>,
}

impl TableSource {
    /// A table without any rows.
    pub(crate) fn empty() -> Self {
        TableSource {
            header: Vec::new(),
            skipped: Vec::new(),
            unread_sheets: Vec::new(),
            blocks: None,
            thread: None,
            of: TableOf::Workbook,
            name: "".into(),
        }
    }

    /// A table of the rows that `rows` hands to the [`RowWriter`]. It runs on a thread of its own, so
    /// that a reader can borrow from its workbook. When nobody reads the table any more, the writer
    /// asks it to stop by an error.
    pub(crate) fn spawn(
        of: TableOf,
        header: Vec<String>,
        bytes: u64,
        rows: impl FnOnce(&mut RowWriter) -> Result<(), Ended> + Send + 'static,
    ) -> Result<Self, SourceProblem> {
        let (sender, blocks) = sync_channel(4);
        let own_file = match of {
            TableOf::Workbook => is_own_header(&header),
            // A table of contacts has nothing escaped in such a file.
            #[cfg(feature = "arrow")]
            TableOf::Columns(_) => is_bookkeeping_header(&header),
        };
        let header = if own_file { own_file::unescaped_header(&header) } else { header };
        let mut writer = RowWriter {
            own_file,
            columns: header.len(),
            block: TableBlock::default(),
            sender,
            of,
            gaps: 0,
            bytes,
            share: 0.0,
            reported: 0,
        };
        let thread = std::thread::Builder::new()
            .name("contactmill-table".into())
            .spawn(move || {
                let ended = contained(of.what(), || rows(&mut writer));
                let ended = ended.and_then(|()| writer.hand_over());
                if let Err(Ended::Problem(problem)) = ended {
                    // The receiver is gone when the run has stopped.
                    let _ = writer.sender.send(Err(problem));
                }
            })
            .map_err(SourceProblem::NoThread)?;
        let skipped = Vec::new();
        let (blocks, thread, name) = (Some(blocks), Some(thread), "".into());
        Ok(TableSource { header, skipped, unread_sheets: Vec::new(), blocks, thread, of, name })
    }

    /// The same table, with the columns that are not read.
    #[cfg(feature = "arrow")]
    pub(crate) fn with_skipped(self, skipped: Vec<SkippedColumn>) -> Self {
        TableSource { skipped, ..self }
    }

    pub(crate) fn named(mut self, name: &Arc<str>) -> Self {
        self.name = Arc::clone(name);
        self
    }
}

impl Source for TableSource {
    type Block = TableBlock;
    type Error = SourceError;

    fn next_block(&mut self) -> Result<Option<TableBlock>, SourceError> {
        let fail = |problem| SourceError { source: Arc::clone(&self.name), line: None, problem };
        let Some(blocks) = &self.blocks else { return Ok(None) };
        match blocks.recv() {
            Ok(block) => block.map(Some).map_err(fail),
            Err(_) => {
                // A thread that panicked has not read all rows.
                let panicked = self.thread.take().is_some_and(|thread| thread.join().is_err());
                match panicked {
                    true => {
                        Err(fail(SourceProblem::damaged(self.of.what(), "it cannot be parsed")))
                    }
                    false => Ok(None),
                }
            }
        }
    }
}

/// Why the rows ended early.
pub(crate) enum Ended {
    /// Nobody reads them any more.
    Unwanted,
    /// They cannot be read any further.
    Problem(SourceProblem),
}

impl From<SourceProblem> for Ended {
    fn from(problem: SourceProblem) -> Self {
        Ended::Problem(problem)
    }
}

/// Takes rows, and hands them over in blocks.
pub(crate) struct RowWriter {
    own_file: bool,
    /// The number of columns in the header.
    columns: usize,
    block: TableBlock,
    sender: SyncSender<Result<TableBlock, SourceProblem>>,
    of: TableOf,
    /// The number of fields so far that cost nothing in the file.
    gaps: u64,
    /// The size of the input.
    bytes: u64,
    /// The share of the input that is read.
    share: f64,
    /// The number of bytes that the blocks so far stand for.
    reported: u64,
}

impl RowWriter {
    /// Begins the cell in this column, from 0, of the current row, and returns where its text goes.
    /// Cells come in the order of their columns.
    pub(crate) fn cell(&mut self, column: usize) -> &mut String {
        let block = &mut self.block;
        let known = block.row_ends() + usize::from(block.open);
        if known <= column {
            self.gaps += (column - known) as u64;
            // This cell ends the field before it.
            block.close_fields(column);
            block.open = true;
        }
        &mut block.text
    }

    /// Marks the current cell as unreadable: its value has no plain form as text, and the cell shows
    /// only what is stored.
    #[cfg(feature = "arrow")]
    pub(crate) fn mark_unreadable(&mut self) {
        let block = &mut self.block;
        let (text, ends) = block.row_start();
        let start = match block.ends[ends..].last() {
            Some(end) => text + end,
            None => text,
        };
        block.text.insert(start, char::REPLACEMENT_CHARACTER);
        block.integrity = Integrity::UnreadableValue;
    }

    /// Sets how the current row arrived, if not whole.
    pub(crate) fn mark(&mut self, integrity: Integrity) {
        self.block.integrity = integrity;
    }

    /// Counts cells that are repeated in the file. Each takes as long as many empty ones.
    pub(crate) fn add_unfolded(&mut self, cells: u64) {
        self.gaps = self.gaps.saturating_add(cells.saturating_mul(16));
    }

    /// Ends the current row, which has this number, from 1. A row without cells is skipped.
    pub(crate) fn end_row(&mut self, number: u64, share_of_all: f64) -> Result<(), Ended> {
        let block = &mut self.block;
        if !block.open {
            return Ok(());
        }
        block.close_fields(self.columns.max(block.row_ends() + 1));
        let integrity = std::mem::take(&mut block.integrity);
        block.rows.push(Row { text: block.text.len(), ends: block.ends.len(), number, integrity });
        block.open = false;
        self.share = share_of_all;
        if self.of == TableOf::Workbook && self.gaps > MAX_GAPS {
            return Err(SourceProblem::NotRead {
                what: "cells of this workbook stand too far apart, or are repeated too often"
                    .to_owned(),
                instead: "copy the contacts to a new workbook",
            }
            .into());
        }
        if block.text.len() + 8 * block.ends.len() >= BLOCK_BYTES {
            return self.hand_over();
        }
        Ok(())
    }

    fn hand_over(&mut self) -> Result<(), Ended> {
        let TableBlock { text, ends, rows, .. } = &self.block;
        if rows.is_empty() {
            return Ok(());
        }
        // The next block will be about as large.
        let next = TableBlock {
            text: String::with_capacity(text.len() + text.len() / 8),
            ends: Vec::with_capacity(ends.len() + ends.len() / 8),
            rows: Vec::with_capacity(rows.len() + rows.len() / 8),
            ..TableBlock::default()
        };
        let mut block = std::mem::replace(&mut self.block, next);
        block.own_file = self.own_file;
        let read = (self.share.clamp(0.0, 1.0) * self.bytes as f64) as u64;
        block.covers = read.saturating_sub(self.reported);
        self.reported = self.reported.max(read);
        self.sender.send(Ok(block)).map_err(|_| Ended::Unwanted)
    }
}

/// A row of a block: where it ends in the text and in the ends, its number, and how it arrived.
#[derive(Clone, Copy, Debug)]
struct Row {
    text: usize,
    ends: usize,
    number: u64,
    integrity: Integrity,
}

/// A run of rows of a table.
#[derive(Debug, Default)]
pub(crate) struct TableBlock {
    /// The fields of all rows, end to end.
    text: String,
    /// The end of each field in its row.
    ends: Vec<usize>,
    rows: Vec<Row>,
    /// How the current row arrived.
    integrity: Integrity,
    /// Whether the current row has a field that is not closed.
    open: bool,
    own_file: bool,
    covers: u64,
}

impl TableBlock {
    fn row_start(&self) -> (usize, usize) {
        self.rows.last().map_or((0, 0), |row| (row.text, row.ends))
    }

    /// The number of closed fields of the current row.
    fn row_ends(&self) -> usize {
        self.ends.len() - self.row_start().1
    }

    /// Closes fields until the current row has this many.
    fn close_fields(&mut self, count: usize) {
        let (text, ends) = self.row_start();
        let len = self.text.len() - text;
        self.ends.resize((ends + count).max(self.ends.len()), len);
    }
}

impl Block for TableBlock {
    type Error = SourceError;

    fn len_bytes(&self) -> u64 {
        self.covers
    }

    fn visit(&self, visitor: &mut dyn FnMut(Record<'_>)) -> Result<(), SourceError> {
        let (mut text, mut ends) = (0, 0);
        for (&Row { text: text_end, ends: ends_end, number, integrity }, record) in
            self.rows.iter().zip(1..)
        {
            let position = Position { source: SourceId::default(), record, line: number, byte: 0 };
            let (row, fields) = (&self.text[text..text_end], &self.ends[ends..ends_end]);
            if self.own_file {
                let mut fields = fields.to_vec();
                let row = own_file::unescaped_fields(row, &mut fields);
                visitor(Record::new(&row, &fields, position, integrity));
            } else {
                visitor(Record::new(row, fields, position, integrity));
            }
            (text, ends) = (text_end, ends_end);
        }
        Ok(())
    }
}
