//! Outcomes as Arrow batches: tables in memory, for whoever works on and writes no files.
//!
//! [`ResultBatches`] takes what a run hands over, and has the columns of the files of a result.
//! [`OutcomeRows`] has a row for each record, whatever became of it, and [`PhoneRows`] one for each
//! phone cell.

mod columns;
mod outcomes;
mod results;

pub use self::outcomes::{OutcomeRows, PhoneRows};
pub use self::results::{ResultBatches, TableBatches};

/// Maximum number of rows of a batch.
const BATCH_ROWS: usize = 1 << 16;

/// Size of text at which a batch ends, in bytes. An Arrow array of texts holds 2 GiB.
const BATCH_BYTES: usize = 16 << 20;
