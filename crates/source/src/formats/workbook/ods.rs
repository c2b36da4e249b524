//! OpenDocument spreadsheets (ODF 1.2, ISO/IEC 26300), read as a stream.
//!
//! A repeated row or cell is written once, with a count, so a whole empty sheet takes one line. Empty
//! cells are counted here, and never expanded.

use std::io::{BufRead, BufReader, Read};

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};

use super::events::ShortEvents;
use super::sheet::{Candidate, Choose, Chosen, MAX_COLUMNS, MAX_ROWS};
use super::{cell, formulas, shown};
use crate::input::Input;
use crate::input::decompress::Archive;
use crate::input::error::SourceProblem;
use crate::input::options::ReadOptions;
use crate::records::header::HeaderSearch;
use crate::records::number::push_number;
use crate::records::table::{Ended, RowWriter, TableOf, TableSource};

/// Maximum number of spaces in a row in a cell: the maximum number of characters of a cell in any program.
const MAX_SPACES: usize = 32_767;

/// Maximum number of styles that hide sheets. Programs write one for each sheet that looks like no other.
const MAX_HIDING_STYLES: usize = 1024;

pub(super) fn open(
    input: Input,
    options: ReadOptions<'_>,
    choose: Choose<'_>,
) -> Result<TableSource, SourceProblem> {
    let archive = Archive::of(input.clone(), options.decompress)?;
    let part = |name: &str| -> Result<Box<dyn Read + Send>, SourceProblem> {
        let missing = || SourceProblem::damaged("workbook", format!("it has no {name}"));
        archive.member(name).ok_or_else(missing)?.reader(input.clone(), options.decompress)
    };
    let mut manifest = Vec::new();
    let read = part("META-INF/manifest.xml")?.take(1 << 20).read_to_end(&mut manifest);
    read.map_err(SourceProblem::reading)?;
    if memchr::memmem::find(&manifest, b"encryption-data").is_some() {
        return Err(SourceProblem::Password { what: "this workbook" });
    }

    let mut content = Content::new(BufReader::new(ShortEvents::new(part("content.xml")?)));
    let mut candidates = Vec::new();
    while let Some(Table { name, is_hidden }) = content.next_sheet()? {
        let is_wanted = options.sheets.may_be(&name);
        let mut rows: Vec<(u64, Vec<String>)> = Vec::new();
        while is_wanted
            && rows.len() < HeaderSearch::new(&options).rows()
            && let Some(row) = content.next_row()?
        {
            if row.has_text() {
                rows.push((row.number, row.to_strings()));
            }
        }
        candidates.push(Candidate { name, rows, is_hidden });
    }
    let Some(Chosen { sheet, header_row, header }) = choose(candidates)? else {
        return Ok(TableSource::empty());
    };
    let content = Content::new(BufReader::new(ShortEvents::new(part("content.xml")?)));
    TableSource::spawn(TableOf::Workbook, header, input.len(), move |writer| {
        rows(content, &sheet, header_row, writer)
    })
}

/// All rows of a sheet below its header row.
fn rows(
    mut content: Content<impl BufRead>,
    sheet: &str,
    header_row: u64,
    writer: &mut RowWriter,
) -> Result<(), Ended> {
    while let Some(table) = content.next_sheet()? {
        if table.name != sheet {
            continue;
        }
        while let Some(row) = content.next_row()? {
            let cells = row.count.saturating_mul(row.cells.len() as u64);
            writer.add_unfolded(cells.saturating_sub(row.written as u64));
            for number in row.number..row.number + row.count {
                if number > header_row {
                    for (column, text) in row.cells() {
                        writer.cell(column).push_str(text);
                    }
                    writer.end_row(number, 0.0)?;
                }
            }
        }
    }
    Ok(())
}

/// A row as it is written.
#[derive(Default)]
struct Row {
    /// Its number, from 1.
    number: u64,
    /// The number of such rows.
    count: u64,
    text: String,
    /// The number of its cells as they are written, each with a count of its own.
    written: usize,
    /// Filled cells: the column, from 0, and the range of the text.
    cells: Vec<(usize, usize, usize)>,
}

impl Row {
    fn cells(&self) -> impl Iterator<Item = (usize, &str)> {
        self.cells.iter().map(|&(column, start, end)| (column, &self.text[start..end]))
    }

    fn has_text(&self) -> bool {
        !self.text.trim().is_empty()
    }

    fn to_strings(&self) -> Vec<String> {
        let mut strings = Vec::new();
        for (column, text) in self.cells() {
            strings.resize(column, String::new());
            strings.push(text.to_owned());
        }
        strings
    }
}

/// A sheet that begins.
struct Table {
    name: String,
    is_hidden: bool,
}

