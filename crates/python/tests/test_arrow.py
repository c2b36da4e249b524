"""Tables of every library in, read by every library; hostile ones; threads, forks, Ctrl-C."""

from __future__ import annotations

import ctypes
import datetime
import decimal
import gc
import multiprocessing
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import contactmill as cm
import contactmill.polars as cmp

ROWS: dict[str, list[str | None]] = {
    "Name": ["Asha", "Ravi", None, "Meera"],
    "Phone": ["+91 98765 43210", "9.19877E+11", None, "0091 99887-76655"],
    "City": ["Pune", "", None, "Delhi"],
}
STATUS = ["contact", "rejected", "blank", "contact"]
PHONES = ["+919876543210", None, None, "+919988776655"]
ARROW = pa.table(ROWS)

TABLES: dict[str, Callable[[], Any]] = {
    "pyarrow": lambda: ARROW,
    "pyarrow batch": lambda: ARROW.to_batches()[0],
    "pyarrow reader": lambda: ARROW.to_reader(),
    "pyarrow large": lambda: ARROW.cast(pa.schema([(name, pa.large_string()) for name in ROWS])),
    "pyarrow view": lambda: ARROW.cast(pa.schema([(name, pa.string_view()) for name in ROWS])),
    "pyarrow dictionary": lambda: pa.table(
        {name: pa.array(column).dictionary_encode() for name, column in ROWS.items()}
    ),
    "pyarrow chunks": lambda: pa.concat_tables([ARROW.slice(at, 1) for at in range(4)]),
    "pyarrow sliced": lambda: pa.concat_tables([ARROW, ARROW]).combine_chunks().slice(4, 4),
    "polars": lambda: pl.DataFrame(ROWS),
    "polars categorical": lambda: pl.DataFrame(ROWS).with_columns(
        pl.col("City").cast(pl.Categorical)
    ),
    "pandas": lambda: pd.DataFrame(ROWS),
    "pandas objects": lambda: pd.DataFrame(ROWS, dtype=object),
    "duckdb": lambda: duckdb.sql("select * from ARROW"),
}

READERS: dict[str, Callable[[Any], dict[str, list[Any]]]] = {
    "pyarrow": lambda rows: pa.table(rows).to_pydict(),
    "pyarrow stream": lambda rows: pa.RecordBatchReader.from_stream(rows).read_all().to_pydict(),
    "polars": lambda rows: pl.DataFrame(rows).to_dict(as_series=False),
    "pandas": lambda rows: pd.DataFrame.from_arrow(rows).astype(object).to_dict("list"),
    "duckdb": lambda rows: duckdb.sql("select * from rows").to_arrow_table().to_pydict(),
}


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("reader", READERS)
def test_every_library_gives_tables_and_reads_what_comes_out(table: str, reader: str) -> None:
    read = READERS[reader](cm.normalize_table(TABLES[table]()))
    phones = [None if pd.isna(phone) else phone for phone in read["phone"]]
    assert (list(read["status"]), phones) == (STATUS, PHONES)
    assert [dict(own).get("City") for own in read["attributes"]] == ["Pune", None, None, "Delhi"]
    contacts = READERS[reader](cm.run(TABLES[table]()).contacts)
    assert list(contacts["phone"]) == [PHONES[0], PHONES[3]]


def test_the_columns_are_those_of_the_page() -> None:
    rows = pa.table(cm.normalize_table(ARROW))
    assert rows.column_names == [
        *("status", "reason", "field", "name", "email", "phone", "calling_code", "number"),
        *("region", "line_type", "tags", "attributes", "warnings"),
    ]
    assert rows["warnings"].to_pylist()[3] == [
        {
            "field": "phone",
            "code": "phone_idd_prefix",
            "before": "0091 99887-76655",
            "after": "+919988776655",
        }
    ]


def test_polars_reads_a_column_where_it_stands() -> None:
    frame = pl.DataFrame({"id": [1, 2, 3], "Phone": ["098765 43210", None, "x"]})
    reading = cmp.phone(pl.col("Phone"), region="IN")
    read = frame.lazy().with_columns(reading.struct.field("e164")).collect()
    assert read["e164"].to_list() == ["+919876543210", None, None]
    assert frame.lazy().with_columns(reading).collect_schema()["Phone"] == pl.Struct(
        {"e164": pl.String, "reason": pl.String}
    )
    assert frame.clear().select(reading).height == 0
    with pytest.raises(cm.OptionError):
        cmp.phone("Phone", region="UK")


