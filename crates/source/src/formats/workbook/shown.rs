//! The digits that a number format shows beside those of the number (ISO/IEC 29500-1, 18.8.31).

/// What the formats of a workbook show, by the index of the style.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ShownDigits(Vec<Format>);

/// What a format shows of a whole number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Format {
    /// The digits and the `+` before the number: `+44` of `"+44 "0`.
    before: String,
    /// Minimum number of digits: 10 of `0000000000`.
    digits: usize,
}

impl ShownDigits {
    pub(super) fn of<'f>(formats: impl Iterator<Item = Option<&'f str>>) -> Self {
        ShownDigits(formats.map(|format| format.map(Format::of).unwrap_or_default()).collect())
    }

    /// Whether a style can show more than a whole number.
    pub(super) fn is_more(&self, style: u16) -> bool {
        let format = self.0.get(usize::from(style));
        format.is_some_and(|format| !format.before.is_empty() || format.digits > 1)
    }

    /// Appends a whole number as the style shows it, but for its layout. Returns whether the style shows
    /// more than the number.
    pub(super) fn push(&self, text: &mut String, style: usize, number: f64) -> bool {
        let is_whole = (0.0..1e15).contains(&number) && number.fract() == 0.0;
        let Some(format) = self.0.get(style).filter(|_| is_whole) else { return false };
        let digits = format!("{number:0width$}", width = format.digits);
        let is_more = !format.before.is_empty() || format.digits > 1 && digits.starts_with('0');
        if is_more {
            text.push_str(&format.before);
            if !format.before.is_empty() {
                text.push(' ');
            }
            text.push_str(&digits);
        }
        is_more
    }
}

/// A whole number as the text of its cell shows it, where that has a `+` or digits before it.
pub(super) fn with_shown_digits(number: &str, shown: &str) -> Option<String> {
    // `5.00` and `1E+09` show no digits beside those of the number.
    let is_plain =
        |text: &str| !text.contains(|c: char| c.is_alphabetic() || matches!(c, '.' | ','));
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) || !is_plain(shown) {
        return None;
    }
    let digits: String = shown.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
    let before = digits.strip_suffix(number).filter(|before| !before.is_empty())?;
    let is_zeros = before.bytes().all(|byte| byte == b'0');
    Some([before, if is_zeros { "" } else { " " }, number].concat())
}

impl Format {
    /// Reads the section of positive numbers.
    fn of(code: &str) -> Self {
        let mut format = Format::default();
        let mut is_behind_placeholder = false;
        let mut rest = code.chars();
        while let Some(c) = rest.next() {
            let mut literal = String::new();
            match c {
                '"' => literal.extend(rest.by_ref().take_while(|&c| c != '"')),
                '\\' => literal.extend(rest.next()),
                // The width of a character, and one that fills the cell.
                '_' | '*' => drop(rest.next()),
                '[' => {
                    let inside: String = rest.by_ref().take_while(|&c| c != ']').collect();
                    // `[$+44-809]`: a currency and a language.
                    let currency = inside.strip_prefix('$').map(|text| text.split('-').next());
                    literal.extend(currency.flatten());
                }
                'G' if rest.as_str().starts_with("eneral") => {
                    is_behind_placeholder = true;
                    rest.by_ref().take("eneral".len()).for_each(drop);
                }
                '0' | '#' | '?' => {
                    is_behind_placeholder = true;
                    format.digits += usize::from(c == '0');
                }
                ';' | '.' | 'E' | 'e' | '/' | '@' => break,
                other => literal.push(other),
            }
            if !is_behind_placeholder {
                format.before.extend(literal.chars().filter(|c| c.is_ascii_digit() || *c == '+'));
            }
        }
        if !is_behind_placeholder || !format.before.contains(|c: char| c.is_ascii_digit()) {
            format.before.clear();
        }
        format
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_as_its_cell_shows_it() {
        for (number, shown, expected) in [
            ("7400123456", "+44 7400123456", Some("+44 7400123456")),
            ("7400123456", "+44 (7400) 123-456", Some("+44 7400123456")),
            ("7400123456", "+7400123456", Some("+ 7400123456")),
            ("612345678", "0612345678", Some("0612345678")),
            ("612345678", "06 12 34 56 78", Some("0612345678")),
            ("7400123456", "7400123456", None),
            ("7400123456", "7,400,123,456", None),
            ("7400123456", "7.4E+09", None),
            ("0", "0.00", None),
            ("12", "1", None),
            ("12.5", "0 12.5", None),
            ("5", "EUR 5", None),
            ("7400123456", "", None),
            ("", "+44", None),
        ] {
            assert_eq!(with_shown_digits(number, shown).as_deref(), expected, "{number} {shown}");
        }
    }

    #[test]
    fn a_number_is_read_as_its_format_shows_it() {
        for (code, number, expected) in [
            ("General", 9_876_543_210.0, None),
            ("0", 9_876_543_210.0, None),
            ("#,##0.00", 1234.0, None),
            ("000-000-0000", 2_025_550_123.0, None),
            ("\"+44 \"0", 7_400_123_456.0, Some("+44 7400123456")),
            ("\\+\\4\\40", 7_400_123_456.0, Some("+44 7400123456")),
            ("[$+44] 0", 7_400_123_456.0, Some("+44 7400123456")),
            ("\"+44 \"General", 7_400_123_456.0, Some("+44 7400123456")),
            ("+44 0", 7_400_123_456.0, Some("+44 7400123456")),
            ("\"+1 \"(000) 000\\-0000", 2_025_550_123.0, Some("+1 2025550123")),
            ("[Red][>=1000]\"+91 \"0;0", 9_876_543_210.0, Some("+91 9876543210")),
            ("0000000000", 612_345_678.0, Some("0612345678")),
            ("0\" x12\"", 612_345_678.0, None),
            ("\"+44 \"0", 0.5, None),
            ("[$€-407] 0", 5.0, None),
            ("0.00E+00", 9_876_543_210.0, None),
            ("\"Q4\"", 9_876_543_210.0, None),
        ] {
            let mut text = String::new();
            let shown = ShownDigits::of([Some(code)].into_iter());
            let is_more = shown.push(&mut text, 0, number);
            assert_eq!(is_more.then_some(text.as_str()), expected, "{code}");
        }
    }
}
