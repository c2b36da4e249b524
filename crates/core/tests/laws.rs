//! Laws of normalising, on cells that nobody would think of.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use contactmill_core::contact::{EmailAddress, Tag};
use contactmill_core::options::{BareDigits, PhoneMode};
use contactmill_core::{Normalized, Normalizer, Options, RawContact, Region, WarningCode};
use proptest::prelude::*;

/// Pieces of cells, so that what is put together comes near to what people write.
fn cell() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[0-9]{1,12}", 1 => Just("+".into()), 1 => Just("+91".into()), 1 => Just("00".into()),
        1 => Just("98765 43210".into()), 1 => Just("+49 1512 3490673".into()), 1 => "[ ()./,;:|-]{1,3}",
        1 => Just("\u{200e}".into()), 1 => Just("९८७६५४३२१०".into()), 1 => Just(".0".into()),
        1 => Just("E+11".into()), 1 => Just(" x12".into()), 1 => Just("tel:".into()),
        1 => Just("https://wa.me/".into()), 1 => Just("@c.us".into()), 1 => Just(" or ".into()),
        1 => Just("a@example.com".into()), 1 => Just("<test lead".into()), 1 => Just("n/a".into()),
        1 => "\\PC{1,4}", 1 => Just("\0".into()), 1 => Just("é\u{301}\u{200d}".into()),
        1 => Just("Email:".into()), 1 => Just("[\"".into()), 1 => Just("\"]".into()),
        1 => Just("<b@example.org>".into()), 1 => Just("null".into()), 1 => Just("\u{3164}".into()),
    ];
    proptest::collection::vec(piece, 0..6).prop_map(|pieces: Vec<String>| pieces.concat())
}

fn options() -> impl Strategy<Value = Options> {
    (
        proptest::option::of(proptest::sample::select(
            &[Region::IN, Region::DE, Region::US, Region::MX][..],
        )),
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(region, strict, international)| Options {
            region,
            phones: if strict { PhoneMode::Strict } else { PhoneMode::Recover },
            bare_digits: if international {
                BareDigits::International
            } else {
                BareDigits::National
            },
            ..Options::default()
        })
}

#[derive(Clone, Debug)]
struct Cells {
    name: String,
    phones: Vec<String>,
    email: String,
    country: String,
    tags: String,
    note: String,
}

fn cells() -> impl Strategy<Value = Cells> {
    (cell(), proptest::collection::vec(cell(), 0..3), cell(), cell(), cell(), cell()).prop_map(
        |(name, phones, email, country, tags, note)| Cells {
            name,
            phones,
            email,
            country,
            tags,
            note,
        },
    )
}

fn normalized<'r>(cells: &'r Cells, normalizer: &'r Normalizer) -> Option<Normalized<'r>> {
    let mut raw = RawContact::default();
    raw.names.push(&cells.name);
    raw.phones.extend(cells.phones.iter().map(String::as_str));
    raw.emails.push(&cells.email);
    raw.countries.push(&cells.country);
    raw.tags.push(&cells.tags);
    raw.attributes.push(("note", &cells.note));
    normalizer.normalize(&raw).ok()
}

#[test]
fn a_number_beside_its_code_is_not_one_with_its_code() {
    // Each is a number as well, if its code or an exit code is taken off: a result has none in it.
    let beside =
        [("62", "62822201242"), ("27", "278358045"), ("358", "358418008"), ("992", "006483486")];
    for (code, national) in beside {
        let mut raw = RawContact::default();
        raw.names.push("Asha Verma");
        raw.phones.push(national);
        raw.countries.push(code);
        let read = Normalizer::new(Options::default()).normalize(&raw).unwrap();
        assert_eq!(read.contact.phone.e164().to_string(), format!("+{code}{national}"));
        assert!(read.warnings.is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn normalising_what_came_out_changes_nothing(cells in cells(), options in options()) {
        // What looks like a filler is a number under `strict` alone.
        let same_mode = Options { phones: options.phones, ..Options::default() };
        let normalizer = Normalizer::new(options);
        let Some(first) = normalized(&cells, &normalizer) else { return Ok(()) };
        let contact = &first.contact;
        let phone = contact.phone.e164().to_string();
        let tags: Vec<&str> = contact.tags.iter().map(Tag::as_str).collect();
        let tags = tags.join("|");
        let mut raw = RawContact::default();
        raw.names.push(contact.name.as_str());
        raw.phones.push(&phone);
        raw.emails.extend(contact.email.as_ref().map(EmailAddress::as_str));
        raw.tags.push(&tags);
        for attribute in &contact.attributes {
            raw.attributes.push((&attribute.key, attribute.value.as_str()));
        }
        let normalizer = Normalizer::new(same_mode);
        let again = normalizer.normalize(&raw).unwrap();
        prop_assert_eq!(&again.contact, contact);
        let codes = again.warnings.iter().map(|warning| warning.code);
        // What was left as it is stays suspect.
        let codes: Vec<WarningCode> =
            codes.filter(|&code| code != WarningCode::EmailTypoSuspected).collect();
        let expected: &[WarningCode] =
            if contact.name.stands_in() { &[WarningCode::NameFromPhone] } else { &[] };
        prop_assert_eq!(codes, expected);
    }

    #[test]
    fn what_is_accepted_is_valid_and_every_repair_is_listed(cell in cell(), options in options()) {
        let mut raw = RawContact::default();
        raw.phones.push(&cell);
        let normalizer = Normalizer::new(options.clone());
        let Ok(recovered) = normalizer.normalize(&raw) else { return Ok(()) };
        prop_assert!(recovered.contact.phone.is_valid());
        // Without a warning, the number is the one that libphonenumber reads.
        let is_phone = |code: WarningCode| code.code().starts_with("phone_");
        if recovered.warnings.iter().any(|warning| is_phone(warning.code)) {
            return Ok(());
        }
        let strict = Options { phones: PhoneMode::Strict, ..options };
        let strict = Normalizer::new(strict);
        if let Ok(plain) = strict.normalize(&raw) {
            prop_assert_eq!(recovered.contact.phone, plain.contact.phone);
        }
    }
}
