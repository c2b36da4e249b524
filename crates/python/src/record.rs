//! One record, or one value, read as those of a dump are.

use std::collections::BTreeMap;

use contactmill::columns::MappedField;
use contactmill::{CellField, Explain, Reason};
use contactmill_core::RawContact;
use contactmill_core::contact::{Attribute, Contact};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyMapping, PyString};

use crate::errors::{field_error, option_error};
use crate::options::Options;
use crate::phone::{Phone, characters};

/// A value that was changed beyond layout, or is suspect: `field`, `code`, `before`, `after`.
///
/// >>> import contactmill
/// >>> contactmill.normalize({"name": "Asha", "phone": "+34 0910 123 456"}).warnings
/// [<Warning phone_trunk_zero: "+34 0910 123 456" -> "+34910123456">]
#[pyclass(frozen, eq, get_all, skip_from_py_object, module = "contactmill")]
#[derive(Clone, PartialEq)]
pub(crate) struct Warning {
    field: String,
    code: &'static str,
    before: String,
    after: String,
}

impl From<&contactmill::Warning> for Warning {
    fn from(warning: &contactmill::Warning) -> Self {
        Warning {
            field: warning.field.to_string(),
            code: warning.code.code(),
            before: warning.before.to_string(),
            after: warning.after.to_string(),
        }
    }
}

#[pymethods]
impl Warning {
    fn __repr__(&self) -> String {
        format!("<Warning {}: {:?} -> {:?}>", self.code, self.before, self.after)
    }
}

/// A contact: `name`, `phone` (a `Phone`), `email` (or `None`), `tags`, `attributes`, and the `warnings`,
/// which say what was changed in it or is suspect.
///
/// >>> import contactmill
/// >>> contact = contactmill.normalize({"phone": "+91 98765 43210", "email": "Asha@EXAMPLE.com"})
/// >>> contact.name, contact.email, contact.warnings[0].code
/// ('+91 98765 43210', 'Asha@example.com', 'name_from_phone')
#[pyclass(frozen, eq, get_all, module = "contactmill")]
#[derive(PartialEq)]
pub(crate) struct Normalized {
    name: String,
    phone: Phone,
    email: Option<String>,
    tags: Vec<String>,
    attributes: BTreeMap<String, String>,
    warnings: Vec<Warning>,
}

impl Normalized {
    fn new(contact: &Contact<'_>, warnings: &[contactmill::Warning]) -> Self {
        Normalized {
            name: contact.name.as_str().to_owned(),
            phone: Phone(contact.phone),
            email: contact.email.as_ref().map(|email| email.as_str().to_owned()),
            tags: contact.tags.iter().map(|tag| tag.as_str().to_owned()).collect(),
            attributes: attributes(&contact.attributes),
            warnings: warnings.iter().map(Warning::from).collect(),
        }
    }
}

