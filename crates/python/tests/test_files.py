"""Dumps in, results out; the same answers as the command's, by file and by table."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import pathlib
import random
import subprocess
import sys
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import contactmill as cm


def command(*arguments: str | pathlib.Path, **keywords: Any) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "contactmill", *map(str, arguments)]
    return subprocess.run(words, capture_output=True, text=True, **keywords)


def texts(path: pathlib.Path) -> pa.Table:
    """A CSV file as a table of texts."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        header, *rows = csv.reader(file)
    columns = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]
    return pa.table(columns or [pa.array([], pa.string())] * len(header), names=header)


def unescaped(cell: str) -> str:
    return cell[1:] if cell.startswith("'") else cell


def rows_of(table: pa.Table) -> list[list[str]]:
    """The rows as texts, without the columns that name the source."""
    kept = [name for name in table.column_names if "source" not in name and "line" not in name]
    rows = zip(*(table[name].to_pylist() for name in kept), strict=True)
    return [["" if cell is None else str(cell) for cell in row] for row in rows]


def file_rows(path: pathlib.Path) -> list[list[str]]:
    return [[unescaped(cell) for cell in row] for row in rows_of(texts(path))]


@pytest.fixture(scope="module")
def dump(tmp_path_factory: pytest.TempPathFactory, sample: pathlib.Path) -> pathlib.Path:
    """The sample several times in another order, with one row in four changed."""
    with sample.open(newline="", encoding="utf-8-sig") as file:
        header, *rows = csv.reader(file)
    # A table has no rows that are too long or too short.
    rows = [row for row in rows if len(row) == len(header)]
    choose = random.Random(1)
    more = [
        [cell if choose.random() < 0.8 else cell[::-1] for cell in row]
        for row in choose.sample(rows, len(rows))
    ]
    path = tmp_path_factory.mktemp("dump") / "leads.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows, *more])
    return path


@pytest.mark.parametrize("on_duplicate", ["merge", "first", "last"])
def test_a_table_gives_what_the_command_gives(
    dump: pathlib.Path, tmp_path: pathlib.Path, on_duplicate: Any
) -> None:
    out = tmp_path / "out"
    ran = command(
        *("convert", dump, "-o", out, "-r", "IN", "--to", "parquet", "--json", "--quiet"),
        *("--on-duplicate", on_duplicate),
    )
    assert ran.returncode == 0, ran.stderr
    manifest = json.loads(ran.stdout)
    result = cm.run(texts(dump), options=cm.Options(region="IN"), on_duplicate=on_duplicate)

    counts = manifest["counts"]
    assert counts == result.counts and counts["duplicates"] > 100 and counts["rejected"] > 50
    contacts = pyarrow.parquet.read_table(out / "contacts.parquet")
    assert rows_of(pa.table(result.contacts)) == rows_of(contacts)
    assert pa.table(result.contacts).column_names == contacts.column_names
    for name, table in [("rejects", result.rejects), ("duplicates", result.duplicates)]:
        assert pa.table(table).column_names == texts(out / f"{name}.csv").column_names
        assert rows_of(pa.table(table)) == file_rows(out / f"{name}.csv"), name
    ours, theirs = rows_of(pa.table(result.warnings)), file_rows(out / "warnings.csv")
    assert [[cell.replace("data record", "record") for cell in row] for row in ours] == [
        [cell.replace(f"{dump} record", "record") for cell in row] for row in theirs
    ]
    assert result.columns == [
        (column["column"], column.get("field")) for column in manifest["mapping"][0]["columns"]
    ]


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(cuts=st.lists(st.integers(0, 600), max_size=40), threads=st.sampled_from([1, 2, 7]))
def test_chunks_and_threads_do_not_show(
    dump: pathlib.Path, cuts: list[int], threads: int
) -> None:
    whole = texts(dump)
    places = [0, *sorted(min(cut, whole.num_rows) for cut in cuts), whole.num_rows]
    pieces = [whole.slice(start, end - start) for start, end in zip(places, places[1:])]
    cut = pa.concat_tables(pieces)
    options = cm.Options(region="IN")
    one, other = cm.run(whole, options=options), cm.run(cut, options=options, threads=threads)
    assert one.counts == other.counts
    for name in ("contacts", "rejects", "duplicates", "warnings"):
        assert pa.table(getattr(one, name)) == pa.table(getattr(other, name)), name
    rows = pa.table(cm.normalize_table(whole, options=options))
    assert rows.combine_chunks() == pa.table(
        cm.normalize_table(cut, options=options)
    ).combine_chunks()


def test_normalizing_row_by_row_says_what_the_table_says(dump: pathlib.Path) -> None:
    table, options = texts(dump), cm.Options(region="IN")
    rows = cm.normalize_table(table, options=options)
    fields = [field for _, field in rows.columns]
    for record, row in zip(table.to_pylist(), pa.table(rows).to_pylist(), strict=True):
        named: dict[str, list[str]] = {}
        for field, cell in zip(fields, record.values(), strict=True):
            named.setdefault(field, []).append(cell)
        one = cm.normalize(named, options)
        if row["status"] == "contact":
            assert isinstance(one, cm.Normalized)
            assert (one.name, one.phone.e164, one.email) == (row["name"], row["phone"], row["email"])
            assert one.tags == row["tags"] and one.attributes == dict(row["attributes"])
        elif row["status"] == "rejected":
            assert isinstance(one, cm.Rejection) and one.reason == row["reason"]


