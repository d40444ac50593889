"""Fit `Confusion` to the class relations and a sample of labels."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from prototypes.engine.blocks import Labels, tiles
from prototypes.engine.confusion import Confusion, uniform
from prototypes.engine.softmax import CLASSES
from prototypes.fit.relations import TILE_CLASSES, Relations

Rows = NDArray[np.float32]
LEAST_CHANCE = 1e-6
MOST_RELATED = 128
"""Classes stored per label if there are more than CLASSES: 50,000 by 50,000 would be 10 GB."""


def fit_confusion(relations: Relations, temperature: float, p: Rows, labels: Labels) -> Confusion:
    """Fit λ by maximum likelihood of given labels (m,) of a sample, without true labels.

    ``p`` (m, C) are the probabilities of the classes by the look of the images, 0 at other labels
    of the same image. A label is right with probability ρ, the share of the sample that is nearest
    to its label. A wrong label belongs to a related class with probability λ, else to any class.
    The log likelihood is Σ log(ρ p_iy + (1 − ρ) Σ_k p_ik π_yk). λ is near 0 if the relations do not
    predict which classes the images with a label look like.
    """
    if relations.graph is None or not len(labels):
        return uniform(len(relations.initial))
    rows = np.arange(len(labels))
    own, rest = p[rows, labels], p.copy()
    rest[rows, labels] = 0
    right = float((p.argmax(axis=1) == labels).mean())
    others = max(p.shape[1] - 1, 1)
    any_class, related = rest.sum(axis=1), np.empty(len(labels), np.float32)
    for part in tiles(len(labels), TILE_CLASSES):
        chances = _chances(relations, temperature, labels[part])
        related[part] = np.einsum("ij,ij->i", rest[part], chances)

    def negative_log_likelihood(share: float) -> float:
        wrong = (1 - share) * any_class + share * related
        return -float(np.log(right * own + (1 - right) / others * wrong + 1e-12).mean())

    share = float(minimize_scalar(negative_log_likelihood, bounds=(0, 1), method="bounded").x)
    return confusion_of(relations, temperature, share)


def confusion_of(relations: Relations, temperature: float, share: float) -> Confusion:
    """Compute the confusion for a share λ and a temperature τ, a tile of classes at a time."""
    found = uniform(len(relations.initial))
    if share == 0:
        return found
    parts = [
        _most_likely(_chances(relations, temperature, labels), labels, share)
        for labels in (np.arange(p.start, p.stop) for p in tiles(len(found.others), TILE_CLASSES))
    ]
    related, excess, rest = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Confusion(share, related, excess, rest, found.sizes)


def _most_likely(
    chances: Rows, labels: NDArray[np.int64], share: float
) -> tuple[NDArray[np.int32], Rows, Rows]:
    """Turn the chances (n, C) of labels into related (n, K), excess (n, K) and others (n,)."""
    C, rows = chances.shape[1], np.arange(len(labels))
    chances *= share
    chances += 1 - share
    if C <= CLASSES:
        every = np.tile(np.arange(C, dtype=np.int32), (len(labels), 1))
        return every, _log(chances), np.zeros(len(labels), np.float32)
    chances[rows, labels] = 0
    related = np.sort(np.argpartition(chances, C - MOST_RELATED, axis=1)[:, C - MOST_RELATED :])
    kept = np.take_along_axis(chances, related, 1)
    left = C - 1 - kept.sum(axis=1, dtype=np.float64)
    others = _log((left / (C - 1 - MOST_RELATED)).astype(np.float32))
    return related.astype(np.int32), _log(kept) - others[:, None], others


def _log(chances: Rows) -> Rows:
    return np.log(np.maximum(chances, np.float32(LEAST_CHANCE)))


def _chances(relations: Relations, temperature: float, labels: Labels) -> Rows:
    """Return p(class | wrong label) for λ = 1, divided by chance, of labels (n,): (n, C).

    The value at the label itself is meaningless. All values are 1 for a label unknown to S_t.
    """
    likely = np.asarray(relations.rows(labels) / np.float32(temperature), np.float32)
    likely[np.arange(len(labels)), labels] = -np.inf
    np.exp(likely - likely.max(axis=1, keepdims=True), out=likely)
    likely /= likely.sum(axis=1, keepdims=True) / max(likely.shape[1] - 1, 1)
    likely[~relations.knows(labels)] = 1
    return np.asarray(likely, np.float32)
