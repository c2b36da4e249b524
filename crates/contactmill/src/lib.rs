//! What the command `contactmill` does, as a library.
//!
//! * [`Convert`] reads contact dumps and writes a result folder: import arrays, rejects, duplicates,
//!   warnings and a [`Manifest`].
//! * [`Inspect`] looks at dumps and reports how they would be read. It writes nothing.
//! * [`Explain`] tells step by step how one value is read.
//! * [`Records`] reads records as they stand.
//!
//! ```
//! use contactmill::{Convert, Options, Region};
//!
//! # let folder = tempfile::tempdir()?;
//! # let (contacts, out) = (folder.path().join("contacts.csv"), folder.path().join("out"));
//! # std::fs::write(&contacts, "Name,Phone\nAsha,098765-43210\nRavi,9.19877E+11\n")?;
//! let options = Options { region: Some(Region::IN), ..Options::default() };
//! let manifest = Convert::new([contacts.as_path()]).out(&out).options(options).run()?;
//! assert_eq!((manifest.counts.contacts, manifest.counts.rejected), (1, 1));
//! assert!(out.join("import-000001.json").exists());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! While a run goes on, it reports [`Event`]s. A run that cannot go on returns an [`Error`] that
//! says what is wrong, where, and what to do. Bad data is no error: the record is rejected with a
//! [`Reason`].
//!
//! This crate connects the crates below it: sources, normalisation, results. It knows no arguments,
//! no terminal and no exit codes, and no rule about a contact.

#[cfg(feature = "batches")]
pub mod batches;
mod convert;
mod corrected;
mod decided;
pub mod distributed;
mod error;
mod event;
mod exclusion;
mod explain;
mod fixes;
mod inputs;
mod inspect;
mod limits;
pub mod manifest;
mod mask;
mod opened_inputs;
mod opening;
mod records;
mod scratch;
mod since;
mod sink;
mod split;
mod tallies;

pub use crate::convert::{Convert, Output};
pub use crate::error::{Error, ErrorKind, Hint};
pub use crate::event::{Event, OpenedInput, Progress, StagingFolder};
pub use crate::explain::{CellField, Explain};
pub use crate::inputs::{Input, Reading};
pub use crate::inspect::{Inspect, InspectedInput, Report, SeenColumns};
pub use crate::limits::{InvalidMaxRejects, MaxRejects};
pub use crate::manifest::Manifest;
pub use crate::records::{InputRecords, Records, StandingRecord};
pub use contactmill_core::columns;
pub use contactmill_core::contact::Attribute;
pub use contactmill_core::dedup::{Conflict, DedupPolicy};
pub use contactmill_core::exclusion::{Exclusion, OptOuts};
pub use contactmill_core::explain::{Explained, Explanation, Step, StepKind};
pub use contactmill_core::inspect::{
    ColumnInspection, ConsentColumn, Finding, FindingCount, Inspection,
};
pub use contactmill_core::options;
pub use contactmill_core::records::{Integrity, Position, Record, RecordId, SourceId};
pub use contactmill_core::regions::{RegionAdvice, RegionFits, meant_region};
pub use contactmill_core::split::SplitBy;
pub use contactmill_core::{
    Field, METADATA_VERSION, Options, Reason, Region, Rejection, UnknownRegion, Warning,
    WarningCode,
};
pub use contactmill_emit::{
    ArrayLayout, BatchLimits, Existing, RejectsFormat, StagingNote, displaced_results,
};
pub use contactmill_source::{
    DecompressLimits, Delimiter, Format, InvalidDelimiter, InvalidLimits, Sheet, Sheets,
    TextEncoding, UnknownEncoding, Workbook,
};

/// The examples of the pages that people read first, run as tests.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../../../README.md")]
    struct Repository;
    #[doc = include_str!("../README.md")]
    struct Library;
}
