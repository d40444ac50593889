"""CSV cells that a spreadsheet would run as formulas: written as plain text, and read back."""

from collections.abc import Sequence
from typing import TypeVar

import polars as pl

from curate.manifest.columns import exact_column

Frame = TypeVar("Frame", pl.DataFrame, pl.LazyFrame)
STARTS = r"^'*[=+\-@\t\r\n＝＋－＠]"
"""First characters that make a spreadsheet see a formula (OWASP, CSV injection).

Apostrophes before them count, so that what is read back is what was written.
"""
NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
OURS = ("label_quality", "suggested_label", "suggested_quality", "is_label_issue", "issue_kind")
"""Columns, with any prefix, that tell a table that curate wrote."""


def plain_text(cells: pl.Expr) -> pl.Expr:
    """Put an apostrophe before texts that begin as a formula does; numbers stay as they are."""
    is_formula = cells.str.contains(STARTS) & ~cells.str.contains(NUMBER)
    return pl.when(~is_formula).then(cells).otherwise(pl.concat_str(pl.lit("'"), cells))


def plain_table(table: pl.DataFrame) -> pl.DataFrame:
    """Make all texts of a table plain, its header too."""
    texts = table.with_columns(pl.col(pl.Categorical, pl.Enum).cast(pl.String))
    names = _each(table.columns, plain_text(pl.col("name")))
    kinds = texts.schema.items()
    plain = [plain_text(exact_column(name)) for name, kind in kinds if kind == pl.String]
    return texts.with_columns(plain).rename(dict(zip(table.columns, names, strict=True)))


def formula_text(cells: pl.Expr) -> pl.Expr:
    """Take away the apostrophe that `plain_text` put before texts."""
    is_marked = cells.str.starts_with("'") & cells.str.contains(STARTS)
    return pl.when(is_marked).then(cells.str.slice(1)).otherwise(cells)


def formula_table(table: Frame) -> Frame:
    """Undo `plain_table`; all columns of the table are texts."""
    columns = table.collect_schema().names()
    names = _each(columns, formula_text(pl.col("name")))
    undone = table.with_columns(formula_text(exact_column(name)) for name in columns)
    return undone.rename(dict(zip(columns, names, strict=True)))


def is_ours(names: Sequence[str]) -> bool:
    """Tell a header that curate wrote: it has our columns, with any prefix."""
    prefixes = [name.removesuffix(OURS[0]) for name in names if name.endswith(OURS[0])]
    return any(all(prefix + name in names for name in OURS) for prefix in prefixes)


def as_known(cells: pl.Series, known: pl.LazyFrame) -> pl.Series:
    """Undo `plain_text` in cells (n,) that were copied from a CSV, unless known as they stand.

    ``known`` has one column of texts.
    """
    (name,) = known.collect_schema().names()
    undone = pl.select(formula_text(pl.lit(cells))).to_series()
    marked = cells.filter((cells != undone).fill_null(False))
    if not len(marked):
        return cells
    found = known.filter(pl.col(name).is_in(marked.implode())).collect(engine="streaming")[name]
    return cells.zip_with(cells.is_in(found.implode()).fill_null(True), undone)


def _each(names: Sequence[str], change: pl.Expr) -> list[str]:
    header = pl.DataFrame({"name": names}, schema={"name": pl.String})
    return header.select(change.alias("name"))["name"].to_list()
