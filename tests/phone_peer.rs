//! Our engine beside the crate `phonenumber`, whose code is its own and whose metadata is older.
//! Where the two differ, the reason is known, and `docs/sources.md` lists it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fmt;
use std::fs;

use contactmill_phone::{LengthCheck, LineType, ParseError, Region, parse};
use phonenumber::metadata::{DATABASE, Descriptor};
use phonenumber::{Metadata, Type};
use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumber, PhoneNumberFormat, PhoneNumberType};

/// A reason why the two answer differently.
struct Class {
    name: &'static str,
    /// Default region, text, and the digits behind the calling code as they are written.
    example: (Option<Region>, &'static str, &'static str),
    reason: &'static str,
    holds: fn(&Difference<'_>) -> bool,
}

const CLASSES: &[Class] = &[
    Class {
        name: "older plans",
        example: (None, "+1 273 555 0123", "2735550123"),
        reason: "its metadata is 9.0.33: numbers given out since then are unknown to it, and some \
                 that were given up are still valid",
        holds: is_of_a_block_that_changed,
    },
    Class {
        name: "leading zeros",
        example: (None, "+39 02 1234 5678", "0212345678"),
        reason: "`number_type` and `metadata` look the number up without its leading zeros, \
                 `is_valid` with them",
        holds: is_looked_up_without_leading_zeros,
    },
    Class {
        name: "beginning",
        example: (None, "+81 120 123 4567", "1201234567"),
        reason: "`Descriptor::is_match` asks for a match at the start, not of the whole: if the \
                 length is possible, a valid beginning is enough",
        holds: is_valid_only_at_its_beginning,
    },
    Class {
        name: "prefix of the default region",
        example: (Some(Region::US), "+27 10 123 4567", "101234567"),
        reason: "the national prefix, and the rule that rewrites it, are those of the default \
                 region even where the number brings another calling code",
        holds: has_lost_the_prefix_of_the_default_region,
    },
    Class {
        name: "prefix not put back",
        example: (None, "+7 800 123-45-67", "8001234567"),
        reason: "whether a number fits the plan without its prefix is asked of the number with \
                 it, so digits go that are the number's own",
        holds: has_lost_digits_that_fit_the_plan,
    },
    Class {
        name: "prefix before length",
        example: (Some(Region::TR), "0501 234 567", "0501234567"),
        reason: "the prefix goes even where what is left has no possible length, as the lengths \
                 of a whole plan are never filled in and only too short counts",
        holds: has_lost_the_prefix_of_a_number_of_no_length,
    },
    Class {
        name: "prefix twice",
        example: (Some(Region::RU), "8 (800) 123-45-67", "88001234567"),
        reason: "once the prefix is off, digits that look like it go too",
        holds: has_lost_the_prefix_twice,
    },
    Class {
        name: "prefix without a region",
        example: (None, "+61 (0)2 1234 567", "021234567"),
        reason: "without a default region, and with several regions to a calling code, the \
                 prefix goes only if one of them claims the number; an invalid one has none",
        holds: has_kept_its_prefix_for_want_of_a_region,
    },
    Class {
        name: "own calling code",
        example: (Some(Region::RW), "250 123 456", "250123456"),
        reason: "the default region's calling code goes wherever a number begins with it, as the \
                 number with it never has a possible length (the same missing lengths)",
        holds: has_lost_digits_like_the_calling_code,
    },
    Class {
        name: "dash",
        example: (None, "+9198765-43210", "9876543210"),
        reason: "text without spaces is read as RFC 3966, where all digits up to the first `-`, \
                 `.` or bracket are the calling code",
        holds: has_its_calling_code_end_at_the_dash,
    },
    Class {
        name: "exit code after +",
        example: (Some(Region::FI), "+994 12 312 34 56", "123123456"),
        reason: "what looks like an exit code of the default region is taken off behind `+` too",
        holds: has_lost_an_exit_code_behind_the_plus,
    },
];

/// Blocks in which 9.0.33 and our metadata differ, each with a number.
const CHANGED_BLOCKS: &[(&str, &str)] = &[
    ("+1273", "+12735550123"),
    ("+2473", "+24730123"),
    ("+61496", "+61496123456"),
    ("+67936", "+6793601234"),
    ("+96272", "+962720123456"),
    ("+96390", "+963901234567"),
    // Given up.
    ("+96391", "+963911234567"),
];

/// A text to read, and what has been written behind the calling code, if there is one.
struct Cell {
    region: Option<Region>,
    text: String,
    written: String,
}

impl Cell {
    /// Whether the number has all digits that are written, save for its calling code.
    fn is_kept_by(&self, number: &Number) -> bool {
        let code = number.calling_code.to_string();
        [Some(&*self.written), self.written.strip_prefix(&code)].contains(&Some(&number.national))
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.text)?;
        match self.region {
            Some(region) => write!(f, " in {region}"),
            None => Ok(()),
        }
    }
}

