//! Why a record was not emitted, and what was changed in one that was: the stable codes.

use std::fmt;

/// Declares an enum of stable codes: variant, code, what it means, what to do.
macro_rules! codes {
    (
        $(#[$outer:meta])*
        $name:ident {
            $($variant:ident = $code:literal, $meaning:literal, $advice:literal;)*
        }
    ) => {
        $(#[$outer])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum $name {
            $(#[doc = concat!("`", $code, "`: ", $meaning, ".")] $variant,)*
        }

        impl $name {
            /// All codes, in the order of `docs/reasons.md`.
            pub const ALL: &'static [$name] = &[$($name::$variant,)*];

            /// The stable code: lower case, `field_what`.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $($name::$variant => $code,)* }
            }

            /// What it means, in a few words without a full stop.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $($name::$variant => $meaning,)* }
            }

            /// What to do about it, in a few words without a full stop.
            #[must_use]
            pub const fn advice(self) -> &'static str {
                match self { $($name::$variant => $advice,)* }
            }

            /// The value with this code.
            #[must_use]
            pub fn from_code(code: &str) -> Option<$name> {
                $name::ALL.iter().copied().find(|value| value.code() == code)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.code())
            }
        }
    };
}

codes! {
    /// Why a record was rejected.
    ///
    /// ```
    /// use contactmill_core::Reason;
    ///
    /// assert_eq!(Reason::PhoneMissing.code(), "phone_missing");
    /// assert_eq!(Reason::from_code("phone_missing"), Some(Reason::PhoneMissing));
    /// ```
    Reason {
        PhoneMissing = "phone_missing",
            "no phone number", "add a phone number";
        PhoneNotANumber = "phone_not_a_number",
            "the cell holds something else", "put only the phone number into the cell";
        PhoneTooShort = "phone_too_short",
            "too few digits", "add the missing digits, with the area code";
        PhoneTooLong = "phone_too_long",
            "too many digits", "take out the surplus digits, or separate two numbers with ;";
        PhoneInvalid = "phone_invalid",
            "no such number in its country", "check the number and its country";
        PhoneCountryUnknown = "phone_country_unknown",
            "its country cannot be told",
            "begin it with + and the country calling code, or correct the country beside it, or set a default region, or read bare digits as international";
        PhoneAmbiguous = "phone_ambiguous",
            "it can be read in two ways",
            "write it as +, country calling code and number";
        PhoneExcelRounded = "phone_excel_rounded",
            "a spreadsheet rounded digits away",
            "export the column again, formatted as text";
        PhonePlaceholder = "phone_placeholder",
            "a filler, not a number", "put the real number in";
        PhoneLooksLikeDate = "phone_looks_like_date",
            "a date, not a number", "put the phone number in, or map another column";
        PhoneTestLead = "phone_test_lead",
            "a test entry of an ad platform", "leave it out: it is no contact";
        PhoneFax = "phone_fax",
            "the number of a fax machine",
            "put a phone number into the cell";
        PhoneNotOfContact = "phone_not_of_contact",
            "labelled as not the contact's own",
            "put the contact's own number in, or correct the label";
        PhoneTypeNotAllowed = "phone_type_not_allowed",
            "not a mobile number", "find a mobile number, or convert it with every line type";
        EmailInvalid = "email_invalid",
            "not an e-mail address", "correct the address, or take it out";
        NameMissing = "name_missing",
            "no name", "add a name, or let the number stand in";
        ContactExcluded = "contact_excluded",
            "stands in an exclusion list", "take it off the list if it may be written to";
        ContactOptedOut = "contact_opted_out",
            "must not be written to", "ask for a consent before it is written to";
        RowTooManyFields = "row_too_many_fields",
            "more fields than the header has",
            "move the surplus at the end of the row to where it belongs, then empty its _reason cell";
        RowTooFewFields = "row_too_few_fields",
            "the row ends too early",
            "complete it (the file may have been cut off here), then empty its _reason cell";
        RowUnterminatedQuote = "row_unterminated_quote",
            "a quote opened here is never closed",
            "take out the quote and put the row right, then empty its _reason cell";
        RowTooLarge = "row_too_large",
            "the record is too large",
            "shorten it (only its beginning stands here), then empty its _reason cell";
        RowMalformed = "row_malformed",
            "its syntax is broken",
            "put it right in its source, or put its fields in here and empty its _reason cell";
        RowExceedsMaxBytes = "row_exceeds_max_bytes",
            "larger than one import array may be",
            "shorten it, leave out columns, or raise the maximum size of an array";
        TextInvalidEncoding = "text_invalid_encoding",
            "bytes that are no text",
            "put right what stands where \u{FFFD} does, then empty its _reason cell, or read the file again in its own encoding";
    }
}

