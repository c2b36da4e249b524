//! Messy contact records in, valid contacts or reasons out.
//!
//! A [`RawContact`] is borrowed text by field, nothing checked. [`Normalizer::normalize`] turns it
//! into a [`Normalized`] contact with the [`Warning`]s for everything that was changed beyond
//! layout, or into a [`Rejection`] with a stable reason. Nothing is guessed: a phone number that
//! could be read in two ways is rejected.
//!
//! ```
//! use contactmill_core::{Normalizer, Options, RawContact, Reason, Region};
//!
//! let normalizer = Normalizer::new(Options { region: Some(Region::IN), ..Options::default() });
//!
//! let mut raw = RawContact::default();
//! raw.names.push("  Asha   Verma ");
//! raw.phones.push("098765-43210");
//! raw.emails.push("Asha@EXAMPLE.com");
//! let contact = normalizer.normalize(&raw).unwrap().contact;
//! assert_eq!(contact.name.as_str(), "Asha Verma");
//! assert_eq!(contact.phone.e164().to_string(), "+919876543210");
//! assert_eq!(contact.email.unwrap().as_str(), "Asha@example.com");
//!
//! let mut raw = RawContact::default();
//! raw.phones.push("9.19877E+11"); // a spreadsheet has thrown digits away
//! assert_eq!(normalizer.normalize(&raw).unwrap_err().reason, Reason::PhoneExcelRounded);
//! ```
//!
//! For a whole dump, [`pipeline::Pipeline`] takes a [`Source`](records::Source), uses all cores,
//! removes duplicates, and hands the outcomes over in input order.
//!
//! | module | for |
//! |---|---|
//! | [`options`] | choosing a region, and how strict to be |
//! | [`columns`] | deciding which column holds which field |
//! | [`records`] | feeding records from anywhere |
//! | [`pipeline`] | reading whole sources on all cores |
//! | [`contact`] | the parts of a contact |
//! | [`dedup`] | choosing which of several contacts is kept |
//! | [`exclusion`] | leaving out who must not be written to |
//! | [`split`] | splitting what comes out by a value |
//! | [`cells`] | reading one phone cell |
//! | [`explain`] | showing how a cell is read, step by step |
//! | [`inspect`] | looking at a source before it is imported |
//! | [`regions`] | finding the region of numbers without a country calling code |
//!
//! This crate knows contacts, fields, mapping, repairs, reasons and merging. It knows nothing of
//! files, JSON, HTTP or terminals. Only its private module `workers` starts threads, for [`pipeline`] and
//! [`exclusion`].

pub mod cells;
pub mod columns;
pub mod contact;
mod data;
pub mod dedup;
mod encoder;
pub mod exclusion;
pub mod explain;
pub mod inspect;
mod normalize;
pub mod options;
pub mod pipeline;
mod raw;
mod reason;
mod recent;
pub mod records;
pub mod regions;
pub mod split;
mod text;
mod workers;

pub use contact::Contact;
pub use contactmill_phone::{
    LineType, METADATA_VERSION, NationalNumber, PhoneNumber, Region, UnknownRegion,
};
pub use encoder::ContactEncoder;
pub use normalize::{Normalized, Normalizer};
pub use options::Options;
pub use raw::RawContact;
pub use reason::{Field, Reason, Rejection, Warning, WarningCode};

/// For the tests of this crate alone; no promise is made about anything in here.
#[doc(hidden)]
pub mod __private {
    use crate::cells::country::{self, CountryReading};
    use crate::cells::identifier::{self, SCHEMES};
    use crate::cells::name;
    use crate::columns::consent::{self, ConsentReading};
    use crate::columns::header;
    use crate::columns::hint::{self, HeaderHint, MAYBE};
    use crate::columns::party::{self, Party};
    use crate::columns::sensitive::{self, Sensitive};
    use crate::contact::ContactName;
    use crate::dedup::identity;

    /// Whether two cells may hold the name of one person.
    #[must_use]
    pub fn names_agree(one: &str, other: &str) -> bool {
        let name = |cell| match name::read(cell) {
            Some(reading) => ContactName::given(reading.name),
            None => ContactName::standing_in(""),
        };
        identity::names_agree(&name(one), &name(other))
    }

    /// What a header means, hints at or surely is not, by the kinds in the data files: `kind (parties)`
    /// by its own words, `parties: kind` by those that are left without the parties.
    #[must_use]
    pub fn header(header: &str) -> String {
        let maybe = |hint: HeaderHint| format!("{MAYBE}{}", hint.meaning().kind());
        let of_party = || party::meaning(header).map(|meaning| meaning.kind().to_owned());
        let own = match header::meaning(header) {
            Some(meaning) => Some(meaning.kind().to_owned()),
            None if of_party().is_some() => None,
            None => hint::hint(header).map(maybe),
        };
        let parties = Party::of(header).names().collect::<Vec<_>>().join(" + ");
        if own.is_none()
            && let Some(kind) = of_party().or_else(|| hint::hint_of_party(header).map(maybe))
        {
            return format!("{parties}: {kind}");
        }
        let rest = if hint::is_of_something_else(header) { "something-else" } else { "-" };
        let kind = own.as_deref().unwrap_or(rest);
        if parties.is_empty() { kind.to_owned() } else { format!("{kind} ({parties})") }
    }

    /// What a cell says in a column of consents with this header.
    #[must_use]
    pub fn consent(header: &str, cell: &str) -> &'static str {
        match consent::of_header(header).map(|consent| consent.read(cell)) {
            None => "no consent",
            Some(ConsentReading::Nothing) => "nothing",
            Some(ConsentReading::Given) => "in",
            Some(ConsentReading::Refused) => "out",
            Some(ConsentReading::NotUnderstood) => "unclear",
        }
    }

    /// Why a column with this header is sensitive.
    #[must_use]
    pub fn sensitive(header: &str) -> &'static str {
        sensitive::of_header(header).map_or("-", Sensitive::code)
    }

    /// The identifiers that a cell may be, by their check digits.
    #[must_use]
    pub fn identifiers(cell: &str) -> String {
        let names: Vec<_> = identifier::schemes_of(cell).map(|at| SCHEMES[at].name).collect();
        if names.is_empty() { "-".to_owned() } else { names.join(", ") }
    }

    /// What a country cell says: a region, a country calling code, or why neither.
    #[must_use]
    pub fn country(cell: &str) -> String {
        match country::read(cell) {
            CountryReading::Nothing => "-".to_owned(),
            CountryReading::Named(region) => region.to_string(),
            CountryReading::CallingCode(code) => format!("+{code}"),
            CountryReading::NamibiaOrNothing => "NA or -".to_owned(),
            CountryReading::NotUnderstood => "not understood".to_owned(),
        }
    }

    /// Whether a cell holds a placeholder.
    #[must_use]
    pub fn is_placeholder(cell: &str) -> bool {
        crate::text::says_nothing(cell)
    }
}

/// The examples of the pages that people read first, run as tests.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../README.md")]
    struct Core;
    #[doc = include_str!("../../phone/README.md")]
    struct Phone;
}
