"""Labels that many images share: how images with the label differ from images without it.

Features are centred on the mean of the class means. If a label is on a share s of the images behind
that centre, the centre is only (1 − s) of the way from the images with the label to those without.
So even a right label has a small cosine, and the mean of its images mostly shows labels that happen
to occur with it. Not in the paper, whose images have one label each.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from prototypes.engine.blocks import EachBlock, Labels, total, unit_rows
from prototypes.engine.moments import ClassSums, counted

FREQUENT = 0.25
"""Share of images above which the direction of a label is its own effect, as in a regression."""
MOST_EFFECTS = 1024
"""Number of labels, the most frequent ones, in the regression."""
RIDGE = 1e-3
"""Ridge on the covariance of the labels."""
LEAST_CONTRAST = 0.1
"""Least difference in cosine between images with and without a label for it to be judged."""

Rows = NDArray[np.float32]
Matrix = NDArray[np.float64]


def prevalence(each: EachBlock, count: Matrix) -> Matrix:
    """Return the share s (C,) of each label among the images behind the mean of the class means.

    An image counts for each of its labels (n, 1 + K) as much as it does in the mean of that label;
    ``count`` (C,) is the number of rows of each label. One pass.
    """
    return np.asarray(total(each(partial(_shares, count=count))) / max((count > 0).sum(), 1))


def _shares(g: Rows, labels: Labels, count: Matrix) -> Matrix:
    labels = labels[counted(g, labels, len(count))]
    weight = np.broadcast_to(1 / np.maximum(count[labels[:, :1]], 1), labels.shape)
    given = labels >= 0
    return np.asarray(np.bincount(labels[given], weight[given], len(count)), np.float64)


def effects(each: EachBlock, share: Matrix) -> tuple[NDArray[np.int64], Rows]:
    """Return the frequent labels (F,) and their effects (F, d): what each label alone adds to g.

    Fitted by least squares of g on the labels of an image. One pass.
    """
    used = np.sort(np.argsort(-share, kind="stable")[:MOST_EFFECTS])
    sums = total(each(partial(_joint, used=used, classes=len(share))))
    labels, rows = sums.labels / sums.count, sums.rows / sums.count
    square = sums.square / sums.count - np.outer(labels, labels)
    cross = sums.cross / sums.count - np.outer(labels, rows)
    found = np.linalg.solve(square + RIDGE * np.eye(len(used)), cross)
    frequent = np.flatnonzero(share[used] > FREQUENT)
    return used[frequent], found[frequent].astype(np.float32)


@dataclass(frozen=True)
class _Joint:
    """Sums over rows, with labels as zeros and ones l (F,), and features g (d,)."""

    count: float
    labels: Matrix
    rows: Matrix
    square: Matrix
    """(F, F): Σ l lᵀ."""
    cross: Matrix
    """(F, d): Σ l gᵀ."""

    def __add__(self, other: "_Joint") -> "_Joint":
        return _Joint(
            *(a + b for a, b in zip(vars(self).values(), vars(other).values(), strict=True))
        )


def _joint(g: Rows, labels: Labels, used: NDArray[np.int64], classes: int) -> _Joint:
    kept = counted(g, labels, classes)
    g, labels = g[kept], labels[kept]
    place = np.full(classes + 1, -1)
    place[used] = np.arange(len(used))
    at = place[labels]
    row, which = np.nonzero(at >= 0)
    shape = (len(g), len(used))
    ones = sparse.csr_array((np.ones(len(row), np.float32), (row, at[row, which])), shape=shape)
    square = np.asarray((ones.T @ ones).todense(), np.float64)
    sums = (ones.sum(axis=0), g.sum(axis=0, dtype=np.float64), square, ones.T @ g)
    return _Joint(len(g), *(np.asarray(part, np.float64) for part in sums))


def turned(v: Rows, frequent: NDArray[np.int64], effect: Rows) -> Rows:
    """Turn the prototypes v (C, d) of frequent labels towards their effects (F, d)."""
    known = effect.any(axis=1)
    frequent, v = frequent[known], v.copy()
    lengths = np.linalg.norm(v[frequent], axis=1, keepdims=True)
    v[frequent] = unit_rows(effect[known]) * lengths
    return v


def level(sums: ClassSums, v: Rows, share: Matrix, temperature: float) -> Rows:
    """Return what to add to the cosine to each prototype (C,); 0 for rare labels.

    Let a be the mean cosine to a label's prototype in ``v`` (C, d) of the images with the label,
    and e that of all images; images without the label then have b = (e − s a) / (1 − s). The result
    is s (a − b), which moves images without the label to where they are for a rare label, plus, for
    a label that most images have, its log odds times the ``temperature``. It is at most 1 − a. It
    is 1 − a for a label that most images have and that makes no difference: such a label is
    believed. ``sums`` are over the rows g per label.
    """
    means, directions = sums.means(), unit_rows(v).astype(np.float64)
    own = np.einsum("ij,ij->i", means, directions)
    every = directions @ means[sums.weight > 0].mean(axis=0)
    without = np.maximum(1 - share, np.finfo(float).tiny)
    contrast = np.maximum(own - every, 0) / without
    odds = np.log(np.maximum(share, np.finfo(float).tiny) / without)
    added = share * contrast + temperature * np.maximum(odds, 0)
    added[(contrast < LEAST_CONTRAST) & (odds > 0)] = 1
    return np.asarray(np.clip(added, 0, np.maximum(1 - own, 0)), np.float32)


def levelled_distance(distance: Rows, v: Rows, level: Rows) -> Rows:
    """Correct distances (n,) to prototypes v (n, d) for a level (n,) added to the cosines."""
    square = distance**2 - 2 * np.linalg.norm(v, axis=1) * level
    return np.asarray(np.sqrt(np.maximum(square, 0)), np.float32)
