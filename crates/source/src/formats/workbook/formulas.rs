//! Formulas whose results are not stored: a program wrote them that does not calculate.

use contactmill_core::columns::column_letters;
use memchr::memmem;

use crate::input::error::SourceProblem;

/// The error for a formula without a result, in a row from 1 and a column from 0. Left out, its row could be
/// blank, and count as no record.
pub(super) fn without_result(row: u64, column: usize) -> SourceProblem {
    let cell = format!("{}{row}", column_letters(column));
    SourceProblem::NotRead {
        what: format!("the formula in {cell} has no result in the file"),
        instead: "open it in a spreadsheet program, save it there, and convert that",
    }
}

/// How the XML of a cell (ISO/IEC 29500-1, 18.3.1.4) goes on behind a formula that may have no result. Where the
/// result is an empty text, it looks the same.
const ENDS: [&str; 5] = ["f></c>", "f><v></v>", "f><v/>", "f><v />", "/></c>"];

/// Length of the longest of them, in bytes.
const MAX_END: usize = 9;

/// Looks in the XML of a sheet for formulas that may have no result.
#[derive(Default)]
pub(super) struct OpenFormulas {
    pub(super) found: bool,
    /// The last bytes, which may be the beginning of an end.
    tail: Vec<u8>,
}

impl OpenFormulas {
    pub(super) fn add(&mut self, bytes: &[u8]) {
        let (head, rest) = bytes.split_at(bytes.len().min(MAX_END));
        self.tail.extend_from_slice(head);
        let has_open = |bytes| ENDS.iter().any(|end| memmem::find(bytes, end.as_bytes()).is_some());
        self.found = self.found || has_open(&self.tail) || has_open(bytes);
        self.tail.extend_from_slice(&rest[rest.len().saturating_sub(MAX_END)..]);
        self.tail.drain(..self.tail.len().saturating_sub(MAX_END));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_without_a_result_is_found_wherever_the_bytes_are_cut() {
        for (cell, is_open) in [
            (r#"<c r="A1"><f>B1</f></c>"#, true),
            (r#"<c r="A1"><f>B1</f><v></v></c>"#, true),
            (r#"<c r="A1"><f>B1</f><v /></c>"#, true),
            (r#"<c r="A1"><f t="shared" si="0"/></c>"#, true),
            (r#"<c r="A1"><f>B1</f><v>12</v></c>"#, false),
            (r#"<c r="A1"><v>12</v></c><c r="B1"/></row>"#, false),
        ] {
            let cell = format!("{cell}<c><v>1</v></c>");
            for len in 1..cell.len() {
                let mut formulas = OpenFormulas::default();
                cell.as_bytes().chunks(len).for_each(|piece| formulas.add(piece));
                assert_eq!(formulas.found, is_open, "{cell} in pieces of {len}");
            }
        }
    }
}