@pytest.mark.parametrize(
    "nothing",
    [
        pl.Series([None, None]),
        pl.Series([[], []]),
        pl.Series([[[]], []]),
        pl.Series([[None], [None]], dtype=pl.Array(pl.Null, 1)),
        pl.Series([{"since": None}, None]),
    ],
    ids=lambda column: str(column.dtype),
)
def test_a_polars_column_of_no_type_holds_nothing(nothing: pl.Series) -> None:
    frame = pl.DataFrame({"Phone": ["+919876543210", "x"], "Note": nothing})
    result = cm.run(frame)
    assert pa.table(result.contacts)["attributes"].to_pylist() == [[]]
    assert pa.table(result.rejects)["Phone"].to_pylist() == ["x"]


@pytest.mark.parametrize("column", [pl.Series(["1"]), pd.Series(["1"])], ids=["polars", "pandas"])
def test_a_column_is_no_table(column: object) -> None:
    with pytest.raises(TypeError, match=r"not a column .*to_frame\(\) makes a table"):
        cm.run(column)  # type: ignore[arg-type]


VALUES: list[tuple[pa.Array, list[str | None]]] = [
    (pa.array([1, None, 3], pa.int64()), ["1", None, "3"]),
    (pa.array([1.5, 2.0, None], pa.float32()), ["1.5", "2", None]),
    (pa.array([True, False, None]), ["TRUE", "FALSE", None]),
    (pa.array([datetime.date(2024, 3, 15)] * 3), ["2024-03-15"] * 3),
    (
        pa.array([datetime.datetime(2024, 3, 15, 18)] * 3, pa.timestamp("us", "UTC")),
        ["2024-03-15T18:00:00Z"] * 3,
    ),
    (pa.array([datetime.time(18, 0)] * 3, pa.time64("us")), ["18:00:00"] * 3),
    (pa.array([decimal.Decimal("1.50")] * 3), ["1.50"] * 3),
    (pa.array([b"Pune", None, b"Delhi"]), ["Pune", None, "Delhi"]),
    (pa.array([["a", "b"], [], None]), ["a; b", None, None]),
    (pa.array([[("k", "v")]] * 3, pa.map_(pa.string(), pa.string())), ["k=v"] * 3),
    (pa.nulls(3), [None] * 3),
    (pa.array(["x", "y", None]).dictionary_encode(), ["x", "y", None]),
]


@pytest.mark.parametrize(("values", "texts"), VALUES, ids=lambda of: str(getattr(of, "type", "")))
def test_values_of_any_type_are_read_as_from_a_parquet_file(
    values: pa.Array, texts: list[str | None]
) -> None:
    table = pa.table({"Phone": ["+919876543210"] * 3, "value": values})
    rows = pa.table(cm.normalize_table(table))
    assert [dict(own).get("value") for own in rows["attributes"].to_pylist()] == texts


def test_a_struct_becomes_the_columns_of_its_fields() -> None:
    contact = pa.array([{"name": "Asha", "phone": "+919876543210"}, None])
    rows = cm.normalize_table(pa.table({"contact": contact}))
    assert rows.columns == [("contact.name", "name"), ("contact.phone", "phone")]
    assert pa.table(rows)["status"].to_pylist() == ["contact", "blank"]


@pytest.mark.parametrize(
    "values",
    [
        pa.array([[{"a": 1}]] * 2),
        pa.array([datetime.timedelta(1)] * 2),
        pa.array([b"\xff\x00", b"\x00\xff"]),
        pa.UnionArray.from_sparse(pa.array([0, 0], pa.int8()), [pa.array(["x", "y"])]),
    ],
    ids=lambda values: str(values.type),
)
def test_a_column_that_has_no_text_is_left_out_or_named(values: pa.Array) -> None:
    table = pa.table({"Phone": ["+919876543210"] * 2, "other": values})
    with pytest.warns(UserWarning, match='column "other" is skipped'):
        rows = cm.normalize_table(table)
    assert pa.table(rows)["attributes"].to_pylist() == [[], []]
    with pytest.warns(UserWarning, match='column "other" is skipped'):
        assert len(cm.run(table).contacts) == 1
    with pytest.raises(cm.SourceError, match="other|Phone") as raised:
        cm.normalize_table(table.select(["other"]).rename_columns(["Phone"]))
    assert raised.value.source == "data"


