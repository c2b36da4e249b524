//! The fast path: ASCII digits with `+` and layout, which is what nearly every cell is.
//!
//! It takes the same steps as libphonenumber, in the same order, over the tables in
//! [`plans`](crate::plans). Whatever it is not made for it leaves to the library; what it answers,
//! it answers in the same way, which `contactmill-codegen verify` holds against the library.

use crate::number::PhoneNumber;
use crate::parse::ParseError;
use crate::plans::{Answer, Begins, Territory};
use crate::{LengthCheck, LineType, Region};

/// More digits than any number has, with its prefixes.
const MAX_DIGITS: usize = 20;

/// Room for these, and for a calling code or an area code that a rule puts before them.
type Digits = [u8; 32];

/// National numbers have 2 to 17 digits.
const MIN_NATIONAL: usize = 2;
const MAX_NATIONAL: usize = 17;

/// What was read; `None` leaves it to the library.
type Read<T> = Option<Result<T, ParseError>>;

/// Reads a plain cell.
pub(crate) fn parse(text: &str, default_region: Option<Region>) -> Read<PhoneNumber> {
    let mut digits = [0; 32];
    let (count, has_plus) = match plain(text.as_bytes(), &mut digits) {
        Some(plain) => plain,
        None => match careful(text.as_bytes(), &mut digits)? {
            Ok(careful) => careful,
            Err(error) => return Some(Err(error)),
        },
    };
    let digits = &digits[..count];
    if has_plus && let Some((territory, behind)) = Territory::leading(digits) {
        return national(territory, behind);
    }
    let Some(home) = default_region.and_then(Territory::of_region) else {
        return Some(Err(ParseError::InvalidCountryCode));
    };
    at_home(home, digits, has_plus)
}

/// What a byte is in a plain cell: a digit, layout, or neither.
static IS_PLAIN: [bool; 256] = {
    let mut is_plain = [false; 256];
    let mut at = 0;
    while at < 256 {
        is_plain[at] = matches!(at as u8, b'0'..=b'9' | b' ' | b'-' | b'.' | b'(' | b')' | b'/');
        at += 1;
    }
    is_plain
};

/// The digits of a cell that has nothing but them, layout, and perhaps a `+` as its first byte;
/// how many they are, and whether the `+` is there.
#[inline]
fn plain(text: &[u8], digits: &mut Digits) -> Option<(usize, bool)> {
    let (has_plus, text) = match text {
        [b'+', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    let (mut count, mut all_plain) = (0, true);
    // No branches: every byte is put down, and the next one over it unless it was a digit.
    for &byte in text {
        let digit = byte.wrapping_sub(b'0');
        digits[count % digits.len()] = digit;
        count += usize::from(digit < 10);
        all_plain &= IS_PLAIN[usize::from(byte)];
    }
    (all_plain && (3..=MAX_DIGITS).contains(&count)).then_some((count, has_plus))
}

/// The same with a closer look: brackets before the `+`, few digits, and text that is no number.
#[cold]
fn careful(text: &[u8], digits: &mut Digits) -> Read<(usize, bool)> {
    let (mut count, mut first, mut last) = (0, 0, 0);
    let (mut has_plus, mut layout_after_plus) = (false, false);
    for (at, &byte) in text.iter().enumerate() {
        match byte {
            b'0'..=b'9' if count == MAX_DIGITS => return None,
            b'0'..=b'9' => {
                digits[count] = byte - b'0';
                if count == 0 {
                    first = at;
                }
                (count, last) = (count + 1, at);
            }
            b' ' | b'-' | b'.' | b'(' | b')' | b'/' => layout_after_plus |= has_plus,
            // `+ +91` and a + between digits are left to the library.
            b'+' if count == 0 && !layout_after_plus => has_plus = true,
            b'!'..=b'~' if count == 0 && !has_plus => return without_number(&text[at..]),
            _ => return None,
        }
    }
    // Two digits are a number only side by side and by themselves, one is none.
    let is_number = match count {
        0 | 1 => false,
        2 => !has_plus && last == first + 1,
        _ => true,
    };
    Some(if is_number { Ok((count, has_plus)) } else { Err(ParseError::NotANumber) })
}

/// Text in which no number can begin is none; anything else is left to the library.
fn without_number<T>(rest: &[u8]) -> Read<T> {
    let is_harmless =
        |&byte: &u8| matches!(byte, b' '..=b'~') && !byte.is_ascii_digit() && byte != b'+';
    rest.iter().all(is_harmless).then_some(Err(ParseError::NotANumber))
}

/// What was dialled from a region: a number abroad behind an exit code, one with the region's own
/// calling code but no `+`, or one of the region itself.
fn at_home(home: &'static Territory, digits: &[u8], has_plus: bool) -> Read<PhoneNumber> {
    if let Begins::With(taken) = home.international_prefix.of(digits)
        // No calling code begins with 0.
        && digits.get(usize::from(taken)) != Some(&0)
    {
        let behind = &digits[usize::from(taken)..];
        if behind.len() <= MIN_NATIONAL {
            return Some(Err(ParseError::TooShortAfterIdd));
        }
        return match Territory::leading(behind) {
            Some((territory, behind)) => national(territory, behind),
            None => Some(Err(ParseError::InvalidCountryCode)),
        };
    }
    if let Some((territory, behind)) = Territory::leading(digits)
        && territory.code == home.code
    {
        // The calling code goes where that makes the better number: the whole is none and the rest
        // is one, or the whole is too long.
        let stripped = without_national_prefix(home, behind);
        let is_better = !home.is_general(home.answer(digits)) && home.is_general(stripped.answer)
            || home.length_check(digits.len()) == LengthCheck::TooLong;
        if is_better {
            return national(home.main(), stripped.national.digits());
        }
    }
    // A + before no known calling code counts for nothing, but then the digits must bring one in
    // some other way.
    match has_plus {
        true => Some(Err(ParseError::InvalidCountryCode)),
        false => national(home, digits),
    }
}

/// Digits as they stand in the cell, or as a rule has rewritten them.
enum National<'d> {
    Given(&'d [u8]),
    Rewritten(Digits, usize),
}

impl National<'_> {
    fn digits(&self) -> &[u8] {
        match self {
            National::Given(digits) => digits,
            National::Rewritten(digits, count) => &digits[..*count],
        }
    }
}

/// The digits behind a national prefix, and what the plan says of them.
struct Stripped<'d> {
    national: National<'d>,
    answer: &'static Answer,
}

