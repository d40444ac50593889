"""How a relation matrix is shown: the nearest classes of each, and an order that shows blocks."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform

Matrix = NDArray[np.floating[Any]]


def nearest_classes(S: Matrix, k: int) -> NDArray[np.intp]:
    """Return for each class the k others with the highest S, best first: (C, k), -1 for none."""
    others = np.array(S, np.float32)
    np.fill_diagonal(others, np.nan)
    unknown = np.isnan(others)
    others[unknown] = -np.inf
    order = np.argsort(-others, axis=1, kind="stable")[:, :k]
    return np.where(np.take_along_axis(unknown, order, axis=1), -1, order)


def block_order(S: Matrix) -> NDArray[np.intp]:
    """Order the classes (C,) so that related ones are side by side.

    They are the leaves of the tree that average linkage builds on the distances max(S) - S. Unknown
    relations count as the largest distance.
    """
    if len(S) < 3 or np.isnan(S).all():
        return np.arange(len(S))
    filled = np.where(np.isnan(S), np.nanmin(S), S)
    symmetric = (filled + filled.T) / 2
    distances = symmetric.max() - symmetric
    np.fill_diagonal(distances, 0)
    tree = linkage(squareform(distances, checks=False), "average")
    return np.asarray(leaves_list(tree), np.intp)
