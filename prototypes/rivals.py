"""The nearest class that a label is held against: neither its own nor another of its image."""

import numpy as np
from numpy.typing import NDArray

from prototypes.blocks import Labels, tiles
from prototypes.neighbours import nearest_prototypes
from prototypes.pairs import STRUCK, strike
from prototypes.softmax import CLASSES, ROWS

Rival = tuple[NDArray[np.float32], NDArray[np.int64]]


def nearest_rival(g: NDArray[np.float32], labels: Labels, prototypes: NDArray[np.float32]) -> Rival:
    """Find the nearest of the prototypes (C, d), C ≥ 2, that is no label of the row's image.

    ``g`` (n, d), ``labels`` (n,) or (n, 1 + K) (see `pairs`). Returns cosines (n,) and classes
    (n,); a row whose image has all labels has no rival: `pairs.STRUCK` and -1.
    """
    if labels.ndim == 1:
        cosines, nearest = nearest_prototypes(g, prototypes, 2)
        at = np.where(nearest[:, 0] == labels, 1, 0)
        every = np.arange(len(g))
        return cosines[every, at], nearest[every, at]
    best, found = np.full(len(g), STRUCK), np.full(len(g), -1)
    for rows in tiles(len(g), ROWS):
        for part in tiles(len(prototypes), CLASSES):
            _improve(best[rows], found[rows], g[rows] @ prototypes[part].T, labels[rows], part)
    return best, found


def _improve(
    best: NDArray[np.float32], found: NDArray[np.int64], cosines: NDArray[np.float32],
    labels: Labels, part: slice,
) -> None:  # fmt: skip
    """Replace what is found so far (n,) where a class of this part is nearer; in place."""
    strike(cosines, labels, part.start)
    top = cosines.argmax(axis=1)
    nearer = np.flatnonzero(cosines.max(axis=1) > best)
    best[nearer], found[nearer] = cosines[nearer, top[nearer]], top[nearer] + part.start
