//! Phone cells that a spreadsheet, an export or a typist has damaged.
//!
//! The kinds are those of the project's list of messy cells: some hold a number that can be
//! recovered, some hold none, and a reader must distinguish the two.

use fastrand::Rng;

use super::countries::Plan;
use super::draw::{Weighted, index, one_of, push_digits};
use super::emails;
use super::layouts::{Need, international};
use super::names::Person;
use super::numbers::{Number, Pool};

/// What has happened to a phone cell.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Mess {
    /// `9876543210.0`, `919876543210,00`
    FloatTail,
    /// `9.19876543210E+11`: all digits are there.
    Scientific,
    /// `9.19877E+11`, `9,19877E+11`: digits are gone.
    Rounded,
    /// `p:+919876543210`, as lead-ads exports have it.
    LeadAds,
    /// `WhatsApp: +91 98765 43210`
    Label,
    /// `https://wa.me/919876543210`
    ChatLink,
    /// `919876543210@s.whatsapp.net`
    ChatAddress,
    /// `006281234567890`, where one dials another prefix than `00` for abroad.
    ExitCode,
    /// `4915123490673`, where numbers without a code may begin with the same digits.
    MissingPlus,
    /// `+44 (0)7911 123456`
    TrunkZero,
    /// `+91 91 98765 43210`
    RepeatedCode,
    /// `+00919876543210`, `++91 98765 43210`, `+ 91 98765 43210`
    OddPlus,
    /// `a / b`, `a ::: b`, `a; b`: two numbers or three.
    SeveralNumbers,
    /// `+91 22 2345 6789 ext. 12`
    Extension,
    /// `+52 1 55 4163 7145`: the 1 is no longer dialled.
    MexicoOne,
    /// Fine digits beside a country column that names no country.
    OddCountry,
    /// `2024-03-15`
    Date,
    /// `9999999999`, `1234567890`
    Placeholder,
    /// `n/a`, `-`, `#N/A` or nothing.
    Missing,
    /// `+3367a829916`
    Letters,
    /// `1-800-EXAMPLE`
    Vanity,
    /// `$1,234.00`
    Money,
    /// The first digits only.
    TooShort,
    /// Digits of something else behind.
    TooLong,
    /// The right length in a range that nobody has.
    Unassigned,
    /// `p:<test lead: dummy data for phone_number>`
    TestLead,
    /// The email address, one column too early.
    Email,
    /// A note of more than 250 characters.
    Prose,
}

/// How often each kind is met among the messy cells.
pub(crate) static MESSES: Weighted<Mess> = Weighted::new(&[
    (Mess::FloatTail, 70),
    (Mess::Scientific, 50),
    (Mess::Rounded, 60),
    (Mess::LeadAds, 70),
    (Mess::Label, 40),
    (Mess::ChatLink, 40),
    (Mess::ChatAddress, 40),
    (Mess::ExitCode, 35),
    (Mess::MissingPlus, 15),
    (Mess::TrunkZero, 55),
    (Mess::RepeatedCode, 30),
    (Mess::OddPlus, 30),
    (Mess::SeveralNumbers, 80),
    (Mess::Extension, 40),
    (Mess::MexicoOne, 25),
    (Mess::OddCountry, 40),
    (Mess::Date, 20),
    (Mess::Placeholder, 45),
    (Mess::Missing, 110),
    (Mess::Letters, 20),
    (Mess::Vanity, 10),
    (Mess::Money, 10),
    (Mess::TooShort, 40),
    (Mess::TooLong, 30),
    (Mess::Unassigned, 20),
    (Mess::TestLead, 12),
    (Mess::Email, 20),
    (Mess::Prose, 8),
]);

impl Mess {
    /// Whether this can happen to a number of the country.
    pub(crate) fn suits(self, plan: &Plan) -> bool {
        match self {
            Self::ExitCode => !plan.double_zero,
            Self::MissingPlus => plan.region == "DE",
            Self::TrunkZero => plan.trunk == "0",
            Self::MexicoOne => plan.region == "MX",
            Self::Vanity => plan.calling_code == "1",
            _ => true,
        }
    }

    /// What the country column has to say beside it.
    pub(crate) fn need(self) -> Need {
        match self {
            Self::FloatTail
            | Self::Scientific
            | Self::Rounded
            | Self::ExitCode
            | Self::MissingPlus
            | Self::Vanity => Need::CountryName,
            _ => Need::Nothing,
        }
    }

