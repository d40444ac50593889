"""`curate inspect`: the worst suspects of a weighted manifest."""

from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
from rich.console import Console

from curate.errors import CurateError
from curate.review.gallery import Card, show_cards
from curate.store.folders import Folders
from curate.weighted import Weighted, WeightedOptions, open_weighted


def inspect(
    options: WeightedOptions,
    limit: int = 12,
    label: str | None = None,
    console: Console | None = None,
) -> None:
    """Show the samples of lowest quality, as pictures where the terminal can.

    Raises CurateError when the manifest has not been weighed, and when no row has that label.
    """
    with TemporaryDirectory() as folder:
        weighted = open_weighted(options, Folders(Path(folder)))
        worst = _worst(weighted, limit, label)
        pictures = weighted.pictures(worst["row"].to_list())
        cards = [
            Card(picture, _words(row))
            for row, picture in zip(worst.iter_rows(named=True), pictures, strict=True)
        ]
        show_cards(console or Console(), f"The worst suspects of {options.path.name}", cards)


def _worst(weighted: Weighted, limit: int, label: str | None) -> pl.DataFrame:
    """Read the rows of lowest quality, worst first."""
    rows = weighted.scan()
    if weighted.manifest.has_label_lists:
        rows = _worst_of_lists(rows, label)
    elif label is not None:
        rows = rows.filter(pl.col("label") == label)
    worst = rows.drop_nulls("label_quality").bottom_k(limit, by=["label_quality", "row"]).collect()
    if len(worst) == 0:
        raise CurateError(
            f"{weighted.path} has no judged row"
            + (f" with the label '{label}'; name another one with --class." if label else ".")
        )
    return worst.sort("label_quality", "row")


def _worst_of_lists(rows: pl.LazyFrame, label: str | None) -> pl.LazyFrame:
    """Put in place of each image's labels and qualities its worst label, or the one asked for."""
    given = pl.col("label")
    at = pl.col("label_quality").list.arg_min()
    if label is not None:
        rows = rows.filter(given.list.contains(label))
        at = given.list.eval((pl.element() == label).fill_null(False).cast(pl.Int8)).list.arg_max()
    return rows.with_columns(given.list.get(at), pl.col("label_quality").list.get(at))


def _words(row: dict[str, object]) -> dict[str, object]:
    fits = row["suggested_label"]
    return {
        "given": row["label"],
        "fits": ", ".join(map(str, fits)) if isinstance(fits, list) else fits,
        "quality": f"{row['label_quality']:.3f}",
        "key": row["key"],
    }
