//! Cells that only look like phone numbers: dates, amounts, addresses, identity numbers.
//!
//! They are recognised before anything reads the digits, because the digits of most of them are a
//! valid number somewhere.

use super::shape;
use crate::cells::check_digits::{
    are_cpf_digits, begins_with_birth_date, is_checked_mod_11, is_day, is_korean, luhn, verhoeff,
};
use crate::reason::Reason;

/// What lead forms send when they are tried.
pub(super) fn is_test_lead(cell: &str) -> bool {
    cell.contains('<') && cell.to_ascii_lowercase().contains("<test lead")
}

/// Why the text is no phone number, whatever its digits are.
pub(super) fn reason(text: &str) -> Option<Reason> {
    if text.contains(is_currency) {
        return Some(Reason::PhoneNotANumber);
    }
    if is_date(text) {
        return Some(Reason::PhoneLooksLikeDate);
    }
    // `Tel:=2098…`: a space in quoted-printable (RFC 2045, section 6.7), or digits of the number.
    if text.contains(":=20") || text.contains(")=20") {
        return Some(Reason::PhoneAmbiguous);
    }
    is_other_number(text).then_some(Reason::PhoneNotANumber)
}

/// Whether the text has the form of an address, an amount or a national identity number, none of which
/// is a phone number, even where its digits would be one.
pub(super) fn is_other_number(text: &str) -> bool {
    let text = bare(text);
    is_web_address(text)
        || is_ip_address(text)
        || is_decimal(text)
        || is_place(text)
        || is_national_id(text)
}

/// The text without a bullet of a list, a minus, or a bracket whose other half is missing.
fn bare(text: &str) -> &str {
    text.trim_matches(['-', '(', ')', ' '])
}

/// `https://example.com/98765` or `example.com/98765`, which is no chat link.
fn is_web_address(text: &str) -> bool {
    if !text.contains('/') {
        return false;
    }
    let is_path = |word: &str| {
        let top_level = word.split_once('/').and_then(|(host, _)| host.rsplit_once('.'));
        top_level.is_some_and(|(_, top_level)| {
            top_level.len() >= 2 && top_level.bytes().all(|byte| byte.is_ascii_alphabetic())
        })
    };
    let is_address = text.contains("://") || text.split_whitespace().any(is_path);
    is_address && !shape::has_chat_link(text)
}

/// `192.168.1.10`, also with a port or a prefix length. Four groups of two digits each are how Danes
/// write a number.
fn is_ip_address(text: &str) -> bool {
    if !text.contains('.') {
        return false;
    }
    let (address, suffix) =
        text.split_once([':', '/']).map_or((text, ""), |(address, port)| (address, port));
    let is_pair = |group: &str| group.len() == 2;
    address.split('.').count() == 4
        && address.parse::<std::net::Ipv4Addr>().is_ok()
        && (!suffix.is_empty() || !address.split('.').all(is_pair))
}

/// `1234.56`, `28.613939`, `45321.4375`: digits with one dot that nobody would put there in a phone number.
fn is_decimal(text: &str) -> bool {
    let Some((whole, fraction)) = decimal(text) else { return false };
    let is_amount = fraction.len() <= 2 && fraction.bytes().any(|byte| byte != b'0');
    let is_coordinate = fraction.len() >= 4 && whole <= MOST_DEGREES;
    // A day and a time as a spreadsheet counts them, from 1954 to 2064.
    let is_moment = fraction.len() >= 3 && (20_000..=60_000).contains(&whole);
    is_amount || is_coordinate || is_moment
}

/// Of longitude.
const MOST_DEGREES: u32 = 180;

/// Latitude and longitude: `52.5200 13.4050`, `51.5074, -0.1278`.
fn is_place(text: &str) -> bool {
    let mut parts = text.split([' ', ',', ';']).filter(|part| !part.is_empty());
    let (Some(one), Some(other), None) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    [one, other].into_iter().all(|part| {
        let degrees = decimal(part.strip_prefix(['-', '+']).unwrap_or(part));
        degrees.is_some_and(|(whole, fraction)| whole <= MOST_DEGREES && fraction.len() >= 3)
    })
}

/// What stands before a dot and behind it.
fn decimal(text: &str) -> Option<(u32, &str)> {
    let (whole, fraction) = text.split_once('.')?;
    let is_padded = whole.len() > 1 && whole.starts_with('0');
    let is_decimal = has_one_dot(text) && !is_padded;
    is_decimal.then(|| Some((whole.parse().ok()?, fraction)))?
}

/// Whether the text is digits with one dot, and ends with a digit.
pub(super) fn has_one_dot(text: &str) -> bool {
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    text.split_once('.').is_some_and(|(whole, fraction)| {
        is_number(whole) && is_number(fraction) && !fraction.is_empty()
    })
}

/// Whether the digits of a number fit its check digits.
type CheckDigits = fn(&[u32]) -> bool;