@pytest.mark.parametrize("phones", [[{"work": "+919876543210"}], [[{"number": "+919876543210"}]]])
def test_a_column_of_phones_is_one_of_cells_and_no_other_takes_its_place(phones: list[Any]) -> None:
    table = pa.table({"phones": phones, "wife": ["+919876543211"]})
    with pytest.raises(cm.SourceError, match="the column phones cannot be read: it holds"):
        cm.normalize_phones(table)


def test_what_is_no_moment_costs_its_value_and_not_its_row() -> None:
    far = pa.array([2**62], pa.timestamp("s"))
    rows = pa.table(cm.normalize_table(pa.table({"Phone": ["+919876543210"], "Born": far})))
    codes = [warning["code"] for warning in rows["warnings"].to_pylist()[0]]
    assert codes == ["name_from_phone", "value_unreadable"]


def test_empty_tables_and_tables_without_columns() -> None:
    assert pa.table(cm.normalize_table(ARROW.slice(0, 0))).num_rows == 0
    result = cm.run(ARROW.slice(0, 0))
    assert (len(result.contacts), result.counts["records"]) == (0, 0)
    assert pa.table(result.rejects).num_rows == 0
    with pytest.raises(cm.MappingError):
        cm.normalize_table(pa.table({}))


@pytest.mark.parametrize("data", [None, 3, "path.csv", [1], {"Phone": ["1"]}])
def test_what_is_no_table_is_a_plain_error(data: Any) -> None:
    for call in (cm.normalize_table, cm.normalize_phones, cm.run):
        with pytest.raises(TypeError, match="__arrow_c_stream__"):
            call(data)


def test_a_stream_is_read_once_and_says_so() -> None:
    rows = cm.normalize_table(ARROW)
    assert pa.schema(rows).names[0] == "status"
    assert pa.table(rows).num_rows == 4
    with pytest.raises(ValueError, match="read already"):
        pa.table(rows)
    contacts = cm.run(ARROW).contacts
    assert pa.table(contacts) == pa.table(contacts)


def test_mapping_and_attributes_are_those_of_the_command() -> None:
    table = pa.table({"A": ["Asha"], "B": ["+919876543210"], "C": ["Pune"], "D": ["gold"]})
    mapping = {"name": "A", "phone": ["B"], "attr:city": "C"}
    rows = cm.normalize_table(table, mapping=mapping, attributes="none")
    assert rows.columns == [("A", "name"), ("B", "phone"), ("C", "attr:city"), ("D", None)]
    for attributes in ("all but D", ["C"], "C"):
        rows = cm.normalize_table(table, mapping=mapping, attributes=attributes)
        assert rows.columns[3] == ("D", None)
    with pytest.raises(cm.MappingError, match="no field"):
        cm.normalize_table(table, mapping={"mobile": "B"})
    with pytest.raises(cm.MappingError) as raised:
        cm.normalize_table(ARROW, mapping={"phone": "Mobile"})
    assert raised.value.columns == ["Name", "Phone", "City"]
    assert raised.value.suggestion == "Phone"
    with pytest.raises(cm.OptionError):
        cm.normalize_table(table, mapping=mapping, attributes="all but ")


@pytest.mark.parametrize("needed", ["country", "phones", "Country Code"])
def test_a_column_of_numbers_or_countries_that_cannot_be_read_is_an_error(needed: str) -> None:
    nested = pa.array([[{"code": "GB"}]])
    table = pa.table({"name": ["Asha"], "phone": ["2079460018"], needed: nested})
    with pytest.raises(cm.SourceError, match=needed):
        cm.normalize_table(table, options=cm.Options(region="IN"))
    table = pa.table({"name": ["Asha"], "phone": ["9876543210"], "orders": nested})
    with pytest.warns(UserWarning, match="orders"):
        rows = cm.normalize_table(table, options=cm.Options(region="IN")).read_all()
    assert len(rows) == 1