/// What either says of a number, in the words of both.
#[derive(Debug, PartialEq)]
struct Number {
    calling_code: u16,
    national: String,
    is_valid: bool,
    region: Option<Region>,
    kind: Type,
}

type Answer = Result<Number, &'static str>;

fn ours(text: &str, region: Option<Region>) -> Answer {
    let number = parse(text, region).map_err(|error| match error {
        ParseError::InvalidCountryCode => "invalid country code",
        ParseError::NotANumber => "not a number",
        ParseError::TooShortAfterIdd => "too short after an exit code",
        ParseError::TooShort => "too short",
        ParseError::TooLong => "too long",
    })?;
    Ok(Number {
        calling_code: number.calling_code(),
        national: number.national_number().to_string(),
        is_valid: number.is_valid(),
        region: number.region(),
        kind: match number.line_type() {
            LineType::FixedLine => Type::FixedLine,
            LineType::Mobile => Type::Mobile,
            LineType::FixedLineOrMobile => Type::FixedLineOrMobile,
            LineType::TollFree => Type::TollFree,
            LineType::PremiumRate => Type::PremiumRate,
            LineType::SharedCost => Type::SharedCost,
            LineType::Voip => Type::Voip,
            LineType::PersonalNumber => Type::PersonalNumber,
            LineType::Pager => Type::Pager,
            LineType::Uan => Type::Uan,
            LineType::Voicemail => Type::Voicemail,
            LineType::Unknown => Type::Unknown,
            other => panic!("no counterpart of {other}"),
        },
    })
}

fn theirs(text: &str, region: Option<Region>) -> Answer {
    use phonenumber::ParseError as Theirs;
    let region = region.and_then(|region| region.as_str().parse().ok());
    let number = phonenumber::parse(region, text).map_err(|error| match error {
        Theirs::InvalidCountryCode => "invalid country code",
        Theirs::NoNumber => "not a number",
        Theirs::TooShortAfterIdd => "too short after an exit code",
        Theirs::TooShortNsn => "too short",
        Theirs::TooLong => "too long",
        Theirs::MalformedInteger(_) => "malformed integer",
    })?;
    Ok(Number {
        calling_code: number.country().code(),
        national: number.national().to_string(),
        is_valid: number.is_valid(),
        region: number.metadata(&DATABASE).and_then(|plan| plan.id().parse().ok()),
        kind: number.number_type(&DATABASE),
    })
}

/// A cell that the two read differently.
struct Difference<'c> {
    cell: &'c Cell,
    ours: &'c Answer,
    theirs: &'c Answer,
}

impl Difference<'_> {
    fn classes(&self) -> Vec<&'static str> {
        CLASSES.iter().filter(|class| (class.holds)(self)).map(|class| class.name).collect()
    }

    /// Both numbers, if their digits are the same and only what is said of them differs.
    fn with_the_same_digits(&self) -> Option<(&Number, &Number)> {
        let (Ok(ours), Ok(theirs)) = (self.ours, self.theirs) else { return None };
        let digits = |number: &Number| (number.calling_code, number.national.clone());
        (digits(ours) == digits(theirs)).then_some((ours, theirs))
    }

    /// Both numbers, if the calling code is the same and what is behind it differs.
    fn with_other_digits(&self) -> Option<(&Number, &Number)> {
        let (Ok(ours), Ok(theirs)) = (self.ours, self.theirs) else { return None };
        (ours.calling_code == theirs.calling_code && ours.national != theirs.national)
            .then_some((ours, theirs))
    }

    /// As [`with_other_digits`](Self::with_other_digits), with the plans by which `phonenumber`
    /// may have read the number, if they are those of its calling code.
    fn with_other_digits_by_its_plan(&self) -> Option<(&Number, &Number, Vec<&Metadata>)> {
        let (ours, theirs) = self.with_other_digits()?;
        let plans = match self.cell.region {
            None => DATABASE.by_code(&ours.calling_code)?,
            Some(region) => vec![DATABASE.by_id(region.as_str())?],
        };
        let its_own = plans.iter().all(|plan| plan.country_code() == ours.calling_code);
        its_own.then_some((ours, theirs, plans))
    }

    /// Whether `phonenumber` has taken a prefix off what we keep whole, by a plan, a whole and what
    /// is left of it for which there is this reason to keep it.
    fn has_lost_what_we_keep(&self, is_reason: fn(&Metadata, &str, &str) -> bool) -> bool {
        self.with_other_digits_by_its_plan().is_some_and(|(ours, theirs, plans)| {
            self.cell.is_kept_by(ours)
                && plans.iter().any(|plan| {
                    let (once, twice) = without_prefix(plan, &ours.national);
                    theirs.national == twice && is_reason(plan, &ours.national, &once)
                })
        })
    }
}

