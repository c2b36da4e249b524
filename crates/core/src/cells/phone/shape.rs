//! Shapes that are no plain number: dates, floats, links, labels, extensions.
//!
//! They are recognised before anything reads the digits, because a careless reading of most of them
//! gives a longer number that may well be valid.

use std::sync::LazyLock;

use foldhash::HashSet;

use crate::data;
use crate::reason::Reason;

/// The shortest national numbers have four digits (Tokelau, +690).
const SHORTEST: usize = 4;

/// Shapes that hold no phone number at all.
pub(super) fn refused(text: &str) -> Option<Reason> {
    if text.contains('<') && text.to_ascii_lowercase().contains("<test lead") {
        return Some(Reason::PhoneTestLead);
    }
    if text.contains(is_currency) {
        return Some(Reason::PhoneNotANumber);
    }
    is_date(text).then_some(Reason::PhoneLooksLikeDate)
}

/// `$ ¢ £ ¤ ¥ ฿` and the block of currency symbols.
fn is_currency(c: char) -> bool {
    matches!(c, '$' | '\u{A2}'..='\u{A5}' | '\u{E3F}' | '\u{20A0}'..='\u{20CF}')
}

/// `2024-03-15`, `15/03/2024`, `3. 15. 2024`, `2024 03 15`, with or without a time behind.
pub(super) fn is_date(text: &str) -> bool {
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
    year(first) && day(second, third) || year(third) && (day(first, second) || day(second, first))
}

fn is_day(month: u32, day: u32) -> bool {
    matches!(month, 1..=12) && matches!(day, 1..=31)
}

