//! Dumps in, a result folder or a report out: what the command does.

use std::fmt::Display;
use std::num::{NonZeroU64, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use contactmill::columns::FieldMapping;
use contactmill::{
    ArrayLayout, BatchLimits, Convert, Existing, Inspect, OptOuts, Output, Reading, RejectsFormat,
    Sheets,
};
use contactmill_upload::unfinished_upload;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyMapping};
use serde::Serialize;

use crate::errors::{library_error, option_error};
use crate::interrupt::interruptible;
use crate::mapping::{OneOrMore, field_mapping};
use crate::options::{Options, Words, meaning};
use crate::tables::ON_DUPLICATE;

const OUTPUTS: Words<Output> = &[
    ("import", Output::Import),
    ("csv", Output::Csv),
    ("ndjson", Output::Ndjson),
    ("parquet", Output::Parquet),
];
const OPT_OUTS: Words<OptOuts> = &[("keep", OptOuts::Keep), ("exclude", OptOuts::Exclude)];
const LAYOUTS: Words<ArrayLayout> = &[("files", ArrayLayout::Files), ("lines", ArrayLayout::Lines)];
const REJECTS: Words<RejectsFormat> = &[("csv", RejectsFormat::Csv), ("xlsx", RejectsFormat::Xlsx)];

/// An object of the library as one of Python, by way of its JSON.
pub(crate) fn from_json<'py>(
    py: Python<'py>,
    value: &impl Serialize,
) -> PyResult<Bound<'py, PyAny>> {
    let json = serde_json::to_string(value);
    let json = json.map_err(|error| PyValueError::new_err(error.to_string()))?;
    py.import("json")?.call_method1("loads", (json,))
}

/// A path or several.
#[derive(FromPyObject)]
pub(crate) enum Paths {
    One(PathBuf),
    More(Vec<PathBuf>),
}

impl Paths {
    fn into_vec(self) -> Vec<PathBuf> {
        match self {
            Paths::One(path) => vec![path],
            Paths::More(paths) => paths,
        }
    }
}

/// What `contactmill.convert` was given, each by its name.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct ConvertArguments<'py> {
    inputs: Paths,
    out: PathBuf,
    to: String,
    since: Option<PathBuf>,
    exclude: Paths,
    opt_outs: String,
    on_duplicate: String,
    rejects: String,
    report: bool,
    fixes: Option<PathBuf>,
    max_contacts: NonZeroUsize,
    max_bytes: NonZeroUsize,
    layout: String,
    sample: Option<NonZeroU64>,
    split_by: Option<String>,
    overwrite: bool,
    threads: usize,
    common: CommonArguments<'py>,
}

/// What `contactmill.inspect` was given, each by its name.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
struct InspectArguments<'py> {
    inputs: Paths,
    show_values: bool,
    common: CommonArguments<'py>,
}

/// How inputs are read.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
struct CommonArguments<'py> {
    options: Option<Bound<'py, Options>>,
    mapping: Option<Bound<'py, PyMapping>>,
    attributes: Option<Bound<'py, PyAny>>,
    encoding: Option<String>,
    delimiter: Option<String>,
    sheets: Option<OneOrMore>,
    no_header: bool,
    max_inflated: Option<String>,
}

impl CommonArguments<'_> {
    fn options(&self) -> contactmill::Options {
        Options::of(self.options.as_ref().map(Bound::get))
    }

    fn mapping(&self, py: Python<'_>) -> PyResult<FieldMapping> {
        field_mapping(py, self.mapping.as_ref(), self.attributes.as_ref())
    }

    fn reading(&self, py: Python<'_>) -> PyResult<Reading> {
        Ok(Reading {
            encoding: parsed(py, "encoding", self.encoding.as_deref())?,
            delimiter: parsed(py, "delimiter", self.delimiter.as_deref())?,
            sheets: self.sheets.as_ref().map_or_else(Sheets::default, sheets),
            decompress: parsed(py, "max_inflated", self.max_inflated.as_deref())?
                .unwrap_or_default(),
            no_header: self.no_header,
        })
    }
}

/// The sheets of these names; `*` is all.
fn sheets(named: &OneOrMore) -> Sheets {
    let names = match named {
        OneOrMore::One(name) => std::slice::from_ref(name),
        OneOrMore::More(names) => names,
    };
    match names {
        [] => Sheets::default(),
        names if names.iter().any(|name| name == "*") => Sheets::All,
        names => Sheets::Named(names.to_vec()),
    }
}

