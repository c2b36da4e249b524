//! Numbers that people write in two forms, of which an address book may hold either.

use crate::dedup::MatchKey;

/// Smallest number with ten digits; none of these numbers begins with 0.
const TEN_DIGITS: u64 = 1_000_000_000;

/// The other form of a number, as calling code and national number, where its plan has two: with and
/// without the 9 before area code and subscriber in Argentina and the 1 there in Mexico, with and
/// without the ninth digit of Brazil's mobiles. The other of the other is the number itself.
pub(crate) fn other_form(MatchKey(number): MatchKey) -> Option<(u16, u64)> {
    let code = number.calling_code();
    // Nearly all numbers end here.
    let toggled = match code {
        52 => with_or_without(number.national_number().value(), 10 * TEN_DIGITS),
        54 => with_or_without(number.national_number().value(), 90 * TEN_DIGITS),
        55 => brazil(number.national_number().value()),
        _ => return None,
    };
    (number.national_number().leading_zeros() == 0).then_some(())?;
    Some((code, toggled?))
}

/// The other form of ten digits with or without a digit before them.
fn with_or_without(national: u64, mark: u64) -> Option<u64> {
    let has_ten_digits = |number: &u64| (TEN_DIGITS..10 * TEN_DIGITS).contains(number);
    match has_ten_digits(&national) {
        true => Some(national + mark),
        false => national.checked_sub(mark).filter(has_ten_digits),
    }
}

/// Two digits of area code, then eight digits, of which mobiles begin with 6 to 9, or a 9 and those.
fn brazil(national: u64) -> Option<u64> {
    const EIGHT_DIGITS: u64 = 100_000_000;
    let subscriber = national % EIGHT_DIGITS;
    matches!(subscriber / (EIGHT_DIGITS / 10), 6..=9).then_some(())?;
    let before = national / EIGHT_DIGITS;
    match before {
        10..=99 => Some((before * 10 + 9) * EIGHT_DIGITS + subscriber),
        100..=999 if before % 10 == 9 => Some(before / 10 * EIGHT_DIGITS + subscriber),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use contactmill_phone::parse;
    use proptest::prelude::*;

    use super::*;

    fn key(text: &str) -> MatchKey {
        MatchKey(parse(text, None).unwrap())
    }

    #[test]
    fn forms_come_in_pairs() {
        for (one, other) in [
            ("+541123456789", "+5491123456789"),
            ("+525541637145", "+5215541637145"),
            ("+551198765432", "+5511998765432"),
        ] {
            let form = |text| {
                let MatchKey(number) = key(text);
                (number.calling_code(), number.national_number().value())
            };
            assert_eq!(other_form(key(one)), Some(form(other)), "{one}");
            assert_eq!(other_form(key(other)), Some(form(one)), "{other}");
        }
        // A fixed line in Brazil; other countries; too long.
        for alone in ["+551123456789", "+919876543210", "+5411234567890", "+390612345678"] {
            assert_eq!(other_form(key(alone)), None, "{alone}");
        }
    }

    proptest! {
        #[test]
        fn the_other_of_the_other_is_the_number_itself(
            code in proptest::sample::select(&["52", "54", "55"][..]),
            national in "[1-9][0-9]{7,10}",
        ) {
            let Ok(number) = parse(&format!("+{code}{national}"), None) else { return Ok(()) };
            let Some((code, other)) = other_form(MatchKey(number)) else { return Ok(()) };
            // What looks like a national prefix goes, and leaves another number.
            if let Ok(read) = parse(&format!("+{code}{other}"), None)
                && (read.calling_code(), read.national_number().value()) == (code, other)
            {
                let form = (number.calling_code(), number.national_number().value());
                prop_assert_eq!(other_form(MatchKey(read)), Some(form));
            }
        }
    }
}
