"""Check the numbers in a weighted file: somebody may have edited it."""

from collections.abc import Sequence

import polars as pl
import pyarrow as pa

from curate.errors import CurateError
from curate.manifest.columns import exact_column, is_list, is_text
from curate.manifest.manifest import Part
from curate.terminal.printable import brief

ROW = "\x00row"
"""A name that no column of a file has."""
FROM_0 = ("weight", "refined_weight", "distance")
"""Columns in which curate writes neither negative numbers nor NaN."""


def require_numbers(
    path: str, part: Part, schema: pa.Schema, names: Sequence[str], prefix: str, lists: bool
) -> None:
    """Raise CurateError for the first value that curate does not write, with its row.

    With ``lists`` of labels some columns are lists of numbers.
    """
    for name in names:
        field = schema.field(prefix + name)
        kind = field.type.value_type if lists and is_list(field.type) else field.type
        if not (is_text(kind) or pa.types.is_floating(kind) or pa.types.is_integer(kind)
                or pa.types.is_null(kind)):  # fmt: skip
            raise CurateError(
                f"{path}: column '{field.name}' is {brief(str(field.type))}, and curate writes"
                " numbers there; put that column back, or weigh again."
            )
    wrong = [
        _wrong(exact_column(prefix + name), is_list(schema.field(prefix + name).type), name)
        for name in names
    ]
    found = part.scan().with_row_index(ROW).filter(pl.any_horizontal(wrong)).head(1).collect()
    for row in found.iter_rows(named=True):
        for name, is_wrong in zip(names, wrong, strict=True):
            if found.select(is_wrong).item():
                raise CurateError(
                    f"{path}, row {row[ROW] + 1}: {prefix + name} is"
                    f" '{brief(str(row[prefix + name]))}', which curate does not write; put that"
                    " column back as it was (decimals with a point), or weigh again."
                )


def _wrong(column: pl.Expr, lists: bool, name: str) -> pl.Expr:
    """Tell which values are neither null nor a finite number; NaN passes, except in FROM_0."""
    element = pl.element() if lists else column
    number = element.cast(pl.Float64, strict=False)
    wrong = element.is_not_null() & number.is_infinite().fill_null(True)
    if name in FROM_0:
        wrong |= (number < 0).fill_null(False) | number.is_nan().fill_null(False)
    return (column.list.eval(wrong).list.any() if lists else wrong).fill_null(False)
