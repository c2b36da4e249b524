//! Files that contactmill itself wrote for people to correct: reading takes off the apostrophes that
//! escape cells.

use std::borrow::Cow;

use contactmill_wire::csv_cell::unescape;

/// The header row, each name without its escape. A spreadsheet adds columns without names where some row
/// is longer: without them, such a row is longer again.
pub(crate) fn unescaped_header(header: &[String]) -> Vec<String> {
    let named = header.iter().rposition(|name| !name.is_empty()).map_or(0, |last| last + 1);
    header[..named].iter().map(|name| unescape(name).to_owned()).collect()
}

/// The fields that lie end to end in `text`, each without its escape.
pub(crate) fn unescaped_fields<'t>(text: &'t str, ends: &mut [usize]) -> Cow<'t, str> {
    if !text.contains('\'') {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut start = 0;
    for end in ends {
        plain.push_str(unescape(text.get(start..*end).unwrap_or_default()));
        start = *end;
        *end = plain.len();
    }
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_that_a_spreadsheet_added_are_none() {
        let header = ["", "'+91", "_source", "_record", "_line", "", ""].map(String::from);
        assert_eq!(unescaped_header(&header), ["", "+91", "_source", "_record", "_line"]);
    }

    #[test]
    fn fields_keep_their_borders() {
        let mut ends = [3, 4, 7];
        let text = unescaped_fields("'+1x'-2", &mut ends);
        assert_eq!((&*text, ends), ("+1x-2", [2, 3, 5]));
    }
}
