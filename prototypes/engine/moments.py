"""Sums per class and the second moment of features, from which the adapted space is fitted."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from prototypes.engine.blocks import Floats, Labels, Sums, not_zero, unit_rows
from prototypes.engine.pairs import own_labels
from prototypes.engine.products import HOST, Products


@dataclass(frozen=True)
class ClassSums:
    """Weighted sums of rows per class; they can be added."""

    weight: NDArray[np.float64]
    """(C,): sum of the weights of each class's rows."""
    total: NDArray[np.float64]
    """(C, d): weighted sum of each class's rows."""

    def __add__(self, other: "ClassSums") -> "ClassSums":
        """Add the sums over other rows."""
        return ClassSums(self.weight + other.weight, self.total + other.total)

    def means(self) -> NDArray[np.float64]:
        """Return weighted means (C, d), Eq. 5 if weights are p; zeros for a class without rows."""
        return self.total / np.where(self.weight > 0, self.weight, 1)[:, None]


@dataclass(frozen=True)
class BlockSums(Sums):
    """`ClassSums` of a block of rows, for only the P classes that occur in it."""

    classes: int
    """C"""
    present: NDArray[np.integer]
    """(P,) ascending"""
    weight: NDArray[np.float64]
    """(P,)"""
    total: Floats
    """(P, d)"""

    def add_to(self, sums: ClassSums | None) -> ClassSums:
        """Add these in place to the sums of earlier blocks, None for the first block."""
        if sums is None:
            sums = ClassSums(np.zeros(self.classes), np.zeros((self.classes, self.total.shape[1])))
        self._add(sums, self.present)
        return sums

    def joined(self, others: Sequence[Self]) -> Self:
        """Add those of the blocks that follow, in float64."""
        blocks = (self, *others)
        present = np.unique(np.concatenate([block.present for block in blocks]))
        sums = ClassSums(np.zeros(len(present)), np.zeros((len(present), self.total.shape[1])))
        for block in blocks:
            block._add(sums, np.searchsorted(present, block.present))
        return replace(self, present=present, weight=sums.weight, total=sums.total)

    def _add(self, sums: ClassSums, rows: NDArray[np.integer]) -> None:
        """Add these in place to ``rows`` (P,), ascending, of sums."""
        at = slice(None) if len(rows) == len(sums.weight) else rows
        sums.weight[at] += self.weight
        sums.total[at] += self.total


def add_up(blocks: Iterable[BlockSums]) -> ClassSums:
    """Add up the sums of blocks in order; needs at least one."""
    sums: ClassSums | None = None
    for block in blocks:
        sums = block.add_to(sums)
    assert sums is not None
    return sums


@dataclass(frozen=True)
class Moments:
    """Sums of unit rows per class, and the second moment of all rows."""

    by_class: ClassSums
    second: NDArray[np.float64]
    """(D, D): sum of x xᵀ over the labelled rows."""


@dataclass(frozen=True)
class BlockMoments(Sums):
    """`Moments` of a block of rows."""

    by_class: BlockSums
    second: NDArray[np.float64]
    """(D, D)"""

    def joined(self, others: Sequence[Self]) -> Self:
        """Add those of the blocks that follow."""
        second = self.second.copy()
        for other in others:
            second += other.second
        by_class = self.by_class.joined([other.by_class for other in others])
        return replace(self, by_class=by_class, second=second)


def class_sums(
    rows: Floats, labels: Labels, classes: int, weights: Floats | None = None
) -> BlockSums:
    """Sum the rows (n, d) of a block per class, with weights (n,) or 1.

    Rows of zeros and rows labelled -1 do not count. Sums within a block have the precision of the
    rows; blocks are added in float64. Raises ValueError for a label that is not a class.
    """
    labels = own_labels(labels)
    kept = np.flatnonzero(counted(rows, labels, classes))
    return _sums(rows, labels, classes, kept, weights)


def _sums(
    rows: Floats, labels: Labels, classes: int, kept: NDArray[np.intp], weights: Floats | None
) -> BlockSums:
    """Sum the ``kept`` rows per class."""
    weight = np.ones(len(kept)) if weights is None else weights[kept].astype(np.float64)
    present, which = np.unique(labels[kept], return_inverse=True)
    of_class = sparse.csr_array((weight, (which, kept)), shape=(len(present), len(rows)))
    total = of_class.astype(rows.dtype) @ rows
    weights_of = np.asarray(np.bincount(which, weight, len(present)), np.float64)
    return BlockSums(classes, present, weights_of, total)


Weigh = Callable[[NDArray[np.float32], Labels], NDArray[np.float32]]
"""Maps rows g (n, d) and labels (n,) to weights (n,), NaN for a row that does not count."""


def constant(g: NDArray[np.float32], labels: Labels, p: float) -> NDArray[np.float32]:
    """Give all rows the weight ``p``: (n,), NaN for a row without label or features."""
    counts = (own_labels(labels) >= 0) & not_zero(g)
    return np.where(counts, np.float32(p), np.float32(np.nan))


def counted(rows: Floats, labels: Labels, classes: int) -> NDArray[np.bool_]:
    """Tell which rows (n, d) count: those that have a label and are not all zeros.

    Raises ValueError for a label that is neither -1 nor one of the classes.
    """
    labels = own_labels(labels)
    if labels.size and not (labels.min() >= -1 and labels.max() < classes):
        raise ValueError(
            f"Labels run from {labels.min()} to {labels.max()}, but there are {classes} classes: "
            f"number the classes from 0 to {classes - 1} and give rows without a label -1."
        )
    return np.asarray((labels >= 0) & not_zero(rows))


def block_moments(
    features: Floats, labels: Labels, classes: int, products: Products = HOST
) -> BlockMoments:
    """Sum the unit rows of a block of features (n, D).

    The mean is subtracted before rows are summed in float32; otherwise rounding would hide how they
    differ.
    """
    rows, labels = unit_rows(features), own_labels(labels)
    kept = np.flatnonzero(counted(rows, labels, classes))
    if len(kept) < len(rows):
        rows, labels = rows[kept], labels[kept]
    mean = rows.sum(axis=0, dtype=np.float64) / max(len(rows), 1)
    shift = mean.astype(np.float32)
    rows -= shift
    sums = _sums(rows, labels, classes, np.arange(len(rows)), None)
    sums = replace(sums, total=sums.total + np.outer(sums.weight, shift.astype(np.float64)))
    second = products.second_moment(rows) + len(rows) * np.outer(mean, mean)
    return BlockMoments(sums, second)


def add_moments(blocks: Iterable[BlockMoments]) -> Moments:
    """Add up the moments of blocks in order; needs at least one."""
    sums: ClassSums | None = None
    second: NDArray[np.float64] | None = None
    for block in blocks:
        sums = block.by_class.add_to(sums)
        second = block.second if second is None else np.add(second, block.second, out=second)
    assert sums is not None and second is not None
    return Moments(sums, second)
