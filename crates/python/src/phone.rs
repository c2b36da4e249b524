//! One phone number, read strictly.

use std::borrow::Cow;

use contactmill::Region;
use contactmill_phone::PhoneNumber;
use pyo3::prelude::*;
use pyo3::types::PyString;

/// The characters of a text. A half of a surrogate pair is none, and becomes U+FFFD.
pub(crate) fn characters<'t>(text: &'t Bound<'_, PyString>) -> Cow<'t, str> {
    match text.to_str() {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => text.to_string_lossy(),
    }
}

/// A phone number: `e164`, `calling_code`, `national_number` (digits, with leading zeros), `region` (or
/// `None`), `line_type`, and whether the numbering plan assigns such numbers: `is_valid`.
///
/// >>> import contactmill
/// >>> phone = contactmill.parse_phone("+39 06 1234 5678")
/// >>> phone.e164, phone.calling_code, phone.national_number, phone.region, phone.line_type
/// ('+390612345678', 39, '0612345678', 'IT', 'fixed_line')
#[pyclass(frozen, eq, hash, skip_from_py_object, module = "contactmill")]
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Phone(pub(crate) PhoneNumber);

#[pymethods]
impl Phone {
    #[getter]
    fn e164(&self) -> String {
        self.0.e164().to_string()
    }

    #[getter]
    fn calling_code(&self) -> u16 {
        self.0.calling_code()
    }

    #[getter]
    fn national_number(&self) -> String {
        self.0.national_number().to_string()
    }

    #[getter]
    fn region(&self) -> Option<&'static str> {
        self.0.region().map(Region::as_str)
    }

    #[getter]
    fn line_type(&self) -> &'static str {
        self.0.line_type().as_str()
    }

    #[getter]
    fn is_valid(&self) -> bool {
        self.0.is_valid()
    }

    fn __str__(&self) -> String {
        self.e164()
    }

    fn __repr__(&self) -> String {
        format!("<Phone {}>", self.0.e164())
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, (String,))> {
        let parse = py.import("contactmill._contactmill")?.getattr("parse_phone")?;
        Ok((parse, (self.e164(),)))
    }
}

/// Reads a text as a phone number, just as libphonenumber does, without any repair.
///
/// `region` is the ISO 3166 code of numbers without a country code. Returns a `Phone`, or `None` where the
/// text can be no number. That there is one does not make it valid: ask `is_valid`.
///
/// Raises `OptionError` for a region that there is not.
///
/// >>> import contactmill
/// >>> contactmill.parse_phone("098765 43210", "IN")
/// <Phone +919876543210>
/// >>> contactmill.parse_phone("098765 43210") is None
/// True
/// >>> contactmill.parse_phone("+1 123 456 7890").is_valid
/// False
#[pyfunction]
#[pyo3(signature = (text, region=None))]
pub(crate) fn parse_phone(
    py: Python<'_>,
    text: &Bound<'_, PyString>,
    region: Option<&str>,
) -> PyResult<Option<Phone>> {
    let region = region.map(|code| crate::options::region(py, code)).transpose()?;
    Ok(contactmill_phone::parse(&characters(text), region).ok().map(Phone))
}
