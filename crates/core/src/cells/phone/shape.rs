//! Shapes that are no plain number: floats, links, extensions.
//!
//! They are recognised before anything reads the digits, because a careless reading of most of them
//! gives a longer number that may well be valid.

use std::sync::LazyLock;

use crate::data;
use crate::reason::Reason;
use crate::text::folded;

/// The shortest national numbers have four digits (Tokelau, +690).
const SHORTEST: usize = 4;

/// The international digits of a chat link or id: `wa.me/…`, `…send?phone=…`,
/// `…@s.whatsapp.net`, `…@c.us`. `Err` when it is such a link but holds no number.
pub(super) fn chat_link(text: &str) -> Option<Result<&str, Reason>> {
    if !text.contains(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let mut links = chat_addresses(text);
    let link = links.next();
    if links.next().is_some() {
        // A list of links.
        return None;
    }
    let tail = if let Some(end) = link {
        &text[end..]
    } else {
        let (id, host) = text.split_once('@')?;
        if !["s.whatsapp.net", "c.us"].iter().any(|known| host.eq_ignore_ascii_case(known)) {
            return None;
        }
        // `919876543210:12@s.whatsapp.net` names a device of the number.
        let (number, device) = id.split_once(':').unwrap_or((id, ""));
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

/// Addresses behind which a chat service has a number.
const CHAT_ADDRESSES: [(&str, &str); 6] = [
    ("wa.me/", ""),
    ("api.whatsapp.com/", "phone="),
    ("web.whatsapp.com/", "phone="),
    ("www.whatsapp.com/", "phone="),
    ("whatsapp://send", "phone="),
    ("whatsapp:send", "phone="),
];

/// Where the numbers of chat links begin. An address within another, `example.com/wa.me/`, is none.
fn chat_addresses(text: &str) -> impl Iterator<Item = usize> {
    let mut ends = Vec::new();
    // All addresses have one of these, and few numbers.
    let is_candidate = text.contains(['/', ':']);
    let lower = if is_candidate { text.to_ascii_lowercase() } else { String::new() };
    for (address, parameter) in CHAT_ADDRESSES.into_iter().filter(|_| is_candidate) {
        for (at, _) in lower.match_indices(address) {
            let before = &lower[..at];
            let begins = before.ends_with("://")
                || before.ends_with("www.")
                || !before.ends_with(|c: char| c.is_alphanumeric() || "/.-_".contains(c));
            let behind = at + address.len();
            let number = lower[behind..].find(parameter).map(|at| behind + at + parameter.len());
            ends.extend(number.filter(|_| begins));
        }
    }
    ends.sort_unstable();
    ends.dedup();
    ends.into_iter()
}

/// Whether a link of a chat service stands somewhere in the text, perhaps beside others.
pub(super) fn has_chat_link(text: &str) -> bool {
    chat_addresses(text).next().is_some()
}

/// `0xx11 98765-4321`, `(0XX11) …`, `0**11 …` without the letters.
pub(super) fn without_carrier_wildcard(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let wildcard = ["xx", "**"].into_iter().find(|wildcard| lower.contains(wildcard))?;
    let at = lower.find(wildcard)?;
    let before = lower[..at].trim_end_matches([' ', '-']);
    let before = before.strip_suffix('0').unwrap_or(before);
    let behind = &text[at + wildcard.len()..];
    let is_area =
        behind.trim_start_matches([' ', '-', '(', ')']).starts_with(|c: char| c.is_ascii_digit());
    let is_first = before.trim_end_matches([' ', '(']).chars().all(|c| "+(5)- ".contains(c));
    (is_area && is_first).then(|| format!("{}{behind}", &text[..before.len()]))
}

/// A word between a number and its extension.
struct Marker {
    word: &'static str,
    folded: String,
    /// Its length, in characters.
    length: usize,
}

static EXTENSIONS: LazyLock<Vec<Marker>> = LazyLock::new(|| {
    let words = data::words(data::PHONE_WORDS, "extension");
    words.map(|word| Marker { word, folded: folded(word), length: word.chars().count() }).collect()
});

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
    let is_float = all_digits(digits) && matches!(fraction.len(), 1..=2) && all_digits(fraction);
    let is_zero = fraction.bytes().all(|byte| byte == b'0');
    // `12.34` and `1234.56` may be groups of a short number, but nobody sets zeros apart.
    if !is_float || digits.len() < if is_zero { SHORTEST } else { 7 } {
        return None;
    }
    Some(if is_zero { Ok(whole) } else { Err(Reason::PhoneNotANumber) })
}

/// The number before a tail that looks like a float's, where spaces or dashes stand in it too
/// (`0171 3920044.0`), or where the tail is long enough for a group (`9876543210.000`). It may just as
/// well be a grouping, so this alone proves nothing.
pub(super) fn float_like(text: &str) -> Option<&str> {
    let (whole, fraction) = text.rsplit_once(['.', ','])?;
    let digits = whole.bytes().filter(u8::is_ascii_digit).count();
    let is_tail = !fraction.is_empty() && fraction.bytes().all(|byte| byte == b'0');
    (digits >= SHORTEST && is_tail && !whole.contains(['.', ','])).then_some(whole)
}

/// The number and its extension: `… x3001`, `… ext. 12`, `… (ext 12)`, `…;ext=12`.
pub(super) fn extension(text: &str) -> Option<(&str, &str)> {
    // `(ext 12)`
    let bracketed = |open, close| text.strip_suffix(close)?.rsplit_once(open);
    let (outside, inside) = match bracketed('(', ')').or_else(|| bracketed('[', ']')) {
        Some((outside, inside)) => (outside.trim_end(), inside),
        None => ("", text),
    };
    let digits = inside.len() - inside.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    if !matches!(digits, 1..=7) {
        return None;
    }
    let (before, extension) = inside.split_at(inside.len() - digits);
    let before = before.trim_end_matches([' ', '.', ':', '=']);
    // A letter or `#`: what stands before the last digits of nearly all cells is another digit.
    before
        .ends_with(|c: char| c == '#' || c.is_ascii_alphabetic() || !c.is_ascii())
        .then_some(())?;
    let number = EXTENSIONS.iter().find_map(|marker| marker.taken_off(before))?;
    let number = if outside.is_empty() {
        number.trim_end_matches([' ', ',', ';', '-'])
    } else if number.is_empty() {
        outside
    } else {
        return None;
    };
    let number_digits = number.bytes().filter(u8::is_ascii_digit).count();
    // An extension behind the last of several numbers is not one of the cell.
    let is_number = number_digits >= SHORTEST && !number.contains([';', '|', ',', '\n']);
    is_number.then_some((number, extension))
}

impl Marker {
    /// The text before the word at its end, which is no part of another word.
    fn taken_off<'t>(&self, text: &'t str) -> Option<&'t str> {
        let (at, _) = text.char_indices().nth_back(self.length.checked_sub(1)?)?;
        let (before, end) = text.split_at(at);
        let is_word = || end.chars().all(char::is_alphabetic);
        // Nearly all texts are ASCII, and nothing need be made to compare them.
        let is_same = match end.is_ascii() {
            true => {
                end.eq_ignore_ascii_case(self.word)
                    || is_word() && end.eq_ignore_ascii_case(&self.folded)
            }
            false => end.to_lowercase() == self.word || is_word() && folded(end) == self.folded,
        };
        (is_same && !before.ends_with(char::is_alphabetic)).then_some(before)
    }
}

