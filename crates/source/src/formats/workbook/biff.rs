//! Checking the records of an Excel 97–2003 workbook before calamine reads them ([MS-XLS]; Excel's own
//! and OpenOffice's documentation for earlier versions).
//!
//! calamine silently skips what it does not know: formulas with the record numbers of Excel 3 and 4,
//! formats with numbers that are not Excel's, texts that the table of strings lacks. So records are
//! checked here first. A known record under another number gets the number that calamine knows, in a
//! copy. A record that cannot be read is an error. Cells are counted, so that none is lost.

use std::collections::BTreeMap;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

use super::shown::ShownDigits;
use crate::input::error::SourceProblem;

const BOF: u16 = 0x0809;
const EOF: u16 = 0x000A;
const FORMULA: u16 = 0x0006;
/// Formulas of Excel 3 and 4, which some programs still write.
const OLD_FORMULAS: [u16; 2] = [0x0206, 0x0406];
const DIMENSIONS: u16 = 0x0200;
const NUMBER: u16 = 0x0203;
const RK: u16 = 0x027E;
const STRING: u16 = 0x0207;
const CONTINUE: u16 = 0x003C;
const BOUND_SHEET: u16 = 0x0085;
const FORMAT: u16 = 0x041E;
const XF: u16 = 0x00E0;
const DATE_MODE: u16 = 0x0022;
const FILE_PASS: u16 = 0x002F;
/// A number that no record has.
const NOTHING: u16 = 0x0FFF;
/// Built-in formats: a date, and a span of time.
const DATE: u16 = 14;
const TIME_SPAN: u16 = 46;

/// The findings in the stream of a workbook.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Survey {
    /// Offsets in the stream, and the numbers to write there.
    pub(super) patches: Vec<(u64, u16)>,
    /// The worksheets, in the order of the workbook.
    pub(super) sheets: Vec<SheetSurvey>,
    /// What the styles of the workbook show.
    pub(super) shown: ShownDigits,
    /// Whether the workbook is encrypted.
    pub(super) is_encrypted: bool,
}

/// The findings in a sheet.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct SheetSurvey {
    /// The number of filled cells; `None` where it is not certain.
    pub(super) cells: Option<u64>,
    /// The styles of numbers, by row and column, where they show more than the number.
    pub(super) styles: BTreeMap<(u16, u16), u16>,
}

/// A record of the stream: its number, its offset and its body.
struct Record {
    kind: u16,
    at: u64,
    body: Vec<u8>,
}

impl Record {
    fn word(&self, at: usize) -> Option<u16> {
        Some(u16::from_le_bytes(*self.body.get(at..)?.first_chunk()?))
    }

    /// The row and the column that a cell begins with.
    fn cell(&self) -> Option<(u16, u16)> {
        Some((self.word(0)?, self.word(2)?))
    }

    /// The cell and its style, where that shows more than a number.
    fn style(&self, shown: &ShownDigits) -> Option<((u16, u16), u16)> {
        let style = self.word(4)?;
        shown.is_more(style).then_some((self.cell()?, style))
    }
}

/// Reads records one after the other: a number, a length, and a body of that length ([MS-XLS], 2.1.4).
struct Records<R> {
    stream: R,
    at: u64,
    record: Record,
}

impl<R: Read> Records<R> {
    fn of(stream: R, at: u64) -> Self {
        Records { stream, at, record: Record { kind: 0, at, body: Vec::new() } }
    }

    /// The next record; `None` where the stream ends, even within a record.
    fn next(&mut self) -> io::Result<Option<&Record>> {
        let mut head = [0; 4];
        if let Err(error) = self.stream.read_exact(&mut head) {
            return match error.kind() {
                io::ErrorKind::UnexpectedEof => Ok(None),
                _ => Err(error),
            };
        }
        let [kind, length] = [[head[0], head[1]], [head[2], head[3]]].map(u16::from_le_bytes);
        let record = &mut self.record;
        (record.kind, record.at) = (kind, self.at);
        record.body.clear();
        self.stream.by_ref().take(length.into()).read_to_end(&mut record.body)?;
        self.at += 4 + u64::from(length);
        Ok((record.body.len() == usize::from(length)).then_some(&self.record))
    }
}

