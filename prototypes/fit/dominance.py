"""One class that dominates the crawl: how it distorts class means, and what wrong labels mean.

If one class has most of the rows, even a few per cent of them with wrong labels outnumber the right
rows of a small class, whose mean is then that of the large class. Not in the paper, whose crawls
are balanced.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from prototypes.engine.blocks import Floats, Labels, tiles, unit_rows
from prototypes.engine.moments import BlockSums, class_sums, counted
from prototypes.engine.pairs import MASKED, mask_others, own_labels
from prototypes.engine.softmax import log_sum_exp

NONE_UP_TO, FULL_FROM = 0.4, 0.6
"""Share of the largest class up to which λ is 0, and from which on λ is 1 (see `dominance`)."""
TRUST_ROUNDS = 4
"""How many times trust in the rows is computed from the means of the rows trusted before."""
LEAST_TRUST = 1e-6
"""Least weight of a row in the mean of its class, so that every class has a mean."""

TILE = 2**22
"""Size of a tile of distances, 32 MiB."""

Matrix = NDArray[np.float64]
Rows = NDArray[np.float32]


def dominance(count: Matrix) -> float:
    """Return λ in [0, 1]: how far the largest class dominates, from the rows of each class (C,)."""
    share = count.max() / max(count.sum(), 1)
    return float(np.clip((share - NONE_UP_TO) / (FULL_FROM - NONE_UP_TO), 0, 1))


def log_sizes(count: Matrix) -> Rows:
    """Return the log prior of classes (C,): λ log(share of the rows), 0 if none dominates."""
    shares = np.maximum(count, 0.5) / max(count.sum(), 1)
    return np.asarray(dominance(count) * np.log(shares), np.float32)


@dataclass(frozen=True)
class Discriminant:
    """Linear discriminant analysis in whitened space: p(class | row) by Bayes' rule."""

    projection: Matrix
    """(D, d): whitens and projects onto the directions that separate the class means."""
    means: Matrix
    """(C, d): projected class means."""
    count: Matrix
    """(C,): number of rows of each class."""

    def around(self, means: Matrix) -> "Discriminant":
        """Return this discriminant with other class means (C, D)."""
        return replace(self, means=means @ self.projection)

    def trust(self, rows: Rows, labels: Labels) -> Matrix:
        """Return p(label | row)^λ (n,) of unit rows (n, D), each left out of its own class mean.

        ``labels`` are (n,) or (n, 1 + K), own labels ≥ 0. The other labels of an image are not
        rivals.
        """
        p = np.empty(len(rows))
        for part in tiles(len(rows), max(TILE // len(self.means), 1)):
            p[part] = self._posterior(rows[part] @ self.projection, labels[part])
        return np.asarray(np.maximum(p, LEAST_TRUST) ** dominance(self.count))

    def _posterior(self, z: Matrix, labels: Labels) -> Matrix:
        """Return p(label | row).

        The mean of a class of n rows without the row is n / (n − 1) times as far from it.
        """
        every, own = np.arange(len(z)), own_labels(labels)
        square = np.einsum("ij,ij->i", self.means, self.means)
        away = np.einsum("ij,ij->i", z, z)[:, None] - 2 * z @ self.means.T + square
        count = self.count[own]
        away[every, own] *= np.where(count > 1, count / np.maximum(count - 1, 1), 1) ** 2
        logits = np.where(self.count > 0, np.log(np.maximum(self.count, 1)) - away / 2, MASKED)
        mask_others(logits, labels)
        return np.asarray(np.exp(logits[every, own] - log_sum_exp(logits)))


def trusted_sums(features: Floats, labels: Labels, discriminant: Discriminant) -> BlockSums:
    """Sum the unit rows of a block of features (n, D) per class, weighted by trust."""
    rows, classes = unit_rows(features), len(discriminant.means)
    kept = counted(rows, labels, classes)
    trust = np.zeros(len(rows))
    trust[kept] = discriminant.trust(rows[kept], labels[kept])
    return class_sums(rows, labels, classes, trust)
