//! What holds of every cell that is explained.

use contactmill_core::explain::Explained;
use contactmill_core::options::{BadEmail, BareDigits, PhoneMode};
use contactmill_core::{Field, Normalizer, Options, RawContact, Reason};
use contactmill_phone::parse;

use region::default_region;

#[path = "region.rs"]
mod region;

/// An explanation ends as the reading of a record with that cell does, and each step says something. A number that
/// is taken is valid, is the only reading of its own E.164, and gives no warning then. The first two bytes
/// are the default region, the third the options, the others the cell.
pub(crate) fn check(data: &[u8]) {
    let Some((&[high, low, bits], cell)) = data.split_first_chunk() else { return };
    let options = options([high, low], bits);
    let cell = String::from_utf8_lossy(cell);
    let normalizer = Normalizer::new(options);

    let phone = normalizer.explain_phone(&cell);
    let email = normalizer.explain_email(&cell);
    for step in phone.steps.iter().chain(&email.steps) {
        assert!(!step.text.is_empty(), "{cell:?}");
    }

    let mut raw = RawContact::default();
    raw.phones.push(&cell);
    assert_eq!(phone.outcome, read(&normalizer, &raw, Field::Phone), "phone {cell:?}");
    if let Ok(Explained { phone: Some(number), .. }) = phone.outcome {
        assert!(number.is_valid(), "{cell:?}: {number:?}");
        let e164 = number.e164().to_string();
        assert_eq!(parse(&e164, None), Ok(number), "{cell:?}");
        let again = normalizer.explain_phone(&e164).outcome.expect("it was taken before");
        assert_eq!((again.phone, again.warnings.len()), (Some(number), 0), "{cell:?}: {e164}");
    }

    let mut raw = RawContact::default();
    raw.phones.push("+919876543210");
    raw.emails.push(&cell);
    let mut expected = read(&normalizer, &raw, Field::Email);
    if let Ok(explained) = &mut expected {
        explained.phone = None;
    }
    assert_eq!(email.outcome, expected, "email {cell:?}");
}

fn options(region: [u8; 2], bits: u8) -> Options {
    let is_set = |bit: u8| bits & (1 << bit) != 0;
    let mut options = Options { region: default_region(region), ..Options::default() };
    if is_set(0) {
        options.phones = PhoneMode::Strict;
    }
    if is_set(1) {
        options.bare_digits = BareDigits::International;
    }
    if is_set(2) {
        options.bad_email = BadEmail::Reject;
    }
    options
}

/// What a record gives, but for a name: none was asked for.
fn read(normalizer: &Normalizer, raw: &RawContact<'_>, field: Field) -> Result<Explained, Reason> {
    let normalized = normalizer.normalize(raw).map_err(|rejection| rejection.reason)?;
    let contact = normalized.contact.into_owned();
    let mut explained = Explained::default();
    explained.phone = Some(contact.phone);
    explained.email = contact.email;
    explained.attributes = contact.attributes;
    explained.warnings = normalized.warnings;
    // Of an address beside a number, the e-mail cell alone is asked about.
    explained.warnings.retain(|warning| match field {
        Field::Email => warning.field == Field::Email,
        _ => warning.field != Field::Name,
    });
    Ok(explained)
}
