//! Contact dumps in, records out.
//!
//! A [`Dump`] is what one input holds, and a [`Part`] of it opens as an [`AnySource`], whatever its
//! packing, format and encoding are. The bytes tell, never a name.
//!
//! A [`CsvSource`] reads delimited text: it finds the delimiter, takes the header row, and cuts the
//! rest into blocks of whole records at memory speed. Any thread can parse a block. Damage stays
//! local: a quote that is never closed costs its own line, and no other.
//!
//! ```
//! use std::io::Cursor;
//!
//! use contactmill_core::{Block, Source};
//! use contactmill_source::{CsvOptions, CsvSource};
//!
//! let text = "Name;Phone\nAsha;+919876543210\n";
//! let mut source = CsvSource::new("contacts.csv", Cursor::new(text), CsvOptions::default())?;
//! assert_eq!(source.header(), ["Name", "Phone"]);
//!
//! let block = source.next_block()?.unwrap();
//! block.visit(&mut |record| assert_eq!(record.get(0), Some("Asha")))?;
//! assert!(source.next_block()?.is_none());
//! # Ok::<(), contactmill_source::SourceError>(())
//! ```
//!
//! This crate knows formats and encodings. It knows nothing of what a column means or what a valid
//! phone number is.

mod any;
#[cfg(feature = "arrow")]
mod columnar;
mod contained;
mod csv;
mod digest;
mod dump;
mod encoding;
mod error;
mod format;
mod header;
mod input;
mod json;
mod keyed;
mod own_file;
mod table;
mod text;
mod unpack;
mod vcard;
mod window;
mod workbook;

pub use any::{AnyBlock, AnySource};
pub use csv::{CsvBlock, CsvOptions, CsvSource, Delimiter, InvalidDelimiter};
pub use dump::{Dump, Part, PassedOver, ReadOptions};
pub use encoding::{TextEncoding, UnknownEncoding};
pub use error::{SourceError, SourceProblem};
pub use format::Format;
pub use header::IsHeader;
pub use input::Input;
pub use json::JsonSource;
pub use keyed::{KeyedBlock, KeyedOptions};
pub use table::SkippedColumn;
pub use unpack::{InflateLimits, InvalidLimits};
pub use vcard::VcardSource;
