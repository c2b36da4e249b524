//! How one number is written, or what has become of it.

use fastrand::Rng;
use rlibphonenumber::{PhoneNumberFormat, Region};

use super::number::{Number, Numbers, main_region, read};
use super::standing::{Skip, Standing, digits_of, with_plus, without_plus};
use crate::contacts::draw::{chance, one_of};

/// One number, written.
#[derive(Clone, Debug)]
pub(super) struct Writing {
    pub(super) text: String,
    /// The region that the cell is read with.
    pub(super) region: Option<Region>,
    /// Read with bare digits taken as international.
    pub(super) international: bool,
    pub(super) standing: Standing,
}

/// What may stand around a number so written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Around {
    /// A label before it.
    Label,
    /// An extension behind it.
    Extension,
    /// Other numbers, or junk, set off by what stands in no number.
    Others,
    /// Other numbers, set off by what may stand within a number.
    OthersClose,
    /// Other numbers, set off by a space.
    OthersBySpace,
}

use Around::{Extension, Label, Others, OthersBySpace, OthersClose};

/// A way to write a number.
pub(super) struct Form {
    pub(super) name: &'static str,
    pub(super) write: fn(&mut Rng, &Numbers, &Number) -> Result<Writing, Skip>,
    pub(super) around: &'static [Around],
}

/// Ways in which only layout, or nothing, is between the cell and the number.
pub(super) const PLAIN: &[Form] = &[
    Form {
        name: "+ and digits",
        write: |rng, numbers, number| plus(rng, numbers, number, number.to_string()),
        around: &[Label, Extension, Others, OthersClose, OthersBySpace],
    },
    Form {
        name: "international",
        write: |rng, numbers, number| {
            plus(rng, numbers, number, number.format(PhoneNumberFormat::International))
        },
        around: &[Label, Extension, Others, OthersClose],
    },
    Form {
        name: "international, other layout",
        write: |rng, numbers, number| {
            let text = international_otherwise(rng, number);
            plus(rng, numbers, number, text)
        },
        around: &[Label, Extension, Others],
    },
    Form {
        name: "national",
        write: |rng, _, number| own(rng, number, number.format(PhoneNumberFormat::National)),
        around: &[Label, Extension, Others, OthersClose],
    },
    Form {
        name: "national, other layout",
        write: |rng, _, number| {
            let separator = one_of(rng, &["-", ".", "  ", " - "]);
            let text = number.format(PhoneNumberFormat::National).replace([' ', '-'], separator);
            own(rng, number, text)
        },
        around: &[Label, Others],
    },
    Form {
        name: "national, slash within",
        write: |rng, _, number| {
            let text = number.format(PhoneNumberFormat::National);
            let at = text.find([' ', '-']).ok_or(Skip::Inapplicable)?;
            let (area, rest) = (&text[..at], &text[at + 1..]);
            let mut writing = own(rng, number, format!("{area}/{rest}"))?;
            let stands_alone =
                |part: &str| without_plus_reads(part, writing.region) || read(part, None).is_some();
            if stands_alone(area) || stands_alone(rest) {
                writing.standing = Standing::Undecidable;
            }
            Ok(writing)
        },
        around: &[],
    },
    Form {
        name: "national, digits alone",
        write: |rng, _, number| {
            own(rng, number, digits_of(&number.format(PhoneNumberFormat::National)))
        },
        around: &[Label, Extension, Others, OthersClose, OthersBySpace],
    },
    Form {
        name: "national, no trunk prefix",
        write: |rng, _, number| own(rng, number, number.national().to_owned()),
        around: &[Label, Extension, Others, OthersClose, OthersBySpace],
    },
    Form {
        name: "own code, no plus",
        write: |rng, _, number| {
            let text = if chance(rng, 70) {
                number.digits()
            } else {
                number.format(PhoneNumberFormat::International).replace('+', "")
            };
            own(rng, number, text)
        },
        around: &[Label, Extension, Others],
    },
    Form {
        name: "the region's exit code",
        write: |rng, numbers, number| {
            let caller = numbers.region(rng);
            let text = number.format_from(caller);
            // From within the plan it is no call abroad.
            if super::number::code_of(caller) == Some(number.code()) {
                return Err(Skip::Inapplicable);
            }
            let text = if chance(rng, 50) { digits_of(&text) } else { text };
            written(number, text, Some(caller))
        },
        around: &[Label, Extension],
    },
    Form {
        name: "odd plus",
        write: |rng, numbers, number| {
            let sign = one_of(rng, &["+00", "++", "+ ", " + ", "+ +", "+00 "]);
            let text = format!("{sign}{}", number.digits());
            let region = any_region(rng, numbers, number);
            Ok(Writing { text, region, international: false, standing: Standing::Clean })
        },
        around: &[Label, Others],
    },
    Form {
        name: "in brackets",
        write: |rng, numbers, number| {
            let text = match rng.u8(0..3) {
                0 => format!("({number})"),
                1 => format!("[{number}]"),
                _ => format!("(+{}) {}", number.code(), number.national()),
            };
            plus(rng, numbers, number, text)
        },
        around: &[],
    },
    Form {
        name: "digits, said to be international",
        write: |rng, numbers, number| {
            let text = if chance(rng, 70) {
                number.digits()
            } else {
                number.format(PhoneNumberFormat::International).replace('+', "")
            };
            let region = any_region(rng, numbers, number);
            Ok(Writing { text, region, international: true, standing: Standing::Clean })
        },
        around: &[Label, Others],
    },
];

