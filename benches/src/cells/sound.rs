//! Cells that look damaged and are not: nothing is taken off, put back or warned of.

use fastrand::Rng;
use rlibphonenumber::{PhoneNumberFormat, Region};

use super::forms::{Writing, grouped};
use super::number::{Number, Numbers, read};
use super::second::{Base, Draft};
use super::standing::{Skip, Standing, with_plus};
use crate::contacts::draw::{index, one_of, push_digits};

/// The number behind a `+`, where the library reads the text as it is.
fn international(
    rng: &mut Rng,
    numbers: &Numbers,
    number: Number,
    text: String,
) -> Result<Draft, Skip> {
    if with_plus(&number, &text)? != Standing::Clean {
        return Err(Skip::Inapplicable);
    }
    let region = match rng.u8(0..3) {
        0 => None,
        1 => number.region(),
        _ => Some(numbers.region(rng)),
    };
    let writing = Writing { text, region, international: false, standing: Standing::Clean };
    Ok(Draft::of(writing, number))
}

/// In one of the layouts of a number that begins so and has this number of further digits.
fn beginning(
    rng: &mut Rng,
    numbers: &Numbers,
    beginnings: &[&str],
    more: usize,
) -> Result<Draft, Skip> {
    let mut text = one_of(rng, beginnings).to_owned();
    push_digits(rng, more, &mut text);
    laid_out(rng, numbers, text)
}

fn laid_out(rng: &mut Rng, numbers: &Numbers, e164: String) -> Result<Draft, Skip> {
    let number = read(&e164, None).ok_or(Skip::Inapplicable)?;
    if number.to_string() != e164 {
        return Err(Skip::Inapplicable);
    }
    let text = match rng.u8(0..4) {
        0 => number.format(PhoneNumberFormat::International),
        1 => format!("+{} {}", number.code(), number.national()),
        2 => format!("+{} {}", number.code(), grouped(&number).replace(' ', "-")),
        _ => e164,
    };
    international(rng, numbers, number, text)
}

const fn sound(
    name: &'static str,
    make: fn(&mut Rng, &mut Numbers) -> Result<Draft, Skip>,
) -> Base {
    Base { name, warnings: &[], make }
}

pub(super) const SOUND: &[Base] = &[
    sound("begins with its own code", |rng, numbers| {
        let number = numbers.draw(rng);
        let code = number.code().to_string();
        let rest = number.national().get(code.len()..).ok_or(Skip::Inapplicable)?;
        laid_out(rng, numbers, format!("+{code}{code}{rest}"))
    }),
    sound("a zero that belongs to it", |rng, numbers| {
        let region = one_of(rng, &[Region::IT, Region::CI, Region::CG, Region::SM, Region::BJ]);
        let number = numbers.draw_in(rng, Some(region));
        if !number.national().starts_with('0') {
            return Err(Skip::Inapplicable);
        }
        laid_out(rng, numbers, number.to_string())
    }),
    sound("an 8 that belongs to it", |rng, numbers| {
        beginning(rng, numbers, &["+7800", "+7808"], 7)
    }),
    sound("Brazil, a fixed line", |rng, numbers| {
        beginning(rng, numbers, &["+55113", "+55212", "+55414", "+55715"], 7)
    }),
    sound("Brazil, a mobile with its 9", |rng, numbers| {
        beginning(rng, numbers, &["+551199", "+552198", "+558596"], 7)
    }),
    sound("Argentina, with the 9 or without", |rng, numbers| {
        beginning(rng, numbers, &["+549115", "+54114", "+54115", "+549114"], 7)
    }),
    sound("Mexico, ten digits", |rng, numbers| {
        beginning(rng, numbers, &["+52551", "+52331", "+52811", "+52551"], 7)
    }),
    sound("as it was before and after", |rng, numbers| {
        // New numbers of plans that were changed.
        let (digits, more) = one_of(
            rng,
            &[
                ("+22507", 8),
                ("+22505", 8),
                ("+22901", 8),
                ("+8470", 7),
                ("+84243", 7),
                ("+6328", 7),
            ],
        );
        beginning(rng, numbers, &[digits], more)
    }),
    sound("zeros at the end", |rng, numbers| {
        let number = numbers.draw(rng).to_string();
        let zeros = 3 + index(rng, 3);
        let kept = number.len().checked_sub(zeros).ok_or(Skip::Inapplicable)?;
        laid_out(rng, numbers, format!("{}{}", &number[..kept], "0".repeat(zeros)))
    }),
    sound("groups of three", |rng, numbers| {
        let number = numbers.draw(rng);
        let separator = one_of(rng, &[" ", ".", "-", "\u{a0}"]);
        let mut groups: Vec<&str> = Vec::new();
        let mut rest = number.national();
        while rest.len() > 4 {
            let (group, more) = rest.split_at(3);
            groups.push(group);
            rest = more;
        }
        groups.push(rest);
        let text = format!("+{}{separator}{}", number.code(), groups.join(separator));
        international(rng, numbers, number, text)
    }),
];
