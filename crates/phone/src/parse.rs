//! Reading text as a phone number.
//!
//! Plain cells take the fast path; the others are read by `rlibphonenumber`, a port of Google's
//! library, which is also the reference that the fast path is tested against.

use std::fmt;

use crate::{PhoneNumber, Region, fast, libphonenumber};

/// Reads `text` as a phone number, just as libphonenumber does.
///
/// `default_region` is the region of numbers without a country calling code; a number that begins
/// with `+` does not need one. Layout (spaces, dashes, brackets, dots), letters (`1-800-FLOWERS`),
/// extensions, RFC 3966 (`tel:`) and the digits of any script are understood. An extension is
/// dropped: [`parse_with_extension`] gives it back.
///
/// That a number was read does not make it valid: ask [`PhoneNumber::is_valid`].
///
/// # Errors
///
/// [`ParseError`] says why the text cannot be any number.
///
/// ```
/// use contactmill_phone::{ParseError, Region, parse};
///
/// assert_eq!(parse("030 123456", Some(Region::DE))?.calling_code(), 49);
/// assert_eq!(parse("030 123456", None), Err(ParseError::InvalidCountryCode));
/// # Ok::<(), ParseError>(())
/// ```
pub fn parse(text: &str, default_region: Option<Region>) -> Result<PhoneNumber, ParseError> {
    match fast::parse(text, default_region) {
        Some(plain) => plain.number,
        None => libphonenumber::parse(text, default_region).map(|(number, _)| number),
    }
}

/// As [`parse()`], with the extension that stood behind the number, if there was one.
///
/// # Errors
///
/// Those of [`parse()`].
///
/// ```
/// use contactmill_phone::parse_with_extension;
///
/// let (number, extension) = parse_with_extension("+1 201 555 0123 ext. 12", None)?;
/// assert_eq!(number.e164().to_string(), "+12015550123");
/// assert_eq!(extension.unwrap().as_str(), "12");
/// # Ok::<(), contactmill_phone::ParseError>(())
/// ```
pub fn parse_with_extension(
    text: &str,
    default_region: Option<Region>,
) -> Result<(PhoneNumber, Option<Extension>), ParseError> {
    match fast::parse(text, default_region) {
        Some(plain) => plain.number.map(|number| (number, None)),
        None => libphonenumber::parse(text, default_region),
    }
}

/// As [`parse()`], but only where the text is plain: ASCII digits, spaces, `-`, `.`, `/`, brackets and
/// a leading `+`, or text in which no number can begin. `None` says that the text needs
/// [`parse()`].
///
/// This is the path over tables alone: no allocation, no regular expressions, no start-up cost.
///
/// ```
/// use contactmill_phone::{Region, parse_plain};
///
/// let plain = parse_plain("(030) 123456", Some(Region::DE)).unwrap();
/// assert_eq!(plain.number?.e164().to_string(), "+4930123456");
/// assert_eq!(plain.digits, 9);
/// assert_eq!(parse_plain("1-800-FLOWERS", Some(Region::US)), None);
/// # Ok::<(), contactmill_phone::ParseError>(())
/// ```
#[inline]
#[must_use]
pub fn parse_plain(text: &str, default_region: Option<Region>) -> Option<Plain> {
    fast::parse(text, default_region)
}

/// A plain text, read; see [`parse_plain`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plain {
    /// What [`parse()`] says of it.
    pub number: Result<PhoneNumber, ParseError>,
    /// Number of digits in it, as far as it was read: all of them where there is a number.
    pub digits: usize,
}

/// Reads with libphonenumber alone, without the fast path.
pub(crate) fn parse_with_libphonenumber(
    text: &str,
    default_region: Option<Region>,
) -> Result<PhoneNumber, ParseError> {
    libphonenumber::parse(text, default_region).map(|(number, _)| number)
}

/// The digits to dial once a number has answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension(pub(crate) String);

impl Extension {
    /// The extension's digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a text cannot be a phone number; the kinds are libphonenumber's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ParseError {
    /// The text begins with no known country calling code, and no default region was given.
    InvalidCountryCode,
    /// The text holds something else than a number.
    NotANumber,
    /// Too few digits follow an international exit code.
    TooShortAfterIdd,
    /// Fewer digits than any national number has.
    TooShort,
    /// More digits than any national number has (17).
    TooLong,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ParseError::InvalidCountryCode => {
                "no known country calling code, and no default region"
            }
            ParseError::NotANumber => "not a phone number",
            ParseError::TooShortAfterIdd => "too short after an international exit code",
            ParseError::TooShort => "too few digits for a phone number",
            ParseError::TooLong => "too many digits for a phone number",
        })
    }
}

impl std::error::Error for ParseError {}

impl From<rlibphonenumber::ParseError> for ParseError {
    fn from(error: rlibphonenumber::ParseError) -> Self {
        use rlibphonenumber::ParseError as Theirs;
        match error {
            Theirs::InvalidCountryCode => ParseError::InvalidCountryCode,
            Theirs::NotANumber(_) => ParseError::NotANumber,
            Theirs::TooShortAfterIdd => ParseError::TooShortAfterIdd,
            Theirs::TooShortNsn => ParseError::TooShort,
            Theirs::TooLongNsn => ParseError::TooLong,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use rlibphonenumber::PHONE_NUMBER_UTIL;

    use super::*;

    #[test]
    fn more_leading_zeros_than_the_library_counts_are_left_to_it() {
        let text = format!("+888{}", "0".repeat(12));
        assert_eq!(parse_plain(&text, None), None);
        assert_eq!(parse(&text, None), parse_with_libphonenumber(&text, None));
    }

    #[test]
    fn text_without_a_digit_is_no_number_without_asking_the_library() {
        for text in ["", "n/a", "call me", "+", "(", "1", "+12", "1-2"] {
            let library = parse_with_libphonenumber(text, Some(Region::IN));
            let plain = parse_plain(text, Some(Region::IN)).unwrap();
            assert_eq!(plain.number, library, "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn the_recorded_validity_is_that_of_libphonenumber(
            text in r"[+]?[0-9]{1,3}[ -]?[0-9]{2,12}",
            region in proptest::sample::select(Region::ALL),
        ) {
            let Ok(number) = parse(&text, Some(region)) else { return Ok(()) };
            let theirs = PHONE_NUMBER_UTIL.parse(&text, region.to_libphonenumber()).unwrap();
            prop_assert_eq!(number.is_valid(), theirs.is_valid());
            prop_assert_eq!(
                number.e164().to_string(),
                theirs.format_as(rlibphonenumber::PhoneNumberFormat::E164)
            );
        }

        #[test]
        fn a_valid_number_reads_back_as_itself(
            text in r"[+][1-9][0-9]{6,13}",
        ) {
            let Ok(number) = parse(&text, None) else { return Ok(()) };
            if !number.is_valid() {
                return Ok(());
            }
            prop_assert_eq!(parse(&number.e164().to_string(), None), Ok(number));
            prop_assert_eq!(parse(&number.international().to_string(), None), Ok(number));
        }
    }
}
