//! Excel 97–2003 workbooks, by calamine. It reads the whole workbook into memory, as these cannot be large.

use std::collections::BTreeMap;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom, Write};

use calamine::{Data, DataRef, Range, Reader, SheetType, SheetVisible, Xls, XlsError};

use super::biff::{self, Survey};
use super::cell;
use super::sheet::{Candidate, Choose, Chosen};
use super::shown::ShownDigits;
use crate::input::Input;
use crate::input::error::SourceProblem;
use crate::input::options::ReadOptions;
use crate::records::header::HeaderSearch;
use crate::records::table::{Ended, RowWriter, TableOf, TableSource};

/// Maximum size. A full sheet has 65,536 rows, and with fifty columns of text takes about 100 MB.
const MAX_BYTES: u64 = 512 << 20;

pub(super) fn open(
    input: Input,
    options: ReadOptions<'_>,
    choose: Choose<'_>,
) -> Result<TableSource, SourceProblem> {
    if input.len() > MAX_BYTES {
        return Err(SourceProblem::damaged("workbook", "no XLS is so large"));
    }
    if holds(input.clone(), "EncryptedPackage").map_err(SourceProblem::Io)? {
        return Err(SourceProblem::Password { what: "this workbook" });
    }
    let damaged = |error: io::Error| SourceProblem::damaged("workbook", error);
    let mut file = cfb::CompoundFile::open(input.clone()).map_err(damaged)?;
    // Excel 97 to 2003, and Excel 5.0 and 95.
    let Some(name) = ["/Workbook", "/Book"].into_iter().find(|name| file.is_stream(name)) else {
        let other = OTHERS.iter().find(|(stream, _)| file.is_stream(stream));
        return Err(SourceProblem::Format { format: other.map_or(UNKNOWN, |(_, what)| what) });
    };
    let survey = biff::survey(&mut file.open_stream(name).map_err(damaged)?)?;
    drop(file);
    if survey.patches.is_empty() {
        return read(BufReader::new(input.clone()), survey, &input, options, choose);
    }
    let copy = patched(input.clone(), name, &survey).map_err(damaged)?;
    read(copy, survey, &input, options, choose)
}

/// Other documents in compound files, each by a stream that it has.
const OTHERS: [(&str, &str); 6] = [
    ("/WordDocument", "a Word document (DOC)"),
    ("/PowerPoint Document", "a presentation (PPT)"),
    ("/__properties_version1.0", "an Outlook message (MSG)"),
    ("/VisioDocument", "a Visio drawing"),
    ("/Quill/QuillSub/CONTENTS", "a Publisher document"),
    ("/MatOST", "a Works document"),
];

const UNKNOWN: &str = "an Office file (OLE) that is no workbook";

/// A copy of the workbook with the numbers that calamine knows.
fn patched(mut input: Input, name: &str, survey: &Survey) -> io::Result<Cursor<Vec<u8>>> {
    let mut bytes = Vec::new();
    input.read_to_end(&mut bytes)?;
    let mut file = cfb::CompoundFile::open(Cursor::new(bytes))?;
    let mut stream = file.open_stream(name)?;
    for &(at, number) in &survey.patches {
        stream.seek(SeekFrom::Start(at))?;
        stream.write_all(&number.to_le_bytes())?;
    }
    stream.flush()?;
    drop(stream);
    Ok(file.into_inner())
}

fn read(
    workbook: impl Read + Seek,
    mut survey: Survey,
    input: &Input,
    options: ReadOptions<'_>,
    choose: Choose<'_>,
) -> Result<TableSource, SourceProblem> {
    let mut workbook = match Xls::new(workbook) {
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
    for (index, (name, is_hidden)) in sheets.iter().enumerate() {
        let range = workbook.worksheet_range(name);
        let range = range.map_err(|error| SourceProblem::damaged("workbook", error))?;
        let is_wanted = options.sheets.may_be(name);
        // No cell may be lost silently.
        if is_wanted
            && let Some(cells) = survey.sheets.get(index).and_then(|sheet| sheet.cells)
            && cells != range.used_cells().count() as u64
        {
            let error = "not all of its cells can be read";
            return Err(SourceProblem::damaged("workbook", error));
        }
        candidates.push(Candidate {
            name: name.clone(),
            rows: first_rows(&range, HeaderSearch::new(&options).rows()),
            is_hidden: *is_hidden,
        });
    }
    let Some(Chosen { sheet, header_row, header }) = choose(candidates)? else {
        return Ok(TableSource::empty());
    };
    let range = workbook.worksheet_range(&sheet);
    let range = range.map_err(|error| SourceProblem::damaged("workbook", error))?;
    drop(workbook);
    let index = sheets.iter().position(|(name, _)| *name == sheet);
    let styles = index.and_then(|index| survey.sheets.get_mut(index));
    let styles = styles.map(|sheet| std::mem::take(&mut sheet.styles)).unwrap_or_default();
    TableSource::spawn(TableOf::Workbook, header, input.len(), move |writer| {
        rows(&range, (&survey.shown, &styles), header_row, writer)
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

/// All rows, with their numbers, from 1, and the column of their first cell.
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

fn rows(
    range: &Range<Data>,
    (shown, styles): (&ShownDigits, &BTreeMap<(u16, u16), u16>),
    header_row: u64,
    writer: &mut RowWriter,
) -> Result<(), Ended> {
    let style_of = |row: u64, column: usize| {
        let cell = (u16::try_from(row).ok()?, u16::try_from(column).ok()?);
        styles.get(&cell).map(|&style| usize::from(style))
    };
    let last = range.end().map_or(1.0, |(row, _)| f64::from(row) + 1.0);
    for (number, first, cells) in filled_rows(range).filter(|row| row.0 > header_row) {
        for (value, column) in cells.iter().zip(first..) {
            if *value == Data::Empty {
                continue;
            }
            let text = writer.cell(column);
            let shown_number = match (style_of(number - 1, column), value) {
                (Some(style), &Data::Float(value)) => shown.push(text, style, value),
                (Some(style), &Data::Int(value)) => shown.push(text, style, value as f64),
                _ => false,
            };
            if !shown_number {
                push(text, value);
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
    use super::super::sheet::choose;
    use super::*;

    #[test]
    fn other_documents_in_compound_files_are_named() {
        let streams = OTHERS.iter().filter(|(stream, _)| !stream[1..].contains('/'));
        for (stream, what) in streams.copied().chain([("/Other", UNKNOWN)]) {
            let mut file = cfb::CompoundFile::create(Cursor::new(Vec::new())).unwrap();
            file.create_stream(stream).unwrap().write_all(b"text").unwrap();
            file.flush().unwrap();
            let bytes = file.into_inner().into_inner();
            let input = Input::spool("in", &bytes[..], tempfile::tempfile).unwrap();
            let options = ReadOptions::new(&tempfile::tempfile);
            match open(input, options, &mut |candidates| choose(candidates, options)) {
                Err(SourceProblem::Format { format }) => assert_eq!(format, what),
                _ => panic!("{stream}"),
            }
        }
    }
}
