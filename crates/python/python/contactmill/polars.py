"""Phone numbers in Polars: ``pip install "contactmill[polars]"``."""

from __future__ import annotations

import polars as pl

from contactmill import Options, normalize_phones

__all__ = ["phone"]

_READ = pl.Struct({"e164": pl.String, "reason": pl.String})


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
