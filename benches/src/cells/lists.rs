//! Several numbers in a cell: words between them, broken pieces, pieces that belong together.

use fastrand::Rng;

use super::around::{Framed, is_one_number, several};
use super::forms::{Form, Writing, grouped};
use super::number::{Number, Numbers, read};
use super::second::{Base, Draft};
use super::standing::{Skip, Standing, digits_of, readings, without_plus};
use super::{Demand, Kind, Known, Truth};
use crate::contacts::draw::{chance, index, one_of};
use rlibphonenumber::{PhoneNumberFormat, Region};

/// What parts the numbers of a list.
pub(super) struct List {
    pub(super) name: Kind,
    /// What opens the cell, what stands between two numbers, and what closes the cell.
    signs: &'static [(&'static str, &'static str, &'static str)],
    /// Whether the design names it.
    is_named: bool,
}

const fn named(name: Kind, signs: &'static [(&'static str, &'static str, &'static str)]) -> List {
    List { name, signs, is_named: true }
}

const fn unnamed(name: Kind, signs: &'static [(&'static str, &'static str, &'static str)]) -> List {
    List { name, signs, is_named: false }
}

pub(super) const LISTS: &[List] = &[
    named("list by and", &[("", " and ", ""), ("", " AND ", ""), ("", " And ", "")]),
    named("list by or", &[("", " or ", ""), ("", " OR ", ""), ("", ", or ", "")]),
    named("list by to", &[("", " to ", "")]),
    named("list by e", &[("", " e ", "")]),
    named("list by y", &[("", " y ", ""), ("", " Y ", "")]),
    named("list by und", &[("", " und ", ""), ("", " UND ", "")]),
    named("list by или", &[("", " или ", "")]),
    named(
        "list, words of other header languages",
        &[
            ("", " ou ", ""),
            ("", " o ", ""),
            ("", " oder ", ""),
            ("", " et ", ""),
            ("", " ve ", ""),
            ("", " veya ", ""),
            ("", " atau ", ""),
            ("", " dan ", ""),
            ("", " या ", ""),
            ("", " और ", ""),
            ("", " أو ", ""),
        ],
    ),
    unnamed(
        "list, words of further languages",
        &[
            ("", " и ", ""),
            ("", " або ", ""),
            ("", " lub ", ""),
            ("", " i ", ""),
            ("", " en ", ""),
            ("", " of ", ""),
            ("", " och ", ""),
            ("", " hoặc ", ""),
            ("", "或", ""),
            ("", "、", ""),
            ("", " または ", ""),
            ("", " और ", ""),
        ],
    ),
    unnamed(
        "list by other signs",
        &[
            ("", " & ", ""),
            ("", " + ", ""),
            ("", " · ", ""),
            ("", " • ", ""),
            ("", "\t", ""),
            ("", "\r\n", ""),
            ("", " \\ ", ""),
            ("", " // ", ""),
            ("", " || ", ""),
            ("", ";;", ""),
            ("", " > ", ""),
            ("", "، ", ""),
            ("", "；", ""),
            ("", "，", ""),
            ("", " and/or ", ""),
            ("", "and", ""),
        ],
    ),
    named(
        "list in JSON",
        &[("[\"", "\",\"", "\"]"), ("[\"", "\", \"", "\"]"), ("[ \"", "\" , \"", "\" ]")],
    ),
    named(
        "list by HTML breaks",
        &[
            ("", "<br>", ""),
            ("", "<br/>", ""),
            ("<p>", "</p><p>", "</p>"),
            ("<li>", "</li><li>", "</li>"),
            ("<div>", "</div><div>", "</div>"),
        ],
    ),
    unnamed(
        "list in braces or brackets",
        &[("{", ",", "}"), ("[", "; ", "]"), ("(", ") (", ")"), ("['", "', '", "']")],
    ),
    unnamed("numbered list", &[("1) ", " 2) ", ""), ("1. ", "\n2. ", ""), ("a) ", " b) ", "")]),
    named(
        "list of labels",
        &[
            ("Home: ", ", Work: ", ""),
            ("Mobile: ", "; Office: ", ""),
            ("Tel: ", " / Mob: ", ""),
            ("Handy: ", "; Privat: ", ""),
            ("Casa: ", " | Oficina: ", ""),
        ],
    ),
    named(
        "list of labels behind",
        &[
            ("", " (work), ", " (home)"),
            ("", " (M); ", " (H)"),
            ("", " home / ", " work"),
            ("", " (casa) / ", " (trabajo)"),
        ],
    ),
    unnamed(
        "labels alone between",
        &[("Tel ", " Mobile ", ""), ("Home: ", " Work: ", ""), ("M: ", " H: ", "")],
    ),
];

