//! The warnings that are known only once the contacts of a number are merged.

use contactmill_phone::PhoneNumber;

use crate::dedup::merge::SharedWith;
use crate::reason::{Field, Warning, WarningCode};
use crate::records::{RecordId, SourceId};

/// What a source is called in a warning.
pub type SourceName<'n> = dyn Fn(SourceId) -> String + 'n;

/// Records of other people have the number of a contact.
pub(super) fn phone_shared(
    phone: PhoneNumber,
    shared: SharedWith,
    source_name: &SourceName<'_>,
) -> Warning {
    let first = record(shared.first, source_name);
    let after = match shared.others {
        0 => first,
        others => format!("{first} and {others} more"),
    };
    about_number(WarningCode::PhoneShared, phone, after)
}

/// The other form of a number belongs to the contact of another record.
pub(super) fn phone_variant_of_another(
    phone: PhoneNumber,
    other: RecordId,
    source_name: &SourceName<'_>,
) -> Warning {
    about_number(WarningCode::PhoneVariantOfAnother, phone, record(other, source_name))
}

/// Nobody has added a name.
pub(super) fn name_from_phone(name: &str) -> Warning {
    Warning {
        field: Field::Name,
        code: WarningCode::NameFromPhone,
        before: "".into(),
        after: name.into(),
    }
}

pub(super) fn is_name_from_phone(warning: &Warning) -> bool {
    warning.code == WarningCode::NameFromPhone
}

fn record(id: RecordId, source_name: &SourceName<'_>) -> String {
    format!("{} record {}", source_name(id.source), id.record)
}

fn about_number(code: WarningCode, phone: PhoneNumber, after: String) -> Warning {
    let before = phone.e164().to_string().into();
    Warning { field: Field::Phone, code, before, after: after.into() }
}
