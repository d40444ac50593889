"""The rows that prototypes are fitted to: the rows of the crawl, and the verified rows."""

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from prototypes.engine.blocks import EachBlock
from prototypes.engine.moments import ClassSums, add_up, class_sums
from prototypes.fit.sample import LabelledSample, join_samples, sample_rows, sample_stride
from prototypes.fit.verified import Verified


@dataclass(frozen=True)
class CrawlRows:
    """The rows of a crawl in blocks, their unweighted sums, and the verified rows."""

    each: EachBlock
    sums: ClassSums
    """Unweighted sums per class of the rows g of the crawl."""
    verified: Verified

    @classmethod
    def of(cls, each: EachBlock, classes: int, verified: EachBlock | None, use: str) -> "CrawlRows":
        """Sum the rows per class: one pass over each source. ``use`` is BOTH or ONLY."""
        sums = add_up(each(partial(class_sums, classes=classes)))
        return cls(each, sums, Verified.of(verified, sums, use))

    @property
    def classes(self) -> int:
        """C."""
        return len(self.sums.weight)

    @property
    def counts(self) -> NDArray[np.float64]:
        """(C,): number of rows of each class, verified rows included."""
        return self.verified.counts + self.verified.sums.weight

    def sample_of(self, each: EachBlock) -> LabelledSample:
        """Sample other blocks of the crawl, and the verified rows, for calibration: one pass."""
        taken = partial(sample_rows, classes=self.classes, stride=self.stride)
        return join_samples([*each(taken), *self.verified.blocks(taken)], self.classes)

    @property
    def stride(self) -> int:
        """The stride at which rows are sampled for calibration."""
        return sample_stride(self.sums.weight.sum(), self.classes)
