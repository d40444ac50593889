"""Check keys: each names one row."""

import polars as pl

from curate.errors import CurateError
from curate.manifest.columns import NO_KEY, exact_column
from curate.manifest.manifest import Manifest

ROWS_PER_BUCKET = 4_000_000


def check_keys(manifest: Manifest) -> None:
    """Raise CurateError for a key column with nulls or duplicates, naming the first.

    Works through the rows in buckets of hashes, so that memory does not grow with N.
    """
    key = manifest.columns.key
    if key is None:
        return
    buckets = 1 + manifest.rows // ROWS_PER_BUCKET
    rows = manifest.scan().select(exact_column(key).alias("key")).with_row_index("row")
    for bucket in range(buckets):
        kept = rows.filter(pl.col("key").hash(seed=0) % buckets == bucket)
        doubled = (
            kept.group_by("key")
            .agg(pl.len(), pl.col("row").min())
            .filter((pl.col("len") > 1) | pl.col("key").is_null())
            .sort("row")
            .head(1)
            .collect(engine="streaming")
        )
        for value, count, row in doubled.iter_rows():
            what = "is empty" if value is None else f"is '{value}' in {count:,} rows"
            raise CurateError(
                f"{manifest.path}: the key column '{key}' {what} (first in row {row + 1}), and a"
                f" key names one row; name another column with --key, or number the rows with"
                f" --key {NO_KEY}."
            )
