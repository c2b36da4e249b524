"""Measures Spark beside the command, in one run, and prints a table.

    python crates/python/benches/spark.py [ROWS] [--check]
    python crates/python/benches/spark.py --model

It needs the wheel as it is given to others, pyspark and Java. The dump is that of `make-contacts`, or of the
path in `DUMP`. With `--check`, all policies are run, in three ways each, and compared with the command: with
10,000,000 rows, this is the long form of the tests. `--model` prints what larger clusters would take, by the
constants below.
"""

from __future__ import annotations

import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from itertools import zip_longest
from typing import Any

import pyarrow as pa
from pyspark.sql import SparkSession

import contactmill as cm
import contactmill.spark as cms

INDIAN = cm.Options(region="IN")
POLICIES = ("merge", "first", "last", "none")

# Measured on 2 cores, with the 1,000,000 rows of `make-contacts`, Spark 4.3 and Java 17.
ROW_BYTES = 76
CUT_BYTES = 250e6
"""That a core cuts in a second: an input is cut by one task."""
TASK_SECONDS = {"count": 2.5e-6, "read": 4.6e-6, "merge": 5.5e-6, "write": 3.0e-6}
"""Of a core, for a row."""
JOIN_SECONDS = 0.4e-6
"""Of the driver, for a row, while nobody else works."""
DRIVER_SECONDS = 5e-6
"""The same, where the driver writes all results."""
JOBS_SECONDS = 10
SHUFFLED_BYTES = {"lz4": 247, "zstd": 183}
DRIVER_MB = 140
"""Of the driver's Python, beside which Spark has its own."""
SPLIT_BYTES = 1_500
"""Of the driver's memory, for a split of 64 MiB."""


def session() -> SparkSession:
    os.environ["PYSPARK_PYTHON"] = sys.executable
    return (
        SparkSession.builder.master("local[2]")
        .config("spark.driver.memory", "3g")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.sql.shuffle.partitions", "2")
        .getOrCreate()
    )


def dump(rows: int, folder: pathlib.Path) -> pathlib.Path:
    """Invented people, of whom one in ten is there twice."""
    if "DUMP" in os.environ:
        return pathlib.Path(os.environ["DUMP"])
    choose = random.Random(1)
    path = folder / "leads.csv"
    with path.open("w", encoding="utf-8") as out:
        out.write("Name,Phone,Email,City,Tags\n")
        for number in range(rows):
            digits = choose.randrange(number) if number and choose.random() < 0.1 else number
            phone = f"{9_000_000_000 + digits * 9_973 % 1_000_000_000}"
            out.write(f"Asha Verma,0{phone[:5]}-{phone[5:]},a{number}@example.com,Pune,lead; fair\n")
    return path


def seconds(work: Callable[[], object], times: int = 3) -> float:
    """The best time that the work takes."""

    def once() -> float:
        start = time.perf_counter()
        work()
        return time.perf_counter() - start

    return min(once() for _ in range(times))


def command(path: pathlib.Path, out: pathlib.Path, policy: str) -> None:
    cm.convert(path, out, options=INDIAN, on_duplicate=policy, overwrite=True)  # type: ignore[arg-type]


def identity(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    yield from batches


def shuffled(spark: SparkSession) -> int:
    """The bytes that all stages so far have written for others."""
    context = spark.sparkContext
    stages = f"{context.uiWebUrl}/api/v1/applications/{context.applicationId}/stages"
    with urllib.request.urlopen(stages) as said:
        return sum(stage["shuffleWriteBytes"] for stage in json.load(said))


def contacts(folder: pathlib.Path) -> Iterator[Any]:
    """One after the other: all of them may not fit into memory."""
    for path in sorted(folder.glob("import-*.json")):
        yield from json.loads(path.read_bytes())


def check(spark: SparkSession, path: pathlib.Path, folder: pathlib.Path) -> None:
    """Requires the same results of all policies, partitions and splits."""
    for policy in POLICIES:
        one, many = folder / "one", folder / "many"
        command(path, one, policy)
        for partitions, split_bytes, single in [(2, None, True), (7, 5_000_000, True), (3, None, False)]:
            by = {"partitions": partitions, "split_bytes": split_bytes, "single_folder": single}
            cms.convert(
                spark, path, many, options=INDIAN, on_duplicate=policy, overwrite=True, **by  # type: ignore[arg-type]
            )
            for name in sorted(file.name for file in one.iterdir()):
                if single or not name.startswith(("import-", "manifest")):
                    assert (one / name).read_bytes() == (many / name).read_bytes(), (policy, by, name)
            pairs = zip_longest(contacts(one), contacts(many)) if not single else ()
            assert all(alone == together for alone, together in pairs), (policy, by)
            print(f"{policy}, {by}: the same", flush=True)


def model() -> None:
    """What a conversion takes, if nothing but these constants counts; the inputs are as many as the cores."""
    print("| rows | cores | minutes | with `single_folder` | shuffled, LZ4 / zstd | driver's Python |")
    print("|---|---|---|---|---|---|")
    for rows in (1e9, 1e10):
        for cores in (10, 100, 1_000):
            shared = sum(TASK_SECONDS.values()) + ROW_BYTES / CUT_BYTES
            tasks = JOBS_SECONDS + rows * shared / cores
            took = tasks + rows * JOIN_SECONDS
            alone = tasks - rows * TASK_SECONDS["write"] / cores + rows * DRIVER_SECONDS
            shuffle = " / ".join(f"{rows * size / 1e9:,.0f}" for size in SHUFFLED_BYTES.values())
            memory = DRIVER_MB + rows * ROW_BYTES / (64 << 20) * SPLIT_BYTES / 1e6
            print(
                f"| {rows:,.0f} | {cores:,} | {took / 60:,.0f} | {alone / 60:,.0f} | {shuffle} GB"
                f" | {memory:,.0f} MB |"
            )


def main() -> None:
    if "--model" in sys.argv:
        model()
        return
    rows = int(next((word for word in sys.argv[1:] if word.isdigit()), "1000000"))
    spark = session()
    spark.range(1_000).mapInArrow(identity, "id long").count()
    with tempfile.TemporaryDirectory() as made:
        folder = pathlib.Path(made)
        path = dump(rows, folder)
        if "--check" in sys.argv:
            check(spark, path, folder)
            return
        alone = seconds(lambda: command(path, folder / "one", "merge"))
        before = shuffled(spark)
        by_driver = lambda: cms.convert(
            spark, path, folder / "many", options=INDIAN, single_folder=True, overwrite=True
        )
        by_driver()
        per_row = (shuffled(spark) - before) / rows
        times = {
            "the command": alone,
            "convert, single_folder": seconds(by_driver),
            "convert": seconds(
                lambda: cms.convert(spark, path, folder / "many", options=INDIAN, overwrite=True)
            ),
        }
        for what, took in times.items():
            print(f"{what}: {took:.2f} s, {took / alone:.1f} x, {rows / took:,.0f} rows/s")
        size = path.stat().st_size / rows
        print(f"shuffled: {per_row:.0f} bytes a row, of {size:.0f}; at most {1.2 * size + 100:.0f}")

        table = spark.read.option("header", True).csv(str(path)).cache()
        table.count()
        sink = lambda frame: frame.write.format("noop").mode("overwrite").save()
        plain = seconds(lambda: sink(table.mapInArrow(identity, table.schema)))
        read = seconds(lambda: sink(cms.normalize(table, options=INDIAN)))
        print(f"normalize: {read:.2f} s, identity {plain:.2f} s, {read / plain:.1f} x")


if __name__ == "__main__":
    main()
