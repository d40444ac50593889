"""CSV cells that a spreadsheet would run as formulas, made plain text."""

import polars as pl

from curate.manifest.columns import exact_column

STARTS = r"^[=+\-@\t\r\n＝＋－＠]"
"""First characters that a spreadsheet takes for a formula's (OWASP, CSV injection)."""
NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"


def plain_text(cells: pl.Expr) -> pl.Expr:
    """Put an apostrophe before texts that begin as a formula does; numbers stay as they are."""
    is_formula = cells.str.contains(STARTS) & ~cells.str.contains(NUMBER)
    return pl.when(~is_formula).then(cells).otherwise(pl.concat_str(pl.lit("'"), cells))


def plain_table(table: pl.DataFrame) -> pl.DataFrame:
    """Make all texts of a table plain, its header too."""
    texts = table.with_columns(pl.col(pl.Categorical, pl.Enum).cast(pl.String))
    header = pl.DataFrame({"name": table.columns}, schema={"name": pl.String})
    names = header.select(plain_text(pl.col("name")))["name"].to_list()
    plain = [
        plain_text(exact_column(name)) for name, kind in texts.schema.items() if kind == pl.String
    ]
    return texts.with_columns(plain).rename(dict(zip(table.columns, names, strict=True)))
