//! Tables in web pages: what many programs export as `.xls`.
//!
//! `html5gum` splits a page into tags and text as browsers do (WHATWG HTML, 13.2.5). This module finds the
//! row, the column and the text of each cell. It keeps at most one row of each open table.

use std::collections::VecDeque;
use std::io::{Read, Seek};

use html5gum::emitters::{Emitter, naive_next_state};
use html5gum::{Error, IoReader, State, Tokenizer};

use contactmill_core::records::Integrity;

use super::listed;
use super::sheet::{Candidate, Choose, Chosen, MAX_COLUMNS, choose};
use crate::input::encoding::{Decoded, TextEncoding};
use crate::input::error::SourceProblem;
use crate::input::options::{ReadOptions, Sheets};
use crate::input::sheet::Sheet;
use crate::records::header::HeaderSearch;

use crate::input::Input;
use crate::records::table::{Ended, RowWriter, TableOf, TableSource};

/// What errors call a page without a table of contacts.
pub(crate) const WEB_PAGE: &str = "a web page (HTML)";

/// Maximum number of tables of a page, and of tables that are open, one in the other.
const MAX_TABLES: usize = 1_000;
const MAX_DEPTH: usize = 64;

/// Maximum size of the text of a cell.
const MAX_CELL: usize = 1 << 20;

/// Maximum number of bytes of a cell that are kept while the header row is looked for.
const MAX_HEADER_CELL: usize = 4 << 10;

/// Stands for a line break in a text. Line breaks of the page itself are spaces.
const BREAK: u8 = 0x0B;

/// Opens the table of a page that holds the contacts.
pub(crate) fn open(
    input: &Input,
    encoding: TextEncoding,
    options: ReadOptions<'_>,
) -> Result<TableSource, SourceProblem> {
    open_chosen(input, encoding, options, &mut |candidates| choose(candidates, options))
}

/// The tables of a page that may hold contacts, and those that are named, in order.
pub(crate) fn sheets(
    input: &Input,
    encoding: TextEncoding,
    options: ReadOptions<'_>,
) -> Result<Vec<Sheet>, SourceProblem> {
    let mut tables = listed(options, |choose| open_chosen(input, encoding, options, choose))?;
    // Pages have tables for many things.
    if !matches!(options.sheets, Sheets::Named(_)) {
        tables.retain(|table| table.has_contacts);
    }
    Ok(tables)
}

fn open_chosen(
    input: &Input,
    encoding: TextEncoding,
    options: ReadOptions<'_>,
    choose: Choose<'_>,
) -> Result<TableSource, SourceProblem> {
    let search = HeaderSearch::new(&options);
    let mut candidates: Vec<Candidate> = Vec::new();
    for row in rows_in(input, encoding)? {
        let Row { table, number, mut cells, .. } = row?;
        while candidates.len() <= table {
            let name = format!("table {}", candidates.len() + 1);
            candidates.push(Candidate { name, rows: Vec::new(), is_hidden: false });
        }
        let first = &mut candidates[table].rows;
        if first.len() < search.rows() && cells.iter().any(|(_, text)| !text.is_empty()) {
            let mut row = Vec::new();
            for (column, text) in &mut cells {
                let mut ends = (0..=text.len().min(MAX_HEADER_CELL)).rev();
                let end = ends.find(|&end| text.is_char_boundary(end));
                text.truncate(end.unwrap_or(0));
                row.resize(*column, String::new());
                row.push(std::mem::take(text));
            }
            first.push((number, row));
        }
    }
    let fits = |candidate: &Candidate| candidate.may_hold_contacts(search);
    // Most pages are not dumps.
    let is_named = matches!(options.sheets, Sheets::Named(_)) || search.is_without();
    if !is_named && !candidates.iter().any(fits) {
        return Err(SourceProblem::Format { format: WEB_PAGE });
    }
    let Some(Chosen { sheet, header_row, header }) = choose(candidates)? else {
        return Ok(TableSource::empty());
    };
    let wanted = sheet.strip_prefix("table ").and_then(|number| number.parse::<usize>().ok());
    let wanted = wanted.unwrap_or(1) - 1;
    let tokens = rows_in(input, encoding)?;
    TableSource::spawn(TableOf::Workbook, header, input.len(), move |writer| {
        rows(tokens, wanted, header_row, writer)
    })
}

