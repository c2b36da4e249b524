//! The fast path: ASCII digits with `+` and layout, which is what nearly every cell is.
//!
//! It takes the same steps as libphonenumber, in the same order, over the tables in
//! [`plans`](crate::plans). Whatever it is not made for it leaves to the library; what it answers,
//! it answers in the same way, which `contactmill-codegen verify` holds against the library.

use crate::number::PhoneNumber;
use crate::parse::ParseError;
use crate::plans::{Begins, CallingCode, Territory};
use crate::{LengthCheck, LineType, Region};

/// More digits than any number has, with its prefixes.
const MAX_DIGITS: usize = 20;

/// National numbers have 2 to 17 digits.
const MIN_NATIONAL: usize = 2;
const MAX_NATIONAL: usize = 17;

/// Reads a plain cell; `None` leaves it to the library.
pub(crate) fn parse(
    text: &str,
    default_region: Option<Region>,
) -> Option<Result<PhoneNumber, ParseError>> {
    let cell = match Cell::of(text)? {
        Ok(cell) => cell,
        Err(error) => return Some(Err(error)),
    };
    let digits = &cell.digits[..cell.count];
    Some(match national(digits, cell.has_plus, default_region)? {
        // The library counts no more leading zeros than this when it looks a number up.
        Ok((_, national)) if national.starts_with(&[0; 11]) => return None,
        Ok((code, national)) => Ok(number(code, national)),
        Err(error) => Err(error),
    })
}

/// The digits of a plain cell, and whether a `+` stands before them.
struct Cell {
    digits: [u8; MAX_DIGITS],
    count: usize,
    has_plus: bool,
}

impl Cell {
    fn of(text: &str) -> Option<Result<Cell, ParseError>> {
        let mut digits = [0; MAX_DIGITS];
        let (mut count, mut first, mut last) = (0, 0, 0);
        let (mut has_plus, mut layout_after_plus) = (false, false);
        for (at, byte) in text.bytes().enumerate() {
            match byte {
                b'0'..=b'9' => {
                    *digits.get_mut(count)? = byte - b'0';
                    if count == 0 {
                        first = at;
                    }
                    (count, last) = (count + 1, at);
                }
                b' ' | b'-' | b'.' | b'(' | b')' | b'/' => layout_after_plus |= has_plus,
                // `+ +91` and a + between digits are left to the library.
                b'+' if count == 0 && !layout_after_plus => has_plus = true,
                b'!'..=b'~' if count == 0 && !has_plus => {
                    return without_number(&text.as_bytes()[at..]);
                }
                _ => return None,
            }
        }
        // Two digits are a number only side by side and by themselves, one is none.
        let is_number = match count {
            0 | 1 => false,
            2 => !has_plus && last == first + 1,
            _ => true,
        };
        Some(if is_number {
            Ok(Cell { digits, count, has_plus })
        } else {
            Err(ParseError::NotANumber)
        })
    }
}

/// Text in which no number can begin is none; anything else is left to the library.
fn without_number(rest: &[u8]) -> Option<Result<Cell, ParseError>> {
    let is_harmless =
        |&byte: &u8| matches!(byte, b' '..=b'~') && !byte.is_ascii_digit() && byte != b'+';
    rest.iter().all(is_harmless).then_some(Err(ParseError::NotANumber))
}

type National<'d> = Result<(&'static CallingCode, &'d [u8]), ParseError>;

