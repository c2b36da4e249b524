//! Finding the header row below the preamble rows.

use contactmill_core::columns::{below_groups, is_own_header};

use crate::input::options::{IsHeaderRow, ReadOptions};

/// The number of rows among which the header row is looked for.
const HEADER_AMONG: usize = 10;

/// The number of rows that say how many columns there are, where there is no header row.
const ROWS_COUNTED: usize = 1_000;

/// Looks for the header row.
#[derive(Clone, Copy)]
pub(crate) struct HeaderSearch<'o> {
    /// The user says that there is none.
    no_header: bool,
    is_header: IsHeaderRow<'o>,
    is_record: IsHeaderRow<'o>,
}

impl<'o> HeaderSearch<'o> {
    /// The search that these options ask for.
    pub(crate) const fn new(options: &ReadOptions<'o>) -> Self {
        let ReadOptions { no_header, is_header, is_record, .. } = *options;
        HeaderSearch { no_header, is_header, is_record }
    }

    /// No search: the first row is the header, whatever it holds.
    pub(crate) const fn first_row() -> Self {
        HeaderSearch { no_header: false, is_header: &|_| false, is_record: &|_| false }
    }

    /// The number of first rows to look at.
    pub(crate) const fn rows(self) -> usize {
        if self.no_header { ROWS_COUNTED } else { HEADER_AMONG }
    }

    /// Whether the user says that there is no header row.
    pub(crate) const fn is_without(self) -> bool {
        self.no_header
    }

    /// The index of the row that is a header for contacts.
    ///
    /// The rows above it must be preamble rows, or records would be lost. So each of them has fewer
    /// filled cells than the header, none with more than half as many is a record, and at most one is:
    /// a preamble row may name a helpline, or who asked for the file.
    pub(crate) fn find<'r>(self, rows: impl Iterator<Item = &'r [String]>) -> Option<usize> {
        let (mut fullest_above, mut fullest_record, mut records) = (0, 0, 0);
        if self.no_header {
            return None;
        }
        let mut above = None;
        for (at, row) in rows.take(HEADER_AMONG).enumerate() {
            let filled = row.iter().filter(|cell| !cell.trim().is_empty()).count();
            let names = below_row(above.replace(row), row.to_vec());
            if (self.is_header)(row) || (self.is_header)(&names) {
                let is_below_preamble =
                    filled > fullest_above && filled >= 2 * fullest_record && records < 2;
                return (at == 0 || is_below_preamble).then_some(at);
            }
            fullest_above = fullest_above.max(filled);
            if (self.is_record)(row) {
                fullest_record = fullest_record.max(filled);
                // An address alone on its line is part of a letterhead.
                records += usize::from(filled > 1);
            }
        }
        None
    }

    /// Whether the columns get numbers for names, as there is no header row. A file that `convert`
    /// wrote has one, whatever the user says.
    pub(crate) fn is_numbered(self, first: Option<&[String]>) -> bool {
        self.no_header && first.is_some_and(|first| !is_own_header(first))
    }
}

/// The names of the columns, where this row stands above the header row.
pub(crate) fn below_row(above: Option<&[String]>, header: Vec<String>) -> Vec<String> {
    match above {
        Some(groups) if !is_own_header(&header) => below_groups(groups, header),
        _ => header,
    }
}

/// The number of columns of a text, by the numbers of fields of its rows: that of the longest row. A
/// single row that is longer than all others does not count, as it is damaged.
pub(crate) fn usual_width(mut counts: Vec<usize>) -> usize {
    counts.sort_unstable_by_key(|&count| std::cmp::Reverse(count));
    let twice = counts.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0]);
    twice.or(counts.first().copied()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(rows: &[&str], expected: Option<usize>) {
        let is_header = |row: &[String]| row.iter().any(|cell| cell == "Phone");
        let rows: Vec<Vec<String>> =
            rows.iter().map(|row| row.split(',').map(str::to_owned).collect()).collect();
        let is_record = |row: &[String]| row.iter().any(|cell| cell.contains('@'));
        let search =
            HeaderSearch { no_header: false, is_header: &is_header, is_record: &is_record };
        let found = search.find(rows.iter().map(Vec::as_slice));
        assert_eq!(found, expected);
    }

    #[test]
    fn preamble_rows_above_the_header_are_skipped() {
        check(&["Name,Phone", "Asha,1"], Some(0));
        check(&["Contacts of March", "by Asha,", "Name,Phone,Mail", "Asha,1"], Some(2));
        check(&["Kunde,Nummer", "Asha,1"], None);
    }

    #[test]
    fn a_record_is_never_taken_for_a_preamble_row() {
        check(&["Kunde,Art,Nummer", "Asha,Phone,1"], None);
        check(&["asha@example.com,Asha,", "ravi@example.com,Phone,1"], None);
        check(&["by,asha@example.com,,", "Name,Phone,Email,City"], Some(1));
        let two = ["Asha,asha@example.com,,", "Ravi,ravi@example.com,,", "Name,Phone,Email,City"];
        check(&two, None);
    }

    #[test]
    fn without_a_header_the_rows_say_how_many_columns_there_are() {
        for (counts, columns) in
            [(&[2, 3, 3, 4][..], 3), (&[2, 3], 3), (&[1], 1), (&[2, 2, 5, 5], 5), (&[], 0)]
        {
            assert_eq!(usual_width(counts.to_vec()), columns, "{counts:?}");
        }
    }

    #[test]
    fn a_file_that_convert_wrote_has_a_header_whatever_the_user_says() {
        let is_numbered = |no_header: bool, first: &str| {
            let first: Vec<String> = first.split(',').map(str::to_owned).collect();
            let search = HeaderSearch { no_header, is_header: &|_| true, is_record: &|_| true };
            search.is_numbered(Some(&first))
        };
        assert!(is_numbered(true, "Asha,9876543210"));
        assert!(!is_numbered(false, "Asha,9876543210"));
        assert!(!is_numbered(true, "column1,_source,_record,_line"));
    }
}
