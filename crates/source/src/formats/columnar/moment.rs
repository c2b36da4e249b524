//! Dates and times that are stored as numbers, in ISO 8601.

use std::fmt::Write;

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Timelike};

/// The unit of a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Seconds = 1,
    Milliseconds = 1_000,
    Microseconds = 1_000_000,
    Nanoseconds = 1_000_000_000,
}

const DAY: i64 = 86_400;

/// The date or time, unless its year does not have four digits.
type Text = Option<String>;

/// Days since 1970.
pub(super) fn date(days: i64) -> Text {
    date_of(DateTime::from_timestamp(days.checked_mul(DAY)?, 0)?.date_naive())
}

/// Time since 1970-01-01, in UTC or in an unknown time zone.
pub(super) fn timestamp(count: i64, unit: Unit, is_utc: bool) -> Text {
    let (seconds, rest) = (count.div_euclid(unit as i64), count.rem_euclid(unit as i64));
    moment(seconds, rest * (Unit::Nanoseconds as i64 / unit as i64), is_utc)
}

/// Time since midnight.
pub(super) fn time(count: i64, unit: Unit) -> Text {
    let (seconds, rest) = (count.div_euclid(unit as i64), count.rem_euclid(unit as i64));
    let nanoseconds = rest * (Unit::Nanoseconds as i64 / unit as i64);
    let seconds = u32::try_from(seconds).ok()?;
    let time = NaiveTime::from_num_seconds_from_midnight_opt(seconds, nanoseconds as u32)?;
    Some(time_of(time))
}

fn moment(seconds: i64, nanoseconds: i64, is_utc: bool) -> Text {
    let moment = DateTime::from_timestamp(seconds, u32::try_from(nanoseconds).ok()?)?;
    let mut text = date_of(moment.date_naive())?;
    text.push('T');
    text.push_str(&time_of(moment.time()));
    if is_utc {
        text.push('Z');
    }
    Some(text)
}

fn date_of(date: NaiveDate) -> Text {
    let (year, month, day) = (date.year(), date.month(), date.day());
    (0..=9999).contains(&year).then(|| format!("{year:04}-{month:02}-{day:02}"))
}

fn time_of(time: NaiveTime) -> String {
    let mut text = format!("{:02}:{:02}:{:02}", time.hour(), time.minute(), time.second());
    let nanoseconds = time.nanosecond();
    if nanoseconds > 0 {
        // Writing to a string cannot fail.
        let _ = write!(text, ".{nanoseconds:09}");
        text.truncate(text.trim_end_matches('0').len());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_iso_text_or_none_at_all() {
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(date(19_797), text("2024-03-15"));
        assert_eq!(date(-719_528), text("0000-01-01"));
        assert_eq!(date(2_932_896), text("9999-12-31"));
        assert_eq!(date(2_932_897), None);
        assert_eq!(timestamp(1_710_525_600, Unit::Seconds, false), text("2024-03-15T18:00:00"));
        assert_eq!(timestamp(-1, Unit::Milliseconds, true), text("1969-12-31T23:59:59.999Z"));
        assert_eq!(time(64_800_500, Unit::Milliseconds), text("18:00:00.5"));
        for count in [i64::MIN, i64::MAX] {
            for unit in [Unit::Seconds, Unit::Milliseconds, Unit::Microseconds] {
                assert_eq!(timestamp(count, unit, true), None);
            }
            for unit in [Unit::Seconds, Unit::Milliseconds, Unit::Microseconds, Unit::Nanoseconds] {
                assert_eq!(time(count, unit), None);
            }
            assert!(timestamp(count, Unit::Nanoseconds, true).is_some());
            assert_eq!(date(count), None);
        }
    }
}