/// `content.xml`, event by event.
struct Content<R> {
    xml: quick_xml::Reader<R>,
    buffer: Vec<u8>,
    /// The name of the style that is read.
    style: String,
    /// The names of the styles that hide a sheet.
    hiding: Vec<String>,
    row: Row,
    /// The number of the next row.
    next: u64,
}

fn damaged(error: impl std::fmt::Display) -> SourceProblem {
    SourceProblem::damaged("workbook", error)
}

fn xml_problem(error: quick_xml::Error) -> SourceProblem {
    match error {
        quick_xml::Error::Io(error) => match std::sync::Arc::try_unwrap(error) {
            Ok(error) => SourceProblem::reading(error),
            Err(error) => damaged(error),
        },
        error => damaged(error),
    }
}

fn attribute(element: &BytesStart<'_>, name: &str) -> Result<Option<String>, SourceProblem> {
    let Some(attribute) = element.try_get_attribute(name).map_err(damaged)? else {
        return Ok(None);
    };
    Ok(Some(attribute.normalized_value(XmlVersion::Implicit1_0).map_err(damaged)?.into_owned()))
}

/// How many times an element is repeated.
fn repeated(element: &BytesStart<'_>, name: &str) -> Result<u64, SourceProblem> {
    let count = attribute(element, name)?.map(|count| count.parse());
    count.unwrap_or(Ok(1)).map_err(damaged)
}

impl<R: BufRead> Content<R> {
    fn new(reader: R) -> Self {
        let mut xml = quick_xml::Reader::from_reader(reader);
        xml.config_mut().expand_empty_elements = true;
        let (style, hiding) = (String::new(), Vec::new());
        Content { xml, buffer: Vec::new(), style, hiding, row: Row::default(), next: 1 }
    }

    /// Goes to the next sheet.
    fn next_sheet(&mut self) -> Result<Option<Table>, SourceProblem> {
        loop {
            self.buffer.clear();
            match self.xml.read_event_into(&mut self.buffer).map_err(xml_problem)? {
                // Styles stand before the sheets.
                Event::Start(element) if element.name().as_ref() == "style:style" => {
                    self.style = attribute(&element, "style:name")?.unwrap_or_default();
                }
                Event::Start(element) if element.name().as_ref() == "style:table-properties" => {
                    let is_shown = attribute(&element, "table:display")?;
                    if is_shown.as_deref() == Some("false") && self.hiding.len() < MAX_HIDING_STYLES
                    {
                        self.hiding.push(std::mem::take(&mut self.style));
                    }
                }
                Event::Start(element) if element.name().as_ref() == "table:table" => {
                    self.next = 1;
                    let name = attribute(&element, "table:name")?.unwrap_or_default();
                    let style = attribute(&element, "table:style-name")?;
                    let is_hidden = style.is_some_and(|style| self.hiding.contains(&style));
                    return Ok(Some(Table { name, is_hidden }));
                }
                Event::Eof => return Ok(None),
                _ => {}
            }
        }
    }

    /// The next row of the sheet that is not empty.
    fn next_row(&mut self) -> Result<Option<&Row>, SourceProblem> {
        loop {
            self.buffer.clear();
            match self.xml.read_event_into(&mut self.buffer).map_err(xml_problem)? {
                Event::Start(element) if element.name().as_ref() == "table:table-row" => {
                    let count = repeated(&element, "table:number-rows-repeated")?;
                    self.row.number = self.next;
                    self.row.count = count;
                    self.next = self.next.saturating_add(count);
                    self.read_cells()?;
                    if !self.row.cells.is_empty() {
                        if self.next > MAX_ROWS + 1 {
                            return Err(damaged("it has more rows than a sheet can have"));
                        }
                        break;
                    }
                }
                Event::End(element) if element.name().as_ref() == "table:table" => return Ok(None),
                Event::Eof => return Err(damaged("it ends in the middle of a sheet")),
                _ => {}
            }
        }
        Ok(Some(&self.row))
    }

    fn read_cells(&mut self) -> Result<(), SourceProblem> {
        self.row.text.clear();
        self.row.cells.clear();
        self.row.written = 0;
        let mut column = 0_usize;
        loop {
            self.buffer.clear();
            match self.xml.read_event_into(&mut self.buffer).map_err(xml_problem)? {
                Event::Start(element)
                    if matches!(
                        element.name().as_ref(),
                        "table:table-cell" | "table:covered-table-cell"
                    ) =>
                {
                    let count = repeated(&element, "table:number-columns-repeated")?;
                    let count = usize::try_from(count).unwrap_or(usize::MAX);
                    let start = self.row.text.len();
                    let value = push_value(&mut self.row.text, &element)?;
                    let may_lack_result = attribute(&element, "table:formula")?.is_some()
                        && attribute(&element, "office:value-type")?.is_none();
                    let end_of_value = self.row.text.len();
                    self.read_text(!matches!(value, Value::Other))?;
                    if matches!(value, Value::Number) {
                        let text = &self.row.text[start..];
                        let (number, shown) = text.split_at(end_of_value - start);
                        let with_shown = shown::with_shown_digits(number, shown);
                        self.row.text.truncate(end_of_value);
                        if let Some(text) = with_shown {
                            self.row.text.replace_range(start.., &text);
                        }
                    }
                    let end = self.row.text.len();
                    if may_lack_result && end == start {
                        return Err(formulas::without_result(self.row.number, column));
                    }
                    let next = column.saturating_add(count);
                    if end > start {
                        if next > MAX_COLUMNS {
                            return Err(damaged("it has more columns than a sheet can have"));
                        }
                        self.row.written += 1;
                        self.row.cells.extend((column..next).map(|column| (column, start, end)));
                    }
                    column = next;
                }
                Event::End(element) if element.name().as_ref() == "table:table-row" => {
                    return Ok(());
                }
                Event::Eof => return Err(damaged("it ends in the middle of a row")),
                _ => {}
            }
        }
    }

