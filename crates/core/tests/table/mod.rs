//! Tables of cases: each row is a test, named after its file, line and text.

use libtest_mimic::Trial;

/// Adds a test for each row of a table, named with the heading above it. `at_least` is the number of rows
/// below which the table was damaged.
pub(crate) fn add(
    trials: &mut Vec<Trial>,
    (file, table): (&str, &'static str),
    at_least: usize,
    check: fn(&'static str),
) {
    let before = trials.len();
    let mut heading = "";
    for (row, line) in table.lines().zip(1..) {
        if let Some(text) = row.strip_prefix("# ") {
            heading = text;
        } else if !row.is_empty() {
            let name = format!("{file}.tsv:{line} {heading}: {row}");
            trials.push(Trial::test(name, move || {
                check(row);
                Ok(())
            }));
        }
    }
    assert!(trials.len() - before >= at_least, "{file}.tsv has lost its rows");
}

/// The first columns of a row; what follows is a note.
pub(crate) fn columns<const N: usize>(row: &str) -> [&str; N] {
    let columns: Vec<&str> = row.split('\t').take(N).collect();
    columns.try_into().unwrap_or_else(|_| panic!("{N} columns with tabs between them: {row:?}"))
}
