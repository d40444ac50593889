"""CurriculumNet's ranking by density (Guo et al. 2018, section 3.2), without clean rows.

In each class the row with the most neighbours is the centre, and labels are doubted the more the
farther rows are from it. Deviates: on the features that all methods are given, not on those of a
network trained on the noisy labels.
"""

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans

from benchmarks.methods import Judgement, Task
from prototypes.engine.blocks import unit_rows

NEAR = 0.6
"""Share of the distances within a class below which rows are neighbours: the paper's k%."""
SUBSETS = 3
"""Clean, noisy and highly noisy."""


def judge(task: Task) -> Judgement:
    """Score by density and by distance to the densest row; flag each class's farthest subset."""
    features, labels = unit_rows(task.features), task.labels
    density, away = np.zeros((2, len(labels)))
    flag = np.zeros(len(labels), bool)
    for c in np.unique(labels):
        rows = np.flatnonzero(labels == c)
        squared = distances(features[rows])
        density[rows] = neighbours(squared)
        away[rows] = squared[np.argmax(density[rows])]
        flag[rows] = farthest(away[rows])
    return Judgement({"distance": -away, "density": density}, flag, float(flag.mean()))


def distances(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the squared distances (n, n) between unit rows (n, D)."""
    return np.asarray(np.maximum(2 - 2 * features @ features.T, 0), np.float32)


def neighbours(squared: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return which share of all rows is near each row: (n,)."""
    return np.asarray((squared < np.quantile(squared, NEAR)).mean(axis=1))


def farthest(away: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell the rows (n,) in the farthest of three clusters of distances (n,); none if too few."""
    if len(np.unique(away)) < SUBSETS:
        return np.zeros(len(away), bool)
    found = KMeans(SUBSETS, n_init=10, random_state=0).fit(away[:, None])
    return np.asarray(found.labels_ == np.argmax(found.cluster_centers_[:, 0]))
