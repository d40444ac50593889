"""How well a score or a flag finds wrong labels. A low score is suspicious.

``wrong`` (N,) is the truth. NaN is returned where there is nothing to find, or nothing else.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

Bools = NDArray[np.bool_]
Floats = NDArray[np.floating]


def auroc(wrong: Bools, score: Floats) -> float:
    """Return the chance that a wrong label scores below a right one; a tie counts half."""
    bad, good = int(wrong.sum()), int((~wrong).sum())
    if not bad or not good:
        return float("nan")
    above = rankdata(-score)[wrong].sum() - bad * (bad + 1) / 2
    return float(above / (bad * good))


def average_precision(wrong: Bools, score: Floats) -> float:
    """Return Σ (R_i − R_{i−1}) P_i over the distinct scores, most suspicious first."""
    found, looked_at = _found(wrong, score)
    if not found[-1]:
        return float("nan")
    return float(np.diff(found, prepend=0) @ (found / looked_at) / found[-1])


def f1_at_rate(wrong: Bools, score: Floats) -> float:
    """Return F1 of the N·rate most suspicious, rate the true share of wrong labels.

    As many are taken as there are wrong ones, so precision and recall are equal to it. Of rows
    that tie at the threshold a random part is taken; this is the expectation.
    """
    found, looked_at = _found(wrong, score)
    if not found[-1]:
        return float("nan")
    curve = np.interp(found[-1], np.append(0, looked_at), np.append(0, found))
    return float(curve / found[-1])


def precision_recall(wrong: Bools, flag: Bools) -> tuple[float, float]:
    """Return which share of the flagged is wrong, and which share of the wrong is flagged."""
    hits = float((wrong & flag).sum())
    return hits / flag.sum() if flag.any() else float("nan"), (
        hits / wrong.sum() if wrong.any() else float("nan")
    )


def _found(wrong: Bools, score: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Count wrong labels, and all, up to and with each distinct score, lowest first."""
    order = np.argsort(score, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(score[order])), len(order) - 1)
    return np.cumsum(wrong[order])[ends], ends + 1
