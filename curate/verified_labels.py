"""Labels that a person has verified: a table of keys and labels, looked up in a crawl."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl
from rich.console import Console

from curate.errors import CurateError
from curate.manifest.columns import listed
from curate.manifest.tables import read_table
from curate.printable import brief, shown


def look_up(
    path: Path, keys: pl.LazyFrame, key_names: Sequence[str], label_names: Sequence[str],
    console: Console,
) -> pl.DataFrame:  # fmt: skip
    """Find the rows of a table in a crawl: columns row, ascending, and labels, sorted lists.

    ``keys`` is the crawl's column key, as text, in order. An empty list is none of the classes:
    a null, an empty text or an empty list. Keys that the crawl does not have and keys with
    contradicting labels are left out, and said. Raises CurateError for a table without the
    columns.
    """
    table = read_table(path, "--verified", "key, label (null: none of the classes)")
    given = table.select(
        _column(path, table, key_names).cast(pl.String).alias("key"),
        _lists(_column(path, table, label_names)).alias("labels"),
    )
    given = given.unique(maintain_order=True)
    doubled = given["key"].is_duplicated() & given["key"].is_not_null()
    contradicting, once = given.filter(doubled), given.filter(~doubled)
    found = (
        keys.select("key")
        .with_row_index("row")
        .join(once.lazy(), on="key", how="inner")
        .sort("row")
        .collect(engine="streaming")
    )
    lost = once.join(found, on="key", how="anti", nulls_equal=True)["key"]
    say(console, path, contradicting["key"].unique(maintain_order=True), "keys have contradicting"
        " labels", "and are left out")  # fmt: skip
    say(console, path, lost, "keys are not in the manifest", "and are left out")
    return found.select("row", "labels")


def _lists(labels: pl.Series) -> pl.Series:
    """Turn labels, or lists of them, into sorted lists of text."""
    if isinstance(labels.dtype, pl.List):
        lists = pl.lit(labels.cast(pl.List(pl.String)))
    else:
        lists = pl.concat_list(pl.lit(labels.cast(pl.String)))
    kept = pl.element().filter(pl.element().is_not_null() & (pl.element() != ""))
    none = pl.lit([], dtype=pl.List(pl.String))
    return pl.select(lists.list.eval(kept.unique().sort()).fill_null(none)).to_series()


def _column(path: Path, table: pl.DataFrame, names: Sequence[str]) -> pl.Series:
    for name in names:
        if name in table.columns:
            return table[name]
    raise CurateError(
        f"--verified {path} has columns {listed(table.columns)}; it needs key, and label (null:"
        " none of the classes)."
    )


def say(console: Console, path: Path, values: pl.Series, what: str, then: str) -> None:
    """Say of how many values something is true, with one of them."""
    if len(values):
        console.print(
            f"[yellow]--verified {shown(path)}:[/] {len(values):,} {what} (such as"
            f" '{shown(brief(str(values[0])))}') {then}.",
            soft_wrap=True,
            highlight=False,
        )