/// calamine takes memory for the whole rectangle of the cells of a sheet.
fn too_far_apart() -> SourceProblem {
    SourceProblem::NotRead {
        what: "cells of this workbook stand too far apart".to_owned(),
        instead: "copy the contacts to a new workbook, or save it as XLSX",
    }
}

fn not_read(what: &str) -> SourceProblem {
    SourceProblem::NotRead {
        what: what.to_owned(),
        instead: "open it in a spreadsheet program and save it as XLSX",
    }
}

/// Looks through the stream of a workbook.
pub(super) fn survey<R: Read + Seek>(stream: &mut R) -> Result<Survey, SourceProblem> {
    let damaged = |error: io::Error| SourceProblem::damaged("workbook", error);
    stream.rewind().map_err(damaged)?;
    let (mut survey, sheets) = globals(BufReader::with_capacity(64 << 10, &mut *stream))?;
    if survey.is_encrypted {
        return Ok(survey);
    }
    for position in sheets {
        stream.seek(SeekFrom::Start(position)).map_err(damaged)?;
        let records = BufReader::with_capacity(64 << 10, &mut *stream);
        let records = Records::of(records, position);
        let sheet = sheet(records, &survey.shown, &mut survey.patches)?;
        survey.sheets.push(sheet);
    }
    survey.patches.sort_unstable();
    survey.patches.dedup();
    Ok(survey)
}

/// Looks through the part before the sheets: for the offsets of the sheets, and for formats with numbers
/// that calamine refuses.
fn globals(stream: impl Read) -> Result<(Survey, Vec<u64>), SourceProblem> {
    let (mut survey, mut sheets, mut is_listed) = (Survey::default(), Vec::new(), false);
    let mut formats: BTreeMap<u16, String> = BTreeMap::new();
    let mut looks: Vec<(u64, u16)> = Vec::new();
    let mut is_biff8 = true;
    let mut records = Records::of(stream, 0);
    while let Some(record) = records.next().map_err(SourceProblem::Io)? {
        match record.kind {
            BOF => is_biff8 = record.word(0) != Some(0x0500),
            // Method 0 is obfuscation, not encryption.
            FILE_PASS if record.word(0) != Some(0) => {
                survey.is_encrypted = true;
                return Ok((survey, sheets));
            }
            BOUND_SHEET => {
                is_listed = true;
                match record.body.get(..6) {
                    Some(&[a, b, c, d, _, 0]) => {
                        sheets.push(u32::from_le_bytes([a, b, c, d]).into());
                    }
                    // A chart, a macro sheet, a module: calamine would read it as a sheet.
                    _ => survey.patches.push((record.at, NOTHING)),
                }
            }
            FORMAT => {
                if let (Some(number), Some(text)) = (record.word(0), format(record, is_biff8)) {
                    formats.insert(number, text);
                }
            }
            XF => looks.push((record.at + 6, record.word(2).unwrap_or_default())),
            EOF => break,
            _ => {}
        }
    }
    if !is_listed {
        return Err(not_read("this workbook is written in the way of Excel 4"));
    }
    let odd = |&(at, number): &(u64, u16)| {
        let stands_in = odd_format(number, formats.get(&number)?)?;
        Some((at, stands_in))
    };
    survey.patches.extend(looks.iter().filter_map(odd));
    let formats = looks.iter().map(|(_, number)| formats.get(number).map(String::as_str));
    survey.shown = ShownDigits::of(formats);
    Ok((survey, sheets))
}

/// The text of a format. All characters with a meaning in formats are ASCII.
fn format(record: &Record, is_biff8: bool) -> Option<String> {
    let text = record.body.get(if is_biff8 { 5.. } else { 3.. })?;
    let is_wide = is_biff8 && record.body[4] & 1 != 0;
    let bytes = text.chunks(if is_wide { 2 } else { 1 }).map(|unit| match unit {
        [byte] | [byte, 0] if byte.is_ascii() => char::from(*byte),
        _ => '?',
    });
    Some(bytes.collect())
}

/// The built-in format that replaces one of dates or time spans whose number calamine refuses.
fn odd_format(number: u16, text: &str) -> Option<u16> {
    if matches!(number, 5..=8 | 23..=26 | 41..=44 | 63..=66 | 164..=382) {
        return None;
    }
    moment_format(text.as_bytes())
}

