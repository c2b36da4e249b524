//! What formats share: finding records and columns, and handing them over in blocks.

pub(crate) mod contained;
pub(crate) mod fixed;
pub(crate) mod header;
pub(crate) mod number;
pub(crate) mod own_file;
pub(crate) mod self_describing;
pub(crate) mod split;
pub(crate) mod table;
pub(crate) mod window;
