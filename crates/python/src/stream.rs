//! Arrow's streams, in and out, by the PyCapsule interface.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};

use arrow_array::ffi::FFI_ArrowSchema;
use arrow_array::ffi_stream::{FFI_ArrowArrayStream, RecordBatchStreamReader};
use arrow_array::{Array, RecordBatch, RecordBatchIterator, RecordBatchReader};
use arrow_pyarrow::FromPyArrow;
use arrow_schema::{ArrowError, SchemaRef};
use contactmill::batches::TableBatches;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyCapsule;

use crate::errors::stream_error;
use crate::interrupt::{SignalCheck, interruptible};

/// Batches of rows.
pub(crate) type Batches = Box<dyn RecordBatchReader + Send>;

/// The rows of anything that gives an Arrow stream.
pub(crate) fn batches(
    data: &Bound<'_, PyAny>,
) -> PyResult<impl RecordBatchReader + Send + 'static> {
    let kind = data.get_type().fully_qualified_name()?;
    if !data.hasattr("__arrow_c_stream__")? {
        return Err(PyTypeError::new_err(format!(
            "expected a table with __arrow_c_stream__, such as one of pyarrow, polars, pandas 2.2 or \
             DuckDB, not {kind}"
        )));
    }
    let read = match kind.to_str()?.starts_with("polars.") {
        true => RecordBatchStreamReader::from_pyarrow_bound(&typed(data)?),
        false => RecordBatchStreamReader::from_pyarrow_bound(data),
    };
    // A column has such a stream, too, of another kind of schema.
    let column = |error: PyErr| match data.hasattr("to_frame") {
        Ok(true) => PyTypeError::new_err(format!(
            "expected a table, not a column ({kind}); to_frame() makes a table of it"
        )),
        _ => error,
    };
    Ok(Checked(read.map_err(column)?))
}

/// A frame of Polars without columns that have no type: Polars gives them a buffer, and Arrow's interface
/// has none for them.
fn typed<'py>(frame: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    frame.py().import("contactmill.polars")?.call_method1("_typed", (frame,))
}

/// Batches from a producer that is not believed: texts may be none, and offsets may lead anywhere.
struct Checked(RecordBatchStreamReader);

impl Iterator for Checked {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.0.next()?.and_then(|batch| {
            for (column, field) in batch.columns().iter().zip(batch.schema_ref().fields()) {
                column.to_data().validate_full().map_err(|error| {
                    let problem = format!("the column {:?} is damaged: {error}", field.name());
                    ArrowError::InvalidArgumentError(problem)
                })?;
            }
            Ok(batch)
        }))
    }
}

impl RecordBatchReader for Checked {
    fn schema(&self) -> SchemaRef {
        self.0.schema()
    }
}

fn stream_capsule(py: Python<'_>, batches: Batches) -> PyResult<Bound<'_, PyCapsule>> {
    PyCapsule::new_with_value(py, FFI_ArrowArrayStream::new(batches), c"arrow_array_stream")
}

fn schema_capsule<'py>(py: Python<'py>, schema: &SchemaRef) -> PyResult<Bound<'py, PyCapsule>> {
    let schema = FFI_ArrowSchema::try_from(&**schema);
    let schema = schema.map_err(|error| PyValueError::new_err(error.to_string()))?;
    PyCapsule::new_with_value(py, schema, c"arrow_schema")
}

/// Rows that are made while they are read, once: hand it to `pyarrow.table`, `polars.DataFrame`,
/// `pandas.DataFrame.from_arrow`, DuckDB, or `pyarrow.RecordBatchReader.from_stream`, which takes batch after
/// batch. `columns` says what each column of the table was taken for.
///
/// >>> import contactmill, pyarrow
/// >>> rows = contactmill.normalize_table(pyarrow.table({"Mobile": ["+919876543210"], "Plan": ["gold"]}))
/// >>> rows.columns
/// [('Mobile', 'phone'), ('Plan', 'attr:Plan')]
#[pyclass(frozen, module = "contactmill")]
pub(crate) struct Reader {
    schema: SchemaRef,
    columns: Vec<(String, Option<String>)>,
    batches: Mutex<Option<Batches>>,
}

