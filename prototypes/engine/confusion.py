"""Which class an image with a wrong label truly belongs to: likely one related to the label."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from prototypes.engine.blocks import Labels
from prototypes.engine.softmax import CLASSES

Rows = NDArray[np.float32]


@dataclass(frozen=True)
class Confusion:
    """p(true class | given label, the label is wrong), not in the paper.

    For a share λ of the images with a wrong label y, the true class is k ≠ y with a probability
    ∝ exp(S_t[y, k] / τ); for the rest all classes are equally likely. So they are for a class that
    S_t does not know. Among many classes only the most likely of a label are stored, and the others
    share the remaining probability evenly.
    """

    share: float
    """λ in [0, 1]; 0 if the relations do not predict which classes are confused."""
    related: NDArray[np.int32]
    """(C, K): the most likely true classes of each label, ascending; K is 0, C, or MOST_RELATED."""
    excess: Rows
    """(C, K): log of how many times as likely they are as the other classes of the label."""
    others: Rows
    """(C,): log of how many times as likely as by chance each of the other classes is."""
    sizes: Rows
    """(C,): log prior of the true class if one class dominates (see `dominance`); else zeros."""

    @cached_property
    def sized(self) -> bool:
        """Tell whether one class dominates."""
        return bool(self.sizes.any())

    def add_excess(self, logits: Rows, labels: Labels, part: slice) -> None:
        """Add ``excess`` to logits (n, c) of the classes in ``part``, one of ``tiles(C, CLASSES)``.

        Adds nothing for label -1. The value at the label itself is meaningless.
        """
        C, K = self.related.shape
        rows = np.flatnonzero(labels >= 0)
        if len(rows) < len(labels):
            known = logits[rows]
            self.add_excess(known, labels[rows], part)
            logits[rows] = known
        elif K == C:
            logits += self.excess[labels]
        elif K:
            bounds = self._bounds[:, part.start // CLASSES :][labels, :2]
            count = bounds[:, 1] - bounds[:, 0]
            first = np.repeat(bounds[:, 0] - np.cumsum(count) + count, count)
            at = first + np.arange(len(first))
            cells = np.repeat(rows, count), self.related.ravel()[at] - part.start
            logits[cells] += self.excess.ravel()[at]

    @cached_property
    def _bounds(self) -> NDArray[np.int64]:
        """Offsets (C, parts + 1) of each part's related classes in the flattened array."""
        C, K = self.related.shape
        ends = np.append(np.arange(CLASSES, C, CLASSES), C)
        below = np.stack([(self.related < end).sum(axis=1) for end in ends], axis=1)
        return np.asarray(np.arange(C)[:, None] * K + np.pad(below, ((0, 0), (1, 0))))


def uniform(classes: int) -> Confusion:
    """Return the confusion in which all other classes are equally likely."""
    nothing, zeros = np.zeros((classes, 0), np.float32), np.zeros(classes, np.float32)
    return Confusion(0.0, nothing.astype(np.int32), nothing, zeros, zeros)
