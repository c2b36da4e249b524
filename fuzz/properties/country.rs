//! What holds of every country cell.

use contactmill_core::__private::country;
use contactmill_core::{Field, Normalizer, Options, RawContact};
use contactmill_phone::{PhoneNumber, Region, parse};

use region::default_region;

#[path = "region.rs"]
mod region;

/// A country is read whatever space is around its name, and by its code. Digits beside it
/// are the number that libphonenumber reads there, or a repaired one, or none; beside a country that is not
/// understood they are none, whatever the default region. The first two bytes are that region; up to the
/// first line end stands the country cell, behind it the phone cell, of which the digits count.
pub(crate) fn check(data: &[u8]) {
    let Some((&region, text)) = data.split_first_chunk() else { return };
    let (default, text) = (default_region(region), String::from_utf8_lossy(text));
    let (cell, phone) = text.split_once('\n').unwrap_or((&text, "9876543210"));
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    let reading = country(cell);
    assert_eq!(country(&format!(" \t{cell}\u{a0} ")), reading, "space around {cell:?}");
    if let Ok(named) = reading.parse::<Region>() {
        // By its code alone, Namibia may also be a missing value.
        let by_code = if named == Region::NA { "NA or -" } else { &reading };
        assert_eq!(country(named.as_str()), by_code, "{cell:?}");
    }

    let number = number(cell, &digits, default);
    let said = format!("{cell:?} ({reading}) with {digits}, default {default:?}: {number:?}");
    if let Some(code) = reading.strip_prefix('+').and_then(|code| code.parse().ok()) {
        let region = Region::of_calling_code(code);
        let is_of_code = |number: PhoneNumber| {
            number.calling_code() == code || parse(&digits, region) == Ok(number)
        };
        return assert!(number.is_none_or(is_of_code), "{said}");
    }
    let region = match &*reading {
        "NA or -" => return,
        "-" => default,
        "not understood" => None,
        named => named.parse().ok(),
    };
    assert!(number.is_none_or(|number| parse(&digits, region) == Ok(number)), "{said}");
}

/// The number of a record with these cells, unless it was repaired.
fn number(country: &str, phone: &str, region: Option<Region>) -> Option<PhoneNumber> {
    let normalizer = Normalizer::new(Options { region, ..Options::default() });
    let mut raw = RawContact::default();
    raw.phones.push(phone);
    raw.countries.push(country);
    let normalized = normalizer.normalize(&raw).ok()?;
    let is_repaired = normalized.warnings.iter().any(|warning| warning.field == Field::Phone);
    (!is_repaired).then_some(normalized.contact.phone)
}