impl Reader {
    pub(crate) fn new(
        batches: impl RecordBatchReader + Send + 'static,
        columns: Vec<(String, Option<String>)>,
    ) -> Self {
        let schema = batches.schema();
        let signals = SignalCheck::on_this_thread();
        let batches: Batches = Box::new(Outgoing { batches, signals });
        Reader { schema, columns, batches: Mutex::new(Some(batches)) }
    }

    fn take(&self) -> PyResult<Batches> {
        let batches = self.batches.lock().unwrap_or_else(PoisonError::into_inner).take();
        let used = "these rows were read already: keep what was made of them";
        batches.ok_or_else(|| PyValueError::new_err(used))
    }
}

#[pymethods]
impl Reader {
    #[getter]
    fn columns(&self) -> Vec<(String, Option<String>)> {
        self.columns.clone()
    }

    /// All rows, in memory. Ctrl-C raises `KeyboardInterrupt`, whereas it ends a stream with an error of
    /// the library that reads it.
    ///
    /// >>> import contactmill, pyarrow
    /// >>> len(contactmill.normalize_table(pyarrow.table({"Mobile": ["+919876543210"]})).read_all())
    /// 1
    fn read_all(&self, py: Python<'_>) -> PyResult<Table> {
        let rows = self.take()?;
        let schema = rows.schema();
        let read = interruptible(py, |stop| {
            let wanted = rows.take_while(|_| !stop.load(Ordering::Relaxed));
            wanted.collect::<Result<Vec<_>, _>>()
        })?;
        let batches = read.map_err(|error| stream_error(py, &error))?;
        Ok(Table(TableBatches { schema, batches }))
    }

    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        // A schema may be asked for; a producer need not give it.
        let _ = requested_schema;
        stream_capsule(py, self.take()?)
    }

    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        schema_capsule(py, &self.schema)
    }

    fn __repr__(&self) -> String {
        format!("<Reader of {} columns>", self.schema.fields().len())
    }
}

/// Batches on their way into another library. A panic must not get there.
struct Outgoing<B> {
    batches: B,
    signals: SignalCheck,
}

impl<B: RecordBatchReader> Iterator for Outgoing<B> {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.signals.is_interrupted() {
            return Some(Err(ArrowError::ExternalError("interrupted".into())));
        }
        // What the panic leaves behind is not used: an error ends the stream.
        catch_unwind(AssertUnwindSafe(|| self.batches.next())).unwrap_or_else(|_| {
            Some(Err(ArrowError::ExternalError("contactmill has a defect: a panic".into())))
        })
    }
}

impl<B: RecordBatchReader> RecordBatchReader for Outgoing<B> {
    fn schema(&self) -> SchemaRef {
        self.batches.schema()
    }
}

/// Rows in memory, which can be read any number of times: hand it to `pyarrow.table`, `polars.DataFrame`,
/// `pandas.DataFrame.from_arrow` or DuckDB.
///
/// >>> import contactmill, pyarrow
/// >>> contacts = contactmill.run(pyarrow.table({"Mobile": ["+919876543210"]})).contacts
/// >>> len(contacts), pyarrow.table(contacts)["region"].to_pylist()
/// (1, ['IN'])
#[pyclass(frozen, module = "contactmill")]
pub(crate) struct Table(pub(crate) TableBatches);

#[pymethods]
impl Table {
    fn __len__(&self) -> usize {
        self.0.batches.iter().map(RecordBatch::num_rows).sum()
    }

    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        let _ = requested_schema;
        let TableBatches { schema, batches } = self.0.clone();
        let batches = RecordBatchIterator::new(batches.into_iter().map(Ok), schema);
        stream_capsule(py, Box::new(batches))
    }

    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        schema_capsule(py, &self.0.schema)
    }

    fn __repr__(&self) -> String {
        format!("<Table of {} rows and {} columns>", self.__len__(), self.0.schema.fields().len())
    }
}
