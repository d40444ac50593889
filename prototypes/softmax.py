"""Softmax over classes of cosines at a temperature, streamed: no (N, C) array is kept."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from prototypes.blocks import tiles

ROWS, CLASSES = 4096, 2048
"""A tile of products: 32 MiB in float32."""


def log_partition(
    g: NDArray[np.float32], prototypes: NDArray[np.float32], temperature: float
) -> NDArray[np.float32]:
    """Return log Σ_j exp(g·P_j / τ) of rows g (n, d) over prototypes (C, d): (n,)."""
    result = np.empty(len(g), np.float32)
    for rows in tiles(len(g), ROWS):
        parts = [
            logsumexp(g[rows] @ (prototypes[part] / np.float32(temperature)).T, axis=1)
            for part in tiles(len(prototypes), CLASSES)
        ]
        result[rows] = logsumexp(np.stack(parts), axis=0)
    return result


def log_softmax(logits: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    """Return the logarithm of the softmax over the last axis."""
    return np.asarray(logits - logsumexp(logits, axis=-1, keepdims=True))
