//! Messy contact records in, valid contacts or reasons out.
//!
//! A [`RawContact`] is borrowed text by role, nothing checked. [`Normalizer::normalize`] turns it
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
//! For a whole dump, [`pipeline::Pipeline`] takes a [`Source`], uses all cores, removes duplicates, and
//! hands the outcomes over in input order.
//!
//! This crate knows contacts, fields, mapping, repairs, reasons and merging. It knows nothing of
//! files, JSON, HTTP or terminals; only its [`pipeline`] knows threads.

pub mod cells;
pub mod columns;
pub mod contact;
mod data;
pub mod dedup;
mod encoder;
pub mod explain;
pub mod inspect;
mod normalize;
pub mod options;
pub mod pipeline;
mod raw;
mod reason;
pub mod records;
mod text;

pub use contact::Contact;
pub use contactmill_phone::{
    LineType, METADATA_VERSION, NationalNumber, PhoneNumber, Region, UnknownRegion,
};
pub use encoder::ContactEncoder;
pub use normalize::{Normalized, Normalizer};
pub use options::Options;
pub use raw::RawContact;
pub use reason::{Field, Reason, Rejection, Warning, WarningCode};

/// The examples of the pages that people read first, run as tests.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../README.md")]
    struct Core;
    #[doc = include_str!("../../phone/README.md")]
    struct Phone;
}
