"""Later rounds: consistency judged again by the last round's prototypes, those of other folds."""

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
"""Steps to 1 to which rows are rounded first: processors differ in last digits only."""

Rows = NDArray[np.float32]


def fold_of(g: Rows) -> NDArray[np.int64]:
    """Return the fold (n,) of rows g (n, d).

    It depends on the row alone, so that any cut into blocks gives the same folds, and pictures
    that are the same share one: they do not vouch for each other.
    """
    steps = np.rint(g * np.float32(GRID)).astype(np.int32).view(np.uint32)
    factors = HASH * np.arange(1, 2 * g.shape[1], 2, dtype=np.uint32)
    bits = (steps * factors).sum(axis=1, dtype=np.uint32)
    return np.asarray((bits * HASH >> np.uint32(16)) % FOLDS, np.int64)


def fold_sums(g: Rows, labels: Labels, weigh: Weigh, classes: int) -> BlockSums:
    """Sum the weighted rows of a block for each fold and class: FOLDS·C of them."""
    p = weigh(g, labels)
    cell = np.where(np.isnan(p), -1, fold_of(g) * classes + own_labels(labels))
    return class_sums(g, cell, FOLDS * classes, p)


def fold_prototypes(
    each: EachBlock, weigh: Weigh, before: Rows, join: Callable[[ClassSums], ClassSums]
) -> Rows:
    """Return Eq. 5's prototypes as unit rows, one pass: (FOLDS + 1, C, d).

    The k-th are those of all folds but the k-th, and the last of all. ``join`` adds what counts
    besides the rows of ``each``. A class without other rows keeps what it had ``before`` (C, d).
    """
    classes = len(before)
    sums = add_up(each(partial(fold_sums, weigh=weigh, classes=classes)))
    by_fold = [
        ClassSums(sums.weight[part], sums.total[part]) for part in tiles(FOLDS * classes, classes)
    ]
    # Added up, not all less one: what is left of a class of one fold would be rounding errors.
    rest = [total(by_fold[:k] + by_fold[k + 1 :]) for k in range(FOLDS)]
    found = [join(some) for some in (*rest, total(by_fold))]
    return np.stack(
        [np.where(some.weight[:, None] > 0, unit_rows(some.means()), before) for some in found]
    )


@dataclass(frozen=True)
class CrossFitted:
    """Eq. 4 where no row is judged by prototypes that its own label has made."""

    judges: tuple[Weigh, ...]
    """(FOLDS): what judges each fold's rows."""

    def __call__(self, g: Rows, labels: Labels) -> Rows:
        """Return p (n,) of rows g (n, d); NaN for a row without label or features."""
        p, fold = np.full(len(g), np.nan, np.float32), fold_of(g)
        for k, judge in enumerate(self.judges):
            p[fold == k] = judge(g[fold == k], labels[fold == k])
        return p
