//! Files that contactmill itself wrote for people to correct.
//!
//! In them, a value that a spreadsheet would run as a formula or round is escaped with an apostrophe.
//! Reading removes it.

use std::borrow::Cow;

/// The value without the apostrophe that escapes it; the inverse of what `contactmill-emit` does.
pub(crate) fn unescaped(value: &str) -> &str {
    let Some(rest) = value.strip_prefix('\'') else { return value };
    let inner = rest.trim_start_matches('\'');
    if inner.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) { rest } else { value }
}

/// The fields that lie end to end in `text`, each without its escape.
pub(crate) fn unescaped_fields<'t>(text: &'t str, ends: &mut [usize]) -> Cow<'t, str> {
    if !text.contains('\'') {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut start = 0;
    for end in ends {
        plain.push_str(unescaped(text.get(start..*end).unwrap_or_default()));
        start = *end;
        *end = plain.len();
    }
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_escaping_apostrophe_is_removed_and_no_other() {
        assert_eq!(unescaped("'+91 98"), "+91 98");
        assert_eq!(unescaped("''+91 98"), "'+91 98");
        assert_eq!(unescaped("'Asha"), "'Asha");
        assert_eq!(unescaped("'"), "'");
        assert_eq!(unescaped("+91"), "+91");
    }

    #[test]
    fn fields_keep_their_borders() {
        let mut ends = [3, 4, 7];
        let text = unescaped_fields("'+1x'-2", &mut ends);
        assert_eq!((&*text, ends), ("+1x-2", [2, 3, 5]));
    }
}