impl List {
    pub(super) fn make(
        &self,
        rng: &mut Rng,
        numbers: &mut Numbers,
        form: &Form,
    ) -> Result<Draft, Skip> {
        let number = numbers.draw(rng);
        let writing = (form.write)(rng, numbers, &number)?;
        let region = writing.region;
        let (open, between, close) = one_of(rng, self.signs);
        let framed = several(rng, numbers, form, Framed::alone(writing, number), between)?;
        let Framed { mut writing, numbers, extension } = framed;
        let joins = ["/", "//", "\\", "\t", "\r\n", "", "·", "+", ">", "，", "、", "،"];
        if joins.contains(&between.trim_matches(' ')) && is_one_number(&writing.text, region) {
            return Err(Skip::LooksLikeAnother);
        }
        // A third piece has no mark of its own.
        if numbers.len() > 2 && self.name.starts_with("numbered") {
            return Err(Skip::Inapplicable);
        }
        writing.text = format!("{open}{}{close}", writing.text);
        let draft = Draft::knowing(writing, Known { numbers, extension, demand: Demand::All });
        Ok(if self.is_named { draft } else { draft.doubtful().demanding(Demand::AnyPhone) })
    }
}

/// A number and one or more others of its region, none of them like a date, and the region.
struct Pieces {
    region: Region,
    first: Number,
    second: Number,
}

fn two(rng: &mut Rng, numbers: &mut Numbers) -> Result<Pieces, Skip> {
    let first = numbers.draw(rng);
    let region = first.region().ok_or(Skip::Inapplicable)?;
    let second = numbers.draw_in(rng, Some(region));
    if second.region() != Some(region) || second == first {
        return Err(Skip::Inapplicable);
    }
    Ok(Pieces { region, first, second })
}

fn national(number: &Number) -> String {
    number.format(PhoneNumberFormat::National)
}

/// The number reads as itself and as nothing else where it stands alone.
fn is_plainly(number: &Number, text: &str, region: Region) -> bool {
    without_plus(number, text, Some(region)) == Ok(Standing::Clean)
}

fn separator(rng: &mut Rng) -> &'static str {
    one_of(rng, &["; ", " / ", ", ", " | ", " or ", " ::: ", "\n"])
}

/// The numbers of a cell; joined, its digits must be no number.
fn listed(text: String, region: Option<Region>, known: Vec<Number>) -> Result<Draft, Skip> {
    let sign = if text.starts_with('+') { "+" } else { "" };
    let with = if sign.is_empty() { region } else { None };
    let joined = readings(&format!("{sign}{}", digits_of(&text)), with);
    if joined.iter().any(|number| !known.contains(number)) {
        return Err(Skip::LooksLikeAnother);
    }
    let standing = Standing::Recoverable;
    let writing = Writing { text, region, international: false, standing };
    Ok(Draft::knowing(writing, Known { numbers: known, ..Known::default() }))
}

