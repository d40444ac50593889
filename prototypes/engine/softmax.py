"""Softmax over classes of cosines at a temperature, streamed: no (N, C) array is kept."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from prototypes.engine.absent import absent_classes, strike_absent
from prototypes.engine.blocks import Labels, tiles
from prototypes.engine.pairs import strike

ROWS, CLASSES = 1024, 1024
"""A tile of products: 4 MiB in float32."""
SMALLEST = np.finfo(np.float32).tiny
LARGEST = 70.0
"""Σ exp of so large logits over millions of classes is no more than a float32 holds."""


def log_partition(
    g: NDArray[np.float32],
    prototypes: NDArray[np.float32],
    temperature: float,
    struck: Labels | None = None,
) -> NDArray[np.float32]:
    """Return log Σ_j exp(g·P_j / τ) of unit rows g (n, d) over unit prototypes (C, d): (n,).

    Without absent classes, and without those ``struck`` (n, K), filled up with -1. Where 1/τ
    cannot overflow, exp needs no highest logit first.
    """
    sharp = prototypes / np.float32(temperature)
    parts = np.empty((len(g), -(-len(prototypes) // CLASSES)), np.float32)
    absent = absent_classes(prototypes)
    for rows in tiles(len(g), ROWS):
        for at, part in enumerate(tiles(len(prototypes), CLASSES)):
            logits = g[rows] @ sharp[part].T
            strike_absent(logits, absent, part.start)
            if struck is not None:
                strike(logits, struck[rows], part.start)
            if temperature < 1 / LARGEST:
                parts[rows, at] = log_sum_exp(logits)
            else:
                sums = np.exp(logits, out=logits).sum(axis=1)
                parts[rows, at] = np.log(np.maximum(sums, SMALLEST))
    return log_sum_exp(parts)


def nearest_of_class(cosines: NDArray[np.float32], k: int) -> NDArray[np.float32]:
    """Return of cosines (n, C·k) to k prototypes per class the greatest of each class: (n, C)."""
    if k == 1:
        return cosines
    return np.asarray(cosines.reshape(len(cosines), -1, k).max(axis=2))


def log_sum_exp(
    logits: NDArray[np.floating[Any]], top: NDArray[np.floating[Any]] | None = None
) -> NDArray[np.floating[Any]]:
    """Return log Σ_j exp(z_ij) of logits (n, C), which are overwritten: (n,).

    About ten times as fast as SciPy's, as it needs no second array. ``top`` (n,) is the highest of
    each row, where it is known; it is taken off only where exp could not hold it.
    """
    top = logits.max(axis=1) if top is None else top
    if len(top) and top.min() > -LARGEST and top.max() < LARGEST:
        return np.asarray(np.log(np.exp(logits, out=logits).sum(axis=1)))
    np.exp(np.subtract(logits, top[:, None], out=logits), out=logits)
    return np.asarray(np.log(logits.sum(axis=1)) + top)


def log_softmax(logits: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    """Return the logarithm of the softmax over the last axis of logits (n, C)."""
    return np.asarray(logits - log_sum_exp(logits.copy())[:, None])
