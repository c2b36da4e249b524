//! A workbook of one sheet in which every cell is text (ISO/IEC 29500), so that no spreadsheet changes
//! what stands in it. It is written while its rows come, and memory holds one of them.

use std::cell::RefCell;
use std::io::{self, Write};
use std::path::PathBuf;
use std::rc::Rc;

use contactmill_core::columns::column_letters;
use contactmill_wire::manifest::OutputFile;
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{DateTime, ZipWriter};

use crate::error::EmitError;
use crate::file::{ContactFile, ResultFiles};

/// What a sheet of Excel holds: rows, columns, and characters in a cell, which it counts in UTF-16.
const MAX_ROWS: u32 = 1 << 20;
const MAX_COLUMNS: usize = 1 << 14;
const MAX_CHARACTERS: usize = 32_767;

/// Maximum size of the sheet: Excel reads no part of 4 GiB and more.
const MAX_BYTES: usize = (1 << 32) - (1 << 20);

/// The parts beside the sheet. Format 1 is that of text (`@`).
const PARTS: [(&str, &str); 5] = [
    (
        "[Content_Types].xml",
        r#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>"#,
    ),
    (
        "_rels/.rels",
        r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#,
    ),
    (
        "xl/_rels/workbook.xml.rels",
        r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>"#,
    ),
    (
        "xl/workbook.xml",
        r#"<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Rejects" sheetId="1" r:id="rId1"/></sheets></workbook>"#,
    ),
    (
        "xl/styles.xml",
        r#"<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="2"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/><xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs></styleSheet>"#,
    ),
];

const SHEET: &str = "xl/worksheets/sheet1.xml";

const XML: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#;

/// The header row stays in view. Cells that are empty are of text, too.
const SHEET_START: &str = r#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><cols><col min="1" max="16384" width="18" style="1" customWidth="1"/></cols><sheetData>"#;

/// Excel does not offer to make numbers of text.
const SHEET_END: &str = r#"</sheetData><ignoredErrors><ignoredError sqref="A1:XFD1048576" numberStoredAsText="1"/></ignoredErrors></worksheet>"#;

/// A workbook while it is written.
pub(crate) struct Workbook {
    path: PathBuf,
    file: ContactFile,
    zip: ZipWriter<StreamWriter<Pending>>,
    /// What the archive has not written to the file: an archive that is dropped ends itself, which
    /// must not fail.
    pending: Pending,
    rows: u32,
    /// The number of bytes of the sheet.
    bytes: usize,
}

/// Bytes in memory.
#[derive(Clone, Default)]
struct Pending(Rc<RefCell<Vec<u8>>>);

impl Write for Pending {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Workbook {
    pub(crate) fn create(name: &str, files: &ResultFiles) -> Result<Self, EmitError> {
        let pending = Pending::default();
        let mut workbook = Workbook {
            path: files.path_of(name),
            file: ContactFile::create(files, name)?,
            zip: ZipWriter::new_stream(pending.clone()),
            pending,
            rows: 0,
            bytes: 0,
        };
        for (part, xml) in PARTS {
            workbook.start_part(part)?;
            workbook.write_xml(xml)?;
        }
        workbook.start_part(SHEET)?;
        workbook.write_xml(SHEET_START)?;
        Ok(workbook)
    }

    /// Whether a sheet can hold such a row.
    pub(crate) fn can_hold(fields: &[&str]) -> bool {
        let is_short = |field: &&str| {
            field.len() <= MAX_CHARACTERS || field.encode_utf16().count() <= MAX_CHARACTERS
        };
        fields.len() <= MAX_COLUMNS && fields.iter().all(is_short)
    }

    /// Writes a row, unless the sheet cannot hold it. Returns whether it was written.
    pub(crate) fn write(&mut self, fields: &[&str]) -> Result<bool, EmitError> {
        if self.rows == MAX_ROWS || !Self::can_hold(fields) {
            return Ok(false);
        }
        let row = row(self.rows + 1, fields);
        if self.bytes + row.len() > MAX_BYTES {
            return Ok(false);
        }
        self.rows += 1;
        self.bytes += row.len();
        self.write_xml(&row)?;
        Ok(true)
    }

    /// Ends the file and returns its entry in the manifest.
    pub(crate) fn finish(mut self) -> Result<OutputFile, EmitError> {
        self.write_xml(SHEET_END)?;
        self.zip.finish().map_err(|error| failed(&self.path, error.into()))?;
        hand_over(&self.pending, &mut self.file).map_err(|error| failed(&self.path, error))?;
        self.file.finish()
    }

