"""The matrix C of confusing noise and the type of noise of each verified row: Xiao Eq. 8-14."""

import numpy as np
from numpy.typing import NDArray

from prototypes.engine.blocks import Labels

FREE, RANDOM, CONFUSING = range(3)
"""The types of noise z."""

Matrix = NDArray[np.float64]


def pair_counts(given: Labels, true: Labels, classes: int, outputs: int) -> Matrix:
    """Count pairs of given (n,) and true labels (n,): (classes, outputs)."""
    counts = np.zeros((classes, outputs))
    np.add.at(counts, (given, true), 1)
    return counts


def confusing_matrix(counts: Matrix) -> Matrix:
    """Estimate C (classes, outputs), p(given | true, confusing), from counts of the same shape.

    Of each true class's wrong labels the most frequent are taken for confusing noise and the
    others for random noise, as many as give the greatest likelihood; on equality the more. Indexed
    [given, true], zero where both are the same, columns sum to 1. A class without wrong labels
    has a column of zeros (the paper does not say). There may be more ``outputs`` than ``classes``:
    true labels that no given label names.
    """
    classes, outputs = counts.shape
    wrong = counts * (1 - np.eye(classes, outputs))
    C = np.zeros_like(wrong)
    for true_class in range(outputs):
        column = wrong[:, true_class]
        if column.any():
            kept = _most_likely(column / column.sum(), uniform(true_class, classes))
            C[kept, true_class] = column[kept] / column[kept].sum()
    return C


def uniform(true_class: int, classes: int) -> float:
    """Return p(given | true, random): any label but the true one."""
    others = classes - 1 if true_class < classes else classes
    return 1 / max(others, 1)


def noise_types(given: Labels, true: Labels, C: Matrix) -> NDArray[np.int64]:
    """Return the most likely type of noise z (n,) of verified rows (n,)."""
    classes = len(C)
    at_random = np.array([uniform(c, classes) for c in range(C.shape[1])])[true]
    wrong = np.where(C[given, true] < at_random, RANDOM, CONFUSING)
    return np.where(given == true, FREE, wrong)


def type_shares(types: NDArray[np.int64]) -> Matrix:
    """Return the share (3,) of each type of noise among types (n,), each counted once more."""
    counts = np.bincount(types, minlength=3) + 1.0
    return np.asarray(counts / counts.sum())


def _most_likely(share: Matrix, at_random: float) -> NDArray[np.int64]:
    """Return which wrong labels are confusing noise, by the share (C,) of each in a true class."""
    order = np.argsort(-share, kind="stable")
    shares = share[order][: np.count_nonzero(share)]
    kept = np.cumsum(shares)
    own = np.cumsum(shares * np.log(shares)) - kept * np.log(kept)
    likelihood = np.append(0, own) + (1 - np.append(0, kept)) * np.log(at_random)
    best = len(likelihood) - 1 - int(np.argmax(likelihood[::-1]))
    return order[:best]
