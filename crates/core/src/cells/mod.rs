//! Reads single cells.
//!
//! [`read_phone`] reads one phone cell without a record around it. Cells of other kinds are read as part
//! of a record, by [`Normalizer::normalize`](crate::Normalizer::normalize).

pub(crate) mod attributes;
pub(crate) mod check_digits;
pub(crate) mod country;
pub(crate) mod email;
pub(crate) mod identifier;
pub(crate) mod name;
pub(crate) mod phone;
pub(crate) mod tag;

pub use phone::{Phone, PhoneReading, read_phone};
