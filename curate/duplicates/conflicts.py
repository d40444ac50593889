"""Copies with different labels: at most one of these is right, which is evidence against each."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curate.duplicates.stars import Rows

LEAST = 1e-7
"""Least probability that a label is wrong."""
LIKELY = 0.5
"""A label of lower probability is wrong rather than right; so are all but one of a picture's."""


@dataclass(frozen=True)
class Conflicts:
    """What rows (m,) with copies are worth once the labels of these are known."""

    quality: NDArray[np.float32]
    """(m,): the probability that the label is right; NaN where it is not known."""
    wrong: NDArray[np.bool_]
    """(m,): the label of the picture is rather wrong than right."""
    likeliest: Rows
    """(m,): of the labels of the picture the one that is most probably right, where any is known.
    """
    probability: NDArray[np.float32]
    """(m,): of that one; NaN where none is known."""


def at_most_one(group: Rows, labels: Rows, quality: NDArray[np.float32]) -> Conflicts:
    """Judge the ``labels`` (m,) of copies by each other.

    ``group`` (m,) is the same number for the copies of a picture. The ``quality`` (m,) of a label
    says how probable it is to be right. With the odds o = q / (1 - q) of each label of a group, the
    probability of one, given that at most one of them is right, is o / (1 + Σ o). Rows with the
    same label have one vote: the mean of their qualities. NaN stays NaN, and counts for nothing.
    Not in the papers.
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
    total = np.bincount(of, odds, len(groups))
    others = total[of] - odds
    probability = odds / (1 + total[of])
    best = np.lexsort((-probability, of))[np.searchsorted(of, np.arange(len(groups)))]
    own = q / (1 - q)
    found = Conflicts(
        np.array(quality),
        np.zeros(len(labels), bool),
        np.array(labels),
        np.full(len(labels), np.nan, np.float32),
    )
    several = (np.bincount(of, minlength=len(groups)) > 1)[of][pair]
    found.quality[known[several]] = (own / (1 + own + others[pair]))[several]
    found.wrong[known] = (probability < LIKELY)[pair]
    found.likeliest[known] = pairs[best, 1][of][pair]
    found.probability[known] = probability[best][of][pair]
    return found


@dataclass(frozen=True)
class SurelyKnown:
    """How many labels of pictures with copies are wrong, and right, whatever they look like."""

    wrong: int = 0
    """At least."""
    right: int = 0
    """At least."""


def surely_known(
    group: Rows, labels: Rows, answers: Rows, answered: NDArray[np.bool_]
) -> SurelyKnown:
    """Count what the labels (m,) of copies, and ``answers`` (m,) of people, leave no doubt of.

    ``group`` (m,) is the same number for copies, and ``answers`` count where ``answered``. Where
    nobody has answered, the rows of a picture are wrong but for those of one label, at most the
    commonest. Rows without a label must not be among them.
    """
    known = labels[answered] == answers[answered]
    pairs, counts = np.unique(
        np.column_stack([group[~answered], labels[~answered]]), axis=0, return_counts=True
    )
    _, of = np.unique(pairs[:, 0], return_inverse=True)
    most = np.zeros(int(of.max(initial=-1)) + 1, np.int64)
    np.maximum.at(most, of, counts)
    return SurelyKnown(int((~known).sum() + counts.sum() - most.sum()), int(known.sum()))
