"""Later rounds: consistency computed again from the last round's prototypes of other folds."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from prototypes.engine.blocks import EachBlock, Labels, tiles, total, unit_rows
from prototypes.engine.moments import BlockSums, ClassSums, Weigh, add_up, class_sums
from prototypes.engine.pairs import own_labels

FOLDS = 5
HASH = np.uint32(2654435761)
"""Knuth's multiplicative hash."""
GRID = 64
"""Rows are rounded to multiples of 1/64 first, as CPUs and GPUs differ in the last digits."""

Rows = NDArray[np.float32]


def fold_of(g: Rows) -> NDArray[np.int64]:
    """Return the fold (n,) of rows g (n, d).

    It depends only on the row, so that any split into blocks gives the same folds, and duplicate
    images are in the same fold: they cannot support each other's labels.
    """
    steps = np.rint(g * np.float32(GRID)).astype(np.int32).view(np.uint32)
    factors = HASH * np.arange(1, 2 * g.shape[1], 2, dtype=np.uint32)
    bits = (steps * factors).sum(axis=1, dtype=np.uint32)
    return np.asarray((bits * HASH >> np.uint32(16)) % FOLDS, np.int64)


def fold_sums(g: Rows, labels: Labels, weigh: Weigh, classes: int) -> BlockSums:
    """Sum the weighted rows of a block per fold and class: FOLDS·C sums."""
    p = weigh(g, labels)
    cell = np.where(np.isnan(p), -1, fold_of(g) * classes + own_labels(labels))
    return class_sums(g, cell, FOLDS * classes, p)


def fold_prototypes(
    each: EachBlock, weigh: Weigh, before: Rows, join: Callable[[ClassSums], ClassSums]
) -> Rows:
    """Return the prototypes of Eq. 5 as unit rows (FOLDS + 1, C, d), in one pass.

    The k-th are made from all folds but the k-th, and the last ones from all folds. ``join`` adds
    the verified rows to sums. A class without rows in other folds keeps its prototype of ``before``
    (C, d).
    """
    classes = len(before)
    sums = add_up(each(partial(fold_sums, weigh=weigh, classes=classes)))
    by_fold = [
        ClassSums(sums.weight[part], sums.total[part]) for part in tiles(FOLDS * classes, classes)
    ]
    # Not all minus one: of a class with rows in one fold only, rounding errors would remain.
    rest = [total(by_fold[:k] + by_fold[k + 1 :]) for k in range(FOLDS)]
    found = [join(some) for some in (*rest, total(by_fold))]
    return np.stack(
        [np.where(some.weight[:, None] > 0, unit_rows(some.means()), before) for some in found]
    )


@dataclass(frozen=True)
class CrossFitted:
    """Eq. 4 in which no row is judged by prototypes that its own label contributed to."""

    judges: tuple[Weigh, ...]
    """(FOLDS): Eq. 4 for the rows of each fold."""

    def __call__(self, g: Rows, labels: Labels) -> Rows:
        """Return p (n,) of rows g (n, d); NaN for a row without label or features."""
        p, fold = np.full(len(g), np.nan, np.float32), fold_of(g)
        for k, judge in enumerate(self.judges):
            p[fold == k] = judge(g[fold == k], labels[fold == k])
        return p