/// National identity numbers as their countries write them, and whether the check digits fit.
const NATIONAL_IDS: [(&str, CheckDigits); 9] = [
    // CPF and CNPJ, Brazil.
    ("000.000.000-00", are_cpf_digits),
    ("00.000.000/0000-00", |id| {
        is_checked_mod_11(&id[..13], 2..=9) && is_checked_mod_11(id, 2..=9)
    }),
    // RUT, Chile; CUIT, Argentina.
    ("0.000.000-0", |id| is_checked_mod_11(id, 2..=7)),
    ("00.000.000-0", |id| is_checked_mod_11(id, 2..=7)),
    ("00000000-0", |id| is_checked_mod_11(id, 2..=7)),
    ("00-00000000-0", |id| is_checked_mod_11(id, 2..=7)),
    // Personnummer, Sweden.
    ("000000-0000", |id| begins_with_birth_date(id) && luhn(id)),
    // Resident registration number, South Korea.
    ("000000-0000000", |id| begins_with_birth_date(id) && is_korean(id)),
    // Aadhaar, India.
    ("0000 0000 0000", |id| id[0] > 1 && verhoeff(id)),
];

pub(super) fn is_national_id(text: &str) -> bool {
    let text = bare(text);
    let has_form = |form: &str| {
        let fits = |(c, form): (u8, u8)| if form == b'0' { c.is_ascii_digit() } else { c == form };
        text.len() == form.len() && text.bytes().zip(form.bytes()).all(fits)
    };
    let Some((_, is_checked)) = NATIONAL_IDS.iter().find(|(form, _)| has_form(form)) else {
        return false;
    };
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(10)).collect();
    is_checked(&digits)
}

/// Whether the text is the digits of a Brazilian CPF.
pub(super) fn is_cpf(text: &str) -> bool {
    let mut digits = [0; 11];
    if text.len() != digits.len() {
        return false;
    }
    for (digit, byte) in digits.iter_mut().zip(text.bytes()) {
        *digit = u32::from(byte.wrapping_sub(b'0'));
    }
    digits.iter().all(|&digit| digit < 10) && are_cpf_digits(&digits)
}

/// `$ ¢ £ ¤ ¥ ฿` and the block of currency symbols.
fn is_currency(c: char) -> bool {
    matches!(c, '$' | '\u{A2}'..='\u{A5}' | '\u{E3F}' | '\u{20A0}'..='\u{20CF}')
}

/// `2024-03-15`, `15/03/2024`, `3. 15. 2024`, `2024 03 15`, `15/03/24` and `20240315`, with or without a
/// time behind.
pub(crate) fn is_date(text: &str) -> bool {
    let text = bare(text);
    is_compact_date(text) || is_separated_date(text)
}

/// `20240315`, `15032024`, `03152024`, `20240315T101500`, `20240315101500`.
fn is_compact_date(text: &str) -> bool {
    let time = text.get(8..).filter(|time| time.len() == 6);
    let date = match time.and_then(|time| time.parse::<u32>().ok()) {
        Some(time) if time < 24_00_00 && time / 100 % 100 < 60 && time % 100 < 60 => &text[..8],
        _ => text.split_once('T').map_or(text, |(date, _)| date),
    };
    if date.len() != 8 || !date.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let (Ok(first), Ok(last)) = (date[..4].parse(), date[4..].parse()) else { return false };
    let is_year = |year: u32| (1900..=2100).contains(&year);
    let day = |both: u32| is_day(both / 100, both % 100) || is_day(both % 100, both / 100);
    is_year(first) && is_day(last / 100, last % 100) || is_year(last) && day(first)
}

fn is_separated_date(text: &str) -> bool {
    // The longest, with a time and its zone, has fewer characters.
    if text.len() > 40 || !text.starts_with(|c: char| c.is_ascii_digit()) {
        return false;
    }
    let time =
        text.find(':').map(|colon| text[..colon].trim_end_matches(|c: char| c.is_ascii_digit()));
    let date = time.unwrap_or(text).trim_end_matches(['T', ' ', ',']);
    let mut parts = date.split(['-', '/', '.', ' ']).filter(|part| !part.is_empty());
    let (Some(first), Some(second), Some(third), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    // One kind of separator, twice: `.` and `-` in one cell are a layout.
    let mut separators = date.bytes().filter(|byte| matches!(byte, b'-' | b'/' | b'.'));
    if !matches!((separators.next(), separators.next(), separators.next()),
        (one, another, None) if one == another)
    {
        return false;
    }
    let number =
        |part: &str, digits: usize| part.parse::<u32>().ok().filter(|_| part.len() <= digits);
    let year = |part| number(part, 4).is_some_and(|year| (1900..=2100).contains(&year));
    let day = |month, day| {
        number(month, 2).zip(number(day, 2)).is_some_and(|(month, day)| is_day(month, day))
    };
    let has_long_year = year(first) && day(second, third)
        || year(third) && (day(first, second) || day(second, first));
    // `15/03/24`, but not `15 03 24`, which is how short numbers are grouped.
    let is_short = [first, second, third].iter().all(|part| part.len() <= 2)
        && date.contains(['-', '/', '.'])
        && (day(first, second) || day(second, first) || day(second, third))
        && third.len() == 2;
    has_long_year || is_short
}
