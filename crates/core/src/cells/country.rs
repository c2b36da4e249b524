//! Country cells: ISO 3166 codes, names in many languages, flags, calling codes.

use std::borrow::Cow;
use std::sync::LazyLock;

use contactmill_phone::Region;
use foldhash::{HashMap, HashSet};
use unicode_normalization::UnicodeNormalization;

use crate::cells::phone::layout;
use crate::data;
use crate::recent::Recent;
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

/// The regions by their names in CLDR, which are folded there: thousands, for runs that meet a name of
/// another language.
static CLDR_NAMES: LazyLock<HashMap<&str, Region>> = LazyLock::new(|| {
    let rows = data::rows(data::COUNTRY_NAMES);
    rows.filter_map(|[name, region]| Some((name, region.parse().ok()?))).collect()
});

/// What forms put where no country was chosen, folded.
static PLACEHOLDERS: LazyLock<HashSet<String>> =
    LazyLock::new(|| data::words(data::PLACEHOLDERS, "country").map(folded).collect());

/// The first of the names of a region.
pub(crate) fn english_name(region: Region) -> Option<&'static str> {
    let mut rows = data::rows(data::COUNTRIES);
    let [_, _, names] = rows.find(|[code, _, _]| *code == region.as_str())?;
    names.split('|').next()
}

/// What a country cell says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CountryReading {
    /// Nothing: the default region stands.
    Nothing,
    /// A country by its name, code or flag.
    Named(Region),
    /// A known country calling code: with the phone cell it makes one number.
    CallingCode(u16),
    /// `NA`, which is Namibia, and what statistics programs write for a missing value.
    NamibiaOrNothing,
    /// Something else, or two countries: the record says that it is from somewhere, but not from
    /// where. The default region does not stand, as it would make valid numbers of many that are
    /// foreign.
    NotUnderstood,
}

/// A cell that is longer holds no country.
const MAX_BYTES: usize = 250;

/// Countries that need more than their name behind a city: `Atlanta, Georgia` is in a state of that
/// name, `Minna, Niger` too, `Matadi, Congo` in the other Congo.
const NOT_BEHIND_A_CITY: [Region; 3] = [Region::GE, Region::CG, Region::NE];

/// Words that make another country of one: `Samoa (American)`, which is no name.
const TELL_APART: [&str; 18] = [
    "american",
    "british",
    "democratic",
    "dr",
    "dutch",
    "east",
    "eastern",
    "equatorial",
    "french",
    "north",
    "northern",
    "republic",
    "south",
    "southern",
    "state",
    "us",
    "west",
    "western",
];

/// What stands between a city and its country.
const COMMAS: [char; 4] = [',', '،', '，', '、'];

/// The region with this name or alpha-3 code, however it is spelt.
fn named(text: &str) -> Option<Region> {
    // Nearly all are words of ASCII letters, which need no text of their own to be folded.
    let mut letters = [0; 32];
    if text.len() <= letters.len() && text.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        let letters = &mut letters[..text.len()];
        letters.copy_from_slice(text.as_bytes());
        letters.make_ascii_lowercase();
        let name = std::str::from_utf8(letters).ok()?;
        return NAMES.get(name).or_else(|| CLDR_NAMES.get(name)).copied();
    }
    let name = folded(text);
    let known = NAMES.get(name.as_str()).or_else(|| match name.chars().nth(2) {
        Some(_) => CLDR_NAMES.get(name.as_str()),
        // `Áo` is Austria, and `ao` the code of Angola.
        None => CLDR_NAMES.get(text.trim().nfc().collect::<String>().to_lowercase().as_str()),
    });
    known.copied()
}

/// Without brackets, dashes and the like around it.
fn bare(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || c.is_ascii_punctuation() && c != '.')
}

/// The region with this name or code.
fn region(text: &str) -> Option<Region> {
    let text = bare(text);
    text.parse().ok().or_else(|| named(text))
}

/// Reads a country cell.
pub(crate) fn read(cell: &str) -> CountryReading {
    thread_local! {
        static RECENT: Recent<CountryReading> = const { Recent::new() };
    }
    RECENT.with(|recent| recent.value_of(cell, read_anew))
}

