//! The value of a cell as text.

use std::fmt::Write;

use calamine::{CellErrorType, DataRef, ExcelDateTime};

use crate::records::number::push_number;

/// Appends the value of a cell. Returns whether it has one.
pub(super) fn push(text: &mut String, value: &DataRef<'_>) -> bool {
    match value {
        DataRef::Empty => return false,
        DataRef::Int(number) => {
            let _ = write!(text, "{number}");
        }
        DataRef::Float(number) => push_number(text, *number),
        DataRef::String(string) => text.push_str(string),
        DataRef::SharedString(string) => text.push_str(string),
        DataRef::Bool(value) => push_bool(text, *value),
        DataRef::DateTime(moment) => push_moment(text, moment),
        DataRef::DateTimeIso(iso) | DataRef::DurationIso(iso) => text.push_str(iso),
        DataRef::Error(error) => push_error(text, error),
    }
    true
}

pub(super) fn push_bool(text: &mut String, value: bool) {
    text.push_str(if value { "TRUE" } else { "FALSE" });
}

/// Appends an error such as `#N/A`, as the program shows it.
pub(super) fn push_error(text: &mut String, error: &CellErrorType) {
    let _ = write!(text, "{error}");
}

/// The day behind 9999-12-31, the last day of a spreadsheet, which counts days from 1900.
const DAYS_END: f64 = 2_958_466.0;

/// Appends a date, a time, both, or a time span in ISO 8601. A number outside their range is appended as a
/// number, whatever its cell is formatted as: it is most likely a phone number.
pub(super) fn push_moment(text: &mut String, moment: &ExcelDateTime) {
    let serial = moment.as_f64();
    if !(serial.abs() < DAYS_END && (serial >= 0.0 || moment.is_duration())) {
        return push_number(text, serial);
    }
    if moment.is_duration() {
        let seconds = (serial * 86_400.0).round() as i64;
        let sign = if seconds < 0 { "-" } else { "" };
        let (hours, rest) = (seconds.abs() / 3600, seconds.abs() % 3600);
        let _ = write!(text, "{sign}{hours:02}:{:02}:{:02}", rest / 60, rest % 60);
        return;
    }
    let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
    let has_time = serial.fract() != 0.0;
    if serial >= 1.0 {
        let _ = write!(text, "{year:04}-{month:02}-{day:02}");
        if has_time {
            text.push('T');
        }
    }
    if has_time || serial < 1.0 {
        let _ = write!(text, "{hour:02}:{minute:02}:{second:02}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_in_iso_8601() {
        use calamine::ExcelDateTimeType::{DateTime, TimeDelta};
        for (serial, kind, expected) in [
            (45_366.0, DateTime, "2024-03-15"),
            (45_366.75, DateTime, "2024-03-15T18:00:00"),
            (0.5, DateTime, "12:00:00"),
            (1.5, TimeDelta, "36:00:00"),
            (-1.5, TimeDelta, "-36:00:00"),
            (2_958_465.0, DateTime, "9999-12-31"),
            (9_876_543_210.0, DateTime, "9876543210"),
            (9_876_543_210.0, TimeDelta, "9876543210"),
            (-1.0, DateTime, "-1"),
        ] {
            let mut text = String::new();
            push_moment(&mut text, &ExcelDateTime::new(serial, kind, false));
            assert_eq!(text, expected);
        }
    }
}
