"""Labels that many images share: which way they differ from images without, and by how much.

Features are centred on the mean of the class means. Of a label in a share s of the images that make
that centre, these lie within (1 − s) of the way from those without it: even a right label
has a small cosine, and the mean of its images is mostly that of labels which happen to stand beside
it. Not in the paper, whose images have one label each.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from prototypes.engine.blocks import EachBlock, Labels, total, unit_rows
from prototypes.engine.moments import ClassSums, counted

FREQUENT = 0.25
"""Share of the images from which on a label's direction is its own effect, as in a regression."""
MOST_EFFECTS = 1024
"""Labels, the most frequent, whose effects are told apart."""
RIDGE = 1e-3
"""Of the labels' covariance."""
LEAST_CONTRAST = 0.1
"""Cosine by which images with a label differ from those without; less, and it cannot be judged."""

Rows = NDArray[np.float32]
Matrix = NDArray[np.float64]


def prevalence(each: EachBlock, count: Matrix) -> Matrix:
    """Return the share s (C,) of each label in the images behind the mean of the class means.

    An image counts for each of its labels (n, 1 + K) as much as for that label's mean; ``count``
    (C,) are the rows of each label. One pass.
    """
    return np.asarray(total(each(partial(_shares, count=count))) / max((count > 0).sum(), 1))


def _shares(g: Rows, labels: Labels, count: Matrix) -> Matrix:
    labels = labels[counted(g, labels, len(count))]
    weight = np.broadcast_to(1 / np.maximum(count[labels[:, :1]], 1), labels.shape)
    there = labels >= 0
    return np.asarray(np.bincount(labels[there], weight[there], len(count)), np.float64)


def effects(each: EachBlock, share: Matrix) -> tuple[NDArray[np.int64], Rows]:
    """Return the frequent labels (F,) and their effects (F, d), what each alone adds to g.

    By least squares of g on the labels of an image. One pass.
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
    """Sums over rows with labels as zeros and ones l (F,) and features g (d,)."""

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
    """Return what to add to the cosine to each prototype (C,), so that rare labels add nothing.

    With a the mean cosine of a label's images to its prototype in ``v`` (C, d) and e that of all,
    the images without it have b = (e − s a) / (1 − s). Added are s (a − b), which brings these to
    where they are for a rare label, and the log odds of a label that most images have, at the
    ``temperature``; never more than brings a to 1. A label that most images have and that makes
    no difference is taken at its word: 1 − a. ``sums`` are of the rows g per label.
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


def levelled(distance: Rows, v: Rows, level: Rows) -> Rows:
    """Return distances (n,) to prototypes v (n, d) where a level (n,) is added to the cosines."""
    square = distance**2 - 2 * np.linalg.norm(v, axis=1) * level
    return np.asarray(np.sqrt(np.maximum(square, 0)), np.float32)
