//! Cells that hold several numbers.

use std::sync::LazyLock;

use super::{PhoneContext, PhoneReading, beside, read_text, repair};
use crate::data;
use crate::reason::{Reason, WarningCode};
use crate::text::says_nothing;

/// Groups within one number have fewer digits.
pub(super) const LONG: usize = 6;

/// What stands between two numbers, and never within one: signs, and words as people write them.
static SEPARATORS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let words = data::words(data::PHONE_WORDS, "between").flat_map(|word| {
        let mut letters = word.chars();
        let capital = letters.next().map(|c| c.to_uppercase().chain(letters).collect());
        [Some(word.to_owned()), capital, Some(word.to_uppercase())].into_iter().flatten()
    });
    let words = words.map(|word| format!(" {word} "));
    [":::", ";", "|"].map(str::to_owned).into_iter().chain(words).collect()
});

/// Whether any of [`SEPARATORS`] may be in the text: a sign or a letter.
fn may_separate(text: &str) -> bool {
    text.bytes().any(|byte| {
        matches!(byte, b':' | b';' | b'|') || !byte.is_ascii() || byte.is_ascii_alphabetic()
    })
}

/// Whether the text is a word that parts numbers: `or`.
pub(super) fn is_separator(text: &str) -> bool {
    SEPARATORS.iter().any(|separator| separator.trim() == text)
}

/// The pieces of a text between what surely separates them, also where there is nothing on one side.
pub(super) fn separated(text: &str) -> Vec<&str> {
    let mut pieces = vec![text];
    for separator in SEPARATORS.iter() {
        pieces = pieces.into_iter().flat_map(|piece| piece.split(separator.as_str())).collect();
    }
    pieces
}

/// Whether the cell has anything that could separate numbers; nearly all have not.
pub(super) fn may_hold_several(text: &str) -> bool {
    text.bytes().any(|byte| matches!(byte, b';' | b'|' | b',' | b'/' | b'\n' | b':' | b'&' | b'\\'))
        || text.bytes().skip(1).any(|byte| byte == b'+')
        // Words, or numbers set apart by spaces alone.
        || text.contains(' ')
}

/// Reads a cell for which [`may_hold_several`].
pub(super) fn read(text: &str, context: &PhoneContext<'_>) -> Result<PhoneReading, Reason> {
    let separators = if may_separate(text) { SEPARATORS.as_slice() } else { &[] };
    let pieces = cut(text, separators);
    if let Some(reading) = parted(text, &pieces, Separator::Sure, context) {
        return reading.or_else(|reason| joined(&pieces, context).ok_or(reason));
    }
    // These may separate numbers or stand within one. It must be clear which.
    for separator in ["\n", "&", ",", "/", "\\"] {
        let pieces = cut(text, &[separator]);
        let Some(parted) = parted(text, &pieces, Separator::Doubtful, context) else { continue };
        if pieces.len() < 2 {
            return parted;
        }
        // `0171/1234567/8`: a slash before the number, and one before another ending.
        if let [_, .., number, ending] = pieces[..]
            && separator == "/"
            && digits(number) >= LONG
            && digits(ending) < 4
        {
            context.notes.refused(|| "another ending behind a slash".into());
            return Err(Reason::PhoneAmbiguous);
        }
        let whole = repair::read_number(&text.replace([',', '&', '\\', '\n'], " "), context);
        return match (whole, parted) {
            // Fewer digits than any number has: the first piece is an area code, as in `040/…`.
            (Ok(whole), Ok(_)) if digits(pieces[0]) < 6 && separator == "/" => Ok(whole),
            (Ok(whole), Err(Reason::PhoneAmbiguous))
                if digits(pieces[0]) < 6 && separator == "/" =>
            {
                Ok(whole)
            }
            (Ok(_), Ok(_) | Err(Reason::PhoneAmbiguous)) => {
                context.notes.refused(|| "one number or several: both can be read".into());
                Err(Reason::PhoneAmbiguous)
            }
            // `3123-4567/11`: an area code, or another ending.
            (Ok(_), Err(_))
                if separator == "/"
                    && matches!(pieces[..], [one, two] if digits(one) >= LONG && digits(two) < 4) =>
            {
                context.notes.refused(|| "an area code or another ending behind a slash".into());
                Err(Reason::PhoneAmbiguous)
            }
            (Ok(whole), Err(_)) if separator == "/" => Ok(whole),
            (Ok(whole), Err(_)) if matches!(separator, "," | "\n") => {
                Ok(whole.repaired(WarningCode::PhoneDecoded))
            }
            // Of two numbers that are none, neither is too long by itself.
            (Err(Reason::PhoneTooLong) | Ok(_), Err(reason)) | (Err(reason), Err(_)) => Err(reason),
            (Err(_), Ok(parted)) => Ok(parted),
        };
    }
    // Numbers set apart by spaces alone, or each by its own `+`: every part must be one.
    let by_space: Vec<&str> = text.split(' ').filter(|piece| !piece.is_empty()).collect();
    let whole = repair::read_number(text, context);
    if whole.is_ok() {
        if are_long_groups(text) && by_space.iter().all(|piece| read_text(piece, context).is_ok()) {
            context.notes.refused(|| "one number or several: both can be read".into());
            return Err(Reason::PhoneAmbiguous);
        }
        return whole;
    }
    for pieces in [split_before_plus(text), by_space, beside::split_before_labels(text)] {
        if pieces.len() < 2 {
            continue;
        }
        let readings: Result<Vec<_>, _> =
            pieces.iter().map(|piece| read_text(piece, context)).collect();
        if let Ok(mut readings) = readings {
            let first = readings.remove(0);
            return Ok(with_others(first, readings));
        }
    }
    whole
}

