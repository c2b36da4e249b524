//! Reads single cells: one module for each kind of cell.

pub(crate) mod country;
pub(crate) mod email;
pub(crate) mod name;
pub(crate) mod phone;
pub(crate) mod tag;

pub use phone::{Phone, PhoneReading, read_phone};
