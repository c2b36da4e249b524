//! Whether a text tells which number was meant, by the metadata and the rules of the design alone.
//!
//! The design: what libphonenumber reads as valid is read; a repair is taken where it gives a valid
//! number and no other plausible reading does; of two readings of digits that begin with the
//! region's own code the mobile one wins. Nothing here looks at how the reader does it.

use rlibphonenumber::Region;

use super::number::{Number, code_of, read};
use super::{Known, Truth};

/// What a reader can know of a cell whose number is known to us.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Standing {
    /// The library's own rules give the number once layout is off.
    Clean,
    /// The library's own rules do not, but the number is the only plausible reading.
    Recoverable,
    /// Another reading is as plausible.
    Undecidable,
}

impl Standing {
    pub(super) fn of(self, known: Known) -> Truth {
        match self {
            Standing::Clean => Truth::Clean(known),
            Standing::Recoverable => Truth::Recoverable(known),
            Standing::Undecidable => Truth::Undecidable(known),
        }
    }
}

/// Why a number gives no cell of a kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Skip {
    /// Such numbers are not written so.
    Inapplicable,
    /// What comes out is how another valid number is plainly written: nobody could tell.
    LooksLikeAnother,
}

pub(super) fn digits_of(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// Every plausible valid reading of a text without `+`, the library's own first.
pub(super) fn readings(text: &str, region: Option<Region>) -> Vec<Number> {
    let digits = digits_of(text);
    let mut found: Vec<Number> = read(text, region).into_iter().collect();
    let own = region.and_then(code_of).map(|code| code.to_string());
    let mut also = |text: &str| {
        if let Some(number) = read(text, None)
            && !found.contains(&number)
        {
            found.push(number);
        }
    };
    if own.is_some_and(|own| digits.starts_with(&own)) {
        also(&format!("+{digits}"));
    }
    if let Some(rest) = digits.strip_prefix("00") {
        also(&format!("+{rest}"));
    }
    if let Some(rest) = digits.strip_prefix("521")
        && region == Some(Region::MX)
    {
        also(&format!("+52{rest}"));
    }
    found
}

/// How the number stands in a text without `+`.
pub(super) fn without_plus(
    number: &Number,
    text: &str,
    region: Option<Region>,
) -> Result<Standing, Skip> {
    let readings = readings(text, region);
    if !readings.contains(number) {
        return Err(Skip::Inapplicable);
    }
    let as_written = read(text, region);
    let others: Vec<&Number> = readings.iter().filter(|reading| *reading != number).collect();
    let starts_with_own_code =
        region.and_then(code_of).is_some_and(|code| digits_of(text).starts_with(&code.to_string()));
    if others.is_empty() {
        let is_clean = as_written.as_ref() == Some(number);
        return Ok(if is_clean { Standing::Clean } else { Standing::Recoverable });
    }
    let mobile_wins = starts_with_own_code
        && number.is_mobile()
        && others.iter().all(|reading| !reading.is_mobile());
    // Rightly read by the library too, but suspicious: a warning is in order or not.
    Ok(if mobile_wins { Standing::Recoverable } else { Standing::Undecidable })
}

/// How the number stands in a text with `+`.
pub(super) fn with_plus(number: &Number, text: &str) -> Result<Standing, Skip> {
    match read(text, None) {
        Some(as_written) if as_written == *number => return Ok(Standing::Clean),
        Some(_) => return Err(Skip::LooksLikeAnother),
        None => {}
    }
    let digits = digits_of(text);
    let code = number.code().to_string();
    let Some(rest) = digits.strip_prefix(&code) else { return Err(Skip::Inapplicable) };
    let mut found = Vec::new();
    for beginning in ["0", &code] {
        found.extend(
            rest.strip_prefix(beginning).and_then(|rest| read(&format!("+{code}{rest}"), None)),
        );
    }
    if code == "52" && rest.len() == 11 {
        found.extend(rest.strip_prefix('1').and_then(|rest| read(&format!("+52{rest}"), None)));
    }
    match (found.contains(number), found.iter().any(|other| other != number)) {
        (false, _) => Err(Skip::Inapplicable),
        (true, true) => Ok(Standing::Undecidable),
        (true, false) => Ok(Standing::Recoverable),
    }
}

/// Three groups that make a date. Such a text is refused though it may be a number.
pub(super) fn looks_like_date(text: &str) -> bool {
    let groups: Vec<&str> = text
        .trim()
        .split(|c: char| !c.is_ascii_digit())
        .filter(|group| !group.is_empty())
        .take(4)
        .collect();
    let &[a, b, c] = groups.as_slice() else { return false };
    if text.contains(['+', '(']) {
        return false;
    }
    let value = |group: &str| group.parse::<u32>().unwrap_or(u32::MAX);
    let is_year = |group: &str| group.len() == 4 && (1900..=2100).contains(&value(group));
    let is_day = |month: &str, day: &str| {
        month.len() <= 2
            && day.len() <= 2
            && (1..=12).contains(&value(month))
            && (1..=31).contains(&value(day))
    };
    is_year(a) && (is_day(b, c) || is_day(c, b)) || is_year(c) && (is_day(a, b) || is_day(b, a))
}
