"""Temperatures of the softmaxes in Eq. 4, calibrated on a sample; uncalibrated ones are useless."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from prototypes.engine.absent import absent_classes, mask_absent
from prototypes.engine.blocks import Labels
from prototypes.engine.pairs import mask_others, own_labels
from prototypes.engine.softmax import log_softmax, log_sum_exp
from prototypes.engine.unseen import with_unseen
from prototypes.fit.relations import Relations
from prototypes.fit.sample import LabelledSample
from prototypes.fit.sample_cosines import SampleCosines

LOWEST, HIGHEST = 0.01, 10.0
"""Range in which a temperature is searched ..."""
PRECISION = 1e-4
"""... and the relative precision of the search."""


def label_temperature(sample: LabelledSample, prototypes: NDArray[np.float32]) -> float:
    """Return τ_v: temperature scaling (Guo et al. 2017) of the cosines to the given labels."""
    cosines = sample.g @ prototypes.T
    mask_others(cosines, sample.labels)
    mask_absent(cosines, absent_classes(prototypes))
    return best_temperature(cosines, _own(cosines, sample.labels))


def quality_temperature(sample: SampleCosines) -> float:
    """Return τ of label quality: temperature scaling of the cosines to the prototypes.

    The unseen classes of a crawl of few classes are rivals too (see `unseen`).
    """
    return best_temperature(with_unseen(sample.cosines), sample.own)


def _own(cosines: NDArray[np.float32], labels: Labels) -> NDArray[np.float32]:
    return cosines[np.arange(len(cosines)), own_labels(labels)]


def relation_temperature(
    reliable: LabelledSample, relations: Relations, temperature: float
) -> float:
    """Return τ_t, at which relations agree best with the reliable images of their class.

    Minimises the mean over the sample of KL(ψ(s_v) ‖ softmax(s_t[y] / τ_t)), with ψ at τ_v. Not in
    the paper, which uses one softmax for both. The other labels of an image are left out of both.
    """
    cosines = reliable.g @ relations.initial.T / temperature
    related = np.array(relations.rows(own_labels(reliable.labels)))
    for scores in (cosines, related):
        mask_others(scores, reliable.labels)
        mask_absent(scores, absent_classes(relations.initial))
    looks = np.exp(log_softmax(cosines))
    return best_temperature(related, np.einsum("ij,ij->i", looks, related))


def best_temperature(
    scores: NDArray[np.floating[Any]], expected: NDArray[np.floating[Any]]
) -> float:
    """Return the τ that minimises the mean of log Σ_j exp(scores_ij / τ) − expected_i / τ.

    This is the cross entropy of softmax(scores / τ) (m, C) with targets t_i, where
    expected_i = Σ_j t_ij scores_ij; if the target is a label, it is the score at the label. Returns
    1 without rows.
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
