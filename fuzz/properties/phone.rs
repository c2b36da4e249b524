//! What holds of every phone cell. The fuzz target checks it, and so does an ordinary test on all
//! that the fuzzer starts from and has found.

use contactmill_phone::__private::{facts, parse_with_libphonenumber};
use contactmill_phone::{Extension, parse, parse_with_extension};
use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat};

use region::default_region;

#[path = "region.rs"]
mod region;

/// A cell is read, without a panic, as the library reads it, and the number can be shown and
/// ordered. The first two bytes of `data` are the default region, the others the text.
pub(crate) fn check(data: &[u8]) {
    let Some((region, text)) = data.split_first_chunk() else { return };
    let region = default_region(*region);
    let text = String::from_utf8_lossy(text);
    let cell = format!("default region {region:?}, cell {text:?}");

    let number = parse(&text, region);
    let reference = parse_with_libphonenumber(&text, region);
    assert_eq!(number.map(facts), reference.map(facts), "parse: {cell}");

    let extended = parse_with_extension(&text, region);
    let by_extended = extended.as_ref().map(|(number, _)| *number).map_err(|error| *error);
    assert_eq!(by_extended.map(facts), reference.map(facts), "parse_with_extension: {cell}");

    let (Ok(number), Ok((_, extension))) = (number, extended) else { return };
    let theirs = region.map(|region| rlibphonenumber::Region::from_code(region.as_str()));
    let theirs = PHONE_NUMBER_UTIL.parse(&*text, theirs.and_then(Result::ok));
    let mut theirs = theirs.expect("as parse_with_libphonenumber has just read it");
    let their_extension = theirs.extension.take().filter(|digits| !digits.is_empty());
    let extension = extension.as_ref().map(Extension::as_str);
    assert_eq!(extension, their_extension.as_deref(), "extension: {cell}");

    let written = [number.e164().to_string(), number.international().to_string()];
    let spelt_out = format!("+{}{}", number.calling_code(), number.national_number());
    assert_eq!(written[0], spelt_out, "E.164: {cell}");
    // The library writes no more leading zeros than ten.
    if theirs.number_of_leading_zeros() <= 10 {
        let formats = [PhoneNumberFormat::E164, PhoneNumberFormat::International];
        let their_text = formats.map(|format| theirs.format_as(format).into_owned());
        assert_eq!(written, their_text, "E.164 and international: {cell}");
    }

    if let Ok(other) = parse("+390612345678", None) {
        let as_text = number.e164().to_string().cmp(&other.e164().to_string());
        assert_eq!(number.cmp(&other), as_text, "order: {cell}");
    }
}
