//! The fast path: ASCII digits with `+` and layout, which is what nearly every cell is.
//!
//! It takes the same steps as libphonenumber, in the same order, over the tables in
//! [`plans`](crate::plans). It leaves every other cell to the library, and answers as the library does,
//! which `contactmill-codegen verify` tests.

use crate::number::PhoneNumber;
use crate::parse::{ParseError, Plain};
use crate::plans::{Answer, Begins, Territory};
use crate::{LengthCheck, LineType, Region};

/// More digits than two mobile numbers have in one cell. A rule may put four more before them.
const MAX_DIGITS: usize = 28;

/// National numbers have 2 to 17 digits.
const MIN_NATIONAL: usize = 2;
const MAX_NATIONAL: usize = 17;

/// What was read; `None` leaves it to the library.
type Read<T> = Option<Result<T, ParseError>>;

/// Reads a plain cell.
pub(crate) fn parse(text: &str, default_region: Option<Region>) -> Option<Plain> {
    let mut digits = Digits::default();
    let has_plus = match digits.read_plain(text.as_bytes()) {
        Some(has_plus) => has_plus,
        None => match digits.read_careful(text.as_bytes())? {
            Ok(has_plus) => has_plus,
            Err(error) => return Some(Plain { number: Err(error), digits: digits.count }),
        },
    };
    let number = dialled(digits.all(), has_plus, default_region)?;
    Some(Plain { number, digits: digits.count })
}

/// Reads digits.
#[inline]
fn dialled(digits: &[u8], has_plus: bool, default_region: Option<Region>) -> Read<PhoneNumber> {
    let mut rewritten = Digits::default();
    let (territory, digits) = match Territory::leading(digits) {
        Some(called) if has_plus => called,
        own_code => {
            let Some(home) = default_region.and_then(Territory::of_region) else {
                return Some(Err(ParseError::InvalidCountryCode));
            };
            match from_home(home, digits, own_code, &mut rewritten) {
                // A + is ignored where no known calling code follows, but then the digits must
                // have one in some other way.
                Ok(None) if has_plus => return Some(Err(ParseError::InvalidCountryCode)),
                Ok(None) => (home, digits),
                Ok(Some(called)) => called,
                Err(error) => return Some(Err(error)),
            }
        }
    };
    number(territory, digits)
}

/// The digits of a cell, with room for an area code that a rule puts before them.
#[derive(Default)]
struct Digits {
    bytes: [u8; 32],
    count: usize,
}

impl Digits {
    fn all(&self) -> &[u8] {
        self.bytes.get(..self.count).unwrap_or_default()
    }

    fn push(&mut self, digit: u8) {
        self.bytes[self.count % 32] = digit;
        self.count += 1;
    }

    /// Reads a cell that has nothing but digits, layout, and perhaps a `+` as its first byte, and
    /// says whether that is there.
    #[inline]
    fn read_plain(&mut self, text: &[u8]) -> Option<bool> {
        let (has_plus, text) = match text {
            [b'+', rest @ ..] => (true, rest),
            _ => (false, text),
        };
        if self.read_at_once(text) {
            return Some(has_plus);
        }
        let mut all_plain = true;
        // No branches: every byte is written, and overwritten by the next unless it is a digit.
        for &byte in text {
            let digit = byte.wrapping_sub(b'0');
            self.bytes[self.count % 32] = digit;
            self.count += usize::from(digit < 10);
            all_plain &= IS_PLAIN[usize::from(byte)];
        }
        (all_plain && (3..=MAX_DIGITS).contains(&self.count)).then_some(has_plus)
    }

    /// Reads 8 to 16 bytes, if they are digits, as their first and their last 8.
    #[inline]
    fn read_at_once(&mut self, text: &[u8]) -> bool {
        let (Some(first), Some(last), 8..=16) = (text.first_chunk(), text.last_chunk(), text.len())
        else {
            return false;
        };
        let first = eight::digits(first);
        let last = eight::digits(last);
        if !(eight::are_digits(first) && eight::are_digits(last)) {
            return false;
        }
        let further = text.len() - 8;
        self.bytes[..8].copy_from_slice(&first.to_le_bytes());
        self.bytes[further..further + 8].copy_from_slice(&last.to_le_bytes());
        self.count = text.len();
        true
    }

