//! Email addresses at names that are reserved for documentation and tests (RFC 2606 and 6761), so
//! that no message can reach anybody.

use fastrand::Rng;

use super::draw::{Weighted, one_of, push_digits};
use super::names::Person;

/// What an email cell holds.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Email {
    /// Nothing.
    Empty,
    /// One good address.
    Good,
    /// `asha@@example.com`
    TwoAts,
    /// `asha.example.com`
    NoAt,
    /// Two addresses.
    Two,
    /// `<asha@example.com>`, with or without the name before it.
    Angles,
    /// `mailto:asha@example.com`
    Mailto,
    /// `asha@EXAMPLE.COM`
    UpperDomain,
    /// `asha@example.com.`
    TrailingDot,
    /// `asha @example.com`
    Space,
    /// `asha@example`
    NoTopLevel,
    /// `asha..verma@example.com`
    DoubleDot,
    /// `ａｓｈａ＠example.com`
    FullWidth,
    /// `asha@bücher.example`
    UnicodeDomain,
    /// `n/a`, `none`
    Placeholder,
}

/// How often each kind is met.
pub(crate) static EMAILS: Weighted<Email> = Weighted::new(&[
    (Email::Empty, 250),
    (Email::Good, 700),
    (Email::TwoAts, 4),
    (Email::NoAt, 5),
    (Email::Two, 6),
    (Email::Angles, 4),
    (Email::Mailto, 4),
    (Email::UpperDomain, 6),
    (Email::TrailingDot, 4),
    (Email::Space, 3),
    (Email::NoTopLevel, 2),
    (Email::DoubleDot, 2),
    (Email::FullWidth, 2),
    (Email::UnicodeDomain, 2),
    (Email::Placeholder, 6),
]);

const DOMAINS: &[&str] = &[
    "example.com",
    "example.com",
    "example.com",
    "example.org",
    "example.org",
    "example.net",
    "example.net",
    "mail.example",
    "mail.example.com",
    "post.example",
    "lotus.example",
    "acme.example",
    "uni.example.org",
    "shop.example",
    "corp.example",
];

impl Email {
    /// Appends the cell of a person.
    pub(crate) fn write(self, rng: &mut Rng, person: &Person, out: &mut String) {
        let start = out.len();
        match self {
            Self::Empty => {}
            Self::Good => push_address(rng, person, out),
            Self::TwoAts => push_with(rng, person, "@@", out),
            Self::NoAt => push_with(rng, person, ".", out),
            Self::Space => push_with(rng, person, " @", out),
            Self::Two => {
                push_address(rng, person, out);
                out.push_str(one_of(rng, &[", ", ";", "; ", " / ", " "]));
                push_address(rng, person, out);
            }
            Self::Angles => {
                if rng.bool() {
                    out.push_str(person.given.shown);
                    out.push(' ');
                }
                out.push('<');
                push_address(rng, person, out);
                out.push('>');
            }
            Self::Mailto => {
                out.push_str("mailto:");
                push_address(rng, person, out);
            }
            Self::UpperDomain => {
                push_local(rng, person, out);
                out.push('@');
                out.push_str(one_of(rng, &["EXAMPLE.COM", "Example.com", "EXAMPLE.ORG"]));
            }
            Self::TrailingDot => {
                push_address(rng, person, out);
                out.push('.');
            }
            Self::NoTopLevel => {
                push_local(rng, person, out);
                out.push_str("@example");
            }
            Self::DoubleDot => {
                out.push_str(&person.given.ascii);
                out.push_str("..");
                out.push_str(&person.family.ascii);
                out.push_str("@example.com");
            }
            Self::FullWidth => {
                push_address(rng, person, out);
                let ascii = out.split_off(start);
                out.extend(ascii.chars().map(full_width));
            }
            Self::UnicodeDomain => {
                push_local(rng, person, out);
                out.push_str(one_of(rng, &["@bücher.example", "@café.example", "@प्रिया.example"]));
            }
            Self::Placeholder => {
                out.push_str(one_of(rng, &["n/a", "none", "-", "N/A", "no email", "null"]));
            }
        }
    }
}

/// Appends one good address of a person.
pub(crate) fn push_address(rng: &mut Rng, person: &Person, out: &mut String) {
    push_with(rng, person, "@", out);
}

fn push_with(rng: &mut Rng, person: &Person, at: &str, out: &mut String) {
    push_local(rng, person, out);
    out.push_str(at);
    out.push_str(one_of(rng, DOMAINS));
}

fn push_local(rng: &mut Rng, person: &Person, out: &mut String) {
    let (given, family) = (person.given.ascii.as_str(), person.family.ascii.as_str());
    match rng.u8(..8) {
        0..=2 => {
            out.push_str(given);
            out.push('.');
            out.push_str(family);
        }
        3 => {
            out.push_str(given);
            out.push_str(family);
        }
        4 => {
            out.push_str(given);
            out.push('_');
            out.push_str(family);
        }
        5 => {
            out.push_str(&given[..1]);
            out.push_str(family);
        }
        6 => {
            out.push_str(family);
            out.push('.');
            out.push_str(given);
        }
        _ => out.push_str(given),
    }
    // Most short names are taken.
    if rng.u8(..3) < 2 {
        let digits = one_of(rng, &[1, 2, 2, 3, 4]);
        push_digits(rng, digits, out);
    }
}

/// The wide form that East Asian keyboards give for a printable ASCII character.
fn full_width(c: char) -> char {
    match c {
        '!'..='~' => char::from_u32(u32::from(c) + 0xfee0).unwrap_or(c),
        _ => c,
    }
}
