//! Cells that give no number, whatever is done with them.

use fastrand::Rng;
use rlibphonenumber::{PhoneNumberFormat, Region};

use super::number::{Number, Numbers, code_of, is_filler, read};
use super::standing::{Skip, digits_of, readings};
use crate::contacts::draw::{chance, index, one_of, push_digits};

/// A text that holds no number, and the region that it is read with.
pub(super) type Junk = (String, Option<Region>);

/// A way in which a cell holds no number.
pub(super) struct Hopeless {
    pub(super) name: &'static str,
    /// The reasons that the design allows; empty where it says nothing.
    pub(super) reasons: &'static [&'static str],
    pub(super) write: fn(&mut Rng, &Numbers, &Number) -> Result<Junk, Skip>,
}

pub(super) const HOPELESS: &[Hopeless] = &[
    Hopeless {
        name: "rounded by a spreadsheet",
        reasons: &["phone_excel_rounded"],
        write: |rng, _, number| {
            let digits = if chance(rng, 70) { number.digits() } else { number.national().into() };
            let value: u64 = digits.parse().map_err(|_| Skip::Inapplicable)?;
            let len = value.to_string().len();
            if len < 8 {
                return Err(Skip::Inapplicable);
            }
            // Up to two digits short of all of them.
            let fraction = if chance(rng, 50) { 5 } else { index(rng, len - 2) }.min(len - 3);
            let text = format!("{value:.fraction$e}");
            let (mantissa, exponent) = text.split_once('e').ok_or(Skip::Inapplicable)?;
            let mantissa = mantissa.replace('.', one_of(rng, &[".", ".", ","]));
            let sign = one_of(rng, &["E+", "E+", "e+", "E"]);
            Ok((format!("{mantissa}{sign}{exponent:0>2}"), number.region()))
        },
    },
    Hopeless {
        name: "date",
        reasons: &["phone_looks_like_date"],
        write: |rng, _, number| {
            let (year, month, day) = (rng.u16(1950..2040), rng.u8(1..=12), rng.u8(1..=31));
            let text = match rng.u8(0..7) {
                0 => format!("{year}-{month:02}-{day:02}"),
                1 => format!("{day:02}/{month:02}/{year}"),
                2 => format!("{month:02}/{day:02}/{year}"),
                3 => format!("{day:02}.{month:02}.{year}"),
                4 => format!("{day:02}-{month:02}-{year}"),
                5 => format!("{year}/{month:02}/{day:02}"),
                _ => format!("{day}/{month}/{year}"),
            };
            let text = match rng.u8(0..8) {
                0 => format!("{text} {:02}:{:02}", rng.u8(0..24), rng.u8(0..60)),
                1 => format!("{text}T{:02}:{:02}:00Z", rng.u8(0..24), rng.u8(0..60)),
                _ => text,
            };
            Ok((text, number.region()))
        },
    },
    Hopeless {
        name: "filler",
        reasons: &["phone_placeholder"],
        write: |rng, _, number| {
            let len = number.national().len().max(7);
            let digits: String = if chance(rng, 70) {
                let digit = char::from(rng.u8(b'0'..=b'9'));
                std::iter::repeat_n(digit, len).collect()
            } else {
                let first = rng.u8(0..2);
                (0..len as u8).map(|at| char::from(b'0' + (first + at) % 10)).collect()
            };
            let text = match rng.u8(0..5) {
                0 => format!("+{}{digits}", number.code()),
                1 => format!("+{} {} {}", number.code(), &digits[..4], &digits[4..]),
                2 => format!("{} {}", &digits[..4], &digits[4..]),
                _ => digits,
            };
            Ok((text, number.region()))
        },
    },
    Hopeless {
        name: "filler that is valid",
        reasons: &["phone_placeholder"],
        write: |rng, _, number| {
            let region = number.region().ok_or(Skip::Inapplicable)?;
            let len = number.national().len();
            let digit = char::from(rng.u8(b'0'..=b'9'));
            let digits: String = std::iter::repeat_n(digit, len).collect();
            if !is_filler(&digits) || read(&digits, Some(region)).is_none() {
                return Err(Skip::Inapplicable);
            }
            let text = if chance(rng, 50) { format!("+{}{digits}", number.code()) } else { digits };
            Ok((text, Some(region)))
        },
    },
    Hopeless {
        name: "nothing",
        reasons: &["phone_missing"],
        write: |rng, _, number| {
            let text = one_of(
                rng,
                &[
                    "n/a",
                    "N/A",
                    "-",
                    "none",
                    "None",
                    "null",
                    "NULL",
                    "#N/A",
                    "#REF!",
                    "?",
                    "TBD",
                    "",
                    " ",
                    "\u{a0}",
                    "\u{200e}",
                    "\u{feff} ",
                ],
            );
            Ok((text.to_owned(), number.region()))
        },
    },
    Hopeless {
        name: "letters within",
        reasons: &["phone_not_a_number"],
        write: |rng, _, number| {
            let (text, region) = plainly(rng, number);
            let mut bytes = text.into_bytes();
            let inner: Vec<usize> =
                (2..bytes.len() - 1).filter(|&at| bytes[at].is_ascii_digit()).collect();
            if inner.len() < 3 {
                return Err(Skip::Inapplicable);
            }
            // No `x` and no `e`: behind them an extension or an exponent might stand.
            let letters = b"abcdfghijklmnopqrstuvwyzOIlSB";
            for _ in 0..=rng.u8(0..3) {
                bytes[one_of(rng, &inner)] = one_of(rng, letters);
            }
            let mut text = String::from_utf8_lossy(&bytes).into_owned();
            if chance(rng, 20) {
                text.insert(text.len() / 2, one_of(rng, &['a', 'q', 'O', 'l']));
            }
            Ok((text, region))
        },
    },
    Hopeless {
        name: "letters for digits",
        reasons: &["phone_not_a_number"],
        write: |rng, _, _| {
            let text = one_of(
                rng,
                &[
                    "1-800-FLOWERS",
                    "1-888-555-HELP",
                    "+1 800 EXAMPLE",
                    "1800FLOWERS",
                    "1-877-CALL-NOW",
                    "+1-800-GO-FLOWER",
                    "1 300 FLOWERS",
                    "0800 EXAMPLE",
                ],
            );
            let region = one_of(rng, &["US", "CA", "GB", "AU", "IN"]);
            Ok((text.to_owned(), Region::from_code(region).ok()))
        },
    },
    Hopeless {
        name: "cut short",
        reasons: &[],
        write: |rng, _, number| {
            let (mut text, region) = plainly(rng, number);
            for _ in 0..=rng.u8(0..4) {
                text.pop();
            }
            invalid(text, region)
        },
    },
    Hopeless {
        name: "digits too many",
        reasons: &[],
        write: |rng, _, number| {
            let (mut text, region) = plainly(rng, number);
            for _ in 0..=rng.u8(0..3) {
                let at = text.len() - index(rng, text.len() - 2);
                text.insert(at, char::from(rng.u8(b'0'..=b'9')));
            }
            invalid(text, region)
        },
    },
    Hopeless {
        name: "digit mistyped",
        reasons: &[],
        write: |rng, _, number| {
            let (text, region) = plainly(rng, number);
            let at = 2 + index(rng, text.len() - 2);
            let mut bytes = text.into_bytes();
            bytes[at] = rng.u8(b'0'..=b'9');
            invalid(String::from_utf8_lossy(&bytes).into_owned(), region)
        },
    },
    Hopeless {
        name: "digits without a region",
        reasons: &["phone_country_unknown"],
        write: |rng, _, number| {
            let text = match rng.u8(0..4) {
                0 => number.format(PhoneNumberFormat::National),
                1 => number.national().to_owned(),
                2 => number.format(PhoneNumberFormat::International).replace('+', ""),
                _ => number.digits(),
            };
            let digits = digits_of(&text);
            let is_plain = text.chars().all(|c| c.is_ascii_digit() || " -().".contains(c));
            let is_other = digits.starts_with("00")
                || digits.len() < 7
                || is_filler(&digits)
                || super::standing::looks_like_date(&text);
            if is_other || !is_plain { Err(Skip::Inapplicable) } else { Ok((text, None)) }
        },
    },
    Hopeless {
        name: "digits of another country",
        reasons: &[],
        write: |rng, numbers, number| {
            let region = numbers.region(rng);
            if code_of(region) == Some(number.code()) {
                return Err(Skip::Inapplicable);
            }
            invalid(number.digits(), Some(region))
        },
    },
    Hopeless {
        name: "code of no country",
        reasons: &["phone_country_unknown"],
        write: |rng, _, number| {
            let code = one_of(rng, &["999", "210", "969", "259", "851", "899"]);
            let gap = one_of(rng, &["", " "]);
            Ok((format!("+{code}{gap}{}", number.national()), number.region()))
        },
    },
    Hopeless {
        name: "formula's result",
        reasons: &["phone_not_a_number"],
        write: |rng, _, number| {
            let value: i64 = number.national().parse().map_err(|_| Skip::Inapplicable)?;
            let value = i64::from(number.code()) - value;
            let tail = one_of(rng, &["", "", "", ".0"]);
            if value < -999_999 {
                Ok((format!("{value}{tail}"), number.region()))
            } else {
                Err(Skip::Inapplicable)
            }
        },
    },
    Hopeless {
        name: "fraction",
        reasons: &["phone_not_a_number"],
        write: |rng, _, number| {
            let digits = if chance(rng, 50) { number.digits() } else { number.national().into() };
            if digits.len() < 8 {
                return Err(Skip::Inapplicable);
            }
            let text = format!("{digits}{}{}", one_of(rng, &[".", ","]), rng.u8(1..10));
            Ok((text, number.region()))
        },
    },
    Hopeless {
        name: "test lead",
        reasons: &["phone_test_lead"],
        write: |rng, _, number| {
            let text = one_of(
                rng,
                &[
                    "p:<test lead: dummy data for phone_number>",
                    "<test lead: dummy data for phone_number>",
                    "<test lead: dummy data for phone>",
                ],
            );
            Ok((text.to_owned(), number.region()))
        },
    },
    Hopeless {
        name: "e-mail address",
        reasons: &["phone_not_a_number"],
        write: |rng, _, number| {
            let name = one_of(rng, &["asha", "ravi.k", "m.rossi", "office", "info", "x"]);
            let host = one_of(rng, &["example.com", "example.org", "mail.example"]);
            let text = match rng.u8(0..4) {
                0 => format!("{name}{}@{host}", rng.u8(1..100)),
                1 => format!("{}@{host}", number.digits()),
                2 => format!("mailto:{name}@{host}"),
                _ => format!("{name}@{host}"),
            };
            Ok((text, number.region()))
        },
    },
    Hopeless {
        name: "money",
        reasons: &["phone_not_a_number"],
        write: |rng, _, number| {
            let mut digits = String::new();
            push_digits(rng, 2, &mut digits);
            let (thousands, units) = (rng.u16(1..1000), rng.u16(100..1000));
            let text = match rng.u8(0..5) {
                0 => format!("${thousands},{units}.{digits}"),
                1 => format!("€ {thousands}.{units},{digits}"),
                2 => format!("₹{thousands},{units}"),
                3 => format!("{thousands},{units}.{digits} USD"),
                _ => format!("£{thousands},{units},{units}.00"),
            };
            Ok((text, number.region()))
        },
    },
    Hopeless {
        name: "over 250 characters",
        reasons: &["phone_not_a_number"],
        write: |rng, _, number| {
            let mut text = number.to_string();
            let more = one_of(
                rng,
                &["; ", " ask at the desk, the number comes later by message, ", " / "],
            );
            while text.chars().count() <= 250 {
                text += more;
                text += &number.to_string();
            }
            Ok((text, number.region()))
        },
    },
    Hopeless {
        name: "group or invitation",
        reasons: &["phone_not_a_number"],
        write: |rng, _, number| {
            let mut digits = String::new();
            push_digits(rng, 10, &mut digits);
            let text = match rng.u8(0..3) {
                0 => format!("{}-1{digits}@g.us", number.digits()),
                1 => "https://wa.me/message/ABC123".to_owned(),
                _ => "https://chat.whatsapp.com/ABC123def456".to_owned(),
            };
            Ok((text, number.region()))
        },
    },
    Hopeless {
        name: "words",
        reasons: &[],
        write: |rng, _, number| {
            let text = one_of(
                rng,
                &[
                    "call me after 5",
                    "see notes",
                    "asha verma",
                    "########",
                    "same as above",
                    "ask for room 1204",
                    "whatsapp",
                    "tel:",
                    "+",
                    "()",
                    "no phone",
                    "yes",
                ],
            );
            Ok((text.to_owned(), number.region()))
        },
    },
];

/// In a plain form, with the region that it is read with.
fn plainly(rng: &mut Rng, number: &Number) -> Junk {
    match (rng.u8(0..3), number.region()) {
        (0, Some(region)) => (digits_of(&number.format(PhoneNumberFormat::National)), Some(region)),
        (1, Some(region)) => (number.digits(), Some(region)),
        (_, region) => (number.to_string(), region),
    }
}

/// The text, if no plausible reading of it is valid: by one cell nobody could tell otherwise.
fn invalid(text: String, region: Option<Region>) -> Result<Junk, Skip> {
    let region_read = if text.starts_with('+') { None } else { region };
    if text.len() < 4 || !readings(&text, region_read).is_empty() {
        return Err(Skip::LooksLikeAnother);
    }
    Ok((text, region))
}
