//! Corpora of phone cells: made from the example numbers of 50 regions, always the same.

use fastrand::Rng;
use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumber, PhoneNumberFormat, PhoneNumberType, Region};

/// A cell and the default region it is read with.
pub type Cell = (String, Option<Region>);

const REGIONS: &str = "IN US BR ID GB DE MX IT FR ES AE NG KE ZA JP AR TR EG SA BD PK RU AU NL SG PH \
    VN TH MY CO CL PE CA PL UA RO GR PT BE SE CH AT CZ HU IL KR CN MA GH LK";

/// Numbers that are valid, mostly mobile.
fn numbers(rng: &mut Rng, regions: &str, count: usize) -> Vec<(PhoneNumber, Region)> {
    let regions: Vec<Region> =
        regions.split_whitespace().filter_map(|code| Region::from_code(code).ok()).collect();
    let mut numbers = Vec::with_capacity(count);
    while numbers.len() < count {
        let region = regions[rng.usize(0..regions.len())];
        let kind =
            if rng.u8(0..5) == 0 { PhoneNumberType::FixedLine } else { PhoneNumberType::Mobile };
        let example = PHONE_NUMBER_UTIL.get_example_number_for_type_and_region(region, kind);
        let Ok(mut number) = example else { continue };
        // Other last digits, which nearly always make another number of the same kind.
        number.national_number = number.national_number / 10_000 * 10_000 + rng.u64(0..10_000);
        if number.is_valid() {
            numbers.push((number, region));
        }
    }
    numbers
}

/// Numbers of 50 regions in E.164 form.
#[must_use]
pub fn e164(count: usize) -> Vec<Cell> {
    let rng = &mut Rng::with_seed(1);
    let numbers = numbers(rng, REGIONS, count);
    let cell = |(number, _): (PhoneNumber, Region)| {
        (number.format_as(PhoneNumberFormat::E164).into_owned(), None)
    };
    numbers.into_iter().map(cell).collect()
}

/// Indian numbers as Indians write them, with and without the trunk 0.
#[must_use]
pub fn national(count: usize) -> Vec<Cell> {
    let rng = &mut Rng::with_seed(2);
    let numbers = numbers(rng, "IN", count);
    let cell = |(number, region): (PhoneNumber, Region)| {
        let text = number.format_as(PhoneNumberFormat::National).into_owned();
        let text = if rng.bool() { text.trim_start_matches('0').to_owned() } else { text };
        (text, Some(region))
    };
    numbers.into_iter().map(cell).collect()
}

/// Numbers of 50 regions in every layout, and 4 % junk.
#[must_use]
pub fn mixed(count: usize) -> Vec<Cell> {
    let rng = &mut Rng::with_seed(3);
    let numbers = numbers(rng, REGIONS, count);
    let cell = |(number, region): (PhoneNumber, Region)| {
        let format = |format| number.format_as(format).into_owned();
        if rng.u8(0..25) == 0 {
            let junk = ["n/a", "12", "call me", "+999 123 4567", "0000000000", "2024-03-15"];
            return (junk[rng.usize(0..junk.len())].to_owned(), Some(region));
        }
        let text = match rng.u8(0..8) {
            0 | 1 => format(PhoneNumberFormat::E164),
            2 => format(PhoneNumberFormat::International),
            3 => format(PhoneNumberFormat::National),
            4 => format(PhoneNumberFormat::International).replace(' ', "-"),
            5 => format(PhoneNumberFormat::International).replace([' ', '-'], "."),
            6 => format(PhoneNumberFormat::E164).trim_start_matches('+').to_owned(),
            _ => format(PhoneNumberFormat::National).replace([' ', '-', '(', ')'], ""),
        };
        (text, Some(region))
    };
    numbers.into_iter().map(cell).collect()
}
