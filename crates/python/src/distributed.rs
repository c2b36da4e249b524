//! The steps of a distributed run, for whoever moves rows between machines: `contactmill.spark`.
//!
//! Rows are Arrow batches: `key` (what contacts share that are decided on together; the ordinal where a
//! record is decided on), `ordinal` (the place of the record among all records of the run, from 0) and
//! `bytes`.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, Write};
use std::ops::Range;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use arrow_array::builder::{BinaryBuilder, Int64Builder};
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, BinaryArray, Int64Array, LargeBinaryArray, RecordBatch};
use arrow_pyarrow::{FromPyArrow, ToPyArrow};
use arrow_schema::{ArrowError, DataType, Field, Schema};
use contactmill::distributed::{
    self as library, InputSplit, OpenedInputs, Plan, ReadSplit, SplitReader,
};
use contactmill::{Error, RecordId};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyIterator, PyMapping};

use crate::errors::library_error;
use crate::files::{ConvertArguments, from_json};
use crate::mapping::taken;
use crate::options::Options;
use crate::stream::Reader;
use crate::tables::normalized;

/// Start, end and line.
type Split = (u64, u64, u64);

/// Size of the bytes in a batch, from which on it is handed over.
const BATCH_BYTES: usize = 2 << 20;

fn raised<T>(py: Python<'_>, result: Result<T, Error>) -> PyResult<T> {
    result.map_err(|error| library_error(py, &error))
}

fn damaged(problem: impl ToString) -> PyErr {
    PyValueError::new_err(problem.to_string())
}

/// The place of a record among all records, whose inputs have this many before them.
fn ordinal(before: &[u64], id: RecordId) -> i64 {
    let before = before.get(id.source.0 as usize).copied().unwrap_or_default();
    i64::try_from(before + id.record - 1).unwrap_or(i64::MAX)
}

/// Rows that are put together.
#[derive(Default)]
struct Rows {
    keys: Option<BinaryBuilder>,
    ordinals: Int64Builder,
    bytes: BinaryBuilder,
}

impl Rows {
    fn with_keys() -> Self {
        Rows { keys: Some(BinaryBuilder::default()), ..Rows::default() }
    }

    fn push(&mut self, key: Option<&[u8]>, ordinal: i64, bytes: &[u8]) {
        if let Some(keys) = &mut self.keys {
            keys.append_value(key.unwrap_or(&ordinal.to_be_bytes()));
        }
        self.ordinals.append_value(ordinal);
        self.bytes.append_value(bytes);
    }

    fn are_enough(&self) -> bool {
        self.bytes.values_slice().len() >= BATCH_BYTES
    }

    /// The rows as a batch of pyarrow; none where there are none.
    fn finish<'py>(&mut self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let Rows { keys, ordinals, bytes } = self;
        let (ordinals, bytes) = (ordinals.finish(), bytes.finish());
        if ordinals.is_empty() {
            return Ok(None);
        }
        let mut columns: Vec<(&str, DataType, ArrayRef)> = Vec::with_capacity(3);
        if let Some(keys) = keys {
            columns.push(("key", DataType::Binary, Arc::new(keys.finish())));
        }
        columns.push(("ordinal", DataType::Int64, Arc::new(ordinals)));
        columns.push(("bytes", DataType::Binary, Arc::new(bytes)));
        let fields = columns.iter().map(|(name, kind, _)| Field::new(*name, kind.clone(), false));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let columns = columns.into_iter().map(|(_, _, column)| column).collect();
        RecordBatch::try_new(schema, columns).map_err(damaged)?.to_pyarrow(py).map(Some)
    }
}

fn lacking(column: &str) -> ArrowError {
    ArrowError::SchemaError(format!("a batch lacks its column {column:?}"))
}

/// A column of bytes, however long they are.
enum Bytes {
    Short(BinaryArray),
    Long(LargeBinaryArray),
}

impl Bytes {
    fn of(batch: &RecordBatch, name: &str) -> Result<Self, ArrowError> {
        let column = batch.column_by_name(name).ok_or_else(|| lacking(name))?;
        match column.data_type() {
            DataType::Binary => Ok(Bytes::Short(column.as_binary().clone())),
            DataType::LargeBinary => Ok(Bytes::Long(column.as_binary().clone())),
            _ => Err(lacking(name)),
        }
    }

