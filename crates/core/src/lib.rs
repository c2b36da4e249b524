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

mod contact;
mod content;
mod country;
mod decide;
mod dedup;
mod email_cell;
mod encoding;
mod explain;
mod header;
mod header_row;
mod inspect;
mod mapping;
mod merge;
mod name_cell;
mod normalize;
mod opt_out;
mod options;
mod packed;
mod party;
mod phone_cell;
pub mod pipeline;
mod preset;
mod raw;
mod reason;
mod record;
mod rows;
mod spill;
mod tag_cell;
mod text;

pub use contact::{Attribute, AttributeValue, Contact, ContactName, EmailAddress, Tag};
pub use contactmill_phone::{
    LineType, METADATA_VERSION, NationalNumber, PhoneNumber, Region, UnknownRegion,
};
pub use content::{ColumnContent, ContentSample, Resumed, Sampled};
pub use decide::{CellKind, DecidedBy, Decision, Share};
pub use dedup::{Conflict, Conflicts, DedupPolicy, MatchKey};
pub use encoding::Encoding;
pub use explain::{Explained, Explanation, Step, StepKind};
pub use header::{BOOKKEEPING_COLUMNS, is_bookkeeping_header};
pub use header_row::{column_letters, numbered_header};
pub use inspect::{ColumnInspection, Finding, Found, Inspection, Inspector, OptOuts, RegionAdvice};
pub use mapping::{
    AttributeSelection, ColumnMap, ColumnRole, FieldMapping, MappedField, MappingError,
    PhoneCandidate, UnknownField, column_names,
};
pub use normalize::{Normalized, Normalizer};
pub use options::{
    Acceptance, BadEmail, BareDigits, LineTypePolicy, MissingName, Options, PhoneMode,
};
pub use phone_cell::{Phone, PhoneReading, read_phone};
pub use raw::RawContact;
pub use reason::{Field, Reason, Rejection, Warning, WarningCode};
pub use record::{Block, Integrity, Position, Record, RecordBuffer, RecordId, Source, SourceId};
pub use rows::{RowBlock, Rows};
pub use spill::{Scratch, ScratchMaker, scratch_in_memory};

/// The examples of the pages that people read first, run as tests.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../../../README.md")]
    struct Repository;
    #[doc = include_str!("../README.md")]
    struct Core;
    #[doc = include_str!("../../phone/README.md")]
    struct Phone;
}
