//! Office Open XML workbooks (ISO/IEC 29500), by calamine's reader of cells.

use std::io::{BufReader, Read};

use calamine::{Reader, SheetType, SheetVisible, Xlsx, XlsxError};

use super::rows::{Ended, RowWriter, SheetSource};
use super::{Candidate, Chosen, cell, choose};
use crate::dump::ReadOptions;
use crate::error::SourceProblem;
use crate::header::HEADER_AMONG;
use crate::input::Input;
use crate::unpack::Archive;

type Workbook = Xlsx<BufReader<Input>>;

pub(super) fn open(input: Input, options: ReadOptions<'_>) -> Result<SheetSource, SourceProblem> {
    check(&input, options)?;
    let bytes = input.len();
    let mut workbook: Workbook = Xlsx::new(BufReader::new(input)).map_err(problem)?;
    let sheets: Vec<(String, bool)> = workbook
        .sheets_metadata()
        .iter()
        .filter(|sheet| sheet.typ == SheetType::WorkSheet)
        .map(|sheet| (sheet.name.clone(), sheet.visible != SheetVisible::Visible))
        .collect();
    let mut candidates = Vec::new();
    for (name, is_hidden) in sheets {
        let is_wanted = options.sheet.is_none_or(|wanted| wanted == name);
        let rows = if is_wanted { first_rows(&mut workbook, &name)? } else { Vec::new() };
        candidates.push(Candidate { name, rows, is_hidden });
    }
    let Some(Chosen { sheet, header_row, header }) = choose(candidates, options)? else {
        return Ok(SheetSource::empty());
    };
    SheetSource::spawn(header, bytes, move |writer| rows(workbook, &sheet, header_row, writer))
}

fn problem(error: XlsxError) -> SourceProblem {
    match error {
        XlsxError::Password => SourceProblem::Password { what: "this workbook" },
        error => SourceProblem::damaged("workbook", error),
    }
}

/// What calamine takes into memory whole is read once before, against the limits: what a directory
/// says of the size of its files, and a table of strings of how many it has, need not be true.
fn check(input: &Input, options: ReadOptions<'_>) -> Result<(), SourceProblem> {
    let archive = Archive::of(input.clone(), options.inflate)?;
    for member in &archive.members {
        let name = member.name.to_ascii_lowercase();
        let is_sheet = name.contains("worksheets/") || !name.ends_with(".xml");
        if is_sheet && !name.ends_with(".rels") {
            continue;
        }
        let mut reader = member.reader(input.clone(), options.inflate)?;
        let mut head = Vec::new();
        let read = reader.by_ref().take(4 << 10).read_to_end(&mut head);
        read.map_err(SourceProblem::reading)?;
        if name.ends_with("sharedstrings.xml") && claims_too_many(&head, member.size) {
            let error = "it cannot hold as many strings as it says";
            return Err(SourceProblem::damaged("workbook", error));
        }
        std::io::copy(&mut reader, &mut std::io::sink()).map_err(SourceProblem::reading)?;
    }
    Ok(())
}

/// Whether a table of strings says that it has more of them than its size has room for.
fn claims_too_many(head: &[u8], size: u64) -> bool {
    let attribute = b"uniqueCount=";
    memchr::memmem::find_iter(head, attribute).any(|at| {
        let digits = head[at + attribute.len()..].iter().skip(1).take_while(|b| b.is_ascii_digit());
        let claimed = digits.fold(0_u64, |number, digit| {
            number.saturating_mul(10).saturating_add(u64::from(digit - b'0'))
        });
        // The shortest string is `<si/>`.
        claimed > size / 5
    })
}

/// The first rows that hold anything.
fn first_rows(
    workbook: &mut Workbook,
    sheet: &str,
) -> Result<Vec<(u64, Vec<String>)>, SourceProblem> {
    let mut cells = match workbook.worksheet_cells_reader(sheet) {
        Ok(cells) => cells,
        // A sheet of charts, or of a macro language.
        Err(XlsxError::NotAWorksheet(_)) => return Ok(Vec::new()),
        Err(error) => return Err(problem(error)),
    };
    let mut rows: Vec<(u64, Vec<String>)> = Vec::new();
    while let Some(cell) = cells.next_cell().map_err(problem)? {
        let (row, column) = cell.get_position();
        let (number, column) = (u64::from(row) + 1, column as usize);
        let mut text = String::new();
        if !cell::push(&mut text, cell.get_value()) || text.trim().is_empty() {
            continue;
        }
        if rows.last().is_none_or(|(last, _)| *last != number) {
            if rows.len() == HEADER_AMONG {
                break;
            }
            rows.push((number, Vec::new()));
        }
        if let Some((_, fields)) = rows.last_mut() {
            fields.resize(fields.len().max(column + 1), String::new());
            fields[column] = text;
        }
    }
    Ok(rows)
}

/// All rows below the header row.
fn rows(
    mut workbook: Workbook,
    sheet: &str,
    header_row: u64,
    writer: &mut RowWriter,
) -> Result<(), Ended> {
    let mut cells = workbook.worksheet_cells_reader(sheet).map_err(problem)?;
    let last = f64::from(cells.dimensions().end.0) + 1.0;
    let mut present = 0;
    let share = |number: u64| number as f64 / last;
    while let Some(cell) = cells.next_cell().map_err(problem)? {
        let (row, column) = cell.get_position();
        let number = u64::from(row) + 1;
        if number != present {
            writer.end_row(present, share(present))?;
            present = number;
        }
        let value = cell.get_value();
        if number > header_row && *value != calamine::DataRef::Empty {
            cell::push(writer.cell(column as usize), value);
        }
    }
    writer.end_row(present, share(present))
}
