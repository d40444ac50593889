"""The share of wrong labels from a random sample of verified ones: prediction-powered inference."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq, minimize
from scipy.special import betaincinv, expit, log_expit, logit, ndtri

CONFIDENCE = 0.95
LARGEST_LOGIT = 14.0
"""Doubts are cut off here; that of a quality of 1e-6 is 13.8."""
BINS = 1_120
DOUBTS = np.linspace(-1, 1, 2 * BINS + 1)[1::2] * LARGEST_LOGIT
"""(BINS,): the doubt in the middle of each bin."""
SLOPE_SPREAD = 2.0
"""Standard deviation of the slope that is expected before any answer, in deviations of doubt."""

Answers = NDArray[np.bool_]
Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True)
class ShareEstimate:
    """An estimated share of wrong labels, with its 95% interval."""

    share: float
    low: float
    high: float
    wrong: int
    asked: int
    """How many verified labels it is made from, and how many of them are wrong."""
    powered: bool = False
    """Whether it is prediction-powered; else it is the share of the verified labels alone."""

    def beside(self, wrong: int, known: int, others: int) -> "ShareEstimate":
        """Estimate the share of all labels from that of ``others``, which this one is.

        ``wrong`` of the ``known`` labels are wrong; these were verified, but not drawn at random.
        """
        total = others + known
        share, low, high = (
            (others * each + wrong) / total for each in (self.share, self.low, self.high)
        )
        return replace(self, share=share, low=low, high=high)


def doubt(quality: NDArray[np.floating]) -> Floats:
    """Return the log odds (n,) of 1 - quality, for label qualities (n,) in [0, 1]."""
    odds = -logit(np.asarray(quality, np.float64))
    return np.asarray(np.clip(odds, -LARGEST_LOGIT, LARGEST_LOGIT))


def doubt_bins(quality: NDArray[np.floating]) -> Counts:
    """Return the bin (n,) of each label's doubt."""
    bins = (doubt(quality) / LARGEST_LOGIT + 1) * (BINS / 2)
    return np.asarray(np.minimum(bins, BINS - 1), np.int64)


def clopper_pearson(wrong: int, asked: int) -> ShareEstimate:
    """Return the share of verified labels that are wrong, with Clopper and Pearson's interval.

    Biometrika 1934. It holds the true share in at least 95% of samples, whatever their size.
    """
    tail, right = (1 - CONFIDENCE) / 2, asked - wrong
    low = betaincinv(wrong, right + 1, tail) if wrong else 0.0
    high = betaincinv(wrong + 1, right, 1 - tail) if right else 1.0
    return ShareEstimate(wrong / asked, float(low), float(high), wrong, asked)


def prediction_powered(
    wrong: Answers, quality: NDArray[np.floating], population: Counts
) -> ShareEstimate:
    """Estimate the share of wrong labels in a population that the verified rows are drawn from.

    ``wrong`` (n,) and ``quality`` (n,) are of verified labels, n >= 1, drawn at random and without
    replacement; ``population`` (BINS,) counts all labels, verified ones too, by `doubt_bins`. The
    mean of a prediction over the population is corrected by its mean error on the verified labels
    (Angelopoulos et al., Science 2023). The prediction is p = σ(a + b·doubt). The slope b is fitted
    to the answers and does what λ does in PPI++ (Angelopoulos et al. 2023): 0 gives the share of
    the answers alone. Deviates: λ scales a fixed prediction; a logistic curve through the same two
    numbers gives narrower intervals, since label_quality is seldom calibrated.

    The interval holds the shares θ that a score test does not reject. Under θ, a is such that the
    population's mean of p is θ, and the mean error on the answers has variance mean p(1 - p) / n.
    With b = 0 this is Wilson's interval. Normal intervals, as in both papers, hold the truth too
    seldom if few labels are wrong. If none or all are, nothing is known of b, and Clopper and
    Pearson's interval is given; also where it is the narrower one.
    """
    exact = clopper_pearson(int(wrong.sum()), len(wrong))
    if len(wrong) >= population.sum():
        return ShareEstimate(exact.share, exact.share, exact.share, exact.wrong, exact.asked)
    if not 0 < exact.wrong < exact.asked:
        return exact
    powered = _powered(wrong, DOUBTS[doubt_bins(quality)], population)
    return powered if powered.high - powered.low < exact.high - exact.low else exact


def _powered(wrong: Answers, doubts: Floats, population: Counts) -> ShareEstimate:
    share, bins = population[filled := population > 0] / population.sum(), DOUBTS[filled]
    centre = share @ bins
    spread = np.sqrt(share @ (bins - centre) ** 2) or 1.0
    slope = fitted_slope(wrong, (doubts - centre) / spread)
    curve = Curve(slope * (doubts - centre) / spread, slope * (bins - centre) / spread, share)
    low, best, high = curve.interval(wrong.mean(), 1 - len(wrong) / population.sum())
    return ShareEstimate(best, low, high, int(wrong.sum()), len(wrong), powered=True)


def fitted_slope(wrong: Answers, doubts: Floats) -> float:
    """Return the b >= 0 of p(wrong) = σ(a + b·doubt) that is most likely after the answers (n,).

    Before the answers b is normal around 0, so that it stays finite where doubt parts them.
    """
    sign = np.where(wrong, 1.0, -1.0)

    def loss(ab: Floats) -> tuple[float, Floats]:
        odds = ab[0] + ab[1] * doubts
        error = expit(odds) - wrong
        slope = ab[1] / SLOPE_SPREAD
        total = slope**2 / 2 - log_expit(sign * odds).sum()
        return total, np.array([error.sum(), error @ doubts + slope / SLOPE_SPREAD])

    start = np.array([logit(wrong.mean()), 0.5])
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(None, None), (0, None)])
    return float(found.x[1])


@dataclass(frozen=True)
class Curve:
    """Predictions σ(a + z) of verified labels and of the population, for any a."""

    verified: Floats
    """(n,): z of the verified labels."""
    bins: Floats
    """(m,): z of bins of the population."""
    share: Floats
    """(m,): the population's share in each bin."""

    def mean(self, a: float) -> float:
        """Return the population's mean of p."""
        return float(self.share @ expit(a + self.bins))

    def error(self, a: float, wrong: float) -> float:
        """Return the answers' share ``wrong`` less the mean of p on the verified labels."""
        return float(wrong - expit(a + self.verified).mean())

    def spread(self, a: float, unseen: float) -> float:
        """Return the error's standard deviation; ``unseen`` is the share that is not verified."""
        p = expit(a + self.bins)
        fitted = 2  # numbers, a and b
        answers = max(len(self.verified) - fitted, 1)
        return float(np.sqrt(unseen * (self.share @ (p * (1 - p))) / answers))

    def interval(self, wrong: float, unseen: float) -> tuple[float, float, float]:
        """Return the lowest, the best and the highest share; ``wrong`` is that of the answers."""
        limit = ndtri((1 + CONFIDENCE) / 2)
        most = 30 + max(np.abs(self.verified).max(), np.abs(self.bins).max())

        def beyond(a: float, deviations: float) -> float:
            return self.error(a, wrong) - deviations * self.spread(a, unseen)

        best = brentq(beyond, -most, most, (0.0,))
        low = brentq(beyond, -most, best, (limit,))
        high = brentq(beyond, best, most, (-limit,))
        return self.mean(low), self.mean(best), self.mean(high)
