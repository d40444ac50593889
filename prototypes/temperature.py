"""Temperatures of the softmaxes in Eq. 4, calibrated; uncalibrated ones make it useless."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp

LOWEST, HIGHEST = 0.01, 10.0
"""Where a temperature of cosines is looked for."""


def best_temperature(scores: NDArray[np.floating], expected: NDArray[np.floating]) -> float:
    """Return the τ that minimises the mean of log Σ_j exp(scores_ij / τ) − expected_i / τ.

    That is the cross entropy of softmax(scores / τ) (n, C) against targets t_i, where
    expected_i = Σ_j t_ij scores_ij: for labels, the score at the label (temperature scaling,
    Guo et al. 2017); for soft targets it is smallest in KL(t_i ‖ softmax(scores_i / τ)).
    """

    def cross_entropy(log_temperature: float) -> float:
        sharp = np.exp(-log_temperature)
        return float((logsumexp(scores * sharp, axis=1) - expected * sharp).mean())

    bounds = (np.log(LOWEST), np.log(HIGHEST))
    found = minimize_scalar(cross_entropy, bounds=bounds, method="bounded")
    return float(np.exp(found.x))
