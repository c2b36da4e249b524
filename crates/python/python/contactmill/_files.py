"""Dumps in, a result folder or a report out: what the command does."""

from __future__ import annotations

from contactmill import _contactmill

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    from contactmill._contactmill import Options
    from contactmill._types import ColumnMapping, Manifest, Path, Paths, Report


def convert(
    inputs: Paths,
    out: Path,
    *,
    options: Options | None = None,
    mapping: ColumnMapping | None = None,
    attributes: str | list[str] | None = None,
    to: Literal["import", "csv", "ndjson", "parquet"] = "import",
    since: Path | None = None,
    fixes: Path | None = None,
    exclude: Paths = (),
    opt_outs: Literal["keep", "exclude"] = "keep",
    on_duplicate: Literal["merge", "first", "last", "none"] = "merge",
    rejects: Literal["csv", "xlsx"] = "csv",
    report: bool = False,
    max_contacts: int = 500,
    max_bytes: int = 100_000,
    layout: Literal["files", "lines"] = "files",
    sample: int | None = None,
    split_by: str | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    sheets: str | list[str] | None = None,
    no_header: bool = False,
    max_inflated: str | None = None,
    overwrite: bool = False,
    threads: int = 0,
) -> Manifest:
    """Reads contact dumps of any format, and writes a result folder, which appears whole or not at all.

    It is ``contactmill convert``: the keywords are its options, and what they mean is in its help.
    Returns the manifest, which the folder holds, too. Bad records are in ``rejects.csv``, each with
    its reason; ``counts`` says how many.

    Raises ``OptionError``, ``MappingError``, ``SourceError`` where an input cannot be read, and
    ``EmitError`` where the folder holds results already (``overwrite``) or cannot be written.

    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "leads.csv").write_text("Name,Phone\\nAsha,098765-43210\\nRavi,9.19877E+11\\n")
    >>> import contactmill
    >>> indian = contactmill.Options(region="IN")
    >>> manifest = contactmill.convert(folder / "leads.csv", folder / "out", options=indian)
    >>> manifest["counts"]["contacts"], manifest["rejected_by_reason"]
    (1, {'phone_excel_rounded': 1})
    >>> sorted(path.name for path in (folder / "out").iterdir())[:3]
    ['contacts.index', 'duplicates.csv', 'import-000001.json']
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
    return _contactmill.convert(
        {
            "common": common,
            "inputs": inputs,
            "out": out,
            "to": to,
            "since": since,
            "fixes": fixes,
            "exclude": exclude,
            "opt_outs": opt_outs,
            "on_duplicate": on_duplicate,
            "rejects": rejects,
            "report": report,
            "max_contacts": max_contacts,
            "max_bytes": max_bytes,
            "layout": layout,
            "sample": sample,
            "split_by": split_by,
            "overwrite": overwrite,
            "threads": threads,
        }
    )


def inspect(
    inputs: Paths,
    *,
    options: Options | None = None,
    mapping: ColumnMapping | None = None,
    attributes: str | list[str] | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    sheets: str | list[str] | None = None,
    no_header: bool = False,
    max_inflated: str | None = None,
    show_values: bool = False,
) -> Report:
    """Looks at contact dumps and reports how ``convert`` would read them. It writes nothing.

    Returns the object that ``contactmill inspect --json`` prints. Values in it are masked, unless
    ``show_values`` says otherwise.

    Raises ``OptionError``, ``MappingError``, and ``SourceError`` where an input cannot be read.

    >>> import pathlib, tempfile
    >>> dump = pathlib.Path(tempfile.mkdtemp()) / "leads.csv"
    >>> _ = dump.write_text("Name,Phone\\nAsha,+91 98765 43210\\n")
    >>> import contactmill
    >>> report = contactmill.inspect(dump)
    >>> [column["field"] for column in report["inputs"][0]["columns"]]
    ['name', 'phone']
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
    return _contactmill.inspect({"common": common, "inputs": inputs, "show_values": show_values})
