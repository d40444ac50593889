"""Temperatures of the softmaxes in Eq. 4, calibrated on a sample; others make it useless."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from prototypes.engine.absent import absent_classes, strike_absent
from prototypes.engine.blocks import Labels
from prototypes.engine.pairs import own_labels, strike_others
from prototypes.engine.softmax import log_softmax, log_sum_exp, nearest_of_class
from prototypes.engine.unseen import with_unseen
from prototypes.fit.relations import Relations
from prototypes.fit.sample import LabelledSample

LOWEST, HIGHEST = 0.01, 10.0
"""Where a temperature of cosines is looked for ..."""
PRECISION = 1e-4
"""... to so much of itself."""


def label_temperature(sample: LabelledSample, prototypes: NDArray[np.float32]) -> float:
    """Return τ_v: temperature scaling (Guo et al. 2017) of the cosines to the given labels."""
    cosines = sample.g @ prototypes.T
    strike_others(cosines, sample.labels)
    strike_absent(cosines, absent_classes(prototypes))
    return best_temperature(cosines, _own(cosines, sample.labels))


def quality_temperature(
    sample: LabelledSample, prototypes: NDArray[np.float32], k: int, level: NDArray[np.float32]
) -> float:
    """Return τ of label quality: the same, of the nearest of k prototypes of a class (C·k, d).

    ``level`` (C,) is added to the cosines (see `prevalence`).
    The classes that a crawl of few classes leaves out are rivals too (see `unseen`).
    """
    cosines = nearest_of_class(sample.g @ prototypes.T, k) + level
    strike_others(cosines, sample.labels)
    strike_absent(cosines, absent_classes(prototypes, k))
    return best_temperature(with_unseen(cosines), _own(cosines, sample.labels))


def _own(cosines: NDArray[np.float32], labels: Labels) -> NDArray[np.float32]:
    return cosines[np.arange(len(cosines)), own_labels(labels)]


def relation_temperature(
    reliable: LabelledSample, relations: Relations, temperature: float
) -> float:
    """Return τ_t: that at which relations look like the reliable images of their class.

    Smallest mean over the sample of KL(ψ(s_v) ‖ softmax(s_t[y] / τ_t)), ψ at τ_v; not in the
    paper, which uses one softmax for both. Neither is over an image's other labels.
    """
    cosines = reliable.g @ relations.initial.T / temperature
    related = np.array(relations.rows(own_labels(reliable.labels)))
    for scores in (cosines, related):
        strike_others(scores, reliable.labels)
        strike_absent(scores, absent_classes(relations.initial))
    looks = np.exp(log_softmax(cosines))
    return best_temperature(related, np.einsum("ij,ij->i", looks, related))


def best_temperature(
    scores: NDArray[np.floating[Any]], expected: NDArray[np.floating[Any]]
) -> float:
    """Return the τ that minimises the mean of log Σ_j exp(scores_ij / τ) − expected_i / τ.

    That is the cross entropy of softmax(scores / τ) (m, C) against targets t_i, where
    expected_i = Σ_j t_ij scores_ij; for a label it is the score at the label. No rows give 1.
    """
    if not len(scores):
        return 1.0

    logits, top = np.empty_like(scores), scores.max(axis=1)

    def cross_entropy(log_temperature: float) -> float:
        sharp = float(np.exp(-log_temperature))
        np.multiply(scores, sharp, out=logits)
        partition = log_sum_exp(logits, top * sharp)
        return float((partition - expected * sharp).mean(dtype=np.float64))

    bounds, close = (np.log(LOWEST), np.log(HIGHEST)), {"xatol": PRECISION}
    found = minimize_scalar(cross_entropy, bounds=bounds, method="bounded", options=close)
    return float(np.exp(found.x))
