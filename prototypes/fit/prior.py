"""What is known of a crawl's labels before an image is looked at: how often they are right."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit

from prototypes.engine.absent import absent_classes, mask_absent
from prototypes.engine.blocks import unit_rows
from prototypes.engine.confusion import Confusion
from prototypes.engine.pairs import mask_others, own_labels
from prototypes.engine.products import HOST, Products
from prototypes.engine.softmax import nearest_of_class
from prototypes.engine.unseen import unseen_logit
from prototypes.fit.flagged_share import flagged_share
from prototypes.fit.sample import LabelledSample
from prototypes.fit.wrong_share import ROUNDED, WrongShare, wrong_share

Rows = NDArray[np.float32]

SURELY_WRONG = -6.0
"""Labels with lower log odds, before the prior odds, are always flagged: on crawls without wrong
labels these are at most 3.3%."""
LEAST_SHARE = 0.005
"""Least share of wrong labels that the prior odds assume, so that they are finite."""
WIDEST = 1e4
"""Log odds are searched between minus and plus this."""


@dataclass(frozen=True)
class Prior:
    """The prior odds that a label is right, and where qualities count as low."""

    share: WrongShare
    """The estimated share of wrong labels."""
    log_odds: float
    """Added to the logit of the given label, so that qualities are right on average."""
    wrong_below: float
    """The share of labels of lower quality is the estimated share of wrong ones."""
    flagged_below: float
    """Labels of lower quality are flagged."""


NO_PRIOR = Prior(WrongShare(0.0, 0.0, 1.0), 0.0, 0.0, 0.0)


def fit_prior(
    sample: LabelledSample,
    v: Rows,
    level: Rows,
    temperature: float,
    confusion: Confusion,
    self_influence: Rows,
    little_known: NDArray[np.int64],
    products: Products = HOST,
) -> Prior:
    """Fit the prior to a sample, by prototypes v (C·k, d) and levels (C,), see `Prototypes`.

    Labels of ``little_known`` classes (m,) are left out: they are not judged.
    """
    judged = ~np.isin(own_labels(sample.labels), little_known)
    g, labels = sample.g[judged], sample.labels[judged]
    if not len(labels):
        return NO_PRIOR
    k = len(v) // len(self_influence)
    given, every = own_labels(labels), np.arange(len(labels))
    directions = unit_rows(v)
    cosines = nearest_of_class(g @ directions.T, k) + level
    cosines[every, given] -= self_influence[given]
    own = cosines[every, given]
    mask_others(cosines, labels)
    mask_absent(cosines, np.union1d(absent_classes(v, k), little_known))
    lists = labels.ndim == 2
    influence = float(self_influence[np.unique(given)].mean())
    share = wrong_share(cosines, given, lists, confusion.sizes, influence)
    rows = g
    if level.any():
        rows = np.hstack([g, np.ones((len(g), 1), np.float32)])
        directions = np.hstack([directions, np.repeat(level, k)[:, None]])
    rivals = products.find_rivals(rows, labels, directions, temperature, confusion, k, little_known)
    against = np.logaddexp(rivals.log_partition, unseen_logit(len(self_influence), temperature))
    log_odds = own.astype(np.float64) / temperature - against
    logits = cosines / np.float32(temperature) + confusion.sizes
    flagged = flagged_share(logits, given, share.estimate, lists)
    flagged = max(flagged, float((log_odds < SURELY_WRONG).mean()))
    return prior_of(share, flagged, log_odds)


def prior_of(share: WrongShare, flagged: float, log_odds: NDArray[np.float64]) -> Prior:
    """Shift the log odds (m,) of the labels of a sample until as many are right as estimated."""
    right = 1 - max(share.estimate, LEAST_SHARE)

    def excess(shift: float) -> float:
        return float(expit(log_odds + shift).mean() - right)

    shift = float(brentq(excess, -WIDEST, WIDEST)) if excess(-WIDEST) < 0 < excess(WIDEST) else 0.0
    shift = round(shift, ROUNDED)
    quality = expit(log_odds + shift)
    wrong_below = _below(quality, share.estimate)
    return Prior(share, shift, wrong_below, _below(quality, flagged))


def _below(quality: NDArray[np.float64], share: float) -> float:
    """Return the quality below which this share of the sample lies; 0 for none."""
    return float(np.quantile(quality, share)) if share > 0 else 0.0
