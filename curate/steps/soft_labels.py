"""Soft labels of every row, kept by shards beside the scores."""

import numpy as np

from curate.classes import Classes
from curate.errors import CurateError
from curate.manifest.plan import Shard
from curate.steps.blocks import BLOCK_ROWS, StoredBlocks
from curate.store.folders import Folders
from prototypes.method import Prototypes
from prototypes.soft_labels import soft_labels
from prototypes.space import AdaptedSpace

CODE = 1
"""Raise it when a change here or in prototypes/soft_labels.py changes soft labels."""


def check_count(k: int | None, classes: Classes) -> None:
    """Raise CurateError where there are not so many other classes."""
    others = len(classes.names) - 1
    if k is not None and k > others:
        raise CurateError(
            f"--soft-labels {k}: a label can share with {others} other classes here, as there are"
            f" {others + 1} in all; give at most {others}."
        )


def smooth_shards(
    blocks: StoredBlocks, space: AdaptedSpace, prototypes: Prototypes, k: int, store: Folders
) -> None:
    """Smooth the labels of the shards that ``store`` does not have.

    Kept: soft_labels, positions of classes (n, K + 1), and soft_probabilities (n, K + 1).
    """
    for shard in blocks.shards:
        if shard.name not in store:
            store.write(shard.name, _smooth(blocks, shard, space, prototypes, k), rows=shard.rows)
        blocks.advance(shard.rows)


def _smooth(
    blocks: StoredBlocks, shard: Shard, space: AdaptedSpace, prototypes: Prototypes, k: int
) -> dict[str, np.ndarray]:
    features, _ = blocks.read(shard)
    labels = blocks.labels.array(shard.name, "labels")
    classes = np.empty((shard.rows, k + 1), np.int32)
    probabilities = np.empty((shard.rows, k + 1), np.float32)
    for start in range(0, shard.rows, BLOCK_ROWS):
        rows = slice(start, start + BLOCK_ROWS)
        g = space.transform(np.asarray(features[rows]))
        soft = soft_labels(g, labels[rows], prototypes.v, prototypes.tau, space.self_influence, k)
        classes[rows], probabilities[rows] = soft.classes, soft.probabilities
    return {"soft_labels": classes, "soft_probabilities": probabilities}
