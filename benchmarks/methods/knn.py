"""Agreement with the nearest neighbours: how many of them carry the given label."""

import numpy as np
from numpy.typing import NDArray

from benchmarks.methods import Judgement, Task
from prototypes.engine.blocks import tiles, unit_rows
from prototypes.engine.neighbours import nearest_samples

NEIGHBOURS = 30


def judge(task: Task) -> Judgement:
    """Score by the share of neighbours that agree; flag where another label is commoner."""
    labels = task.labels
    _, rows = nearest_others(unit_rows(task.features), NEIGHBOURS)
    own, best_other = votes(labels[rows], labels)
    flag = best_other > own
    return Judgement({"agreement": own / rows.shape[1]}, flag, float(flag.mean()))


def nearest_others(
    features: NDArray[np.float32], k: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Find the k nearest other rows of unit rows (n, D), or all if they are fewer; exact.

    Returns cosines (n, k) and rows (n, k), nearest first.
    """
    k = min(k, len(features) - 1)
    cosines, rows = np.empty((len(features), k), np.float32), np.empty((len(features), k), np.int64)
    for part in tiles(len(features)):
        found, at = nearest_samples(features[part], features, k + 1)
        others = _others(at, np.arange(part.start, part.stop))
        cosines[part], rows[part] = found[others].reshape(-1, k), at[others].reshape(-1, k)
    return cosines, rows


def _others(rows: NDArray[np.int64], own: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell all (n, k + 1) but each row itself, or the farthest where doubles crowded it out."""
    is_self = rows == own[:, None]
    is_self[~is_self.any(axis=1), -1] = True
    return np.asarray(~is_self)


def votes(
    neighbours: NDArray[np.int64], labels: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Count the neighbours (n, k) that have the given label, and the most for any other: (n,)."""
    agree = neighbours == labels[:, None]
    same = neighbours[:, :, None] == neighbours[:, None, :]
    others = np.where(agree, 0, same.sum(axis=2))
    return agree.sum(axis=1), others.max(axis=1)
