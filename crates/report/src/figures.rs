//! Numbers as people read them.

/// A number with commas between its thousands.
///
/// ```
/// use contactmill_report::grouped;
///
/// assert_eq!((grouped(999), grouped(12_345_678)), ("999".into(), "12,345,678".into()));
/// ```
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A share, as people say it.
///
/// ```
/// use contactmill_report::percent;
///
/// assert_eq!([percent(1, 3), percent(1, 200), percent(0, 0)], ["33 %", "<1 %", "–"]);
/// ```
#[must_use]
pub fn percent(count: u64, of: u64) -> String {
    match of {
        0 => "–".to_owned(),
        _ if count > 0 && count * 100 < of => "<1 %".to_owned(),
        _ => format!("{} %", count * 100 / of),
    }
}

/// A number with its noun: `1 record`, `1,200 records`.
pub(crate) fn counted(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", grouped(number), if number == 1 { "" } else { "s" })
}

/// A length or a place of a drawing, in percent with two decimals.
pub(crate) fn share(part: u64, of: u64) -> String {
    let hundredths = (u128::from(part) * 10_000).checked_div(u128::from(of)).unwrap_or(0);
    format!("{}.{:02}%", hundredths / 100, hundredths % 100)
}

/// A time as people say it: `640 ms`, `12 s`, `3 min 20 s`, `2 h 5 min`.
pub(crate) fn duration(milliseconds: u64) -> String {
    let seconds = milliseconds / 1000;
    match seconds {
        0 => format!("{milliseconds} ms"),
        1..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}
