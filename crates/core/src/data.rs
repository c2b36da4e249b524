//! The word lists under `data/`, compiled in: tables that anyone can extend without Rust.
//!
//! Each is text with a tab between columns; lines that begin with `#` and empty lines are comments.

/// The rows of a table with this many columns. A row with fewer has empty ones at its end.
pub(crate) fn rows<const COLUMNS: usize>(
    table: &'static str,
) -> impl Iterator<Item = [&'static str; COLUMNS]> + Clone {
    table.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(|line| {
        let mut columns = line.split('\t');
        std::array::from_fn(|_| columns.next().unwrap_or_default())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_no_rows_and_short_rows_are_filled_up() {
        let table = "# a comment\n\none\ttwo\nthree\n";
        assert!(rows::<2>(table).eq([["one", "two"], ["three", ""]]));
    }
}
