//! Excel 97–2003 workbooks, by calamine, which takes them into memory whole: they cannot be large.

use std::io::{self, BufReader, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{Data, DataRef, Range, Reader, SheetType, SheetVisible, Xls, XlsError};

use super::{Candidate, Chosen, cell, choose};
use crate::dump::ReadOptions;
use crate::error::SourceProblem;
use crate::header::HEADER_AMONG;
use crate::input::Input;
use crate::table::{Ended, RowWriter, TableOf, TableSource};

/// A full sheet has 65,536 rows; one with fifty columns of text takes some 100 MB.
const MAX_BYTES: u64 = 512 << 20;

pub(super) fn open(input: Input, options: ReadOptions<'_>) -> Result<TableSource, SourceProblem> {
    let bytes = input.len();
    if bytes > MAX_BYTES {
        return Err(SourceProblem::damaged("workbook", "no XLS is so large"));
    }
    if holds(input.clone(), "EncryptedPackage").map_err(SourceProblem::Io)? {
        return Err(SourceProblem::Password { what: "this workbook" });
    }
    // The old format has many ways to be damaged, and the parser does not know all of them.
    let parsed = catch_unwind(AssertUnwindSafe(|| Xls::new(BufReader::new(input))));
    let mut workbook: Xls<_> = match parsed {
        Ok(Ok(workbook)) => workbook,
        Ok(Err(XlsError::Password)) => {
            return Err(SourceProblem::Password { what: "this workbook" });
        }
        Ok(Err(error)) => return Err(SourceProblem::damaged("workbook", error)),
        Err(_) => return Err(SourceProblem::damaged("workbook", "it cannot be parsed")),
    };
    let sheets: Vec<(String, bool)> = workbook
        .sheets_metadata()
        .iter()
        .filter(|sheet| sheet.typ == SheetType::WorkSheet)
        .map(|sheet| (sheet.name.clone(), sheet.visible != SheetVisible::Visible))
        .collect();
    let mut candidates = Vec::new();
    for (name, is_hidden) in sheets {
        let rows = workbook.worksheet_range(&name).map(|range| first_rows(&range));
        let rows = rows.map_err(|error| SourceProblem::damaged("workbook", error))?;
        candidates.push(Candidate { name, rows, is_hidden });
    }
    let Some(Chosen { sheet, header_row, header }) = choose(candidates, options)? else {
        return Ok(TableSource::empty());
    };
    let range = workbook.worksheet_range(&sheet);
    let range = range.map_err(|error| SourceProblem::damaged("workbook", error))?;
    drop(workbook);
    TableSource::spawn(TableOf::Workbook, header, bytes, move |writer| {
        rows(&range, header_row, writer)
    })
}

/// Whether a compound file has a stream of this name: names stand in it in UTF-16
/// ([MS-CFB], 2.6.1).
fn holds(mut input: Input, stream: &str) -> io::Result<bool> {
    let name: Vec<u8> = stream.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut bytes = Vec::new();
    loop {
        let kept = bytes.len().min(name.len() - 1);
        bytes.drain(..bytes.len() - kept);
        if input.by_ref().take(1 << 20).read_to_end(&mut bytes)? == 0 {
            return Ok(false);
        }
        if memchr::memmem::find(&bytes, &name).is_some() {
            return Ok(true);
        }
    }
}

/// The rows that hold anything, with their numbers, from 1.
fn filled_rows(range: &Range<Data>) -> impl Iterator<Item = (u64, usize, &[Data])> {
    let (row, column) = range.start().unwrap_or_default();
    let numbered = range.rows().zip(u64::from(row) + 1..);
    numbered.map(move |(cells, number)| (number, column as usize, cells))
}

fn first_rows(range: &Range<Data>) -> Vec<(u64, Vec<String>)> {
    let text = |value: &Data| {
        let mut text = String::new();
        push(&mut text, value);
        text
    };
    filled_rows(range)
        .map(|(number, column, cells)| {
            let empty = std::iter::repeat_n(String::new(), column);
            let mut row: Vec<String> = empty.chain(cells.iter().map(text)).collect();
            while row.pop_if(|last| last.trim().is_empty()).is_some() {}
            (number, row)
        })
        .filter(|(_, row)| !row.is_empty())
        .take(HEADER_AMONG)
        .collect()
}

fn rows(range: &Range<Data>, header_row: u64, writer: &mut RowWriter) -> Result<(), Ended> {
    let last = range.end().map_or(1.0, |(row, _)| f64::from(row) + 1.0);
    for (number, first, cells) in filled_rows(range).filter(|row| row.0 > header_row) {
        for (value, column) in cells.iter().zip(first..) {
            if *value != Data::Empty {
                push(writer.cell(column), value);
            }
        }
        writer.end_row(number, number as f64 / last)?;
    }
    Ok(())
}

fn push(text: &mut String, value: &Data) -> bool {
    match value {
        Data::Int(number) => cell::push(text, &DataRef::Int(*number)),
        Data::Float(number) => cell::push(text, &DataRef::Float(*number)),
        Data::String(string) | Data::DateTimeIso(string) | Data::DurationIso(string) => {
            cell::push(text, &DataRef::SharedString(string))
        }
        Data::Bool(value) => cell::push(text, &DataRef::Bool(*value)),
        Data::DateTime(moment) => cell::push(text, &DataRef::DateTime(*moment)),
        Data::Error(error) => cell::push(text, &DataRef::Error(error.clone())),
        _ => false,
    }
}
