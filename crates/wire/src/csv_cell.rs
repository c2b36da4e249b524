//! Cells of the CSV files in a result folder.

use std::borrow::Cow;

/// The value, behind an apostrophe where a spreadsheet would run it as a formula (CSV injection) or
/// round it as a number: where it begins with `=` `+` `-` `@`, a tab or a line break.
///
/// A value that begins with apostrophes and then one of these gets one more, so that reading takes
/// off exactly one.
///
/// ```
/// use contactmill_wire::csv_cell::escape_formula;
///
/// assert_eq!(escape_formula("+91 98765 43210"), "'+91 98765 43210");
/// assert_eq!(escape_formula("'+91"), "''+91");
/// assert_eq!(escape_formula("Asha"), "Asha");
/// ```
#[must_use]
pub fn escape_formula(value: &str) -> Cow<'_, str> {
    // Nearly all values begin with a letter or a digit.
    if value.as_bytes().first().is_none_or(u8::is_ascii_alphanumeric) {
        return Cow::Borrowed(value);
    }
    let inner = value.trim_start_matches('\'');
    if inner.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) {
        Cow::Owned(format!("'{value}"))
    } else {
        Cow::Borrowed(value)
    }
}

/// The value that [`escape_formula`] escaped; as it is where nothing is escaped.
///
/// ```
/// use contactmill_wire::csv_cell::unescape_formula;
///
/// assert_eq!(unescape_formula("'+91 98765 43210"), "+91 98765 43210");
/// assert_eq!(unescape_formula("''+91"), "'+91");
/// assert_eq!(unescape_formula("'Asha'"), "'Asha'");
/// ```
#[must_use]
pub fn unescape_formula(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(value) if escape_formula(value) == cell => value,
        _ => cell,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_comes_back_from_its_cell() {
        for value in
            ["", "Asha", "=1+1", "+91", "-", "@x", "\t", "\r", "\n", "'", "'a", "'+", "''=", "'''"]
        {
            assert_eq!(unescape_formula(&escape_formula(value)), value, "{value:?}");
        }
    }

    #[test]
    fn no_cell_begins_a_formula() {
        for value in ["=1+1", "+91", "-2", "@SUM(A1)", "\t=1", "\r=1", "\n=1"] {
            assert!(escape_formula(value).starts_with('\''), "{value:?}");
        }
    }
}
