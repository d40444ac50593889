"""Pair the rows of a file with those of a run by keys or content, never by position alone."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.errors import CurateError
from curate.manifest.plan import Shard
from curate.store.folders import Folders
from curate.terminal.printable import brief

Rows = NDArray[np.int64]
CLOSE = 1e-4
"""Writing a quality as text changes it by less than this."""


def pair_by_key(keys: pl.LazyFrame, known: pl.LazyFrame, file: str, other: str) -> Rows | None:
    """Find the keys of a ``file`` (column key, N rows) among ``known`` keys (M rows).

    Returns their places (N,) among the known keys, or None where both are the same keys in the
    same order. Raises CurateError for a key that is unknown or occurs twice.
    """
    if _count(keys) == _count(known) and _same(keys, known):
        return None
    places = known.select("key").with_row_index("place")
    pairs = keys.select("key").with_row_index("row")
    found = pairs.join(places, on="key", how="left", maintain_order="left").collect()
    for row, key in found.filter(pl.col("place").is_null()).select("row", "key").head(1).rows():
        raise CurateError(
            f"{file}, row {row + 1}: {other} has no row with the key '{brief(key or '')}'; give a"
            " file with rows of that crawl and their keys, or weigh it again."
        )
    if found["place"].is_duplicated().any():
        key = found.filter(pl.col("place").is_duplicated())["key"][0]
        raise CurateError(
            f"{file} has more than one row with the key '{brief(key or '')}', and a key names one"
            " row; keep one of them."
        )
    return found["place"].to_numpy().astype(np.int64)


def require_same_scores(
    quality: pl.LazyFrame, lists: bool, scores: Folders, labels: Folders,
    shards: Sequence[Shard], file: Path,
) -> None:  # fmt: skip
    """Raise CurateError unless rows without keys are those of the run in the run's order.

    Rows are compared by label_quality: ``quality`` is that column of the file, a number for each
    row or, with ``lists``, a list of numbers.
    """
    for shard in shards:
        rows = quality.slice(shard.first_row, shard.rows).collect().to_series()
        theirs = scores.table(shard.name, "scores")["label_quality"]
        if lists:
            rows = rows.filter(rows.list.len() > 0).explode()
            given = pl.Series(labels.array(shard.name, "given"))
            theirs = theirs.gather(pl.select(pl.when(given >= 0).then(given)).to_series())
        if not _close(rows, theirs):
            raise CurateError(
                f"{file} has no key column, and its rows are not those of the run that weighed it,"
                f" or in another order (rows {shard.first_row + 1:,} to"
                f" {shard.first_row + shard.rows:,}); put them back, or weigh it again with --key."
            )


def _close(ours: pl.Series, theirs: pl.Series) -> bool:
    if len(ours) != len(theirs) or (ours.is_null() != theirs.is_null()).any():
        return False
    return not ((ours - theirs).abs() > CLOSE).any()


def _count(rows: pl.LazyFrame) -> int:
    return int(rows.select(pl.len()).collect(engine="streaming").item())


def _same(keys: pl.LazyFrame, known: pl.LazyFrame) -> bool:
    both = pl.concat([keys.select("key"), known.select(known="key")], how="horizontal")
    different = both.filter(pl.col("key").ne_missing(pl.col("known"))).head(1)
    return len(different.collect(engine="streaming")) == 0
