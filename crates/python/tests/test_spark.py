"""What Spark writes is what one machine writes."""

from __future__ import annotations

import functools
import gzip
import http.server
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
import pytest

import contactmill as cm
from contactmill import _contactmill

required = os.environ.get("CONTACTMILL_SPARK") == "required"
if not required:
    pytest.importorskip("pyspark")
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java", allow_module_level=True)

from pyspark import TaskContext, cloudpickle  # noqa: E402
from pyspark.sql import DataFrame, SparkSession  # noqa: E402
from pyspark.sql import functions as sql  # noqa: E402

import contactmill.spark as cms  # noqa: E402

# Executors cannot import the tests.
cloudpickle.register_pickle_by_value(sys.modules[__name__])

POLICIES = ["merge", "first", "last", "none"]
INDIAN = cm.Options(region="IN")


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    os.environ["PYSPARK_PYTHON"] = sys.executable
    # A task may fail twice.
    session = (
        SparkSession.builder.master("local[2,3]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.ui.showConsoleProgress", "false")
        .getOrCreate()
    )
    yield session
    session.stop()


PHONES = [
    "+91 98765 43210",
    "09876543210",
    "9.19877E+11",
    "+54 11 2345 6789",
    "+54 9 11 2345 6789",
    "+55 11 9876 5432",
    "+55 11 99876 5432",
    "+52 1 55 4163 7145",
    "98111-22233 / 98111 22244",
    "=\"+919876500001\"",
    "none",
    "",
]
NAMES = ["Asha", "Asha Patel", "", '"Asha, ""A"""', "'Ravi", '"Ravi\nKumar"', "Meera", "Jos\u00e9"]


def row(rng: random.Random) -> str:
    """A line of a dump: some are damaged, and most numbers come again and again."""
    kind = rng.random()
    if kind < 0.01:
        return rng.choice(['Asha,"+91 98765 43210,,,\n', '"\n', "Asha\n", ",,,,\n", "a,b,c,d,e,f,g\n"])
    phone = rng.choice(PHONES) if kind < 0.4 else f"+9198{rng.randrange(2_000):08}"
    email = rng.choice(["", "a@example.com", "b@mail.example", "x@", "A@EXAMPLE.com"])
    end = rng.choice(["\n", "\n", "\r\n"])
    return f"{rng.choice(NAMES)},{phone},{email},t{rng.randrange(4)};vip,{rng.choice(['', 'no', 'yes'])}{end}"


HEADER = "Name,Phone,Email,Tags,Opt out\n"


def dump(seed: int, rows: int) -> bytes:
    rng = random.Random(seed)
    text = HEADER + "".join(row(rng) for _ in range(rows)) + HEADER
    oversized = f"Asha,+919876543210,,{'x' * (1 << 20)},\n" + "Asha,+919876543210,,,"
    return text.encode() + b"Jos\xe9,+919876543210,,,\n" + oversized.encode()


@pytest.fixture(scope="session")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> list[pathlib.Path]:
    folder = tmp_path_factory.mktemp("inputs")
    paths = [folder / "first.csv", folder / "second.csv.gz", folder / "third.ndjson", folder / "fourth.csv"]
    paths[0].write_bytes(dump(1, 4_000))
    paths[1].write_bytes(gzip.compress(dump(2, 300), mtime=0))
    people = ({"name": f"Ravi {n % 7}", "phone": f"+91{98_0000_0000 + n % 90}"} for n in range(300))
    paths[2].write_text("".join(json.dumps(person) + "\n" for person in people) + "{")
    # One number, a thousand times.
    paths[3].write_text(HEADER + "Asha,+919876543210,,,\n" * 1_000)
    (folder / "do-not-call.txt").write_text("+919811122233\nb@mail.example\n")
    return paths


def files(folder: pathlib.Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def contacts(result: dict[str, bytes]) -> list[Any]:
    arrays = sorted(name for name in result if name.startswith("import-"))
    return [contact for name in arrays for contact in json.loads(result[name])]


def check(inputs: list[pathlib.Path], folder: pathlib.Path, spark: Any, by: dict[str, Any], **said: Any) -> None:
    """Both ways write the same: all of it, or the same contacts in the same order."""
    one, many = folder / "one", folder / "many"
    shutil.rmtree(one, ignore_errors=True)
    expected = cm.convert(inputs, one, options=INDIAN, **said)
    with pytest.warns(UserWarning, match="second.csv.gz"):
        manifest = cms.convert(spark, inputs, many, options=INDIAN, overwrite=True, **by, **said)
    alone, together = files(one), files(many)
    assert json.loads(together["manifest.json"]) == manifest
    if not by.get("single_folder"):
        assert contacts(alone) == contacts(together)
        for result in (alone, together):
            for name in [name for name in result if name.startswith("import-")]:
                del result[name]
        assert {**manifest, "files": []} == {**expected, "files": []}
        del alone["manifest.json"], together["manifest.json"]
    assert alone == together
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]


