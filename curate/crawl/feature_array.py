"""The features of all rows as one array, which is mapped from a temporary file."""

import tempfile
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from curate.crawl.stored_features import StoredFeatures
from curate.manifest.plan import Shard
from curate.store.arrays import allocate

Features = NDArray[np.float16]


def feature_array(
    rows: int, width: int, blocks: Iterable[tuple[Features, NDArray[np.bool_]]]
) -> Features:
    """Put blocks (n, D), and which of their rows have features (n,), into an array (N, D).

    Rows without features are NaN. The array lies in a temporary file (TMPDIR), which is mapped into
    memory and disappears with the array.
    """
    with tempfile.TemporaryFile() as file:
        features = np.memmap(file, np.float16, "w+", shape=(rows, width))
        allocate(file)
    at = 0
    for block, has_features in blocks:
        there = features[at : at + len(block)]
        there[:] = block
        there[~has_features] = np.nan
        at += len(block)
    return features


def stored_array(shards: Sequence[Shard], features: StoredFeatures) -> Features:
    """Give the features (N, D) of the rows of all shards, in order."""
    rows = sum(shard.rows for shard in shards)
    _, width = features.columns(len(features.parts) - 1, shards[0].name)
    blocks = (pair for shard in shards for pair in _blocks(shard, features))
    return feature_array(rows, width, blocks)


def _blocks(shard: Shard, features: StoredFeatures) -> Iterable[tuple[Features, NDArray[np.bool_]]]:
    has_features, at = features.has_features(shard.name), 0
    for block in features.blocks(shard.name):
        yield block, has_features[at : at + len(block)]
        at += len(block)