def test_rejects_that_were_corrected_go_back_in(dump: pathlib.Path) -> None:
    rejects = pa.table(cm.run(texts(dump), options=cm.Options(region="IN")).rejects)
    at = rejects.column_names.index("Phone") if "Phone" in rejects.column_names else None
    result = cm.run(rejects, options=cm.Options(region="IN"))
    assert result.counts["rejected"] == rejects.num_rows
    assert not [field for column, field in result.columns if column.startswith("_") and field]
    assert at is None or at >= 0


def test_convert_is_the_command(sample: pathlib.Path, tmp_path: pathlib.Path) -> None:
    options = cm.Options(region="IN", add_tags=["fair"])
    manifest = cm.convert(sample, tmp_path / "ours", options=options, max_contacts=20)
    words = ("-r", "IN", "--add-tag", "fair", "--max-contacts", "20")
    ran = command("convert", sample, "-o", tmp_path / "theirs", *words, "--json", "--quiet")
    assert manifest == json.loads(ran.stdout)
    for path in (tmp_path / "theirs").iterdir():
        assert (tmp_path / "ours" / path.name).read_bytes() == path.read_bytes(), path.name


def test_convert_writes_every_format_and_says_what_is_wrong(
    sample: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    for to in ("csv", "ndjson", "parquet"):
        manifest = cm.convert([sample], tmp_path / to, to=to)  # type: ignore[arg-type]
        assert manifest["files"][0]["path"] == f"contacts.{to}"
    with pytest.raises(cm.EmitError, match="holds results"):
        cm.convert(sample, tmp_path / "csv")
    cm.convert(sample, tmp_path / "csv", overwrite=True)
    with pytest.raises(cm.SourceError, match="no such file") as raised:
        cm.convert("nothing.csv", tmp_path / "x")
    assert raised.value.source == "nothing.csv"
    with pytest.raises(cm.OptionError, match="inputs: there are none"):
        cm.convert([], tmp_path / "csv", overwrite=True)
    assert (tmp_path / "csv" / "import-000001.json").exists()
    with pytest.raises(cm.OptionError, match='expected "import" or "csv"'):
        cm.convert(sample, tmp_path / "x", to="xml")  # type: ignore[arg-type]
    with pytest.raises(cm.MappingError) as unmapped:
        cm.convert(sample, tmp_path / "x", mapping={"phone": "Fone"})
    assert unmapped.value.columns
    assert not (tmp_path / "x").exists()


def test_results_whose_upload_is_not_finished_are_kept(
    sample: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    cm.convert(sample, tmp_path / "out")
    (tmp_path / "out/upload.journal").write_text("what is no journal\n")
    with pytest.raises(cm.EmitError):
        cm.convert(sample, tmp_path / "out", overwrite=True)


def test_delta_split_exclusion_and_sheets(sample: pathlib.Path, tmp_path: pathlib.Path) -> None:
    monday = cm.convert(sample, tmp_path / "monday")
    tuesday = cm.convert(sample, tmp_path / "tuesday", since=tmp_path / "monday")
    assert tuesday["counts"].get("unchanged") == monday["counts"]["contacts"]
    parts = cm.convert(sample, tmp_path / "parts", split_by="country")["parts"]
    assert {"IN", "US"} & {part["folder"] for part in parts}
    (tmp_path / "stop.txt").write_text("+919876543210\n")
    manifest = cm.convert(sample, tmp_path / "excluded", exclude=tmp_path / "stop.txt")
    assert manifest["exclusion_lists"]


def test_a_fix_repairs_a_cell_and_the_report_stands_beside(tmp_path: pathlib.Path) -> None:
    dump = tmp_path / "leads.csv"
    dump.write_text("Name,Phone\nAsha,+91 98765 43210\nRavi,98765\n")
    digest = hashlib.sha256(dump.read_bytes()).hexdigest()
    fixes = tmp_path / "fixes.csv"
    fixes.write_text(
        f"sha256,member,record,column,before,after\n{digest},,2,Phone,98765,+919876512345\n"
    )
    manifest = cm.convert(dump, tmp_path / "out", fixes=fixes, report=True)
    assert (manifest["counts"]["contacts"], manifest["counts"]["rejected"]) == (2, 0)
    assert (tmp_path / "out/report.html").read_text().startswith("<!DOCTYPE html>")


def test_inspect_reports_and_masks(sample: pathlib.Path) -> None:
    report = cm.inspect(sample)
    ran = command("inspect", sample, "--json")
    assert report == json.loads(ran.stdout)


def test_the_command_is_the_command() -> None:
    assert command("--version").stdout == f"contactmill {cm.__version__}\n"
    assert command("convert").returncode == 2
    assert command("convert", "nothing.csv").returncode == 1
    assert "explain" in command("--help").stdout
    script = pathlib.Path(sys.executable).with_name("contactmill")
    assert subprocess.check_output([script, "explain", "+919876543210"], text=True)


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_a_signal_ends_the_command_as_it_does_outside_python(
    tmp_path: pathlib.Path,
) -> None:
    import signal
    import time

    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    words = [sys.executable, "-m", "contactmill", "convert", str(pipe), "-o", str(tmp_path / "out")]
    process = subprocess.Popen(words, stderr=subprocess.PIPE)
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=10)
    assert process.returncode == 130
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]
