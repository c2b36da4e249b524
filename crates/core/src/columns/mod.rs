//! Decides what the columns of a file hold.
//!
//! A [`FieldMapping`] is what the user says. It is resolved against a header row, and against a
//! [`ContentSample`] of the records where there is one; the result is a [`ColumnMap`], which turns each
//! record into a [`RawContact`](crate::RawContact). Where the user says nothing, a known export decides,
//! else the header, else the cells; [`Decision`] says which of them it was. Nothing is guessed: where
//! several columns could hold the phone number, the result is a [`MappingError`].

pub(crate) mod attribute_selection;
pub(crate) mod column_map;
pub(crate) mod consent;
pub(crate) mod content;
pub(crate) mod decide;
pub(crate) mod field;
pub(crate) mod header;
pub(crate) mod header_row;
pub(crate) mod hint;
pub(crate) mod mapping;
pub(crate) mod names;
pub(crate) mod notes;
pub(crate) mod party;
pub(crate) mod people;
pub(crate) mod phone_label;
pub(crate) mod preset;
pub(crate) mod sensitive;

pub use attribute_selection::{AttributeSelection, InvalidAttributes};
pub use column_map::{ColumnMap, ColumnRole};
pub use content::{ColumnContent, ContentSample, Resumed, Sampled};
pub use decide::{CellKind, DecidedBy, Decision, Share};
pub use field::{MappedField, UnknownField};
pub use header::{
    BOOKKEEPING_COLUMNS, CONTACT_COLUMNS, PhoneRank, is_bookkeeping_header, is_contact_table,
    is_own_header,
};
pub use header_row::{column_letters, numbered_header};
pub use mapping::{FieldMapping, MappingError, PhoneCandidate, named_column};
pub use names::column_names;
pub use notes::{MappingNote, WhyTaken, WhyUnused};
pub use party::below_groups;
pub use sensitive::{IdentifierShare, Sensitive, SensitiveColumn};