class Wrapped:
    """A session or a DataFrame whose tasks are given out in another order, and whose first ones are killed."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def range(self, *words: int) -> Wrapped:
        return Wrapped(self.inner.range(*words).repartition(3).sortWithinPartitions(sql.expr("hash(id)")))

    def mapInArrow(self, work: Callable[..., Any], schema: str) -> Wrapped:
        return Wrapped(self.inner.mapInArrow(killed_once(work), schema))

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.inner, name)
        if not callable(found):
            return found

        def call(*words: Any, **said: Any) -> Any:
            came = found(*words, **said)
            return Wrapped(came) if isinstance(came, DataFrame) else came

        return call


def killed_once(work: Callable[..., Any]) -> Callable[..., Any]:
    def first_killed(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        context = TaskContext.get()
        assert context is not None
        for batch in work(batches):
            yield batch
            if context.attemptNumber() == 0 and context.partitionId() == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    return first_killed


@pytest.mark.parametrize(("policy", "partitions"), [*zip(POLICIES, [3, 1, 5, 2])])
def test_the_folder_is_that_of_one_machine(
    spark: SparkSession, inputs: list[pathlib.Path], tmp_path: pathlib.Path, policy: str, partitions: int
) -> None:
    by = {"partitions": partitions, "split_bytes": 50_000, "single_folder": True}
    check(inputs, tmp_path, spark, by, on_duplicate=policy)


def test_the_driver_never_fetches_more_than_a_part_of_the_records(
    spark: SparkSession, inputs: list[pathlib.Path], tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched: list[int] = []
    decide = cms._decide

    def counted(*said: Any) -> DataFrame:
        decided = decide(*said)
        parts = decided.groupBy(sql.spark_partition_id()).count().collect()
        fetched.extend(row["count"] for row in parts)
        return decided

    monkeypatch.setattr(cms, "_FETCHED_RECORDS", 500)
    monkeypatch.setattr(cms, "_decide", counted)
    check(inputs, tmp_path, spark, {"partitions": 1, "split_bytes": 50_000, "single_folder": True})
    assert sum(fetched) > 5_000
    assert max(fetched) <= 500


def test_the_driver_lets_go_of_what_it_has_fetched(
    spark: SparkSession, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dump, notes = tmp_path / "notes.csv", "a long note " * 1_000
    people = (f"Asha,{98_0000_0000 + number},,,{notes}\n" for number in range(4_000))
    dump.write_text(HEADER + "".join(people))
    java: Any = spark._jvm
    held: list[int] = []
    unpacked = cms._unpacked

    def in_use() -> int:
        java.java.lang.System.gc()
        # Just behind it: other threads go on and make more garbage.
        pools = java.java.lang.management.ManagementFactory.getMemoryPoolMXBeans()
        return sum(usage.getUsed() for usage in (pool.getCollectionUsage() for pool in pools) if usage)

    def weighed(rows: Iterator[bytes]) -> Iterator[pa.RecordBatch]:
        for number, batch in enumerate(unpacked(rows)):
            if number % 2 == 0:
                held.append(in_use())
            yield batch

    monkeypatch.setattr(cms, "_FETCHED_RECORDS", 100)
    monkeypatch.setattr(cms, "_unpacked", weighed)
    cms.convert(spark, dump, tmp_path / "out", options=INDIAN, single_folder=True)
    # A task that runs at the moment has memory of its own, and what the driver holds stays: in the second half of
    # the run it would be half a dump more than in the first.
    half = len(held) // 2
    assert half >= 8
    assert min(held[half:]) - min(held[:half]) < dump.stat().st_size / 4, held


def test_what_executors_write_are_the_same_contacts_though_tasks_are_killed(
    spark: SparkSession, inputs: list[pathlib.Path], tmp_path: pathlib.Path
) -> None:
    lists: dict[str, Any] = {"exclude": [inputs[0].parent / "do-not-call.txt"], "opt_outs": "exclude"}
    by = {"partitions": 4, "split_bytes": 30_000}
    check(inputs, tmp_path, Wrapped(spark), by, **lists)


@pytest.mark.parametrize("said", [{"to": "csv"}, {"to": "parquet", "rejects": "xlsx", "report": True}])
def test_every_output_is_the_same(
    spark: SparkSession, inputs: list[pathlib.Path], tmp_path: pathlib.Path, said: dict[str, Any]
) -> None:
    one, many = tmp_path / "one", tmp_path / "many"
    cm.convert(inputs[2:], one, **said)
    cms.convert(spark, inputs[2:], many, split_bytes=10_000, partitions=3, **said)
    assert files(one) == files(many)


def test_a_delta_is_the_same(
    spark: SparkSession, inputs: list[pathlib.Path], tmp_path: pathlib.Path
) -> None:
    cm.convert(inputs[:1], tmp_path / "earlier", options=INDIAN)
    by: dict[str, Any] = {"single_folder": True, "split_bytes": 50_000}
    check(inputs, tmp_path, spark, by, since=tmp_path / "earlier")


def opened_by_driver(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The groups of inputs that the driver opens itself, from now on."""
    groups: list[dict[str, Any]] = []
    open_inputs = _contactmill.open_inputs

    def opened(group: dict[str, Any]) -> str:
        groups.append(group)
        return open_inputs(group)

    monkeypatch.setattr(_contactmill, "open_inputs", opened)
    return groups