fn is_of_a_block_that_changed(difference: &Difference<'_>) -> bool {
    difference.with_the_same_digits().is_some_and(|(ours, theirs)| {
        let e164 = format!("+{}{}", ours.calling_code, ours.national);
        ours.is_valid != theirs.is_valid
            && CHANGED_BLOCKS.iter().any(|(block, _)| e164.starts_with(block))
    })
}

fn is_looked_up_without_leading_zeros(difference: &Difference<'_>) -> bool {
    difference.with_the_same_digits().is_some_and(|(ours, number)| {
        let rest = number.national.trim_start_matches('0');
        let looked_up = theirs(&format!("+{}{rest}", number.calling_code), None);
        let is_explained = match looked_up {
            Ok(found) if found.national == rest => {
                (found.region, found.kind) == (number.region, number.kind)
            }
            // The rest by itself is read in yet another way.
            _ => true,
        };
        rest != number.national && ours.is_valid == number.is_valid && is_explained
    })
}

fn is_valid_only_at_its_beginning(difference: &Difference<'_>) -> bool {
    difference.with_the_same_digits().is_some_and(|(number, theirs)| {
        let plans = DATABASE.by_code(&number.calling_code).unwrap_or_default();
        !number.is_valid
            && theirs.is_valid
            && !plans
                .iter()
                .flat_map(|plan| kinds(plan))
                .any(|kind| is_match(kind, &number.national))
    })
}

/// The kinds of line of a plan.
fn kinds(plan: &Metadata) -> impl Iterator<Item = &Descriptor> {
    let kinds = [
        Type::FixedLine,
        Type::Mobile,
        Type::TollFree,
        Type::PremiumRate,
        Type::SharedCost,
        Type::PersonalNumber,
        Type::Voip,
        Type::Pager,
        Type::Uan,
        Type::Voicemail,
    ];
    kinds.into_iter().filter_map(|kind| plan.descriptors().get(kind))
}

/// Whether a pattern matches all of a number.
fn is_match(kind: &Descriptor, national: &str) -> bool {
    let found = kind.national_number().find(national);
    found.is_some_and(|found| found.range() == (0..national.len()))
}

/// What `phonenumber` leaves of digits: a plan's prefix goes, rewritten where there is a rule for
/// it (the first answer), and then the prefix in its plain form goes as well (the second).
fn without_prefix(plan: &Metadata, digits: &str) -> (String, String) {
    let without_plain = |digits: &str| {
        let left = plan.national_prefix().and_then(|prefix| digits.strip_prefix(prefix));
        left.unwrap_or(digits).to_owned()
    };
    let once = plan.national_prefix_for_parsing().map_or_else(
        || without_plain(digits),
        |pattern| {
            let prefix = pattern.find(digits).filter(|prefix| prefix.start() == 0);
            let Some(prefix) = prefix else { return digits.to_owned() };
            let last_group = pattern.captures(digits).and_then(|groups| groups.iter().last()?);
            match plan.national_prefix_transform_rule() {
                Some(rule) if last_group.is_some() => pattern.replace(digits, rule).into_owned(),
                _ => digits[prefix.end()..].to_owned(),
            }
        },
    );
    let twice = without_plain(&once);
    (once, twice)
}

fn has_lost_the_prefix_of_the_default_region(difference: &Difference<'_>) -> bool {
    let Some((ours, theirs)) = difference.with_other_digits() else { return false };
    let plan = difference.cell.region.and_then(|region| DATABASE.by_id(region.as_str()));
    plan.is_some_and(|plan| {
        plan.country_code() != ours.calling_code
            && ours.national == difference.cell.written
            && theirs.national == without_prefix(plan, &ours.national).1
    })
}

