"""A sample of the labelled rows, on which temperatures are calibrated."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prototypes.engine.blocks import Labels
from prototypes.engine.moments import counted

SAMPLE_PRODUCTS, MOST, LEAST = 2**22, 8192, 512
"""The cosines of the sample to C classes take 16 MiB; its rows are within these limits."""


@dataclass(frozen=True)
class LabelledSample:
    """Some labelled rows."""

    g: NDArray[np.float32]
    """(m, d)"""
    labels: Labels
    """(m,) or (m, 1 + K), own labels all ≥ 0"""

    @property
    def several_labels(self) -> bool:
        """Tell whether images have several labels."""
        return self.labels.ndim == 2

    def every(self, stride: int) -> "LabelledSample":
        """Take every ``stride``-th row."""
        return LabelledSample(self.g[::stride], self.labels[::stride])


def sample_stride(rows: float, classes: int) -> int:
    """Return the stride at which rows are sampled, from the number of labelled rows."""
    size = min(max(SAMPLE_PRODUCTS // classes, LEAST), MOST)
    return max(int(rows // size), 1)


def join_samples(blocks: Sequence[LabelledSample], classes: int) -> LabelledSample:
    """Join the samples of blocks in order; thin them if many small blocks give too many rows."""
    g = np.concatenate([block.g for block in blocks])
    joined = LabelledSample(g, np.concatenate([block.labels for block in blocks]))
    return joined.every(sample_stride(len(g), classes))


def sample_rows(
    g: NDArray[np.float32], labels: Labels, classes: int, stride: int
) -> LabelledSample:
    """Take every ``stride``-th counted row of a block."""
    kept = np.flatnonzero(counted(g, labels, classes))[::stride]
    return LabelledSample(g[kept], labels[kept])
