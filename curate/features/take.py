"""Features that the user has: copied, or left where they are if nothing need be changed."""

import operator
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from curate.crawl.external_features import external_rows
from curate.crawl.stored_features import made_external, made_features, unit_halves
from curate.errors import CurateError
from curate.images.status import Status
from curate.manifest.columns import exact_column
from curate.manifest.embeddings import EmbeddingFiles, require_width
from curate.manifest.manifest import Manifest
from curate.manifest.plan import Shard
from curate.manifest.read import read_shards
from curate.store.engine import stateless
from curate.store.folders import Folders
from curate.store.in_order import block_threads
from curate.store.run import Advance
from curate.store.step import KeptShards, Made, Step, Task
from prototypes.engine.blocks import HALVES, in_single, tiles

Embeddings = NDArray[np.floating[Any]]
TAKEN = Step("features", code=(__name__,), title="Taking embeddings")
TAKERS = 4
"""Shards that are taken at once, at most: each is held whole."""
UNIT = 2e-3
"""A row in half precision has unit length if its square differs by no more."""


def take_embeddings(
    manifest: Manifest,
    shards: Sequence[Shard],
    kept: KeptShards,
    embeddings: EmbeddingFiles | None,
) -> Folders:
    """Take the user's features over: ``embeddings``, else the manifest's own column."""
    missing = kept.missing(shards)
    opening = stateless(partial(_tasks, manifest, kept.store, embeddings))
    rows = sum(shard.rows for shard in missing)
    with block_threads() as threads:
        return kept.spread(missing, opening, rows, min(threads, TAKERS))


def _tasks(
    manifest: Manifest,
    store: Folders,
    embeddings: EmbeddingFiles | None,
    shards: Iterable[Shard],
    advance: Advance,
) -> Iterator[tuple[Shard, Task]]:
    source = (
        _embedding_column(manifest, list(shards))
        if embeddings is None
        else ((s, embeddings.read(s.first_row, s.first_row + s.rows)) for s in shards)
    )
    for shard, blocks in source:
        yield shard, partial(_take_shard, store, embeddings, shard, blocks, advance)


def _take_shard(
    store: Folders,
    embeddings: EmbeddingFiles | None,
    shard: Shard,
    blocks: Iterable[Embeddings],
    advance: Advance,
) -> Made:
    """Copy the features, or note their place in a file where they are what would be kept."""
    blocks = list(blocks)
    taken, statuses = zip(*map(_take, blocks), strict=True)
    status = np.concatenate(statuses)
    advance(shard.rows)
    if embeddings is not None:
        embeddings.require_unchanged()
        if all(map(operator.is_, taken, blocks)):
            place = embeddings.place(shard.first_row, shard.first_row + shard.rows)
            if place is not None:
                return made_external(external_rows(*place, shard.rows, store.root), status)
    return made_features(np.concatenate(taken), status)


def _take(embeddings: Embeddings) -> tuple[NDArray[np.float16], NDArray[np.object_]]:
    """Return features (n, D), zeros where there are none, and statuses (n,).

    Halves that have unit length, or are zeros, already are given back as they are.
    """
    statuses = np.full(len(embeddings), Status.OK, object)
    if embeddings.dtype != np.float16:
        return _scale(np.array(embeddings, np.float32), statuses), statuses
    other = ~(np.abs(_squares(embeddings) - 1) < UNIT)
    if not other.any():
        return embeddings, statuses
    reasons = statuses[other]
    scaled = _scale(embeddings[other].astype(np.float32), reasons)
    statuses[other] = reasons
    if not embeddings[other].any():
        return embeddings, statuses
    features = np.array(embeddings)
    features[other] = scaled
    return features, statuses


def _squares(halves: NDArray[np.float16]) -> NDArray[np.float32]:
    """Return the squared lengths (n,) of rows (n, D); far from 1 where one is not finite."""
    squares = np.empty(len(halves), np.float32)
    for part in tiles(len(halves), HALVES):
        x = in_single(halves[part])
        np.einsum("ij,ij->i", x, x, out=squares[part])
    return squares


def _scale(rows: NDArray[np.float32], statuses: NDArray[np.object_]) -> NDArray[np.float16]:
    """Return unit rows, and write down which have no length."""
    units, finite = unit_halves(rows)
    statuses[~rows.any(axis=1)], statuses[~finite] = Status.MISSING, Status.NOT_FINITE
    return units


def _embedding_column(
    manifest: Manifest, shards: Sequence[Shard]
) -> Iterator[tuple[Shard, list[NDArray[np.float32]]]]:
    """Read the column embedding by blocks; null rows become zeros."""
    name = manifest.columns.embedding
    assert name is not None
    dim = _embedding_width(manifest, name)
    for shard, batches in read_shards(manifest, shards, [name]):
        yield shard, list(_embeddings(manifest, shard, batches, name, dim))


def _embeddings(
    manifest: Manifest, shard: Shard, batches: Iterator[pa.RecordBatch], name: str, dim: int
) -> Iterator[NDArray[np.float32]]:
    row = shard.first_row
    for batch in batches:
        lists = pl.Series(batch.column(0)).cast(pl.List(pl.Float32))
        lengths = lists.list.len()
        other = (lengths != dim).arg_true()
        if len(other):
            raise CurateError(
                f"{manifest.path}, row {row + other[0] + 1}: column '{name}' has"
                f" {lengths[other[0]]} numbers where the first has {dim}; write embeddings of one"
                " length, and null where there is none."
            )
        features = np.zeros((len(lists), dim), np.float32)
        given = lists.is_not_null().to_numpy()
        features[given] = lists.drop_nulls().explode().fill_null(np.nan).to_numpy().reshape(-1, dim)
        yield features
        row += len(lists)


def _embedding_width(manifest: Manifest, name: str) -> int:
    """D, that of the first row which is not null."""
    kind = manifest.scan().collect_schema()[name]
    if not (isinstance(kind, pl.List | pl.Array) and kind.inner.is_numeric()):
        raise CurateError(
            f"{manifest.path}: column '{name}' is {kind}, and an embedding is a list of numbers;"
            " rename it, or choose --encoder."
        )
    lists = manifest.scan().select(exact_column(name).cast(pl.List(pl.Float32))).drop_nulls()
    first = lists.head(1).collect()
    if len(first) == 0 or len(first[name][0]) == 0:
        raise CurateError(
            f"{manifest.path}: column '{name}' holds no embedding in any row; take the column out,"
            " or choose --encoder."
        )
    require_width(len(first[name][0]), f"{manifest.path}: column '{name}'")
    return len(first[name][0])