def test_numbers_that_a_library_made_of_rounded_ones_are_no_phones() -> None:
    table = pa.table({"phone": pa.array([9.19877e11, 919876543210.0], pa.float64())})
    rows = pa.table(cm.normalize_table(table, options=cm.Options(region="IN"))).to_pylist()
    assert [row["reason"] for row in rows] == ["phone_excel_rounded", None]


def test_no_number_of_threads_stops_a_run() -> None:
    assert cm.run(ARROW, threads=10**6).counts == cm.run(ARROW, threads=1).counts


# A producer that lies.


def text_of(offsets: list[int], text: bytes) -> pa.Array:
    """An array of texts that nobody has checked."""
    buffers = [None, pa.array(offsets, pa.int32()).buffers()[1], pa.py_buffer(text)]
    return pa.Array.from_buffers(pa.string(), len(offsets) - 1, buffers)


@pytest.mark.parametrize(
    "values",
    [
        text_of([0, 3, 6], b"\xff\xfe\xfdabc"),
        text_of([0, 1, 2], "é".encode()),
        text_of([4, 0, 4], b"abcd"),
        pa.DictionaryArray.from_arrays(
            pa.array([0, 7], pa.int32()), pa.array(["x"]), safe=False
        ),
    ],
)
def test_a_producer_that_lies_is_an_error_and_no_crash(values: pa.Array) -> None:
    table = pa.table({"Phone": values})
    for call in (cm.run, cm.normalize_table, cm.normalize_phones):
        with pytest.raises((cm.SourceError, ValueError)) as raised:
            pa.table(call(table))  # type: ignore[arg-type]
        assert "Phone" in str(raised.value) or "offset" in str(raised.value)


def failing(after: int) -> Iterator[pa.RecordBatch]:
    batch = pa.record_batch({"Phone": ["+919876543210"] * 5_000})
    for _ in range(after):
        yield batch
    raise RuntimeError("the wire is cut")


@pytest.mark.parametrize("after", [0, 1, 3])
def test_a_producer_that_fails_is_an_error_with_its_words(after: int) -> None:
    schema = pa.schema([("Phone", pa.string())])

    def reader() -> pa.RecordBatchReader:
        return pa.RecordBatchReader.from_batches(schema, failing(after))

    with pytest.raises(cm.SourceError, match="the wire is cut"):
        cm.run(reader())
    with pytest.raises((cm.SourceError, pa.ArrowException, OSError), match="the wire is cut"):
        pa.table(cm.normalize_table(reader()))


def test_a_capsule_of_another_kind_is_an_error() -> None:
    class Liar:
        def __init__(self, gives: object) -> None:
            self.gives = gives

        def __arrow_c_stream__(self, requested_schema: object = None) -> object:
            return self.gives

    new = ctypes.pythonapi.PyCapsule_New
    new.restype, new.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
    for gives in (None, 7, new(1, b"something_else", None), ARROW.schema.__arrow_c_schema__()):
        with pytest.raises(Exception) as raised:  # noqa: B017
            cm.run(Liar(gives))
        assert isinstance(raised.value, (ValueError, TypeError))


# Streams, memory, threads.


def stream(batches: int, rows: int = 10_000) -> pa.RecordBatchReader:
    column = [f"+9198765{number % 100_000:05}" for number in range(rows)]
    names = [f"Person {number}" for number in range(rows)]
    batch = pa.record_batch({"Name": names, "Phone": column})
    return pa.RecordBatchReader.from_batches(batch.schema, (batch for _ in range(batches)))


def test_rows_come_while_the_stream_goes_on() -> None:
    taken = 0

    def batches() -> Iterator[pa.RecordBatch]:
        nonlocal taken
        for batch in stream(100):
            taken += 1
            yield batch

    source = stream(1)
    reader = pa.RecordBatchReader.from_batches(source.schema, batches())
    rows = pa.RecordBatchReader.from_stream(cm.normalize_table(reader))
    assert taken <= 2
    rows.read_next_batch()
    assert taken <= 3
    assert sum(batch.num_rows for batch in rows) > 900_000


