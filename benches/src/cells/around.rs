//! What stands around a number in its cell: labels, extensions, other numbers; and what lies over
//! the whole of it: invisible characters, other digits, text markers.

use fastrand::Rng;
use rlibphonenumber::Region;

use super::Kind;
use super::forms::{Around, Form, Writing};
use super::number::{Number, Numbers};
use super::standing::{Skip, Standing, readings};
use crate::contacts::draw::{chance, index, one_of};

/// A cell around one number or several.
#[derive(Clone, Debug)]
pub(super) struct Framed {
    pub(super) writing: Writing,
    pub(super) numbers: Vec<Number>,
    pub(super) extension: Option<String>,
}

impl Framed {
    pub(super) fn alone(writing: Writing, number: Number) -> Self {
        Framed { writing, numbers: vec![number], extension: None }
    }
}

/// What can be put around a number.
pub(super) struct Frame {
    pub(super) name: &'static str,
    pub(super) around: Around,
    pub(super) put: fn(&mut Rng, &mut Numbers, &Form, Framed) -> Result<Framed, Skip>,
}

pub(super) const FRAMES: &[Frame] = &[
    Frame {
        name: "label",
        around: Around::Label,
        put: |rng, _, _, mut framed| {
            let label = one_of(
                rng,
                &[
                    "p:",
                    "tel:",
                    "Tel: ",
                    "Tel. ",
                    "whatsapp:",
                    "WhatsApp: ",
                    "Mobile: ",
                    "mobile:",
                    "Ph. ",
                    "Ph: ",
                    "Phone: ",
                    "PHONE:",
                    "Mob: ",
                    "Cell: ",
                ],
            );
            framed.writing.text.insert_str(0, label);
            Ok(framed)
        },
    },
    Frame {
        name: "extension",
        around: Around::Extension,
        put: |rng, _, _, mut framed| {
            let mark = one_of(rng, &[" x", " ext. ", " ext ", " ext.", ";ext=", " Ext. ", " X"]);
            let mut digits = rng.u8(1..10).to_string();
            for _ in 0..=rng.u8(0..4) {
                digits.push(char::from(rng.u8(b'0'..=b'9')));
            }
            framed.writing.text += mark;
            framed.writing.text += &digits;
            framed.extension = Some(digits);
            framed.writing.standing = behind_a_repair(framed.writing.standing);
            Ok(framed)
        },
    },
    Frame {
        name: "several",
        around: Around::Others,
        put: |rng, numbers, form, framed| {
            let between = one_of(rng, &[" ::: ", ":::", ";", "; ", " or ", " | ", "|"]);
            several(rng, numbers, form, framed, between)
        },
    },
    Frame {
        name: "several, close",
        around: Around::OthersClose,
        put: |rng, numbers, form, framed| {
            let between = one_of(rng, &["/", " / ", ",", ", ", "\n"]);
            several(rng, numbers, form, framed, between)
        },
    },
    Frame {
        name: "several, by spaces",
        around: Around::OthersBySpace,
        put: |rng, numbers, form, framed| several(rng, numbers, form, framed, " "),
    },
    Frame {
        name: "junk beside it",
        around: Around::Others,
        put: |rng, _, _, mut framed| {
            let junk =
                one_of(rng, &["n/a", "none", "-", "null", "TBD", "asha@example.com", "0000000000"]);
            let between = one_of(rng, &["; ", " ::: ", " | ", " or "]);
            let text = &framed.writing.text;
            framed.writing.text = if chance(rng, 50) {
                format!("{junk}{between}{text}")
            } else {
                format!("{text}{between}{junk}")
            };
            framed.writing.standing = behind_a_repair(framed.writing.standing);
            Ok(framed)
        },
    },
];

fn behind_a_repair(standing: Standing) -> Standing {
    if standing == Standing::Clean { Standing::Recoverable } else { standing }
}

/// One or two more numbers of the same country, written in the same way.
pub(super) fn several(
    rng: &mut Rng,
    numbers: &mut Numbers,
    form: &Form,
    mut framed: Framed,
    between: &str,
) -> Result<Framed, Skip> {
    // No rule says how a list with a piece that cannot be decided is read.
    if framed.writing.standing == Standing::Undecidable {
        return Err(Skip::Inapplicable);
    }
    let (first, region) = (framed.writing.text.clone(), framed.writing.region);
    let has_plus = first.starts_with('+');
    let wanted = 1 + usize::from(chance(rng, 15));
    for _ in 0..20 {
        let other = numbers.draw_in(rng, framed.numbers[0].region());
        let Ok(writing) = (form.write)(rng, numbers, &other) else { continue };
        let alike =
            writing.text.starts_with('+') == has_plus && (has_plus || writing.region == region);
        if !alike || writing.standing == Standing::Undecidable || framed.numbers.contains(&other) {
            continue;
        }
        framed.writing.text += between;
        framed.writing.text += &writing.text;
        framed.numbers.push(other);
        if framed.numbers.len() > wanted {
            break;
        }
    }
    if framed.numbers.len() == 1 {
        return Err(Skip::Inapplicable);
    }
    framed.writing.standing = behind_a_repair(framed.writing.standing);
    if matches!(between.trim(), "/" | "," | "") && is_one_number(&framed.writing.text, region) {
        framed.writing.standing = Standing::Undecidable;
    }
    Ok(framed)
}

