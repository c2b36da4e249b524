//! What the parts of contactmill agree on: the import API's JSON ([`import`]), the manifest of a
//! result folder ([`manifest`]), the names of its files ([`files`]), the cells of its tables
//! ([`csv_cell`]), corrections by hand ([`fixes`]), its index ([`index`]), the journal of its upload ([`journal`]) and the limits
//! ([`limits`]).
//!
//! This crate holds types and names. It reads and writes no files, and knows nothing of how contacts
//! are made.

mod bytes;
pub mod csv_cell;
pub mod files;
pub mod fixes;
pub mod import;
pub mod index;
pub mod journal;
pub mod kept_file;
pub mod limits;
pub mod manifest;
pub mod object;

/// The example of the crate's page, run as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Page;