    fn value(&self, row: usize) -> &[u8] {
        match self {
            Bytes::Short(bytes) => bytes.value(row),
            Bytes::Long(bytes) => bytes.value(row),
        }
    }
}

/// What was decided on records, out of the batches of an iterator.
struct Decided<'py> {
    batches: Bound<'py, PyIterator>,
    /// What the iterator has raised.
    failed: Rc<RefCell<Option<PyErr>>>,
    bytes: Option<(Bytes, Range<usize>)>,
}

impl<'py> Decided<'py> {
    fn new(batches: &Bound<'py, PyAny>) -> PyResult<Self> {
        Ok(Decided { batches: batches.try_iter()?, failed: Rc::default(), bytes: None })
    }

    fn next_batch(&mut self) -> PyResult<bool> {
        let Some(batch) = self.batches.next() else { return Ok(false) };
        let batch = RecordBatch::from_pyarrow_bound(&batch?)?;
        self.bytes = Some((Bytes::of(&batch, "bytes").map_err(damaged)?, 0..batch.num_rows()));
        Ok(true)
    }

    /// What came of `work`, which was given this iterator; or what Python has raised.
    fn ended<T>(self, work: impl FnOnce(Self) -> Result<T, Error>) -> PyResult<T> {
        let (py, failed) = (self.batches.py(), Rc::clone(&self.failed));
        let result = work(self);
        match failed.take() {
            Some(error) => Err(error),
            None => raised(py, result),
        }
    }
}

impl Iterator for Decided<'_> {
    type Item = Result<Vec<u8>, &'static str>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some((bytes, rows)) = &mut self.bytes
                && let Some(row) = rows.next()
            {
                return Some(Ok(bytes.value(row).to_vec()));
            }
            match self.next_batch() {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => {
                    self.failed.replace(Some(error));
                    return Some(Err("what was decided cannot be read"));
                }
            }
        }
    }
}

/// Begins a run, and ends it with the results.
#[pyclass(unsendable, module = "contactmill")]
pub(crate) struct Coordinator(Option<library::Coordinator<'static>>);

impl Coordinator {
    fn take(&mut self) -> PyResult<library::Coordinator<'static>> {
        self.0.take().ok_or_else(|| PyValueError::new_err("this run has ended"))
    }
}

/// What was read of each input: its SHA-256, and of each split.
fn read_of(json: &str) -> PyResult<Vec<(String, Vec<ReadSplit>)>> {
    serde_json::from_str(json).map_err(damaged)
}

#[pymethods]
impl Coordinator {
    /// `open` gives the inputs as `open_inputs` has opened them elsewhere; without it, they are opened here.
    #[new]
    #[pyo3(signature = (arguments, open=None))]
    fn new(
        py: Python<'_>,
        arguments: ConvertArguments<'_>,
        open: Option<Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let convert = arguments.convert(py)?();
        let Some(open) = open else {
            return Ok(Coordinator(Some(raised(py, convert.distribute())?)));
        };
        let mut failed = None;
        let begun = convert.distribute_opened(|| {
            let opened = open.call0().and_then(|opened| opened.extract::<Vec<String>>());
            let opened = opened.map_err(|error| {
                failed = Some(error);
                "the inputs were not opened"
            })?;
            let inputs = opened.iter().map(|json| OpenedInputs::from_json(json));
            inputs
                .collect::<Result<_, _>>()
                .map_err(Box::<dyn std::error::Error + Send + Sync>::from)
        });
        match failed {
            Some(error) => Err(error),
            None => Ok(Coordinator(Some(raised(py, begun)?))),
        }
    }

    /// What every worker needs, as JSON.
    #[getter]
    fn plan(&mut self) -> PyResult<String> {
        let coordinator = self.0.as_ref();
        let plan = coordinator.map(|coordinator| coordinator.plan().to_json());
        plan.ok_or_else(|| PyValueError::new_err("this run has ended"))
    }