/// The encoding that the beginning of a page declares.
pub(crate) fn declared_encoding(head: &[u8]) -> Option<TextEncoding> {
    let lower = head.to_ascii_lowercase();
    memchr::memmem::find_iter(&lower, b"<meta").find_map(|at| {
        let tag = lower.get(at..)?.split(|&byte| byte == b'>').next()?;
        let behind = tag.get(memchr::memmem::find(tag, b"charset")? + "charset".len()..)?;
        let behind = behind.trim_ascii_start().strip_prefix(b"=")?;
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_:.".contains(byte);
        let label: Vec<u8> =
            behind.iter().copied().skip_while(|byte| !is_part(byte)).take_while(is_part).collect();
        let encoding: TextEncoding = std::str::from_utf8(&label).ok()?.parse().ok()?;
        // A declaration in ASCII cannot be in UTF-16 (WHATWG HTML, 13.2.3.2).
        let is_utf_16 = encoding.to_string().starts_with("utf-16");
        Some(if is_utf_16 { TextEncoding::UTF_8 } else { encoding })
    })
}

/// All rows of a table below its header row.
fn rows(
    tokens: impl Iterator<Item = Result<Row, SourceProblem>>,
    wanted: usize,
    header_row: u64,
    writer: &mut RowWriter,
) -> Result<(), Ended> {
    for row in tokens {
        let Row { table, number, cells, has_invalid_text, is_cut } = row?;
        if table != wanted || number <= header_row {
            continue;
        }
        if is_cut {
            let error = "a cell holds more than a megabyte";
            return Err(SourceProblem::damaged("web page", error).into());
        }
        for (column, text) in cells.iter().filter(|(_, text)| !text.is_empty()) {
            writer.cell(*column).push_str(text);
        }
        if has_invalid_text {
            writer.mark(Integrity::InvalidEncoding);
        }
        writer.end_row(number, 0.0)?;
    }
    Ok(())
}

fn rows_in(
    input: &Input,
    encoding: TextEncoding,
) -> Result<impl Iterator<Item = Result<Row, SourceProblem>> + Send + use<>, SourceProblem> {
    let mut input = input.clone();
    input.rewind().map_err(SourceProblem::Io)?;
    let text: Box<dyn Read + Send> = match encoding == TextEncoding::UTF_8 {
        true => Box::new(input),
        false => Box::new(Decoded::new(input, encoding)),
    };
    let mut tokens = Tokenizer::new_with_emitter(IoReader::new(text), Tables::default());
    Ok(std::iter::from_fn(move || match tokens.next()? {
        Ok(row) => Some(row),
        Err(error) => Some(Err(SourceProblem::reading(error))),
    }))
}

/// A row of one of the tables.
struct Row {
    /// The index of the table, in the order in which tables begin.
    table: usize,
    /// Its number in the table, from 1.
    number: u64,
    /// Columns, from 0, and texts of its cells, in order.
    cells: Vec<(usize, String)>,
    has_invalid_text: bool,
    /// Whether a cell has more text than the maximum.
    is_cut: bool,
}

/// A table that is open.
#[derive(Default)]
struct Table {
    index: usize,
    /// The number of the current row, or of the last one.
    row: u64,
    is_in_row: bool,
    /// The column behind the last cell.
    column: usize,
    cells: Vec<(usize, String)>,
    has_invalid_text: bool,
    is_cut: bool,
    /// The open cell: its column, its text, and a number that is more exact than its text.
    cell: Option<(usize, Vec<u8>, Option<String>)>,
    /// The last row of the cell that reaches into each column from above.
    covered: Vec<u64>,
}

impl Table {
    fn end_cell(&mut self) {
        let Some((column, bytes, number)) = self.cell.take() else { return };
        let text = String::from_utf8_lossy(&bytes);
        self.has_invalid_text |= matches!(text, std::borrow::Cow::Owned(_));
        let mut text = shown(&text);
        // A program that rounds the text writes the exact number beside it.
        if let Some(number) = number
            && text.parse::<f64>().is_ok()
            && number.parse::<f64>().is_ok()
        {
            text = number;
        }
        self.cells.push((column, text));
    }

    fn begin_row(&mut self) {
        self.is_in_row = true;
        self.row += 1;
        self.column = 0;
    }

