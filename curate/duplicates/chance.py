"""How improbable it is that two different pictures of a crawl look as alike as these.

Calibrated on the crawl itself, on pairs of its rows that hash apart:

- The Hamming distance of such hashes is close to a binomial one with as many trials as the hash
  has degrees of freedom; mean and variance give both its parameters (Daugman, "How iris
  recognition works", 2004). Deviates: where more pairs are close than that, as among drawings of
  one kind, there are as many fewer degrees of freedom. A hash of which only some bits tell anything
  has as many fewer trials.
- How near their mean colours are, and their features, is counted. A share below `LEAST_SHARE` is
  not told apart.

The three are taken as independent. None knows the labels.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc

from curate.images.picture_hash import BITS

APART = 8
"""Hashes that differ in no more bits may be of copies, and are no pair of the sample."""
LEAST_PAIRS = 1_000
CLOSE_PAIRS = 50
"""The distance that so many pairs of the sample are within says how many are close."""
FREEDOMS = np.linspace(1, BITS, 2 * BITS - 1)
GENERIC = (0.5, 56.0)
"""Probability that a bit differs, and degrees of freedom, where a crawl is too small to tell: those
of CIFAR-10N."""
LEAST_SHARE = 1e-5
SURE = 1e-7
"""Pairs of different pictures that count as copies by chance, for each row of the crawl, were all
evidence independent."""
RARE = 1e-4
"""The share of pairs of different rows that are taken for the most alike ones."""
ROUNDING = 0.999
"""Least cosine of features that can be told from equal ones in half precision."""
LEVELS = 256
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Chance:
    """What is known of pairs of different pictures of the crawl; probabilities as log10."""

    by_distance: NDArray[np.float64]
    """(BITS + 1, BITS + 1): of a distance of at most d, where t bits tell something."""
    by_tone: Floats
    """(256,): of mean colours that differ by at most so many levels."""
    angles: Floats
    """(m,): 1 - cosine of their features, ascending."""
    same: float
    """Cosine from which on features are those of copies, whatever the hash says."""

    def of_looks(self, distances: NDArray[np.uint8], telling: NDArray[np.uint8]) -> Floats:
        """Return log10 of the probability (m,) of distances (m,) or smaller ones."""
        return self.by_distance[telling, distances].astype(np.float32)

    def of_tones(self, differences: NDArray[np.int16]) -> Floats:
        """Return log10 of the probability (m,) of mean colours that are so near."""
        return self.by_tone[differences]

    def of_cosines(self, cosines: Floats) -> Floats:
        """Return log10 of the probability (m,) of features that are so near."""
        return _log_share(self.angles, 1 - cosines)


def calibrated(
    looks: NDArray[np.uint64], tones: NDArray[np.int16], units: Floats, comparisons: int
) -> Chance:
    """Calibrate on a sample of rows: a look of each (m,), mean colours (m, 3), features (m, D).

    Features have unit length. ``comparisons`` is how many looks of a pair are compared; the least
    distance counts.
    """
    first, second = np.triu_indices(len(looks), 1)
    distances = np.bitwise_count(looks[first] ^ looks[second])
    apart = distances > APART
    p, freedom = GENERIC
    angles, differences = np.empty(0, np.float32), np.empty(0, np.int16)
    if apart.sum() >= LEAST_PAIRS:
        first, second = first[apart], second[apart]
        p, freedom = _binomial(distances[apart])
        differences = np.sort(tone_difference(tones[first], tones[second]))
        angles = np.sort(1 - (units @ units.T)[first, second])
    table = np.log10(np.minimum(comparisons * _tail(p, freedom), 1))
    by_tone = _log_share(differences, np.arange(LEVELS))
    return Chance(table, by_tone, angles, _least_cosine(angles))


def tone_difference(first: NDArray[np.int16], second: NDArray[np.int16]) -> NDArray[np.int16]:
    """Return by how many levels the mean colours (m, 3) of pairs differ at most: (m,)."""
    return np.asarray(np.abs(first - second).max(axis=1))


def _log_share(sample: NDArray[Any], values: NDArray[Any]) -> Floats:
    """Return log10 of the share (m,) of an ascending sample that is not above values (m,)."""
    if not len(sample):
        return np.zeros(len(values), np.float32)
    shares = np.searchsorted(sample, values, "right") / len(sample)
    return np.log10(np.maximum(shares, LEAST_SHARE)).astype(np.float32)


def _least_cosine(angles: Floats) -> float:
    """Choose the cosine of copies by pairs of different pictures, where no copies are known.

    A third of the angle that only `RARE` of these pairs are within.
    """
    if not len(angles):
        return ROUNDING
    angle = np.arccos(np.clip(1 - np.quantile(angles, RARE), 0, 1))
    return float(min(np.cos(angle / 3), ROUNDING))


def _binomial(distances: NDArray[np.uint8]) -> tuple[float, float]:
    """Fit the probability that a bit differs, and the degrees of freedom."""
    shares = distances / BITS
    p = float(np.clip(shares.mean(), 1 / BITS, 1 - 1 / BITS))
    by_variance = float(np.clip(p * (1 - p) / max(shares.var(), 1e-9), 1, BITS))
    within = np.cumsum(np.bincount(distances, minlength=BITS + 1))
    close = int(np.argmax(within >= CLOSE_PAIRS))
    trials, wrong = FREEDOMS, FREEDOMS * close / BITS
    as_many = betainc(trials - wrong, wrong + 1, 1 - p) >= within[close] / len(distances)
    by_close_pairs = float(FREEDOMS[as_many].max(initial=1))
    return p, min(by_variance, by_close_pairs)


def _tail(p: float, freedom: float) -> NDArray[np.float64]:
    """Return P(distance ≤ d) for t telling bits: (t, d), each from 0 to BITS."""
    trials = np.arange(BITS + 1)[:, None] * (freedom / BITS)
    wrong = np.minimum(np.arange(BITS + 1)[None] * (freedom / BITS), trials)
    with np.errstate(invalid="ignore"):
        tail = betainc(trials - wrong, wrong + 1, 1 - p)
    return np.where(trials > wrong, np.maximum(tail, 1e-300), 1.0)
