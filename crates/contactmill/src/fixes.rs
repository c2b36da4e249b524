//! Corrections of cells by hand.

use std::cell::Cell;
use std::collections::HashMap;
use std::fmt;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use contactmill_source::{CellFix, CellFixes, DumpMember, ReadOptions};
use contactmill_wire::fixes::{self, Fix, FixForm, MAX_BYTES};

use crate::error::{Error, Problem};
use crate::manifest::Fixed;

/// The corrections of a file, by what they are about.
pub(crate) struct Fixes {
    path: PathBuf,
    inputs: HashMap<FixedInput, FixedCells>,
}

/// An input, whatever it is called: SHA-256, and its name in an archive or a workbook.
type FixedInput = (String, String);

struct FixedCells {
    first_line: u64,
    /// By record and column; one for each cell that changes.
    cells: Vec<CellFix>,
    /// How many inputs there are of these bytes.
    found: Cell<u64>,
}

/// Why a file of corrections cannot be used.
#[derive(Debug)]
pub(crate) enum FixesProblem {
    Io(io::Error),
    TooLarge,
    Form(FixForm),
    /// It does not begin with what the one before it left in the cell.
    Chain {
        before: u64,
    },
    /// No input is the one that it is about.
    Input,
}

impl fmt::Display for FixesProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FixesProblem::Io(error) => write!(f, "cannot be read: {error}"),
            FixesProblem::TooLarge => write!(
                f,
                "more than {} MiB of fixes; correct the inputs themselves, as a whole",
                MAX_BYTES >> 20
            ),
            FixesProblem::Form(form) => form.fmt(f),
            FixesProblem::Chain { before } => write!(
                f,
                "`before` is not what line {before} leaves in this cell; take out one of the two lines"
            ),
            FixesProblem::Input => f.write_str(
                "no input has this SHA-256 and member; name the input that was fixed, unchanged and with \
                 the same sheets, or take out its lines",
            ),
        }
    }
}

impl Fixes {
    /// Reads a file of corrections.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let fail = |line, problem| problem_of(path, line, problem);
        let mut text = Vec::new();
        let read = std::fs::File::open(path)
            .and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut text));
        read.map_err(|error| fail(None, FixesProblem::Io(error)))?;
        if text.len() as u64 > MAX_BYTES {
            return Err(fail(None, FixesProblem::TooLarge));
        }
        let mut inputs: HashMap<FixedInput, FixedCells> = HashMap::new();
        for read in fixes::read(&text) {
            let (line, fix) =
                read.map_err(|(line, form)| fail(Some(line), FixesProblem::Form(form)))?;
            let Fix { sha256, member, record, column, before, after } = fix;
            let new = || FixedCells { first_line: line, cells: Vec::new(), found: Cell::new(0) };
            let of_input = inputs.entry((sha256, member)).or_insert_with(new);
            of_input.cells.push(CellFix { line, record, column, before, after });
        }
        for of_input in inputs.values_mut() {
            of_input.cells = in_one(std::mem::take(&mut of_input.cells))
                .map_err(|(line, before)| fail(Some(line), FixesProblem::Chain { before }))?;
        }
        Ok(Fixes { path: path.to_owned(), inputs })
    }

    /// The member with its corrections.
    pub(crate) fn applied_to(
        &self,
        member: DumpMember,
        reading: ReadOptions<'_>,
    ) -> Result<DumpMember, Error> {
        let (sha256, name) = member.identity(reading)?;
        let Some(fixed) = self.inputs.get(&(sha256, name.to_owned())) else { return Ok(member) };
        fixed.found.set(fixed.found.get() + 1);
        let name = self.path.display().to_string();
        Ok(member.with_fixes(CellFixes::new(&name, fixed.cells.clone())))
    }

    /// Requires that every correction is about one of the inputs, and counts them.
    pub(crate) fn finish(&self) -> Result<Fixed, Error> {
        let unknown = self.inputs.values().filter(|input| input.found.get() == 0);
        if let Some(line) = unknown.map(|input| input.first_line).min() {
            return Err(problem_of(&self.path, Some(line), FixesProblem::Input));
        }
        let mut fixed = Fixed::default();
        for FixedCells { cells, found, .. } in self.inputs.values() {
            let records = cells.chunk_by(|one, other| one.record == other.record).count() as u64;
            fixed.cells += found.get() * cells.len() as u64;
            fixed.records += found.get() * records;
        }
        Ok(fixed)
    }
}

fn problem_of(path: &Path, line: Option<u64>, problem: FixesProblem) -> Error {
    Problem::Fixes { path: path.to_owned(), line, problem }.into()
}

/// All corrections of a cell as one; none where the last one takes the first one back. An error is the line
/// that does not follow the one before it, and that.
fn in_one(mut cells: Vec<CellFix>) -> Result<Vec<CellFix>, (u64, u64)> {
    cells.sort_by(|one, other| (one.record, &one.column).cmp(&(other.record, &other.column)));
    let mut all: Vec<CellFix> = Vec::with_capacity(cells.len());
    for fix in cells {
        match all.last_mut() {
            Some(last) if (last.record, &last.column) == (fix.record, &fix.column) => {
                if last.after != fix.before {
                    return Err((fix.line, last.line));
                }
                last.after = fix.after;
                last.line = fix.line;
            }
            _ => all.push(fix),
        }
    }
    all.retain(|fix| fix.before != fix.after);
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fix(line: u64, record: u64, before: &str, after: &str) -> CellFix {
        let (before, after) = (before.to_owned(), after.to_owned());
        CellFix { line, record, column: "Phone".into(), before, after }
    }

    #[test]
    fn corrections_of_one_cell_follow_each_other() {
        let chain = vec![fix(2, 7, "a", "b"), fix(3, 1, "x", "y"), fix(4, 7, "b", "c")];
        let all = in_one(chain).unwrap();
        assert_eq!(all, [fix(3, 1, "x", "y"), fix(4, 7, "a", "c")]);
        assert_eq!(in_one(vec![fix(2, 7, "a", "b"), fix(3, 7, "b", "a")]), Ok(Vec::new()));
        assert_eq!(in_one(vec![fix(2, 7, "a", "b"), fix(3, 7, "a", "c")]), Err((3, 2)));
    }
}