    fn end_row(&mut self) -> Option<Row> {
        self.end_cell();
        if !std::mem::take(&mut self.is_in_row) {
            return None;
        }
        Some(Row {
            table: self.index,
            number: self.row,
            cells: std::mem::take(&mut self.cells),
            has_invalid_text: std::mem::take(&mut self.has_invalid_text),
            is_cut: std::mem::take(&mut self.is_cut),
        })
    }

    /// Begins a cell behind the last one and behind cells that reach into the row from above.
    fn begin_cell(&mut self, tag: &Tag) -> Result<(), &'static str> {
        self.end_cell();
        if !self.is_in_row {
            self.begin_row();
        }
        while self.covered.get(self.column).is_some_and(|&until| until >= self.row) {
            self.column += 1;
        }
        // The limits of browsers (WHATWG HTML, 4.9.11).
        let width = tag.columns.unwrap_or(1).clamp(1, 1_000);
        let until = match tag.rows.unwrap_or(1) {
            0 => u64::MAX,
            rows => self.row + rows.min(65_534) as u64 - 1,
        };
        let end = self.column + width;
        if end > MAX_COLUMNS {
            return Err("it has more columns than a sheet can have");
        }
        if until > self.row {
            self.covered.resize(self.covered.len().max(end), 0);
            self.covered[self.column..end].fill(until);
        }
        self.cell = Some((self.column, Vec::new(), tag.number.clone()));
        self.column = end;
        Ok(())
    }
}

/// The text as a browser shows it: line by line, with runs of spaces as one.
fn shown(text: &str) -> String {
    let is_space = |character: char| character.is_ascii_whitespace() || character == '\u{A0}';
    let mut shown = String::new();
    for line in text.split(char::from(BREAK)) {
        let mut is_first = true;
        for word in line.split(is_space).filter(|word| !word.is_empty()) {
            match is_first {
                true if shown.is_empty() => {}
                true => shown.push('\n'),
                false => shown.push(' '),
            }
            is_first = false;
            shown.push_str(word);
        }
    }
    shown
}

/// A tag, with the attributes that matter.
#[derive(Default)]
struct Tag {
    is_end: bool,
    name: Vec<u8>,
    attribute: Vec<u8>,
    value: Vec<u8>,
    columns: Option<usize>,
    rows: Option<usize>,
    /// The exact number that Excel wrote beside the text.
    number: Option<String>,
}

/// Maximum size of a name or a value that matters.
const MAX_NAME: usize = 64;

impl Tag {
    /// Takes the attribute that has ended. Of several attributes of one name, the first counts.
    fn end_attribute(&mut self) {
        let value = std::mem::take(&mut self.value);
        let text = || std::str::from_utf8(&value).ok().map(str::trim);
        match std::mem::take(&mut self.attribute).as_slice() {
            b"colspan" if self.columns.is_none() => {
                self.columns = text().and_then(|n| n.parse().ok());
            }
            b"rowspan" if self.rows.is_none() => self.rows = text().and_then(|n| n.parse().ok()),
            b"x:num" if self.number.is_none() => {
                self.number = text().filter(|number| !number.is_empty()).map(str::to_owned);
            }
            _ => {}
        }
    }
}

fn push(to: &mut Vec<u8>, bytes: &[u8]) {
    to.extend(bytes.iter().take(MAX_NAME - to.len().min(MAX_NAME)));
}

/// Turns tags and text into rows.
#[derive(Default)]
struct Tables {
    open: Vec<Table>,
    /// The number of tables so far.
    count: usize,
    tag: Tag,
    last_start: Vec<u8>,
    /// The element whose text is not shown, if the page is in one.
    hidden: Vec<u8>,
    rows: VecDeque<Row>,
    problem: Option<&'static str>,
    is_over: bool,
}

impl Tables {
    fn end_row(&mut self) {
        let row = self.open.last_mut().and_then(Table::end_row);
        self.rows.extend(row);
    }

