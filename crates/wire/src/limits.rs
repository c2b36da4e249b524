//! Limits of requests to the import API. The service states none; these are careful defaults.

/// Maximum number of contacts in one import array.
pub const MAX_CONTACTS: usize = 500;

/// Maximum size of one import array, in bytes: under the body limit of 100 KiB that common web
/// servers have.
pub const MAX_BYTES: usize = 100_000;

/// Maximum number of requests a minute, for each token.
pub const REQUESTS_PER_MINUTE: u32 = 100;