    /// Reads to the end of the cell. If `is_value`, its text is its value, and is kept.
    fn read_text(&mut self, is_value: bool) -> Result<(), SourceProblem> {
        let start = self.row.text.len();
        let mut is_first = true;
        // A comment on the cell is not part of its text.
        let mut comments = 0;
        loop {
            self.buffer.clear();
            let event = self.xml.read_event_into(&mut self.buffer).map_err(xml_problem)?;
            let takes = is_value && comments == 0;
            match event {
                Event::Start(element) => match element.name().as_ref() {
                    "office:annotation" => comments += 1,
                    "text:p" if takes => {
                        if !is_first {
                            self.row.text.push('\n');
                        }
                        is_first = false;
                    }
                    "text:s" if takes => {
                        let count = repeated(&element, "text:c")?;
                        let count = usize::try_from(count).unwrap_or(usize::MAX).min(MAX_SPACES);
                        self.row.text.extend(std::iter::repeat_n(' ', count));
                    }
                    "text:tab" if takes => self.row.text.push('\t'),
                    "text:line-break" if takes => self.row.text.push('\n'),
                    _ => {}
                },
                Event::Text(text) if takes && !is_first => {
                    self.row.text.push_str(&text.xml10_content());
                }
                Event::CData(text) if takes && !is_first => self.row.text.push_str(&text),
                Event::GeneralRef(entity) if takes && !is_first => {
                    let character = entity.resolve_char_ref().map_err(damaged)?;
                    match (character, entity.as_ref()) {
                        (Some(character), _) => self.row.text.push(character),
                        (None, "amp") => self.row.text.push('&'),
                        (None, "lt") => self.row.text.push('<'),
                        (None, "gt") => self.row.text.push('>'),
                        (None, "quot") => self.row.text.push('"'),
                        (None, "apos") => self.row.text.push('\''),
                        // Entities that the document itself declares are never expanded.
                        (None, _) => return Err(damaged("it declares entities of its own")),
                    }
                }
                Event::End(element) => match element.name().as_ref() {
                    "office:annotation" => comments -= 1,
                    "table:table-cell" | "table:covered-table-cell" if comments <= 0 => {
                        break;
                    }
                    _ => {}
                },
                Event::Eof => return Err(damaged("it ends in the middle of a cell")),
                _ => {}
            }
        }
        if self.row.text.len() - start > 1 << 20 {
            self.row.text.truncate(start);
            return Err(damaged("a cell holds more than a megabyte"));
        }
        Ok(())
    }
}

/// The value in the attributes of a cell.
enum Value {
    /// There is none: that of a text cell is the text that it shows.
    None,
    Number,
    Other,
}

/// Appends the value in the attributes of a cell.
fn push_value(text: &mut String, element: &BytesStart<'_>) -> Result<Value, SourceProblem> {
    match attribute(element, "office:value-type")?.as_deref() {
        Some("float" | "currency" | "percentage") => {
            let Some(value) = attribute(element, "office:value")? else { return Ok(Value::None) };
            push_number(text, value.parse().map_err(damaged)?);
            return Ok(Value::Number);
        }
        Some("date") => {
            let Some(value) = attribute(element, "office:date-value")? else {
                return Ok(Value::None);
            };
            text.push_str(&value);
        }
        Some("time") => {
            let Some(value) = attribute(element, "office:time-value")? else {
                return Ok(Value::None);
            };
            text.push_str(&value);
        }
        Some("boolean") => {
            let Some(value) = attribute(element, "office:boolean-value")? else {
                return Ok(Value::None);
            };
            cell::push_bool(text, value == "true");
        }
        _ => {
            let value = attribute(element, "office:string-value")?;
            let Some(value) = value.filter(|value| !value.is_empty()) else {
                return Ok(Value::None);
            };
            text.push_str(&value);
        }
    }
    Ok(Value::Other)
}