/// The pieces as one number, which something has cut.
fn joined(pieces: &[&str], context: &PhoneContext<'_>) -> Option<PhoneReading> {
    let whole = repair::read_number(&pieces.join(" "), context).ok()?;
    Some(whole.repaired(WarningCode::PhoneDecoded))
}

/// Whether spaces divide the text into groups that are longer than those of one number: each might be
/// one.
pub(super) fn are_long_groups(text: &str) -> bool {
    text.split_once(' ').is_some_and(|(first, rest)| {
        // The first group tells for nearly all.
        digits(first) >= LONG
            && rest.split(' ').all(|group| group.is_empty() || digits(group) >= LONG)
    })
}

/// How sure it is that a separator parts two numbers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Separator {
    Sure,
    Doubtful,
}

/// The reading of a cell that was cut into these pieces; none where nothing was cut.
fn parted(
    text: &str,
    pieces: &[&str],
    separator: Separator,
    context: &PhoneContext<'_>,
) -> Option<Result<PhoneReading, Reason>> {
    match pieces {
        // Separators with nothing beside them.
        [] => Some(Err(Reason::PhoneNotANumber)),
        [only] if *only == text => None,
        [only] => Some(read_text(only, context)),
        pieces => {
            context.notes.seen(|| format!("{} values in one cell", pieces.len()));
            Some(first_and_others(pieces, separator, context))
        }
    }
}

fn digits(text: &str) -> usize {
    text.bytes().filter(u8::is_ascii_digit).count()
}

fn cut<'t>(text: &'t str, separators: &[impl AsRef<str>]) -> Vec<&'t str> {
    let mut pieces = vec![text];
    for separator in separators.iter().map(AsRef::as_ref) {
        if !text.contains(separator) {
            continue;
        }
        let part = |piece: &'t str| {
            let parts: Vec<&str> = piece.split(separator).collect();
            // A word stands between two things, or it is not the word that it looks like.
            let is_word = separator.starts_with(' ');
            match is_word && parts.iter().any(|part| part.trim().is_empty()) {
                true => vec![piece],
                false => parts,
            }
        };
        pieces = pieces.into_iter().flat_map(part).collect();
    }
    pieces.into_iter().map(str::trim).filter(|piece| !piece.is_empty()).collect()
}

fn split_before_plus(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.char_indices().skip(1).find(|&(_, c)| c == '+').map(|(at, _)| at) {
        let (piece, tail) = rest.split_at(at);
        pieces.push(piece.trim());
        rest = tail;
    }
    pieces.push(rest.trim());
    pieces
}

/// The first number is the phone; those behind it are further numbers, and words are notes. The first
/// piece that means a number decides: where it is broken, no later one takes its place.
fn first_and_others(
    pieces: &[&str],
    separator: Separator,
    context: &PhoneContext<'_>,
) -> Result<PhoneReading, Reason> {
    let mut numbers = Vec::new();
    let mut notes = Vec::new();
    let mut broken = None;
    let mut nothing = None;
    for &piece in pieces {
        match read_text(piece, context) {
            Ok(reading) => numbers.push(reading),
            Err(Reason::PhoneFax) => notes.push(piece),
            Err(_) if says_something(piece) => notes.push(piece),
            Err(reason) if numbers.is_empty() && digits(piece) > 0 && means_a_number(reason) => {
                broken.get_or_insert(reason);
            }
            Err(reason) => {
                nothing.get_or_insert(reason);
            }
        }
    }
    let mut numbers = numbers.into_iter();
    match (numbers.next(), broken) {
        // What could be read may be a fragment of the first.
        (Some(_), Some(_)) if separator == Separator::Doubtful => Err(Reason::PhoneAmbiguous),
        (_, Some(reason)) => Err(reason),
        (Some(first), None) => {
            let reading = with_others(first, numbers);
            Ok(notes.into_iter().fold(reading, PhoneReading::noted))
        }
        (None, None) if notes.iter().any(|piece| digits(piece) > 0) => Err(Reason::PhoneFax),
        (None, None) => Err(nothing.unwrap_or(Reason::PhoneNotANumber)),
    }
}

/// Whether a piece without digits is a note.
fn says_something(piece: &str) -> bool {
    let has_letters = piece.contains(char::is_alphabetic);
    has_letters && digits(piece) == 0 && !says_nothing(piece) && !is_separator(piece)
}

/// Whether a piece that is refused for this is one that should have been a number.
const fn means_a_number(reason: Reason) -> bool {
    !matches!(reason, Reason::PhoneMissing | Reason::PhonePlaceholder | Reason::PhoneLooksLikeDate)
}

fn with_others(
    mut first: PhoneReading,
    others: impl IntoIterator<Item = PhoneReading>,
) -> PhoneReading {
    others.into_iter().for_each(|other| first.add(other));
    first.repaired(WarningCode::PhoneExtraNumbers)
}