    #[getter]
    fn partitions_folder(&self) -> Option<PathBuf> {
        self.0.as_ref().map(library::Coordinator::partitions_folder)
    }

    fn finish<'py>(
        &mut self,
        py: Python<'py>,
        read: &str,
        batches: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (read, decided) = (read_of(read)?, Decided::new(batches)?);
        let coordinator = self.take()?;
        from_json(py, &decided.ended(|decided| coordinator.finish(&read, decided))?)
    }

    fn join<'py>(
        &mut self,
        py: Python<'py>,
        read: &str,
        partitions: Vec<PathBuf>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let read = read_of(read)?;
        let joined = self.take()?.join(&read, &partitions);
        from_json(py, &raised(py, joined)?)
    }

    /// Ends a run without results.
    fn abandon(&mut self) {
        self.0 = None;
    }
}

/// Opens some inputs of a run, and returns what a `Coordinator` needs of them, as JSON.
#[pyfunction]
pub(crate) fn open_inputs(py: Python<'_>, arguments: ConvertArguments<'_>) -> PyResult<String> {
    raised(py, arguments.convert(py)?().open_inputs()).map(|opened| opened.to_json())
}

/// Reads splits, and writes partitions of the results.
#[pyclass(unsendable, module = "contactmill")]
pub(crate) struct Worker(Rc<library::Worker<'static>>);

fn worker(
    py: Python<'_>,
    plan: &str,
    arguments: ConvertArguments<'_>,
) -> PyResult<library::Worker<'static>> {
    let plan = raised(py, Plan::from_json(plan))?;
    raised(py, arguments.convert(py)?().worker(plan))
}

#[pymethods]
impl Worker {
    #[new]
    fn new(py: Python<'_>, plan: &str, arguments: ConvertArguments<'_>) -> PyResult<Self> {
        Ok(Worker(Rc::new(worker(py, plan, arguments)?)))
    }

    /// The SHA-256 of an input, and its splits: start, end and line of each.
    fn splits(
        &self,
        py: Python<'_>,
        input: usize,
        bytes: u64,
    ) -> PyResult<Option<(String, Vec<Split>)>> {
        let found = raised(py, self.0.splits(input, bytes))?;
        let of_split = |split: InputSplit| (split.start, split.end, split.line);
        Ok(found.map(|found| (found.sha256, found.splits.into_iter().map(of_split).collect())))
    }

    /// Opens a split, or all of an input: `before` is the number of records before it in the same input,
    /// `inputs_before` the number before each input.
    fn open(
        &self,
        py: Python<'_>,
        input: usize,
        split: Option<Split>,
        before: u64,
        inputs_before: Vec<u64>,
    ) -> PyResult<Reading> {
        let split = split.map(|(start, end, line)| InputSplit { start, end, line });
        let reader = raised(py, self.0.open(input, split, before))?;
        let (worker, rows) = (Rc::clone(&self.0), Rows::with_keys());
        Ok(Reading { worker, inputs_before, input, rows, reader: Some(reader) })
    }

    fn write_partition<'py>(&self, folder: PathBuf, batches: &Bound<'py, PyAny>) -> PyResult<()> {
        Decided::new(batches)?.ended(|decided| self.0.write_partition(&folder, decided))
    }
}

/// A split that is read: an iterator of batches.
#[pyclass(unsendable, module = "contactmill")]
pub(crate) struct Reading {
    worker: Rc<library::Worker<'static>>,
    inputs_before: Vec<u64>,
    input: usize,
    rows: Rows,
    reader: Option<SplitReader>,
}

impl Reading {
    fn reader(&mut self) -> PyResult<&mut SplitReader> {
        self.reader.as_mut().ok_or_else(|| PyValueError::new_err("this split was read"))
    }
}

