"""Messy contacts in, valid contacts or reasons out.

* One number: ``parse_phone`` reads as libphonenumber does; ``explain`` tells how a cell is read.
* One record: ``normalize``.
* A table (pyarrow, polars, pandas, DuckDB, …): ``normalize_table`` gives a row for each row, and
  ``run`` merges duplicates.
* Dumps of any format: ``convert`` writes a result folder; ``inspect`` looks before.

Bad data is never an exception: it has a reason, in the result.
"""

from __future__ import annotations

from contactmill._contactmill import (
    METADATA_VERSION,
    Explanation,
    Normalized,
    Options,
    Phone,
    Reader,
    Rejection,
    Result,
    Table,
    Warning,
    __version__,
    explain,
    normalize,
    normalize_phones,
    normalize_table,
    parse_phone,
    run,
)
from contactmill._errors import (
    ContactmillError,
    EmitError,
    MappingError,
    OptionError,
    SourceError,
)
from contactmill._files import convert, inspect

# Importing `typing` takes longer than everything else here.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from contactmill._types import ArrowStream, Counts, Manifest, Report
else:

    def __getattr__(name):
        """The types, for whoever asks for one."""
        if name not in ("ArrowStream", "Counts", "Manifest", "Report"):
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from contactmill import _types

        return getattr(_types, name)


__all__ = [
    "METADATA_VERSION",
    "ArrowStream",
    "ContactmillError",
    "Counts",
    "EmitError",
    "Explanation",
    "Manifest",
    "MappingError",
    "Normalized",
    "OptionError",
    "Options",
    "Phone",
    "Reader",
    "Rejection",
    "Report",
    "Result",
    "SourceError",
    "Table",
    "Warning",
    "__version__",
    "convert",
    "explain",
    "inspect",
    "normalize",
    "normalize_phones",
    "normalize_table",
    "parse_phone",
    "run",
]
