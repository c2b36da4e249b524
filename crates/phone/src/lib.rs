//! Phone numbers, read by the world's numbering plans.
//!
//! Text goes in; out comes a [`PhoneNumber`]: a country calling code and a national number, with
//! what the numbering plan says of it (is it valid, whose is it, is it a mobile). The answers are
//! those of Google's libphonenumber at metadata version [`METADATA_VERSION`].
//!
//! ```
//! use contactmill_phone::{LineType, Region, parse};
//!
//! let number = parse("098765 43210", Some(Region::IN))?;
//! assert_eq!(number.calling_code(), 91);
//! assert_eq!(number.national_number().to_string(), "9876543210");
//! assert_eq!(number.e164().to_string(), "+919876543210");
//! assert_eq!(number.region(), Some(Region::IN));
//! assert_eq!(number.line_type(), LineType::Mobile);
//! assert!(number.is_valid());
//! # Ok::<(), contactmill_phone::ParseError>(())
//! ```
//!
//! This crate knows numbering plans, digits and regions. It knows nothing of contacts, and it
//! repairs nothing: a cell that a spreadsheet has damaged is read exactly as libphonenumber reads
//! it. Recognising damage is the work of `contactmill-core`.

mod fast;
mod libphonenumber;
mod number;
mod parse;
mod plans;
mod region;

pub use number::{E164, International, LengthCheck, LineType, NationalNumber, PhoneNumber};
pub use parse::{Extension, ParseError, Plain, parse, parse_plain, parse_with_extension};
pub use region::{Region, UnknownRegion};

/// The version of libphonenumber's numbering-plan metadata that every answer rests on.
///
/// It is the version that the `rlibphonenumber` package states for itself; `docs/sources.md` in
/// the repository says how it is kept current.
///
/// ```
/// assert!(contactmill_phone::METADATA_VERSION.starts_with('9'));
/// ```
pub const METADATA_VERSION: &str = plans::METADATA_VERSION;

/// For the other crates of this workspace alone; no promise is made about anything in here.
#[doc(hidden)]
pub mod __private {
    use std::fmt;

    use crate::{ParseError, PhoneNumber, Region};

    /// Reads with libphonenumber alone, without the fast path: the reference that tests and
    /// `contactmill-codegen verify` compare with.
    ///
    /// # Errors
    ///
    /// Those of [`parse`](crate::parse()).
    pub fn parse_with_libphonenumber(
        text: &str,
        default_region: Option<Region>,
    ) -> Result<PhoneNumber, ParseError> {
        crate::parse::parse_with_libphonenumber(text, default_region)
    }

    /// Everything that a number says: equal numbers may differ in it.
    pub fn facts(number: PhoneNumber) -> impl PartialEq + fmt::Debug {
        (
            number.calling_code(),
            number.national_number().to_string(),
            number.is_valid(),
            number.length_check(),
            number.region(),
            number.line_type(),
        )
    }

    /// Everything that is known of a number, as two integers.
    #[must_use]
    pub const fn to_bits(number: PhoneNumber) -> [u64; 2] {
        number.to_bits()
    }

    /// The number whose [`to_bits`] these are, without asking the numbering plans again.
    #[must_use]
    pub fn from_bits(bits: [u64; 2]) -> Option<PhoneNumber> {
        PhoneNumber::from_bits(bits)
    }
}