    /// The same for rarer cells: brackets before the `+`, few digits, and text that is no number.
    #[cold]
    fn read_careful(&mut self, text: &[u8]) -> Read<bool> {
        *self = Digits::default();
        let (mut first, mut last) = (0, 0);
        let (mut has_plus, mut layout_after_plus) = (false, false);
        for (at, &byte) in text.iter().enumerate() {
            match byte {
                b'0'..=b'9' if self.count == MAX_DIGITS => return None,
                b'0'..=b'9' => {
                    if self.count == 0 {
                        first = at;
                    }
                    last = at;
                    self.push(byte - b'0');
                }
                b' ' | b'-' | b'.' | b'(' | b')' | b'/' => layout_after_plus |= has_plus,
                // `+ +91` and a + between digits are left to the library.
                b'+' if self.count == 0 && !layout_after_plus => has_plus = true,
                b'!'..=b'~' if self.count == 0 && !has_plus => return without_number(&text[at..]),
                _ => return None,
            }
        }
        // Two digits are a number only side by side and by themselves, one is none.
        let is_number = match self.count {
            0 | 1 => false,
            2 => !has_plus && last == first + 1,
            _ => true,
        };
        Some(if is_number { Ok(has_plus) } else { Err(ParseError::NotANumber) })
    }
}

/// What stands in a plain cell: digits and layout.
static IS_PLAIN: [bool; 256] = {
    let mut is_plain = [false; 256];
    let mut at = 0;
    while at < 256 {
        is_plain[at] = matches!(at as u8, b'0'..=b'9' | b' ' | b'-' | b'.' | b'(' | b')' | b'/');
        at += 1;
    }
    is_plain
};

/// Eight digits side by side in one word, the first in the lowest byte.
mod eight {
    /// The values of eight ASCII digits; other bytes become 10 or more.
    pub(super) fn digits(ascii: &[u8; 8]) -> u64 {
        u64::from_le_bytes(*ascii) ^ u64::from_le_bytes([b'0'; 8])
    }

    /// Whether all eight are below 10: adding 118 to more than that reaches the highest bit.
    pub(super) fn are_digits(word: u64) -> bool {
        let high = u64::from_le_bytes([0x80; 8]);
        (word | word.wrapping_add(u64::from_le_bytes([118; 8]))) & high == 0
    }

    /// The word with zeros for all but its last `digits` digits.
    pub(super) fn last(word: u64, digits: u32) -> u64 {
        word & !u64::MAX.checked_shr(8 * digits).unwrap_or(0)
    }

    /// The eight as one number: neighbours first, then pairs, then both halves.
    pub(super) fn value(word: u64) -> u64 {
        let pairs = (word.wrapping_mul(10).wrapping_add(word >> 8)) & 0x00FF_00FF_00FF_00FF;
        let fours = (pairs.wrapping_mul(100).wrapping_add(pairs >> 16)) & 0x0000_FFFF_0000_FFFF;
        (fours.wrapping_mul(10_000).wrapping_add(fours >> 32)) & 0xFFFF_FFFF
    }
}

/// Digits as one number.
#[inline]
fn value(digits: &[u8]) -> u64 {
    let (Some(first), Some(last), 8..=16) =
        (digits.first_chunk(), digits.last_chunk(), digits.len())
    else {
        return digits.iter().fold(0, |number, &digit| 10 * number + u64::from(digit));
    };
    let further = digits.len() - 8;
    let further_digits = eight::last(u64::from_le_bytes(*last), further as u32);
    let shift = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];
    eight::value(u64::from_le_bytes(*first)) * shift[further] + eight::value(further_digits)
}

/// Text in which no number can begin is none; anything else is left to the library.
fn without_number<T>(rest: &[u8]) -> Read<T> {
    let is_harmless =
        |&byte: &u8| matches!(byte, b' '..=b'~') && !byte.is_ascii_digit() && byte != b'+';
    rest.iter().all(is_harmless).then_some(Err(ParseError::NotANumber))
}

