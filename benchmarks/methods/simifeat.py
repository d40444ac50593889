"""SimiFeat's soft labels: what the neighbours of an image were given (Zhu, Dong & Liu 2022).

`simifeat_vote` and `simifeat_rank` judge by them (2110.06283, section 4). Deviates: features are
taken once, where the paper averages over 21 random augmentations of every image.
"""

import numpy as np
from numpy.typing import NDArray

from benchmarks.methods.knn import nearest_others

NEIGHBOURS = 10
"""The paper's k, with the image itself."""


def soft_labels(
    features: NDArray[np.float32], labels: NDArray[np.int64], classes: int
) -> NDArray[np.float32]:
    """Sum the given labels of unit rows (n, D) and their neighbours by cosine: (n, C).

    As in the authors' public code the row itself counts as one that is as much nearer than the
    first neighbour as this is nearer than the second.
    """
    cosines, rows = nearest_others(features, NEIGHBOURS - 1)
    own = 2 * cosines[:, :1] - cosines[:, 1:2]
    near, at = np.hstack([own, cosines]), np.column_stack([np.arange(len(rows)), rows])
    soft = np.zeros((len(rows), classes), np.float32)
    np.add.at(soft, (np.arange(len(rows))[:, None], labels[at]), near)
    return soft


def agreement(soft: NDArray[np.float32], labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the cosine (n,) of soft labels (n, C) to the given labels (n,): the paper's score."""
    lengths = np.linalg.norm(soft, axis=1)
    return np.asarray(soft[np.arange(len(soft)), labels] / lengths, np.float64)