fn has_lost_digits_that_fit_the_plan(difference: &Difference<'_>) -> bool {
    difference.has_lost_what_we_keep(|plan, whole, left| {
        let general = plan.descriptors().general();
        is_match(general, whole) && !is_match(general, left)
    })
}

fn has_lost_the_prefix_of_a_number_of_no_length(difference: &Difference<'_>) -> bool {
    difference.has_lost_what_we_keep(|plan, whole, left| {
        let mut lengths = kinds(plan).flat_map(Descriptor::possible_length);
        let read = parse(&format!("+{}{left}", plan.country_code()), None);
        let read = read.ok().filter(|number| number.national_number().to_string() == left);
        // By the region's own plan, or by the newer one of the calling code.
        let has_a_length = lengths.any(|&length| usize::from(length) == left.len())
            && read.is_some_and(|number| number.length_check() == LengthCheck::Possible);
        !has_a_length && !is_match(plan.descriptors().general(), whole)
    })
}

fn has_lost_the_prefix_twice(difference: &Difference<'_>) -> bool {
    difference.with_other_digits_by_its_plan().is_some_and(|(ours, theirs, plans)| {
        let prefixes = plans.iter().filter_map(|plan| plan.national_prefix());
        let mut left = prefixes.filter_map(|prefix| ours.national.strip_prefix(prefix));
        !difference.cell.is_kept_by(ours)
            && difference.cell.written.ends_with(&ours.national)
            && left.any(|left| left == theirs.national)
    })
}

fn has_kept_its_prefix_for_want_of_a_region(difference: &Difference<'_>) -> bool {
    difference.with_other_digits_by_its_plan().is_some_and(|(ours, theirs, plans)| {
        difference.cell.region.is_none()
            && plans.len() > 1
            && theirs.region.is_none()
            && theirs.national == difference.cell.written
            && plans.iter().any(|plan| ours.national == without_prefix(plan, &theirs.national).0)
    })
}

fn has_lost_digits_like_the_calling_code(difference: &Difference<'_>) -> bool {
    difference.with_other_digits_by_its_plan().is_some_and(|(ours, theirs, plans)| {
        let left = ours.national.strip_prefix(&ours.calling_code.to_string());
        difference.cell.region.is_some()
            && ours.national == difference.cell.written
            && left.is_some_and(|left| {
                plans.iter().any(|plan| theirs.national == without_prefix(plan, left).1)
            })
    })
}

fn has_its_calling_code_end_at_the_dash(difference: &Difference<'_>) -> bool {
    let Ok(ours) = difference.ours else { return false };
    let (text, code) = (&difference.cell.text, format!("+{}", ours.calling_code));
    text.split_once('-').is_some_and(|(before, behind)| {
        text.starts_with(&code)
            && before.len() > code.len()
            && difference.theirs.is_err()
            && theirs(&format!("{before}{behind}"), difference.cell.region).is_ok()
    })
}

fn has_lost_an_exit_code_behind_the_plus(difference: &Difference<'_>) -> bool {
    let Cell { region, text, .. } = difference.cell;
    let (Ok(ours), Ok(number)) = (difference.ours, difference.theirs) else { return false };
    text.strip_prefix('+').is_some_and(|dialled| {
        region.is_some()
            && ours.calling_code != number.calling_code
            && theirs(dialled, *region) == *difference.theirs
    })
}

/// Every example number of the metadata, with its region.
fn examples() -> Vec<(Region, PhoneNumber)> {
    let kinds = [
        PhoneNumberType::FixedLine,
        PhoneNumberType::Mobile,
        PhoneNumberType::TollFree,
        PhoneNumberType::PremiumRate,
        PhoneNumberType::SharedCost,
        PhoneNumberType::VoIP,
        PhoneNumberType::PersonalNumber,
        PhoneNumberType::Pager,
        PhoneNumberType::UAN,
        PhoneNumberType::VoiceMail,
    ];
    let library = &*PHONE_NUMBER_UTIL;
    let mut examples = Vec::new();
    for &region in Region::ALL {
        let Ok(code) = rlibphonenumber::Region::from_code(region.as_str()) else { continue };
        let of_kind = |&kind| library.get_example_number_for_type_and_region(code, kind).ok();
        examples.extend(kinds.iter().filter_map(of_kind).map(|number| (region, number)));
    }
    let mut codes: Vec<i32> = library.get_supported_global_network_calling_codes().collect();
    codes.sort_unstable();
    let of_code = |code| library.get_example_number_for_non_geo_entity(code).unwrap();
    examples.extend(codes.into_iter().map(|code| (Region::World, of_code(code))));
    examples
}

