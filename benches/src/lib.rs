//! Inputs for the benchmarks of contactmill: contact files as people leave them, of any size and
//! always the same.
//!
//! ```
//! let mut file = Vec::new();
//! contactmill_benches::contacts::write(&mut file, 300, 1)?;
//! assert!(file.starts_with(b"Full Name,Phone,Email,Country,Tags,City,Plan,Notes\n"));
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! On the command line: `make-contacts 300 -o sample.csv`.

pub mod cells;
pub mod contacts;
pub mod phones;
