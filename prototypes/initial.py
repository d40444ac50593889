"""Initial prototypes: per class the mean of the images that are classified most confidently."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prototypes.blocks import Floats, Labels
from prototypes.moments import ClassSums, class_sums, counted
from prototypes.pairs import own_labels
from prototypes.rivals import nearest_rival

BINS = 512
"""Bins of a margin histogram over [-1, 1]: a threshold is exact to 1/256."""


@dataclass(frozen=True)
class MarginHistogram:
    """How many rows of each class have a margin in each bin; two of them add."""

    counts: NDArray[np.int32]
    """(C, BINS)"""

    def __add__(self, other: "MarginHistogram") -> "MarginHistogram":
        """Add the counts of two blocks."""
        return MarginHistogram(self.counts + other.counts)


def margin(g: Floats, labels: Labels, plain: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the cosine to the given class's plain mean minus that to its nearest rival: (n,).

    ``plain`` (C, d), C ≥ 2; the margin of a row without a label is of no use.
    """
    own = np.einsum("ij,ij->i", g, plain[own_labels(labels)])
    return np.asarray(own - nearest_rival(g, labels, plain), np.float32)


def margin_histogram(g: Floats, labels: Labels, plain: NDArray[np.float32]) -> MarginHistogram:
    """Count the margins of a block per class, so that a quantile needs no sorting of all."""
    classes = len(plain)
    kept = counted(g, labels, classes)
    cells = own_labels(labels)[kept] * BINS + _bin(margin(g, labels, plain)[kept])
    counts = np.bincount(cells, minlength=classes * BINS)
    return MarginHistogram(counts.reshape(classes, BINS).astype(np.int32))


def reliable_bins(histogram: MarginHistogram, share: float) -> NDArray[np.int64]:
    """Return for each class the lowest bin (C,) of its top ``share`` of margins.

    At least one row of every class that has any lies in or above its bin.
    """
    above = histogram.counts[:, ::-1].cumsum(axis=1)[:, ::-1]
    wanted = np.maximum(share * above[:, :1], 1)
    return np.asarray(np.maximum((above >= wanted).sum(axis=1) - 1, 0))


def reliable(
    g: Floats, labels: Labels, plain: NDArray[np.float32], bins: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Tell which rows are among the most confident of their class: (n,)."""
    kept = counted(g, labels, len(plain))
    return kept & (_bin(margin(g, labels, plain)) >= bins[own_labels(labels)])


def reliable_sums(
    g: Floats, labels: Labels, plain: NDArray[np.float32], bins: NDArray[np.int64]
) -> ClassSums:
    """Sum the reliable rows of a block per class; their means are the initial prototypes."""
    chosen = reliable(g, labels, plain, bins)
    return class_sums(g[chosen], labels[chosen], len(plain))


def _bin(margins: NDArray[np.float32]) -> NDArray[np.int64]:
    return np.asarray(np.clip((margins + 1) * (BINS / 2), 0, BINS - 1), np.int64)
