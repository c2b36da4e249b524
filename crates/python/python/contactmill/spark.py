"""Spark, for dumps that outgrow one machine: ``pip install "contactmill[spark]"``.

``convert`` writes the result folder that one machine would write; ``normalize`` reads a DataFrame row by row.
On one machine, the command is several times faster. docs/spark.md says when to use which, and what a cluster needs.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import warnings
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa  # type: ignore[import-untyped, unused-ignore]
import pyarrow.compute as pc  # type: ignore[import-untyped, unused-ignore]
from pyspark import TaskContext
from pyspark.errors import PySparkAttributeError, PySparkNotImplementedError
from pyspark.sql import functions as sql

from contactmill import _contactmill
from contactmill._errors import ContactmillError, OptionError, SourceError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from contactmill import Options
    from contactmill._types import ColumnMapping, Manifest, Path, Paths

__all__ = ["convert", "normalize"]

Batches = Iterator[pa.RecordBatch]
Split = tuple[int, int, int]

_OUTCOMES = (
    "status string, reason string, field string, name string, email string, phone string, "
    "calling_code int, number string, region string, line_type string, tags array<string>, "
    "attributes map<string,string>, "
    "warnings array<struct<field:string,code:string,before:string,after:string>>"
)

_SAMPLE_ROWS = 1000

_OPENED_BY_DRIVER = 64
"""Maximum number of inputs that the driver opens itself: a job of Spark would take longer."""

_OPENED_TOGETHER = 16
"""Inputs that a process opens at a time."""

_FETCHED_RECORDS = 200_000
"""Records of a partition that the driver fetches: it has all of one in memory, several times over."""


def normalize(
    df: DataFrame,
    *,
    options: Options | None = None,
    mapping: ColumnMapping | None = None,
    attributes: str | list[str] | None = None,
    keep: Iterable[str] = (),
) -> DataFrame:
    """Reads a DataFrame row by row: one row comes out for each that goes in.

    ``keep`` names columns that come out as they are, in front of those of ``contactmill.normalize_table``. What
    each column holds is decided once, by the first thousand rows. Duplicates are not looked for.

    Raises ``MappingError`` where the columns are not known, ``OptionError``.

    >>> import contactmill.spark as cms
    >>> from pyspark.sql import SparkSession
    >>> spark = SparkSession.builder.master("local[1]").getOrCreate()
    >>> leads = spark.createDataFrame([(1, "098765-43210"), (2, "9.19877E+11")], "id int, mobile string")
    >>> read = cms.normalize(leads, options=contactmill.Options(region="IN"), keep=["id"])
    >>> [(row.id, row.phone, row.reason) for row in read.collect()]
    [(1, '+919876543210', None), (2, None, 'phone_excel_rounded')]
    """
    kept = list(keep)
    clash = {column.split()[0] for column in _OUTCOMES.split(", ")} & set(kept)
    if clash:
        raise OptionError(f"keep: {sorted(clash)} come out anyway; rename the columns of yours")
    first = df.limit(_SAMPLE_ROWS).mapInArrow(_packed, "batch binary").collect()
    batches = list(_unpacked(row.batch for row in first))
    if not batches:
        batches = [pa.RecordBatch.from_pylist([], schema=_arrow_schema(df))]
    sample = pa.Table.from_batches(batches)
    said: dict[str, Any] = {"mapping": mapping, "attributes": attributes, "options": options}
    columns = _contactmill.decided_columns(sample, **said)
    kept_columns = [
        f"`{column.name.replace('`', '``')}` {column.dataType.simpleString()}"
        for column in df.select(*kept).schema
    ]
    schema = ", ".join([*kept_columns, _OUTCOMES])
    return df.mapInArrow(partial(_normalized, columns, options, kept), schema)


def _arrow_schema(df: DataFrame) -> pa.Schema:
    from pyspark.sql.pandas.types import to_arrow_schema

    return to_arrow_schema(df.schema)


def _normalized(columns: str, options: Options | None, kept: list[str], batches: Batches) -> Batches:
    for first in batches:
        if not kept:
            every = pa.RecordBatchReader.from_batches(first.schema, chain([first], batches))
            rows = _contactmill.normalize_decided(every, columns, options=options)
            yield from pa.RecordBatchReader.from_stream(rows)
            return
        table = pa.Table.from_batches([first])
        outcomes = pa.table(_contactmill.normalize_decided(table, columns, options=options))
        for name in reversed(kept):
            outcomes = outcomes.add_column(0, name, table[name])
        yield from outcomes.combine_chunks().to_batches()


@dataclass(frozen=True)
class _Run:
    """What every task of a conversion is told."""

    plan: str
    arguments: dict[str, Any]
    """Those of the conversion."""
    tasks: list[tuple[int, Split | None]] = field(default_factory=list)
    """The input and the split that each task reads."""
    counted: list[str] = field(default_factory=list)
    """What was read by each task the first time."""
    before: list[int] = field(default_factory=list)
    """How many records come before those of each task, in the same input."""
    inputs_before: list[int] = field(default_factory=list)
    """How many records come before those of each input."""
    records: int = 0

    def worker(self) -> _contactmill.Worker:
        if self.plan not in _WORKER:
            _WORKER.clear()
            _WORKER[self.plan] = _contactmill.Worker(self.plan, self.arguments)
        return _WORKER[self.plan]

    def open(self, task: int, before: int) -> _contactmill.Reading:
        number, split = self.tasks[task]
        return self.worker().open(number, split, before, self.inputs_before)


_WORKER: dict[str, _contactmill.Worker] = {}
"""The worker of this process, which has read its exclusion lists."""


def convert(
    spark: SparkSession,
    inputs: Paths,
    out: Path,
    *,
    options: Options | None = None,
    mapping: ColumnMapping | None = None,
    attributes: str | list[str] | None = None,
    to: Literal["import", "csv", "ndjson", "parquet"] = "import",
    since: Path | None = None,
    exclude: Paths = (),
    opt_outs: Literal["keep", "exclude"] = "keep",
    on_duplicate: Literal["merge", "first", "last", "none"] = "merge",
    rejects: Literal["csv", "xlsx"] = "csv",
    report: bool = False,
    max_contacts: int = 500,
    max_bytes: int = 100_000,
    layout: Literal["files", "lines"] = "files",
    encoding: str | None = None,
    delimiter: str | None = None,
    sheets: str | list[str] | None = None,
    no_header: bool = False,
    max_inflated: str | None = None,
    overwrite: bool = False,
    single_folder: bool = False,
    partitions: int | None = None,
    split_bytes: int | None = None,
) -> Manifest:
    """Converts dumps as ``contactmill.convert`` does, by the executors of Spark.

    With ``single_folder`` the driver writes the results, and they are those of one machine, byte for byte. Without,
    executors write partitions of them, which are joined: arrays end elsewhere, and everything else is the same.
    Parquet, workbooks of rejects and deltas are always written by the driver. ``partitions`` is how many tasks
    decide and write; ``split_bytes``, of how much of an input a task reads.

    Inputs, exclusion lists and, without ``single_folder``, the folder above ``out`` must be at the same path on
    every machine. Inputs with another scheme (``s3a://…``) are copied beside ``out`` first, by way of Hadoop. The
    results appear whole or not at all, whatever becomes of tasks and of the driver.

    Raises what ``contactmill.convert`` raises, and what Spark raises when a task has failed for good. Warns of
    inputs that can only be read as a whole.

    >>> import pathlib, tempfile
    >>> import contactmill.spark as cms
    >>> from pyspark.sql import SparkSession
    >>> spark = SparkSession.builder.master("local[1]").getOrCreate()
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "leads.csv").write_text("Name,Phone\\nAsha,+919876543210\\n,+91 98765 43210\\n")
    >>> manifest = cms.convert(spark, folder / "leads.csv", folder / "out")
    >>> manifest["counts"]["contacts"], manifest["counts"]["duplicates"]
    (1, 1)
    """
    common = {
        "options": options,
        "mapping": mapping,
        "attributes": attributes,
        "encoding": encoding,
        "delimiter": delimiter,
        "sheets": sheets,
        "no_header": no_header,
        "max_inflated": max_inflated,
    }
    arguments: dict[str, Any] = {
        "common": common,
        "inputs": [],
        "out": _path(out),
        "to": to,
        "since": since if since is None else _path(since),
        "exclude": [_path(path) for path in _each_of(exclude)],
        "opt_outs": opt_outs,
        "on_duplicate": on_duplicate,
        "rejects": rejects,
        "report": report,
        "fixes": None,
        "max_contacts": max_contacts,
        "max_bytes": max_bytes,
        "layout": layout,
        "sample": None,
        "split_by": None,
        "overwrite": overwrite,
        "threads": 0,
    }
    paths = list(_each_of(inputs))
    if not paths:
        # An earlier result would be replaced by nothing.
        raise OptionError("inputs: there are none")
    by_driver = single_folder or to == "parquet" or rejects == "xlsx" or since is not None
    folder, name = os.path.split(os.path.abspath(arguments["out"]))
    # Whatever has this name is what a killed run has left.
    copies = os.path.join(folder, f".{name}.inputs-{zlib.crc32(name.encode()):08x}")
    shutil.rmtree(copies, ignore_errors=True)
    try:
        arguments["inputs"] = [
            _copied(spark, path, os.path.join(copies, str(number))) if _is_remote(path) else _path(path)
            for number, path in enumerate(paths)
        ]
        return _converted(spark, arguments, (split_bytes, partitions), by_driver)
    finally:
        shutil.rmtree(copies, ignore_errors=True)


def _converted(
    spark: SparkSession,
    arguments: dict[str, Any],
    by: tuple[int | None, int | None],
    by_driver: bool,
) -> Manifest:
    are_many = len(arguments["inputs"]) > _OPENED_BY_DRIVER
    open_inputs = partial(_open, spark, arguments) if are_many else None
    coordinator = _contactmill.Coordinator(arguments, open_inputs)
    # The plan has the inputs.
    arguments = {**arguments, "inputs": []}
    try:
        plan = coordinator.plan
        planned = json.loads(plan)["inputs"]
        size = sum(one["bytes"] for one in planned)
        cores = _cores(spark)
        split_bytes = by[0] or max(1 << 20, min(64 << 20, size // (2 * cores)))
        partitions = by[1] or max(cores, 4 * size // (128 << 20))
        tasks = max(4 * cores, size // split_bytes)

        run, digests = _split(spark, _Run(plan, arguments), planned, (split_bytes, tasks))
        run, read = _count(spark, run, digests, tasks)
        fetched = -(-run.records // _FETCHED_RECORDS) if by_driver else 0
        decided = _decide(spark, run, tasks, (partitions, max(partitions, fetched)))
        if by_driver:
            return coordinator.finish(read, _unpacked(_fetched(decided)))
        folder = str(coordinator.partitions_folder)
        os.mkdir(folder)
        write = partial(_write, run, (folder, partitions))
        written = decided.mapInArrow(write, "part long, folder string").collect()
        folders = [row.folder for row in sorted(written)]
        if not folders:
            # Even of nothing there are tables.
            folders = [os.path.join(folder, "none")]
            run.worker().write_partition(folders[0], [])
        return coordinator.join(read, folders)
    finally:
        coordinator.abandon()


def _open(spark: SparkSession, arguments: dict[str, Any]) -> list[str]:
    """Has executors open the inputs."""
    inputs = arguments["inputs"]
    starts = range(0, len(inputs), _OPENED_TOGETHER)
    groups = [{**arguments, "inputs": inputs[start : start + _OPENED_TOGETHER]} for start in starts]
    opened = _each(spark, len(groups), 4 * _cores(spark), partial(_opened, groups))
    # Whatever is wrong is said by the driver, as it is of a few inputs.
    return [one or _contactmill.open_inputs(group) for one, group in zip(opened, groups)]


def _opened(groups: list[dict[str, Any]], number: int) -> str:
    try:
        return _contactmill.open_inputs(groups[number])
    except ContactmillError:
        return ""


def _split(
    spark: SparkSession, run: _Run, planned: list[dict[str, Any]], by: tuple[int, int]
) -> tuple[_Run, list[str | None]]:
    """Cuts the inputs. Returns their digests, too, of those that are cut."""
    split_bytes, slices = by
    cut = _each(spark, len(planned), slices, partial(_cut, run, split_bytes))
    tasks: list[tuple[int, Split | None]] = []
    digests: list[str | None] = []
    whole = []
    for number, said in enumerate(map(json.loads, cut)):
        digest, splits = said or (None, [None])
        digests.append(digest)
        if said is None:
            whole.append(planned[number]["name"])
        tasks.extend((number, split and tuple(split)) for split in splits)
    if whole:
        names = ", ".join(whole[:20]) + (f" and {len(whole) - 20} more" if len(whole) > 20 else "")
        warnings.warn(f"what cannot be split is read by one task each: {names}", stacklevel=4)
    return replace(run, tasks=tasks, inputs_before=[0] * len(planned)), digests


def _cut(run: _Run, split_bytes: int, number: int) -> str:
    return json.dumps(run.worker().splits(number, split_bytes))


def _count(
    spark: SparkSession, run: _Run, digests: list[str | None], slices: int
) -> tuple[_Run, str]:
    """Counts the records of all tasks. Returns what was read, too, by input."""
    counted = _each(spark, len(run.tasks), slices, partial(_counted, run))
    read: list[list[Any]] = [[digest, []] for digest in digests]
    before, inputs_before, records = [], [0] * len(digests), 0
    for (number, _), said in zip(run.tasks, map(json.loads, counted)):
        if not read[number][1]:
            inputs_before[number] = records
        before.append(records - inputs_before[number])
        records += said["records"]
        read[number][0] = digests[number] or said["sha256"]
        read[number][1].append(said)
    run = replace(
        run, counted=counted, before=before, inputs_before=inputs_before, records=records
    )
    return run, json.dumps(read)


def _counted(run: _Run, task: int) -> str:
    return run.open(task, 0).count()


def _decide(spark: SparkSession, run: _Run, slices: int, by: tuple[int, int]) -> DataFrame:
    """What is decided on each record, in order: partition by partition, and sorted within them. ``by`` is how
    many decide, and how many partitions come of it."""
    partitions, decided_partitions = by
    tasks = spark.range(0, len(run.tasks), 1, max(1, min(len(run.tasks), slices)))
    rows = tasks.mapInArrow(partial(_read, run), "key binary, ordinal long, bytes binary")
    if run.arguments["on_duplicate"] != "none":
        rows = rows.repartition(partitions, "key").sortWithinPartitions("key", "ordinal")
    parts = _parts(spark, decided_partitions)
    decided = rows.mapInArrow(partial(_merge, run, parts), "part long, ordinal long, bytes binary")
    decided = decided.repartition(decided_partitions, "part").sortWithinPartitions("ordinal")
    return decided.select("ordinal", "bytes")


def _read(run: _Run, batches: Batches) -> Batches:
    for task in _numbers(batches):
        reading = run.open(task, run.before[task])
        yield from reading
        if reading.count() != run.counted[task]:
            number = run.tasks[task][0]
            name = json.loads(run.plan)["inputs"][number]["name"]
            raise SourceError(f"{name}: was changed while it was read", source=name)


def _merge(run: _Run, parts: list[int], batches: Batches) -> Batches:
    seeds = pa.array(parts, pa.int64())
    merger = _contactmill.Merger(run.plan, run.arguments, run.inputs_before, batches)
    for batch in merger:
        part = pc.divide(pc.multiply(batch["ordinal"], len(parts)), run.records)
        yield pa.RecordBatch.from_arrays(
            [seeds.take(part), *batch.columns], ["part", *batch.schema.names]
        )


def _fetched(decided: DataFrame) -> Iterator[bytes]:
    """The rows, packed, a partition after the other."""
    packed = decided.mapInArrow(_packed, "batch binary")
    try:
        # Not by a query: until it ends, Spark 4 keeps what each of its jobs gave, which would be all of them.
        partitions: Any = packed.rdd
    except (PySparkAttributeError, PySparkNotImplementedError):
        # Spark Connect.
        partitions = packed
    return (row.batch for row in partitions.toLocalIterator(prefetchPartitions=True))


def _write(run: _Run, to: tuple[str, int], batches: Batches) -> Batches:
    """Writes a partition of the results. An attempt that is lost has written to a folder of its own."""
    folder, partitions = to
    context = TaskContext.get()
    for first in batches:
        part = _part(run, partitions, first["ordinal"][0])
        attempt = context.taskAttemptId() if context else 0
        path = os.path.join(folder, f"{part:06}-{attempt}")

        def rows() -> Batches:
            for batch in chain([first], batches):
                if _part(run, partitions, batch["ordinal"][-1]) != part:
                    raise RuntimeError("Spark has put other rows into this partition")
                yield batch

        run.worker().write_partition(path, rows())
        yield pa.RecordBatch.from_pydict({"part": [part], "folder": [path]})


def _part(run: _Run, partitions: int, ordinal: pa.Scalar) -> int:
    return int(ordinal.as_py() * partitions // run.records)


def _parts(spark: SparkSession, partitions: int) -> list[int]:
    """A value for each partition that Spark puts there. How many records there are is known, so that nothing
    has to be sampled: sampling would take every step twice."""
    found: dict[int, int] = {}
    tried = 16 * partitions
    while len(found) < partitions:
        values = spark.range(tried).select("id", sql.expr(f"pmod(hash(id), {partitions})").alias("part"))
        found = {row.part: row.id for row in values.groupBy("part").agg(sql.min("id").alias("id")).collect()}
        tried *= 4
    return [found[part] for part in range(partitions)]


def _each(spark: SparkSession, count: int, slices: int, work: Callable[[int], str]) -> list[str]:
    """What comes of some numbers, by executors."""
    numbers = spark.range(0, count, 1, max(1, min(count, slices)))
    said = numbers.mapInArrow(partial(_said, work), "number long, said string").collect()
    return [row.said for row in sorted(said)]


def _said(work: Callable[[int], str], batches: Batches) -> Batches:
    for number in _numbers(batches):
        yield pa.RecordBatch.from_pydict({"number": [number], "said": [work(number)]})


def _numbers(batches: Batches) -> Iterator[int]:
    for batch in batches:
        yield from batch["id"].to_pylist()


def _packed(batches: Batches) -> Batches:
    """Batches as rows with one value: a row at a time would take as long as everything else."""
    for batch in batches:
        out = pa.BufferOutputStream()
        with pa.ipc.new_stream(out, batch.schema) as stream:
            stream.write_batch(batch)
        yield pa.RecordBatch.from_arrays([pa.array([out.getvalue().to_pybytes()], pa.binary())], ["batch"])


def _unpacked(rows: Iterable[bytes]) -> Batches:
    for row in rows:
        yield from pa.ipc.open_stream(pa.py_buffer(row))


def _cores(spark: SparkSession) -> int:
    try:
        return max(1, spark.sparkContext.defaultParallelism)
    except Exception:  # Spark Connect has no such thing, and says so in its own ways.
        return 8


def _each_of(paths: Paths) -> Iterable[Path]:
    return [paths] if isinstance(paths, (str, os.PathLike)) else paths


def _path(path: Path) -> str:
    """A path without `file:`, which Spark puts in front."""
    if _is_remote(path):
        raise OptionError(f"{path}: this must be a path that all machines see")
    return re.sub(r"^file:(//)?(?=/)", "", os.fspath(path))


def _is_remote(path: Path) -> bool:
    """Whether it is in a file system that Hadoop knows, and the operating system does not."""
    return re.match(r"(?!file:)[a-z][a-z0-9+.-]+://", os.fspath(path)) is not None


def _copied(spark: SparkSession, path: Path, folder: str) -> str:
    """Copies an input by way of Hadoop to where all machines see it."""
    java: Any = spark._jvm
    hadoop = java.org.apache.hadoop.fs.Path
    remote = hadoop(os.fspath(path))
    os.makedirs(folder)
    local = os.path.join(folder, remote.getName())
    system = remote.getFileSystem(spark._jsc.hadoopConfiguration())
    system.copyToLocalFile(False, remote, hadoop(f"file://{local}"), True)
    return local
