//! Words beside a number: labels, whose it is, notes, flags.
//!
//! They are taken off where exactly one run of digits and layout is left, set off from every word.
//! Whether that run is a number, [`repair`](super::repair) decides.

use std::sync::LazyLock;

use contactmill_phone::Region;
use foldhash::HashSet;
use unicode_normalization::char::is_combining_mark;

use super::{list, shape};
use crate::cells::country::{self, CountryReading};
use crate::data;
use crate::text::says_nothing;

/// A number needs as many digits to stand out among words; `flat 1203` is none.
const FEWEST_DIGITS: usize = 5;

/// More digits are several numbers (ITU-T E.164, with an exit code before them).
const MOST_DIGITS: usize = 17;

/// Words that say only that a number is one, or of which kind.
static LABELS: LazyLock<HashSet<&str>> =
    LazyLock::new(|| data::words(data::PHONE_WORDS, "label").collect());

/// Words for a line that prints what it hears.
static FAX: LazyLock<HashSet<&str>> =
    LazyLock::new(|| data::words(data::PHONE_WORDS, "fax").collect());

/// Words for digits that are no phone number, or for one that is not to be called.
static NO_PHONE: LazyLock<Vec<String>> = LazyLock::new(|| {
    data::words(data::PHONE_WORDS, "no-phone").map(|it| format!(" {it} ")).collect()
});

/// Signs for a number that is not to be called.
const DO_NOT_CALL: [char; 5] = ['🚫', '📵', '⛔', '🔕', '❌'];

/// A number, and what stands beside it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Beside<'t> {
    /// The run of digits and layout.
    pub(super) number: &'t str,
    /// What stands beside it, unless that says no more than that it is a number.
    pub(super) note: Option<String>,
    /// Whether it is said to be the number of a fax machine and nothing else.
    pub(super) is_fax: bool,
    /// Whether it is said to be something else than a phone number that may be called.
    pub(super) is_no_phone: bool,
    /// Whether there is nothing beside it but marks before it, which libphonenumber skips as well.
    pub(super) is_plain: bool,
    /// A country that a flag or a name beside the number says.
    pub(super) country: Option<Country>,
}

/// A country named beside a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Country {
    /// By its flag, which means nothing else.
    Flag(Region),
    /// By a word, which may be a name: `Jordan`.
    Word(Region),
}

/// The one number of the text and what stands beside it; `None` where there is nothing beside it, or
/// more than one run of digits.
pub(super) fn split(text: &str) -> Option<Beside<'_>> {
    let (start, end) = only_run(text)?;
    let (before, number, behind) = (&text[..start], &text[start..end], &text[end..]);
    if before.is_empty() && behind.is_empty() || is_joined(before, behind) {
        return None;
    }
    // The sign belongs to the number.
    if before.trim_end().ends_with("(+)") {
        return None;
    }
    // `-9876543210` is what a formula leaves.
    if before.ends_with('-') && bare(before).is_empty() || shape::has_chat_link(text) {
        return None;
    }
    let parts = [before, behind].map(said);
    if parts.concat().is_empty() && [before, behind].into_iter().all(is_separator) {
        return None;
    }
    let kept: Vec<&str> = parts.concat().into_iter().filter(|part| !is_label(part)).collect();
    let flag = flag(before).or_else(|| flag(behind)).map(Country::Flag);
    let named = || kept.iter().find_map(|part| named(part)).map(Country::Word);
    Some(Beside {
        number,
        note: (!kept.is_empty()).then(|| kept.join("; ")),
        // `(F)` may be anything.
        is_no_phone: [before, behind].into_iter().any(says_no_phone),
        is_fax: parts.iter().flatten().any(|part| part.len() > 1 && says_fax(part)),
        is_plain: kept.is_empty() && parts[1].is_empty() && flag.is_none(),
        country: flag.or_else(named),
    })
}

/// The text behind a label that stands before everything else, perhaps with a number of its own:
/// `Mobile 2:`.
pub(super) fn without_label(text: &str) -> Option<&str> {
    let start = text.find(|c: char| c == '+' || c == '(' || c.is_ascii_digit())?;
    let (label, rest) = text.split_at(start);
    let is_set_off = !label.ends_with(char::is_alphanumeric) || label.chars().count() >= 3;
    if !is_label(bare(label)) || says_fax(label) || says_no_phone(label) || !is_set_off {
        return None;
    }
    let behind_digits = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    let is_counted = rest.len() - behind_digits.len() <= 2;
    Some(behind_digits.strip_prefix(':').filter(|_| is_counted).map_or(rest, str::trim_start))
}

