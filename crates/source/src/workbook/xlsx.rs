//! Office Open XML workbooks (ISO/IEC 29500), by calamine's reader of cells.

use std::io::{BufReader, Read, Seek, Write};

use calamine::{Reader, SheetType, SheetVisible, Xlsx, XlsxError};

use super::events::ShortEvents;
use super::{Candidate, Chosen, MAX_COLUMNS, MAX_ROWS, cell, choose};
use crate::dump::ReadOptions;
use crate::error::SourceProblem;
use crate::input::Input;
use crate::table::{Ended, RowWriter, TableOf, TableSource};
use crate::unpack::{Archive, InflateLimits, Member};

type Workbook = Xlsx<BufReader<Input>>;

pub(super) fn open(input: Input, options: ReadOptions<'_>) -> Result<TableSource, SourceProblem> {
    let bytes = input.len();
    let mut workbook = checked(&input, options)?;
    let sheets: Vec<(String, bool)> = workbook
        .sheets_metadata()
        .iter()
        .filter(|sheet| sheet.typ == SheetType::WorkSheet)
        .map(|sheet| (sheet.name.clone(), sheet.visible != SheetVisible::Visible))
        .collect();
    let mut candidates = Vec::new();
    for (name, is_hidden) in sheets {
        let is_wanted = options.sheet.is_none_or(|wanted| wanted == name);
        let rows = if is_wanted {
            first_rows(&mut workbook, &name, options.header_search().rows())?
        } else {
            Vec::new()
        };
        candidates.push(Candidate { name, rows, is_hidden });
    }
    let Some(Chosen { sheet, header_row, header }) = choose(candidates, options)? else {
        return Ok(TableSource::empty());
    };
    TableSource::spawn(TableOf::Workbook, header, bytes, move |writer| {
        rows(workbook, &sheet, header_row, writer)
    })
}

fn problem(error: XlsxError) -> SourceProblem {
    match error {
        XlsxError::Password => SourceProblem::Password { what: "this workbook" },
        error => SourceProblem::damaged("workbook", error),
    }
}

/// Opens the workbook once its parts were held against the limits.
///
/// What calamine takes into memory whole (a part, or one cell of a sheet) is read before: what a
/// directory says of the size of its files, and a table of strings of how many it has, need not be
/// true. Sheets are looked at while calamine reads the strings; their checksums are looked at here alone,
/// as calamine stops where the cells end.
fn checked(input: &Input, options: ReadOptions<'_>) -> Result<Workbook, SourceProblem> {
    let archive = Archive::of(input.clone(), options.inflate)?;
    let is_xml = |member: &&Member| {
        let name = member.name.to_ascii_lowercase();
        name.ends_with(".xml") || name.ends_with(".rels")
    };
    let is_sheet = |member: &&Member| member.name.to_ascii_lowercase().contains("worksheets/");
    let (sheets, others): (Vec<&Member>, Vec<&Member>) =
        archive.members.iter().filter(is_xml).partition(is_sheet);
    let inflate = options.inflate;
    let look = |member: &Member| check(member, input.clone(), inflate);
    others.into_iter().try_for_each(look)?;
    let without_macros = without_macros(&archive, input, options)?;
    let readable = without_macros.as_ref().unwrap_or(input);
    std::thread::scope(|scope| {
        let looking = std::thread::Builder::new()
            .name("contactmill-look".into())
            .spawn_scoped(scope, move || sheets.into_iter().try_for_each(look))
            .map_err(SourceProblem::NoThread)?;
        let workbook = Xlsx::new(BufReader::new(readable.clone())).map_err(problem);
        match looking.join() {
            Ok(looked) => looked?,
            Err(panic) => std::panic::resume_unwind(panic),
        }
        workbook
    })
}

/// Sheets of Excel 4 macros, which calamine takes for damage, and a kind that it passes over.
const MACRO_SHEETS: [&str; 2] = ["/xlMacrosheet", "/xlIntlMacrosheet"];
const DIALOG_SHEET: &str = "/dialogsheet";

