"""Measures the package beside its peers, in one run, and prints a table.

    python crates/python/benches/peers.py [ROWS]

It needs the wheel as it is given to others (`maturin build` in `crates/python`), pyarrow and phonenumbers.
Times are the best of several. The rows are invented.
"""

from __future__ import annotations

import os
import pathlib
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator

import phonenumbers
import pyarrow as pa
import pyarrow.csv

import contactmill as cm

INDIAN = cm.Options(region="IN")
FORMS = ("+91 {0} {1}", "0{0}-{1}", "+91{0}{1}", "{0}{1}", "0091 {0} {1}", "(0{0}) {1}", "91{0}{1}")
FIRST = "Asha Ravi Meera Arjun Kavya Rohan Nila Dev Isha Vikram Tara Kiran Leela Mohan Priya".split()
LAST = "Verma Nair Rao Iyer Das Kapoor Menon Joshi Bose Shetty Gill Pillai Saxena Reddy".split()
CITIES = ("Pune", "Delhi", "Kochi", "Jaipur", "Indore", "")


def leads(rows: int) -> pa.Table:
    """Invented leads, of which one in ten has the number of another."""
    choose = random.Random(1)
    columns: dict[str, list[str]] = {name: [] for name in ("Name", "Phone", "Email", "City", "Tags")}
    for number in range(rows):
        first, last = choose.choice(FIRST), choose.choice(LAST)
        digits = choose.randrange(number) if number and choose.random() < 0.1 else number
        national = f"{9_000_000_000 + digits * 9_973 % 1_000_000_000}"
        columns["Name"].append(f"{first} {last}")
        columns["Phone"].append(choose.choice(FORMS).format(national[:5], national[5:]))
        columns["Email"].append(f"{first}.{last}{number}@example.com".lower())
        columns["City"].append(choose.choice(CITIES))
        columns["Tags"].append("lead; fair" if number % 3 else "")
    return pa.table(columns)


def seconds(work: Callable[[], object], times: int = 3) -> float:
    """The best time that the work takes."""

    def once() -> float:
        start = time.perf_counter()
        work()
        return time.perf_counter() - start

    return min(once() for _ in range(times))


def drained(rows: cm.Reader) -> int:
    """Reads all rows and keeps none."""
    return sum(batch.num_rows for batch in pa.RecordBatchReader.from_stream(rows))


def per_call(call: Callable[[str], object], cells: list[str]) -> float:
    """Seconds that a call takes, the loop included."""

    def loop() -> None:
        for cell in cells:
            call(cell)

    return seconds(loop) / len(cells)


def peer(cell: str) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(cell, "IN"))
    except phonenumbers.NumberParseException:
        return False


def import_milliseconds() -> float:
    """What importing the package adds to starting Python."""
    code = "import time; at = time.perf_counter(); import contactmill; print(time.perf_counter() - at)"
    words = [sys.executable, "-c", code]
    return 1_000 * min(float(subprocess.check_output(words)) for _ in range(15))


def peak_kilobytes(batches: int) -> int:
    """The peak memory of a process that reads a stream of this number of batches, 20,000 rows each."""
    words = [sys.executable, __file__, "--stream", str(batches)]
    return int(subprocess.check_output(words, text=True))


def stream(batches: int) -> None:
    batch = leads(20_000).to_batches()[0]

    def repeated() -> Iterator[pa.RecordBatch]:
        yield from (batch for _ in range(batches))

    drained(cm.normalize_table(pa.RecordBatchReader.from_batches(batch.schema, repeated())))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def command_seconds(table: pa.Table, folder: pathlib.Path) -> float:
    """The time of the command on the same rows, in a process of its own."""
    dump = folder / "leads.csv"
    pyarrow.csv.write_csv(table, dump)
    words = [sys.executable, "-m", "contactmill", "convert", str(dump), "-r", "IN", "--quiet"]

    def convert() -> None:
        out = tempfile.mkdtemp(dir=folder)
        subprocess.run([*words, "-o", f"{out}/out"], check=True, stdout=subprocess.DEVNULL)

    return seconds(convert)


def main(rows: int) -> None:
    table = leads(rows)
    phones = table.select(["Phone"])
    few = phones["Phone"].to_pylist()[:50_000]
    records = [
        {"name": name, "phone": phone, "email": email}
        for name, phone, email in zip(
            *(table[column].to_pylist()[:50_000] for column in ("Name", "Phone", "Email"))
        )
    ]
    peer_call = per_call(peer, few[:10_000])
    parse_call = per_call(lambda cell: cm.parse_phone(cell, "IN"), few)
    loop = per_call(lambda cell: cell, few)
    record_call = seconds(lambda: [cm.normalize(record, INDIAN) for record in records]) / len(records)
    whole = rows / seconds(lambda: drained(cm.normalize_table(table, options=INDIAN)))
    column = rows / seconds(lambda: drained(cm.normalize_phones(phones, options=INDIAN)))
    run = seconds(lambda: cm.run(table, options=INDIAN))
    one_thread = seconds(lambda: cm.run(table, options=INDIAN, threads=1))
    with tempfile.TemporaryDirectory() as folder:
        command = command_seconds(table, pathlib.Path(folder))
    flat = peak_kilobytes(100) / peak_kilobytes(10)
    figures = [
        ("normalize_table, whole records, one thread", f"{whole / 1e6:.2f} M rows/s", ">= 1.0"),
        ("phones from an Arrow column, one thread", f"{column / 1e6:.2f} M/s", ">= 3"),
        ("  beside phonenumbers", f"{column * peer_call:.0f} x", ">= 60"),
        ("parse_phone, a call", f"{(parse_call - loop) * 1e6:.2f} us", "<= 1"),
        ("  beside phonenumbers.parse and is_valid_number", f"{peer_call / parse_call:.0f} x", ">= 20"),
        ("normalize, a call", f"{record_call * 1e6:.2f} us", ""),
        ("run() with merge, all cores", f"{rows / run / 1e6:.2f} M rows/s", ""),
        ("  on one thread", f"{rows / one_thread / 1e6:.2f} M rows/s", ""),
        ("  beside the command on the same rows", f"{run / command:.2f} x its time", "<= 1.2"),
        ("import", f"{import_milliseconds():.1f} ms", "<= 5"),
        ("peak memory of ten times the stream", f"{flat:.2f} x", "1"),
    ]
    print(f"{rows:,} rows, {os.cpu_count()} cores, Python {sys.version.split()[0]}")
    for name, figure, target in figures:
        print(f"  {name:52} {figure:>16}   {target}")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--stream", batches]:
            stream(int(batches))
        case [rows]:
            main(int(rows))
        case _:
            main(1_000_000)
