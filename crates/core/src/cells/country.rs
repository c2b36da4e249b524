//! Country cells: ISO 3166 codes, names, calling codes.

use std::borrow::Cow;
use std::sync::LazyLock;

use contactmill_phone::Region;
use foldhash::HashMap;

use crate::cells::phone::layout;
use crate::data;
use crate::text::{folded, is_plain, says_nothing};

/// The regions by alpha-3 code and name, folded.
static NAMES: LazyLock<HashMap<String, Region>> = LazyLock::new(|| {
    let mut names = HashMap::default();
    for [region, alpha_3, all] in data::rows(data::COUNTRIES) {
        let Ok(region) = region.parse() else { continue };
        for name in std::iter::once(alpha_3).chain(all.split('|')) {
            names.insert(folded(name), region);
        }
    }
    names
});

/// What a country cell says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CountryReading {
    /// Nothing, or nothing that is understood: the default region stands.
    Nothing,
    /// A country by its name or code.
    Named(Region),
    /// A known country calling code: with the phone cell it makes one number.
    CallingCode(u16),
    /// `NA`, which is Namibia, and what statistics programs write for a missing value.
    NamibiaOrNothing,
    /// Digits that are no calling code: the number's country is not the default one, but which it
    /// is cannot be known.
    Unreadable,
}

/// The region with this name or alpha-3 code, however it is spelt.
fn named(text: &str) -> Option<Region> {
    // Nearly all are words of ASCII letters, which need no text of their own to be folded.
    let mut letters = [0; 32];
    if text.len() <= letters.len() && text.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        let letters = &mut letters[..text.len()];
        letters.copy_from_slice(text.as_bytes());
        letters.make_ascii_lowercase();
        return NAMES.get(std::str::from_utf8(letters).ok()?).copied();
    }
    NAMES.get(folded(text).as_str()).copied()
}

/// Reads a country cell.
pub(crate) fn read(cell: &str) -> CountryReading {
    let text = match cell.starts_with(|c: char| c.is_ascii_alphabetic()) && is_plain(cell) {
        // Nothing to tidy but a quote at its end.
        true if !cell.ends_with(['"', '\'', '`']) => Cow::Borrowed(cell),
        _ => layout::tidy(cell),
    };
    let text = text.as_ref();
    if text == "NA" {
        return CountryReading::NamibiaOrNothing;
    }
    if let Ok(region) = text.parse() {
        return CountryReading::Named(region);
    }
    if text.is_empty() || says_nothing(text) {
        return CountryReading::Nothing;
    }
    if let Some(region) = named(text) {
        return CountryReading::Named(region);
    }
    let Some(start) = text.find(|c: char| c.is_ascii_digit()) else {
        // `Ivory Coast (Abidjan)`: what stands before the bracket is the name.
        let name = text.split_once('(').map_or("", |(name, _)| name);
        return named(name).map_or(CountryReading::Nothing, CountryReading::Named);
    };
    // `India (+91)`, `UK +44`: name and code must agree, as far as the name is understood.
    let (name, code) = text.split_at(start);
    let code = calling_code(code);
    let by_code = code.and_then(Region::of_calling_code);
    let name = folded(name);
    let by_name = named(&name).or_else(|| name.parse().ok());
    match (by_code.zip(code), by_name) {
        (Some((_, code)), None) if name.is_empty() => CountryReading::CallingCode(code),
        (Some((main, _)), Some(region)) if main.calling_code() == region.calling_code() => {
            CountryReading::Named(region)
        }
        _ => CountryReading::Unreadable,
    }
}

/// `91`, `0091`, `91)`, `1-876` or `91.0` as a calling code.
fn calling_code(text: &str) -> Option<u16> {
    let text = text.strip_suffix(".0").unwrap_or(text);
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.strip_prefix("00").unwrap_or(&digits);
    if !text.chars().all(|c| c.is_ascii_digit() || "-() ".contains(c)) {
        return None;
    }
    match digits.len() {
        1..=3 => digits.parse().ok(),
        // The islands of the North American plan are named by 1 and their area code.
        4 if digits.starts_with('1') => Some(1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_region_is_listed_and_no_name_stands_for_two() {
        let mut seen: HashMap<String, &str> = HashMap::default();
        let mut regions = 0;
        for [code, alpha_3, names] in data::rows(data::COUNTRIES) {
            code.parse::<Region>().unwrap();
            regions += 1;
            for name in std::iter::once(alpha_3).chain(names.split('|')) {
                if let Some(other) = seen.insert(folded(name), code) {
                    assert_eq!(other, code, "{name}");
                }
            }
        }
        assert_eq!(regions, Region::ALL.len() - 1);
    }
}