/// A copy of a workbook that has sheets of macros, where they are sheets of dialogs: nobody reads
/// either.
fn without_macros(
    archive: &Archive,
    input: &Input,
    options: ReadOptions<'_>,
) -> Result<Option<Input>, SourceProblem> {
    const RELATIONS: &str = "xl/_rels/workbook.xml.rels";
    let Some(member) = archive.member(RELATIONS).filter(|member| member.size < 16 << 20) else {
        return Ok(None);
    };
    let mut relations = String::new();
    let read = member.reader(input.clone(), options.inflate)?.read_to_string(&mut relations);
    // What is no text in UTF-8, calamine reads as it can.
    if read.is_err() || !MACRO_SHEETS.iter().any(|kind| relations.contains(kind)) {
        return Ok(None);
    }
    for kind in MACRO_SHEETS {
        relations = relations.replace(kind, DIALOG_SHEET);
    }
    let copy = || -> Result<std::fs::File, zip::result::ZipError> {
        let mut archive = zip::ZipArchive::new(BufReader::new(input.clone()))?;
        let mut copy = zip::ZipWriter::new((options.scratch)()?);
        for index in 0..archive.len() {
            let part = archive.by_index_raw(index)?;
            let name = part.name()?.into_owned();
            if name.eq_ignore_ascii_case(RELATIONS) {
                copy.start_file(name, zip::write::SimpleFileOptions::default())?;
                copy.write_all(relations.as_bytes())?;
            } else {
                copy.raw_copy_file(part)?;
            }
        }
        copy.finish()
    };
    let mut file = copy().map_err(|error| SourceProblem::damaged("workbook", error))?;
    let len = file.stream_position().map_err(SourceProblem::Io)?;
    Ok(Some(Input::of(input.name().into(), file, len, None)))
}

/// Reads a part to its end.
fn check(member: &Member, input: Input, limits: InflateLimits) -> Result<(), SourceProblem> {
    let mut reader = ShortEvents::new(member.reader(input, limits)?);
    let mut head = Vec::new();
    let read = reader.by_ref().take(4 << 10).read_to_end(&mut head);
    read.map_err(SourceProblem::reading)?;
    let is_strings = member.name.to_ascii_lowercase().ends_with("sharedstrings.xml");
    if is_strings && claims_too_many(&head, member.size) {
        let error = "it cannot hold as many strings as it says";
        return Err(SourceProblem::damaged("workbook", error));
    }
    let mut buffer = vec![0; 64 << 10];
    while reader.read(&mut buffer).map_err(SourceProblem::reading)? > 0 {}
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
    max: usize,
) -> Result<Vec<(u64, Vec<String>)>, SourceProblem> {
    let mut cells = match workbook.worksheet_cells_reader(sheet) {
        Ok(cells) => cells,
        // A sheet of charts, or of a macro language.
        Err(XlsxError::NotAWorksheet(_)) => return Ok(Vec::new()),
        Err(error) => return Err(problem(error)),
    };
    let mut rows: Vec<(u64, Vec<String>)> = Vec::new();
    while let Some(cell) = cells.next_cell().map_err(problem)? {
        let (number, column) = place(cell.get_position())?;
        let mut text = String::new();
        if !cell::push(&mut text, cell.get_value()) || text.trim().is_empty() {
            continue;
        }
        if rows.last().is_none_or(|(last, _)| *last != number) {
            if rows.len() == max {
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

/// The number of a cell's row, from 1, and its column, from 0.
fn place((row, column): (u32, u32)) -> Result<(u64, usize), SourceProblem> {
    let (row, column) = (u64::from(row), column as usize);
    if row >= MAX_ROWS || column >= MAX_COLUMNS {
        let error = "a cell stands where no sheet has one";
        return Err(SourceProblem::damaged("workbook", error));
    }
    Ok((row + 1, column))
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
    let (mut present, mut behind) = (0, 0);
    let share = |number: u64| number as f64 / last;
    while let Some(cell) = cells.next_cell().map_err(problem)? {
        let (number, column) = place(cell.get_position())?;
        if number > present {
            writer.end_row(present, share(present))?;
            present = number;
            behind = 0;
        }
        // Nobody can tell what such a row was meant to be.
        if number < present || column < behind {
            let problem = SourceProblem::damaged("workbook", "its cells are not in their order");
            return Err(problem.into());
        }
        behind = column + 1;
        let value = cell.get_value();
        if number > header_row && *value != calamine::DataRef::Empty {
            cell::push(writer.cell(column), value);
        }
    }
    writer.end_row(present, share(present))
}
