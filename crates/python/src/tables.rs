//! Tables in, tables out.

use std::collections::BTreeMap;
use std::ffi::CString;

use contactmill::DedupPolicy;
use contactmill::batches::{
    ConvertTable, DecidedColumns, NormalizePhones, NormalizeTable, NormalizedRows, SkippedColumn,
};
use pyo3::exceptions::PyUserWarning;
use pyo3::prelude::*;
use pyo3::types::PyMapping;

use crate::errors::library_error;
use crate::files::from_json;
use crate::interrupt::interruptible;
use crate::mapping::{field_mapping, taken};
use crate::options::{Options, Words, meaning};
use crate::stream::{Reader, Table, batches};

pub(crate) const ON_DUPLICATE: Words<DedupPolicy> = &[
    ("merge", DedupPolicy::Merge),
    ("first", DedupPolicy::First),
    ("last", DedupPolicy::Last),
    ("none", DedupPolicy::None),
];

/// What messages and tables call a table in memory.
const NAME: &str = "data";

/// Reads a table row by row: one row comes out for each that goes in, in the same order.
///
/// `data` is anything with `__arrow_c_stream__`. Columns are found by their names and their cells, as the
/// command finds them, or by `mapping`, such as `{"phone": ["Mobile", "Home"]}`; `attributes` says which
/// others are kept: `"all"`, `"none"`, `"all but City,Plan"`, or a list of names. Values of any type are read
/// as from a Parquet file. Rows are read as the result is: a few thousand are in memory at a time.
///
/// Returns a `Reader` with the columns `status` (`contact`, `rejected`, `blank`), `reason`, `field`, `name`,
/// `email`, `phone` (E.164), `calling_code`, `number`, `region`, `line_type`, `tags`, `attributes` (a map) and
/// `warnings` (a list of `field`, `code`, `before`, `after`).
///
/// Raises `TypeError` for data that is no table, `MappingError` where the columns are not known, `SourceError`
/// where the table cannot be read. Warns of columns that are not read, such as those of lists of structs.
///
/// >>> import contactmill, pyarrow
/// >>> leads = pyarrow.table({"Name": ["Asha", "Ravi"], "Phone": ["+91 98765 43210", "9.19877E+11"]})
/// >>> rows = pyarrow.table(contactmill.normalize_table(leads))
/// >>> rows.select(["status", "reason", "phone"]).to_pylist()[1]
/// {'status': 'rejected', 'reason': 'phone_excel_rounded', 'phone': None}
#[pyfunction]
#[pyo3(signature = (data, *, options=None, mapping=None, attributes=None))]
pub(crate) fn normalize_table(
    py: Python<'_>,
    data: &Bound<'_, PyAny>,
    options: Option<&Bound<'_, Options>>,
    mapping: Option<&Bound<'_, PyMapping>>,
    attributes: Option<&Bound<'_, PyAny>>,
) -> PyResult<Reader> {
    let rows = normalized(py, data, options, (mapping, attributes), None)?;
    let columns = taken(rows.column_map());
    Ok(Reader::new(rows, columns))
}

/// The rows of a table, whose columns hold what is said, or what was decided elsewhere.
pub(crate) fn normalized(
    py: Python<'_>,
    data: &Bound<'_, PyAny>,
    options: Option<&Bound<'_, Options>>,
    (mapping, attributes): (Option<&Bound<'_, PyMapping>>, Option<&Bound<'_, PyAny>>),
    decided: Option<DecidedColumns>,
) -> PyResult<NormalizedRows> {
    let is_decided = decided.is_some();
    let mut table = NormalizeTable::new(NAME, batches(data)?)
        .options(Options::of(options.map(Bound::get)))
        .mapping(field_mapping(py, mapping, attributes)?);
    if let Some(decided) = decided {
        table = table.decided(decided);
    }
    let rows = py.detach(|| table.run()).map_err(|error| library_error(py, &error))?;
    if !is_decided {
        warn_of_skipped(py, rows.skipped_columns())?;
    }
    Ok(rows)
}

/// Warns of the columns that are not read.
fn warn_of_skipped(py: Python<'_>, skipped: &[SkippedColumn]) -> PyResult<()> {
    skipped.iter().try_for_each(|SkippedColumn { name, holds }| {
        let message = CString::new(format!("the column {name:?} is skipped: it holds {holds}"))?;
        PyErr::warn(py, &py.get_type::<PyUserWarning>(), &message, 1)
    })
}