/// The built-in format that replaces this one, if it is one of dates or time spans.
fn moment_format(text: &[u8]) -> Option<u16> {
    if text.eq_ignore_ascii_case(b"General") {
        return None;
    }
    let mut bytes = text.iter().map(u8::to_ascii_lowercase);
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => {
                let _ = bytes.find(|&byte| byte == b'"');
            }
            b'\\' | b'_' | b'*' => {
                let _ = bytes.next();
            }
            b'[' => {
                let inside: Vec<u8> = bytes.by_ref().take_while(|&byte| byte != b']').collect();
                if !inside.is_empty()
                    && [b'h', b'm', b's'].iter().any(|unit| inside.iter().all(|byte| byte == unit))
                {
                    return Some(TIME_SPAN);
                }
            }
            b'd' | b'm' | b'y' | b'h' | b's' => return Some(DATE),
            _ => {}
        }
    }
    None
}

/// Looks through a sheet as calamine does, and counts its cells.
fn sheet(
    mut records: Records<impl Read>,
    shown: &ShownDigits,
    patches: &mut Vec<(u64, u16)>,
) -> Result<SheetSurvey, SourceProblem> {
    let mut styles = BTreeMap::new();
    let mut count = Count::default();
    let mut extent = Extent::default();
    let (mut formula, mut depth, mut before) = ((0, 0), 0_u32, 0);
    while let Some(record) = records.next().map_err(SourceProblem::Io)? {
        match record.kind {
            BOF => depth += 1,
            EOF if depth <= 1 => break,
            EOF => depth -= 1,
            // A chart in the sheet has cells of its own.
            _ if depth > 1 => {}
            DIMENSIONS if is_no_sheet(&record.body) => return Err(too_far_apart()),
            FORMULA | 0x0206 | 0x0406 => {
                if OLD_FORMULAS.contains(&record.kind) {
                    patches.push((record.at, FORMULA));
                }
                if record.body.len() < 20 {
                    return Err(not_read("a formula of this workbook is written in an old way"));
                }
                formula = record.cell().unwrap_or_default();
                styles.extend(record.style(shown));
                extent.add(formula, formula.1);
                // The text of a formula follows in a record of its own.
                let gave_text = record.body[6] == 0 && record.body[12..14] == [0xFF, 0xFF];
                if !gave_text {
                    count.add(formula, formula.1);
                }
            }
            STRING => {
                extent.add(formula, formula.1);
                count.add(formula, formula.1);
            }
            // Label, RString, BoolErr, LabelSst.
            NUMBER | RK | 0x0204 | 0x00D6 | 0x0205 | 0x00FD => {
                if let Some(cell) = record.cell() {
                    if matches!(record.kind, NUMBER | RK) {
                        styles.extend(record.style(shown));
                    }
                    extent.add(cell, cell.1);
                    count.add(cell, cell.1);
                }
            }
            // MulRk: the last column stands at its end.
            0x00BD => {
                let last = record.body.len().checked_sub(2).and_then(|at| record.word(at));
                if let (Some(cell), Some(last)) = (record.cell(), last) {
                    extent.add(cell, last);
                    count.add(cell, last);
                    // Behind the row and the first column, each cell has a style and four bytes.
                    let cells = (cell.1..=last).zip((4..).step_by(6));
                    let style = |(column, at)| Some(((cell.0, column), record.word(at)?));
                    let shows_more = |&(_, style): &_| shown.is_more(style);
                    styles.extend(cells.filter_map(style).filter(shows_more));
                }
            }
            // Cells of Excel 2, and RK under an earlier number.
            0x0002..=0x0005 | 0x0007 | 0x007E => {
                return Err(not_read("cells of this workbook are written in the way of Excel 2"));
            }
            // Before Excel 5, each sheet had its own date system.
            DATE_MODE if record.word(0) == Some(1) => {
                return Err(not_read("dates of this workbook are written in the way of Excel 4"));
            }
            // calamine would read only the beginning.
            CONTINUE if matches!(before, STRING | 0x0204 | 0x00D6) => {
                return Err(not_read("a cell of this workbook has a text in several pieces"));
            }
            _ => {}
        }
        before = record.kind;
    }
    if extent.is_far_flung() {
        return Err(too_far_apart());
    }
    Ok(SheetSurvey { cells: count.cells, styles })
}

