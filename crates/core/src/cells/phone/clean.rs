//! The clean majority: one number in plain layout, recognised by its bytes.

use contactmill_phone::{PhoneNumber, Plain, Region, parse_plain};

use super::repair::{is_filler_number, is_set_apart, may_be_abroad, may_be_rounded};
use super::{PhoneContext, beside, list, lookalike, shape};
use crate::options::BareDigits;

/// Numbers have 4 digits at least (Tokelau, +690) and 15 at most (ITU-T E.164).
const FEWEST: usize = 4;
const MOST: usize = 15;

/// A mobile has eight digits behind its country calling code, or more.
const FEWEST_OF_MOBILE_ABROAD: usize = 9;

/// Dates have no more digits, or those of a time behind it.
const MOST_OF_A_DATE: usize = 8;
const DATE_AND_TIME: usize = 14;

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
    // Nothing to be taken off at either end.
    let &[b'0'..=b'9', .., a, b, c @ b'0'..=b'9'] = inside else { return None };
    let region = match (has_plus, context.bare_digits) {
        (true, _) => None,
        (false, BareDigits::International) => return None,
        (false, BareDigits::National) => Some(context.region?),
    };
    let Plain { number: Ok(number), digits } = parse_plain(cell, region)? else { return None };
    if !number.is_valid() || !(FEWEST..=MOST).contains(&digits) {
        return None;
    }
    if digits < body.len() {
        // An odd ending is short.
        let is_short = !matches!(body, [.., b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', _]);
        if !is_layout(body)
            || is_short && shape::odd_ending_of(body).is_some()
            || has_plus && repeats_first_group(body)
        {
            return None;
        }
    }
    if has_plus && context.is_region_stated && !is_of(number, context.region) {
        return None;
    }
    if digits >= 2 * list::LONG && digits < body.len() && list::are_long_groups(cell) {
        return None;
    }
    if let Some(region) = region {
        if digits == body.len() && context.calling_code.is_none() && may_be_rounded(body) {
            return None;
        }
        if digits < body.len() && is_other(cell, body) {
            return None;
        }
        // Of old, an area code.
        if region == Region::VN && inside.starts_with(b"08") && !inside[2].is_ascii_digit() {
            return None;
        }
        let has_digits_of_date = digits <= MOST_OF_A_DATE || digits == DATE_AND_TIME;
        let may_be_date = has_digits_of_date && context.calling_code.is_none();
        if may_be_date && lookalike::is_date(cell) {
            return None;
        }
        let is_alone = !context.is_region_stated && context.calling_code.is_none();
        if digits >= FEWEST_OF_MOBILE_ABROAD && is_alone && may_be_abroad(number, cell) {
            return None;
        }
        if region == Region::BR && digits == body.len() && lookalike::is_cpf(cell) {
            return None;
        }
        // Digits that begin with an exit code have another reading, and those that begin with the
        // region's own code may have one.
        let mut digits = inside.iter().filter(|byte| byte.is_ascii_digit());
        let mut digit = || digits.next().map_or(0, |digit| u16::from(digit - b'0'));
        let leading = 100 * digit() + 10 * digit() + digit();
        let own = region.calling_code()?;
        let begins_with_own = [leading, leading / 10, leading / 100].contains(&own);
        let is_other = || !is_the_same_with_plus(number, inside) || is_apart(number, inside, own);
        let has_exit_code = leading < 10 || own == 1 && leading == 11;
        if has_exit_code || begins_with_own && is_other() {
            return None;
        }
    }
    (!(may_be_filler([a, b, c]) && is_filler_in(number, body))).then_some(number)
}

/// Whether a number with its code begins with the same group once more: `+49 49 171 …`.
fn repeats_first_group(body: &[u8]) -> bool {
    // One sign stands between them.
    let is_repeated = |first: usize| {
        !body[first].is_ascii_digit()
            && body[first + 1] == body[0]
            && body[first + 1..].starts_with(&body[..first])
    };
    body.len() > 7 && (1..=3).any(is_repeated)
}

fn digits_of(body: &[u8]) -> String {
    body.iter().filter(|byte| byte.is_ascii_digit()).map(|&byte| char::from(byte)).collect()
}

/// Number of digits before anything else.
fn digits_of_first(body: &[u8]) -> usize {
    body.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// Whether the region's own code is set apart from the number that it belongs to.
fn is_apart(number: PhoneNumber, body: &[u8], own: u16) -> bool {
    let body = body.strip_prefix(b"0").unwrap_or(body);
    let first = digits_of_first(body);
    let is_code = || body[..first] == *own.to_string().as_bytes();
    let is_apart = || is_set_apart(number, &own.to_string(), &digits_of(body));
    first <= 3 && first < body.len() && is_code() && is_apart()
}

/// Whether the national number is a filler, as it is or as it is written behind its code.
fn is_filler_in(number: PhoneNumber, body: &[u8]) -> bool {
    let digits = digits_of(body);
    let code = number.calling_code().to_string();
    let national = number.national_number().to_string();
    [Some(&*national), digits.strip_prefix(&code)].into_iter().flatten().any(is_filler_number)
}

/// Whether the number has the region's calling code.
fn is_of(number: PhoneNumber, region: Option<Region>) -> bool {
    region.and_then(Region::calling_code) == Some(number.calling_code())
}

/// Whether the layout is that of an amount, an address, an identity number or a numbered list. Few cells
/// get past the look at single bytes.
fn is_other(cell: &str, body: &[u8]) -> bool {
    let has_dot = body.contains(&b'.');
    let may_be_counted = matches!(
        body,
        [_, b' ', b'-', b' ', ..]
            | [_, _, b' ', b'-', b' ', ..]
            | [b'0'..=b'9', b')', ..]
            | [b'0'..=b'9', b'0'..=b'9', b')', ..]
    );
    let may_be_id = match body {
        [_, _, _, _, b' ', _, _, _, _, b' ', _, _, _, _] | [.., b'-', _] => true,
        [_, _, _, _, _, _, b'-', behind @ ..] => matches!(behind.len(), 4 | 7),
        _ => false,
    };
    (has_dot || may_be_counted) && beside::without_count(cell).is_some()
        || has_dot && lookalike::is_other_number(cell)
        || may_be_id && lookalike::is_national_id(cell)
}

/// Whether the digits with a `+` before them come to the same number, or to none that is valid.
fn is_the_same_with_plus(number: PhoneNumber, body: &[u8]) -> bool {
    let mut text = [b'+'; 1 + MOST];
    let digits = body.iter().filter(|byte| byte.is_ascii_digit());
    let mut len = 1;
    for (place, &digit) in text[1..].iter_mut().zip(digits) {
        *place = digit;
        len += 1;
    }
    let other = std::str::from_utf8(&text[..len]).ok().and_then(|text| parse_plain(text, None));
    other.is_some_and(|other| {
        other.number.map_or(true, |other| other == number || !other.is_valid())
    })
}

/// Whether what stands between the digits can only be layout: a slash may separate two numbers, a
/// single dot before one or two digits, or before zeros, may be that of a float.
fn is_layout(body: &[u8]) -> bool {
    if !has_dot_or_slash(body) {
        return true;
    }
    let dots = body.iter().filter(|&&byte| byte == b'.').count();
    let [.., a, b, _] = body else { return false };
    let has_zeros_behind = || {
        body.rsplit(|&byte| byte == b'.')
            .next()
            .is_some_and(|tail| tail.iter().all(|&byte| byte == b'0'))
    };
    !body.contains(&b'/') && (dots != 1 || *a != b'.' && *b != b'.' && !has_zeros_behind())
}

/// Eight bytes at a time, the last eight perhaps twice.
fn has_dot_or_slash(body: &[u8]) -> bool {
    // `.` and `/` differ in their lowest bit alone; the subtraction reaches the highest bit of a
    // byte that was 0, or of one above such a byte.
    let has = |word: &[u8; 8]| {
        let word = (u64::from_le_bytes(*word) & u64::from_le_bytes([0xFE; 8]))
            ^ u64::from_le_bytes([b'.'; 8]);
        word.wrapping_sub(u64::from_le_bytes([1; 8])) & !word & u64::from_le_bytes([0x80; 8]) != 0
    };
    let Some(last) = body.last_chunk() else {
        return body.iter().any(|byte| matches!(byte, b'.' | b'/'));
    };
    body.as_chunks().0.iter().any(has) || has(last)
}

/// Whether a cell with these last bytes may be one digit throughout, or a run.
fn may_be_filler([a, b, c]: [u8; 3]) -> bool {
    let may_follow = |one: u8, next: u8| {
        let is_sign = !one.is_ascii_digit() || !next.is_ascii_digit();
        is_sign || next == one || next == one + 1 || (one, next) == (b'9', b'0')
    };
    may_follow(b, c) && may_follow(a, b)
}