codes! {
    /// What was changed in a record that was emitted, or is suspect in it.
    ///
    /// ```
    /// use contactmill_core::WarningCode;
    ///
    /// assert_eq!(WarningCode::EmailDropped.code(), "email_dropped");
    /// ```
    WarningCode {
        PhoneIddPrefix = "phone_idd_prefix",
            "00 was read as +", "check one or two of them";
        PhoneMissingPlus = "phone_missing_plus",
            "the missing + was added", "check one or two of them";
        PhoneTwoReadings = "phone_two_readings",
            "two readings were valid", "check one or two of them";
        PhoneTrunkZero = "phone_trunk_zero",
            "a trunk prefix was taken off", "nothing to do";
        PhoneAreaCode = "phone_area_code",
            "an area code was put before it", "check one or two of them";
        PhoneFloatSuffix = "phone_float_suffix",
            "a spreadsheet had added .0", "export the column as text";
        PhoneScientific = "phone_scientific",
            "9.19E+11, with all its digits",
            "export the column as text";
        PhoneRepeatedCode = "phone_repeated_code",
            "the country code stood there twice", "nothing to do";
        PhoneMexicoMobile1 = "phone_mexico_mobile_1",
            "Mexico's old 1 was taken off", "nothing to do";
        PhoneAnnotated = "phone_annotated",
            "words beside it were taken off", "see the attribute phone_note";
        PhoneDecoded = "phone_decoded",
            "decoded, then read", "check one or two of them";
        PhoneRenumbered = "phone_renumbered",
            "put into today's numbering plan", "check one or two of them";
        PhoneBrazilNinthDigit = "phone_brazil_ninth_digit",
            "the ninth digit was put back", "nothing to do";
        PhoneExtraNumbers = "phone_extra_numbers",
            "several numbers in one cell", "see the attributes phone_2 …";
        PhoneExtension = "phone_extension",
            "the extension became an attribute", "see the attribute phone_extension";
        PhoneFromLink = "phone_from_link",
            "taken from a chat link or id", "nothing to do";
        PhoneDropped = "phone_dropped",
            "a further phone could not be read", "see the cell under before";
        EmailDropped = "email_dropped",
            "not an e-mail address; left empty", "correct it at the source";
        EmailExtra = "email_extra",
            "several addresses in one cell",
            "see the attributes email_2 …";
        EmailTypoSuspected = "email_typo_suspected",
            "the domain looks like a slip; kept", "check the address";
        EmailFromPhoneColumn = "email_from_phone_column",
            "it stood in a phone column", "nothing to do";
        NameFromPhone = "name_from_phone",
            "no name; the number stands in", "add names at the source";
        NameControlCharacters = "name_control_characters",
            "unseen characters were taken off", "nothing to do";
        ValueControlCharacters = "value_control_characters",
            "control characters were taken off", "nothing to do";
        ValueTruncated = "value_truncated",
            "a value was cut at its limit", "see the whole value under before";
        ValueUnreadable = "value_unreadable",
            "no date and no text; left out", "see what is stored under before";
        ConsentUnclear = "consent_unclear",
            "neither a yes nor a no; kept",
            "read the cells, and put who refuses into an exclusion list";
        PhoneShared = "phone_shared",
            "another person has this number", "see the record under after";
        PhoneVariantOfAnother = "phone_variant_of_another",
            "another form of a contact's number", "see the record under after";
    }
}

/// The field that a rejection or a warning is about.
///
/// ```
/// use contactmill_core::Field;
///
/// assert_eq!(Field::Attribute("Plan".into()).to_string(), "attr:Plan");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Field {
    /// The record as a whole.
    Row,
    /// The record's text, before it is cut into fields.
    Text,
    /// The name.
    Name,
    /// The phone number.
    Phone,
    /// The e-mail address.
    Email,
    /// The tags.
    Tags,
    /// The contact as a whole: whether it may be written to.
    Contact,
    /// The attribute with this key.
    Attribute(Box<str>),
}

impl Field {
    /// The stable name of the field, and of all attributes together `attributes`.
    ///
    /// ```
    /// use contactmill_core::Field;
    ///
    /// assert_eq!(Field::Phone.kind(), "phone");
    /// assert_eq!(Field::Attribute("Plan".into()).kind(), "attributes");
    /// ```
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Field::Row => "row",
            Field::Text => "text",
            Field::Name => "name",
            Field::Phone => "phone",
            Field::Email => "email",
            Field::Tags => "tags",
            Field::Contact => "contact",
            Field::Attribute(_) => "attributes",
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Field::Attribute(key) => write!(f, "attr:{key}"),
            field => f.pad(field.kind()),
        }
    }
}

/// A record that is not emitted, and why. Bad data is an outcome, not an error.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rejection {
    /// The field at fault.
    pub field: Field,
    /// The reason.
    pub reason: Reason,
}

impl From<Reason> for Rejection {
    /// Every reason is about one field, which its code begins with.
    fn from(reason: Reason) -> Rejection {
        let field = match reason.code().split('_').next() {
            Some("phone") => Field::Phone,
            Some("email") => Field::Email,
            Some("name") => Field::Name,
            Some("text") => Field::Text,
            Some("contact") => Field::Contact,
            _ => Field::Row,
        };
        Rejection { field, reason }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.reason.code(), self.reason.meaning())
    }
}

/// A value that was changed beyond layout, or is suspect, in a record that is emitted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Warning {
    /// The field.
    pub field: Field,
    /// What happened.
    pub code: WarningCode,
    /// The value as it stood in the record.
    pub before: Box<str>,
    /// The value as it is emitted; for a suspicion that changed nothing, the suggestion.
    pub after: Box<str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_s_code_begins_with_its_field() {
        for &reason in Reason::ALL {
            let rejection = Rejection::from(reason);
            let field = rejection.field.to_string();
            assert!(reason.code().starts_with(&format!("{field}_")), "{reason}");
        }
    }

    #[test]
    fn a_meaning_fits_beside_its_code_on_a_line() {
        let meanings = Reason::ALL.iter().map(|reason| reason.meaning());
        for meaning in meanings.chain(WarningCode::ALL.iter().map(|code| code.meaning())) {
            assert!(meaning.len() <= 35, "{meaning}");
        }
    }

    #[test]
    fn codes_read_back_and_none_is_used_twice() {
        for &reason in Reason::ALL {
            assert_eq!(Reason::from_code(reason.code()), Some(reason));
        }
        for &code in WarningCode::ALL {
            assert_eq!(WarningCode::from_code(code.code()), Some(code));
        }
    }
}
