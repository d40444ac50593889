"""What is known of a crawl's labels before an image is looked at: how often they are right."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit

from prototypes.engine.confusion import Confusion
from prototypes.engine.rivals import rival_partition
from prototypes.engine.unseen import unseen_logit
from prototypes.fit.flagged_share import flagged_share, trust_in
from prototypes.fit.sample_cosines import SampleCosines
from prototypes.fit.wrong_share import (
    ROUNDED,
    UNKNOWN,
    Agreement,
    WrongShare,
    agreement,
    effective_classes,
    share_of_lists,
)

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
    sample: SampleCosines, temperature: float, confusion: Confusion, held_out: Agreement = UNKNOWN
) -> Prior:
    """Fit the prior to a sample of judged labels (see `SampleCosines.judged`).

    ``held_out`` says how often labels are wrong by spaces without the rows that they judge; where
    it is UNKNOWN, the cosines of the sample do.
    """
    cosines, labels = sample.cosines, sample.labels
    if not len(labels):
        return NO_PRIOR
    share, trust = _share(sample, confusion.sizes, held_out)
    partition = rival_partition(cosines, labels, temperature, confusion)
    against = np.logaddexp(partition, unseen_logit(cosines.shape[1], temperature))
    log_odds = sample.own.astype(np.float64) / temperature - against
    logits = cosines / np.float32(temperature) + confusion.sizes
    flagged = flagged_share(logits, labels, share.estimate, trust)
    flagged = max(flagged, float((log_odds < SURELY_WRONG).mean()))
    return prior_of(share, flagged, log_odds)


def _share(sample: SampleCosines, sizes: Rows, held_out: Agreement) -> tuple[WrongShare, float]:
    """Return the share of wrong labels, and the trust that any are wrong."""
    labels = sample.labels
    if sample.lists:
        return share_of_lists(sample.cosines, labels), 1.0
    if not held_out.known:
        held_out = agreement(sample.cosines, labels, sizes)
    return WrongShare.of(held_out, effective_classes(labels)), trust_in(held_out.evident)


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
