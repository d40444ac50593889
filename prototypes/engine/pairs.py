"""Images with several labels: a row for each (image, label) pair, which knows its image's others.

Labels are (n,) where every image has one. Else they are (n, 1 + K): the pair's own label, then the
other labels of its image, filled up with -1. These are no rivals of its own: no score at them
says that the own label is wrong.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from prototypes.engine.blocks import Floats, Labels

STRUCK = np.float32(-1e30)
"""A score that no class has; finite, so that differences of two are no NaN."""


def own_labels(labels: Labels) -> Labels:
    """Return each row's own label (n,), of labels (n,) or (n, 1 + K)."""
    return labels if labels.ndim == 1 else labels[:, 0]


def all_labels(labels: Labels) -> Labels:
    """Return all labels of each row's image, (n, 1 + K), of labels (n,) or (n, 1 + K)."""
    return labels[:, None] if labels.ndim == 1 else labels


def read_own(own: NDArray[np.floating[Any]], scores: Floats, labels: Labels, first: int) -> None:
    """Write into ``own`` (n,) each row's score at its own label (n,).

    ``scores`` (n, c) are of c classes from ``first`` on; a row with another label stays as it is.
    """
    rows = np.flatnonzero((labels >= first) & (labels < first + scores.shape[1]))
    own[rows] = scores[rows, labels[rows] - first]


def strike_others(scores: NDArray[np.floating[Any]], labels: Labels, first: int = 0) -> None:
    """Overwrite scores (n, c), of c classes from ``first`` on, at the other labels of each row."""
    if labels.ndim == 2:
        strike(scores, labels[:, 1:], first)


def strike(scores: NDArray[np.floating[Any]], classes: Labels, first: int = 0) -> None:
    """Overwrite scores (n, c), of c classes from ``first`` on, at the ``classes`` (n, k)."""
    rows, at = np.nonzero((classes >= first) & (classes < first + scores.shape[1]))
    scores[rows, classes[rows, at] - first] = STRUCK