def test_memory_is_flat_in_the_length_of_the_stream() -> None:
    code = """
import sys, resource, test_arrow, contactmill, pyarrow as pa
rows = pa.RecordBatchReader.from_stream(contactmill.normalize_table(test_arrow.stream(int(sys.argv[1]))))
print(sum(batch.num_rows for batch in rows), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
    def peak(batches: int) -> int:
        environment = {**os.environ, "PYTHONPATH": os.path.dirname(__file__)}
        command = [sys.executable, "-c", code, str(batches)]
        printed = subprocess.check_output(command, env=environment, text=True)
        rows, peak = map(int, printed.split())
        assert rows == batches * 10_000
        return peak

    assert peak(60) < peak(6) + 20_000  # KB


def test_other_threads_of_python_go_on_meanwhile() -> None:
    ticks, done = 0, threading.Event()

    def tick() -> None:
        nonlocal ticks
        while not done.is_set():
            ticks += 1
            time.sleep(0.001)

    ticking = threading.Thread(target=tick)
    ticking.start()
    start = time.monotonic()
    cm.run(stream(20), threads=1)
    elapsed = time.monotonic() - start
    done.set()
    ticking.join()
    assert ticks > elapsed / 0.001 / 20


def test_many_threads_at_once() -> None:
    def count(_: int) -> int:
        rows = pa.table(cm.normalize_table(stream(2, 1_000)))
        return rows.num_rows + cm.run(stream(2, 1_000), threads=2).counts["contacts"]

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(count, range(32))) == {3_000}


def child(connection: Any) -> None:
    result = cm.run(ARROW, threads=2)
    rows = pa.table(cm.normalize_table(pl.DataFrame(ROWS)))
    connection.send((result.counts["contacts"], rows.num_rows))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_it_works_after_a_fork() -> None:
    cm.run(stream(1), threads=2)
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    process = context.Process(target=child, args=(theirs,))
    process.start()
    assert ours.poll(30), "the child hangs"
    assert ours.recv() == (2, 4)
    process.join(10)
    assert process.exitcode == 0


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize("call", ["run", "read_all", "batches"])
def test_ctrl_c_is_a_keyboard_interrupt_within_a_second(call: str) -> None:
    code = """
import sys, time, test_arrow, contactmill, pyarrow as pa
def endless():
    while True:
        yield from test_arrow.stream(10)
schema = test_arrow.stream(1).schema
data = pa.RecordBatchReader.from_batches(schema, endless())
print("ready", flush=True)
try:
    if sys.argv[1] == "run":
        contactmill.run(data)
    elif sys.argv[1] == "read_all":
        contactmill.normalize_table(data).read_all()
    else:
        for batch in pa.RecordBatchReader.from_stream(contactmill.normalize_table(data)):
            pass
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""
    environment = {**os.environ, "PYTHONPATH": os.path.dirname(__file__)}
    process = subprocess.Popen(
        [sys.executable, "-c", code, call], env=environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    time.sleep(0.5)
    start = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert process.stdout.readline() == "interrupted\n"
    # A fraction of a second, on a machine that has nothing else to do.
    assert time.monotonic() - start < 3
    assert process.wait(20) == 0


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_ctrl_c_ends_a_stream_that_another_library_reads() -> None:
    code = """
import test_arrow, contactmill, pyarrow as pa
def endless():
    while True:
        yield from test_arrow.stream(10)
data = pa.RecordBatchReader.from_batches(test_arrow.stream(1).schema, endless())
print("ready", flush=True)
try:
    pa.table(contactmill.normalize_table(data))
except pa.ArrowException as error:
    try:
        print(error)
    except KeyboardInterrupt:
        pass
"""
    environment = {**os.environ, "PYTHONPATH": os.path.dirname(__file__)}
    process = subprocess.Popen(
        [sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode == 0


def test_what_is_not_read_is_released() -> None:
    before = pa.total_allocated_bytes()
    for _ in range(20):
        cm.normalize_table(stream(1))
        cm.run(stream(1))
    gc.collect()
    assert pa.total_allocated_bytes() <= before + (1 << 20)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > 0