fn attributes(attributes: &[Attribute<'_>]) -> BTreeMap<String, String> {
    let pair = |own: &Attribute<'_>| (own.key.to_string(), own.value.as_str().to_owned());
    attributes.iter().map(pair).collect()
}

#[pymethods]
impl Normalized {
    fn __repr__(&self) -> String {
        format!("<Normalized {:?} {}>", self.name, self.phone.0.e164())
    }
}

/// Why a record cannot be imported: `reason` is a stable code, `field` where it was found, `meaning` and
/// `hint` say it to people.
///
/// >>> import contactmill
/// >>> rejection = contactmill.normalize({"name": "Ravi", "phone": "9.19877E+11"})
/// >>> rejection.reason, rejection.field
/// ('phone_excel_rounded', 'phone')
/// >>> print(rejection)
/// phone_excel_rounded: a spreadsheet rounded digits away; export the column again, formatted as text
#[pyclass(frozen, eq, get_all, module = "contactmill")]
#[derive(PartialEq)]
pub(crate) struct Rejection {
    reason: &'static str,
    field: String,
    meaning: &'static str,
    hint: &'static str,
}

impl Rejection {
    fn new(reason: Reason, field: String) -> Self {
        let (meaning, hint) = (reason.meaning(), reason.advice());
        Rejection { reason: reason.code(), field, meaning, hint }
    }
}

#[pymethods]
impl Rejection {
    fn __repr__(&self) -> String {
        format!("<Rejection {}>", self.reason)
    }

    fn __str__(&self) -> String {
        format!("{}: {}; {}", self.reason, self.meaning, self.hint)
    }
}

/// The values of a record, by field.
#[derive(Default)]
struct Values {
    texts: Vec<(MappedField, String)>,
    /// A field whose text is none: half a surrogate pair stands in it.
    damaged: Option<MappedField>,
}

impl Values {
    fn of(record: &Bound<'_, PyMapping>) -> PyResult<Self> {
        let mut values = Values::default();
        match record.cast::<PyDict>() {
            Ok(record) => {
                record.iter().try_for_each(|(name, value)| values.add(&name, &value))?;
            }
            Err(_) => {
                for item in record.items()?.iter() {
                    let (name, value): (Bound<'_, PyAny>, Bound<'_, PyAny>) = item.extract()?;
                    values.add(&name, &value)?;
                }
            }
        }
        Ok(values)
    }

    /// Adds what stands under a name: a text, several, or nothing.
    fn add(&mut self, name: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let field = field(name.cast::<PyString>()?)?;
        if value.is_none() {
            return Ok(());
        }
        if let Ok(text) = value.cast::<PyString>() {
            self.add_text(field, text);
            return Ok(());
        }
        for text in value.try_iter().map_err(|_| not_text(value))? {
            let text = text?;
            let text = text.cast::<PyString>().map_err(|_| not_text(&text))?;
            self.add_text(field.clone(), text);
        }
        Ok(())
    }

    fn add_text(&mut self, field: MappedField, text: &Bound<'_, PyString>) {
        match text.to_str() {
            Ok(text) => self.texts.push((field, text.to_owned())),
            Err(_) => self.damaged = Some(field),
        }
    }

    fn raw(&self) -> RawContact<'_> {
        let mut raw = RawContact::default();
        for (field, text) in &self.texts {
            match field {
                MappedField::Name => raw.names.push(text),
                MappedField::FirstName => raw.first_names.push(text),
                MappedField::LastName => raw.last_names.push(text),
                MappedField::Phone => raw.phones.push(text),
                MappedField::Email => raw.emails.push(text),
                MappedField::Country => raw.countries.push(text),
                MappedField::Tags => raw.tags.push(text),
                MappedField::Attributes => raw.attribute_objects.push(text),
                MappedField::Attribute(key) => raw.attributes.push((key, text)),
                _ => {}
            }
        }
        raw
    }
}

/// The field of a name. One that there is not is no attribute: it may be misspelt.
fn field(name: &Bound<'_, PyString>) -> PyResult<MappedField> {
    let text = name.to_str()?;
    text.parse().map_err(|error| field_error(name.py(), &format!("no field {text:?}: {error}")))
}

fn not_text(value: &Bound<'_, PyAny>) -> PyErr {
    let kind = value.get_type().name().map_or_else(|_| "?".into(), |name| name.to_string());
    PyTypeError::new_err(format!("expected a str or several, not {kind}; say str(value)"))
}

/// Reads one record: texts by field, each a `str`, several, or `None`.
///
/// Fields are `name`, `first_name`, `last_name`, `phone`, `email`, `country`, `tags` and `attr:KEY`. Of
/// several phones, the first that can be read is the phone. Returns `Normalized` or `Rejection`.
///
/// Raises `MappingError` for a field that there is not, `TypeError` for a value that is no text.
///
/// >>> import contactmill
/// >>> indian = contactmill.Options(region="IN")
/// >>> contact = contactmill.normalize({"name": " asha  verma ", "phone": "098765-43210"}, indian)
/// >>> contact.name, contact.phone.e164
/// ('asha verma', '+919876543210')
/// >>> contactmill.normalize({"phone": "12"}, indian)
/// <Rejection phone_too_short>
#[pyfunction]
#[pyo3(signature = (record, options=None))]
pub(crate) fn normalize<'py>(
    record: &Bound<'py, PyMapping>,
    options: Option<&Bound<'py, Options>>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = record.py();
    let values = Values::of(record)?;
    if let Some(field) = values.damaged {
        let rejection = Rejection::new(Reason::TextInvalidEncoding, field.to_string());
        return Ok(Bound::new(py, rejection)?.into_any());
    }
    let normalizer = Options::normalizer(options.map(Bound::get));
    match normalizer.normalize(&values.raw()) {
        Ok(read) => Ok(Bound::new(py, Normalized::new(&read.contact, &read.warnings))?.into_any()),
        Err(rejection) => {
            let rejection = Rejection::new(rejection.reason, rejection.field.to_string());
            Ok(Bound::new(py, rejection)?.into_any())
        }
    }
}

