"""One class that outweighs the others: what it does to means, and to what a wrong label stands for.

Where one class has most of the rows, even a few per cent of them with wrong labels are more than
the right rows of a small class, whose mean is then that of the large one. Not in the paper, whose
crawls are balanced.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from prototypes.engine.blocks import Floats, Labels, tiles, unit_rows
from prototypes.engine.moments import BlockSums, class_sums, counted
from prototypes.engine.pairs import STRUCK, own_labels, strike_others
from prototypes.engine.softmax import log_sum_exp

NONE_UP_TO, FULL_FROM = 0.4, 0.6
"""The largest class's share of the rows up to which nothing changes, and from which all does."""
TRUST_ROUNDS = 4
"""How often rows are judged, each time by the means of the rows that were trusted before."""
LEAST_TRUST = 1e-6
"""A row counts for so much of its class's mean at least, so that no class is without one."""

TILE = 2**22
"""Numbers of a tile of distances, 32 MiB."""

Matrix = NDArray[np.float64]
Rows = NDArray[np.float32]


def dominance(count: Matrix) -> float:
    """Return λ in [0, 1]: how far the largest of classes with so many rows (C,) outweighs all."""
    share = count.max() / max(count.sum(), 1)
    return float(np.clip((share - NONE_UP_TO) / (FULL_FROM - NONE_UP_TO), 0, 1))


def log_sizes(count: Matrix) -> Rows:
    """Return λ log(share of the rows) (C,): the classes' log prior, as far as one outweighs all."""
    shares = np.maximum(count, 0.5) / max(count.sum(), 1)
    return np.asarray(dominance(count) * np.log(shares), np.float32)


@dataclass(frozen=True)
class Discriminant:
    """Linear discriminant analysis in whitened space: p(class | row) by Bayes' rule."""

    projection: Matrix
    """(D, d): whitens, onto directions that hold the class means."""
    means: Matrix
    """(C, d): class means in these directions."""
    count: Matrix
    """(C,): rows of each class."""

    def around(self, means: Matrix) -> "Discriminant":
        """Return the same with other class means (C, D)."""
        return replace(self, means=means @ self.projection)

    def trust(self, rows: Rows, labels: Labels) -> Matrix:
        """Return p(label | row)^λ (n,) of unit rows (n, D), each of them left out itself.

        ``labels`` are (n,) or (n, 1 + K), own labels ≥ 0; the others of an image are no rivals.
        """
        p = np.empty(len(rows))
        for part in tiles(len(rows), max(TILE // len(self.means), 1)):
            p[part] = self._posterior(rows[part] @ self.projection, labels[part])
        return np.asarray(np.maximum(p, LEAST_TRUST) ** dominance(self.count))

    def _posterior(self, z: Matrix, labels: Labels) -> Matrix:
        """Of a class's n rows the mean of the others is n / (n − 1) times as far as that of all."""
        every, own = np.arange(len(z)), own_labels(labels)
        square = np.einsum("ij,ij->i", self.means, self.means)
        away = np.einsum("ij,ij->i", z, z)[:, None] - 2 * z @ self.means.T + square
        count = self.count[own]
        away[every, own] *= np.where(count > 1, count / np.maximum(count - 1, 1), 1) ** 2
        logits = np.where(self.count > 0, np.log(np.maximum(self.count, 1)) - away / 2, STRUCK)
        strike_others(logits, labels)
        return np.asarray(np.exp(logits[every, own] - log_sum_exp(logits)))


def trusted_sums(features: Floats, labels: Labels, discriminant: Discriminant) -> BlockSums:
    """Sum the unit rows of a block of features (n, D) per class, each as far as it is trusted."""
    rows, classes = unit_rows(features), len(discriminant.means)
    there = counted(rows, labels, classes)
    trust = np.zeros(len(rows))
    trust[there] = discriminant.trust(rows[there], labels[there])
    return class_sums(rows, labels, classes, trust)