    /// Appends the cell that this mess has made of the person's number.
    pub(crate) fn write(
        self,
        rng: &mut Rng,
        number: &Number,
        person: &Person,
        pool: Pool,
        out: &mut String,
    ) {
        match self {
            Self::FloatTail => {
                // A column of floats would have lost the leading zeros of an Italian number.
                if rng.bool() && !number.national().starts_with(b"0") {
                    number.push_national(out);
                } else {
                    number.push_international(out);
                }
                out.push_str(one_of(rng, &[".0", ".0", ".0", ".00", ",00"]));
            }
            Self::Scientific => push_scientific(number, out),
            Self::Rounded => push_rounded(rng, number, out),
            Self::LeadAds => {
                out.push_str("p:");
                number.push_e164(out);
            }
            Self::Label => {
                out.push_str(one_of(
                    rng,
                    &["WhatsApp: ", "Mobile: ", "Mob:", "Ph. ", "Tel: ", "tel:"],
                ));
                international(number, one_of(rng, &[' ', '-']), out);
            }
            Self::ChatLink => {
                out.push_str(one_of(
                    rng,
                    &[
                        "https://wa.me/",
                        "wa.me/",
                        "https://api.whatsapp.com/send?phone=",
                        "whatsapp://send?phone=",
                    ],
                ));
                number.push_international(out);
            }
            Self::ChatAddress => {
                number.push_international(out);
                out.push_str(one_of(rng, &["@s.whatsapp.net", "@c.us"]));
            }
            Self::ExitCode => {
                out.push_str("00");
                number.push_international(out);
            }
            Self::MissingPlus => number.push_international(out),
            Self::TrunkZero => {
                out.push('+');
                out.push_str(number.calling_code());
                if rng.bool() {
                    out.push_str(" (0)");
                    number.push_grouped(' ', out);
                } else {
                    out.push('0');
                    number.push_national(out);
                }
            }
            Self::RepeatedCode => {
                out.push('+');
                out.push_str(number.calling_code());
                if rng.bool() {
                    out.push(' ');
                    out.push_str(number.calling_code());
                    out.push(' ');
                    number.push_grouped(' ', out);
                } else {
                    number.push_international(out);
                }
            }
            Self::OddPlus => {
                let plus = one_of(rng, &["+00", "++", "+ "]);
                out.push_str(plus);
                if plus == "++" {
                    out.push_str(number.calling_code());
                    out.push(' ');
                    number.push_grouped(' ', out);
                } else {
                    number.push_international(out);
                }
            }
            Self::SeveralNumbers => push_several(rng, number, pool, out),
            Self::Extension => {
                international(number, ' ', out);
                out.push_str(one_of(rng, &[" ext. ", " x", " Ext ", " ext"]));
                let digits = if rng.bool() { 2 } else { 4 };
                out.push(char::from(rng.u8(b'1'..=b'9')));
                push_digits(rng, digits - 1, out);
            }
            Self::MexicoOne => {
                out.push_str("+52 1 ");
                number.push_grouped(' ', out);
            }
            Self::OddCountry => international(number, ' ', out),
            Self::Date => push_date(rng, out),
            Self::Placeholder => out.push_str(one_of(rng, PLACEHOLDERS)),
            Self::Missing => out.push_str(one_of(rng, MISSING)),
            Self::Letters => push_with_letters(rng, number, out),
            Self::Vanity => out.push_str(one_of(rng, &["1-800-EXAMPLE", "1-888-555-HELP"])),
            Self::Money => {
                out.push('$');
                out.push(char::from(rng.u8(b'1'..=b'9')));
                out.push(',');
                push_digits(rng, 3, out);
                out.push_str(".00");
            }
            Self::TooShort => {
                out.push_str(one_of(rng, &["", "+", "+91 "]));
                let shown = 3 + index(rng, 2);
                let digits = number.national().iter().take(shown);
                out.extend(digits.map(|&digit| char::from(digit)));
            }
            Self::TooLong => {
                number.push_e164(out);
                let more = 7 + index(rng, 4);
                push_digits(rng, more, out);
            }
            Self::Unassigned => {
                let (start, digits) = one_of(rng, UNASSIGNED);
                out.push_str(start);
                push_digits(rng, digits, out);
            }
            Self::TestLead => out.push_str("p:<test lead: dummy data for phone_number>"),
            Self::Email => emails::push_address(rng, person, out),
            Self::Prose => {
                let remark = one_of(
                    rng,
                    &[
                        "asked at the desk, will send the number later by message. ",
                        "see the second sheet, the assistant has the new one. ",
                    ],
                );
                while out.chars().count() <= 250 {
                    out.push_str(remark);
                }
            }
        }
    }
}