/// The value that a text stands for, as it does on the command line.
fn parsed<T: FromStr<Err: Display>>(
    py: Python<'_>,
    option: &str,
    text: Option<&str>,
) -> PyResult<Option<T>> {
    let parse = |text: &str| {
        text.parse().map_err(|error| option_error(py, &format!("{option}={text:?}: {error}")))
    };
    text.map(parse).transpose()
}

impl ConvertArguments<'_> {
    /// The conversion that was asked for.
    pub(crate) fn convert(
        self,
        py: Python<'_>,
    ) -> PyResult<impl FnOnce() -> Convert<'static> + Send + use<>> {
        let (common, inputs, exclude) =
            (&self.common, self.inputs.into_vec(), self.exclude.into_vec());
        let (options, mapping, reading) =
            (common.options(), common.mapping(py)?, common.reading(py)?);
        let output = meaning(py, "to", &self.to, OUTPUTS)?;
        let opt_outs = meaning(py, "opt_outs", &self.opt_outs, OPT_OUTS)?;
        let dedup = meaning(py, "on_duplicate", &self.on_duplicate, ON_DUPLICATE)?;
        let rejects = meaning(py, "rejects", &self.rejects, REJECTS)?;
        let layout = meaning(py, "layout", &self.layout, LAYOUTS)?;
        let split_by = parsed(py, "split_by", self.split_by.as_deref())?;
        let limits =
            BatchLimits { max_contacts: self.max_contacts.get(), max_bytes: self.max_bytes.get() };
        let existing = if self.overwrite { Existing::Overwrite } else { Existing::Keep };
        let (out, since, fixes, report) = (self.out, self.since, self.fixes, self.report);
        let (sample, threads) = (self.sample, self.threads);
        Ok(move || {
            exclude
                .into_iter()
                .fold(Convert::new(inputs), Convert::exclude)
                .out(out)
                .options(options)
                .mapping(mapping)
                .reading(reading)
                .to(output)
                .since(since)
                .fixes(fixes)
                .opt_outs(opt_outs)
                .dedup(dedup)
                .rejects(rejects)
                .report(report)
                .array_limits(limits)
                .array_layout(layout)
                .sample(sample)
                .split_by(split_by)
                .existing(existing)
                .may_replace(check_upload)
                .threads(threads)
        })
    }
}

/// Whether the results in a folder may be replaced, as far as their upload is concerned.
fn check_upload(out: &Path) -> Result<(), String> {
    let objection =
        |what: &dyn Display| format!("{}: {what}; finish the upload first", out.display());
    match unfinished_upload(out) {
        Ok(None) => Ok(()),
        Ok(Some(unfinished_upload)) => Err(objection(&unfinished_upload)),
        Err(error) => Err(objection(&error)),
    }
}

/// Converts dumps: see `contactmill.convert`.
#[pyfunction]
pub(crate) fn convert<'py>(arguments: &Bound<'py, PyDict>) -> PyResult<Bound<'py, PyAny>> {
    let py = arguments.py();
    let given = arguments.extract::<ConvertArguments<'_>>()?;
    if matches!(&given.inputs, Paths::More(paths) if paths.is_empty()) {
        // An earlier result would be replaced by nothing.
        return Err(option_error(py, "inputs: there are none"));
    }
    let convert = given.convert(py)?;
    let manifest = interruptible(py, |stop| convert().stop(stop).run())?;
    from_json(py, &manifest.map_err(|error| library_error(py, &error))?)
}

/// Looks at dumps: see `contactmill.inspect`.
#[pyfunction]
pub(crate) fn inspect<'py>(arguments: &Bound<'py, PyDict>) -> PyResult<Bound<'py, PyAny>> {
    let py = arguments.py();
    let InspectArguments { inputs, show_values, common } = arguments.extract()?;
    let (options, mapping, reading) = (common.options(), common.mapping(py)?, common.reading(py)?);
    let inputs = inputs.into_vec();
    let report = interruptible(py, |stop| {
        Inspect::new(inputs)
            .options(options)
            .mapping(mapping)
            .reading(reading)
            .show_values(show_values)
            .stop(stop)
            .run()
    })?;
    from_json(py, &report.map_err(|error| library_error(py, &error))?)
}