fn read_anew(cell: &str) -> CountryReading {
    let text = match cell.starts_with(|c: char| c.is_ascii_alphabetic()) && is_plain(cell) {
        // Nothing to tidy but what may stand at its end.
        true if cell.ends_with(|c: char| c.is_ascii_alphanumeric() || c == ')') => {
            Cow::Borrowed(cell)
        }
        _ => layout::tidy(cell),
    };
    let text = text.as_ref();
    if is_na(text) {
        return CountryReading::NamibiaOrNothing;
    }
    if let Ok(region) = text.parse() {
        return CountryReading::Named(region);
    }
    if text.is_empty() || says_nothing(text) {
        return CountryReading::Nothing;
    }
    // A flag would not show in a name.
    if (text.is_ascii() || !text.contains(is_of_flag))
        && let Some(region) = named(text)
    {
        return CountryReading::Named(region);
    }
    if text.len() > MAX_BYTES {
        return CountryReading::NotUnderstood;
    }
    match of_signs(text) {
        CountryReading::NotUnderstood if PLACEHOLDERS.contains(folded(text).as_str()) => {
            CountryReading::Nothing
        }
        CountryReading::NotUnderstood => {
            of_list(text).map_or(CountryReading::NotUnderstood, CountryReading::Named)
        }
        reading => reading,
    }
}

/// `NA`, `na`, `(NA)`, `NA / NA`: nothing but the code of Namibia, which rather says that there is no value.
fn is_na(text: &str) -> bool {
    let mut words = words(text).peekable();
    words.peek().is_some()
        && words.all(|word| word.eq_ignore_ascii_case("NA"))
        && !text.contains(is_of_flag)
}

