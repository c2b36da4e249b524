//! Codes and prefixes gone wrong: written twice, in the wrong place, by the habits of a region, or
//! as they were before numbers were changed.

use fastrand::Rng;
use rlibphonenumber::{PhoneNumberFormat, Region};

use super::Truth;
use super::forms::{Writing, grouped};
use super::number::{Number, Numbers, read};
use super::second::{Base, Draft, repaired};
use super::standing::{Skip, digits_of};
use crate::contacts::draw::{chance, one_of, push_digits};

const REPEATED: &[&str] = &["phone_repeated_code"];
const RENUMBERED: &[&str] = &["phone_renumbered"];
const NINTH: &[&str] = &["phone_brazil_ninth_digit"];

/// The region that a cell is read with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum With {
    /// The number's own.
    Own,
    /// Any or none, since there is a `+`.
    Any,
}

/// A text that gives the number once it is repaired.
fn written(
    rng: &mut Rng,
    numbers: &Numbers,
    number: Number,
    text: String,
    with: With,
) -> Result<Draft, Skip> {
    let own = number.region().ok_or(Skip::Inapplicable)?;
    let region = match (with, rng.u8(0..3)) {
        (With::Own, _) => Some(own),
        (With::Any, 0) => None,
        (With::Any, 1) => Some(own),
        (With::Any, _) => Some(numbers.region(rng)),
    };
    // Written twice, the code may be the beginning of a longer number.
    let digits = digits_of(&text);
    let code = number.code().to_string();
    let head = digits.strip_suffix(&number.digits()).unwrap_or_default();
    let is_twice = head.trim_end_matches('0').ends_with(&code);
    let longer = is_twice.then(|| format!("+{code}{}", number.digits()));
    let standing = repaired(&number, &text, region, longer.as_slice())?;
    Ok(Draft::of(Writing { text, region, international: false, standing }, number))
}

/// In any region, by one of the patterns: `C` is the code, `N` the national number, `G` the same
/// in groups.
fn by_pattern(
    rng: &mut Rng,
    numbers: &mut Numbers,
    with: With,
    patterns: &[&str],
) -> Result<Draft, Skip> {
    let number = numbers.draw(rng);
    let text = pattern(rng, &number, patterns);
    written(rng, numbers, number, text, with)
}

fn pattern(rng: &mut Rng, number: &Number, patterns: &[&str]) -> String {
    one_of(rng, patterns)
        .replace('C', &number.code().to_string())
        .replace('N', number.national())
        .replace('G', &grouped(number))
}

/// Only numbers of these regions that satisfy the test; the patterns as above.
fn habit(
    rng: &mut Rng,
    numbers: &mut Numbers,
    regions: &[&str],
    fits: fn(&str) -> bool,
    patterns: &[&str],
) -> Result<Draft, Skip> {
    let region = one_of(rng, regions);
    let number = number_of(rng, numbers, region)?;
    if !fits(number.national()) {
        return Err(Skip::Inapplicable);
    }
    let text = pattern(rng, &number, patterns);
    written(rng, numbers, number, text, With::Own)
}

fn number_of(rng: &mut Rng, numbers: &mut Numbers, region: &str) -> Result<Number, Skip> {
    let region = Region::from_code(region).map_err(|_| Skip::Inapplicable)?;
    let number = numbers.draw_in(rng, Some(region));
    if number.region() == Some(region) { Ok(number) } else { Err(Skip::Inapplicable) }
}

/// What the number was before its country's numbers were changed; the other number is given by the
/// rule of the change alone.
fn renumbered(
    rng: &mut Rng,
    numbers: &mut Numbers,
    region: &str,
    old: fn(&str) -> Option<String>,
) -> Result<Draft, Skip> {
    let number = number_of(rng, numbers, region)?;
    as_it_was(rng, numbers, number, old)
}

/// A number that begins so, before its country's numbers were changed.
fn renumbered_from(
    rng: &mut Rng,
    numbers: &mut Numbers,
    beginning: &str,
    more: usize,
    old: fn(&str) -> Option<String>,
) -> Result<Draft, Skip> {
    let mut text = beginning.to_owned();
    push_digits(rng, more, &mut text);
    let number = read(&text, None).ok_or(Skip::Inapplicable)?;
    as_it_was(rng, numbers, number, old)
}

