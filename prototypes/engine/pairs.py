"""Images with several labels: each (image, label) pair is a row that lists the other labels.

Labels are (n,) if every image has one. Otherwise they are (n, 1 + K): the row's own label, then the
other labels of its image, padded with -1. The others are not rivals of the own label: their scores
say nothing against it.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from prototypes.engine.blocks import Floats, Labels

MASKED = np.float32(-1e30)
"""The score of a masked class, below any other; finite, so that differences are not NaN."""


def own_labels(labels: Labels) -> Labels:
    """Return the own label of each row (n,) from labels (n,) or (n, 1 + K)."""
    return labels if labels.ndim == 1 else labels[:, 0]


def all_labels(labels: Labels) -> Labels:
    """Return all labels of each row's image (n, 1 + K) from labels (n,) or (n, 1 + K)."""
    return labels[:, None] if labels.ndim == 1 else labels


def read_own(own: NDArray[np.floating[Any]], scores: Floats, labels: Labels, first: int) -> None:
    """Write the score of each row at its own label (n,) into ``own`` (n,).

    ``scores`` (n, c) are of c classes from ``first`` on; rows with other labels are left unchanged.
    """
    rows = np.flatnonzero((labels >= first) & (labels < first + scores.shape[1]))
    own[rows] = scores[rows, labels[rows] - first]


def mask_others(scores: NDArray[np.floating[Any]], labels: Labels, first: int = 0) -> None:
    """Mask scores (n, c), of c classes from ``first`` on, at the other labels of each row."""
    if labels.ndim == 2:
        mask_classes(scores, labels[:, 1:], first)


def mask_classes(scores: NDArray[np.floating[Any]], classes: Labels, first: int = 0) -> None:
    """Mask scores (n, c), of c classes from ``first`` on, at the ``classes`` (n, k) of each row."""
    rows, at = np.nonzero((classes >= first) & (classes < first + scores.shape[1]))
    scores[rows, classes[rows, at] - first] = MASKED
