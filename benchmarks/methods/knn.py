"""Agreement with the nearest neighbours: how many of them carry the given label."""

import numpy as np
from numpy.typing import NDArray

from benchmarks.methods import Judgement, Task
from prototypes.engine.blocks import tiles, unit_rows
from prototypes.engine.neighbours import nearest_samples

NEIGHBOURS = 30


def judge(task: Task) -> Judgement:
    """Score by the share of neighbours that agree; flag where another label is commoner."""
    neighbours = neighbour_labels(unit_rows(task.features), task.labels)
    own, best_other = votes(neighbours, task.labels)
    flag = best_other > own
    return Judgement({"agreement": own / neighbours.shape[1]}, flag, float(flag.mean()))


def neighbour_labels(features: NDArray[np.float32], labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Find the labels (n, k) of the nearest other rows by cosine; exact."""
    k = min(NEIGHBOURS, len(labels) - 1)
    found = np.empty((len(labels), k), np.int64)
    for part in tiles(len(labels)):
        _, rows = nearest_samples(features[part], features, k + 1)
        found[part] = _without_self(rows, np.arange(part.start, part.stop))
    return np.asarray(labels[found])


def _without_self(rows: NDArray[np.int64], own: NDArray[np.int64]) -> NDArray[np.int64]:
    """Take each row itself out (n, k + 1), or the farthest where doubles crowded it out."""
    is_self = rows == own[:, None]
    is_self[~is_self.any(axis=1), -1] = True
    return np.asarray(rows[~is_self].reshape(len(rows), -1))


def votes(
    neighbours: NDArray[np.int64], labels: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Count the neighbours (n, k) that have the given label, and the most for any other: (n,)."""
    agree = neighbours == labels[:, None]
    same = neighbours[:, :, None] == neighbours[:, None, :]
    others = np.where(agree, 0, same.sum(axis=2))
    return agree.sum(axis=1), others.max(axis=1)
