"""Absent classes, which have no image with features: their prototypes are zeros, no rivals."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from prototypes.engine.pairs import MASKED


def absent_classes(prototypes: NDArray[np.floating[Any]], k: int = 1) -> NDArray[np.int64]:
    """List the classes (m,) whose k prototypes, adjacent rows of (C·k, d), are all zeros."""
    present = prototypes.any(axis=1).reshape(-1, k).any(axis=1)
    return np.flatnonzero(~present)


def mask_absent(
    scores: NDArray[np.floating[Any]], absent: NDArray[np.int64], first: int = 0
) -> None:
    """Set scores (n, c) of absent classes to MASKED; they are of c classes from ``first`` on."""
    if len(absent):
        inside = absent[(absent >= first) & (absent < first + scores.shape[1])]
        scores[:, inside - first] = MASKED
