//! The names of columns, and columns by their names.

use std::collections::{HashMap, HashSet};

use crate::columns::header_row::index_of_letters;
use crate::text::{folded, visible};

/// The names of the columns of a header row: trimmed, a repeated one followed by ` (2)`, one
/// without a name called `column 3` by its place.
///
/// ```
/// use contactmill_core::columns::column_names;
///
/// let header = ["Phone", " Phone", ""].map(String::from);
/// assert_eq!(column_names(&header), ["Phone", "Phone (2)", "column 3"]);
/// ```
#[must_use]
pub fn column_names(header: &[String]) -> Vec<String> {
    let mut names: Vec<String> = Vec::with_capacity(header.len());
    let mut taken: HashSet<String> = HashSet::with_capacity(header.len());
    // The number that the next repetition of a name may have.
    let mut next: HashMap<String, usize> = HashMap::new();
    for (index, column) in header.iter().enumerate() {
        let base = match visible(column) {
            name if name.is_empty() => format!("column {}", index + 1),
            name => name.into_owned(),
        };
        let mut name = base.clone();
        while taken.contains(&name) {
            let count = next.entry(base.clone()).or_insert(2);
            name = format!("{base} ({count})");
            *count += 1;
        }
        taken.insert(name.clone());
        names.push(name);
    }
    names
}

/// A column by its name, else by its letters.
pub(super) fn find_column(names: &[String], wanted: &str) -> Option<usize> {
    let by_letters = || index_of_letters(wanted).filter(|&index| index < names.len());
    by_name(names, wanted).or_else(by_letters)
}

/// A column by its name: as it stands, else without regard to case, accents and punctuation.
pub(super) fn by_name(names: &[String], wanted: &str) -> Option<usize> {
    let wanted_folded = folded(wanted);
    names.iter().position(|name| name == wanted).or_else(|| {
        names.iter().position(|name| !wanted_folded.is_empty() && folded(name) == wanted_folded)
    })
}
