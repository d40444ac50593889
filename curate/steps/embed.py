"""Features of every row: encoded, or taken over from the user, kept by shards."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from curate.encoders.base import Encoder
from curate.errors import CurateError
from curate.images.status import Status
from curate.images.workers import DecodePool
from curate.in_order import block_threads, in_order
from curate.manifest.embeddings import EmbeddingFiles
from curate.manifest.manifest import Manifest
from curate.manifest.plan import Shard
from curate.manifest.read import read_shards
from curate.steps.encode import Mask, encode_shards
from curate.store.folders import Folders

Advance = Callable[[int], None]
FLOAT32 = np.finfo(np.float32)
TAKERS = 4
"""Shards that are taken at once, at most: each is held whole."""
UNIT = 2e-3
"""A row in half precision has unit length if its square differs by no more."""


def embed_pictures(
    manifest: Manifest,
    shards: Sequence[Shard],
    store: Folders,
    encoder: Encoder,
    pool: DecodePool,
    advance: Advance,
) -> None:
    """Encode these shards; each is stored as soon as it is whole."""
    wanted = [(shard, np.ones(shard.rows, bool)) for shard in shards]
    for encoded in encode_shards(manifest, wanted, encoder, pool, advance):
        statuses = np.array(encoded.statuses, object)
        features = np.zeros((encoded.shard.rows, encoder.dim), np.float16)
        features[statuses == Status.OK] = unit_rows(encoded.features)
        keep_features(store, encoded.shard, features, statuses)


def retry_pictures(
    manifest: Manifest,
    failed: Sequence[tuple[Shard, Mask]],
    store: Folders,
    encoder: Encoder,
    pool: DecodePool,
    advance: Advance,
) -> None:
    """Encode again the failed rows of finished shards; the others keep their features."""
    for encoded, (_, mask) in zip(
        encode_shards(manifest, failed, encoder, pool, advance), failed, strict=True
    ):
        features = np.array(store.array(encoded.shard.name, "features"), np.float16)
        statuses = store.table(encoded.shard.name, "rows")["status"].to_numpy().astype(object)
        statuses[mask] = encoded.statuses
        features[mask & (statuses == Status.OK)] = unit_rows(encoded.features)
        keep_features(store, encoded.shard, features, statuses)


def take_embeddings(
    manifest: Manifest,
    shards: Sequence[Shard],
    store: Folders,
    embeddings: EmbeddingFiles | None,
    advance: Advance,
) -> None:
    """Copy the user's features: from ``embeddings``, else from the manifest's own column."""
    source = (
        _embedding_column(manifest, shards)
        if embeddings is None
        else ((s, embeddings.read(s.first_row, s.first_row + s.rows)) for s in shards)
    )
    tasks = (partial(_take_shard, store, shard, blocks) for shard, blocks in source)
    with block_threads() as threads:
        for rows in in_order(tasks, min(threads, TAKERS)):
            advance(rows)


def _take_shard(store: Folders, shard: Shard, blocks: Iterable[NDArray[np.floating[Any]]]) -> int:
    taken = [_take(block) for block in blocks]
    features, statuses = (np.concatenate(part) for part in zip(*taken, strict=True))
    keep_features(store, shard, features, statuses)
    return shard.rows


def _take(
    embeddings: NDArray[np.floating[Any]],
) -> tuple[NDArray[np.float16], NDArray[np.object_]]:
    """Return features (n, D), zeros where there are none, and statuses (n,).

    Halves that have unit length already are kept as they are.
    """
    rows = np.array(embeddings, np.float32)
    statuses = np.full(len(rows), Status.OK, object)
    if embeddings.dtype != np.float16:
        return _scale(rows, statuses), statuses
    features = np.array(embeddings)
    other = ~(np.abs(np.einsum("ij,ij->i", rows, rows) - 1) < UNIT)
    if other.any():
        reasons = statuses[other]
        features[other] = _scale(rows[other], reasons)
        statuses[other] = reasons
    return features, statuses


def _scale(rows: NDArray[np.float32], statuses: NDArray[np.object_]) -> NDArray[np.float16]:
    """Return unit rows, and write down which have no length."""
    finite, there = np.isfinite(rows).all(axis=1), rows.any(axis=1)
    statuses[~there], statuses[~finite] = Status.MISSING, Status.NOT_FINITE
    rows[~finite] = 0
    return unit_rows(rows)


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
        there = lists.is_not_null().to_numpy()
        features[there] = lists.drop_nulls().explode().fill_null(np.nan).to_numpy().reshape(-1, dim)
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
    lists = manifest.scan().select(pl.col(name).cast(pl.List(pl.Float32))).drop_nulls()
    first = lists.head(1).collect()
    if len(first) == 0 or len(first[name][0]) == 0:
        raise CurateError(
            f"{manifest.path}: column '{name}' holds no embedding in any row; take the column out,"
            " or choose --encoder."
        )
    return len(first[name][0])


def keep_features(
    store: Folders, shard: Shard, features: NDArray[np.float16], statuses: NDArray[np.object_]
) -> None:
    """Store a shard's unit-length features (n, D) and why rows have none (n,)."""
    rows = pl.DataFrame({"status": statuses.astype(str)})
    store.write(shard.name, {"features": features, "rows": rows}, rows=shard.rows)


def unit_rows(features: NDArray[np.float32]) -> NDArray[np.float16]:
    """Scale rows (n, D) to length one, in half precision; zero rows stay zero."""
    norms = np.sqrt(np.einsum("ij,ij->i", features, features, dtype=np.float64))
    norms = np.clip(norms, FLOAT32.tiny, FLOAT32.max).astype(np.float32)
    units: NDArray[np.float16] = (features / norms[:, None]).astype(np.float16)
    return units
