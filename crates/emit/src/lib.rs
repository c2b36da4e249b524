//! Contacts in, import arrays out: whole files or none.
//!
//! A [`ResultWriter`] takes the outcomes of a run (it is a [`Sink`](contactmill_core::pipeline::Sink))
//! and fills a folder with contacts, tables of rejects, duplicates and warnings, and a manifest.
//! Contacts are written by a [`ContactWriter`]: as strict JSON import arrays ([`ArrayWriter`]), or in
//! another form. Everything goes to a staging folder beside the final one, which gets its name by a
//! rename at the end: killed at any point, the final folder is absent or whole.
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
//! | module | holds |
//! |---|---|
//! | `contact_writer` | the trait that an output format implements |
//! | `contact_json`, `arrays` | import arrays, its first implementation |
//! | `contact_table` | all contacts as one table: CSV, NDJSON, Parquet |
//! | `batches` | contacts and tables in memory, as Arrow batches |
//! | `write_thread` | writing on a thread of its own |
//! | `rejects`, `workbook` | rejected records, as text or as a workbook |
//! | `tables`, `manifest`, `result` | what every result has beside its contacts |
//! | `contact_counts` | what the contacts have in common, counted |
//! | `index`, `since` | which contacts a result stands for, and how they compare with an earlier one's |
//! | `split`, `part_names` | one result for each value, side by side |
//! | `join` | partitions of a result that several processes have written, as one |
//! | `file` | files while they are written |
//! | `staging` | the folder that appears whole or not at all |
//! | `siblings`, `lock` | temporary folders beside it, and which of them are in use |
//! | `note`, `error` | what is reported |
//!
//! This crate knows the files of a result and how they are written. It knows nothing of where records
//! come from, nor of HTTP.

mod arrays;
#[cfg(feature = "batches")]
mod batches;
mod contact_counts;
mod contact_json;
mod contact_table;
mod contact_writer;
mod error;
mod file;
mod index;
mod join;
mod lock;
mod manifest;
mod note;
mod part_names;
mod rejects;
mod result;
mod siblings;
mod since;
mod split;
mod staging;
mod tables;
mod workbook;
mod write_thread;

pub use arrays::{ArrayLayout, ArrayWriter, BatchLimits};
#[cfg(feature = "batches")]
pub use batches::{OutcomeRows, PhoneRows, ResultBatches, TableBatches};
pub use contact_counts::{ContactCounts, EmailDomains};
pub use contact_json::{ArrayEncoder, contact_json, phone_json};
pub use contact_table::ContactTable;
// What writers return.
pub use contact_writer::ContactWriter;
pub use contactmill_wire::manifest::OutputFile;
pub use error::EmitError;
pub use file::{ContactFile, ResultFile, ResultFiles};
pub use index::indexing_encoder;
pub use join::{ResultPartition, join_partitions};
pub use manifest::{manifest_counts, write_manifest, write_report};
pub use note::StagingNote;
pub use rejects::RejectsFormat;
pub use result::{Finished, InputTable, ResultWriter, Tally};
pub use siblings::displaced_results;
pub use since::{Comparison, KnownContacts};
pub use split::{FinishedPart, MAX_PARTS, SplitWriter};
pub use staging::{Committed, Existing, Staging};
pub use write_thread::WriteThread;
