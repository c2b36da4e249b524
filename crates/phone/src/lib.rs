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
mod number;
mod oracle;
mod parse;
mod plans;
mod region;

pub use number::{E164, International, LengthCheck, LineType, NationalNumber, PhoneNumber};
pub use parse::{
    Extension, ParseError, Plain, facts, parse, parse_by_library, parse_plain, parse_with_extension,
};
pub use region::{Region, UnknownRegion};

/// The version of libphonenumber's numbering-plan metadata that every answer rests on.
///
/// It is the version that the `rlibphonenumber` package states for itself; `docs/sources.md` in
/// the repository says how it is kept in step.
///
/// ```
/// assert!(contactmill_phone::METADATA_VERSION.starts_with('9'));
/// ```
pub const METADATA_VERSION: &str = plans::METADATA_VERSION;