def test_many_inputs_are_opened_by_executors(
    spark: SparkSession, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [tmp_path / f"{number:03}.ndjson" for number in range(100)]
    for number, path in enumerate(paths):
        # Some have no phone in any record, which alone would be an error.
        phone = {} if number % 7 == 0 else {"phone": str(9_876_543_210 - number * 37_654_321)}
        path.write_text(json.dumps({"name": f"Ravi {number}", **phone, "city": "Pune"}) + "\n")
    by_driver = opened_by_driver(monkeypatch)
    one = cm.convert(paths, tmp_path / "one")
    with pytest.warns(UserWarning, match="and 80 more"):
        many = cms.convert(spark, paths, tmp_path / "many", single_folder=True)
    assert one == many
    assert one["region_advice"]["likely"] == "IN"
    assert files(tmp_path / "one") == files(tmp_path / "many")
    assert not by_driver

    paths[50].write_text("Name,City\nAsha,Pune\n")
    paths[90].write_text("nothing")
    with pytest.raises(cm.MappingError) as alone:
        cm.convert(paths, tmp_path / "none")
    with pytest.raises(cm.MappingError, match="050") as elsewhere:
        cms.convert(spark, paths, tmp_path / "none")
    assert str(alone.value) == str(elsewhere.value)
    # Those from which the error comes.
    assert [group["inputs"][0] for group in by_driver] == [str(paths[48])]
    assert not list(tmp_path.glob(".none*"))


def test_nothing_is_nothing(spark: SparkSession, tmp_path: pathlib.Path) -> None:
    empty = tmp_path / "empty.csv"
    empty.write_text("")
    dump = tmp_path / "header.csv"
    dump.write_text(HEADER)
    cm.convert([empty, dump], tmp_path / "one")
    cms.convert(spark, [empty, dump.as_uri()], tmp_path / "many")
    assert files(tmp_path / "one").keys() == files(tmp_path / "many").keys()


KILLED = """
import os, signal, sys
import contactmill.spark as cms
from contactmill import _contactmill
from pyspark.sql import SparkSession

class Killed:
    def __init__(self, arguments, open_inputs):
        self.inner = _contactmill.Coordinator(arguments, open_inputs)
    def __getattr__(self, name):
        if name == "join":
            os.kill(os.getpid(), signal.SIGKILL)
        return getattr(self.inner, name)

class Module:
    Coordinator = Killed

cms._contactmill = Module
os.environ["PYSPARK_PYTHON"] = sys.executable
spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
cms.convert(spark, sys.argv[1], sys.argv[2])
"""


def test_a_killed_driver_leaves_no_half_result_and_the_next_run_cleans_up(
    spark: SparkSession, inputs: list[pathlib.Path], tmp_path: pathlib.Path
) -> None:
    out = tmp_path / "out"
    ran = subprocess.run([sys.executable, "-c", KILLED, inputs[3], out], capture_output=True, text=True)
    assert ran.returncode == -signal.SIGKILL, ran.stderr
    left = [path.name for path in tmp_path.iterdir()]
    assert len(left) == 1 and left[0].startswith(".out.staging-")
    cms.convert(spark, inputs[3], out)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_worker_of_another_version_is_refused(inputs: list[pathlib.Path], tmp_path: pathlib.Path) -> None:
    arguments = _arguments(inputs[3], tmp_path / "out")
    coordinator = _contactmill.Coordinator(arguments)
    for ours in (cm.__version__, cm.METADATA_VERSION):
        other = coordinator.plan.replace(json.dumps(ours), '"0.0.0"')
        with pytest.raises(cm.SourceError, match="another version; install the same everywhere"):
            _contactmill.Worker(other, arguments)
    coordinator.abandon()
    assert list(tmp_path.iterdir()) == []


def test_an_input_that_is_changed_meanwhile_is_an_error(tmp_path: pathlib.Path) -> None:
    dump = tmp_path / "leads.csv"
    dump.write_text("Name,Phone\nAsha,+919876543210\n")
    arguments = _arguments(dump, tmp_path / "out")
    coordinator = _contactmill.Coordinator(arguments)
    worker = _contactmill.Worker(coordinator.plan, arguments)
    dump.write_text("Name,Phone\nAsha,+919876543211\n")
    os.utime(dump, (1, 1))
    with pytest.raises(cm.SourceError, match="changed"):
        worker.splits(0, 1_000)
    coordinator.abandon()


def _arguments(dump: pathlib.Path, out: pathlib.Path) -> dict[str, Any]:
    """The arguments of a run, as `convert` hands them on."""
    caught: list[dict[str, Any]] = []

    class Caught(Exception):
        pass

    class Module:
        @staticmethod
        def Coordinator(arguments: dict[str, Any], open_inputs: Callable[[], list[str]] | None) -> None:
            caught.append(arguments)
            raise Caught

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cms, "_contactmill", Module)
        with pytest.raises(Caught):
            cms.convert(None, dump, out)  # type: ignore[arg-type]
    return caught[0]


