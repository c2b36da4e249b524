//! What formats share: cutting an input into blocks of whole records.

pub(crate) mod header;
pub(crate) mod own_file;
pub(crate) mod self_describing;
pub(crate) mod table;
pub(crate) mod window;
