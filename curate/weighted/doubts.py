"""How many labels of a crawl have which doubt, for `prototypes.score.verified_share`."""

import numpy as np
import polars as pl

from prototypes.score.verified_share import BINS, Counts, doubt_bins


def lowest_quality(lists: bool) -> pl.Expr:
    """Read a row's quality; of ``lists`` of labels that of the worst."""
    quality = pl.col("label_quality")
    return quality.list.min() if lists else quality


def doubt_counts(rows: pl.LazyFrame, quality: pl.Expr) -> Counts:
    """Count (BINS,) the rows that have a quality by their doubt, streamed."""

    def bins(values: pl.Series) -> pl.Series:
        return pl.Series(doubt_bins(values.to_numpy()), dtype=pl.Int64)

    known = rows.select(quality.cast(pl.Float64).alias("quality")).filter(
        pl.col("quality").is_not_nan()
    )
    binned = pl.col("quality").map_batches(bins, pl.Int64, is_elementwise=True)
    found = known.group_by(binned.alias("bin")).len().collect(engine="streaming")
    counts = np.zeros(BINS, np.int64)
    counts[found["bin"].to_numpy()] = found["len"].to_numpy()
    return counts
