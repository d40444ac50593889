"""Rows of a run taken out of their order."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from curate.classes import NO_CLASS
from curate.manifest.plan import Shard
from curate.steps.labels import stored_sets
from curate.steps.stored_features import StoredFeatures
from curate.store.folders import Folders

Rows = NDArray[np.int64]


def gathered_features(
    shards: Sequence[Shard], features: StoredFeatures, rows: Rows
) -> tuple[NDArray[np.float16], NDArray[np.bool_]]:
    """Return features (n, D) of rows (n,) of the run, and which of them there are (n,)."""
    _, width = features.columns(len(features.parts) - 1, shards[0].name)
    found, there = np.zeros((len(rows), width), np.float16), np.zeros(len(rows), bool)
    for shard, at, inside in _by_shard(shards, rows):
        found[at] = features.rows(shard.name, inside)
        there[at] = features.there(shard.name)[inside]
    return found, there


def gathered_labels(shards: Sequence[Shard], labels: Folders, rows: Rows) -> Rows:
    """Return the label sets (n, L) of rows (n,) of the run, filled up with -1."""
    parts = [(at, stored_sets(labels, s)[inside]) for s, at, inside in _by_shard(shards, rows)]
    width = max((sets.shape[1] for _, sets in parts), default=1)
    found = np.full((len(rows), width), NO_CLASS, np.int64)
    for at, sets in parts:
        found[at, : sets.shape[1]] = sets
    return found


def _by_shard(shards: Sequence[Shard], rows: Rows) -> list[tuple[Shard, Rows, Rows]]:
    """Say of each shard that holds some of the rows which (m,), and where in it they are (m,)."""
    owners = np.searchsorted([shard.first_row for shard in shards], rows, "right") - 1
    order = np.argsort(owners, kind="stable")
    numbers, starts = np.unique(owners[order], return_index=True)
    return [
        (shards[number], at, rows[at] - shards[number].first_row)
        for number, at in zip(numbers, np.split(order, starts[1:]), strict=True)
    ]
