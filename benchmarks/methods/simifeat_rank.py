"""SimiFeat-R: of each class as many are wrong as HOC estimates, the lowest first (2022)."""

import numpy as np
from numpy.typing import NDArray

from benchmarks.methods import Judgement, Task
from benchmarks.methods.hoc import estimate
from benchmarks.methods.simifeat import agreement, soft_labels
from prototypes.engine.blocks import unit_rows


def judge(task: Task) -> Judgement:
    """Flag by rank within the class, score by agreement; the noise is HOC's estimate."""
    features, labels = unit_rows(task.features), task.labels
    classes = int(labels.max()) + 1
    score = agreement(soft_labels(features, labels, classes), labels)
    found = estimate(features, labels, classes)
    return Judgement({"agreement": score}, lowest(score, labels, 1 - found.right), found.noise)


def lowest(
    score: NDArray[np.float64], labels: NDArray[np.int64], share: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Tell which rows (n,) are among the ``share`` (C,) of their class with the lowest scores."""
    flag = np.zeros(len(score), bool)
    for c, part in enumerate(share):
        rows = np.flatnonzero(labels == c)
        order = rows[np.argsort(score[rows], kind="stable")]
        flag[order[: round(part * len(rows))]] = True
    return flag
