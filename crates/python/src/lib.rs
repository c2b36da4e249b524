//! The Python package `contactmill`: the library and the command, for Python.
//!
//! | module | holds |
//! |---|---|
//! | `options`, `mapping` | arguments, in the words of the command |
//! | `phone`, `record` | one number, one record |
//! | `stream` | Arrow's streams, in and out |
//! | `tables` | tables in, tables out |
//! | `files` | dumps in, a result folder out |
//! | `distributed` | the steps of a run that different machines take |
//! | `interrupt` | Ctrl-C while Rust is at work |
//! | `errors` | errors as exceptions |
//!
//! This crate knows Python. It knows no rule about contacts: what it does, the library does.

mod distributed;
mod errors;
mod files;
mod interrupt;
mod mapping;
mod options;
mod phone;
mod record;
mod stream;
mod tables;

use pyo3::prelude::*;

/// The compiled part of the package.
#[pymodule(gil_used = false)]
mod _contactmill {
    use std::ffi::OsString;
    use std::process::ExitCode;

    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::distributed::{
        Coordinator, Merger, Reading, Worker, decided_columns, normalize_decided, open_inputs,
    };
    #[pymodule_export]
    use crate::files::{convert, inspect};
    #[pymodule_export]
    use crate::options::Options;
    #[pymodule_export]
    use crate::phone::{Phone, parse_phone};
    #[pymodule_export]
    use crate::record::{Explanation, Normalized, Rejection, Warning, explain, normalize};
    #[pymodule_export]
    use crate::stream::{Reader, Table};
    #[pymodule_export]
    use crate::tables::{Result, normalize_phones, normalize_table, run};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("METADATA_VERSION", contactmill::METADATA_VERSION)?;
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }

    /// Runs the command with these arguments, the first of which is its name, and returns its exit code.
    #[pyfunction]
    fn main(py: Python<'_>, arguments: Vec<OsString>) -> u8 {
        let ended = py.detach(|| contactmill_cli::main(arguments));
        // The standard library has no other way to the number.
        (0..u8::MAX).find(|&code| ExitCode::from(code) == ended).unwrap_or(u8::MAX)
    }
}
