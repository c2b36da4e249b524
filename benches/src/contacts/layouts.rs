//! Layouts of a number that libphonenumber reads correctly, given the region and once invisible
//! characters and quotes are off: no reader should warn about them.

use fastrand::Rng;

use super::countries::Plan;
use super::draw::{Weighted, one_of};
use super::numbers::Number;

/// How a phone cell is laid out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Layout {
    /// `+919876543210`
    E164,
    /// `+91 98765 43210`
    Spaced,
    /// `+91-98765-43210`, or with another of Unicode's dashes.
    Dashed,
    /// `+91.98765.43210`
    Dotted,
    /// `(+91) 98765 43210`, `+44 (7700) 900123`, `(+919876543210)`
    Brackets,
    /// `098765 43210`, `(212) 555-0123`
    National,
    /// `09876543210`
    NationalRun,
    /// `9876543210`
    Bare,
    /// `919876543210`
    OwnCode,
    /// `0091 98765 43210`
    DoubleZero,
    /// `+९१९८७६५४३२१०`
    OtherDigits,
    /// Invisible characters around or inside, as chat apps and address books paste them in.
    Invisible,
    /// `'+919876543210`, the spreadsheet's mark for text.
    Apostrophe,
    /// The number in quotation marks that belong to the cell.
    Quoted,
    /// Blanks before or behind.
    Padded,
}

/// What the country column has to say for a phone cell to be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Need {
    /// Nothing: the cell holds the calling code, marked as such.
    Nothing,
    /// The country, by name or by calling code.
    Country,
    /// The country by name: a calling code in front of these digits would make another number.
    CountryName,
}

/// How often each layout is met.
pub(crate) static LAYOUTS: Weighted<Layout> = Weighted::new(&[
    (Layout::E164, 230),
    (Layout::Spaced, 190),
    (Layout::Dashed, 55),
    (Layout::Dotted, 15),
    (Layout::Brackets, 30),
    (Layout::National, 120),
    (Layout::NationalRun, 60),
    (Layout::Bare, 140),
    (Layout::OwnCode, 70),
    (Layout::DoubleZero, 25),
    (Layout::OtherDigits, 12),
    (Layout::Invisible, 20),
    (Layout::Apostrophe, 15),
    (Layout::Quoted, 8),
    (Layout::Padded, 10),
]);

const DASHES: &[char] = &['-', '-', '-', '-', '\u{2010}', '\u{2011}', '\u{2013}'];

/// What stands before and behind a number that was pasted from elsewhere.
const WRAPPERS: &[(&str, &str)] = &[
    ("\u{202a}", "\u{202c}"),
    ("\u{202d}", "\u{202c}"),
    ("\u{200e}", ""),
    ("\u{2066}", "\u{2069}"),
    ("\u{feff}", ""),
    ("", "\u{200b}"),
    ("\u{a0}", "\u{a0}"),
];

impl Layout {
    /// Whether a number of the country, written so, is read by its numbering plan alone.
    pub(crate) fn suits(self, plan: &Plan) -> bool {
        match self {
            Self::DoubleZero => plan.double_zero,
            // Some German numbers may begin with 49, code or not: see `Mess::MissingPlus`.
            Self::OwnCode => plan.region != "DE",
            _ => true,
        }
    }

    /// What the country column has to say beside it.
    pub(crate) fn need(self) -> Need {
        match self {
            Self::Bare => Need::Country,
            Self::National | Self::NationalRun | Self::OwnCode => Need::CountryName,
            _ => Need::Nothing,
        }
    }

    /// Appends the number in this layout.
    pub(crate) fn write(self, rng: &mut Rng, number: &Number, out: &mut String) {
        let plan = number.country.plan;
        match self {
            Self::E164 => number.push_e164(out),
            Self::Spaced => international(number, ' ', out),
            Self::Dashed => international(number, one_of(rng, DASHES), out),
            Self::Dotted => international(number, '.', out),
            Self::Brackets => match rng.u8(..3) {
                0 => {
                    out.push_str("(+");
                    out.push_str(plan.calling_code);
                    out.push_str(") ");
                    number.push_grouped(' ', out);
                }
                1 => {
                    out.push('+');
                    out.push_str(plan.calling_code);
                    out.push(' ');
                    number.push_bracketed('-', out);
                }
                _ => {
                    out.push('(');
                    number.push_e164(out);
                    out.push(')');
                }
            },
            Self::National => {
                let between = if rng.bool() { ' ' } else { '-' };
                out.push_str(plan.trunk);
                if plan.bracketed {
                    if !plan.trunk.is_empty() {
                        out.push(' ');
                    }
                    number.push_bracketed('-', out);
                } else {
                    number.push_grouped(between, out);
                }
            }
            Self::NationalRun => {
                out.push_str(plan.trunk);
                number.push_national(out);
            }
            Self::Bare => number.push_national(out),
            Self::OwnCode => number.push_international(out),
            Self::DoubleZero => {
                out.push_str("00");
                if rng.bool() {
                    number.push_international(out);
                } else {
                    out.push_str(plan.calling_code);
                    out.push(' ');
                    number.push_grouped(' ', out);
                }
            }
            Self::OtherDigits => {
                let start = out.len();
                if rng.bool() {
                    number.push_e164(out);
                } else {
                    international(number, ' ', out);
                }
                let ascii = out.split_off(start);
                let zero = zero_of(plan.region);
                out.extend(ascii.chars().map(|c| in_digits_from(zero, c)));
            }
            Self::Invisible => {
                let (before, behind) = one_of(rng, WRAPPERS);
                out.push_str(before);
                match rng.u8(..3) {
                    0 => number.push_e164(out),
                    1 => international(number, '\u{a0}', out),
                    _ => international(number, ' ', out),
                }
                out.push_str(behind);
            }
            Self::Apostrophe => {
                out.push('\'');
                number.push_e164(out);
            }
            Self::Quoted => {
                out.push('"');
                number.push_e164(out);
                out.push('"');
            }
            Self::Padded => {
                out.push_str(one_of(rng, &["", " ", "  "]));
                number.push_e164(out);
                out.push_str(one_of(rng, &[" ", "   ", "\t"]));
            }
        }
    }
}

/// Appends `+91 98765 43210`, with `between` in place of each space.
pub(crate) fn international(number: &Number, between: char, out: &mut String) {
    out.push('+');
    out.push_str(number.calling_code());
    out.push(between);
    number.push_grouped(between, out);
}

/// The zero of the digits that a region's phones and keyboards offer besides ASCII.
fn zero_of(region: &str) -> char {
    match region {
        "IN" => '०',
        "BD" => '০',
        "AE" | "EG" | "SA" => '٠',
        "PK" => '۰',
        "TH" => '๐',
        _ => '０',
    }
}

/// An ASCII digit as the same digit of the script whose zero this is; any other character as it is.
fn in_digits_from(zero: char, c: char) -> char {
    c.to_digit(10).and_then(|digit| char::from_u32(u32::from(zero) + digit)).unwrap_or(c)
}
