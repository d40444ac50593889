"""Bring rows that `curate weight --slim` wrote into the order of the crawl they came from."""

from dataclasses import replace
from pathlib import Path

import polars as pl
import pyarrow as pa

from curate.errors import CurateError
from curate.manifest.manifest import Manifest, Part, parquet_part
from curate.manifest.plan import plan_name
from curate.store.folders import Folders
from curate.weighted.pairing import pair_by_key

ROW, PART = "row", "in_order"


def in_crawl_order(
    path: Path, part: Part, schema: pa.Schema, manifest: Manifest, plan: str | None, frozen: Folders
) -> Part:  # fmt: skip
    """Give the rows of a slim file in the order of the crawl; ``part`` itself if they are in it.

    ``plan`` names the files that were weighed: without a key column, only these surely have the
    same rows in the same order. Raises CurateError where rows cannot be paired.
    """
    key = manifest.columns.key
    if part.rows != manifest.rows:
        raise CurateError(
            f"{path} has {part.rows:,} rows, and {manifest.path}, which it was made from, has"
            f" {manifest.rows:,}; weigh that again."
        )
    name = ROW if key is None else key
    if name not in schema.names:
        raise CurateError(
            f"{path} has no column '{name}', by which its rows are paired with those of"
            f" {manifest.path}; weigh that again."
        )
    if key is None and plan != plan_name(manifest):
        raise CurateError(
            f"{path} has no keys, and {manifest.path} has changed since it was weighed (or the"
            " run's folder is gone), so nothing tells which row is which; weigh it again, and name"
            " a column of keys with --key."
        )
    crawl = manifest.scan().with_row_index(ROW) if key is None else manifest.scan()
    order = pair_by_key(
        crawl.select(pl.col(name).cast(pl.String).alias("key")),
        part.scan().select(pl.col(name).cast(pl.String).alias("key")),
        str(manifest.path), str(path),
    )  # fmt: skip
    if order is None:
        return part
    frozen.write(PART, {PART: part.scan().collect()[order]})
    ordered, _ = parquet_part(frozen.root / PART / f"{PART}.parquet", part.identity)
    return replace(ordered, sources=part.sources)
