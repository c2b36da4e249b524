//! Fixes: corrections of cells by hand, one a line of a CSV file that only ever grows.
//!
//! A fix says which cell it is about by the bytes of the input, so that it fits nothing else, and what
//! stood in it before. Several fixes of one cell are a chain: each begins with what the one before it
//! left, and to undo one is another fix.

use std::fmt;

use crate::csv_cell::{BYTE_ORDER_MARK, unescape, write_row};

/// The columns.
pub const HEADER: [&str; 6] = ["sha256", "member", "record", "column", "before", "after"];

/// Maximum size of a file of fixes, in bytes: they are all in memory while a dump is read.
pub const MAX_BYTES: u64 = 64 << 20;

/// The correction of one cell.
///
/// ```
/// use contactmill_wire::fixes::{self, Fix};
///
/// let fix = Fix {
///     sha256: "9f86d0".into(),
///     member: "Leads".into(),
///     record: 12,
///     column: "Phone".into(),
///     before: "9876543".into(),
///     after: "+919876543210".into(),
/// };
/// let mut file = fixes::head();
/// fix.write(&mut file);
/// let read: Result<Vec<_>, _> = fixes::read(&file).collect();
/// assert_eq!(read.unwrap(), [(2, fix)]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fix {
    /// SHA-256 of the input, as in the manifest: of a file, or of a file in an archive.
    pub sha256: String,
    /// What of the input it is: the name of the file in an archive, and that of the sheet where sheets
    /// are chosen. Empty for all of it.
    pub member: String,
    /// The number of the record, from 1, headers not counted.
    pub record: u64,
    /// The name of the column.
    pub column: String,
    /// What stands in the cell.
    pub before: String,
    /// What it is to be read as.
    pub after: String,
}

impl Fix {
    /// Appends it as a line.
    pub fn write(&self, out: &mut Vec<u8>) {
        let record = self.record.to_string();
        let Fix { sha256, member, column, before, after, .. } = self;
        write_row([sha256, member, &record, column, before, after].map(String::as_str), out);
    }

    /// The fix that takes this one back.
    #[must_use]
    pub fn undone(self) -> Self {
        Fix { before: self.after, after: self.before, ..self }
    }
}

/// The first line of a file of fixes.
#[must_use]
pub fn head() -> Vec<u8> {
    let mut head = BYTE_ORDER_MARK.as_bytes().to_vec();
    write_row(HEADER, &mut head);
    head
}

/// Why a line is no fix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FixForm {
    /// The first line is not [`HEADER`].
    Header,
    /// The line has not one value for each column, or its record is no number.
    Line,
    /// It is not text in UTF-8.
    Encoding,
    /// The file does not end with a line end: its last line may have been cut off.
    CutOff,
}

impl fmt::Display for FixForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FixForm::Header => write!(f, "the first line must be {}", HEADER.join(",")),
            FixForm::Line => write!(
                f,
                "this is no fix: it needs a value for each of {}, and a number for the record; correct \
                 the line, or take it out",
                HEADER.join(", ")
            ),
            FixForm::Encoding => f.write_str("this is not UTF-8; save the file as UTF-8"),
            FixForm::CutOff => f.write_str(
                "the last line may have been cut off, as no line end stands behind it; take the line out, \
                 or end it",
            ),
        }
    }
}

impl std::error::Error for FixForm {}

/// The fixes of a file, each with its line.
///
/// Whoever appends to a file goes on where [`whole_bytes`] ends.
pub fn read(file: &[u8]) -> impl Iterator<Item = Result<(u64, Fix), (u64, FixForm)>> {
    let (whole, rest) = file.split_at(whole_bytes(file));
    let mut builder = csv::ReaderBuilder::new();
    let records = builder.has_headers(false).flexible(true).from_reader(whole).into_records();
    let line_of = |position: Option<&csv::Position>| position.map_or(1, csv::Position::line);
    let fixes = records.enumerate().filter_map(move |(index, record)| match record {
        Err(error) => Some(Err((line_of(error.position()), FixForm::Encoding))),
        Ok(record) if index == 0 => {
            (!record.iter().eq(HEADER)).then_some(Err((1, FixForm::Header)))
        }
        Ok(record) => {
            let line = line_of(record.position());
            Some(fix_of(&record).map(|fix| (line, fix)).ok_or((line, FixForm::Line)))
        }
    });
    let lines = whole.iter().filter(|&&byte| byte == b'\n').count() as u64;
    fixes.chain((!rest.is_empty()).then_some(Err((lines + 1, FixForm::CutOff))))
}

