//! Arrow's IPC format, as a file or as a stream (Arrow columnar format 1.4).

use std::collections::HashMap;
use std::io::{BufReader, Read, Seek, SeekFrom};

use arrow_array::RecordBatch;
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_ipc::{
    Block, DictionaryBatch, RecordBatch as RecordBatchHeader, root_as_footer, root_as_message,
};
use arrow_schema::{ArrowError, SchemaRef};

use super::cells::{Columns, Sample};
use super::values::{ARROW, MAX_MEMORY, too_large};
use crate::input::Input;
use crate::input::error::SourceProblem;
use crate::input::limits::DecompressLimits;
use crate::records::table::{Ended, RowWriter, TableOf, TableSource};

fn problem(error: ArrowError) -> SourceProblem {
    SourceProblem::damaged(ARROW, error)
}

/// Batches of rows.
type Batches = Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>> + Send>;

pub(super) fn open(
    mut input: Input,
    limits: DecompressLimits,
) -> Result<TableSource, SourceProblem> {
    let bytes = input.len();
    let mut magic = Vec::new();
    input.clone().take(6).read_to_end(&mut magic).map_err(SourceProblem::Io)?;
    let is_file = magic == b"ARROW1";
    let decompressed = match is_file {
        true => check_footer(input.clone())?,
        false => check_messages(input.clone())?,
    };
    limits.check(bytes, decompressed)?;
    let mut batches = || -> Result<(SchemaRef, Batches), SourceProblem> {
        input.rewind().map_err(SourceProblem::Io)?;
        let input = BufReader::new(input.clone());
        Ok(match is_file {
            true => {
                let reader = FileReader::try_new(input, None).map_err(problem)?;
                (reader.schema(), Box::new(reader))
            }
            false => {
                let reader = StreamReader::try_new(input, None).map_err(problem)?;
                (reader.schema(), Box::new(reader))
            }
        })
    };
    let (schema, first) = batches()?;
    let mut columns = Columns::of(&schema);
    if columns.have_bytes() {
        columns.leave_out_binary(&sample(first)?);
    }
    let (names, skipped) = columns.named()?;
    // The first reader may be past the first batch.
    let (_, batches) = batches()?;
    let source = TableSource::spawn(TableOf::Columns(ARROW), names, bytes, move |writer| {
        rows(batches, &columns, bytes, writer)
    })?;
    Ok(source.with_skipped(skipped))
}

/// The first batches, as far as a sample of their rows needs.
fn sample(batches: Batches) -> Result<Vec<RecordBatch>, SourceProblem> {
    let mut sample = Sample::default();
    for batch in batches {
        if !sample.takes(batch.map_err(problem)?) {
            break;
        }
    }
    Ok(sample.batches)
}

/// The memory that reading takes at once: all dictionaries, and one batch.
#[derive(Default)]
struct MemoryUse {
    dictionaries: HashMap<i64, u64>,
    batch: u64,
}

impl MemoryUse {
    fn check(&self) -> Result<(), SourceProblem> {
        let all = self.dictionaries.values().copied().fold(self.batch, u64::saturating_add);
        if all > MAX_MEMORY {
            return Err(too_large(
                ARROW,
                "a batch of rows with its dictionaries",
                "smaller batches",
            ));
        }
        Ok(())
    }
}

/// The decompressed size of the buffers of a batch: each begins with its own (Arrow columnar format,
/// "Compression"). The buffers begin at the offset `body`, and take `len` bytes.
fn decompressed_size(
    input: &mut Input,
    batch: Option<RecordBatchHeader<'_>>,
    body: u64,
    len: u64,
) -> Result<u64, SourceProblem> {
    let Some(batch) = batch.filter(|batch| batch.compression().is_some()) else { return Ok(0) };
    let mut sum = 0_u64;
    for buffer in batch.buffers().iter().flatten() {
        if buffer.length() == 0 {
            continue;
        }
        let at = length(buffer.offset(), len)?;
        if length(buffer.length(), len - at)? < 8 {
            return Err(damaged("a buffer is shorter than its length"));
        }
        let mut size = [0; 8];
        input.seek(SeekFrom::Start(body + at)).map_err(damaged)?;
        input.read_exact(&mut size).map_err(damaged)?;
        match i64::from_le_bytes(size) {
            // This buffer is not compressed.
            -1 => {}
            size => {
                let size = u64::try_from(size).map_err(|_| damaged("a size is below zero"))?;
                sum = sum.saturating_add(size);
            }
        }
    }
    Ok(sum)
}

fn damaged(error: impl std::fmt::Display) -> SourceProblem {
    SourceProblem::damaged(ARROW, error)
}

/// A length as it is written, if it is at most `left`.
fn length(written: i64, left: u64) -> Result<u64, SourceProblem> {
    let length = u64::try_from(written).ok().filter(|&length| length <= left);
    length.ok_or_else(|| damaged("it ends too early"))
}

