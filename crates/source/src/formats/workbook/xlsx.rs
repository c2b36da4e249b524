//! Office Open XML workbooks (ISO/IEC 29500), by calamine's reader of cells.

use std::io::{BufReader, Read, Seek, Write};

use calamine::{DataRef, Reader, SheetType, SheetVisible, Style, Xlsx, XlsxError};

use super::cell;
use super::events::ShortEvents;
use super::formulas::{self, OpenFormulas};
use super::sheet::{Candidate, Choose, Chosen, MAX_COLUMNS, MAX_ROWS};
use super::shown::ShownDigits;
use crate::input::Input;
use crate::input::decompress::{Archive, Member};
use crate::input::error::SourceProblem;
use crate::input::limits::DecompressLimits;
use crate::input::options::ReadOptions;
use crate::records::header::HeaderSearch;
use crate::records::table::{Ended, RowWriter, TableOf, TableSource};

type Workbook = Xlsx<BufReader<Input>>;

pub(super) fn open(
    input: Input,
    options: ReadOptions<'_>,
    choose: Choose<'_>,
) -> Result<TableSource, SourceProblem> {
    let bytes = input.len();
    let (mut workbook, may_lack_results) = checked(&input, options)?;
    let sheets: Vec<(String, bool)> = workbook
        .sheets_metadata()
        .iter()
        .filter(|sheet| sheet.typ == SheetType::WorkSheet)
        .map(|sheet| (sheet.name.clone(), sheet.visible != SheetVisible::Visible))
        .collect();
    let mut candidates = Vec::new();
    for (name, is_hidden) in sheets {
        let is_wanted = options.sheets.may_be(&name);
        let rows = if is_wanted {
            first_rows(&mut workbook, &name, HeaderSearch::new(&options).rows())?
        } else {
            Vec::new()
        };
        candidates.push(Candidate { name, rows, is_hidden });
    }
    let Some(Chosen { sheet, header_row, header }) = choose(candidates)? else {
        return Ok(TableSource::empty());
    };
    if may_lack_results {
        require_results(&mut workbook, &sheet)?;
    }
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

/// Checks the parts of the workbook against the limits, and opens it.
///
/// calamine keeps some things whole in memory: a part, or one cell of a sheet. These are read here
/// first, as the sizes in the directory and the count in the table of strings need not be true. Sheets
/// are checked while calamine reads the strings. Only this check compares their checksums, as calamine
/// stops where the cells end.
///
/// Returns whether some formula may have no result, too.
fn checked(input: &Input, options: ReadOptions<'_>) -> Result<(Workbook, bool), SourceProblem> {
    let archive = Archive::of(input.clone(), options.decompress)?;
    let is_xml = |member: &&Member| {
        let name = member.name.to_ascii_lowercase();
        name.ends_with(".xml") || name.ends_with(".rels")
    };
    let is_sheet = |member: &&Member| member.name.to_ascii_lowercase().contains("worksheets/");
    let (sheets, others): (Vec<&Member>, Vec<&Member>) =
        archive.members.iter().filter(is_xml).partition(is_sheet);
    let inflate = options.decompress;
    let look = |member: &Member| check(member, input.clone(), inflate);
    for member in others {
        look(member)?;
    }
    let without_macros = without_macros(&archive, input, options)?;
    let readable = without_macros.as_ref().unwrap_or(input);
    std::thread::scope(|scope| {
        let looking = std::thread::Builder::new()
            .name("contactmill-look".into())
            .spawn_scoped(scope, move || {
                sheets.into_iter().try_fold(false, |found, member| Ok(found | look(member)?))
            })
            .map_err(SourceProblem::NoThread)?;
        let workbook = Xlsx::new(BufReader::new(readable.clone())).map_err(problem);
        match looking.join() {
            Ok(may_lack_results) => Ok((workbook?, may_lack_results?)),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

/// Sheets of Excel 4 macros, which calamine takes for damage, and a kind of sheet that it skips.
const MACRO_SHEETS: [&str; 2] = ["/xlMacrosheet", "/xlIntlMacrosheet"];
const DIALOG_SHEET: &str = "/dialogsheet";

/// A copy of a workbook that has macro sheets, in which they are dialog sheets, as neither is read.
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
    let read = member.reader(input.clone(), options.decompress)?.read_to_string(&mut relations);
    // Relations in another encoding are left to calamine.
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
    Ok(Some(Input::of_copy(input.name().into(), file, len)))
}

/// Reads a part to its end. Returns whether some formula in it may have no result.
fn check(member: &Member, input: Input, limits: DecompressLimits) -> Result<bool, SourceProblem> {
    let mut reader = ShortEvents::new(member.reader(input, limits)?);
    let mut head = Vec::new();
    let read = reader.by_ref().take(4 << 10).read_to_end(&mut head);
    read.map_err(SourceProblem::reading)?;
    let is_strings = member.name.to_ascii_lowercase().ends_with("sharedstrings.xml");
    let claimed = if is_strings { claimed_strings(&head) } else { 0 };
    // The shortest string is `<si/>`.
    if claimed > member.size / 5 {
        let error = "it cannot hold as many strings as it says";
        return Err(SourceProblem::damaged("workbook", error));
    }
    let mut memory = if is_strings { Memory::of_strings(claimed) } else { Memory::of_part(member) };
    memory.add(&head)?;
    let mut formulas = OpenFormulas::default();
    formulas.add(&head);
    let mut buffer = vec![0; 64 << 10];
    loop {
        match reader.read(&mut buffer).map_err(SourceProblem::reading)? {
            0 => return memory.check().map(|()| formulas.found),
            count => {
                memory.add(&buffer[..count])?;
                formulas.add(&buffer[..count]);
            }
        }
    }
}

/// Maximum memory for one part of a workbook.
const MAX_MEMORY: u64 = 512 << 20;

/// The memory for a string of the table without its characters: 24 bytes in the list, and the smallest
/// allocation.
const STRING_OVERHEAD: u64 = 24 + 32;

/// The minimum number of bytes of XML around a string: `<si><t></t></si>`.
const STRING_MARKUP: u64 = 16;

/// Estimates the memory that a part of a workbook takes once calamine has read it. This must be known
/// before, as a process that gets no memory ends at once, without a message, and leaves its files
/// behind.
struct Memory {
    /// Whether it is the table of strings.
    has_strings: bool,
    /// Whether calamine keeps all of it in memory.
    is_kept: bool,
    bytes: u64,
    strings: u64,
    /// The number of strings that it claims to have.
    claimed: u64,
    /// The last bytes, which may be the beginning of a tag.
    tail: Vec<u8>,
}

impl Memory {
    /// The size of the tag of a string without attributes: `<si>`.
    const TAG: usize = 4;

    const fn of_strings(claimed: u64) -> Self {
        Memory { has_strings: true, is_kept: true, bytes: 0, strings: 0, claimed, tail: Vec::new() }
    }

    fn of_part(member: &Member) -> Self {
        let name = member.name.to_ascii_lowercase();
        let is_kept = ["styles.xml", "workbook.xml", ".rels"].iter().any(|end| name.ends_with(end));
        Memory { has_strings: false, is_kept, ..Memory::of_strings(0) }
    }

    /// Takes the next bytes into account.
    fn add(&mut self, bytes: &[u8]) -> Result<(), SourceProblem> {
        self.bytes += bytes.len() as u64;
        if self.has_strings {
            // A tag that begins in the bytes before.
            self.tail.extend_from_slice(&bytes[..bytes.len().min(Self::TAG - 1)]);
            self.strings += strings_in(&self.tail) + strings_in(bytes);
            self.tail.extend_from_slice(&bytes[bytes.len().min(Self::TAG - 1)..]);
            self.tail.drain(..self.tail.len().saturating_sub(Self::TAG - 1));
        }
        match self.is_kept && self.needed() > MAX_MEMORY {
            true => Err(self.too_large()),
            false => Ok(()),
        }
    }

    /// The maximum memory that it takes.
    fn needed(&self) -> u64 {
        let text = self.bytes.saturating_sub(self.strings * STRING_MARKUP);
        // Elements of other parts take up to about four times the size of their XML.
        let strings = self.strings.max(self.claimed);
        if self.has_strings { text + strings * STRING_OVERHEAD } else { 4 * self.bytes }
    }

    /// Requires that this much memory is available.
    fn check(&self) -> Result<(), SourceProblem> {
        let needed = if self.is_kept { self.needed() } else { 0 };
        // A quarter more, for other parts.
        let needed = usize::try_from(needed + needed / 4).unwrap_or(usize::MAX);
        Vec::<u8>::new().try_reserve_exact(needed).map_err(|_| self.too_large())
    }

    const fn too_large(&self) -> SourceProblem {
        SourceProblem::TooLargeInside {
            what: "workbook",
            part: if self.has_strings { "the table of strings" } else { "a part" },
            instead: "fewer rows, or save the sheet as CSV",
        }
    }
}

/// The number of strings of a table that begin in these bytes.
fn strings_in(bytes: &[u8]) -> u64 {
    let ends_name = |at: usize| matches!(bytes.get(at), Some(b'>' | b'/' | b' '));
    let is_tag = |at: usize| matches!(bytes.get(at.wrapping_sub(1)), Some(b'<' | b':'));
    memchr::memmem::find_iter(bytes, b"si").filter(|&at| is_tag(at) && ends_name(at + 2)).count()
        as u64
}

/// The number of strings that a table claims to have. calamine allocates memory for as many.
fn claimed_strings(head: &[u8]) -> u64 {
    let attribute = b"uniqueCount=";
    let numbers = memchr::memmem::find_iter(head, attribute).map(|at| {
        let digits = head[at + attribute.len()..].iter().skip(1).take_while(|b| b.is_ascii_digit());
        digits.fold(0_u64, |number, digit| {
            number.saturating_mul(10).saturating_add(u64::from(digit - b'0'))
        })
    });
    numbers.max().unwrap_or(0)
}

/// The first rows that are not empty.
fn first_rows(
    workbook: &mut Workbook,
    sheet: &str,
    max: usize,
) -> Result<Vec<(u64, Vec<String>)>, SourceProblem> {
    let mut cells = match workbook.worksheet_cells_reader(sheet) {
        Ok(cells) => cells,
        // A chart sheet or a macro sheet.
        Err(XlsxError::NotAWorksheet(_)) => return Ok(Vec::new()),
        Err(error) => return Err(problem(error)),
    };
    let mut rows: Vec<(u64, Vec<String>)> = Vec::new();
    let shown = shown_digits(cells.styles());
    while let Some((cell, style)) = cells.next_cell_with_style_id().map_err(problem)? {
        let (number, column) = position(cell.get_position())?;
        let mut text = String::new();
        if !push(&mut text, cell.get_value(), (&shown, style)) || text.trim().is_empty() {
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

/// Requires that each formula of a sheet has a result.
fn require_results(workbook: &mut Workbook, sheet: &str) -> Result<(), SourceProblem> {
    let mut cells = workbook.worksheet_cells_reader(sheet).map_err(problem)?;
    while let Some(cell) = cells.next_cell_with_formula_metadata().map_err(problem)? {
        if cell.formula.is_some() && cell.value == DataRef::Empty {
            let (row, column) = position(cell.pos)?;
            return Err(formulas::without_result(row, column));
        }
    }
    Ok(())
}

fn shown_digits(styles: &[Style]) -> ShownDigits {
    let formats = styles.iter().map(|style| style.number_format.as_ref());
    ShownDigits::of(formats.map(|format| format.map(|format| format.format_code.as_str())))
}

/// Appends the value of a cell, a number as its style shows it. Returns whether it has one.
fn push(text: &mut String, value: &DataRef<'_>, (shown, style): (&ShownDigits, usize)) -> bool {
    match *value {
        DataRef::Float(number) if shown.push(text, style, number) => true,
        DataRef::Int(number) if shown.push(text, style, number as f64) => true,
        _ => cell::push(text, value),
    }
}

/// The number of a cell's row, from 1, and its column, from 0.
fn position((row, column): (u32, u32)) -> Result<(u64, usize), SourceProblem> {
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
    let shown = shown_digits(cells.styles());
    while let Some((cell, style)) = cells.next_cell_with_style_id().map_err(problem)? {
        let (number, column) = position(cell.get_position())?;
        if number > present {
            writer.end_row(present, share(present))?;
            present = number;
            behind = 0;
        }
        // It is not known what such a row means.
        if number < present || column < behind {
            let problem = SourceProblem::damaged("workbook", "its cells are not in their order");
            return Err(problem.into());
        }
        behind = column + 1;
        let value = cell.get_value();
        if number > header_row && *value != DataRef::Empty {
            push(writer.cell(column), value, (&shown, style));
        }
    }
    writer.end_row(present, share(present))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_counted_wherever_the_bytes_are_cut() {
        let xml = b"<sst><si><t>si</t></si><x:si/><si a=\"\"><t>&lt;si&gt;</t></si><size></sst>";
        for len in 1..xml.len() {
            let mut memory = Memory::of_strings(0);
            for piece in xml.chunks(len) {
                memory.add(piece).unwrap();
            }
            assert_eq!((memory.strings, memory.bytes), (3, xml.len() as u64), "pieces of {len}");
        }
    }

    #[test]
    fn a_table_that_claims_to_be_large_counts_as_large() {
        let mut memory = Memory::of_strings(10_000_000);
        assert!(matches!(memory.add(b"<sst>"), Err(SourceProblem::TooLargeInside { .. })));
    }
}