/// Whether all the digits together are a number as well.
pub(super) fn is_one_number(text: &str, region: Option<Region>) -> bool {
    let (sign, region) = if text.starts_with('+') { ("+", None) } else { ("", region) };
    let digits = super::standing::digits_of(text);
    !readings(&format!("{sign}{digits}"), region).is_empty()
}

/// What can lie over a whole cell without changing what it says.
pub(super) struct Coat {
    pub(super) name: Kind,
    pub(super) lay: fn(&mut Rng, &str) -> Result<String, Skip>,
}

const INVISIBLE: &[char] = &[
    '\u{200e}', '\u{200f}', '\u{61c}', '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}',
    '\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}', '\u{200b}', '\u{200c}', '\u{200d}', '\u{2060}',
    '\u{feff}',
];

const SPACES: &[char] =
    &['\u{a0}', '\u{a0}', '\u{202f}', '\u{2009}', '\u{2007}', '\u{3000}', '\u{2003}'];

const DASHES: &[char] = &[
    '\u{2010}', '\u{2011}', '\u{2012}', '\u{2013}', '\u{2014}', '\u{2015}', '\u{2212}', '\u{fe63}',
    '\u{ff0d}',
];

/// Zeros whose nine followers are the other digits.
const ZEROS: &[char] = &[
    '\u{ff10}',
    '\u{660}',
    '\u{6f0}',
    '\u{966}',
    '\u{9e6}',
    '\u{a66}',
    '\u{ae6}',
    '\u{be6}',
    '\u{c66}',
    '\u{e50}',
    '\u{1040}',
    '\u{17e0}',
    '\u{1d7ce}',
];

pub(super) const COATS: &[Coat] = &[
    Coat {
        name: "invisible characters",
        lay: |rng, text| {
            let mut text = text.to_owned();
            for _ in 0..=rng.u8(0..3) {
                let places: Vec<usize> =
                    text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
                // At the ends more often than within.
                let at = match rng.u8(0..3) {
                    0 => 0,
                    1 => text.len(),
                    _ => one_of(rng, &places),
                };
                text.insert(at, one_of(rng, INVISIBLE));
            }
            Ok(text)
        },
    },
    Coat {
        name: "other digits",
        lay: |rng, text| {
            let zero = one_of(rng, ZEROS);
            let plus = if zero == '\u{ff10}' { '\u{ff0b}' } else { '+' };
            let other = |c: char| match c.to_digit(10) {
                Some(value) => char::from_u32(zero as u32 + value).unwrap_or(c),
                None if c == '+' => plus,
                None => c,
            };
            if text.contains("%2B") || !text.contains(|c: char| c.is_ascii_digit()) {
                return Err(Skip::Inapplicable);
            }
            Ok(text.chars().map(other).collect())
        },
    },
    Coat {
        name: "text marker or quotes",
        lay: |rng, text| {
            Ok(match rng.u8(0..5) {
                0 | 1 => format!("'{text}"),
                2 => format!("`{text}"),
                3 => format!("\"{text}\""),
                _ => format!("=\"{text}\""),
            })
        },
    },
    Coat {
        name: "odd spaces",
        lay: |rng, text| {
            let space = one_of(rng, SPACES);
            let mut text: String = text.chars().map(|c| if c == ' ' { space } else { c }).collect();
            if !text.contains(space) || chance(rng, 30) {
                // Tabs too, which the design names nowhere within a number.
                let space = if chance(rng, 20) { '\t' } else { space };
                text.insert(0, space);
                text.push(space);
            }
            Ok(text)
        },
    },
    Coat {
        name: "odd dashes",
        lay: |rng, text| {
            let dash = one_of(rng, DASHES);
            let dashed: String = text.chars().map(|c| if c == '-' { dash } else { c }).collect();
            if dashed != text {
                return Ok(dashed);
            }
            // Between the two halves of a plain number, as people put them.
            let is_plain = text.chars().all(|c| c.is_ascii_digit() || c == '+') && text.len() >= 9;
            if !is_plain {
                return Err(Skip::Inapplicable);
            }
            let at = 4 + index(rng, text.len() - 7);
            Ok(format!("{}{dash}{}", &text[..at], &text[at..]))
        },
    },
];