fn as_it_was(
    rng: &mut Rng,
    numbers: &Numbers,
    number: Number,
    old: fn(&str) -> Option<String>,
) -> Result<Draft, Skip> {
    let old = old(number.national()).ok_or(Skip::Inapplicable)?;
    let code = number.code();
    let (text, with) = match rng.u8(0..6) {
        0 | 1 => (format!("+{code}{old}"), With::Any),
        2 => (format!("+{code} {old}"), With::Any),
        3 => (format!("+{code} {}", by_twos(&old)), With::Any),
        4 => (format!("00{code}{old}"), With::Own),
        _ => (format!("{code}{old}"), With::Own),
    };
    written(rng, numbers, number, text, with)
}

fn by_twos(digits: &str) -> String {
    let groups: Vec<&str> =
        digits.as_bytes().chunks(2).filter_map(|pair| std::str::from_utf8(pair).ok()).collect();
    groups.join(" ")
}

/// A Brazilian number with an area code.
fn with_area(rng: &mut Rng, numbers: &mut Numbers) -> Result<Number, Skip> {
    let number = number_of(rng, numbers, "BR")?;
    match number.format(PhoneNumberFormat::National).starts_with('(') {
        true => Ok(number),
        false => Err(Skip::Inapplicable),
    }
}

/// A Brazilian mobile without its 9: the area code, and eight digits from 6 on.
fn without_ninth(rng: &mut Rng, numbers: &mut Numbers) -> Result<(Number, String, String), Skip> {
    let number = number_of(rng, numbers, "BR")?;
    let (area, rest) = number.national().split_at(2);
    let old = rest.strip_prefix('9').filter(|old| old.len() == 8).ok_or(Skip::Inapplicable)?;
    if !old.starts_with(['6', '7', '8', '9']) {
        return Err(Skip::Inapplicable);
    }
    let (area, old) = (area.to_owned(), old.to_owned());
    Ok((number, area, old))
}

fn ninth(
    rng: &mut Rng,
    numbers: &mut Numbers,
    with: With,
    patterns: &[&str],
) -> Result<Draft, Skip> {
    let (number, area, old) = without_ninth(rng, numbers)?;
    let text = one_of(rng, patterns)
        .replace("AA", &area)
        .replace("LLLL-RRRR", &format!("{}-{}", &old[..4], &old[4..]))
        .replace("LLLL RRRR", &format!("{} {}", &old[..4], &old[4..]))
        .replace("LR", &old);
    written(rng, numbers, number, text, with)
}

const fn base(
    name: &'static str,
    warnings: &'static [&'static str],
    make: fn(&mut Rng, &mut Numbers) -> Result<Draft, Skip>,
) -> Base {
    Base { name, warnings, make }
}

/// An eight-digit number of Côte d'Ivoire before 2021: the operator's two digits were put before
/// it, by its second digit.
fn ivory_coast(new: &str) -> Option<String> {
    let (prefix, old) = new.split_at_checked(2)?;
    let second = old.as_bytes().get(1)?;
    let operator = match second {
        b'0'..=b'3' => "01",
        b'4'..=b'6' => "05",
        _ => "07",
    };
    let was_mobile = old.starts_with(['0', '4', '5', '6', '7']);
    (prefix == operator && was_mobile && old.len() == 8).then(|| old.to_owned())
}

/// A Vietnamese mobile of eleven digits before 2018.
fn vietnam_mobile(new: &str) -> Option<String> {
    const CHANGES: &[(&str, &str)] = &[
        ("70", "120"),
        ("79", "121"),
        ("77", "122"),
        ("76", "126"),
        ("78", "128"),
        ("83", "123"),
        ("84", "124"),
        ("85", "125"),
        ("81", "127"),
        ("82", "129"),
        ("32", "162"),
        ("33", "163"),
        ("34", "164"),
        ("35", "165"),
        ("36", "166"),
        ("37", "167"),
        ("38", "168"),
        ("39", "169"),
        ("56", "186"),
        ("58", "188"),
        ("59", "199"),
    ];
    CHANGES.iter().find_map(|(now, then)| {
        new.strip_prefix(now).filter(|rest| rest.len() == 7).map(|rest| format!("{then}{rest}"))
    })
}