const PLACEHOLDERS: &[&str] = &[
    "9999999999",
    "0000000000",
    "1234567890",
    "1111111111",
    "8888888888",
    "0123456789",
    "+919999999999",
    "7777777777",
];

const MISSING: &[&str] =
    &["", "", "", "", "n/a", "N/A", "-", "--", "none", "null", "NULL", "#N/A", "#REF!", "?", "TBD"];

/// Beginnings that nobody has, and the digits that make up a right length. The first two are kept
/// for fiction, and not valid either; the others are outside the plans of their countries.
const UNASSIGNED: &[(&str, usize)] =
    &[("+44 7700 900", 3), ("+33 6 39 98 ", 4), ("+1 0", 9), ("+34 1", 8), ("+61 9", 8)];

/// Country columns that name no country, or none that a list of countries has.
pub(crate) const ODD_COUNTRIES: &[&str] = &[
    "Unknown",
    "Other",
    "N/A",
    "Narnia",
    "XX",
    "EU",
    "Asia",
    "भारत",
    "india/uae",
    "0",
    "?",
    "Hindustan",
];

/// All digits as a spreadsheet's wide number format shows them: `9.19876543210E+11`.
fn push_scientific(number: &Number, out: &mut String) {
    let start = out.len();
    number.push_international(out);
    let exponent = out.len() - start - 1;
    out.insert(start + 1, '.');
    out.push_str(&format!("E+{exponent:02}"));
}

/// Six digits, as a spreadsheet's narrow column shows them: `9.19877E+11`.
fn push_rounded(rng: &mut Rng, number: &Number, out: &mut String) {
    let mut digits = String::new();
    number.push_international(&mut digits);
    // Never more digits than a u64 has; a fallback of 0 would only be another rounded number.
    let value: u64 = digits.parse().unwrap_or_default();
    let shown = format!("{value:.5e}");
    let (mantissa, exponent) = shown.split_once('e').unwrap_or((&shown, "0"));
    if rng.u8(..5) == 0 {
        out.push_str(&mantissa.replace('.', ","));
    } else {
        out.push_str(mantissa);
    }
    out.push_str(&format!("E+{exponent:0>2}"));
}

/// Two or three numbers of the same country, the person's own first.
fn push_several(rng: &mut Rng, number: &Number, pool: Pool, out: &mut String) {
    let between = one_of(rng, &[" / ", "/", " ::: ", "; ", ";", ", ", " or ", " | ", "\n", " "]);
    let spaced = between != " " && rng.bool();
    let push = |number: &Number, out: &mut String| {
        if spaced {
            international(number, ' ', out);
        } else {
            number.push_e164(out);
        }
    };
    push(number, out);
    for _ in 0..=u8::from(rng.u8(..6) == 0) {
        out.push_str(between);
        let other = Number::draw(rng, number.country, pool);
        push(&other, out);
    }
}

/// A date of the last years, year first or day first.
fn push_date(rng: &mut Rng, out: &mut String) {
    let (year, month, day) = (rng.u16(2019..2027), rng.u8(1..=12), rng.u8(1..=28));
    out.push_str(&match rng.u8(..3) {
        0 => format!("{year}-{month:02}-{day:02}"),
        1 => format!("{day:02}/{month:02}/{year}"),
        _ => format!("{day:02}.{month:02}.{year}"),
    });
}

/// The number with one letter, or three, where digits were.
fn push_with_letters(rng: &mut Rng, number: &Number, out: &mut String) {
    let national = number.national();
    let count = if rng.bool() { 1 } else { 3 };
    let from = 2 + index(rng, national.len() - 5);
    out.push('+');
    out.push_str(number.calling_code());
    for (at, &digit) in national.iter().enumerate() {
        if (from..from + count).contains(&at) {
            out.push(char::from(rng.u8(b'a'..=b'h')));
        } else {
            out.push(char::from(digit));
        }
    }
}