/// How a value is read, step by step: `steps` are pairs of a word and a text. `phone`, `email`, `attributes`
/// and `warnings` are what comes of it; `reason` says why nothing does. `print` shows all of it.
///
/// >>> import contactmill
/// >>> contactmill.explain("asha@gmial.com", field="email").steps[-1]
/// ('seen', 'perhaps a slip for asha@gmail.com')
#[pyclass(frozen, get_all, module = "contactmill")]
pub(crate) struct Explanation {
    value: String,
    field: &'static str,
    steps: Vec<(&'static str, String)>,
    phone: Option<Phone>,
    email: Option<String>,
    attributes: BTreeMap<String, String>,
    warnings: Vec<Warning>,
    reason: Option<&'static str>,
}

#[pymethods]
impl Explanation {
    fn __repr__(&self) -> String {
        format!("<Explanation of {:?}>", self.value)
    }

    fn __str__(&self) -> String {
        let mut lines = vec![self.value.clone()];
        let mut line = |what: &str, text: &str| lines.push(format!("  {what:8} {text}"));
        self.steps.iter().for_each(|(what, text)| line(what, text));
        if let Some(phone) = self.phone {
            line("phone", &phone.0.e164().to_string());
        }
        if let Some(email) = &self.email {
            line("email", email);
        }
        self.warnings.iter().for_each(|warning| line("warning", warning.code));
        if let Some(reason) = self.reason.and_then(Reason::from_code) {
            line(
                "rejected",
                &format!("{}: {}; {}", reason.code(), reason.meaning(), reason.advice()),
            );
        }
        lines.join("\n")
    }
}

/// Explains how a value is read, by the code that reads it in a dump. `field` is `"phone"` or `"email"`.
/// Returns an `Explanation`.
///
/// Raises `OptionError` for another field.
///
/// >>> import contactmill
/// >>> print(contactmill.explain("+34 0910 123 456"))
/// +34 0910 123 456
///   seen     as it stands, +340910123456: too many digits
///   seen     phone_trunk_zero would make it +34910123456: valid (ES, fixed line)
///   taken    phone_trunk_zero: +34910123456
///   phone    +34910123456
///   warning  phone_trunk_zero
#[pyfunction]
#[pyo3(signature = (text, *, field="phone", options=None))]
pub(crate) fn explain(
    py: Python<'_>,
    text: &Bound<'_, PyString>,
    field: &str,
    options: Option<&Bound<'_, Options>>,
) -> PyResult<Explanation> {
    let (text, options) = (characters(text), Options::of(options.map(Bound::get)));
    let explain = match field {
        "phone" => Explain::phone(&text, &options),
        "email" => Explain::email(&text, &options),
        _ => {
            let problem = format!("field={field:?}: expected \"phone\" or \"email\"");
            return Err(option_error(py, &problem));
        }
    };
    let outcome = explain.outcome().as_ref();
    let (explained, reason) = (outcome.ok(), outcome.err().map(|reason| reason.code()));
    let steps = explain.steps().iter().map(|step| (step.kind.as_str(), step.text.clone()));
    let warnings = explained.map(|explained| explained.warnings.iter().map(Warning::from));
    Ok(Explanation {
        value: explain.value().to_owned(),
        field: if explain.field() == CellField::Email { "email" } else { "phone" },
        steps: steps.collect(),
        phone: explained.and_then(|explained| explained.phone).map(Phone),
        email: Some(explain.email_address().to_owned()).filter(|email| !email.is_empty()),
        attributes: explained.map(|own| attributes(&own.attributes)).unwrap_or_default(),
        warnings: warnings.into_iter().flatten().collect(),
        reason,
    })
}