pub(super) const CODES: &[Base] = &[
    base("the code twice, each with its +", REPEATED, |rng, numbers| {
        by_pattern(
            rng,
            numbers,
            With::Any,
            &["+C +C G", "+C+CN", "+C +CN", "+C (+C) G", "(+C) +C N"],
        )
    }),
    base("the code twice, 00 between", REPEATED, |rng, numbers| {
        by_pattern(rng, numbers, With::Any, &["+C 00CN", "+C00CN", "+C 00 C G"])
    }),
    base("the code twice, in brackets", REPEATED, |rng, numbers| {
        by_pattern(rng, numbers, With::Any, &["+C (C) G", "(+C) C N", "+C [C] N", "+C-C-N"])
    }),
    base("the code twice, no +", REPEATED, |rng, numbers| {
        by_pattern(rng, numbers, With::Own, &["CCN", "C C G", "00CCN", "C-C-N", "C +C N"])
    }),
    base("the code twice, a zero between", REPEATED, |rng, numbers| {
        by_pattern(rng, numbers, With::Any, &["+C0CN", "+C 0C G", "+C (0) C N"])
    }),
    base("the code thrice", REPEATED, |rng, numbers| {
        let draft = by_pattern(rng, numbers, With::Any, &["+C +C +C N", "+CCCN"])?;
        match draft.truth {
            // Of three codes one or two may be the beginning of the number.
            Truth::Undecidable(_) => Err(Skip::LooksLikeAnother),
            _ => Ok(draft.doubtful()),
        }
    }),
    base("code behind a trunk zero", &[], |rng, numbers| {
        by_pattern(rng, numbers, With::Own, &["0CN", "0C G", "0 C N", "(0)CN"])
    }),
    base("+ and code behind a trunk zero", &[], |rng, numbers| {
        by_pattern(rng, numbers, With::Any, &["0+CN", "0 +C G", "(0)+C N", "0+C G"])
    }),
    base("+, zero and code", &[], |rng, numbers| {
        let draft = by_pattern(rng, numbers, With::Any, &["+0CN", "+0 C G", "+(0)CN", "+0C-N"])?;
        Ok(draft.doubtful())
    }),
    base("00 and +", &[], |rng, numbers| {
        by_pattern(rng, numbers, With::Any, &["00+CN", "00 +C G", "00+C N"])
    }),
    base("+ behind the digits", &[], |rng, numbers| {
        by_pattern(rng, numbers, With::Any, &["CN+", "C G+", "CN +"])
    }),
    base("+ behind the code", &[], |rng, numbers| {
        let draft = by_pattern(rng, numbers, With::Own, &["C+N", "C+ G", "C +N", "(C)+N"])?;
        Ok(draft.doubtful())
    }),
    base("+ within the digits", &[], |rng, numbers| {
        let draft = by_pattern(rng, numbers, With::Any, &["+C+N", "+C +G", "+C + N"])?;
        Ok(draft.doubtful())
    }),
    base("+ and an odd sign", &[], |rng, numbers| {
        by_pattern(
            rng,
            numbers,
            With::Any,
            &["+-CN", "+.C.N", "(+)CN", "+(C)N", "+ (C) G", "+C.-N"],
        )
    }),
    base("another sign for +", &[], |rng, numbers| {
        let texts = &["\u{ff0b}CN", "\u{fe62}C G", "\u{ff0b}C G", "\u{2795}CN", "\u{207a}CN"];
        Ok(by_pattern(rng, numbers, With::Own, texts)?.doubtful())
    }),
    base("the code behind the number", &[], |rng, numbers| {
        let draft = by_pattern(rng, numbers, With::Own, &["G (+C)", "N +C", "N (C)", "G / +C"])?;
        Ok(draft.doubtful())
    }),
    base("Brazil, a place for the carrier", &[], |rng, numbers| {
        let number = with_area(rng, numbers)?;
        let (area, rest) = number.national().split_at(2);
        let (head, tail) = rest.split_at(rest.len() - 4);
        let text = match rng.u8(0..7) {
            0 => format!("0xx{area}{rest}"),
            1 => format!("0xx{area} {head}-{tail}"),
            2 => format!("0XX{area} {head}-{tail}"),
            3 => format!("(0xx{area}) {head}-{tail}"),
            4 => format!("0 xx {area} {head}-{tail}"),
            5 => format!("(0XX{area}){rest}"),
            _ => format!("0**{area} {head}-{tail}"),
        };
        let draft = written(rng, numbers, number, text, With::Own)?;
        Ok(if draft.text.contains('*') { draft.doubtful() } else { draft })
    }),
    base("Brazil, a carrier", &[], |rng, numbers| {
        let number = with_area(rng, numbers)?;
        let (area, rest) = number.national().split_at(2);
        let carrier = one_of(rng, &["15", "21", "31", "41", "14", "25"]);
        let (head, tail) = rest.split_at(rest.len() - 4);
        let text = match rng.u8(0..3) {
            0 => format!("0{carrier}{area}{rest}"),
            1 => format!("0{carrier} {area} {head}-{tail}"),
            _ => format!("0 {carrier} ({area}) {head}-{tail}"),
        };
        written(rng, numbers, number, text, With::Own)
    }),
    base("Brazil, no ninth digit, international", NINTH, |rng, numbers| {
        let texts =
            &["+55AALR", "+55 AA LLLL-RRRR", "+55 (AA) LLLL-RRRR", "+55 AA LR", "+55 AA LLLL RRRR"];
        ninth(rng, numbers, With::Any, texts)
    }),
    base("Brazil, no ninth digit, national", NINTH, |rng, numbers| {
        let texts = &["(AA) LLLL-RRRR", "AALR", "0AA LLLL-RRRR", "AA LLLL RRRR", "(0AA) LLLL-RRRR"];
        ninth(rng, numbers, With::Own, texts)
    }),
    base("Brazil, no ninth digit, no +", NINTH, |rng, numbers| {
        ninth(rng, numbers, With::Own, &["55AALR", "55 AA LLLL-RRRR", "0055AALR"])
    }),
    base("Brazil, no ninth digit, chat id", NINTH, |rng, numbers| {
        let (number, area, old) = without_ninth(rng, numbers)?;
        let id = match rng.u8(0..3) {
            0 => format!("55{area}{old}@s.whatsapp.net"),
            1 => format!("55{area}{old}@c.us"),
            _ => format!("https://wa.me/55{area}{old}"),
        };
        let standing = repaired(&number, &format!("+55{area}{old}"), None, &[])?;
        let region = Some(numbers.region(rng));
        Ok(Draft::of(Writing { text: id, region, international: false, standing }, number))
    }),
    base("Mexico, as it was dialled", &[], |rng, numbers| {
        habit(
            rng,
            numbers,
            &["MX"],
            |n| n.len() == 10,
            &["044 G", "044N", "045 G", "045N", "01 G", "01N", "01-N", "(044) G", "(01) G"],
        )
    }),
    base("Mexico, as it was dialled, behind +52", &[], |rng, numbers| {
        let texts = &["+52 044 G", "+52 045 G", "+52044N", "+52 01 G", "+5201N"];
        Ok(habit(rng, numbers, &["MX"], |n| n.len() == 10, texts)?.doubtful())
    }),
    base("Mexico's old 1, other layout", &["phone_mexico_mobile_1"], |rng, numbers| {
        habit(
            rng,
            numbers,
            &["MX"],
            |n| n.len() == 10,
            &["+52 (1) G", "+52-1-N", "+52.1.N", "0052 1 G", "521 G"],
        )
    }),
    base("Russia's or Kazakhstan's 8", &[], |rng, numbers| {
        habit(
            rng,
            numbers,
            &["RU", "KZ"],
            |n| n.len() == 10,
            &["8N", "8 G", "8-N", "8 (0) N", "(8) G"],
        )
        .map(|draft| if draft.text.contains("(0)") { draft.doubtful() } else { draft })
    }),
    base("Russia's or Kazakhstan's +8", &[], |rng, numbers| {
        habit(rng, numbers, &["RU", "KZ"], |n| n.len() == 10, &["+8N", "+8 G", "+8-N", "+8 N"])
    }),
    base("Russia's 8 behind +7", &[], |rng, numbers| {
        let texts = &["+7 8 G", "+78N", "+7 (8) G", "+7-8-N"];
        Ok(habit(rng, numbers, &["RU", "KZ"], |n| n.len() == 10, texts)?.doubtful())
    }),
    base("trunk prefix of no zero, behind the code", &[], |rng, numbers| {
        let (region, prefix) =
            one_of(rng, &[("HU", "06"), ("LT", "8"), ("BY", "8"), ("TM", "8"), ("MN", "01")]);
        let number = number_of(rng, numbers, region)?;
        let text = match chance(rng, 50) {
            true => format!("+{} ({prefix}) {}", number.code(), grouped(&number)),
            false => format!("+{} {prefix} {}", number.code(), grouped(&number)),
        };
        Ok(written(rng, numbers, number, text, With::Own)?.doubtful())
    }),
    base("an exit code of another region", &[], |rng, numbers| {
        let exit = one_of(rng, &["011", "0011", "010", "810", "8~10", "119", "001"]);
        let number = numbers.draw(rng);
        let text = format!("{exit} {} {}", number.code(), grouped(&number));
        Ok(written(rng, numbers, number, text, With::Own)?.doubtful())
    }),
    base("an exit code behind the +", &[], |rng, numbers| {
        let texts = &["+011CN", "+011 C G", "+0011 C N", "+810CN"];
        Ok(by_pattern(rng, numbers, With::Any, texts)?.doubtful())
    }),
    base("a space within the code", &[], |rng, numbers| {
        let number = numbers.draw(rng);
        let code = number.code().to_string();
        let (head, tail) = code.split_at(1);
        let text = format!("+{head} {tail} {}", grouped(&number));
        if tail.is_empty() {
            return Err(Skip::Inapplicable);
        }
        written(rng, numbers, number, text, With::Any)
    }),
    base("a region's zero lost to a value", &[], |rng, numbers| {
        // A zero that belongs to the number: a spreadsheet has taken it for no digit.
        let region = one_of(rng, &["CI", "GA", "IT", "CG", "SM"]);
        let number = number_of(rng, numbers, region)?;
        let text = number.national().strip_prefix('0').ok_or(Skip::Inapplicable)?.to_owned();
        Ok(written(rng, numbers, number, text, With::Own)?.doubtful())
    }),
    base("Benin before 2024", RENUMBERED, |rng, numbers| {
        renumbered(rng, numbers, "BJ", |new| {
            new.strip_prefix("01").filter(|old| old.len() == 8).map(str::to_owned)
        })
    }),
    base("Côte d'Ivoire before 2021", RENUMBERED, |rng, numbers| {
        let operator = one_of(rng, &["+225010", "+225050", "+225070", "+225054", "+225074"]);
        renumbered_from(rng, numbers, operator, 7, ivory_coast)
    }),
    base("Vietnam's mobiles before 2018", RENUMBERED, |rng, numbers| {
        renumbered(rng, numbers, "VN", vietnam_mobile)
    }),
    base("Hanoi before 2017", RENUMBERED, |rng, numbers| {
        renumbered_from(rng, numbers, "+84243", 7, |new| {
            new.strip_prefix("24").map(|rest| format!("4{rest}"))
        })
    }),
    base("Colombia before 2021", &[], |rng, numbers| {
        Ok(renumbered(rng, numbers, "CO", |new| {
            new.strip_prefix("60").filter(|old| old.len() == 8).map(str::to_owned)
        })?
        .doubtful())
    }),
    base("Argentina's 15", &[], |rng, numbers| {
        let number = number_of(rng, numbers, "AR")?;
        let local = number.national().strip_prefix("911").ok_or(Skip::Inapplicable)?;
        let text = match rng.u8(0..4) {
            0 => format!("011 15 {}-{}", &local[..4], &local[4..]),
            1 => format!("011-15-{local}"),
            2 => format!("(011) 15-{}-{}", &local[..4], &local[4..]),
            _ => format!("01115{local}"),
        };
        written(rng, numbers, number, text, With::Own)
    }),
    base("Argentina's 15 behind the code", &[], |rng, numbers| {
        let number = number_of(rng, numbers, "AR")?;
        let local = number.national().strip_prefix("911").ok_or(Skip::Inapplicable)?;
        let text = match rng.u8(0..2) {
            0 => format!("+54 11 15 {}-{}", &local[..4], &local[4..]),
            _ => format!("+54 9 11 15 {}-{}", &local[..4], &local[4..]),
        };
        Ok(written(rng, numbers, number, text, With::Own)?.doubtful())
    }),
    base("fullwidth tilde within", &[], |rng, numbers| {
        let number = numbers.draw(rng);
        let digits = grouped(&number);
        let grouped = digits.replace([' ', '-'], "\u{ff5e}");
        if grouped == digits_of(&digits) {
            return Err(Skip::Inapplicable);
        }
        let text = format!("+{}\u{ff5e}{grouped}", number.code());
        let mut draft = written(rng, numbers, number, text, With::Any)?;
        if let Truth::Recoverable(known) = draft.truth {
            draft.truth = Truth::Clean(known);
        }
        Ok(draft)
    }),
];
