"""Rows whose label a person has verified: how they count beside the crawl's own."""

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
"""A verified row weighs as much as so many average rows of the crawl."""
T = TypeVar("T")


@dataclass(frozen=True)
class Verified:
    """Verified rows, and what they add to sums over the crawl's; `BOTH` is not in the paper."""

    each: EachBlock | None
    """Their blocks; None where nobody has verified any."""
    sums: ClassSums
    """Of these rows per class, each once."""
    counts: NDArray[np.float64]
    """(C,): rows of the crawl that have a label, which nobody has verified."""
    use: str
    """One of `options.USES`."""

    @classmethod
    def of(cls, each: EachBlock | None, crowd: ClassSums, use: str) -> "Verified":
        """Sum the verified rows: a pass over them; ``crowd`` are plain sums over the crawl's."""
        classes = len(crowd.weight)
        sums = ClassSums(np.zeros(classes), np.zeros((classes, 1)))
        if each is not None:
            sums = add_up(each(partial(class_sums, classes=classes)))
        return cls(each, sums, crowd.weight, use)

    def blocks(self, fn: Callable[..., T]) -> tuple[T, ...]:
        """Apply fn(g, labels) to each block of verified rows; nothing where there are none."""
        return () if self.each is None else tuple(self.each(fn))

    @property
    def crowd(self) -> NDArray[np.bool_]:
        """Tell for which classes (C,) the crawl's own rows count."""
        return np.asarray((self.sums.weight == 0) | (self.use == BOTH))

    def weight(self, crowd: ClassSums) -> float:
        """Return what a verified row weighs beside the rows that ``crowd`` sums."""
        return float(VERIFIED_WEIGHT * crowd.weight.sum() / max(self.counts.sum(), 1)) or 1.0

    def join(self, crowd: ClassSums) -> ClassSums:
        """Add the verified rows to sums over the crawl's, per class."""
        kept, weight = self.crowd.astype(float), self.weight(crowd)
        return ClassSums(
            crowd.weight * kept + weight * self.sums.weight,
            crowd.total * kept[:, None] + weight * self.sums.total,
        )

    def sources(self, each: EachBlock, weigh: Weigh, crowd: ClassSums) -> list[Source]:
        """List the rows that make prototypes: the crawl's, weighed by ``weigh``, and these.

        ``crowd`` are the sums of the crawl's rows so weighed.
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
    """Weigh the rows of some classes (C,) only."""
    return weigh(g, np.where(classes[labels], labels, -1))