/// Ways in which the number was damaged, or is wrapped into something else.
pub(super) const DAMAGED: &[Form] = &[
    Form {
        name: "00 where it is no exit code",
        write: |rng, numbers, number| {
            let region = match rng.u8(0..3) {
                0 => None,
                1 => number.region(),
                _ => Some(numbers.region(rng)),
            };
            if exits_by_double_zero(number, region) {
                return Err(Skip::Inapplicable);
            }
            let text = if chance(rng, 70) {
                format!("00{}", number.digits())
            } else {
                number.format(PhoneNumberFormat::International).replace('+', "00 ")
            };
            written(number, text, region)
        },
        around: &[Label, Extension],
    },
    Form {
        name: "trunk 0 behind the code",
        write: |rng, numbers, number| {
            let (code, national) = (number.code(), number.national());
            // Where the zero is part of the number it is no slip.
            if national.starts_with('0') {
                return Err(Skip::Inapplicable);
            }
            let grouped = grouped(number);
            let text = match rng.u8(0..4) {
                0 => format!("+{code} (0) {grouped}"),
                1 => format!("+{code} (0){national}"),
                2 => format!("+{code} 0 {grouped}"),
                _ => format!("+{code}0{national}"),
            };
            plus(rng, numbers, number, text)
        },
        around: &[Label, Extension, Others],
    },
    Form {
        name: "trunk prefix behind the code",
        write: |rng, numbers, number| {
            let dialled = digits_of(&number.format(PhoneNumberFormat::National));
            let prefix = dialled.strip_suffix(number.national()).unwrap_or_default();
            if matches!(prefix, "" | "0") {
                return Err(Skip::Inapplicable);
            }
            let (code, grouped) = (number.code(), grouped(number));
            let text = if chance(rng, 50) {
                format!("+{code} ({prefix}) {grouped}")
            } else {
                format!("+{code} {prefix} {grouped}")
            };
            // The design names the zero alone: others are only for the library to take off.
            let text = plus(rng, numbers, number, text)?;
            if text.standing == Standing::Clean { Ok(text) } else { Err(Skip::Inapplicable) }
        },
        around: &[Label],
    },
    Form {
        name: "the code twice",
        write: |rng, numbers, number| {
            let (code, national) = (number.code(), number.national());
            let text = match rng.u8(0..3) {
                0 => format!("+{code} {code} {}", grouped(number)),
                1 => format!("+{code} {code}{national}"),
                _ => format!("+{code}{code}{national}"),
            };
            plus(rng, numbers, number, text)
        },
        around: &[Label, Extension, Others],
    },
    Form {
        name: "Mexico's old 1",
        write: |rng, numbers, number| {
            if number.code() != 52 {
                return Err(Skip::Inapplicable);
            }
            let national = number.national();
            match rng.u8(0..3) {
                0 => plus(rng, numbers, number, format!("+52 1 {}", grouped(number))),
                1 => plus(rng, numbers, number, format!("+521{national}")),
                _ => own(rng, number, format!("521{national}")),
            }
        },
        around: &[Label, Extension, Others],
    },
    Form {
        name: "float tail",
        write: |rng, numbers, number| {
            let mut writing = as_value(rng, numbers, number)?;
            writing.text += one_of(rng, &[".0", ".0", ".00", ",0", ",00"]);
            Ok(writing)
        },
        around: &[Label, Others],
    },
    Form {
        name: "float tail, layout within",
        write: |rng, numbers, number| {
            let text = number.format(if chance(rng, 50) {
                PhoneNumberFormat::International
            } else {
                PhoneNumberFormat::National
            });
            // With dots within, a tail is no float's.
            let has_layout = digits_of(&text).len() < text.trim_start_matches('+').len();
            if !has_layout || text.contains(['.', ',']) {
                return Err(Skip::Inapplicable);
            }
            let mut writing = if text.starts_with('+') {
                plus(rng, numbers, number, text)?
            } else {
                own(rng, number, text)?
            };
            writing.text += one_of(rng, &[".0", ".00"]);
            // The tail may be a group of the number.
            let region = if writing.text.starts_with('+') { None } else { writing.region };
            let rival = read(&writing.text, region).is_some_and(|longer| longer != *number);
            writing.standing = recovered(writing.standing, rival);
            Ok(writing)
        },
        around: &[],
    },
    Form {
        name: "scientific, all digits",
        write: |rng, numbers, number| {
            let mut writing = as_value(rng, numbers, number)?;
            let (sign, digits) = match writing.text.strip_prefix('+') {
                Some(digits) => ("+", digits),
                None => ("", writing.text.as_str()),
            };
            let (whole, fraction) = digits.split_at(1);
            let point = one_of(rng, &['.', '.', ',']);
            let exponent = one_of(rng, &["E+", "E+", "e+", "E"]);
            let size = fraction.len();
            writing.text = match size {
                ..10 => format!("{sign}{whole}{point}{fraction}{exponent}0{size}"),
                10..15 => format!("{sign}{whole}{point}{fraction}{exponent}{size}"),
                _ => return Err(Skip::Inapplicable),
            };
            Ok(writing)
        },
        around: &[Label, Others],
    },
    Form {
        name: "chat link",
        write: |rng, numbers, number| {
            let beginning = one_of(
                rng,
                &[
                    "https://wa.me/",
                    "wa.me/",
                    "http://wa.me/",
                    "https://wa.me/+",
                    "https://api.whatsapp.com/send?phone=",
                    "api.whatsapp.com/send?phone=",
                    "https://api.whatsapp.com/send/?phone=",
                    "whatsapp://send?phone=",
                    "whatsapp://send?phone=%2B",
                ],
            );
            let mut text = format!("{beginning}{}", number.digits());
            if chance(rng, 30) {
                text += if beginning.contains('?') { "&text=hi" } else { "?text=hi" };
            }
            linked(rng, numbers, number, text)
        },
        around: &[Label, Others],
    },
    Form {
        name: "chat id",
        write: |rng, numbers, number| {
            let text = format!("{}{}", number.digits(), one_of(rng, &["@s.whatsapp.net", "@c.us"]));
            linked(rng, numbers, number, text)
        },
        around: &[Others],
    },
];