/// The example numbers in every layout, read from home and from abroad, and numbers near them.
fn cells() -> Vec<Cell> {
    let mut cells = Vec::new();
    let mut add = |region, text: String, written: &str| {
        cells.push(Cell { region, text, written: written.to_owned() });
    };
    let countries = &Region::ALL[..Region::ALL.len() - 1];
    for (at, (region, number)) in examples().into_iter().enumerate() {
        let code = number.country_code.to_string();
        let layout = |format| number.format_as(format).into_owned();
        let e164 = layout(PhoneNumberFormat::E164);
        let national = &e164[1 + code.len()..];
        let without_last = |text: &str| text[..text.len() - 1].to_owned();

        add(None, e164.clone(), national);
        add(None, layout(PhoneNumberFormat::International), national);
        add(None, layout(PhoneNumberFormat::RFC3966), national);
        let (left, right) = national.split_at(national.len() / 2);
        add(None, format!("+{code}{left}-{right}"), national);
        add(None, without_last(&e164), &without_last(national));
        add(None, format!("{e164}7"), &format!("{national}7"));
        let with_zero = format!("0{national}");
        add(None, format!("+{code} (0){national}"), &with_zero);
        let cut = without_last(&with_zero);
        add(None, format!("+{code} ({}){}", &cut[..1], &cut[1..]), &cut);

        // Finland's exit codes are like calling codes, and North America's prefix like one.
        for abroad in [Region::FI, Region::US, countries[at * 7 % countries.len()]] {
            if abroad.calling_code().map(i32::from) != Some(number.country_code) {
                add(Some(abroad), e164.clone(), national);
                let from = rlibphonenumber::Region::from_code(abroad.as_str()).unwrap();
                let dialled = number.format_out_of_country_calling_number(from);
                add(Some(abroad), dialled.into_owned(), national);
            }
        }

        if region != Region::World {
            let home = Some(region);
            add(home, e164.clone(), national);
            add(home, national.to_owned(), national);
            add(home, e164[1..].to_owned(), &e164[1..]);
            let domestic = layout(PhoneNumberFormat::National);
            for text in [without_last(&domestic), format!("{domestic}7"), domestic] {
                let digits: String = text.chars().filter(char::is_ascii_digit).collect();
                add(home, text, &digits);
            }
        }
    }
    for (_, number) in CHANGED_BLOCKS {
        let code = parse(number, None).unwrap().calling_code().to_string();
        add(None, (*number).to_owned(), &number[1 + code.len()..]);
    }
    cells
}

#[test]
fn every_difference_from_phonenumber_has_one_known_reason() {
    let mut found = BTreeSet::new();
    let mut unexplained = Vec::new();
    for cell in &cells() {
        let answers = (ours(&cell.text, cell.region), theirs(&cell.text, cell.region));
        if answers.0 == answers.1 {
            continue;
        }
        let classes = Difference { cell, ours: &answers.0, theirs: &answers.1 }.classes();
        found.extend(classes.iter().copied());
        if classes.len() != 1 {
            let (ours, theirs) = answers;
            unexplained
                .push(format!("{cell} is of {classes:?}\n  ours: {ours:?}\n  theirs: {theirs:?}"));
        }
    }
    let count = unexplained.len();
    unexplained.truncate(20);
    assert!(count == 0, "{count} differences are not of one class:\n{}", unexplained.join("\n"));
    for class in CLASSES {
        assert!(found.contains(class.name), "{:?} is gone: remove it", class.name);
    }
}

#[test]
fn the_page_lists_the_differences_from_phonenumber() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/sources.md");
    let page = fs::read_to_string(page).unwrap();
    let section = page.split("\n## Beside `phonenumber`\n").nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let rows: Vec<&str> = section.lines().filter(|line| line.starts_with('|')).skip(2).collect();
    let expected = CLASSES.iter().map(|class| {
        let (region, text, written) = class.example;
        let cell = Cell { region, text: text.to_owned(), written: written.to_owned() };
        let answers = (ours(text, region), theirs(text, region));
        let difference = Difference { cell: &cell, ours: &answers.0, theirs: &answers.1 };
        assert_eq!(difference.classes(), [class.name], "{cell}: {answers:?}");
        format!("| {} | {cell} | {} |", class.name, class.reason)
    });
    let expected: Vec<String> = expected.collect();
    assert!(rows == expected, "the rows are\n{}", expected.join("\n"));
}
