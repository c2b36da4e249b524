//! Contacts in, import arrays out: whole files or none.
//!
//! A [`ResultWriter`] takes what a run hands over (it is a [`Sink`](contactmill_core::pipeline::Sink))
//! and fills a folder with strict JSON import arrays, tables of rejects, duplicates and warnings,
//! and a manifest. It works in a staging folder beside the final one, which appears at the end by
//! a rename: killed at any point, the final folder is absent or whole.
//!
//! ```
//! use contactmill_core::{Normalizer, Options, RawContact};
//! use contactmill_emit::contact_json;
//!
//! let mut raw = RawContact::default();
//! raw.names.push("John Doe");
//! raw.phones.push("+91 98765 43210");
//! let contact = Normalizer::new(Options::default()).normalize(&raw)?.contact;
//!
//! let mut json = Vec::new();
//! contact_json(&contact, &mut json);
//! assert_eq!(
//!     String::from_utf8(json).unwrap(),
//!     concat!(
//!         r#"{"profile":{"userDetails":{"userProvidedName":"John Doe","#,
//!         r#""contact":{"email":"","phone":{"number":"9876543210","prefix":"91"}},"#,
//!         r#""tags":[],"attributes":[]}}}"#,
//!     )
//! );
//! # Ok::<(), contactmill_core::Rejection>(())
//! ```
//!
//! This crate alone knows the import API's JSON, the files of a result and how they are written.
//! It knows nothing of where records come from, nor of HTTP.

mod arrays;
mod beside;
mod contact_json;
mod error;
mod file;
mod lock;
mod manifest;
mod notice;
mod result;
mod staging;
mod tables;

pub use arrays::{ArrayLayout, BatchLimits, Writing};
pub use beside::set_aside;
pub use contact_json::{ArrayEncoder, contact_json, phone_json};
pub use error::EmitError;
pub use file::ResultFile;
pub use manifest::{
    ContentDecision, InputEntry, Manifest, ManifestCounts, MappedColumn, MappingEntry, OutputFile,
    Tool,
};
pub use notice::Notice;
pub use result::{Finished, InputTable, ResultWriter, Tally};
pub use staging::{Committed, Existing, Staging};
pub use tables::escape_formula;