/// Takes the country calling code and the national prefix off.
fn national(digits: &[u8], has_plus: bool, default_region: Option<Region>) -> Option<National<'_>> {
    let home = default_region.and_then(Territory::of_region);
    let (territory, rest) = match CallingCode::leading(digits) {
        Some((code, behind)) if has_plus => (code.territory(), behind),
        _ => {
            // Without a known calling code behind it, the + is taken for nothing, but then the
            // digits must bring a calling code in some other way.
            let Some(home) = home else { return Some(Err(ParseError::InvalidCountryCode)) };
            match at_home(home, digits)? {
                Ok((_, _, false)) if has_plus => return Some(Err(ParseError::InvalidCountryCode)),
                Ok((territory, rest, _)) => (territory, rest),
                Err(error) => return Some(Err(error)),
            }
        }
    };
    if rest.len() < MIN_NATIONAL {
        return Some(Err(ParseError::TooShort));
    }
    let stripped = without_national_prefix(territory, rest)?;
    let national = match territory.length_check(stripped.len()) {
        LengthCheck::TooShort | LengthCheck::PossibleLocalOnly | LengthCheck::InvalidLength => rest,
        _ => stripped,
    };
    Some(match national.len() {
        ..MIN_NATIONAL => Err(ParseError::TooShort),
        MIN_NATIONAL..=MAX_NATIONAL => Ok((territory.calling_code(), national)),
        _ => Err(ParseError::TooLong),
    })
}

/// What a number dialled from a region calls: the territory, the digits behind its calling code,
/// and whether there was one.
type Called<'d> = Result<(&'static Territory, &'d [u8], bool), ParseError>;

fn at_home<'d>(home: &'static Territory, digits: &'d [u8]) -> Option<Called<'d>> {
    match home.international_prefix.of(digits) {
        Begins::Perhaps => return None,
        // No calling code begins with 0.
        Begins::With(len) if digits.get(len) != Some(&0) => {
            let behind = &digits[len..];
            if behind.len() <= MIN_NATIONAL {
                return Some(Err(ParseError::TooShortAfterIdd));
            }
            return Some(match CallingCode::leading(behind) {
                Some((code, behind)) => Ok((code.territory(), behind, true)),
                None => Err(ParseError::InvalidCountryCode),
            });
        }
        Begins::With(_) | Begins::No => {}
    }
    Some(Ok(match without_own_code(home, digits)? {
        Some(behind) => (home.calling_code().territory(), behind, true),
        None => (home, digits, false),
    }))
}

/// The digits behind the region's own calling code, where they make the better number: the whole is
/// none and the rest is one, or the whole is too long.
fn without_own_code<'d>(home: &Territory, digits: &'d [u8]) -> Option<Option<&'d [u8]>> {
    let Some((code, behind)) = CallingCode::leading(digits) else { return Some(None) };
    if code.code != home.calling_code().code {
        return Some(None);
    }
    let stripped = without_national_prefix(home, behind)?;
    let is_better = !home.is_general(digits) && home.is_general(stripped)
        || home.length_check(digits.len()) == LengthCheck::TooLong;
    Some(is_better.then_some(stripped))
}

/// The digits behind the national prefix, unless that makes no number of what was one.
fn without_national_prefix<'d>(territory: &Territory, digits: &'d [u8]) -> Option<&'d [u8]> {
    if digits.is_empty() {
        return Some(digits);
    }
    match territory.national_prefix.of(digits) {
        Begins::No => Some(digits),
        Begins::Perhaps => None,
        Begins::With(len) => {
            let behind = &digits[len..];
            let was_one = territory.is_general(digits);
            Some(if was_one && !territory.is_general(behind) { digits } else { behind })
        }
    }
}

/// The number, with what its plan says of it.
fn number(code: &CallingCode, national: &[u8]) -> PhoneNumber {
    let zeros = national.iter().take_while(|&&digit| digit == 0).count();
    // The last digit counts as the number even when it is a zero.
    let leading_zeros = zeros.min(national.len() - 1) as u8;
    let digits = national.iter().fold(0, |number, &digit| 10 * number + u64::from(digit));
    let answer = code.answer(national);
    PhoneNumber {
        digits,
        calling_code: code.code,
        leading_zeros,
        length: code.territory().length_check(national.len()),
        region: answer.region.or(code.only_region),
        line_type: match answer.region {
            Some(_) => answer.line_type,
            None => LineType::Unknown,
        },
    }
}
