"""The rows of a crawl that the prototypes are fitted to: its own, and the verified ones."""

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from prototypes.engine.blocks import EachBlock
from prototypes.engine.moments import ClassSums, add_up, class_sums
from prototypes.fit.sample import sample_stride
from prototypes.fit.verified import Verified


@dataclass(frozen=True)
class CrawlRows:
    """The crawl's own rows by blocks, their plain sums, and the rows that a person has verified."""

    each: EachBlock
    sums: ClassSums
    """Of the crawl's own rows g per class, each once."""
    verified: Verified

    @classmethod
    def of(cls, each: EachBlock, classes: int, verified: EachBlock | None, use: str) -> "CrawlRows":
        """Sum the rows per class: one pass over each source. ``use`` is one of `verified.USES`."""
        sums = add_up(each(partial(class_sums, classes=classes)))
        return cls(each, sums, Verified.of(verified, sums, use))

    @property
    def classes(self) -> int:
        """C."""
        return len(self.sums.weight)

    @property
    def counts(self) -> NDArray[np.float64]:
        """(C,): how many rows each class has, the verified ones included."""
        return self.verified.counts + self.verified.sums.weight

    @property
    def stride(self) -> int:
        """Every how many rows one goes into the sample that temperatures are calibrated on."""
        return sample_stride(self.sums.weight.sum(), self.classes)
