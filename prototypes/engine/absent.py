"""Classes none of whose images has features: their prototypes are zeros, and no rivals."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from prototypes.engine.pairs import STRUCK


def absent_classes(prototypes: NDArray[np.floating[Any]], k: int = 1) -> NDArray[np.int64]:
    """List the classes (m,) whose k prototypes, side by side in (C·k, d), are zeros."""
    there = prototypes.any(axis=1).reshape(-1, k).any(axis=1)
    return np.flatnonzero(~there)


def strike_absent(
    scores: NDArray[np.floating[Any]], absent: NDArray[np.int64], first: int = 0
) -> None:
    """Overwrite scores (n, c), of c classes from ``first`` on, at the absent ones."""
    if len(absent):
        here = absent[(absent >= first) & (absent < first + scores.shape[1])]
        scores[:, here - first] = STRUCK
