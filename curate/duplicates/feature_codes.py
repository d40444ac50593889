"""Hashes of features, for crawls of which only features are known.

A bit says on which side of a random hyperplane a feature lies, once the mean feature is taken off
(Charikar, "Similarity estimation techniques from rounding algorithms", 2002): of two features, as
many bits differ as the angle between them is wide.
"""

from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from curate.crawl.stored_features import Features, StoredFeatures
from curate.images.picture_hash import BITS
from curate.manifest.plan import Shard
from curate.store.in_order import block_threads, in_order
from prototypes.engine.blocks import tiles, unit_rows

SEED = 1
Codes = NDArray[np.uint64]


def feature_codes(
    shards: Sequence[Shard], features: StoredFeatures, sample: NDArray[np.float32]
) -> Codes:
    """Hash the features of all rows (N,); ``sample`` (m, D), of unit length, gives the mean.

    The code of a row without features means nothing.
    """
    planes = np.random.default_rng(SEED).normal(size=(sample.shape[1], BITS)).astype(np.float32)
    offset = sample.mean(axis=0) @ planes
    tasks = (
        partial(_codes, block, planes, offset)
        for shard in shards
        for block in features.blocks(shard.name)
    )
    with block_threads() as threads:
        return np.concatenate(list(in_order(tasks, threads)))


def _codes(block: Features, planes: NDArray[np.float32], offset: NDArray[np.float32]) -> Codes:
    codes = np.empty(len(block), np.uint64)
    for part in tiles(len(block)):
        bits = unit_rows(block[part]) @ planes > offset
        codes[part] = np.packbits(bits, axis=1).view("<u8")[:, 0]
    return codes
