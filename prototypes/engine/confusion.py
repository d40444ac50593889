"""What a wrong label is likely to stand for: classes that are related to it."""

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

    A share λ of wrong labels y stands for class k with a probability ∝ exp(S_t[y, k] / τ), k ≠ y,
    and the rest for any class. S_t is what the user says of the classes, so that where that says
    nothing, of a class or at all, any class is as likely. Of many classes the likeliest are kept,
    and the others of a label share evenly what these leave.
    """

    share: float
    """λ in [0, 1]; 0 where the relations foretell nothing of what labels are taken for."""
    related: NDArray[np.int32]
    """(C, K): a label's likeliest classes, ascending; K is 0, C, or MOST_RELATED."""
    excess: Rows
    """(C, K): log of how much likelier they are than its other classes."""
    others: Rows
    """(C,): log of how much likelier than by chance any other class is."""
    sizes: Rows
    """(C,): log prior of the true class, as far as one class outweighs the others; else zeros."""

    @cached_property
    def sized(self) -> bool:
        """Tell whether one class outweighs the others."""
        return bool(self.sizes.any())

    def add_excess(self, logits: Rows, labels: Labels, part: slice) -> None:
        """Add to logits (n, c), of at most CLASSES classes, what each has over ``others``.

        That is nothing for label -1, and of no use at the label itself. ``part`` is one of
        ``tiles(C, CLASSES)``.
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
        """(C, parts + 1): where the related classes of each part begin in the flat array."""
        C, K = self.related.shape
        ends = np.append(np.arange(CLASSES, C, CLASSES), C)
        below = np.stack([(self.related < end).sum(axis=1) for end in ends], axis=1)
        return np.asarray(np.arange(C)[:, None] * K + np.pad(below, ((0, 0), (1, 0))))


def uniform(classes: int) -> Confusion:
    """Return the confusion in which any other class is as likely."""
    nothing, zeros = np.zeros((classes, 0), np.float32), np.zeros(classes, np.float32)
    return Confusion(0.0, nothing.astype(np.int32), nothing, zeros, zeros)