    fn start_part(&mut self, name: &str) -> Result<(), EmitError> {
        // The same rows give the same bytes: no part has the time at which it was written.
        let options = SimpleFileOptions::default().last_modified_time(DateTime::default());
        let started = self.zip.start_file(name, options);
        started.map_err(|error| failed(&self.path, error.into()))?;
        self.write_xml(XML)
    }

    fn write_xml(&mut self, xml: &str) -> Result<(), EmitError> {
        let written = self.zip.write_all(xml.as_bytes());
        written
            .and_then(|()| hand_over(&self.pending, &mut self.file))
            .map_err(|error| failed(&self.path, error))
    }
}

fn failed(path: &std::path::Path, error: io::Error) -> EmitError {
    EmitError::io(path, "cannot be written")(error)
}

/// Writes to the file what the archive has written.
fn hand_over(pending: &Pending, file: &mut ContactFile) -> io::Result<()> {
    let mut bytes = pending.0.borrow_mut();
    let written = file.write_all(&bytes);
    bytes.clear();
    written
}

/// A row of the sheet, with this number from 1.
fn row(number: u32, fields: &[&str]) -> String {
    let mut xml = format!("<row r=\"{number}\">");
    for (column, field) in fields.iter().enumerate().filter(|(_, field)| !field.is_empty()) {
        let column = column_letters(column);
        xml.push_str(&format!(
            "<c r=\"{column}{number}\" s=\"1\" t=\"inlineStr\"><is><t xml:space=\"preserve\">"
        ));
        push_text(&mut xml, field);
        xml.push_str("</t></is></c>");
    }
    xml.push_str("</row>");
    xml
}

/// Appends a text. What XML has no place for stands as `_x000D_`, its number in hexadecimal, and what
/// looks like that as `_x005F_x000D_` (ISO/IEC 29500-1, 22.9.2.19).
fn push_text(xml: &mut String, text: &str) {
    for (at, c) in text.char_indices() {
        match c {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '_' if is_escape(&text[at..]) => xml.push_str("_x005F_"),
            '\t' | '\n' => xml.push(c),
            '\0'..=' ' | '\u{fffe}' | '\u{ffff}' if c != ' ' => {
                xml.push_str(&format!("_x{:04X}_", u32::from(c)));
            }
            _ => xml.push(c),
        }
    }
}

/// Whether the text begins with something like `_x000D_`.
fn is_escape(text: &str) -> bool {
    let digits = text.strip_prefix("_x").and_then(|rest| rest.get(..5));
    digits.is_some_and(|digits| {
        digits.ends_with('_') && digits[..4].bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::staging::{Existing, Staging};

    #[test]
    fn what_no_sheet_can_hold_is_left_to_the_caller() {
        let [most, too_many] = [MAX_CHARACTERS, MAX_CHARACTERS + 1].map(|count| "é".repeat(count));
        assert!(Workbook::can_hold(&["", &most]) && !Workbook::can_hold(&["", &too_many]));
        // Each is two in UTF-16.
        assert!(!Workbook::can_hold(&[&"🌸".repeat(MAX_CHARACTERS / 2 + 1)]));
        assert!(Workbook::can_hold(&vec![""; MAX_COLUMNS]));
        assert!(!Workbook::can_hold(&vec![""; MAX_COLUMNS + 1]));
    }

    #[test]
    fn a_full_sheet_takes_no_more_rows() {
        let parent = tempfile::tempdir().unwrap();
        let staging = Staging::new(&parent.path().join("out"), Existing::Keep).unwrap();
        let mut workbook = Workbook::create("rejects.xlsx", staging.files()).unwrap();
        workbook.rows = MAX_ROWS - 1;
        assert!(workbook.write(&["last"]).unwrap());
        assert!(!workbook.write(&["one more"]).unwrap());
        (workbook.rows, workbook.bytes) = (1, MAX_BYTES);
        assert!(!workbook.write(&["too large"]).unwrap());
        assert_eq!(workbook.finish().unwrap().path, "rejects.xlsx");
    }

    #[test]
    fn text_is_text_in_xml() {
        let mut xml = String::new();
        push_text(&mut xml, "<a & b>\r\n\u{0}_x000D__x00_é\u{ffff}");
        assert_eq!(xml, "&lt;a &amp; b&gt;_x000D_\n_x0000__x005F_x000D__x00_é_xFFFF_");
    }
}
