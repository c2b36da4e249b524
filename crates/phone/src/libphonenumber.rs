//! libphonenumber (its port `rlibphonenumber`) in our types: reads everything that is not plain, and
//! is the reference that the fast path is tested against.

use rlibphonenumber::{NumberLengthType, PHONE_NUMBER_UTIL, PhoneNumberType, ValidationError};

use crate::parse::{Extension, ParseError};
use crate::{LengthCheck, LineType, PhoneNumber, Region};

/// Reads any text and records, once, everything that the numbering plan says about the number.
pub(crate) fn parse(
    text: &str,
    default_region: Option<Region>,
) -> Result<(PhoneNumber, Option<Extension>), ParseError> {
    if prefix_stands_behind_context(text) {
        return Err(ParseError::NotANumber);
    }
    let default_region = default_region.and_then(Region::to_libphonenumber);
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
        region: region.and_then(Region::from_libphonenumber),
        line_type: line_type(PHONE_NUMBER_UTIL.get_number_type(&parsed)),
    };
    Ok((number, parsed.extension.filter(|text| !text.is_empty()).map(Extension)))
}

/// Whether `tel:` stands behind `;phone-context=`, which RFC 3966 does not allow and which makes
/// `rlibphonenumber` 2.2.15 panic.
fn prefix_stands_behind_context(text: &str) -> bool {
    let context = text.find(";phone-context=");
    context.is_some() && text.find("tel:") > context
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