/// The standing of a number that a repair alone gives.
fn recovered(standing: Standing, has_rival: bool) -> Standing {
    match standing {
        Standing::Undecidable => Standing::Undecidable,
        _ if has_rival => Standing::Undecidable,
        _ => Standing::Recoverable,
    }
}

fn without_plus_reads(text: &str, region: Option<Region>) -> bool {
    !super::standing::readings(text, region).is_empty()
}

/// The national number in the groups of the international format.
pub(super) fn grouped(number: &Number) -> String {
    let text = number.format(PhoneNumberFormat::International);
    let behind = 1 + number.code().to_string().len();
    text.get(behind..).unwrap_or_default().trim().to_owned()
}

fn international_otherwise(rng: &mut Rng, number: &Number) -> String {
    let text = number.format(PhoneNumberFormat::International);
    match rng.u8(0..5) {
        0 => text.replace(' ', "-"),
        1 => text.replace([' ', '-'], "."),
        2 => text.replace(' ', "  "),
        3 => text.replace(' ', " - "),
        _ => {
            let grouped = grouped(number);
            match grouped.split_once(' ') {
                Some((area, rest)) => format!("+{} ({area}) {rest}", number.code()),
                None => format!("+{} {grouped}", number.code()),
            }
        }
    }
}

/// The region of the number, none, or any: a `+` makes it matter nothing.
fn any_region(rng: &mut Rng, numbers: &Numbers, number: &Number) -> Option<Region> {
    match rng.u8(0..3) {
        0 => None,
        1 => number.region(),
        _ => Some(numbers.region(rng)),
    }
}

/// Whether `00` is how this region, or none, says `+` by the metadata.
fn exits_by_double_zero(number: &Number, region: Option<Region>) -> bool {
    region.is_some() && read(&format!("00{}", number.digits()), region).as_ref() == Some(number)
}

fn plus(rng: &mut Rng, numbers: &Numbers, number: &Number, text: String) -> Result<Writing, Skip> {
    let standing = with_plus(number, &text)?;
    let region = any_region(rng, numbers, number);
    Ok(Writing { text, region, international: false, standing })
}

fn written(number: &Number, text: String, region: Option<Region>) -> Result<Writing, Skip> {
    let standing = without_plus(number, &text, region)?;
    Ok(Writing { text, region, international: false, standing })
}

/// Read with the number's own region, or with the main one of its calling code.
fn own(rng: &mut Rng, number: &Number, text: String) -> Result<Writing, Skip> {
    let region = number.region().ok_or(Skip::Inapplicable)?;
    let region =
        if chance(rng, 10) { main_region(number.code()).unwrap_or(region) } else { region };
    if text.starts_with('+') {
        return Err(Skip::Inapplicable);
    }
    written(number, text, Some(region))
}

/// What a column of values holds: digits without leading zeros, or a text of `+` and digits.
fn as_value(rng: &mut Rng, numbers: &Numbers, number: &Number) -> Result<Writing, Skip> {
    let mut writing = match rng.u8(0..6) {
        0 => plus(rng, numbers, number, number.to_string())?,
        1..4 if !number.national().starts_with('0') => {
            own(rng, number, number.national().to_owned())?
        }
        _ => own(rng, number, number.digits())?,
    };
    writing.standing = recovered(writing.standing, false);
    Ok(writing)
}

fn linked(
    rng: &mut Rng,
    numbers: &Numbers,
    number: &Number,
    text: String,
) -> Result<Writing, Skip> {
    let region = any_region(rng, numbers, number);
    Ok(Writing { text, region, international: false, standing: Standing::Recoverable })
}
