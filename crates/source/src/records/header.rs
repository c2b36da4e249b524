//! Finding the header row below what a program put above it.

use contactmill_core::columns::is_bookkeeping_header;

/// Whether a row has columns for contacts, or is a record of one; what such columns are called, others
/// know.
pub type IsHeaderRow<'o> = &'o dyn Fn(&[String]) -> bool;

/// How many rows are looked at.
pub(crate) const HEADER_AMONG: usize = 10;

/// So many rows tell how many columns there are, where no header row does.
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
    pub(crate) const fn new(
        no_header: bool,
        is_header: IsHeaderRow<'o>,
        is_record: IsHeaderRow<'o>,
    ) -> Self {
        HeaderSearch { no_header, is_header, is_record }
    }

    /// The first row is the header, whatever it is.
    pub(crate) const fn none() -> Self {
        HeaderSearch::new(false, &|_| false, &|_| false)
    }

    /// How many rows tell.
    pub(crate) const fn rows(self) -> usize {
        if self.no_header { ROWS_COUNTED } else { HEADER_AMONG }
    }

    /// Whether there is none, as the user says.
    pub(crate) const fn is_without(self) -> bool {
        self.no_header
    }

    /// The row, from 0, that is a header for contacts. Rows above it must be banners, or they would be
    /// lost: they hold less than it does, none that holds more than half as much is a record, and no
    /// two are. One may name a helpline, or who asked for the file.
    pub(crate) fn find<'r>(self, rows: impl Iterator<Item = &'r [String]>) -> Option<usize> {
        let (mut fullest_above, mut fullest_record, mut records) = (0, 0, 0);
        if self.no_header {
            return None;
        }
        for (at, row) in rows.take(HEADER_AMONG).enumerate() {
            let filled = row.iter().filter(|cell| !cell.trim().is_empty()).count();
            if (self.is_header)(row) {
                let is_below_banners =
                    filled > fullest_above && filled >= 2 * fullest_record && records < 2;
                return (at == 0 || is_below_banners).then_some(at);
            }
            fullest_above = fullest_above.max(filled);
            if (self.is_record)(row) {
                fullest_record = fullest_record.max(filled);
                // An address by itself, on a line, is part of a letterhead.
                records += usize::from(filled > 1);
            }
        }
        None
    }

    /// Whether the columns have numbers for names, as the first row is no header. A file that `convert` wrote has one, whatever the user says of others.
    pub(crate) fn is_numbered(self, first: Option<&[String]>) -> bool {
        self.no_header && first.is_some_and(|first| !is_bookkeeping_header(first))
    }
}

/// How many columns text has, by the numbers of fields of its rows: as many as the longest of them, but
/// for one that is longer than all others, which is a damaged one.
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
        let search = HeaderSearch::new(false, &is_header, &is_record);
        let found = search.find(rows.iter().map(Vec::as_slice));
        assert_eq!(found, expected);
    }

    #[test]
    fn banners_above_the_header_are_passed_over() {
        check(&["Name,Phone", "Asha,1"], Some(0));
        check(&["Contacts of March", "by Asha,", "Name,Phone,Mail", "Asha,1"], Some(2));
        check(&["Kunde,Nummer", "Asha,1"], None);
    }

    #[test]
    fn a_record_is_never_taken_for_a_banner() {
        check(&["Kunde,Art,Nummer", "Asha,Phone,1"], None);
        check(&["asha@example.com,Asha,", "ravi@example.com,Phone,1"], None);
        check(&["by,asha@example.com,,", "Name,Phone,Email,City"], Some(1));
        let two = ["Asha,asha@example.com,,", "Ravi,ravi@example.com,,", "Name,Phone,Email,City"];
        check(&two, None);
    }

    #[test]
    fn without_a_header_there_are_as_many_columns_as_rows_have() {
        for (counts, columns) in
            [(&[2, 3, 3, 4][..], 3), (&[2, 3], 3), (&[1], 1), (&[2, 2, 5, 5], 5), (&[], 0)]
        {
            assert_eq!(usual_width(counts.to_vec()), columns, "{counts:?}");
        }
    }

    #[test]
    fn a_file_of_our_own_has_a_header_whatever_the_user_says() {
        let is_numbered = |no_header: bool, first: &str| {
            let first: Vec<String> = first.split(',').map(str::to_owned).collect();
            HeaderSearch::new(no_header, &|_| true, &|_| true).is_numbered(Some(&first))
        };
        assert!(is_numbered(true, "Asha,9876543210"));
        assert!(!is_numbered(false, "Asha,9876543210"));
        assert!(!is_numbered(true, "column1,_source,_record,_line"));
    }
}