/// A text without digits that may count something, and those: `2. …`, `1) …`, `2 - …`, `24/7 …`,
/// `… (2)`.
pub(super) fn without_count(text: &str) -> Option<(&str, &str)> {
    let is_count = |count: &str| {
        let is_short = matches!(count.len(), 1..=2) && !count.starts_with('0');
        is_short && count.bytes().all(|byte| byte.is_ascii_digit())
    };
    if let Some((number, count)) = text.strip_suffix(')').and_then(|text| text.rsplit_once(" (")) {
        return is_count(count).then_some((number, count));
    }
    let (count, number) = text.split_once(' ')?;
    let number = number.trim_start_matches(['-', ' ']);
    let bare = count.trim_end_matches(['.', ')']);
    let is_set_off = bare.len() < count.len() || text[count.len()..].starts_with(" - ");
    (count == "24/7" || is_set_off && is_count(bare)).then_some((number, count))
}

/// Whether the text says fax before its first digit, and has no other word.
pub(super) fn is_fax(text: &str) -> bool {
    let Some(start) = text.find(|c: char| c.is_ascii_digit()) else { return false };
    let (label, rest) = text.split_at(start);
    says_fax(label) && !rest.contains(char::is_alphabetic)
}

/// The text cut before each label that stands before a number: `home 022… mobile 98…`.
pub(super) fn split_before_labels(text: &str) -> Vec<&str> {
    let mut starts = vec![0];
    for (at, _) in text.match_indices(' ') {
        let rest = &text[at + 1..];
        let end = rest.find(|c: char| c == '+' || c.is_ascii_digit());
        let is_behind_number = text[..at].ends_with(|c: char| c.is_ascii_digit());
        if is_behind_number && end.is_some_and(|end| is_label(bare(&rest[..end]))) {
            starts.push(at + 1);
        }
    }
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    starts.iter().zip(ends).map(|(&start, end)| text[start..end].trim()).collect()
}

/// Whether the part says that the number is that of a fax machine alone: `Fax No.`, but not `Tel/Fax`.
pub(crate) fn says_fax(part: &str) -> bool {
    let words: Vec<String> = words(part).collect();
    let is_fax = |word: &String| FAX.contains(word.as_str());
    if !words.iter().any(is_fax) {
        return false;
    }
    let lower = part.to_lowercase();
    let is_joined = |place: usize, other: usize| {
        let (Some(fax), Some(label)) = (words.get(place), words.get(other)) else { return false };
        let (first, second) = if place < other { (fax, label) } else { (label, fax) };
        let between = lower.find(first.as_str()).zip(lower.rfind(second.as_str()));
        let between = between.and_then(|(at, end)| lower.get(at + first.len()..end));
        LABELS.contains(label.as_str())
            && between.is_some_and(|text| text.contains(['/', '&', '+', ',']))
    };
    words.iter().enumerate().any(|(place, word)| {
        is_fax(word) && !is_joined(place, place + 1) && !(place > 0 && is_joined(place, place - 1))
    })
}

/// Whether the part says that the digits are no phone number, or not to be called: `Invoice`, `not in use`.
pub(crate) fn says_no_phone(part: &str) -> bool {
    // `Rs.` is a currency, `R. S.` are initials.
    let words = part.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let said = words.fold(" ".to_owned(), |said, word| said + &word.to_lowercase() + " ");
    let has_words = said.len() > 1 && NO_PHONE.iter().any(|words| said.contains(words.as_str()));
    has_words || part.contains(DO_NOT_CALL)
}

const fn is_layout(c: char) -> bool {
    matches!(c, '+' | '-' | '.' | '(' | ')' | '/' | '~' | 'ー' | ' ')
}

/// The one run of digits and layout that may be a number, where no other digits stand in the text but
/// `[2]` and the number of a label: `Mobile 2:`.
fn only_run(text: &str) -> Option<(usize, usize)> {
    let mut only = None;
    let mut at = 0;
    while let Some(first) = text[at..].find(|c: char| c.is_ascii_digit()) {
        let first = at + first;
        let start = text[at..first].trim_end_matches(['+', '(', ' ']).len() + at;
        let start = start + text[start..first].len() - text[start..first].trim_start().len();
        let rest = &text[first..];
        let run = rest.find(|c: char| !c.is_ascii_digit() && !is_layout(c)).unwrap_or(rest.len());
        let run = rest[..run].trim_end_matches(|c: char| !c.is_ascii_digit() && c != '+').len();
        // A bracket that was opened within belongs to the number, as does a + behind it.
        let open = text[start..first + run].matches('(').count();
        let closed = text[start..first + run].matches(')').count();
        let run = run + usize::from(open > closed && text[first + run..].starts_with(')'));
        let end = first + run;
        at = end;
        let digits = text[start..end].bytes().filter(u8::is_ascii_digit).count();
        if is_mark(&text[..start], &text[end..], digits) {
            continue;
        }
        if !(FEWEST_DIGITS..=MOST_DIGITS).contains(&digits) || only.is_some() {
            return None;
        }
        only = Some((start, end));
    }
    only
}

