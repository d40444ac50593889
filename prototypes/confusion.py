"""What a wrong label is likely to stand for: classes that are related to it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from prototypes.blocks import Labels, tiles
from prototypes.relations import TILE_CLASSES, Relations

Rows = NDArray[np.float32]
LEAST_CHANCE = 1e-6


@dataclass(frozen=True)
class Confusion:
    """p(true class | given label, the label is wrong), not in the paper.

    A share of wrong labels y stands for class k with a probability ∝ exp(S_t[y, k] / τ), k ≠ y,
    and the rest for any class. S_t is what the user says of the classes, so that where that says
    nothing, of a class or at all, any class is as likely.
    """

    share: float
    """λ in [0, 1]; 0 where the relations foretell nothing of what labels are taken for."""
    temperature: float
    """τ"""
    log_total: Rows
    """(C,): log of the mean of exp(S_t[y, k] / τ) over k ≠ y; infinite where S_t knows nothing."""

    def log_odds(self, relations: Relations, labels: Labels, part: slice) -> Rows:
        """Return (n, c): how much likelier than by chance labels (n,) stand for classes of a part.

        0 for label -1. Of no use at the label itself.
        """
        present, which = np.unique(labels, return_inverse=True)
        chance = relations.rows(present, part) / self.temperature
        chance -= self.log_total[present][:, None]
        np.exp(chance, out=chance)
        chance *= self.share
        chance += 1 - self.share
        chance[~np.isfinite(self.log_total[present]) | (present < 0)] = 1
        np.log(np.maximum(chance, LEAST_CHANCE, out=chance), out=chance)
        return np.asarray(chance, np.float32)[which]


def uniform(classes: int) -> Confusion:
    """Return the confusion in which any other class is as likely."""
    return Confusion(0.0, 1.0, np.full(classes, np.inf, np.float32))


def fit_confusion(relations: Relations, temperature: float, p: Rows, labels: Labels) -> Confusion:
    """Find λ by the likelihood of the given labels (m,) of a sample, without any truth.

    ``p`` (m, C) are the probabilities of its classes by look, 0 at labels that are no rivals of
    the own. A label is right with the probability ρ, the share of the sample that is nearest to
    its label, and otherwise stands for any class or, λ of it, for a related one: log likelihood
    Σ log(ρ p_iy + (1 − ρ) Σ_k p_ik π_yk). Relations that do not foretell which classes
    images with that label look like find λ near 0.
    """
    if relations.graph is None or not len(labels):
        return uniform(len(relations.initial))
    found = Confusion(1.0, temperature, _log_totals(relations, temperature))
    rows = np.arange(len(labels))
    own, rest = p[rows, labels], p.copy()
    rest[rows, labels] = 0
    right = float((p.argmax(axis=1) == labels).mean())
    others = max(p.shape[1] - 1, 1)
    any_class = rest.sum(axis=1)
    related = np.zeros_like(any_class)
    for part in tiles(p.shape[1], TILE_CLASSES):
        odds = found.log_odds(relations, labels, part)
        related += np.einsum("ij,ij->i", rest[:, part], np.exp(odds))

    def unlikely(share: float) -> float:
        wrong = (1 - share) * any_class + share * related
        return -float(np.log(right * own + (1 - right) / others * wrong + 1e-12).mean())

    share = float(minimize_scalar(unlikely, bounds=(0, 1), method="bounded").x)
    return Confusion(share, temperature, found.log_total)


def _log_totals(relations: Relations, temperature: float) -> Rows:
    """Return (C,) log of the mean of exp(S_t[y, k] / τ) over the other classes k."""
    classes = len(relations.initial)
    total = np.empty(classes, np.float32)
    for part in tiles(classes, TILE_CLASSES):
        every = np.arange(part.start, part.stop)
        likely = np.exp(relations.rows(part) / temperature)
        likely[every - part.start, every] = 0
        total[part] = np.log(likely.sum(axis=1) / max(classes - 1, 1))
        total[part][~relations.knows(part)] = np.inf
    return total