/// Requires that no message of a stream claims to be longer than the input, or takes too much memory: the
/// reader believes what it claims. Returns the decompressed size of all messages.
fn check_messages(mut input: Input) -> Result<u64, SourceProblem> {
    let mut memory = MemoryUse::default();
    let mut all = 0_u64;
    let mut at = 0;
    while at + 4 <= input.len() {
        let mut word = || -> Result<[u8; 4], SourceProblem> {
            let mut word = [0; 4];
            input.seek(SeekFrom::Start(at)).map_err(damaged)?;
            input.read_exact(&mut word).map_err(damaged)?;
            at += 4;
            Ok(word)
        };
        // Before version 0.15 there was no mark before the length.
        let size = match word()? {
            [0xFF, 0xFF, 0xFF, 0xFF] => word()?,
            size => size,
        };
        let len = length(i32::from_le_bytes(size).into(), input.len().saturating_sub(at))?;
        if len == 0 {
            break;
        }
        memory.batch = len;
        memory.check()?;
        let mut bytes = Vec::new();
        input.by_ref().take(len).read_to_end(&mut bytes).map_err(damaged)?;
        at += len;
        let message = root_as_message(&bytes).map_err(damaged)?;
        let body = length(message.bodyLength(), input.len().saturating_sub(at))?;
        let dictionary = message.header_as_dictionary_batch();
        let batch = message.header_as_record_batch();
        let batch = dictionary.as_ref().map_or(batch, DictionaryBatch::data);
        let decompressed = decompressed_size(&mut input, batch, at, body)?;
        all = all.saturating_add(decompressed);
        let takes = body.saturating_add(decompressed);
        match dictionary {
            Some(dictionary) => {
                let known = memory.dictionaries.entry(dictionary.id()).or_default();
                *known = if dictionary.isDelta() { known.saturating_add(takes) } else { takes };
            }
            None => memory.batch = memory.batch.saturating_add(takes),
        }
        memory.check()?;
        at += body;
    }
    Ok(all)
}

/// The same for a file, whose footer lists its batches.
fn check_footer(mut input: Input) -> Result<u64, SourceProblem> {
    let too_early = || damaged("it ends too early");
    let end = input.len().checked_sub(10).ok_or_else(too_early)?;
    let mut size = [0; 4];
    input.seek(SeekFrom::Start(end)).map_err(damaged)?;
    input.read_exact(&mut size).map_err(damaged)?;
    let len = length(i32::from_le_bytes(size).into(), end)?;
    let mut memory = MemoryUse { batch: len, ..MemoryUse::default() };
    memory.check()?;
    let mut bytes = Vec::new();
    input.seek(SeekFrom::Start(end - len)).map_err(damaged)?;
    input.by_ref().take(len).read_to_end(&mut bytes).map_err(damaged)?;
    let footer = root_as_footer(&bytes).map_err(damaged)?;
    let mut all = 0_u64;
    let mut size_of = |block: &Block| -> Result<u64, SourceProblem> {
        let offset = length(block.offset(), end)?;
        let head = length(block.metaDataLength().into(), end - offset)?;
        let body = length(block.bodyLength(), end - offset - head)?;
        if head > MAX_MEMORY {
            return Err(damaged("a message is longer than any"));
        }
        let mut bytes = Vec::new();
        input.seek(SeekFrom::Start(offset)).map_err(damaged)?;
        input.by_ref().take(head).read_to_end(&mut bytes).map_err(damaged)?;
        // Before version 0.15 there was no mark before the length.
        let message = match bytes.get(..4) {
            Some([0xFF, 0xFF, 0xFF, 0xFF]) => bytes.get(8..),
            _ => bytes.get(4..),
        };
        let message = message.ok_or_else(|| damaged("a message is too short"))?;
        let message = root_as_message(message).map_err(damaged)?;
        let batch = match message.header_as_dictionary_batch() {
            Some(dictionary) => dictionary.data(),
            None => message.header_as_record_batch(),
        };
        let decompressed = decompressed_size(&mut input, batch, offset + head, body)?;
        all = all.saturating_add(decompressed);
        Ok(head.saturating_add(body).saturating_add(decompressed))
    };
    for (id, block) in (0..).zip(footer.dictionaries().iter().flatten()) {
        memory.dictionaries.insert(id, size_of(block)?);
        memory.check()?;
    }
    for block in footer.recordBatches().iter().flatten() {
        memory.batch = size_of(block)?;
        memory.check()?;
    }
    Ok(all)
}

fn rows(
    batches: Batches,
    columns: &Columns,
    bytes: u64,
    writer: &mut RowWriter,
) -> Result<(), Ended> {
    let mut number = 0;
    for batch in batches {
        let batch = batch.map_err(problem)?;
        // A Boolean takes a bit, and only a column without values takes less. Compressed data gives its
        // size.
        if batch.num_rows() as u64 > 8 * bytes.max(batch.get_array_memory_size() as u64) {
            return Err(damaged("it says that it has more rows than it can hold").into());
        }
        let leaves = columns.leaves(&batch);
        for row in 0..batch.num_rows() {
            for (column, leaf) in leaves.iter().enumerate().filter(|(_, leaf)| !leaf.is_null(row)) {
                if !leaf.push(writer.cell(column), row) {
                    writer.mark_unreadable();
                }
            }
            if let Some(last) = leaves.len().checked_sub(1) {
                // A row without values is a record too, and counts as blank.
                writer.cell(last);
            }
            number += 1;
            writer.end_row(number, 0.0)?;
        }
    }
    Ok(())
}
