//! Why the correction of a cell does not fit.

use std::fmt;

/// Why a correction does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Misfit {
    /// There is no such column.
    Column {
        /// The columns there are.
        columns: Vec<String>,
    },
    /// There is no such record.
    Record {
        /// The number of records.
        records: u64,
    },
    /// The record is damaged as a whole, or ends before the column.
    Damaged,
    /// Something else stands in the cell.
    Before,
}

/// What is wrong with the correction of a cell, and what to do.
pub(crate) fn write_misfit(
    f: &mut fmt::Formatter<'_>,
    (input, record, column): (&str, u64, &str),
    misfit: &Misfit,
) -> fmt::Result {
    match misfit {
        Misfit::Column { columns } => {
            let columns = columns.join(", ");
            write!(f, "{input} has no column {column:?} among {columns}; correct the name")
        }
        Misfit::Record { records } => write!(
            f,
            "{input} has no record {record}, but {records} records; correct the number, or take the line \
             out"
        ),
        Misfit::Damaged => write!(
            f,
            "record {record} of {input} is damaged, or ends before {column:?}: mend it in the file, and \
             take the line out"
        ),
        Misfit::Before => write!(
            f,
            "another value than `before` stands in {column:?} of record {record} of {input}; was it \
             corrected already? Take the line out, or write what stands there"
        ),
    }
}