/// `Boston, MA`, `Gary, (IN)`, `Muncie, Ind.`: codes of states and first names are as short as those of
/// countries, but for a few that everybody knows.
fn is_short(word: &str) -> bool {
    let is_known = ["UK", "USA", "UAE"].iter().any(|known| word.eq_ignore_ascii_case(known));
    matches!(word.len(), 2 | 3) && word.is_ascii() && !is_known
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// `Mumbai, India`: what stands behind the last comma, unless another country stands before it.
fn of_list(text: &str) -> Option<Region> {
    let (before, last) = text.rsplit_once(COMMAS)?;
    let CountryReading::Named(region) = of_signs(last) else { return None };
    if words(last).all(is_short) || NOT_BEHIND_A_CITY.contains(&region) {
        return None;
    }
    let contradicts = |piece: &str| match of_signs(piece) {
        CountryReading::Named(other) => other != region && !NOT_BEHIND_A_CITY.contains(&other),
        CountryReading::CallingCode(code) => region.calling_code() != Some(code),
        _ => false,
    };
    (!before.split(COMMAS).any(contradicts)).then_some(region)
}

/// `India (+91)`, `UK +44`, `🇮🇳 India`: flag, country calling code and name must agree.
fn of_signs(text: &str) -> CountryReading {
    let signs = || {
        let (flag, rest) = without_flag(text)?;
        let (code, rest) = without_calling_code(&rest)?;
        let name = if folded(&rest).is_empty() { None } else { Some(of_words(&rest)?) };
        Some((flag, code, name))
    };
    let Some((flag, code, name)) = signs() else { return CountryReading::NotUnderstood };
    match (flag.or(name), code) {
        (Some(region), _) if name.is_some_and(|name| name != region) => {
            CountryReading::NotUnderstood
        }
        (Some(region), Some(code)) if region.calling_code() != Some(code) => {
            CountryReading::NotUnderstood
        }
        (Some(region), _) => CountryReading::Named(region),
        (None, Some(code)) => CountryReading::CallingCode(code),
        (None, None) => CountryReading::NotUnderstood,
    }
}

/// The country of the one flag in a text, and the text without it; `None` for a flag that is no
/// country's, and for several.
fn without_flag(text: &str) -> Option<(Option<Region>, Cow<'_, str>)> {
    if !text.contains(is_of_flag) {
        return Some((None, text.into()));
    }
    let letters: String = text.chars().filter_map(letter_of_flag).collect();
    let rest = text.chars().filter(|&c| !is_of_flag(c)).collect::<String>().into();
    match letters.len() {
        2 | 5 => Some((Some(letters[..2].parse().ok()?), rest)),
        _ => None,
    }
}

/// The letter that a character of a flag stands for. A flag is two letters of a kind of their own; those
/// of England, Scotland and Wales are a black flag and `gbeng`, `gbsct`, `gbwls` in letters of another.
fn letter_of_flag(c: char) -> Option<char> {
    match u32::from(c) {
        letter @ 0x1F1E6..=0x1F1FF => char::from_u32(letter - 0x1F1A5),
        letter @ 0xE0061..=0xE007A => char::from_u32(letter - 0xE0000),
        _ => None,
    }
}

fn is_of_flag(c: char) -> bool {
    matches!(c, '\u{1F3F4}' | '\u{E007F}') || letter_of_flag(c).is_some()
}

/// The country calling code in a text, and the text without it; `None` for digits that are none.
fn without_calling_code(text: &str) -> Option<(Option<u16>, Cow<'_, str>)> {
    let is_digit = |c: char| c.is_ascii_digit();
    let (Some(start), Some(last)) = (text.find(is_digit), text.rfind(is_digit)) else {
        return Some((None, text.into()));
    };
    let code = calling_code(&text[start..=last])?;
    Region::of_calling_code(code)?;
    Some((Some(code), format!("{} {}", &text[..start], &text[last + 1..]).into()))
}

/// The region that a text names, also turned round (`Korea, Republic of`), twice (`IN - India`), or with a
/// part of its name in brackets: `Sudan (South)`. Other remarks may stand there, but of no other country.
fn of_words(text: &str) -> Option<Region> {
    let turned_round = || {
        let (last, first) = text.rsplit_once(COMMAS)?;
        named(&format!("{first} {last}"))
    };
    let twice = || {
        let gaps = text.match_indices(|c: char| !c.is_alphanumeric());
        let halves = gaps.map(|(at, _)| text.split_at(at));
        let mut behind_words = halves.filter(|(one, _)| one.ends_with(char::is_alphanumeric));
        behind_words
            .find_map(|(one, other)| region(one).filter(|&same| region(other) == Some(same)))
    };
    let with_note = || {
        let (name, note) = text.split_once(['(', '['])?;
        let (name, note) = (bare(name), bare(note));
        if note.is_empty() {
            return named(name);
        }
        let whole =
            || named(&format!("{note} {name}")).or_else(|| named(&format!("{name} {note}")));
        let is_other = |word: &str, known| {
            let is_name = word.len() > 3 || word.bytes().all(|byte| byte.is_ascii_uppercase());
            TELL_APART.contains(&&*folded(word))
                || is_name && region(word).is_some_and(|other| other != known)
        };
        let alone = |&known: &Region| !words(note).any(|word| is_other(word, known));
        whole().or_else(|| named(name).filter(alone))
    };
    region(text).or_else(turned_round).or_else(twice).or_else(with_note)
}

/// `91`, `0091`, `1-876` or `91.0` as a calling code. `031` is none: whoever took it for +31 would guess.
fn calling_code(text: &str) -> Option<u16> {
    let text = text.strip_suffix(".0").unwrap_or(text);
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.strip_prefix("00").unwrap_or(&digits);
    if digits.starts_with('0') || !text.chars().all(|c| c.is_ascii_digit() || "-() ".contains(c)) {
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

    /// Every name of both files with its region.
    fn all_names() -> impl Iterator<Item = (String, Region)> {
        let by_hand = data::rows(data::COUNTRIES).flat_map(|[region, alpha_3, names]| {
            let region: Region = region.parse().unwrap();
            std::iter::once(alpha_3)
                .chain(names.split('|'))
                .map(move |name| (name.to_owned(), region))
        });
        let of_languages = data::rows(data::COUNTRY_NAMES)
            .map(|[name, region]| (name.to_owned(), region.parse().unwrap()));
        by_hand.chain(of_languages)
    }

    #[test]
    fn every_region_is_listed() {
        assert_eq!(data::rows::<1>(data::COUNTRIES).count(), Region::ALL.len() - 1);
    }

    #[test]
    fn every_name_is_understood_and_stands_for_one_region() {
        for (name, region) in all_names() {
            assert_eq!(read(&name), CountryReading::Named(region), "{name}");
            assert_eq!(read(&name.to_uppercase()), CountryReading::Named(region), "{name}");
        }
    }

    #[test]
    fn a_name_beside_its_code_or_flag_is_understood_and_beside_another_is_not() {
        let flag = |region: Region| {
            let letters = region.as_str().chars();
            letters.filter_map(|c| char::from_u32(u32::from(c) + 0x1F1A5)).collect::<String>()
        };
        for (name, region) in all_names().step_by(5) {
            let known = CountryReading::Named(region);
            let other = if region == Region::FR { Region::DE } else { Region::FR };
            for cell in [
                format!("{region} - {name}"),
                format!("{name} ({region})"),
                format!("{} {name}", flag(region)),
            ] {
                assert_eq!(read(&cell), known, "{cell}");
            }
            // `FR - Hong Kong, China` may be a place in China.
            let is_list = name.contains(',');
            let contradictions = [format!("{other} - {name}"), format!("{} {name}", flag(other))];
            for cell in contradictions.into_iter().filter(|_| !is_list) {
                assert_eq!(read(&cell), CountryReading::NotUnderstood, "{cell}");
            }
        }
    }

    #[test]
    fn names_in_other_languages_are_in_order_folded_and_new() {
        let names: Vec<[&str; 1]> = data::rows(data::COUNTRY_NAMES).collect();
        assert!(names.is_sorted_by(|one, other| one < other));
        for [name] in data::rows(data::COUNTRY_NAMES) {
            let is_short = folded(name).chars().nth(2).is_none();
            assert!(is_short || folded(name) == name, "{name}");
            assert!(!NAMES.contains_key(name), "{name} stands in both files");
        }
    }
}