/// One number, parted by what parts the pieces of a list.
fn parted(rng: &mut Rng, numbers: &mut Numbers, signs: &[&str]) -> Result<Draft, Skip> {
    let number = numbers.draw(rng);
    let region = number.region().ok_or(Skip::Inapplicable)?;
    let (text, with) = match chance(rng, 50) {
        true => (digits_of(&national(&number)), Some(region)),
        false => (number.to_string(), None),
    };
    let at = 3 + index(rng, text.len().saturating_sub(5).max(1));
    let (head, tail) = text.split_at_checked(at).ok_or(Skip::Inapplicable)?;
    let cell = format!("{head}{}{tail}", one_of(rng, signs));
    let stands_alone = |piece: &str| {
        let with = if piece.starts_with('+') { None } else { Some(region) };
        !readings(piece, with).is_empty() || read(&format!("+{piece}"), None).is_some()
    };
    if with.is_some() && !is_plainly(&number, &text, region) {
        return Err(Skip::Inapplicable);
    }
    let standing = match stands_alone(head) || stands_alone(tail) {
        true => Standing::Undecidable,
        false => Standing::Recoverable,
    };
    let writing = Writing { text: cell, region: Some(region), international: false, standing };
    Ok(Draft::of(writing, number))
}

/// A piece that is no number: cut short, or with a letter within.
fn broken(rng: &mut Rng, number: &Number, region: Region) -> Result<String, Skip> {
    let mut text = match chance(rng, 50) {
        true => digits_of(&national(number)),
        false => number.to_string(),
    };
    let len = text.len();
    if len < 8 {
        return Err(Skip::Inapplicable);
    }
    match rng.u8(0..3) {
        0 => text.truncate(len - 4),
        1 => text.truncate(len / 2),
        _ => text.replace_range(len - 4..len - 3, one_of(rng, &["a", "o", "?", "l"])),
    }
    let with = if text.starts_with('+') { None } else { Some(region) };
    match readings(&text, with).is_empty() {
        true => Ok(text),
        false => Err(Skip::LooksLikeAnother),
    }
}

const fn base(name: &'static str, make: fn(&mut Rng, &mut Numbers) -> Result<Draft, Skip>) -> Base {
    Base { name, warnings: &[], make }
}