def test_inputs_of_other_file_systems_are_copied(
    spark: SparkSession, inputs: list[pathlib.Path], tmp_path: pathlib.Path
) -> None:
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *said: object) -> None:
            pass

    serve = functools.partial(Quiet, directory=str(inputs[3].parent))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), serve) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        remote = f"http://127.0.0.1:{server.server_port}/fourth.csv"
        manifest = cms.convert(spark, remote, tmp_path / "out")
        server.shutdown()
    assert manifest["counts"]["duplicates"] == 999
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    with pytest.raises(cm.OptionError, match="s3a://bucket/out: this must be a path"):
        cms.convert(spark, inputs[3], "s3a://bucket/out")


def test_normalize_gives_a_row_for_each_row(spark: SparkSession) -> None:
    numbers = [f"098765-4{n:04}" if n % 3 else "9.19877E+11" for n in range(5_000)]
    table = pa.table({"id": range(5_000), "Mobile": numbers, "City": ["Pune"] * 5_000})
    expected = pa.table(cm.normalize_table(table, options=INDIAN)).to_pylist()
    rows = [tuple(row.values()) for row in table.to_pylist()]
    leads = spark.createDataFrame(rows, "id long, Mobile string, City string").repartition(7, "id")
    read = cms.normalize(leads, options=INDIAN, keep=["id"])
    by_id = {row.id: row for row in read.collect()}
    assert len(by_id) == 5_000
    for number, said in enumerate(expected):
        found = by_id[number].asDict(recursive=True)
        assert {**said, "attributes": dict(said["attributes"]), "id": number} == found


def test_normalize_decides_on_columns_once(spark: SparkSession) -> None:
    # Alone, the second partition would be read by its other column.
    rows = [("+919876543210", "x")] * 1_200 + [("x", "+919876543210")] * 1_200
    leads = spark.createDataFrame(rows, "a string, b string").coalesce(1).repartitionByRange(2, "b")
    statuses = cms.normalize(leads, mapping={"phone": "a"}).groupBy("status").count().collect()
    assert {row["status"]: row["count"] for row in statuses} == {"contact": 1_200, "rejected": 1_200}
    with pytest.raises(cm.OptionError, match="rename"):
        cms.normalize(leads.withColumnRenamed("a", "phone"), keep=["phone"])
