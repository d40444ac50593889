"""Per-class sums and the second moment of features: all that the adapted space is made of."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prototypes.blocks import Floats, Labels, tiles, total, unit_rows


@dataclass(frozen=True)
class ClassSums:
    """Weighted sums of rows per class; two of them add."""

    weight: NDArray[np.float64]
    """(C,): sum of the weights of the rows of a class."""
    total: NDArray[np.float64]
    """(C, d): weighted sum of its rows."""

    def __add__(self, other: "ClassSums") -> "ClassSums":
        """Add the sums of two blocks."""
        return ClassSums(self.weight + other.weight, self.total + other.total)

    def means(self) -> NDArray[np.float64]:
        """Return the (C, d) weighted means, Eq. 5 where weights are p; zeros without rows."""
        return self.total / np.where(self.weight > 0, self.weight, 1)[:, None]


@dataclass(frozen=True)
class Moments:
    """Sums of unit rows per class and over all of them the second moment; two of them add."""

    by_class: ClassSums
    second: NDArray[np.float64]
    """(D, D): sum of x xᵀ over the labelled rows."""

    def __add__(self, other: "Moments") -> "Moments":
        """Add the moments of two blocks."""
        return Moments(self.by_class + other.by_class, self.second + other.second)


def class_sums(
    rows: Floats, labels: Labels, classes: int, weights: Floats | None = None
) -> ClassSums:
    """Sum rows (n, d) per class, each times its weight (n,), or 1.

    Rows of zeros and rows labelled -1 do not count. Sums are float64. Raises ValueError for a
    label that is no class.
    """
    kept = np.flatnonzero(counted(rows, labels, classes))
    order = kept[np.argsort(labels[kept], kind="stable")]
    present, starts = np.unique(labels[order], return_index=True)
    sums = ClassSums(np.zeros(classes), np.zeros((classes, rows.shape[1])))
    if present.size:
        weight = np.ones(len(order)) if weights is None else weights[order].astype(np.float64)
        sums.weight[present] = np.add.reduceat(weight, starts)
        sums.total[present] = np.add.reduceat(rows[order] * weight[:, None], starts, axis=0)
    return sums


Weigh = Callable[[NDArray[np.float32], Labels], NDArray[np.float32]]
"""Gives rows g (n, d) with labels (n,) weights (n,), NaN for a row that does not count."""


def weighted_sums(g: NDArray[np.float32], labels: Labels, weigh: Weigh, classes: int) -> ClassSums:
    """Sum the rows of a block per class, weighted: Eq. 5 where ``weigh`` is Eq. 4."""
    return class_sums(g, labels, classes, weigh(g, labels))


def constant(g: NDArray[np.float32], labels: Labels, p: float) -> NDArray[np.float32]:
    """Weigh all rows the same: (n,)."""
    there = (labels >= 0) & g.any(axis=1)
    return np.where(there, np.float32(p), np.float32(np.nan))


def counted(rows: Floats, labels: Labels, classes: int) -> NDArray[np.bool_]:
    """Tell which rows (n, d) count: they have a label and are not all zeros.

    Raises ValueError for a label that is neither -1 nor one of the classes.
    """
    if labels.size and not (labels.min() >= -1 and labels.max() < classes):
        raise ValueError(
            f"Labels run from {labels.min()} to {labels.max()}, but there are {classes} classes: "
            f"number the classes from 0 to {classes - 1} and give rows without a label -1."
        )
    return (labels >= 0) & rows.any(axis=1)


def block_moments(features: Floats, labels: Labels, classes: int) -> Moments:
    """Sum the unit rows of a block of features (n, D), tile by tile."""
    return total(
        _tile_moments(unit_rows(features[part]), labels[part], classes)
        for part in tiles(len(labels))
    )


def _tile_moments(rows: NDArray[np.float32], labels: Labels, classes: int) -> Moments:
    by_class = class_sums(rows, labels, classes)
    rows = rows[labels >= 0]
    return Moments(by_class, (rows.T @ rows).astype(np.float64))