/// Counts cells, as long as they come in order.
struct Count {
    last: Option<(u16, u16)>,
    cells: Option<u64>,
}

impl Default for Count {
    fn default() -> Self {
        Count { last: None, cells: Some(0) }
    }
}

impl Count {
    /// Adds the cells of a row from one column to the last one.
    fn add(&mut self, first: (u16, u16), last: u16) {
        // The value of a formula comes in a second record.
        if self.last == Some(first) {
            return;
        }
        if self.last.is_some_and(|before| before > first) {
            self.cells = None;
        }
        let added = u64::from(last.saturating_sub(first.1)) + 1;
        self.cells = self.cells.map(|cells| cells + added);
        self.last = Some((first.0, last));
    }
}

/// Whether the dimensions are not those of a sheet. They are the first row, the row behind the last, and
/// the same of columns ([MS-XLS], 2.4.90; before Excel 97, rows have shorter numbers).
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

/// The rectangle of the cells of a sheet, and their number.
#[derive(Default)]
struct Extent {
    rows: Option<(u16, u16)>,
    columns: Option<(u16, u16)>,
    cells: u64,
}

impl Extent {
    /// Adds the cells of a row from one column to the last one.
    fn add(&mut self, (row, first): (u16, u16), last: u16) {
        let with = |range: Option<(u16, u16)>, low: u16, high: u16| {
            let (start, end) = range.unwrap_or((low, high));
            Some((start.min(low), end.max(high)))
        };
        self.rows = with(self.rows, row, row);
        self.columns = with(self.columns, first, last);
        self.cells += u64::from(last.saturating_sub(first)) + 1;
    }

    /// Whether the rectangle has more than a million cells, and fewer than one in thirty is filled.
    fn is_far_flung(&self) -> bool {
        let length = |range: Option<(u16, u16)>| {
            range.map_or(0, |(start, end)| u64::from(end) - u64::from(start) + 1)
        };
        let rectangle = length(self.rows) * length(self.columns);
        rectangle > 1 << 20 && rectangle / 30 > self.cells
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: u16, body: &[u16]) -> Vec<u8> {
        let words = [kind, 2 * body.len() as u16].into_iter().chain(body.iter().copied());
        words.flat_map(u16::to_le_bytes).collect()
    }

    /// A workbook with a sheet of these records, behind these of its own.
    fn book(own: &[Vec<u8>], sheet: &[Vec<u8>]) -> Vec<u8> {
        let begin = record(0x0809, &[0x0600, 0x0005]);
        let own = own.concat();
        let position = begin.len() + own.len() + 4 + 12 + 4;
        let listed = record(0x0085, &[position as u16, 0, 0, 0x0001, 0x0041, 0]);
        let end = record(0x000A, &[]);
        let sheet = [record(0x0809, &[0x0600, 0x0010]), sheet.concat(), end.clone()].concat();
        [begin, own, listed, end, sheet].concat()
    }

    fn survey_of(stream: &[u8]) -> Result<Survey, SourceProblem> {
        survey(&mut io::Cursor::new(stream))
    }

    /// Numbers in these cells.
    fn numbers(cells: &[(u16, u16)]) -> Vec<Vec<u8>> {
        let number = |&(row, column): &(u16, u16)| record(0x0203, &[row, column, 0, 0, 0, 0, 0]);
        cells.iter().map(number).collect()
    }

    fn is_too_far_apart(stream: &[u8]) -> bool {
        match survey_of(stream) {
            Err(SourceProblem::NotRead { what, .. }) => what.contains("too far apart"),
            outcome => outcome.map(|_| false).unwrap(),
        }
    }

    #[test]
    fn two_cells_in_far_corners_are_not_a_table() {
        let corners = numbers(&[(0, 0), (65_535, 255)]);
        let table: Vec<(u16, u16)> =
            (0..65_535).flat_map(|row| [(row, 0), (row, 1), (row, 19)]).collect();
        assert!(is_too_far_apart(&book(&[], &corners)));
        assert!(!is_too_far_apart(&book(&[], &numbers(&table))));
        assert!(!is_too_far_apart(&book(&[], &numbers(&[(0, 0), (900, 255)]))));
        assert!(is_too_far_apart(&book(&[record(FILE_PASS, &[0])], &corners)));
        assert!(!is_too_far_apart(&book(&[record(FILE_PASS, &[1])], &corners)));
    }

