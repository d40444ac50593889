"""Copies with different labels: at most one of these is right, which is evidence against each."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curate.duplicates.pairs import different_pairs
from curate.duplicates.stars import Rows

LEAST = 1e-7
"""Least probability that a label is wrong."""
LIKELY = 0.5
"""A class of lower probability is rather not the one that a picture shows."""


@dataclass(frozen=True)
class Verdicts:
    """What is said of the labels (k,) of pictures, each once for a picture."""

    quality: NDArray[np.float32]
    """(k,): the probability that the label is right."""
    none: NDArray[np.float32]
    """(k,): the probability that no label of the picture is right."""
    best: Rows
    """(k,): place of the picture's likeliest label."""

    @property
    def known(self) -> NDArray[np.bool_]:
        """Tell of which pictures (k,) the likeliest label is rather right than wrong."""
        return np.asarray(self.quality[self.best] >= LIKELY)

    @property
    def wrong(self) -> NDArray[np.bool_]:
        """Tell which labels (k,) count as wrong.

        All but the likeliest one of a picture, and that too if none is rather right.
        """
        return np.asarray((self.none >= LIKELY) | (self.best != np.arange(len(self.best))))


def at_most_one(picture: Rows, quality: NDArray[np.float32]) -> Verdicts:
    """Judge the different labels (k,) of copies by each other; ``picture`` (k,) is a number.

    The ``quality`` (k,) of a label says how probable it is to be right, if the picture shows that
    class or one that no copy has for a label. With the odds o = q / (1 - q) of each label of a
    picture, at most one of which is right, the probability of one is o / (1 + Σ o), and of none
    1 / (1 + Σ o). Not in the papers.
    """
    q = np.minimum(quality.astype(np.float64), 1 - LEAST)
    odds = q / (1 - q)
    _, start, of = np.unique(picture, return_index=True, return_inverse=True)
    none = 1 / (1 + np.bincount(of, odds))[of]
    order = np.lexsort((-odds, of))
    first = order[np.searchsorted(of[order], np.arange(len(start)))]
    return Verdicts((odds * none).astype(np.float32), none.astype(np.float32), first[of])


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
    pairs = different_pairs(group[~answered], labels[~answered])
    _, of = np.unique(pairs.first, return_inverse=True)
    most = np.zeros(int(of.max(initial=-1)) + 1, np.int64)
    np.maximum.at(most, of, pairs.counts)
    return SurelyKnown(int((~known).sum() + pairs.counts.sum() - most.sum()), int(known.sum()))
