//! Contact dumps in, records out.
//!
//! A [`Dump`] is what one input holds, and a [`DumpMember`] of it opens as an [`AnySource`], whatever its
//! compression, format and encoding are. The bytes show what they are, never a name.
//!
//! A [`CsvSource`] reads delimited text: it finds the delimiter, takes the header row, and cuts the rest
//! into blocks of whole records at memory speed. Any thread can parse a block. Damage stays local: a
//! quote that is never closed costs only its own line.
//!
//! Imports inside the crate go one way: `input` (bytes) ← `records` (what formats share) ← `formats` ←
//! `any` and `dump`, which know all formats.
//!
//! ```
//! use std::io::Cursor;
//!
//! use contactmill_core::records::{Block, Source};
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
//! This crate knows formats and encodings. It does not know what a column means, or what a valid phone
//! number is.

mod any;
mod dump;
mod formats;
mod input;
mod records;

pub use any::{AnyBlock, AnySource};
pub use dump::{Dump, DumpMember, InputSplits};
#[cfg(feature = "arrow")]
pub use formats::columnar::{BatchBlock, BatchSource};
pub use formats::csv::{CsvBlock, CsvSource};
pub use formats::json::{JsonBlock, JsonSource};
pub use formats::vcard::VcardSource;
pub use input::Input;
pub use input::delimiter::{Delimiter, InvalidDelimiter};
pub use input::encoding::{TextEncoding, UnknownEncoding};
pub use input::error::{SourceError, SourceProblem};
pub use input::format::Format;
pub use input::limits::{DecompressLimits, InvalidLimits};
pub use input::misfit::Misfit;
pub use input::options::{CsvOptions, IsHeaderRow, ReadOptions, SelfDescribingOptions, Sheets};
pub use input::sheet::{Sheet, Workbook};
pub use input::skipped::SkippedMember;
pub use records::fixed::{CellFix, CellFixes};
pub use records::self_describing::SelfDescribingBlock;
pub use records::split::InputSplit;
pub use records::table::SkippedColumn;