#[pymethods]
impl Reading {
    fn __iter__(this: PyRef<'_, Self>) -> PyRef<'_, Self> {
        this
    }

    fn __next__<'py>(&mut self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let source = contactmill::SourceId(u32::try_from(self.input).unwrap_or(u32::MAX));
        let worker = Rc::clone(&self.worker);
        loop {
            let Reading { rows, reader, inputs_before, .. } = self;
            let Some(reader) = reader else { return Ok(None) };
            let read = reader.next_block(&worker, |record| {
                let id = RecordId { source, record: record.record };
                let key = record.key.as_ref().map(<[u8; 11]>::as_slice);
                rows.push(key, ordinal(inputs_before, id), record.bytes);
                Ok::<_, Error>(())
            });
            if !raised(py, read)? || self.rows.are_enough() {
                return self.rows.finish(py);
            }
        }
    }

    /// Reads the rest without handing it over, and returns what was read, as JSON.
    fn count(&mut self, py: Python<'_>) -> PyResult<String> {
        let worker = Rc::clone(&self.worker);
        let reader = self.reader()?;
        while raised(py, reader.next_block(&worker, |_| Ok::<_, Error>(())))? {}
        let counted = self.reader.take().map(|reader| reader.finish(&worker)).transpose();
        serde_json::to_string(&raised(py, counted)?).map_err(damaged)
    }
}

thread_local! {
    /// The workers of merging, by plan. They are as small as their plans, since merging reads no exclusion
    /// list; mergers borrow them for as long as Python likes.
    static MERGING: RefCell<HashMap<String, &'static library::Worker<'static>>> = RefCell::default();
}

/// Decides on the contacts of batches sorted by key and ordinal, which an iterator gives: an iterator of batches
/// itself.
#[pyclass(unsendable, module = "contactmill")]
pub(crate) struct Merger {
    merger: Option<library::ContactMerger<'static>>,
    inputs_before: Vec<u64>,
    sorted: SortedRows,
    decided: DecidedRows,
}

/// The rows that come in, one after the other.
struct SortedRows {
    batches: Py<PyIterator>,
    batch: Option<SortedBatch>,
}

struct SortedBatch {
    keys: Bytes,
    ordinals: Int64Array,
    bytes: Bytes,
    rows: Range<usize>,
}

impl SortedBatch {
    fn of(batch: &RecordBatch) -> Result<Self, ArrowError> {
        let (keys, bytes) = (Bytes::of(batch, "key")?, Bytes::of(batch, "bytes")?);
        let ordinals = batch.column_by_name("ordinal").and_then(|column| column.as_primitive_opt());
        let ordinals: &Int64Array = ordinals.ok_or_else(|| lacking("ordinal"))?;
        Ok(SortedBatch { keys, ordinals: ordinals.clone(), bytes, rows: 0..batch.num_rows() })
    }
}

impl SortedRows {
    /// The batch of the next row, and where it stands in it.
    fn next(&mut self, py: Python<'_>) -> PyResult<Option<(&SortedBatch, usize)>> {
        loop {
            if let Some(row) = self.batch.as_mut().and_then(|batch| batch.rows.next()) {
                return Ok(self.batch.as_ref().map(|batch| (batch, row)));
            }
            let Some(batch) = self.batches.bind(py).clone().next() else { return Ok(None) };
            let batch = RecordBatch::from_pyarrow_bound(&batch?)?;
            self.batch = Some(SortedBatch::of(&batch).map_err(damaged)?);
        }
    }
}

/// The rows that go out. Of the many that may have waited for one contact, most go to a file.
#[derive(Default)]
struct DecidedRows {
    rows: Rows,
    /// Ordinal, size and bytes of each.
    set_aside: Option<BufWriter<File>>,
    read_back: Option<BufReader<File>>,
}

impl DecidedRows {
    /// Size of the bytes in memory, from which on rows are set aside.
    const MAX_BYTES: usize = 16 * BATCH_BYTES;

    fn push(&mut self, ordinal: i64, bytes: &[u8]) -> io::Result<()> {
        if self.rows.bytes.values_slice().len() < Self::MAX_BYTES {
            self.rows.push(None, ordinal, bytes);
            return Ok(());
        }
        let file = match &mut self.set_aside {
            Some(file) => file,
            none => none.insert(BufWriter::new(tempfile::tempfile()?)),
        };
        file.write_all(&ordinal.to_le_bytes())?;
        file.write_all(&(bytes.len() as u64).to_le_bytes())?;
        file.write_all(bytes)
    }