pub(super) const PIECES: &[Base] = &[
    Base {
        name: "the second with +, the first without",
        warnings: &["phone_extra_numbers"],
        make: |rng, numbers| {
            let Pieces { region, first, second } = two(rng, numbers)?;
            let text = national(&first);
            if !is_plainly(&first, &text, region) {
                return Err(Skip::Inapplicable);
            }
            let other = if chance(rng, 50) { second } else { numbers.draw(rng) };
            let text = format!("{text}{}{other}", separator(rng));
            listed(text, Some(region), vec![first, other])
        },
    },
    base("the second with +, the first of no region", |rng, numbers| {
        let Pieces { second, first, .. } = two(rng, numbers)?;
        let text = format!("{}{}{second}", national(&first), separator(rng));
        Ok(listed(text, None, vec![second])?.doubtful().demanding(Demand::Phone))
    }),
    base("first piece broken", |rng, numbers| {
        let Pieces { region, first, second } = two(rng, numbers)?;
        let text = format!("{}{}{second}", broken(rng, &first, region)?, separator(rng));
        Ok(listed(text, Some(region), vec![second])?.doubtful().demanding(Demand::Phone))
    }),
    base("second piece broken", |rng, numbers| {
        let Pieces { region, first, second } = two(rng, numbers)?;
        let text = format!("{first}{}{}", separator(rng), broken(rng, &second, region)?);
        Ok(listed(text, Some(region), vec![first])?.doubtful().demanding(Demand::Phone))
    }),
    base("the number twice", |rng, numbers| {
        let Pieces { region, first, .. } = two(rng, numbers)?;
        let text = if chance(rng, 50) { first.to_string() } else { national(&first) };
        if !text.starts_with('+') && !is_plainly(&first, &text, region) {
            return Err(Skip::Inapplicable);
        }
        let text = format!("{text}{}{text}", separator(rng));
        Ok(listed(text, Some(region), vec![first])?.demanding(Demand::Phone))
    }),
    base("the number in two spellings", |rng, numbers| {
        let Pieces { region, first, .. } = two(rng, numbers)?;
        let text = national(&first);
        if !is_plainly(&first, &text, region) {
            return Err(Skip::Inapplicable);
        }
        let text = match chance(rng, 50) {
            true => format!("{text}{}{first}", separator(rng)),
            false => format!("{first}{}{text}", separator(rng)),
        };
        Ok(listed(text, Some(region), vec![first])?.demanding(Demand::Phone))
    }),
    base("other last digits", |rng, numbers| {
        let number = numbers.draw(rng);
        let count = one_of(rng, &[1, 2, 2, 3]);
        let tail = rng.u16(0..1000);
        let tail = format!("{tail:03}");
        let sign = one_of(rng, &["/", " / ", "-", ",", " or ", "/-"]);
        let text = format!("+{} {}{sign}{}", number.code(), grouped(&number), &tail[..count]);
        let region = number.region();
        Ok(listed(text, region, vec![number])?.doubtful().demanding(Demand::Phone))
    }),
    base("parted by a comma", |rng, numbers| parted(rng, numbers, &[",", ", "])),
    base("parted by a slash", |rng, numbers| parted(rng, numbers, &["/", " / "])),
    base("parted by a line break", |rng, numbers| parted(rng, numbers, &["\n", "\r\n"])),
    base("parted by another sign", |rng, numbers| {
        let signs = &["; ", " | ", "\\", " & ", " and ", ":", "_", "=", " or "];
        let draft = parted(rng, numbers, signs)?;
        match draft.truth {
            // A piece of its own may be meant.
            Truth::Undecidable(_) => Err(Skip::LooksLikeAnother),
            _ => Ok(draft.doubtful()),
        }
    }),
    base("an e-mail address beside it", |rng, numbers| {
        let Pieces { region, first, .. } = two(rng, numbers)?;
        let text = match rng.u8(0..4) {
            0 => format!("{first}, asha@example.com"),
            1 => format!("{first} asha@example.com"),
            2 => format!("asha@example.com / {first}"),
            _ => format!("{first} (asha7@example.com)"),
        };
        Ok(listed(text, Some(region), vec![first])?.doubtful())
    }),
    base("a date beside it", |rng, numbers| {
        let Pieces { region, first, .. } = two(rng, numbers)?;
        let text = match rng.u8(0..3) {
            0 => format!("{first} 12/03/2024"),
            1 => format!("{first} (03.12.24)"),
            _ => format!("2024-03-12 {first}"),
        };
        Ok(listed(text, Some(region), vec![first])?.doubtful().demanding(Demand::Phone))
    }),
    base("telephone, then fax", |rng, numbers| {
        let Pieces { region, first, second } = two(rng, numbers)?;
        let text = match rng.u8(0..4) {
            0 => format!("Tel: {first}, Fax: {second}"),
            1 => format!("Tel. {first} / Fax {second}"),
            2 => format!("{first} / {second} (fax)"),
            _ => format!("{first}; Fax: {second}"),
        };
        Ok(listed(text, Some(region), vec![first, second])?.demanding(Demand::Phone))
    }),
    base("fax, then telephone", |rng, numbers| {
        let Pieces { region, first, second } = two(rng, numbers)?;
        let text = match rng.u8(0..3) {
            0 => format!("Fax: {first}, Tel: {second}"),
            1 => format!("{first} (fax) / {second}"),
            _ => format!("Fax {first}; {second}"),
        };
        Ok(listed(text, Some(region), vec![second, first])?.doubtful().demanding(Demand::Phone))
    }),
    base("a name to each", |rng, numbers| {
        let Pieces { region, first, second } = two(rng, numbers)?;
        let text = match rng.u8(0..3) {
            0 => format!("Asha: {first}, Ravi: {second}"),
            1 => format!("{first} (Asha) / {second} (Ravi)"),
            _ => format!("Max {first}; Alex {second}"),
        };
        listed(text, Some(region), vec![first, second])
    }),
    base("many", |rng, numbers| {
        let Pieces { region, first, second } = two(rng, numbers)?;
        let sign = separator(rng);
        let mut known = vec![first, second];
        for _ in 0..=rng.u8(0..5) {
            let other = numbers.draw(rng);
            if !known.contains(&other) {
                known.push(other);
            }
        }
        let texts: Vec<String> = known.iter().map(ToString::to_string).collect();
        listed(texts.join(sign), Some(region), known)
    }),
];
