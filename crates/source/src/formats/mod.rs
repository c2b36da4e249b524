//! The formats that records are read from, one folder each.

#[cfg(feature = "arrow")]
pub(crate) mod columnar;
pub(crate) mod csv;
pub(crate) mod json;
pub(crate) mod vcard;
pub(crate) mod workbook;
