"""Rows whose label a person has verified: how they count beside the rows of the crawl."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from prototypes.engine.blocks import EachBlock, Labels
from prototypes.engine.moments import ClassSums, Weigh, add_up, class_sums, constant
from prototypes.fit.clusters import Source
from prototypes.options import BOTH

VERIFIED_WEIGHT = 10.0
"""Weight of a verified row, in average rows of the crawl."""
T = TypeVar("T")


@dataclass(frozen=True)
class Verified:
    """Verified rows, and what they add to sums over the crawl; `BOTH` is not in the paper."""

    each: EachBlock | None
    """Blocks of verified rows; None if there are none."""
    sums: ClassSums
    """Unweighted sums per class of the verified rows."""
    counts: NDArray[np.float64]
    """(C,): labelled rows of the crawl that are not verified."""
    use: str
    """`options.BOTH` or `options.ONLY`."""

    @classmethod
    def of(cls, each: EachBlock | None, crowd: ClassSums, use: str) -> "Verified":
        """Sum the verified rows in one pass; ``crowd`` are unweighted sums over the crawl."""
        classes = len(crowd.weight)
        sums = ClassSums(np.zeros(classes), np.zeros((classes, 1)))
        if each is not None:
            sums = add_up(each(partial(class_sums, classes=classes)))
        return cls(each, sums, crowd.weight, use)

    def blocks(self, fn: Callable[..., T]) -> tuple[T, ...]:
        """Apply fn(g, labels) to each block of verified rows; returns () if there are none."""
        return () if self.each is None else tuple(self.each(fn))

    @property
    def crowd(self) -> NDArray[np.bool_]:
        """Tell for which classes (C,) the rows of the crawl count."""
        return np.asarray((self.sums.weight == 0) | (self.use == BOTH))

    def weight(self, crowd: ClassSums) -> float:
        """Return the weight of a verified row beside the weighted rows of the crawl, ``crowd``."""
        return float(VERIFIED_WEIGHT * crowd.weight.sum() / max(self.counts.sum(), 1)) or 1.0

    def join(self, crowd: ClassSums) -> ClassSums:
        """Add the verified rows to sums over the crawl, per class."""
        kept, weight = self.crowd.astype(float), self.weight(crowd)
        return ClassSums(
            crowd.weight * kept + weight * self.sums.weight,
            crowd.total * kept[:, None] + weight * self.sums.total,
        )

    def sources(self, each: EachBlock, weigh: Weigh, crowd: ClassSums) -> list[Source]:
        """List the sources of prototypes: the rows of the crawl, and the verified rows.

        ``weigh`` gives the weights of the rows of the crawl, and ``crowd`` their weighted sums.
        """
        within = partial(_of_classes, weigh=weigh, classes=self.crowd)
        found = [Source(each, within, self.counts * self.crowd)]
        if self.each is not None:
            own = partial(constant, p=self.weight(crowd))
            found.append(Source(self.each, own, self.sums.weight))
        return found


def _of_classes(
    g: NDArray[np.float32], labels: Labels, weigh: Weigh, classes: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Give weights only to rows of some classes (C,), NaN to others."""
    return weigh(g, np.where(classes[labels], labels, -1))
