"""Rows of a run taken out of their order."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curate.crawl.labels import label_pairs, stored_sets
from curate.crawl.stored_features import StoredFeatures
from curate.manifest.classes import NO_CLASS
from curate.manifest.plan import Shard
from curate.store.folders import Folders

Rows = NDArray[np.int64]


def gathered_features(
    shards: Sequence[Shard], features: StoredFeatures, rows: Rows
) -> tuple[NDArray[np.float16], NDArray[np.bool_]]:
    """Return features (n, D) of rows (n,) of the run, and which rows have features (n,)."""
    _, width = features.columns(len(features.parts) - 1, shards[0].name)
    found, has_features = np.zeros((len(rows), width), np.float16), np.zeros(len(rows), bool)
    for shard, at, inside in _by_shard(shards, rows):
        found[at] = features.rows(shard.name, inside)
        has_features[at] = features.has_features(shard.name)[inside]
    return found, has_features


def gathered_labels(shards: Sequence[Shard], labels: Folders, rows: Rows) -> Rows:
    """Return the label sets (n, L) of rows (n,) of the run, filled up with -1."""
    parts = [(at, stored_sets(labels, s)[inside]) for s, at, inside in _by_shard(shards, rows)]
    return _padded(parts, len(rows), np.int64(NO_CLASS))


def gathered_distances(
    shards: Sequence[Shard], labels: Folders, scores: Folders, rows: Rows
) -> NDArray[np.float32]:
    """Return the scored distances of rows (n,) to the labels of their sets (n, L), NaN for none."""
    parts = []
    for shard, at, inside in _by_shard(shards, rows):
        sets = stored_sets(labels, shard)
        row, place = label_pairs(sets)
        distances = np.full((len(sets), sets.shape[1]), np.nan, np.float32)
        distances[row, place] = scores.table(shard.name, "scores")["distance"].to_numpy()
        parts.append((at, distances[inside]))
    return _padded(parts, len(rows), np.float32(np.nan))


def _padded(
    parts: Sequence[tuple[Rows, NDArray[Any]]], rows: int, fill: np.generic
) -> NDArray[Any]:
    """Put parts (m, ·) where they belong among the rows, each filled up to the widest."""
    width = max((part.shape[1] for _, part in parts), default=1)
    found = np.full((rows, width), fill, fill.dtype)
    for at, part in parts:
        found[at, : part.shape[1]] = part
    return found


def _by_shard(shards: Sequence[Shard], rows: Rows) -> list[tuple[Shard, Rows, Rows]]:
    """Say of each shard that holds some of the rows which (m,), and where in it they are (m,)."""
    if not len(rows):
        return []
    owners = np.searchsorted([shard.first_row for shard in shards], rows, "right") - 1
    order = np.argsort(owners, kind="stable")
    numbers, starts = np.unique(owners[order], return_index=True)
    return [
        (shards[number], at, rows[at] - shards[number].first_row)
        for number, at in zip(numbers, np.split(order, starts[1:]), strict=True)
    ]
