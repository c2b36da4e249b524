"""Converts a CSV to JSON lines without looking at a cell: MODULE DUMP OUT TIMES.

Writes the seconds and the seconds of processors to TIMES, or nothing where there is no MODULE.
"""

import importlib
import sys
import time


def polars(module, dump, out):
    # The few rows with a field too many keep the others.
    module.read_csv(dump, infer_schema=False, truncate_ragged_lines=True).write_ndjson(out)


def duckdb(module, dump, out):
    # It can keep rows with other numbers of fields on one thread only: the few there are, it leaves out.
    options = "all_varchar = true, header = true, quote = '\"', escape = '\"', ignore_errors = true"
    module.execute(f"COPY (SELECT * FROM read_csv_auto('{dump}', {options})) TO '{out}' (FORMAT json)")


name, dump, out, times = sys.argv[1:]
try:
    module = importlib.import_module(name)
except ImportError:
    sys.exit()
convert = {"polars": polars, "duckdb": duckdb}[name]
start = time.perf_counter(), time.process_time()
convert(module, dump, out)
with open(times, "w") as file:
    print(time.perf_counter() - start[0], time.process_time() - start[1], file=file)
