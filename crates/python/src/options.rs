//! Options, in the words of the command.

use std::sync::OnceLock;

use contactmill::options::{
    Acceptance, BadEmail, BareDigits, LineTypePolicy, MissingName, PhoneMode,
};
use contactmill::{Region, UnknownRegion, meant_region};
use contactmill_core::Normalizer;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::errors::option_error;

/// A choice: its word, and what it means.
pub(crate) type Words<T> = &'static [(&'static str, T)];

const BARE_DIGITS: Words<BareDigits> =
    &[("national", BareDigits::National), ("international", BareDigits::International)];
const PHONES: Words<PhoneMode> = &[("recover", PhoneMode::Recover), ("strict", PhoneMode::Strict)];
const LINE_TYPES: Words<LineTypePolicy> =
    &[("any", LineTypePolicy::Any), ("mobile", LineTypePolicy::Mobile)];
const ACCEPT: Words<Acceptance> =
    &[("valid", Acceptance::Valid), ("possible", Acceptance::Possible)];
const MISSING_NAME: Words<MissingName> =
    &[("phone", MissingName::Phone), ("reject", MissingName::Reject)];
const BAD_EMAIL: Words<BadEmail> = &[("drop", BadEmail::Drop), ("reject", BadEmail::Reject)];

/// What a word means.
pub(crate) fn meaning<T: Copy>(
    py: Python<'_>,
    option: &str,
    word: &str,
    words: Words<T>,
) -> PyResult<T> {
    let found = words.iter().find(|(known, _)| *known == word);
    found.map(|&(_, meaning)| meaning).ok_or_else(|| {
        let known: Vec<String> = words.iter().map(|(known, _)| format!("{known:?}")).collect();
        option_error(py, &format!("{option}={word:?}: expected {}", known.join(" or ")))
    })
}

/// The word for a value.
fn word<T: PartialEq>(value: &T, words: Words<T>) -> &'static str {
    words.iter().find(|(_, meaning)| meaning == value).map_or("", |&(word, _)| word)
}

/// A region by its code.
pub(crate) fn region(py: Python<'_>, code: &str) -> PyResult<Region> {
    code.parse().map_err(|unknown: UnknownRegion| {
        let problem = match meant_region(code) {
            Some(region) => format!("did you mean {:?}?", region.as_str()),
            None => unknown.to_string(),
        };
        option_error(py, &format!("region={code:?}: {problem}"))
    })
}

/// How contacts are read: the options of the command, under the same names and with the same words.
///
/// `region` is the ISO 3166 code of numbers without a country code; `bare_digits` is `"national"` or
/// `"international"`, `phones` `"recover"` or `"strict"`, `line_type` `"any"` or `"mobile"`, `accept`
/// `"valid"` or `"possible"`, `missing_name` `"phone"` or `"reject"`, `bad_email` `"drop"` or `"reject"`.
/// `add_tags` are put on every contact. Options are never changed; they compare, hash and pickle.
///
/// Raises `OptionError` for a word that means nothing.
///
/// >>> import contactmill
/// >>> contactmill.Options(region="IN", line_type="mobile").region
/// 'IN'
/// >>> contactmill.Options(region="UK")
/// Traceback (most recent call last):
/// contactmill._errors.OptionError: region="UK": did you mean "GB"?
#[pyclass(frozen, eq, hash, skip_from_py_object, module = "contactmill")]
#[derive(Clone)]
pub(crate) struct Options {
    /// It has the options, too.
    pub(crate) normalizer: Normalizer,
}

impl Options {
    /// What these options read with; the defaults where there are none.
    pub(crate) fn normalizer(options: Option<&Self>) -> &Normalizer {
        static DEFAULT: OnceLock<Normalizer> = OnceLock::new();
        match options {
            Some(options) => &options.normalizer,
            None => DEFAULT.get_or_init(|| Normalizer::new(contactmill::Options::default())),
        }
    }

    /// The options of the library.
    pub(crate) fn of(options: Option<&Self>) -> contactmill::Options {
        Options::normalizer(options).options().clone()
    }

    fn said(&self) -> &contactmill::Options {
        self.normalizer.options()
    }
}

impl PartialEq for Options {
    fn eq(&self, other: &Self) -> bool {
        self.said() == other.said()
    }
}

impl std::hash::Hash for Options {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        format!("{:?}", self.said()).hash(state);
    }
}

#[pymethods]
impl Options {
    #[new]
    #[pyo3(signature = (*, region=None, bare_digits="national", phones="recover", line_type="any",
        accept="valid", missing_name="phone", bad_email="drop", add_tags=Vec::new()))]
    #[allow(clippy::too_many_arguments, reason = "each is a keyword")]
    fn new(
        py: Python<'_>,
        region: Option<&str>,
        bare_digits: &str,
        phones: &str,
        line_type: &str,
        accept: &str,
        missing_name: &str,
        bad_email: &str,
        add_tags: Vec<String>,
    ) -> PyResult<Self> {
        let options = contactmill::Options {
            region: region.map(|code| self::region(py, code)).transpose()?,
            bare_digits: meaning(py, "bare_digits", bare_digits, BARE_DIGITS)?,
            phones: meaning(py, "phones", phones, PHONES)?,
            line_type: meaning(py, "line_type", line_type, LINE_TYPES)?,
            accept: meaning(py, "accept", accept, ACCEPT)?,
            missing_name: meaning(py, "missing_name", missing_name, MISSING_NAME)?,
            bad_email: meaning(py, "bad_email", bad_email, BAD_EMAIL)?,
            add_tags,
        };
        Ok(Options { normalizer: Normalizer::new(options) })
    }

    #[getter]
    fn region(&self) -> Option<&'static str> {
        self.said().region.map(Region::as_str)
    }

    #[getter]
    fn bare_digits(&self) -> &'static str {
        word(&self.said().bare_digits, BARE_DIGITS)
    }

    #[getter]
    fn phones(&self) -> &'static str {
        word(&self.said().phones, PHONES)
    }

    #[getter]
    fn line_type(&self) -> &'static str {
        word(&self.said().line_type, LINE_TYPES)
    }

    #[getter]
    fn accept(&self) -> &'static str {
        word(&self.said().accept, ACCEPT)
    }

    #[getter]
    fn missing_name(&self) -> &'static str {
        word(&self.said().missing_name, MISSING_NAME)
    }

    #[getter]
    fn bad_email(&self) -> &'static str {
        word(&self.said().bad_email, BAD_EMAIL)
    }

    #[getter]
    fn add_tags<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, &self.said().add_tags)
    }

    fn __getnewargs_ex__<'py>(
        &self,
        py: Python<'py>,
    ) -> PyResult<(Bound<'py, PyTuple>, Bound<'py, PyDict>)> {
        let said = PyDict::new(py);
        said.set_item("region", self.region())?;
        said.set_item("bare_digits", self.bare_digits())?;
        said.set_item("phones", self.phones())?;
        said.set_item("line_type", self.line_type())?;
        said.set_item("accept", self.accept())?;
        said.set_item("missing_name", self.missing_name())?;
        said.set_item("bad_email", self.bad_email())?;
        said.set_item("add_tags", self.add_tags(py)?)?;
        Ok((PyTuple::empty(py), said))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let (_, said) = self.__getnewargs_ex__(py)?;
        let items = said.iter().map(|(name, value)| Ok(format!("{name}={}", value.repr()?)));
        Ok(format!("Options({})", items.collect::<PyResult<Vec<_>>>()?.join(", ")))
    }
}
