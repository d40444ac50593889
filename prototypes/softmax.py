"""Softmax over classes of cosines at a temperature, streamed: no (N, C) array is kept."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from prototypes.blocks import tiles

ROWS, CLASSES = 4096, 1024
"""A tile of products: 16 MiB in float32."""


def log_partition(
    g: NDArray[np.float32], prototypes: NDArray[np.float32], temperature: float, k: int = 1
) -> NDArray[np.float32]:
    """Return log Σ_j exp(g·P_j / τ) of rows g (n, d) over prototypes (C, d): (n,).

    With k prototypes per class, (C·k, d), those of a class side by side, P_j is the nearest of
    class j.
    """
    result = np.empty(len(g), np.float32)
    for rows in tiles(len(g), ROWS):
        parts = [
            log_sum_exp(
                nearest_of_class(g[rows] @ (prototypes[part] / np.float32(temperature)).T, k)
            )
            for part in tiles(len(prototypes), max(CLASSES // k, 1) * k)
        ]
        result[rows] = log_sum_exp(np.stack(parts, axis=1))
    return result


def nearest_of_class(cosines: NDArray[np.float32], k: int) -> NDArray[np.float32]:
    """Return of cosines (n, C·k) to k prototypes per class the greatest of each class: (n, C)."""
    if k == 1:
        return cosines
    return np.asarray(cosines.reshape(len(cosines), -1, k).max(axis=2))


def log_sum_exp(logits: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    """Return log Σ_j exp(z_ij) of logits (n, C), which are overwritten: (n,).

    About ten times as fast as SciPy's, as it needs no second array.
    """
    top = logits.max(axis=1, keepdims=True)
    np.exp(np.subtract(logits, top, out=logits), out=logits)
    return np.asarray(np.log(logits.sum(axis=1)) + top[:, 0])


def log_softmax(logits: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    """Return the logarithm of the softmax over the last axis of logits (n, C)."""
    return np.asarray(logits - log_sum_exp(logits.copy())[:, None])
