//! Reading text as a phone number.
//!
//! The reading is done by `rlibphonenumber`, a port of Google's library; this module gives it our
//! types and takes down, once, everything that the numbering plan says of the number.

use std::fmt;

use rlibphonenumber::{NumberLengthType, PHONE_NUMBER_UTIL, PhoneNumberType, ValidationError};

use crate::{LengthCheck, LineType, PhoneNumber, Region};

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
    parse_with_extension(text, default_region).map(|(number, _)| number)
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
    let default_region = default_region.and_then(Region::oracle);
    let parsed = PHONE_NUMBER_UTIL.parse(text, default_region)?;
    let region = PHONE_NUMBER_UTIL.get_region_for_number(&parsed);
    let leading_zeros = match (parsed.italian_leading_zero, parsed.number_of_leading_zeros) {
        // The count is absent when it is one.
        (Some(true), zeros) => u8::try_from(zeros.unwrap_or(1)).unwrap_or(0),
        _ => 0,
    };
    let number = PhoneNumber {
        digits: parsed.national_number,
        // A calling code has at most three digits.
        calling_code: u16::try_from(parsed.country_code).unwrap_or(0),
        leading_zeros,
        length: length_check(&parsed),
        region: region.and_then(Region::from_oracle),
        line_type: line_type(PHONE_NUMBER_UTIL.get_number_type(&parsed)),
    };
    Ok((number, parsed.extension.filter(|text| !text.is_empty()).map(Extension)))
}

fn length_check(number: &rlibphonenumber::PhoneNumber) -> LengthCheck {
    match PHONE_NUMBER_UTIL.is_possible_number_with_reason(number) {
        Ok(NumberLengthType::IsPossible) => LengthCheck::Possible,
        Ok(NumberLengthType::IsPossibleLocalOnly) => LengthCheck::PossibleLocalOnly,
        Err(ValidationError::TooShort) => LengthCheck::TooShort,
        Err(ValidationError::TooLong) => LengthCheck::TooLong,
        Err(ValidationError::InvalidLength) => LengthCheck::InvalidLength,
        Err(ValidationError::InvalidCountryCode) => LengthCheck::InvalidCountryCode,
    }
}

fn line_type(found: PhoneNumberType) -> LineType {
    match found {
        PhoneNumberType::FixedLine => LineType::FixedLine,
        PhoneNumberType::Mobile => LineType::Mobile,
        PhoneNumberType::FixedLineOrMobile => LineType::FixedLineOrMobile,
        PhoneNumberType::TollFree => LineType::TollFree,
        PhoneNumberType::PremiumRate => LineType::PremiumRate,
        PhoneNumberType::SharedCost => LineType::SharedCost,
        PhoneNumberType::VoIP => LineType::Voip,
        PhoneNumberType::PersonalNumber => LineType::PersonalNumber,
        PhoneNumberType::Pager => LineType::Pager,
        PhoneNumberType::UAN => LineType::Uan,
        PhoneNumberType::VoiceMail => LineType::Voicemail,
        PhoneNumberType::Unknown => LineType::Unknown,
    }
}

/// The digits to dial once a number has answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension(String);

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
    /// Nearly nothing is left behind an international exit code.
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

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn the_validity_taken_down_is_the_library_s(
            text in r"[+]?[0-9]{1,3}[ -]?[0-9]{2,12}",
            region in proptest::sample::select(Region::ALL),
        ) {
            let Ok(number) = parse(&text, Some(region)) else { return Ok(()) };
            let theirs = PHONE_NUMBER_UTIL.parse(&text, region.oracle()).unwrap();
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