/// Whether one or two digits count something: `[2]`, `Mobile 2:`.
fn is_mark(before: &str, behind: &str, digits: usize) -> bool {
    let in_brackets = before.ends_with('[') && behind.starts_with(']');
    let numbers_label = || behind.trim_start().starts_with([':', ')']) && is_label(bare(before));
    digits <= 2 && (in_brackets || numbers_label())
}

/// Whether a word touches the number, as in `98765abc`: the digits may be only a part of something.
fn is_joined(before: &str, behind: &str) -> bool {
    let touches = |c: Option<char>| {
        // The last two make a keycap of a digit; `=20` is a space of quoted-printable.
        c.is_some_and(|c| {
            c.is_alphanumeric()
                || matches!(c, '*' | '#' | '_' | '@' | '=' | '\u{FE0F}' | '\u{20E3}')
        })
    };
    // `Mobile98765…`: the word is known, and too long to be letters that stand for digits.
    let is_known = || before.chars().count() >= 3 && is_label(bare(before));
    touches(behind.chars().next()) || touches(before.chars().next_back()) && !is_known()
        // One letter may be a digit that was mistyped: `98765 4321O`.
        || [before, behind].iter().any(|part| is_lone_letter(part))
}

fn is_lone_letter(part: &str) -> bool {
    let is_set_off = part.contains(['(', '[', ':', '.']);
    let looks_like_digit = |c: char| "oOiIlLsSbBzZgGqQоОзЗ".contains(c);
    let bare = bare(part);
    bare.chars().count() == 1 && bare.contains(looks_like_digit) && !is_set_off
}

/// Whether the part only parts the number from something that says nothing: `; n/a`, ` or -`.
fn is_separator(part: &str) -> bool {
    part.chars().all(|c| c.is_whitespace() || c.is_ascii())
}

/// What a part says, without words and signs that part it from the number, and without `n/a`.
fn said(part: &str) -> Vec<&str> {
    let pieces = list::separated(part).into_iter().map(bare);
    // One letter may say something else: `(O)` is an office.
    let is_word = |piece: &str| piece.len() > 1 && list::is_separator(piece);
    let says_something =
        |piece: &&str| !piece.is_empty() && !says_nothing(piece) && !is_word(piece);
    pieces.filter(says_something).collect()
}

/// The part without what sets it off.
fn bare(part: &str) -> &str {
    let is_edge = |c: char| {
        c.is_whitespace()
            || c.is_ascii_punctuation()
            || c.is_control()
            || !c.is_alphanumeric() && !c.is_ascii()
    };
    // Vowel signs and the like at an end belong to the word.
    part.trim_matches(|c: char| is_edge(c) && !is_combining_mark(c))
}

/// The words of a part, in lower case and without dots: `Tel.` is `tel`.
fn words(part: &str) -> impl Iterator<Item = String> {
    let parted = part.split(|c: char| c != '.' && !c.is_alphanumeric() && !is_combining_mark(c));
    parted.map(|word| word.to_lowercase().replace('.', "")).filter(|word| !word.is_empty())
}

/// Whether the part is one label, or words each of which is one: `Tel/Fax`, `work mobile 2`.
pub(super) fn is_label(part: &str) -> bool {
    let whole = part.to_lowercase().replace('.', "");
    let is_number = |word: &str| word.len() <= 2 && word.bytes().all(|byte| byte.is_ascii_digit());
    let is_known = |word: &str| LABELS.contains(word) || FAX.contains(word);
    LABELS.contains(whole.as_str())
        || words(part).all(|word| is_known(&word) || is_number(&word))
            && words(part).any(|word| is_known(&word))
}

/// The country of a flag: two regional indicator symbols (UTS #51).
fn flag(part: &str) -> Option<Region> {
    let letter = |c: char| char::from_u32(u32::from(c).checked_sub(0x1F1E6)? + u32::from('A'));
    let letters: String =
        part.chars().filter_map(letter).filter(char::is_ascii_uppercase).collect();
    letters.parse().ok()
}

/// The country that a part names: `USA`, `US mobile`, `my number in USA`. Of several words, short ones count only
/// where everybody knows them, as most are other words.
fn named(part: &str) -> Option<Region> {
    let region = |text: &str| match country::read(text) {
        CountryReading::Named(region) => Some(region),
        _ => None,
    };
    let names = |word: &&str| word.len() > 3 || matches!(*word, "US" | "UK" | "USA" | "UAE");
    let words = part.split(|c: char| !c.is_alphanumeric() && !is_combining_mark(c));
    region(part).or_else(|| words.filter(names).find_map(region))
}