/// Reads the phone numbers in the first column of a table: one row comes out for each.
///
/// Returns a `Reader` with the columns `e164` and `reason`, one of which is null. Cells are repaired where a
/// repair can be proved, as in whole records.
///
/// Raises `TypeError` for data that is no table, `SourceError` where the column cannot be read, as one of structs.
///
/// >>> import contactmill, pyarrow
/// >>> cells = pyarrow.table({"phone": ["098765 43210", "9.19877E+11"]})
/// >>> read = contactmill.normalize_phones(cells, options=contactmill.Options(region="IN"))
/// >>> pyarrow.table(read).to_pylist()
/// [{'e164': '+919876543210', 'reason': None}, {'e164': None, 'reason': 'phone_excel_rounded'}]
#[pyfunction]
#[pyo3(signature = (data, *, options=None))]
pub(crate) fn normalize_phones(
    py: Python<'_>,
    data: &Bound<'_, PyAny>,
    options: Option<&Bound<'_, Options>>,
) -> PyResult<Reader> {
    let (batches, options) = (batches(data)?, Options::of(options.map(Bound::get)));
    let rows = py.detach(|| NormalizePhones::new(NAME, batches, options));
    Ok(Reader::new(rows.map_err(|error| library_error(py, &error))?, Vec::new()))
}

/// What came of a table: `contacts`, `rejects`, `duplicates` and `warnings` are tables with the columns of
/// the files that the command writes. `counts` says where the rows ended; `opt_outs`, how many contacts each
/// column of consents says must not be written to; `columns`, what each column was taken for.
///
/// >>> import contactmill, pyarrow
/// >>> result = contactmill.run(pyarrow.table({"Phone": ["+91 98765 43210"], "Opt out": ["yes"]}))
/// >>> result.opt_outs
/// {'Opt out': 1}
#[pyclass(frozen, get_all, module = "contactmill")]
pub(crate) struct Result {
    contacts: Py<Table>,
    rejects: Py<Table>,
    duplicates: Py<Table>,
    warnings: Py<Table>,
    counts: Py<PyAny>,
    opt_outs: BTreeMap<String, u64>,
    columns: Vec<(String, Option<String>)>,
}

#[pymethods]
impl Result {
    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("<Result {}>", self.counts.bind(py).repr()?))
    }
}

/// Reads a table and merges duplicates, as `contactmill convert` does, without writing files.
///
/// `data`, `mapping` and `attributes` are those of `normalize_table`. `on_duplicate` is `"merge"`, `"first"`,
/// `"last"` or `"none"`. `threads` is the number of threads, 0 for all cores; the result is the same. Returns a
/// `Result`, all of which is in memory.
///
/// Raises `TypeError` for data that is no table, `OptionError`, `MappingError` where the columns are not known,
/// `SourceError` where the table cannot be read. Warns of columns that are not read.
///
/// >>> import contactmill, pyarrow
/// >>> leads = pyarrow.table({"Name": ["Asha", ""], "Phone": ["+91 98765 43210", "0091 98765-43210"]})
/// >>> result = contactmill.run(leads)
/// >>> result.counts["contacts"], result.counts["duplicates"]
/// (1, 1)
/// >>> pyarrow.table(result.contacts)["phone"].to_pylist()
/// ['+919876543210']
#[pyfunction]
#[pyo3(signature = (data, *, options=None, mapping=None, attributes=None, on_duplicate="merge",
    threads=0))]
pub(crate) fn run(
    py: Python<'_>,
    data: &Bound<'_, PyAny>,
    options: Option<&Bound<'_, Options>>,
    mapping: Option<&Bound<'_, PyMapping>>,
    attributes: Option<&Bound<'_, PyAny>>,
    on_duplicate: &str,
    threads: usize,
) -> PyResult<Result> {
    let batches = batches(data)?;
    let options = Options::of(options.map(Bound::get));
    let mapping = field_mapping(py, mapping, attributes)?;
    let dedup = meaning(py, "on_duplicate", on_duplicate, ON_DUPLICATE)?;
    let table = ConvertTable::new(NAME, batches).options(options).mapping(mapping).dedup(dedup);
    let ran = interruptible(py, |stop| table.threads(threads).stop(stop).run())?;
    let ran = ran.map_err(|error| library_error(py, &error))?;
    warn_of_skipped(py, &ran.skipped_columns)?;
    Ok(Result {
        contacts: Py::new(py, Table(ran.contacts))?,
        rejects: Py::new(py, Table(ran.rejects))?,
        duplicates: Py::new(py, Table(ran.duplicates))?,
        warnings: Py::new(py, Table(ran.warnings))?,
        counts: from_json(py, &ran.counts)?.unbind(),
        opt_outs: ran.opt_outs.into_iter().collect(),
        columns: taken(&ran.map),
    })
}
