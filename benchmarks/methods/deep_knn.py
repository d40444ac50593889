"""Deep k-NN: agreement of neighbours in the logits of a preliminary model (Bahri et al. 2020).

A label is filtered out where it is not the commonest of the nearest rows by the logits of a model
that was trained on the noisy labels (2004.12289, Algorithm 1). Deviates: the model is a logistic
regression on the features that all methods are given, there are no clean rows, and a row is not its
own neighbour.
"""

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import NearestNeighbors

from benchmarks.methods import Judgement, Task
from benchmarks.methods.knn import votes
from benchmarks.methods.regression import MAX_ITERATIONS, C
from prototypes.engine.blocks import tiles, unit_rows

NEIGHBOURS = 50
"""The paper finds that the choice hardly matters; classes have few hundred rows here."""


def judge(task: Task) -> Judgement:
    """Score by the share of neighbours that agree; flag where another label is commoner."""
    labels = task.labels
    rows = nearest(logits(unit_rows(task.features), labels))
    own, other = np.zeros((2, len(labels)), np.int64)
    for part in tiles(len(labels)):
        own[part], other[part] = votes(labels[rows[part]], labels[part])
    flag = other > own
    return Judgement({"agreement": own / rows.shape[1]}, flag, float(flag.mean()))


def logits(features: NDArray[np.float32], labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the logits (n, C), or (n, 1) of two classes, of a model of the given labels (n,)."""
    model = LogisticRegression(C=C, max_iter=MAX_ITERATIONS).fit(features, labels)
    return np.asarray(model.decision_function(features).reshape(len(labels), -1))


def nearest(points: NDArray[np.float64]) -> NDArray[np.int64]:
    """Find the nearest other rows (n, k) of points (n, d) by Euclidean distance."""
    k = min(NEIGHBOURS, len(points) - 1)
    found = NearestNeighbors(n_neighbors=k).fit(points).kneighbors(return_distance=False)
    return np.asarray(found)
