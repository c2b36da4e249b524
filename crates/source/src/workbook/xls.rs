//! Excel 97–2003 workbooks, by calamine, which takes them into memory whole: they cannot be large.

use std::io::{self, BufReader, Read};

use calamine::{Data, DataRef, Range, Reader, SheetType, SheetVisible, Xls, XlsError};

use super::{Candidate, Chosen, cell, choose};
use crate::dump::ReadOptions;
use crate::error::SourceProblem;
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
    if is_far_flung(input.clone()) {
        return Err(SourceProblem::damaged("workbook", "its cells stand too far apart"));
    }
    let mut workbook: Xls<_> = match Xls::new(BufReader::new(input)) {
        Ok(workbook) => workbook,
        Err(XlsError::Password) => return Err(SourceProblem::Password { what: "this workbook" }),
        Err(error) => return Err(SourceProblem::damaged("workbook", error)),
    };
    let sheets: Vec<(String, bool)> = workbook
        .sheets_metadata()
        .iter()
        .filter(|sheet| sheet.typ == SheetType::WorkSheet)
        .map(|sheet| (sheet.name.clone(), sheet.visible != SheetVisible::Visible))
        .collect();
    let mut candidates = Vec::new();
    for (name, is_hidden) in sheets {
        let rows = workbook
            .worksheet_range(&name)
            .map(|range| first_rows(&range, options.header_search().rows()));
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

/// Whether a sheet has so few cells in so large a rectangle that it cannot be a table: the parser
/// takes memory for the rectangle. What cannot be told here, the parser tells.
fn is_far_flung(input: Input) -> bool {
    let Ok(mut file) = cfb::CompoundFile::open(input) else { return false };
    // Excel 97 to 2003, and Excel 5.0 and 95.
    let stream = ["/Workbook", "/Book"].into_iter().find(|name| file.is_stream(name));
    let Some(stream) = stream.and_then(|name| file.open_stream(name).ok()) else { return false };
    has_far_flung_sheet(BufReader::with_capacity(64 << 10, stream)).unwrap_or(false)
}

/// The same for the stream of a workbook: records with a type, a length and so many bytes
/// ([MS-XLS], 2.1.4). A cell begins with its row and its column.
fn has_far_flung_sheet(mut records: impl Read) -> io::Result<bool> {
    let mut sheet = Extent::default();
    let mut body = Vec::new();
    let mut head = [0; 4];
    while records.read_exact(&mut head).is_ok() {
        let [kind, length] = [[head[0], head[1]], [head[2], head[3]]].map(u16::from_le_bytes);
        body.clear();
        records.by_ref().take(length.into()).read_to_end(&mut body)?;
        let word = |at: usize| Some(u16::from_le_bytes(*body.get(at..)?.first_chunk()?));
        match kind {
            // FilePass: what follows is encrypted, or, by method 0, only disguised.
            0x002F if word(0) != Some(0) => return Ok(false),
            // Dimensions: the parser makes room for what stands here.
            0x0200 if is_no_sheet(&body) => return Ok(true),
            // BOF and EOF: a sheet begins or ends, or a chart within one, behind its cells.
            0x0809 | 0x000A if sheet.is_far_flung() => return Ok(true),
            0x0809 | 0x000A => sheet = Extent::default(),
            // Formula, Number, Label, BoolErr, RK, LabelSst, RString.
            0x0006 | 0x0206 | 0x0406 | 0x0203 | 0x0204 | 0x0205 | 0x027E | 0x00FD | 0x00D6 => {
                if let (Some(row), Some(column)) = (word(0), word(2)) {
                    sheet.add(row, column, column);
                }
            }
            // MulRk: the last column stands at its end.
            0x00BD => {
                let last = body.len().checked_sub(2).and_then(word);
                if let (Some(row), Some(column), Some(last)) = (word(0), word(2), last) {
                    sheet.add(row, column, last);
                }
            }
            _ => {}
        }
    }
    Ok(sheet.is_far_flung())
}

/// Whether a sheet says that it goes from one row and column to another in a way that no sheet does:
/// the rows, with the one behind the last, and then the columns ([MS-XLS], 2.4.90; before Excel 97, with
/// shorter numbers).
fn is_no_sheet(dimensions: &[u8]) -> bool {
    let number =
        |bytes: &[u8]| bytes.iter().rev().fold(0_u64, |sum, &byte| sum << 8 | u64::from(byte));
    let width = if dimensions.len() == 10 { 2 } else { 4 };
    let Some((rows, columns)) = dimensions.split_at_checked(2 * width) else { return false };
    let Some(columns) = columns.first_chunk::<4>() else { return false };
    let (first, behind) = rows.split_at(width);
    let (first, behind) = (number(first), number(behind));
    let is_row = behind <= 1 << 16 && (first <= behind || behind == 0);
    !is_row || number(&columns[2..]) > 1 << 8
}

/// Where the cells of a sheet lie.
#[derive(Default)]
struct Extent {
    rows: Option<(u16, u16)>,
    columns: Option<(u16, u16)>,
    cells: u64,
}

impl Extent {
    fn add(&mut self, row: u16, first: u16, last: u16) {
        let with = |range: Option<(u16, u16)>, low: u16, high: u16| {
            let (start, end) = range.unwrap_or((low, high));
            Some((start.min(low), end.max(high)))
        };
        self.rows = with(self.rows, row, row);
        self.columns = with(self.columns, first, last);
        self.cells += u64::from(last.saturating_sub(first)) + 1;
    }

    /// A rectangle of a million cells, of which not one in thirty holds anything.
    fn is_far_flung(&self) -> bool {
        let length = |range: Option<(u16, u16)>| {
            range.map_or(0, |(start, end)| u64::from(end) - u64::from(start) + 1)
        };
        let rectangle = length(self.rows) * length(self.columns);
        rectangle > 1 << 20 && rectangle / 30 > self.cells
    }
}

/// The rows that hold anything, with their numbers, from 1.
fn filled_rows(range: &Range<Data>) -> impl Iterator<Item = (u64, usize, &[Data])> {
    let (row, column) = range.start().unwrap_or_default();
    let numbered = range.rows().zip(u64::from(row) + 1..);
    numbered.map(move |(cells, number)| (number, column as usize, cells))
}

fn first_rows(range: &Range<Data>, max: usize) -> Vec<(u64, Vec<String>)> {
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
        .take(max)
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

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;

    use super::*;

    fn record(kind: u16, body: &[u16]) -> Vec<u8> {
        let words = [kind, 2 * body.len() as u16].into_iter().chain(body.iter().copied());
        words.flat_map(u16::to_le_bytes).collect()
    }

    /// A sheet with a number in each of these cells, and a sheet with one behind it.
    fn stream(cells: &[(u16, u16)]) -> Vec<u8> {
        let number = |&(row, column): &(u16, u16)| record(0x0203, &[row, column, 0, 0, 0, 0, 0]);
        let begin = record(0x0809, &[0x0600, 0x0010]);
        let end = record(0x000A, &[]);
        let cells: Vec<u8> = cells.iter().flat_map(number).collect();
        [begin.clone(), cells, end.clone(), begin, number(&(0, 0)), end].concat()
    }

    #[test]
    fn two_cells_in_far_corners_are_no_table() {
        let corners = [(0, 0), (65_535, 255)];
        assert!(has_far_flung_sheet(stream(&corners).as_slice()).unwrap());
        let table: Vec<(u16, u16)> =
            (0..65_535).flat_map(|row| [(row, 0), (row, 1), (row, 19)]).collect();
        assert!(!has_far_flung_sheet(stream(&table).as_slice()).unwrap());
        assert!(!has_far_flung_sheet(stream(&[(0, 0), (900, 255)]).as_slice()).unwrap());
        let dimensions = |words: &[u16]| [record(0x0200, words), stream(&[(0, 0)])].concat();
        for (words, is_no_sheet) in [
            (&[0, 0, 0xFFFF, 0, 0, 20, 0][..], false),
            (&[0, 0, 0, 1, 0, 0x100, 0], false),
            (&[0, 0, 0, 0, 0, 0, 0], false),
            (&[0, 0, 0, 0x100, 0, 20, 0], true),
            (&[9, 0, 5, 0, 0, 20, 0], true),
            (&[0, 0, 5, 0, 0, 0x4000, 0], true),
            (&[0, 50, 0, 20, 0], false),
            (&[60, 50, 0, 20, 0], true),
        ] {
            let found = has_far_flung_sheet(dimensions(words).as_slice()).unwrap();
            assert_eq!(found, is_no_sheet, "{words:?}");
        }
        let disguised = [record(0x002F, &[0]), stream(&corners)].concat();
        assert!(has_far_flung_sheet(disguised.as_slice()).unwrap());
        let encrypted = [record(0x002F, &[1]), stream(&corners)].concat();
        assert!(!has_far_flung_sheet(encrypted.as_slice()).unwrap());
    }

    #[test]
    fn a_far_flung_workbook_is_told_from_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("far.xls");
        let file = fs::OpenOptions::new().read(true).write(true).create_new(true).open(&path);
        let mut workbook = cfb::CompoundFile::create(file.unwrap()).unwrap();
        let cells = stream(&[(0, 0), (65_535, 255)]);
        workbook.create_stream("/Workbook").unwrap().write_all(&cells).unwrap();
        workbook.flush().unwrap();
        let input = Input::open(&path, || Err(io::Error::other("no pipe"))).unwrap();
        assert!(is_far_flung(input));
    }
}