    fn start(&mut self) {
        let outer = self.open.last_mut();
        match self.tag.name.as_slice() {
            b"table" => {
                // A table that is not in a cell of another one ends that one.
                if outer.is_some_and(|outer| outer.cell.is_none()) {
                    self.end_row();
                    self.open.pop();
                }
                if self.open.len() >= MAX_DEPTH || self.count >= MAX_TABLES {
                    self.problem = Some("it has more tables than any program would write");
                    return;
                }
                self.open.push(Table { index: self.count, ..Table::default() });
                self.count += 1;
            }
            b"tr" => {
                self.end_row();
                self.text(&[BREAK]);
                if let Some(table) = self.open.last_mut() {
                    table.begin_row();
                }
            }
            b"td" | b"th" => {
                if let Some(table) = self.open.last_mut() {
                    table.end_cell();
                }
                // The text of the cell belongs to the cell around its table, too.
                self.text(b" ");
                let outer = self.open.last_mut();
                if let Some(Err(problem)) = outer.map(|table| table.begin_cell(&self.tag)) {
                    self.problem = Some(problem);
                }
            }
            b"br" | b"p" | b"div" | b"li" => self.text(&[BREAK]),
            _ => {}
        }
    }

    fn end(&mut self) {
        match self.tag.name.as_slice() {
            b"td" | b"th" => {
                if let Some(table) = self.open.last_mut() {
                    table.end_cell();
                }
            }
            b"tr" | b"thead" | b"tbody" | b"tfoot" => self.end_row(),
            b"table" => {
                self.end_row();
                self.open.pop();
                self.text(&[BREAK]);
            }
            _ => {}
        }
    }

    /// Adds text to the open cell, and to the cells around its table.
    fn text(&mut self, bytes: &[u8]) {
        if !self.hidden.is_empty() {
            return;
        }
        for table in &mut self.open {
            let Some((_, text, _)) = &mut table.cell else { continue };
            if text.len() + bytes.len() > MAX_CELL {
                table.is_cut = true;
            } else {
                text.extend_from_slice(bytes);
            }
        }
    }
}

impl Emitter for Tables {
    type Token = Result<Row, SourceProblem>;

    fn set_last_start_tag(&mut self, last_start_tag: Option<&[u8]>) {
        self.last_start = last_start_tag.unwrap_or_default().to_vec();
    }

    fn emit_eof(&mut self) {
        if !self.open.is_empty() && self.problem.is_none() {
            self.problem = Some("it ends in the middle of a table");
        }
    }

    fn emit_error(&mut self, _: Error) {}

    fn should_emit_errors(&mut self) -> bool {
        false
    }

    fn pop_token(&mut self) -> Option<Self::Token> {
        if let Some(row) = self.rows.pop_front() {
            return Some(Ok(row));
        }
        match self.problem {
            Some(problem) if !self.is_over => {
                self.is_over = true;
                Some(Err(SourceProblem::damaged("web page", problem)))
            }
            _ => None,
        }
    }

    fn emit_string(&mut self, text: &[u8]) {
        self.text(text);
    }

    fn init_start_tag(&mut self) {
        self.tag = Tag::default();
    }

    fn init_end_tag(&mut self) {
        self.tag = Tag { is_end: true, ..Tag::default() };
    }

    fn init_comment(&mut self) {}

    fn emit_current_tag(&mut self) -> Option<State> {
        self.tag.end_attribute();
        if self.tag.is_end {
            if self.tag.name == self.hidden {
                self.hidden.clear();
            }
            self.end();
            return None;
        }
        self.start();
        self.last_start.clone_from(&self.tag.name);
        let state = naive_next_state(&self.tag.name);
        if state.is_some() {
            self.hidden.clone_from(&self.tag.name);
        }
        state
    }

    fn emit_current_comment(&mut self) {}

    fn emit_current_doctype(&mut self) {}

    fn set_self_closing(&mut self) {}

    fn set_force_quirks(&mut self) {}

    fn push_tag_name(&mut self, name: &[u8]) {
        push(&mut self.tag.name, name);
    }

    fn push_comment(&mut self, _: &[u8]) {}

    fn push_doctype_name(&mut self, _: &[u8]) {}

    fn init_doctype(&mut self) {}

    fn init_attribute(&mut self) {
        self.tag.end_attribute();
    }

    fn push_attribute_name(&mut self, name: &[u8]) {
        push(&mut self.tag.attribute, name);
    }

    fn push_attribute_value(&mut self, value: &[u8]) {
        push(&mut self.tag.value, value);
    }

    fn set_doctype_public_identifier(&mut self, _: &[u8]) {}

    fn set_doctype_system_identifier(&mut self, _: &[u8]) {}

    fn push_doctype_public_identifier(&mut self, _: &[u8]) {}

