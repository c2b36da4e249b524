"""Phone numbers in Polars: ``pip install "contactmill[polars]"``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from contactmill import Options, normalize_phones

if TYPE_CHECKING:
    from polars.datatypes import DataTypeClass

    _DataType = DataTypeClass | pl.DataType

__all__ = ["phone"]

_READ = pl.Struct({"e164": pl.String, "reason": pl.String})


def _typed(frame: pl.DataFrame | pl.Series) -> pl.DataFrame | pl.Series:
    if not isinstance(frame, pl.DataFrame):
        return frame
    schema = frame.schema
    casts = pl.Schema({name: _text_for_null(kind) for name, kind in schema.items()})
    return frame if casts == schema else frame.cast(casts)


def _text_for_null(kind: _DataType) -> _DataType:
    if kind == pl.Null:
        return pl.String()
    if isinstance(kind, pl.List):
        return pl.List(_text_for_null(kind.inner))
    if isinstance(kind, pl.Array):
        return pl.Array(_text_for_null(kind.inner), kind.size)
    if isinstance(kind, pl.Struct):
        return pl.Struct({field.name: _text_for_null(field.dtype) for field in kind.fields})
    return kind


def phone(expr: str | pl.Expr, region: str | None = None) -> pl.Expr:
    """Reads a column of phone numbers: a struct of ``e164`` and ``reason``, one of which is null.

    A string names a column. ``region`` is that of numbers without a country code. Cells are repaired
    where a repair can be proved, as in whole records.

    Raises ``OptionError`` for a region that there is not.

    >>> import polars as pl
    >>> import contactmill.polars as cmp
    >>> leads = pl.DataFrame({"phone": ["098765 43210", "9.19877E+11"]})
    >>> read = leads.select(cmp.phone("phone", region="IN").alias("read")).unnest("read")
    >>> read.rows()
    [('+919876543210', None), (None, 'phone_excel_rounded')]
    """
    options = Options(region=region)

    def read(cells: pl.Series) -> pl.Series:
        rows = normalize_phones(cells.alias("phone").to_frame(), options=options)
        return pl.DataFrame(rows).to_struct(cells.name)

    column = pl.col(expr) if isinstance(expr, str) else expr
    return column.map_batches(read, return_dtype=_READ, is_elementwise=True)