    #[test]
    fn dimensions_that_no_sheet_has_take_no_memory() {
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
            let dimensions = record(DIMENSIONS, words);
            let found = is_too_far_apart(&book(&[], std::slice::from_ref(&dimensions)));
            assert_eq!(found, is_no_sheet, "{words:?}");
            // The list of sheets points into another record.
            let sheet = [dimensions, record(EOF, &[])].concat();
            let words: Vec<u16> =
                sheet.chunks_exact(2).map(|two| u16::from_le_bytes([two[0], two[1]])).collect();
            let inside = record(0x0ABC, &words);
            let listed = record(BOUND_SHEET, &[28, 0, 0, 0x0001, 0x0041, 0]);
            let stream =
                [record(BOF, &[0x0600, 0x0005]), listed, inside, record(EOF, &[])].concat();
            assert_eq!(is_too_far_apart(&stream), is_no_sheet, "{words:?}");
        }
    }

    #[test]
    fn old_record_numbers_are_replaced_and_cells_are_counted() {
        let formula = |kind, gave: u16| record(kind, &[1, 1, 0, gave, 0, 0, 0xFFFF, 0, 0, 0, 0]);
        let text = record(0x0207, &[1, 0x4100]);
        let sheet = [
            record(0x00FD, &[0, 0, 0, 0, 0]),
            record(0x00BD, &[0, 1, 0, 0, 0, 0, 0, 0, 2]),
            formula(0x0406, 0),
            text.clone(),
            record(0x0203, &[2, 0, 0, 0, 0, 0, 0]),
        ];
        let stream = book(&[], &sheet);
        let found = survey_of(&stream).unwrap();
        assert_eq!(found.sheets[0].cells, Some(5));
        let [(at, FORMULA)] = found.patches[..] else { panic!("{found:?}") };
        assert_eq!(stream[at as usize..at as usize + 2], 0x0406_u16.to_le_bytes());
        for kind in [0x0006, 0x0206] {
            let found = survey_of(&book(&[], &[formula(kind, 1)])).unwrap();
            let found = (found.sheets[0].cells, found.patches.len());
            assert_eq!(found, (Some(1), usize::from(kind != 6)));
        }
        // Out of order, it is not known which of two records of one cell counts.
        let turned = [record(0x0205, &[1, 0, 0, 0]), record(0x0205, &[0, 0, 0, 0])];
        assert_eq!(survey_of(&book(&[], &turned)).unwrap().sheets[0].cells, None);
    }

    #[test]
    fn records_that_calamine_would_skip_are_an_error() {
        for records in [
            vec![record(0x0003, &[0, 0, 0, 0, 0, 0, 0])],
            vec![record(0x007E, &[0, 0, 0, 0, 0])],
            vec![record(0x0206, &[0, 0, 0, 0, 0, 0, 0, 0, 0])],
            vec![record(0x0022, &[1])],
            vec![record(0x0204, &[0, 0, 0, 1, 0]), record(CONTINUE, &[0])],
        ] {
            let outcome = survey_of(&book(&[], &records));
            assert!(matches!(outcome, Err(SourceProblem::NotRead { .. })), "{outcome:?}");
        }
        let no_list = [record(0x0809, &[0x0500, 0x0010]), record(0x000A, &[])].concat();
        assert!(matches!(survey_of(&no_list), Err(SourceProblem::NotRead { .. })));
    }

    #[test]
    fn formats_of_dates_under_odd_numbers_are_found() {
        for (format, stands_in) in [
            ("DD.MM.YYYY", Some(DATE)),
            ("[h]:mm", Some(TIME_SPAN)),
            ("[$-409]d-mmm", Some(DATE)),
            ("[Red]0.00", None),
            ("\"days\" 0", None),
            ("General", None),
            ("0\\d", None),
        ] {
            assert_eq!(moment_format(format.as_bytes()), stands_in, "{format}");
        }
        // Format number 500, and a cell style that has it.
        let format = record(0x041E, &[500, 4, 0x7900, 0x7979, 0x0079]);
        let own = [format, record(0x00E0, &[0, 500, 0])];
        let patches = survey_of(&book(&own, &[])).unwrap().patches;
        assert!(matches!(patches[..], [(_, DATE)]), "{patches:?}");
    }
}
