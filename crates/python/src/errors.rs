//! Errors of the library as exceptions of the package.

use arrow_schema::ArrowError;
use contactmill::columns::MappingError;
use contactmill::{Error, ErrorKind, Hint};
use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyType};

/// An exception of the package, by its name.
fn exception<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
    static MODULE: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    let import = || py.import("contactmill._errors").map(Bound::unbind);
    MODULE.get_or_try_init(py, import)?.bind(py).getattr(name)
}

/// An exception with a message, and what else it says.
fn raised(
    py: Python<'_>,
    name: &str,
    message: &str,
    said: impl FnOnce(&Bound<'_, PyDict>) -> PyResult<()>,
) -> PyErr {
    let made = || -> PyResult<PyErr> {
        let attributes = PyDict::new(py);
        said(&attributes)?;
        let class = exception(py, name)?.cast_into::<PyType>()?;
        Ok(PyErr::from_value(class.call((message,), Some(&attributes))?))
    };
    made().unwrap_or_else(|error| error)
}

/// An option or an argument that says nothing.
pub(crate) fn option_error(py: Python<'_>, message: &str) -> PyErr {
    raised(py, "OptionError", message, |_| Ok(()))
}

/// A field that there is not.
pub(crate) fn field_error(py: Python<'_>, message: &str) -> PyErr {
    raised(py, "MappingError", message, |_| Ok(()))
}

/// The exception for an error of the library.
pub(crate) fn library_error(py: Python<'_>, error: &Error) -> PyErr {
    let message = error.to_string();
    match error.kind() {
        ErrorKind::Stopped => PyKeyboardInterrupt::new_err(()),
        ErrorKind::Mapping => raised(py, "MappingError", &message, |said| {
            let Some(Hint::Columns { error, .. }) = error.hint() else { return Ok(()) };
            let (columns, suggestion) = columns_of(error);
            said.set_item("columns", columns)?;
            said.set_item("suggestion", suggestion)
        }),
        ErrorKind::Output
        | ErrorKind::OutputExists
        | ErrorKind::OutputFolder
        | ErrorKind::OutputInUse
        | ErrorKind::NotReplaced
        | ErrorKind::TooManyParts => raised(py, "EmitError", &message, |_| Ok(())),
        _ => raised(py, "SourceError", &message, |said| {
            said.set_item("source", error.source_name())?;
            said.set_item("line", error.line())
        }),
    }
}

/// The exception for an error of a stream.
pub(crate) fn stream_error(py: Python<'_>, error: &ArrowError) -> PyErr {
    if let ArrowError::ExternalError(inner) = error
        && let Some(inner) = inner.downcast_ref::<Error>()
    {
        return library_error(py, inner);
    }
    raised(py, "SourceError", &error.to_string(), |_| Ok(()))
}

/// The columns that a mapping is wrong about, and the one that is most likely meant.
fn columns_of(error: &MappingError) -> (Vec<&str>, Option<&str>) {
    match error {
        MappingError::NoPhoneColumn { columns, likely } => {
            (columns.iter().map(String::as_str).collect(), likely.as_deref())
        }
        MappingError::AmbiguousPhone { candidates } => {
            (candidates.iter().map(|one| &*one.column).collect(), None)
        }
        MappingError::AmbiguousCountry { column } => (vec![column], Some(column)),
        MappingError::UnknownColumn { columns, fits, .. } => {
            let fit = fits.first().map(|(_, column)| column.as_str());
            (columns.iter().map(String::as_str).collect(), fit)
        }
        MappingError::NoHeader { likely, .. } => (Vec::new(), likely.as_deref()),
        _ => (Vec::new(), None),
    }
}