/// Takes the national prefix off, unless that makes no number of what was one.
fn without_national_prefix<'d>(territory: &Territory, digits: &'d [u8]) -> Stripped<'d> {
    let national = match territory.national_prefix.of(digits) {
        Begins::No => {
            return Stripped {
                national: National::Given(digits),
                answer: territory.answer(digits),
            };
        }
        Begins::With(taken) => National::Given(&digits[usize::from(taken)..]),
        Begins::Rewritten { taken, put, kept: (from, to) } => {
            let kept = &digits[usize::from(from)..usize::from(to)];
            let behind = &digits[usize::from(taken)..];
            let (mut rewritten, mut count) = ([0; 32], 0);
            for &digit in put.iter().chain(kept).chain(behind) {
                rewritten[count] = digit;
                count += 1;
            }
            National::Rewritten(rewritten, count)
        }
    };
    let answer = territory.answer(national.digits());
    if !territory.is_general(answer) {
        let whole = territory.answer(digits);
        if territory.is_general(whole) {
            return Stripped { national: National::Given(digits), answer: whole };
        }
    }
    Stripped { national, answer }
}

/// Reads a national number, with or without its national prefix.
#[inline]
fn national(territory: &'static Territory, digits: &[u8]) -> Read<PhoneNumber> {
    if digits.len() < MIN_NATIONAL {
        return Some(Err(ParseError::TooShort));
    }
    if !territory.national_prefix.may_begin(digits) {
        return number(territory, digits, territory.answer(digits));
    }
    let stripped = without_national_prefix(territory, digits);
    let national = stripped.national.digits();
    match territory.length_check(national.len()) {
        LengthCheck::TooShort | LengthCheck::PossibleLocalOnly | LengthCheck::InvalidLength => {
            number(territory, digits, territory.answer(digits))
        }
        _ => number(territory, national, stripped.answer),
    }
}

/// The number, with what its plan says of it.
#[inline]
fn number(territory: &Territory, national: &[u8], answer: &Answer) -> Read<PhoneNumber> {
    match national.len() {
        ..MIN_NATIONAL => return Some(Err(ParseError::TooShort)),
        MIN_NATIONAL..=MAX_NATIONAL => {}
        _ => return Some(Err(ParseError::TooLong)),
    }
    // The last digit counts as the number even when it is a zero.
    let zeros = national[..national.len() - 1].iter().take_while(|&&digit| digit == 0).count();
    if zeros > 10 {
        // The library counts no more leading zeros than this when it looks a number up.
        return None;
    }
    let main = territory.main();
    let (region, line_type) = match answer.region {
        Some(region) => (Some(region), answer.line_type),
        None => (main.is_only.then_some(main.region), LineType::Unknown),
    };
    Some(Ok(PhoneNumber {
        digits: national.iter().fold(0, |number, &digit| 10 * number + u64::from(digit)),
        calling_code: territory.code,
        leading_zeros: zeros as u8,
        length: main.length_check(national.len()),
        region,
        line_type,
    }))
}