/// A territory, and the digits of a number in it.
type Called<'d> = (&'static Territory, &'d [u8]);

/// What was dialled from a region: a number behind an exit code, one behind the region's own
/// calling code without a `+`, or none of them. `leading` is the calling code that the digits begin
/// with.
fn from_home<'d>(
    home: &'static Territory,
    digits: &'d [u8],
    leading: Option<Called<'d>>,
    rewritten: &'d mut Digits,
) -> Result<Option<Called<'d>>, ParseError> {
    if let Begins::With(taken) = home.international_prefix.of(digits)
        // No calling code begins with 0.
        && digits.get(usize::from(taken)) != Some(&0)
    {
        let behind = &digits[usize::from(taken)..];
        if behind.len() <= MIN_NATIONAL {
            return Err(ParseError::TooShortAfterIdd);
        }
        return Territory::leading(behind).map(Some).ok_or(ParseError::InvalidCountryCode);
    }
    let Some((_, behind)) = leading.filter(|(territory, _)| territory.code == home.code) else {
        return Ok(None);
    };
    // The calling code is taken off where the rest is the better number: the whole is no number and
    // the rest is one, or the whole is too long.
    let (stripped, answer) = without_national_prefix(home, behind, rewritten);
    let is_better = home.is_general(answer) && !home.is_general(home.answer(digits))
        || home.length_check(digits.len()) == LengthCheck::TooLong;
    Ok(is_better.then_some((home.main(), stripped)))
}

/// Takes the national prefix off, unless a number would be none without it, and says what the plan
/// makes of the result. A rule may put other digits in its place, for which there is room.
fn without_national_prefix<'d>(
    territory: &Territory,
    digits: &'d [u8],
    rewritten: &'d mut Digits,
) -> (&'d [u8], &'static Answer) {
    let stripped = match territory.national_prefix.of(digits) {
        Begins::No => return (digits, territory.answer(digits)),
        Begins::With(taken) => &digits[usize::from(taken)..],
        Begins::Rewritten { taken, put, kept: (from, to) } => {
            let kept = &digits[usize::from(from)..usize::from(to)];
            for &digit in put.iter().chain(kept).chain(&digits[usize::from(taken)..]) {
                rewritten.push(digit);
            }
            rewritten.all()
        }
    };
    let answer = territory.answer(stripped);
    if !territory.is_general(answer) {
        let whole = territory.answer(digits);
        if territory.is_general(whole) {
            return (digits, whole);
        }
    }
    (stripped, answer)
}

/// Reads a national number, with or without its national prefix.
#[inline]
fn number(territory: &'static Territory, digits: &[u8]) -> Read<PhoneNumber> {
    if digits.len() < MIN_NATIONAL {
        return Some(Err(ParseError::TooShort));
    }
    let mut rewritten = Digits::default();
    let mut national = digits;
    if territory.national_prefix.may_begin(digits) {
        (national, _) = without_national_prefix(territory, digits, &mut rewritten);
        if let LengthCheck::TooShort | LengthCheck::PossibleLocalOnly | LengthCheck::InvalidLength =
            territory.length_check(national.len())
        {
            national = digits;
        }
    }
    match national.len() {
        ..MIN_NATIONAL => return Some(Err(ParseError::TooShort)),
        MIN_NATIONAL..=MAX_NATIONAL => {}
        _ => return Some(Err(ParseError::TooLong)),
    }
    // A zero that is the last digit is no leading zero.
    let zeros = national[..national.len() - 1].iter().take_while(|&&digit| digit == 0).count();
    if zeros > 10 {
        // The library counts no more leading zeros than this when it looks a number up.
        return None;
    }
    let answer = territory.answer(national);
    let main = territory.main();
    let (region, line_type) = match answer.region {
        Some(region) => (Some(region), answer.line_type),
        None => (main.is_only.then_some(main.region), LineType::Unknown),
    };
    Some(Ok(PhoneNumber {
        digits: value(national),
        calling_code: territory.code,
        leading_zeros: zeros as u8,
        length: main.length_check(national.len()),
        region,
        line_type,
    }))
}
