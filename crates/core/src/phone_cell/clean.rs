//! The clean majority: one number in plain layout, told by a look at its bytes.

use contactmill_phone::{PhoneNumber, parse_plain};

use super::repair::is_filler;
use super::{PhoneContext, shape};
use crate::options::BareDigits;

/// Numbers have 15 digits at most (ITU-T E.164); what has fewer than 7 may be an extension, a code
/// or a year.
const FEWEST: u32 = 7;
const MOST: u32 = 15;

/// Without a `+`, more may be two numbers, of six digits each.
const MOST_WITHOUT_PLUS: u32 = 11;

/// Dates have no more digits.
const MOST_OF_A_DATE: u32 = 8;

/// What a byte adds to the sum over a cell: digits are counted in the lowest byte, dots in the
/// second, and what is no layout of a number above them. No cell is long enough to spill over.
const DIGIT: u32 = 1;
const DOT: u32 = 1 << 8;
const OTHER: u32 = 1 << 16;
const LONGEST: usize = 40;

static ADDS: [u32; 256] = {
    let mut adds = [OTHER; 256];
    let mut at = 0;
    while at < 256 {
        match at as u8 {
            b'0'..=b'9' => adds[at] = DIGIT,
            b'.' => adds[at] = DOT,
            b' ' | b'-' | b'(' | b')' => adds[at] = 0,
            _ => {}
        }
        at += 1;
    }
    adds
};

/// The number of a cell that is clean: nothing in its form is suspicious, it is valid as it stands,
/// and no repair has another reading to offer. `None` says nothing against the cell but that it
/// needs a closer look, which comes to the same number where this finds one.
#[inline]
pub(super) fn read(cell: &str, context: &PhoneContext<'_>) -> Option<PhoneNumber> {
    let cell = match cell.as_bytes() {
        [b'(', inside @ .., b')'] if !inside.contains(&b'(') => cell.get(1..=inside.len())?,
        _ => cell,
    };
    let (has_plus, body) = match cell.as_bytes() {
        [b'+', body @ ..] => (true, body),
        body => (false, body),
    };
    let inside = body.strip_prefix(b"(").unwrap_or(body);
    let &[b'0'..=b'9', .., a, b, c] = inside else { return None };
    if !c.is_ascii_digit() || body.len() > LONGEST {
        return None;
    }
    let sum = body.iter().fold(0, |sum, &byte| sum + ADDS[usize::from(byte)]);
    let digits = sum % DOT;
    let most = if has_plus { MOST } else { MOST_WITHOUT_PLUS };
    if sum >= OTHER || !(FEWEST..=most).contains(&digits) {
        return None;
    }
    // The tail of a float; what has more dots is grouped by them.
    if (a == b'.' || b == b'.') && sum / DOT == 1 {
        return None;
    }
    if digits <= MOST_OF_A_DATE && !has_plus && shape::is_date(cell) {
        return None;
    }
    let region = match (has_plus, context.bare_digits) {
        (true, _) => None,
        (false, BareDigits::International) => return None,
        (false, BareDigits::National) => Some(context.region?),
    };
    if let Some(region) = region {
        // Digits that begin with an exit code or with the region's own code have another reading.
        let mut digits = inside.iter().filter(|byte| byte.is_ascii_digit());
        let mut digit = || digits.next().map_or(0, |digit| u16::from(digit - b'0'));
        let leading = 100 * digit() + 10 * digit() + digit();
        let own = region.calling_code()?;
        if leading < 10 || [leading, leading / 10, leading / 100].contains(&own) {
            return None;
        }
    }
    let number = parse_plain(cell, region)?.ok().filter(|number| number.is_valid())?;
    (!(may_be_filler([a, b, c]) && is_filler(&number.national_number().to_string())))
        .then_some(number)
}

/// Whether a cell with these last bytes may be one digit throughout, or a run.
fn may_be_filler([a, b, c]: [u8; 3]) -> bool {
    let may_follow = |one: u8, next: u8| {
        !one.is_ascii_digit() || next == one || next == one + 1 || (one, next) == (b'9', b'0')
    };
    may_follow(b, c) && may_follow(a, b)
}
