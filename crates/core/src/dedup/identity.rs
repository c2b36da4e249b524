//! Whether two contacts may be one person.

use std::borrow::Cow;
use std::sync::LazyLock;

use foldhash::HashSet;
use unicode_normalization::char::is_combining_mark;

use crate::contact::{Contact, ContactName};
use crate::data;
use crate::recent::{Recent, ShortText};
use crate::text::{folded, is_joiner};

/// Titles, particles and the like, which names of different people share.
static COMMON: LazyLock<HashSet<&str>> =
    LazyLock::new(|| data::rows(data::NAME_WORDS).map(|[_, _, word]| word).collect());

/// Whether two names may be one person's: one is missing, or they share a word. Case, accents and the
/// order of words do not count; initials, numbers, titles and particles are no words.
pub(crate) fn names_agree(one: &ContactName<'_>, other: &ContactName<'_>) -> bool {
    if one.stands_in() || other.stands_in() || one.as_str().eq_ignore_ascii_case(other.as_str()) {
        return true;
    }
    let (one, other) = (one.as_str(), other.as_str());
    let words: Vec<Cow<'_, str>> = words(one).collect();
    let is_shared = |word: &Cow<'_, str>| words.iter().any(|own| own.eq_ignore_ascii_case(word));
    self::words(other).any(|word| is_shared(&word) && tells(&word))
        || is_written_otherwise(one, other)
}

/// The same letters and digits, with other spaces and marks between: `山田太郎`, `山田 太郎`.
fn is_written_otherwise(one: &str, other: &str) -> bool {
    let letters = |name: &str| {
        let is_ascii = |byte: &u8| byte.is_ascii_alphanumeric();
        name.is_ascii().then(|| name.bytes().filter(is_ascii).count())
    };
    // Nearly all that differ do so here.
    if let (Some(one), Some(other)) = (letters(one), letters(other))
        && one != other
    {
        return false;
    }
    let one = folded(one);
    !one.is_empty() && one == folded(other)
}

/// Whether contacts with two forms of a number may be one person: as [`names_agree`] says, or by the
/// e-mail. Where a name is missing, different e-mails speak against it.
pub(crate) fn may_be_one(one: &Contact<'_>, other: &Contact<'_>) -> bool {
    let same_email = match (&one.email, &other.email) {
        (Some(one), Some(other)) => Some(one.as_str().eq_ignore_ascii_case(other.as_str())),
        _ => None,
    };
    let name_is_missing = one.name.stands_in() || other.name.stands_in();
    match same_email {
        Some(true) => true,
        Some(false) if name_is_missing => false,
        _ => names_agree(&one.name, &other.name),
    }
}

/// The words of a name, [`folded`] but for the case of ASCII.
fn words(name: &str) -> impl Iterator<Item = Cow<'_, str>> {
    let is_inside = |c: char| {
        c.is_alphanumeric() || is_combining_mark(c) || is_joiner(c) || matches!(c, '\'' | '’')
    };
    name.split(move |c| !is_inside(c)).filter(|word| !word.is_empty()).map(|word| {
        match word.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            true => Cow::Borrowed(word),
            false => Cow::Owned(folded_word(word)),
        }
    })
}

/// [`folded`]; words of names come again.
fn folded_word(word: &str) -> String {
    thread_local! {
        static RECENT: Recent<Option<ShortText>> = const { Recent::new() };
    }
    let known = RECENT.with(|recent| recent.value_of(word, |word| ShortText::new(&folded(word))));
    known.map_or_else(|| folded(word), |text| text.as_str().to_owned())
}

/// Whether a word tells people apart. One letter is an initial, save in scripts without case, where
/// it may be a whole name.
fn tells(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    let mut chars = word.chars();
    let is_initial = chars.next().is_some_and(char::is_lowercase) && chars.next().is_none();
    !is_initial && word.contains(char::is_alphabetic) && !COMMON.contains(&*word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Normalizer, Options, RawContact};

    #[test]
    fn forms_of_a_number_are_one_by_name_or_by_e_mail() {
        let contact = |name: &str, email: &str| {
            let mut raw = RawContact::default();
            raw.names.push(name);
            raw.phones.push("+91 98765 43210");
            raw.emails.push(email);
            Normalizer::new(Options::default()).normalize(&raw).unwrap().contact.into_owned()
        };
        let [a, b] = ["a@example.com", "b@example.com"];
        for (one, other, expected) in [
            (("Asha", a), ("Asha V", b), true),
            (("Asha", a), ("Ravi", "A@example.com"), true),
            (("Asha", a), ("Ravi", b), false),
            (("Asha", a), ("Ravi", ""), false),
            (("Asha", ""), ("Ravi", ""), false),
            (("", a), ("Ravi", b), false),
            (("", a), ("Ravi", ""), true),
            (("", ""), ("", ""), true),
        ] {
            let (one, other) = (contact(one.0, one.1), contact(other.0, other.1));
            assert_eq!(may_be_one(&one, &other), expected, "{one:?} {other:?}");
            assert_eq!(may_be_one(&other, &one), expected, "{one:?} {other:?}");
        }
    }

    #[test]
    fn common_words_are_as_names_compare() {
        for word in COMMON.iter() {
            assert_eq!(folded(word), *word);
        }
    }
}