fn all_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// What the end of a number may be beside a part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OddEnding {
    /// The ending of another number, or an area code: `051-234-5678~9`, `3123-4567 (11)`.
    Sure,
    /// The same, or an extension where those belong to the number: `5551234-5`.
    UnlessExtension,
}

/// How the number ends, if not with a group as numbers have them.
pub(super) fn odd_ending(text: &str) -> Option<OddEnding> {
    odd_ending_of(text.trim_end().as_bytes())
}

pub(super) fn odd_ending_of(text: &[u8]) -> Option<OddEnding> {
    /// Fewer digits are an area code or a part of a number, and not all of it.
    const MOST_OF_A_NUMBER: usize = 6;
    let is_bracketed = text.last() == Some(&b')');
    let text = if is_bracketed { &text[..text.len() - 1] } else { text };
    let digits_at_end = |text: &[u8]| text.iter().rev().take_while(|b| b.is_ascii_digit()).count();
    let last = digits_at_end(text);
    if last == 0 || last > 3 && !is_bracketed {
        return None;
    }
    let before = &text[..text.len() - last];
    let signs = before.iter().rev().take_while(|byte| !byte.is_ascii_digit()).count();
    let (before, signs) = before.split_at(before.len() - signs);
    // Nearly all numbers end here.
    if !signs.iter().any(|sign| matches!(sign, b'~' | b'(' | b')' | b'-')) {
        return None;
    }
    if before.iter().filter(|byte| byte.is_ascii_digit()).count() < MOST_OF_A_NUMBER {
        return None;
    }
    let has = |sign: u8| signs.contains(&sign);
    if has(b'+') {
        return None;
    }
    let digits_in_brackets = || {
        let inside = before.rsplit(|&byte| byte == b'(').next().unwrap_or_default();
        inside.iter().filter(|byte| byte.is_ascii_digit()).count()
    };
    let is_behind_brackets = has(b')') && digits_in_brackets() >= MOST_OF_A_NUMBER;
    // Others have these between all of their groups.
    let is_range = has(b'~') && !before.contains(&b'~');
    let is_spaced_hyphen = signs == b" - " && !before.windows(3).any(|signs| signs == b" - ");
    if is_range || has(b'(') || is_behind_brackets {
        return Some(OddEnding::Sure);
    }
    let is_short =
        is_spaced_hyphen && last <= 3 || signs == b"-" && last <= 2 && digits_at_end(before) >= 5;
    is_short.then_some(OddEnding::UnlessExtension)
}
