"""Log-linear pooling: what a second opinion adds to a first one, measured without true labels."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from prototypes.engine.softmax import log_softmax

ERRORS = 2.0
"""Standard errors by which the gain on held-out rows must exceed 0."""
BOUNDS = ((0.1, 10.0), (0.0, 1e3), (-5.0, 2.0))
"""Bounds of the first opinion's weight, the second's, and the log-odds of a wrong answer."""
START = (1.0, 0.0, -1.0)

Logits = NDArray[np.floating[Any]]
Answers = NDArray[np.integer[Any]]


@dataclass(frozen=True)
class Pooling:
    """Weights of two opinions in softmax(first · F + second · S)."""

    first: float
    second: float
    """≥ 0; 0 if the second opinion predicts nothing that the first does not."""


ALONE = Pooling(1.0, 0.0)


def pool(first: Logits, second: Logits, answers: Answers) -> Pooling:
    """Fit the weights of two opinions' logits (m, K) to the answers (m,) of m rows.

    Answers are noisy: the likelihood of an answer is (1 − ε) softmax(...) + ε / K, with ε fitted
    too, so that wrong answers do not make both opinions look useless. The second opinion is used
    only if weights fitted on one half of the rows increase the log likelihood of the answers of the
    other half, by more than two standard errors over both halves. Otherwise the result is ALONE.
    Not in the paper.
    """
    gain = np.zeros(len(answers))
    halves = np.arange(len(answers)) % 2 == 0
    for held_out in (halves, ~halves):
        seen = ~held_out
        if not (seen.any() and held_out.any()):
            return ALONE
        own, other = (first[held_out], second[held_out]), answers[held_out]
        for sign, views in ((-1, 1), (1, 2)):
            w = _fit((first[seen], second[seen])[:views], answers[seen])
            gain[held_out] += sign * _log_likelihood(w, own[:views], other)[0]
    if not gain.mean() > ERRORS * gain.std() / np.sqrt(len(gain)):
        return ALONE
    w = _fit((first, second), answers)
    return Pooling(float(w[0]), float(w[1]))


def calibrate(logits: Logits, answers: Answers) -> float:
    """Fit the weight of one opinion's logits (m, K) to noisy answers (m,), as `pool` does.

    This is temperature scaling (Guo et al. 2017) in which ε takes up answers that cannot be
    predicted. The softmax is then the probability that an answer is right, not that it was given.
    """
    return float(_fit((logits,), answers)[0])


def _fit(views: tuple[Logits, ...], answers: Answers) -> NDArray[np.float64]:
    def cost(w: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        value, slope = _log_likelihood(w, views, answers)
        return -float(value.mean()), -slope

    keep = [*range(len(views)), 2]
    start, bounds = [START[i] for i in keep], [BOUNDS[i] for i in keep]
    return np.asarray(minimize(cost, start, jac=True, bounds=bounds, method="L-BFGS-B").x)


def _log_likelihood(
    w: NDArray[np.float64], views: tuple[Logits, ...], answers: Answers
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the log likelihood of each answer (m,), and its mean gradient by ``w``.

    ``w`` holds the weights of the views and, last, the log-odds of ε.
    """
    rows, wrong = np.arange(len(answers)), 1 / (1 + np.exp(-w[-1]))
    p = np.exp(log_softmax(np.add.reduce([a * v for a, v in zip(w[:-1], views, strict=True)])))
    right, chance = p[rows, answers].astype(np.float64), 1 / p.shape[1]
    mixed = (1 - wrong) * right + wrong * chance
    trusted = (1 - wrong) * right / mixed
    expected = [np.einsum("ij,ij->i", p, view) for view in views]
    slope = [float(trusted @ (v[rows, answers] - e)) for v, e in zip(views, expected, strict=True)]
    slope.append(float(((chance - right) / mixed).sum() * wrong * (1 - wrong)))
    return np.log(mixed), np.array(slope) / len(answers)
