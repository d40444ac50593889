"""Copies with different labels: at most one of these is right, which lowers the quality of each."""

import numpy as np
from numpy.typing import NDArray

from curate.duplicates.stars import Rows

LEAST = 1e-7
"""Least probability that a label is wrong."""


def at_most_one(group: Rows, labels: Rows, quality: NDArray[np.float32]) -> NDArray[np.float32]:
    """Lower the ``quality`` (m,) of rows whose copies have other ``labels`` (m,).

    ``group`` (m,) is the same number for copies. The quality of a label says how probable it is to
    be right. With the odds o = q / (1 - q) of each label of a group, the probability of one, given
    that at most one of them is right, is o / (1 + Σ o). Rows with the same label have one vote:
    the mean of their qualities. NaN stays NaN, and counts for nothing. Not in the papers.
    """
    known = np.flatnonzero(~np.isnan(quality) & (labels >= 0))
    q = np.minimum(quality[known].astype(np.float64), 1 - LEAST)
    pairs, pair = np.unique(
        np.column_stack([group[known], labels[known]]), axis=0, return_inverse=True
    )
    pair = pair.ravel()
    mean = np.bincount(pair, q) / np.maximum(np.bincount(pair), 1)
    odds = mean / (1 - mean)
    groups, of = np.unique(pairs[:, 0], return_inverse=True)
    others = np.bincount(of, odds, len(groups))[of] - odds
    alone = np.bincount(of, minlength=len(groups))[of] == 1
    others[alone] = 0
    own = q / (1 - q)
    lowered = np.array(quality)
    changed = ~alone[pair]
    lowered[known[changed]] = (own / (1 + own + others[pair]))[changed]
    return lowered
