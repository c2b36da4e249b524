//! The clean majority: one number in plain layout, told by a look at its bytes.

use contactmill_phone::{PhoneNumber, parse};

use super::PhoneContext;
use crate::options::BareDigits;

/// Numbers have 15 digits at most (ITU-T E.164); dates have at most 8.
const FEWEST: u32 = 9;
const FEWEST_WITH_PLUS: u32 = 7;
const MOST: u32 = 15;

const OTHER: u8 = 0x80;

/// 1 for a digit, 0 for layout that is never anything else, [`OTHER`] for all else.
static KINDS: [u8; 256] = {
    let mut kinds = [OTHER; 256];
    let mut at = 0;
    while at < 256 {
        match at as u8 {
            b'0'..=b'9' => kinds[at] = 1,
            b' ' | b'-' | b'.' | b'(' | b')' => kinds[at] = 0,
            _ => {}
        }
        at += 1;
    }
    kinds
};

/// The number of a cell that is clean: nothing in its form is suspicious, it is valid as it stands,
/// and no repair has another reading to offer. `None` says nothing against the cell but that it
/// needs a closer look, which comes to the same number where this finds one.
#[inline]
pub(super) fn read(cell: &str, context: &PhoneContext<'_>) -> Option<PhoneNumber> {
    let (has_plus, body) = match cell.as_bytes() {
        [b'+', body @ ..] => (true, body),
        body => (false, body),
    };
    let inside = body.strip_prefix(b"(").unwrap_or(body);
    // The tail of a float, or a space to be taken off.
    let [b'0'..=b'9', .., a, b, c] = inside else { return None };
    if *a == b'.' || *b == b'.' || !c.is_ascii_digit() {
        return None;
    }
    let (mut digits, mut kinds) = (0, 0);
    for &byte in body {
        let kind = KINDS[usize::from(byte)];
        digits += u32::from(kind & 1);
        kinds |= kind;
    }
    let fewest = if has_plus { FEWEST_WITH_PLUS } else { FEWEST };
    if kinds & OTHER != 0 || !(fewest..=MOST).contains(&digits) {
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
    let number = parse(cell, region).ok().filter(|number| number.is_valid())?;
    (!may_be_filler(number)).then_some(number)
}

/// Whether the last digits are all the same or count up, as in numbers that mean nothing.
fn may_be_filler(number: PhoneNumber) -> bool {
    let digits = number.national_number().value();
    let (a, b, c) = (digits / 100 % 10, digits / 10 % 10, digits % 10);
    a == b && b == c || (a + 1) % 10 == b && (b + 1) % 10 == c
}
