//! Contact dumps in, records out.
//!
//! A [`Dump`] is what one input holds, and a [`DumpMember`] of it opens as an [`AnySource`], whatever its
//! packing, format and encoding are. The bytes tell, never a name.
//!
//! A [`CsvSource`] reads delimited text: it finds the delimiter, takes the header row, and cuts the
//! rest into blocks of whole records at memory speed. Any thread can parse a block. Damage stays
//! local: a quote that is never closed costs its own line, and no other.
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
//! This crate knows formats and encodings. It knows nothing of what a column means or what a valid
//! phone number is.

mod any;
mod dump;
mod formats;
mod input;
mod records;

pub use any::{AnyBlock, AnySource};
pub use dump::{Dump, DumpMember, ReadOptions, SkippedMember};
pub use formats::csv::{CsvBlock, CsvOptions, CsvSource, Delimiter, InvalidDelimiter};
pub use formats::json::JsonSource;
pub use formats::vcard::VcardSource;
pub use input::Input;
pub use input::decompress::{DecompressLimits, InvalidLimits};
pub use input::encoding::{TextEncoding, UnknownEncoding};
pub use input::error::{SourceError, SourceProblem};
pub use input::format::Format;
pub use records::header::IsHeaderRow;
pub use records::self_describing::{SelfDescribingBlock, SelfDescribingOptions};
pub use records::table::SkippedColumn;
