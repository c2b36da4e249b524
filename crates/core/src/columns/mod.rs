//! What the columns of a file hold: what the user says, a known export, the header, the cells.

pub(crate) mod consent;
pub(crate) mod content;
pub(crate) mod decide;
pub(crate) mod field;
pub(crate) mod header;
pub(crate) mod header_row;
pub(crate) mod hint;
pub(crate) mod mapping;
pub(crate) mod party;
pub(crate) mod preset;

pub use content::{ColumnContent, ContentSample, Resumed, Sampled};
pub use decide::{CellKind, DecidedBy, Decision, Share};
pub use field::{MappedField, UnknownField};
pub use header::{BOOKKEEPING_COLUMNS, is_bookkeeping_header};
pub use header_row::{column_letters, numbered_header};
pub use mapping::{
    AttributeSelection, ColumnMap, ColumnRole, FieldMapping, MappingError, PhoneCandidate,
    column_names,
};
