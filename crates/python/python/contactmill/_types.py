"""What goes in and out, as types."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeAlias, TypedDict, Union


class ArrowStream(Protocol):
    """A table of pyarrow, polars, pandas, DuckDB or anything else with an Arrow stream."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """The rows as an Arrow stream."""


ColumnMapping: TypeAlias = Mapping[str, Union[str, Sequence[str]]]
"""The columns of each field: ``{"phone": ["Mobile", "Home"], "attr:owner": "Agent"}``."""

Path: TypeAlias = Union[str, os.PathLike[str]]

Paths: TypeAlias = Union[Path, Sequence[Path]]


class _Counts(TypedDict):
    records: int
    contacts: int
    duplicates: int
    rejected: int
    blank: int
    warnings: int


class Counts(_Counts, total=False):
    """records = contacts + unchanged + duplicates + excluded + rejected + blank. The two of them that
    are not required are there where they are not 0."""

    unchanged: int
    excluded: int


class _Always(TypedDict):
    schema: int
    tool: dict[str, str]
    inputs: list[dict[str, Any]]
    mapping: list[dict[str, Any]]
    options: dict[str, Any]
    counts: Counts
    rejected_by_reason: dict[str, int]
    warnings_by_code: dict[str, int]
    contacts_by_region: dict[str, int]
    files: list[dict[str, Any]]


class Manifest(_Always, total=False):
    """The object in ``manifest.json``, which ``contactmill convert --json`` prints."""

    skipped: list[dict[str, str]]
    sample: dict[str, int]
    since: dict[str, Any]
    exclusion_lists: list[dict[str, Any]]
    excluded_by_reason: dict[str, int]
    opt_outs: list[dict[str, Any]]
    region_advice: dict[str, Any]
    parts: list[dict[str, Any]]


class Report(TypedDict, total=False):
    """The object that ``contactmill inspect --json`` prints."""

    inputs: list[dict[str, Any]]
    workbooks: list[dict[str, Any]]
