"""Reads the tables of contacts in this folder with DuckDB, Polars and PyArrow.

What they read must be what Python's own csv and json read. Exit code 77: a package is missing.
"""

import csv
import json
import sys

try:
    import duckdb
    import polars
    import pyarrow.parquet
except ImportError as error:
    print(error, file=sys.stderr)
    sys.exit(77)

CSV, NDJSON, PARQUET = (f"{form}/contacts.{form}" for form in ("csv", "ndjson", "parquet"))
TEXTS = ["name", "phone", "national_number", "region", "line_type", "email", "source"]
NUMBERS = ["calling_code", "record", "line"]

with open(NDJSON, encoding="utf-8") as lines:
    expected = [json.loads(line) for line in lines]
assert len(expected) > 1000
columns = list(expected[0])


def check(reader, rows):
    """The rows, whose attributes may be pairs, objects or a dictionary."""
    for row in rows:
        pairs = row["attributes"]
        if isinstance(pairs, dict):
            pairs = pairs.items()
        row["attributes"] = [
            {"key": pair[0], "value": pair[1]} if isinstance(pair, tuple) else pair for pair in pairs
        ]
    assert rows == expected, reader


check("pyarrow", pyarrow.parquet.read_table(PARQUET).to_pylist())
check("polars", polars.read_parquet(PARQUET).select(columns).to_dicts())
polars_lines = polars.read_ndjson(NDJSON, infer_schema_length=None)
check("polars, lines", polars_lines.select(columns).to_dicts())

for name, source in (("duckdb", PARQUET), ("duckdb, lines", NDJSON)):
    result = duckdb.sql(f"select * from '{source}'")
    assert result.columns == columns, name
    check(name, [dict(zip(columns, row)) for row in result.fetchall()])

# Cells that a spreadsheet would change stand behind an apostrophe.
plain = duckdb.read_csv(CSV, all_varchar=True).fetchall()
polars_csv = polars.read_csv(CSV, infer_schema=False).rows()
with open(CSV, encoding="utf-8-sig", newline="") as file:
    header, *rows = csv.reader(file)
assert header == columns
for name, read in (("csv", rows), ("duckdb, csv", plain), ("polars, csv", polars_csv)):
    assert len(read) == len(expected), name
    for cells, contact in zip(read, expected):
        row = {column: cell or "" for column, cell in zip(columns, cells)}
        for column in TEXTS:
            value = contact[column] or ""
            assert row[column] in (value, "'" + value), (name, column)
        for column in NUMBERS:
            assert int(row[column]) == contact[column], (name, column)
        attributes = {pair["key"]: pair["value"] for pair in contact["attributes"]}
        assert json.loads(row["attributes"] or "{}") == attributes, name
        assert row["tags"].removeprefix("'") == "; ".join(contact["tags"]), name
