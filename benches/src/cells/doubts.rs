//! A `+` and a country column that say different things, and cells that look like that and are not.

use fastrand::Rng;
use rlibphonenumber::Region;

use super::forms::Writing;
use super::number::{Number, Numbers, code_of, read};
use super::second::{Base, Draft};
use super::standing::{Skip, Standing};
use super::{Known, Truth};

/// The text with the column, or the option, and what it gives.
fn drafted(text: String, number: Number, column: Option<Region>, option: Option<Region>) -> Draft {
    let writing = Writing { text, region: option, international: false, standing: Standing::Clean };
    Draft { country: column, ..Draft::of(writing, number) }
}

/// A mobile whose digits behind a `+` are a number of another country: the region, both readings.
fn contradicting(rng: &mut Rng, numbers: &mut Numbers) -> Result<(Region, Number, Number), Skip> {
    let national = numbers.draw(rng);
    let region = national.region().ok_or(Skip::Inapplicable)?;
    let abroad = read(&format!("+{}", national.national()), None).ok_or(Skip::Inapplicable)?;
    let is_mobile_there =
        read(national.national(), Some(region)).is_some_and(|there| there == national);
    if !national.is_mobile() || !is_mobile_there || abroad.code() == national.code() {
        return Err(Skip::Inapplicable);
    }
    Ok((region, abroad, national))
}

/// As it is, or in groups.
fn spaced(rng: &mut Rng, digits: &str) -> String {
    let at = digits.len() / 2;
    match rng.u8(0..3) {
        0 => format!("+{} {}", &digits[..at], &digits[at..]),
        1 => format!("+ {digits}"),
        _ => format!("+{digits}"),
    }
}

pub(super) const DOUBTS: &[Base] = &[
    Base {
        name: "+ against the country column",
        warnings: &["phone_two_readings"],
        make: |rng, numbers| {
            let (region, abroad, national) = contradicting(rng, numbers)?;
            let text = spaced(rng, national.national());
            let mut draft = drafted(text, abroad.clone(), Some(region), None);
            let known = |number| Known { numbers: vec![number], ..Known::default() };
            draft.truth = Truth::TwoReadings([known(abroad), known(national)]);
            Ok(draft)
        },
    },
    Base {
        name: "+ against the region asked for",
        warnings: &[],
        make: |rng, numbers| {
            let (region, abroad, national) = contradicting(rng, numbers)?;
            Ok(drafted(spaced(rng, national.national()), abroad, None, Some(region)))
        },
    },
    Base {
        name: "+ of another country, one reading",
        warnings: &[],
        make: |rng, numbers| {
            let number = numbers.draw(rng);
            let column = numbers.region(rng);
            let other = read(&number.digits(), Some(column));
            if other.is_some() || code_of(column) == Some(number.code()) {
                return Err(Skip::Inapplicable);
            }
            Ok(drafted(spaced(rng, &number.digits()), number, Some(column), None))
        },
    },
    Base {
        name: "+ of the country column",
        warnings: &[],
        make: |rng, numbers| {
            let number = numbers.draw(rng);
            let region = number.region().ok_or(Skip::Inapplicable)?;
            Ok(drafted(spaced(rng, &number.digits()), number, Some(region), None))
        },
    },
    Base {
        name: "national, the column against the option",
        warnings: &[],
        make: |rng, numbers| {
            let number = numbers.draw(rng);
            let region = number.region().ok_or(Skip::Inapplicable)?;
            let text = number.format(rlibphonenumber::PhoneNumberFormat::National);
            let standing = super::standing::without_plus(&number, &text, Some(region))?;
            let option = numbers.region(rng);
            let writing = Writing { text, region: Some(option), international: false, standing };
            Ok(Draft { country: Some(region), ..Draft::of(writing, number) })
        },
    },
];
