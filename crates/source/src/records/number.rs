//! Numbers as text.

use std::fmt::Write;

/// From here on a double does not hold every integer: only 15 digits are exact (IEEE 754 binary64).
const EXACT_BELOW: f64 = 1e15;

/// Appends a number. An integer gets all its digits. A number with more digits than a spreadsheet keeps
/// gets an exponent, as its last digits are not known.
pub(crate) fn push_number(text: &mut String, number: f64) {
    // Writing to a string cannot fail.
    let _ = if number.abs() >= EXACT_BELOW {
        write!(text, "{number:E}").map(|()| with_plus(text))
    } else if number.fract() == 0.0 {
        write!(text, "{}", number as i64)
    } else {
        write!(text, "{number}")
    };
}

/// How many decimal digits a number keeps in IEEE 754 binary32, and in binary16.
#[cfg(feature = "arrow")]
pub(crate) const BINARY32_DIGITS: i32 = 7;
#[cfg(feature = "arrow")]
pub(crate) const BINARY16_DIGITS: i32 = 3;

/// Appends a number of a type that keeps this number of decimal digits. One with more was rounded, and its exponent
/// says so.
#[cfg(feature = "arrow")]
pub(crate) fn push_short_float(text: &mut String, number: f32, digits: i32) {
    if number.abs() < 10_f32.powi(digits) {
        return push_number(text, f64::from(number));
    }
    let _ = write!(text, "{number:E}").map(|()| with_plus(text));
}

/// `E15` as spreadsheets write it: `E+15`.
fn with_plus(text: &mut String) {
    if let Some(at) = text.rfind('E')
        && !text[at + 1..].starts_with('-')
    {
        text.insert(at + 1, '+');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(feature = "arrow")]
    fn a_short_float_says_that_it_was_rounded() {
        for (number, expected) in
            [(1_234_567.0, "1234567"), (9_876_550_001.0, "9.87655E+9"), (2.5, "2.5")]
        {
            let mut text = String::new();
            push_short_float(&mut text, number, 7);
            assert_eq!(text, expected);
        }
    }

    #[test]
    fn numbers_keep_their_digits() {
        for (number, expected) in [
            (919_876_543_210.0, "919876543210"),
            (9.198_765_432_10e11, "919876543210"),
            (999_999_999_999_999.0, "999999999999999"),
            (9.198_765_432_101_235e17, "9.198765432101235E+17"),
            (1e15, "1E+15"),
            (0.0, "0"),
            (-0.0, "0"),
            (2.5, "2.5"),
            (-12.0, "-12"),
            (1e-7, "0.0000001"),
        ] {
            let mut text = String::new();
            push_number(&mut text, number);
            assert_eq!(text, expected);
        }
    }
}