    fn push_doctype_system_identifier(&mut self, _: &[u8]) {}

    fn current_is_appropriate_end_tag_token(&mut self) -> bool {
        self.tag.is_end && !self.tag.name.is_empty() && self.tag.name == self.last_start
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rows of all tables: the table, the number of the row, and its cells.
    fn read(page: &str) -> Result<Vec<String>, SourceProblem> {
        let input = Input::spool("page", page.as_bytes(), tempfile::tempfile).unwrap();
        rows_in(&input, TextEncoding::UTF_8)?
            .map(|row| {
                let Row { table, number, cells, .. } = row?;
                let cells = cells.iter().map(|(column, text)| format!("{column}={text}"));
                Ok(format!("{table}.{number} {}", cells.collect::<Vec<_>>().join("|")))
            })
            .collect()
    }

    #[test]
    fn cells_stand_where_a_browser_shows_them() {
        for (page, expected) in [
            (
                "<table><tr><th>Name<th>Phone<tr><td>Asha<td>1</table>",
                &["0.1 0=Name|1=Phone", "0.2 0=Asha|1=1"][..],
            ),
            (
                "<TABLE BORDER=1><TR><TD NOWRAP>R&amp;D&nbsp;<BR>\n two&#x41;</TD></TR></TABLE>",
                &["0.1 0=R&D\ntwoA"],
            ),
            (
                "<table><tr><td rowspan=2>a<td colspan='2'>b<td>c</tr><tr><td>d<td>e<td>f</tr>\
                 <tr><td>g</table>",
                &["0.1 0=a|1=b|3=c", "0.2 1=d|2=e|3=f", "0.3 0=g"],
            ),
            (
                "<table><tr><td>x<table><tr><td>inner</table>y<td>z</table>",
                &["1.1 0=inner", "0.1 0=x\ninner\ny|1=z"],
            ),
            (
                "<style>td{}</style><!-- <table> --><table><tr><td><script>'<td>'</script>a\
                 <![if x]></td></tr></tbody></table>",
                &["0.1 0=a"],
            ),
            (
                "<table><tr><td x:num=\"919876543210\">9.2E+11<td x:num=45366>15 Mar</table>",
                &["0.1 0=919876543210|1=15 Mar"],
            ),
            (
                "<table><tr><td>a<table><tr><td>b</table></table><p>Phone",
                &["1.1 0=b", "0.1 0=a\nb"],
            ),
        ] {
            assert_eq!(read(page).unwrap(), expected, "{page}");
        }
    }

    #[test]
    fn what_ends_in_a_table_or_is_boundless_is_damaged() {
        let deep = "<table><tr><td>".repeat(MAX_DEPTH + 1);
        let wide = format!("<table><tr>{}</table>", "<td colspan=1000>".repeat(17));
        for page in ["<table><tr><td>Asha<td>+9198765", &deep, &wide] {
            assert!(matches!(read(page), Err(SourceProblem::Damaged { .. })));
        }
    }

    #[test]
    fn a_cell_without_end_is_damage_and_takes_no_memory() {
        let long = "x".repeat(2 * MAX_CELL);
        let page = format!("<table><tr><td>Phone<tr><td>{long}<tr><td>1</table>");
        let input = Input::spool("page", page.as_bytes(), tempfile::tempfile).unwrap();
        let rows: Vec<Row> =
            rows_in(&input, TextEncoding::UTF_8).unwrap().map(Result::unwrap).collect();
        assert_eq!(rows.iter().map(|row| row.is_cut).collect::<Vec<_>>(), [false, true, false]);
        assert!(rows.iter().flat_map(|row| &row.cells).all(|(_, text)| text.len() <= MAX_CELL));
    }

    #[test]
    fn a_page_declares_its_encoding() {
        for (head, expected) in [
            ("<html><meta charset=\"ISO-8859-1\">", Some("windows-1252")),
            (
                "<META http-equiv=Content-Type content='text/html; charset=windows-1251'>",
                Some("windows-1251"),
            ),
            ("<meta charset=utf-16>", Some("utf-8")),
            ("<meta name=charset content=x>", None),
            ("<p>charset=utf-8", None),
        ] {
            let declared = declared_encoding(head.as_bytes()).map(|encoding| encoding.to_string());
            assert_eq!(declared.as_deref(), expected, "{head}");
        }
    }
}
