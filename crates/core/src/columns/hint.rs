//! What a column may hold by its header, if its cells agree; and what it surely is not.

use std::sync::LazyLock;

use foldhash::HashMap;

use crate::columns::header::{
    self, HeaderMeaning, HeaderParts, PhoneRank, WORDS, camel_case_words, exact, is_of_others,
    single_meaning, words_of,
};
use crate::columns::party::{self, Party, Standing, without_party};
use crate::data;
use crate::text::folded;

/// What stands in `data/headers.tsv` before the meaning of headers that only hint at it.
pub(crate) const MAYBE: &str = "maybe.";

/// Whether the words of a cell are those of a header for contacts.
pub(crate) fn is_label(cell: &str) -> bool {
    header::meaning(cell).is_some() || party::meaning(cell).is_some()
}

/// Whether a cell is a word for what a column of contacts holds, or may hold, or for whose it is.
pub(crate) fn is_header_word(cell: &str) -> bool {
    is_label(cell) || hint(cell).is_some() || hint_of_party(cell).is_some()
}

/// What a header may say its column holds, if its cells agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeaderHint {
    Name,
    CallingCode,
    Phone(PhoneRank),
}

impl HeaderHint {
    /// The hint at a meaning, where there is one.
    pub(crate) const fn of(meaning: HeaderMeaning) -> Option<Self> {
        match meaning {
            HeaderMeaning::Name => Some(HeaderHint::Name),
            HeaderMeaning::CallingCode => Some(HeaderHint::CallingCode),
            HeaderMeaning::Phone(rank) => Some(HeaderHint::Phone(rank)),
            _ => None,
        }
    }

    /// What it hints at.
    pub(crate) const fn meaning(self) -> HeaderMeaning {
        match self {
            HeaderHint::Name => HeaderMeaning::Name,
            HeaderHint::CallingCode => HeaderMeaning::CallingCode,
            HeaderHint::Phone(rank) => HeaderMeaning::Phone(rank),
        }
    }
}

/// The headers of `data/headers.tsv` that leave open what their columns hold, folded.
static HINTS: LazyLock<HashMap<String, HeaderHint>> = LazyLock::new(|| {
    let hint = |[kind, _, header]: [&str; 3]| {
        let meaning = HeaderMeaning::of_kind(kind.strip_prefix(MAYBE)?)?;
        Some((folded(header), HeaderHint::of(meaning)?))
    };
    data::rows(data::HEADERS).filter_map(hint).collect()
});

/// What a header hints at.
pub(crate) fn hint(header: &str) -> Option<HeaderHint> {
    single_hint(header).or_else(|| of_parts(&HeaderParts::of(header)?))
}

/// What the header of a party's column hints at, without the words for the party.
pub(crate) fn hint_of_party(header: &str) -> Option<HeaderHint> {
    hint(&without_party(header)?)
}

/// What a header that says one thing hints at.
fn single_hint(header: &str) -> Option<HeaderHint> {
    HINTS.get(folded(header).trim_end_matches(|c: char| c.is_ascii_digit())).copied()
}

/// What some parts of a header mean or hint at, where no other says something else.
fn of_parts(parts: &HeaderParts<'_>) -> Option<HeaderHint> {
    let mut found: Option<HeaderHint> = None;
    for text in parts.alternatives.iter().chain(&parts.remarks) {
        let hint = match single_meaning(text) {
            Some(HeaderMeaning::CallingCode) => return None,
            Some(meaning) => HeaderHint::of(meaning)?,
            None if is_of_something_else(text) => return None,
            None => match single_hint(text) {
                // Beside other words, a code or a prefix is of something else.
                None | Some(HeaderHint::CallingCode) => continue,
                Some(hint) => hint,
            },
        };
        found = match (found, hint) {
            (None, hint) => Some(hint),
            (Some(HeaderHint::Phone(one)), HeaderHint::Phone(other)) => {
                Some(HeaderHint::Phone(one.min(other)))
            }
            (Some(HeaderHint::Name), HeaderHint::Name) => found,
            _ => return None,
        };
    }
    found
}

/// Whether a header may be that of country calling codes: one that hints at them, or that speaks of a code and
/// of a phone or a country, and of nothing else: `WhatsApp Country Code`.
pub(crate) fn may_be_calling_code(header: &str) -> bool {
    if hint(header) == Some(HeaderHint::CallingCode) {
        return true;
    }
    // `WhatsApp` is one word, `phoneCode` two.
    let is_of_word = |c: char| c.is_alphanumeric() || !c.is_ascii() && !c.is_whitespace();
    let whole = header.split(|c: char| !is_of_word(c)).filter(|word| !word.is_empty());
    speaks_of_codes(whole) || speaks_of_codes(words_of(header).into_iter())
}

