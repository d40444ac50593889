"""Choose the rows that the page shows: those of each class that fit worst, and that fit best."""

from dataclasses import dataclass

import polars as pl

from curate.inspect.overview import label_rows
from curate.weighted.weighted import Weighted

MOST_SAMPLES = 2_000
"""Of all classes together: as many pictures as a page has room for."""
LEAST_SUSPECTS = 4
SUSPECTS_PER_GOOD = 3
"""A class shows one good example for so many suspects, rounded up."""
QUALITY = pl.col("label_quality")


@dataclass(frozen=True)
class Samples:
    """The rows that are shown, and where."""

    rows: pl.DataFrame
    """All that is known about them except their pictures, in order of their numbers."""
    suspects: dict[str, list[int]]
    """By label: the numbers of the rows that fit worst, worst first."""
    good: dict[str, list[int]]
    """By label: the numbers of the rows that fit best and are not flagged, best first."""


def choose_samples(weighted: Weighted, labels: list[str], limit: int) -> Samples:
    """Choose up to ``limit`` suspects of each label, fewer where there are many labels.

    If there are too many labels even for `LEAST_SUSPECTS` of each, only the first have any.
    """
    suspects = limit
    while suspects > LEAST_SUSPECTS and len(labels) * _each(suspects) > MOST_SAMPLES:
        suspects -= 1
    shown = pl.Series(labels[: MOST_SAMPLES // _each(suspects)], dtype=pl.String)
    row, fine = pl.col("row"), ~pl.col("is_label_issue").fill_null(False)
    chosen = (
        label_rows(weighted)
        .filter(QUALITY.is_not_null() & pl.col("label").is_in(shown.implode()))
        .sort(QUALITY, row)
        .group_by("label")
        .agg(worst=row.head(suspects), best=row.filter(fine).tail(_good(suspects)).reverse())
        .collect(engine="streaming")
    )
    worst = dict(chosen.select("label", "worst").iter_rows())
    best = {
        label: [row for row in rows if row not in worst[label]]
        for label, rows in chosen.select("label", "best").iter_rows()
    }
    rows = sorted({row for of in (worst, best) for rows in of.values() for row in rows})
    return Samples(weighted.read(rows), worst, best)


def _good(suspects: int) -> int:
    return -(-suspects // SUSPECTS_PER_GOOD)


def _each(suspects: int) -> int:
    return suspects + _good(suspects)