    /// Reads back what was set aside, as much as a batch holds.
    fn read_back(&mut self) -> io::Result<()> {
        if let Some(file) = self.set_aside.take() {
            let mut file = file.into_inner()?;
            file.rewind()?;
            self.read_back = Some(BufReader::new(file));
        }
        while let Some(file) = &mut self.read_back
            && !self.rows.are_enough()
        {
            if file.fill_buf()?.is_empty() {
                self.read_back = None;
                break;
            }
            let mut word = || {
                let mut word = [0; 8];
                file.read_exact(&mut word).map(|()| word)
            };
            let (ordinal, size) = (i64::from_le_bytes(word()?), u64::from_le_bytes(word()?));
            let mut bytes = vec![0; usize::try_from(size).unwrap_or_default()];
            file.read_exact(&mut bytes)?;
            self.rows.push(None, ordinal, &bytes);
        }
        Ok(())
    }
}

#[pymethods]
impl Merger {
    #[new]
    fn new(
        py: Python<'_>,
        plan: &str,
        arguments: ConvertArguments<'_>,
        inputs_before: Vec<u64>,
        batches: &Bound<'_, PyAny>,
    ) -> PyResult<Self> {
        let known = MERGING.with_borrow(|workers| workers.get(plan).copied());
        let worker = match known {
            Some(worker) => worker,
            None => {
                let worker: &'static _ = Box::leak(Box::new(worker(py, plan, arguments)?));
                MERGING.with_borrow_mut(|workers| workers.insert(plan.to_owned(), worker));
                worker
            }
        };
        let sorted = SortedRows { batches: batches.try_iter()?.unbind(), batch: None };
        let (merger, decided) = (Some(worker.merger()), DecidedRows::default());
        Ok(Merger { merger, inputs_before, sorted, decided })
    }

    fn __iter__(this: PyRef<'_, Self>) -> PyRef<'_, Self> {
        this
    }

    fn __next__<'py>(&mut self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.decided.read_back()?;
        while !self.decided.rows.are_enough() && self.merger.is_some() {
            self.step(py)?;
        }
        self.decided.rows.finish(py)
    }
}

impl Merger {
    /// Takes the next row, or ends.
    fn step(&mut self, py: Python<'_>) -> PyResult<()> {
        let Merger { merger, inputs_before, sorted, decided } = self;
        let take = |id, bytes: &[u8]| decided.push(ordinal(inputs_before, id), bytes);
        let Some((batch, row)) = sorted.next(py)? else {
            return merger.take().map_or(Ok(()), |merger| raised(py, merger.finish(take)));
        };
        let (key, ordinal, bytes) =
            (batch.keys.value(row), batch.ordinals.value(row), batch.bytes.value(row));
        match merger {
            Some(merger) if key != ordinal.to_be_bytes() => raised(py, merger.push(bytes, take)),
            _ => Ok(decided.push(ordinal, bytes)?),
        }
    }
}

/// What the columns of a table hold, by its first rows, as JSON.
#[pyfunction]
#[pyo3(signature = (data, *, options=None, mapping=None, attributes=None))]
pub(crate) fn decided_columns(
    py: Python<'_>,
    data: &Bound<'_, PyAny>,
    options: Option<&Bound<'_, Options>>,
    mapping: Option<&Bound<'_, PyMapping>>,
    attributes: Option<&Bound<'_, PyAny>>,
) -> PyResult<String> {
    let rows = normalized(py, data, options, (mapping, attributes), None)?;
    serde_json::to_string(&rows.decided()).map_err(damaged)
}

#[pyfunction]
#[pyo3(signature = (data, columns, *, options=None))]
pub(crate) fn normalize_decided(
    py: Python<'_>,
    data: &Bound<'_, PyAny>,
    columns: &str,
    options: Option<&Bound<'_, Options>>,
) -> PyResult<Reader> {
    let columns = serde_json::from_str(columns).map_err(damaged)?;
    let rows = normalized(py, data, options, (None, None), Some(columns))?;
    let taken = taken(rows.column_map());
    Ok(Reader::new(rows, taken))
}