/// The international digits of a chat link or id: `wa.me/…`, `…send?phone=…`,
/// `…@s.whatsapp.net`, `…@c.us`. `Err` when it is such a link but holds no number.
pub(super) fn chat_link(text: &str) -> Option<Result<&str, Reason>> {
    if !text.contains(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let lower = text.to_ascii_lowercase();
    let mut links = lower.match_indices("wa.me/").chain(lower.match_indices("phone="));
    let link = links.next().filter(|(_, link)| *link == "wa.me/" || lower.contains("whatsapp"));
    if links.next().is_some() {
        // A list of links.
        return None;
    }
    let tail = if let Some((at, link)) = link {
        &text[at + link.len()..]
    } else {
        let (id, host) = text.split_once('@')?;
        if !["s.whatsapp.net", "c.us"].iter().any(|known| host.eq_ignore_ascii_case(known)) {
            return None;
        }
        // `919876543210:12@s.whatsapp.net` names a device of the number.
        let (number, device) = id.split_once(':').unwrap_or((id, ""));
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let number = number.strip_prefix('+').unwrap_or(number);
        return (all_digits(number) && all_digits(device)).then_some(Ok(number));
    };
    let tail = tail.trim_start_matches(['+', ' ']);
    let tail = tail.strip_prefix("%2B").or_else(|| tail.strip_prefix("%2b")).unwrap_or(tail);
    let end = tail.find(|c: char| !c.is_ascii_digit()).unwrap_or(tail.len());
    let (digits, rest) = tail.split_at(end);
    // Something else behind the link, unless that is the text of a message: the cell is a list.
    let has_digits = rest.bytes().filter(u8::is_ascii_digit).count() >= SHORTEST;
    let is_parted = rest.contains([';', '|', ' ', '\n']) || rest.contains(":::");
    if rest.starts_with([',', ';', '|', ' ', '\n', ':']) || is_parted && has_digits {
        return None;
    }
    let is_whole = rest.is_empty() || rest.starts_with(['?', '&', '/', '#']);
    Some(if is_whole && !digits.is_empty() { Ok(digits) } else { Err(Reason::PhoneNotANumber) })
}

/// Words before a number that say only that it is one.
static LABELS: LazyLock<HashSet<&str>> =
    LazyLock::new(|| data::words(data::PHONE_WORDS, "label").collect());

/// Words between a number and its extension.
static EXTENSIONS: LazyLock<Vec<&str>> =
    LazyLock::new(|| data::words(data::PHONE_WORDS, "extension").collect());

/// The text behind a label such as `p:`, `tel:`, `Mobile:`, `Ph.`
pub(super) fn without_label(text: &str) -> &str {
    let Some(start) = text.find(|c: char| c == '+' || c == '(' || c.is_ascii_digit()) else {
        return text;
    };
    let label = text[..start].trim_end_matches([' ', ':', '.', '-', '#', '=']);
    // A label is set off: `p98…` is a letter in a number.
    if label.len() == start || label.is_empty() {
        return text;
    }
    let words = label.to_ascii_lowercase().replace('.', "");
    if LABELS.contains(words.as_str()) { &text[start..] } else { text }
}

/// The digits of a number in scientific notation, `9.19876543210E+11`; `Err` when the mantissa
/// has fewer digits than the number, because the rest is gone.
pub(super) fn scientific(text: &str) -> Option<Result<String, Reason>> {
    let (mantissa, exponent) = text.split_once(['E', 'e'])?;
    let exponent: usize = exponent.strip_prefix('+').unwrap_or(exponent).parse().ok()?;
    let (plus, mantissa) = match mantissa.strip_prefix('+') {
        Some(mantissa) => ("+", mantissa),
        None => ("", mantissa),
    };
    let (whole, fraction) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.len() != 1 || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    // A double holds 15 digits for certain (IEEE 754 binary64); what is longer was rounded too.
    if fraction.len() < exponent || exponent >= 15 {
        return Some(Err(Reason::PhoneExcelRounded));
    }
    let (digits, rest) = fraction.split_at(exponent);
    if rest.bytes().any(|byte| byte != b'0') {
        return Some(Err(Reason::PhoneNotANumber));
    }
    Some(Ok(format!("{plus}{whole}{digits}")))
}

/// The number before the tail of a float, `9876543210.0`; `Err` for a tail that is not zero.
/// `0812.3456.7890` is a grouping and no float.
pub(super) fn float(text: &str) -> Option<Result<&str, Reason>> {
    let (whole, fraction) = text.rsplit_once(['.', ','])?;
    let digits = whole.strip_prefix('+').unwrap_or(whole);
    let is_float = digits.bytes().all(|byte| byte.is_ascii_digit())
        && matches!(fraction.len(), 1..=2)
        && fraction.bytes().all(|byte| byte.is_ascii_digit());
    let is_zero = fraction.bytes().all(|byte| byte == b'0');
    // `12.34` and `1234.56` may be groups of a short number, but nobody sets zeros apart.
    if !is_float || digits.len() < if is_zero { SHORTEST } else { 7 } {
        return None;
    }
    Some(if is_zero { Ok(whole) } else { Err(Reason::PhoneNotANumber) })
}

/// The number before a tail that looks like a float's, where spaces or dashes stand in it too:
/// `0171 3920044.0`. It may just as well be a grouping, so this alone proves nothing.
pub(super) fn float_like(text: &str) -> Option<&str> {
    let (whole, fraction) = text.rsplit_once(['.', ','])?;
    let digits = whole.bytes().filter(u8::is_ascii_digit).count();
    (digits >= SHORTEST && matches!(fraction, "0" | "00") && !whole.contains(['.', ',']))
        .then_some(whole)
}

/// The number and its extension: `… x3001`, `… ext. 12`, `…;ext=12`.
pub(super) fn extension(text: &str) -> Option<(&str, &str)> {
    let digits = text.len() - text.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    if !matches!(digits, 1..=7) {
        return None;
    }
    let (before, extension) = text.split_at(text.len() - digits);
    let before = before.trim_end_matches([' ', '.', ':', '=']);
    let marker = EXTENSIONS.iter().find(|marker| {
        before.len() > marker.len()
            && before.as_bytes()[before.len() - marker.len()..]
                .eq_ignore_ascii_case(marker.as_bytes())
    })?;
    let number = before[..before.len() - marker.len()].trim_end_matches([' ', ',', ';', '-']);
    let number_digits = number.bytes().filter(u8::is_ascii_digit).count();
    // An extension behind the last of several numbers is not one of the cell.
    let is_number = number_digits >= SHORTEST
        && !number.contains(|c: char| c.is_alphabetic() || matches!(c, ';' | '|' | ',' | '\n'));
    is_number.then_some((number, extension))
}
