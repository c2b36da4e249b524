//! Finding the header row below what a program put above it.

/// Whether a row has columns for contacts; what such columns are called, others know.
pub type IsHeader<'o> = &'o dyn Fn(&[String]) -> bool;

/// How many rows are looked at.
pub(crate) const HEADER_AMONG: usize = 10;

/// Looks for the header row.
#[derive(Clone, Copy)]
pub(crate) struct HeaderSearch<'o> {
    is_header: IsHeader<'o>,
}

impl<'o> HeaderSearch<'o> {
    pub(crate) const fn new(is_header: IsHeader<'o>) -> Self {
        HeaderSearch { is_header }
    }

    /// The row, from 0, that is a header for contacts. Rows above it must be banners: they hold less
    /// than it does, or they would be lost.
    pub(crate) fn find<'r>(self, rows: impl Iterator<Item = &'r [String]>) -> Option<usize> {
        let mut fullest_above = 0;
        for (at, row) in rows.take(HEADER_AMONG).enumerate() {
            let filled = row.iter().filter(|cell| !cell.trim().is_empty()).count();
            if (self.is_header)(row) {
                return (at == 0 || filled > fullest_above).then_some(at);
            }
            fullest_above = fullest_above.max(filled);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(rows: &[&str], expected: Option<usize>) {
        let is_header = |row: &[String]| row.iter().any(|cell| cell == "Phone");
        let rows: Vec<Vec<String>> =
            rows.iter().map(|row| row.split(',').map(str::to_owned).collect()).collect();
        let found = HeaderSearch::new(&is_header).find(rows.iter().map(Vec::as_slice));
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
    }
}
