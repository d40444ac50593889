"""Good examples of classes: what the images of a class look like."""

from collections.abc import Sequence

import polars as pl

from curate.inspect.overview import label_rows
from curate.weighted.weighted import Weighted


def good_examples(weighted: Weighted, labels: Sequence[str], count: int) -> dict[str, list[int]]:
    """Give up to ``count`` rows of each label that fit it best and are not flagged, best first."""
    quality, flagged = pl.col("label_quality"), pl.col("is_label_issue").fill_null(False)
    asked = pl.col("label").is_in(pl.Series(labels, dtype=pl.String).implode())
    best = pl.col("row").sort_by([quality, "row"], descending=[True, False]).head(count)
    found = label_rows(weighted).filter(quality.is_not_null() & ~flagged & asked)
    return dict(found.group_by("label").agg(best).collect(engine="streaming").iter_rows())