fn fix_of(record: &csv::StringRecord) -> Option<Fix> {
    if record.len() != HEADER.len() {
        return None;
    }
    let cell = |index| record.get(index).map(|cell: &str| unescape(cell).to_owned());
    let record_number = cell(2)?.parse().ok().filter(|&number| number > 0)?;
    Some(Fix {
        sha256: cell(0)?,
        member: cell(1)?,
        record: record_number,
        column: cell(3)?,
        before: cell(4)?,
        after: cell(5)?,
    })
}

/// How many bytes of a file of fixes are whole lines: without one that was being written when the power
/// went.
///
/// ```
/// use contactmill_wire::fixes::whole_bytes;
///
/// assert_eq!(whole_bytes(b"a,b\nc,\"d\ne\"\nf,\"g\nh"), 12);
/// ```
#[must_use]
pub fn whole_bytes(file: &[u8]) -> usize {
    let (mut whole, mut is_quoted) = (0, false);
    for (at, byte) in file.iter().enumerate() {
        match byte {
            b'"' => is_quoted = !is_quoted,
            b'\n' if !is_quoted => whole = at + 1,
            _ => {}
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fix(before: &str, after: &str) -> Fix {
        let (sha256, member) = ("ab".repeat(32), "a/b, c".to_owned());
        let (before, after) = (before.to_owned(), after.to_owned());
        Fix { sha256, member, record: 7, column: "=Phone\"".into(), before, after }
    }

    #[test]
    fn what_is_written_is_read_whatever_stands_in_the_cells() {
        let values = ["", "+91 98765", "'a", "0612345678", "a\"b,c\nd\r\n", "नाम", "3/4", "=1+1"];
        let fixes: Vec<Fix> = values.iter().flat_map(|a| values.map(|b| fix(a, b))).collect();
        let mut file = head();
        fixes.iter().for_each(|fix| fix.write(&mut file));
        let read: Vec<Fix> = read(&file).map(|read| read.unwrap().1).collect();
        assert_eq!(read, fixes);
        assert_eq!(whole_bytes(&file), file.len());
        assert_eq!(fix("1", "2").undone(), fix("2", "1"));
    }

    #[test]
    fn a_line_that_was_cut_off_anywhere_is_found() {
        let mut file = head();
        fix("1", "2").write(&mut file);
        let whole = file.len();
        fix("a\nb", "c\n\"d").write(&mut file);
        for end in whole + 1..file.len() {
            let cut = &file[..end];
            assert_eq!(whole_bytes(cut), whole, "{end}");
            let read: Vec<_> = read(cut).collect();
            assert_eq!(read.len(), 2, "{end}");
            assert_eq!(read[1], Err((3, FixForm::CutOff)), "{end}");
        }
    }

    #[test]
    fn what_is_no_fix_is_named_with_its_line() {
        let head = String::from_utf8(head()).unwrap();
        for (file, line, form) in [
            ("a,b\n".to_owned(), 1, FixForm::Header),
            (format!("{head}ab,,1,Phone,a,b\nab,,0,Phone,a,b\n"), 3, FixForm::Line),
            (format!("{head}ab,,x,Phone,a,b\n"), 2, FixForm::Line),
            (format!("{head}ab,,1,Phone,a\n"), 2, FixForm::Line),
        ] {
            let error = read(file.as_bytes()).find_map(Result::err);
            assert_eq!(error, Some((line, form)), "{file}");
        }
        let error = read(b"sha256,\xff\n").find_map(Result::err);
        assert_eq!(error, Some((1, FixForm::Encoding)));
    }
}
