"""Soft labels of every row, kept by shards beside the scores."""

import numpy as np

from curate.classes import Classes
from curate.errors import CurateError
from curate.manifest.plan import Shard
from curate.steps.blocks import StoredBlocks
from curate.store.folders import Folders
from prototypes.method import Prototypes
from prototypes.soft_labels import soft_labels
from prototypes.space import AdaptedSpace


def check_count(k: int | None, classes: Classes) -> None:
    """Raise CurateError where there are not so many other classes."""
    others = len(classes.names) - 1
    if k is not None and k > others:
        raise CurateError(
            f"--soft-labels {k}: a label can share with {others} other classes here, as there are"
            f" {others + 1} in all; give at most {others}."
        )


def smooth_shards(
    blocks: StoredBlocks,
    space: AdaptedSpace,
    prototypes: Prototypes,
    k: int,
    store: Folders,
    gpu: bool,
) -> None:
    """Smooth, by blocks of g, the labels of the shards that ``store`` does not have.

    Kept: soft_labels, positions of classes (n, K + 1), and soft_probabilities (n, K + 1).
    """
    for shard in blocks.shards:
        if shard.name not in store:
            store.write(
                shard.name, _smooth(blocks, shard, space, prototypes, k, gpu), rows=shard.rows
            )
        blocks.advance(shard.rows)


def _smooth(
    blocks: StoredBlocks,
    shard: Shard,
    space: AdaptedSpace,
    prototypes: Prototypes,
    k: int,
    gpu: bool,
) -> dict[str, np.ndarray]:
    v, tau, influence = prototypes.v, prototypes.tau, space.self_influence
    soft = [
        soft_labels(blocks.features.as_floats(g), sets[:, 0], v, tau, influence, k, gpu)
        for g, sets in blocks.images(shard)
    ]
    return {
        "soft_labels": np.concatenate([block.classes for block in soft]).astype(np.int32),
        "soft_probabilities": np.concatenate([block.probabilities for block in soft]),
    }