/// Whether words speak of a code and of a phone or a country, and of nothing else.
fn speaks_of_codes<'h>(words: impl Iterator<Item = &'h str>) -> bool {
    let (mut has_code, mut has_subject) = (false, false);
    let mut is_fitting = |word: String| {
        let is_code = HINTS.get(&word) == Some(&HeaderHint::CallingCode);
        let is_subject = matches!(
            exact(&word),
            Some(HeaderMeaning::Phone(_) | HeaderMeaning::Country | HeaderMeaning::CallingCode)
        );
        has_code |= is_code;
        has_subject |= is_subject;
        let beside =
            [&WORDS.beside_phone, &WORDS.asking, &WORDS.person_steps, &WORDS.country_remarks];
        is_code
            || is_subject
            || word.bytes().all(|byte| byte.is_ascii_digit())
            || beside.iter().any(|words| words.contains(&word))
    };
    words.map(folded).all(&mut is_fitting) && has_code && has_subject
}

/// Whether the words of a header leave a country in it that of the contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CountryHeader {
    /// They do: `Country/Region Name`.
    Own,
    /// One of them is not known: `Country of the warranty`.
    Perhaps,
}

/// What a header says that speaks of a country in words that are not known as a whole. `None` where it speaks of
/// none, or of another: `Country of birth`.
pub(crate) fn speaks_of_country(header: &str) -> Option<CountryHeader> {
    let (mut has_country, mut are_known) = (false, true);
    let words = words_of(header);
    let is_phone = |word: &&str| matches!(exact(&folded(word)), Some(HeaderMeaning::Phone(_)));
    let is_of_phone = words.iter().any(is_phone);
    for word in words {
        let party = Party::of(word).standing();
        let word = folded(word);
        if WORDS.other_countries.contains(&word) || party >= Standing::Other {
            return None;
        }
        // `Phone Region` may be a state, whose codes are those of countries.
        let is_region = is_of_phone && WORDS.phone_regions.contains(&word);
        let is_country = exact(&word) == Some(HeaderMeaning::Country)
            || is_of_phone && WORDS.phone_countries.contains(&word);
        has_country |= is_country || is_region;
        let beside = [
            &WORDS.country_remarks,
            &WORDS.beside_phone,
            &WORDS.home_or_work,
            &WORDS.asking,
            &WORDS.person_steps,
        ];
        are_known &= !is_region;
        are_known &= is_country
            || party != Standing::Contact
            || word.bytes().all(|byte| byte.is_ascii_digit())
            || beside.iter().any(|words| words.contains(&word));
    }
    let says = if are_known { CountryHeader::Own } else { CountryHeader::Perhaps };
    has_country.then_some(says)
}

/// Whether a header speaks of another country than that of the contact's phone: `Country of birth`.
pub(crate) fn speaks_of_other_country(header: &str) -> bool {
    words_of(header).into_iter().any(|word| WORDS.other_countries.contains(&folded(word)))
}

/// Whether a header speaks of other things than how to reach the contact.
pub(crate) fn is_of_something_else(header: &str) -> bool {
    let mut words = header.split(|c: char| !c.is_alphanumeric());
    Party::of(header).standing() >= Standing::Other
        || words.any(|word| WORDS.something_else.contains(&folded(word)))
}
impl PhoneRank {
    /// The rank of a phone by its label, such as `Mobile`, `workMobile` or `cell, home`. The words are
    /// those of headers.
    ///
    /// ```
    /// use contactmill_core::columns::PhoneRank;
    ///
    /// assert_eq!(PhoneRank::of_label("WhatsApp"), PhoneRank::WhatsApp);
    /// assert_eq!(PhoneRank::of_label("workMobile"), PhoneRank::Mobile);
    /// assert_eq!(PhoneRank::of_label("other"), PhoneRank::Phone);
    /// ```
    #[must_use]
    pub fn of_label(label: &str) -> PhoneRank {
        if let Some(rank) = PhoneRank::of_word(label) {
            return rank;
        }
        let mut last = None;
        let mut best = PhoneRank::Phone;
        for token in label.split(|c: char| !c.is_alphanumeric()) {
            let words = match PhoneRank::of_word(token) {
                Some(_) => vec![token],
                None => camel_case_words(token),
            };
            for rank in words.into_iter().filter_map(PhoneRank::of_word) {
                best = best.min(rank);
                last = last.max(Some(rank));
            }
        }
        // A mobile at work is a mobile, but a phone at work is not just a phone.
        if best < PhoneRank::Phone { best } else { last.unwrap_or(best) }
    }

    fn of_word(word: &str) -> Option<PhoneRank> {
        let folded = folded(word);
        match (exact(&folded), single_hint(word)) {
            (Some(HeaderMeaning::Phone(rank)), _) | (None, Some(HeaderHint::Phone(rank))) => {
                Some(rank)
            }
            // Address books of Apple have this label for a mobile.
            _ if folded == "iphone" => Some(PhoneRank::Mobile),
            _ if is_of_others(word) => Some(PhoneRank::HomeOrWork),
            _ => None,
        }
    }
}
