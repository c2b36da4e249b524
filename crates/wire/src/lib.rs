//! The formats that the parts of contactmill share.
//!
//! | module | of |
//! |---|---|
//! | [`import`] | the import API's JSON |
//! | [`object`] | JSON objects with fields that this version does not know |
//! | [`files`] | the names of the files in a result folder |
//! | [`manifest`] | the manifest |
//! | [`csv_cell`] | the cells of its tables |
//! | [`fixes`] | corrections by hand |
//! | [`index`] | the index of its contacts |
//! | [`journal`] | the journal of its upload |
//! | [`limits`] | limits |
//! | [`kept_file`] | whether a file that is kept open is still the one with its name |
//!
//! Apart from that last question it touches no files, and it knows nothing of how contacts are made.

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
