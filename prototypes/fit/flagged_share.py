"""How many labels are flagged: as many as confident learning finds, but few if few are wrong."""

import numpy as np
from numpy.typing import NDArray

from prototypes.engine.softmax import log_softmax

MODEST = 0.92
"""Of the labels that the confident joint counts as wrong, so many are flagged. Their number, by
label quality, has both a higher precision and a higher recall than cleanlab's flags on 13 of 14
crawls (docs/evidence.md)."""
FEW, NONE_WRONG, SOME_WRONG = 0.03, 0.065, 0.1
"""At most 3% are flagged if the estimated share of wrong labels is at most NONE_WRONG, which it may
be on a crawl without wrong labels; the limit ends at SOME_WRONG."""

OF_LISTS = 1.2
"""Flagged labels of lists, per label that is estimated to be wrong: some more, to be reviewed."""

Rows = NDArray[np.float32]


def flagged_share(
    cosines: Rows, labels: NDArray[np.integer], tau: float, wrong: float, lists: bool
) -> float:
    """Return the share of labels (m,) to flag, from the cosines (m, C) as for `wrong_share`.

    ``tau`` is the temperature of label quality, ``wrong`` the estimated share of wrong labels. The
    confident joint of ``lists`` is far too high, as it takes a weak object for a wrong label.
    """
    found = MODEST * confident_joint(cosines, labels, tau)
    if lists:
        return min(found, max(FEW, OF_LISTS * wrong))
    if wrong >= SOME_WRONG:
        return found
    trusted = max(wrong - NONE_WRONG, 0) / (SOME_WRONG - NONE_WRONG)
    return min(found, FEW + (found - FEW) * trusted)


def confident_joint(cosines: Rows, labels: NDArray[np.integer], tau: float) -> float:
    """Return the share of labels off the diagonal of the calibrated confident joint.

    Northcutt et al. (2021, arXiv 1911.00068), Eq. 1 and 3: an image counts as of the likeliest of
    the classes whose probability is at least the mean probability of that class among the images
    that were given it.
    """
    p = np.exp(log_softmax(cosines.astype(np.float64) / tau))
    every, classes = np.arange(len(labels)), p.shape[1]
    given = np.bincount(labels, minlength=classes)
    usual = np.bincount(labels, p[every, labels], classes) / np.maximum(given, 1)
    confident = np.where((p >= usual) & (given > 0), p, -1)
    likeliest = confident.argmax(axis=1)
    counted = confident[every, likeliest] >= 0
    of_label = np.bincount(labels[counted], minlength=classes)
    right = np.bincount(labels[counted & (likeliest == labels)], minlength=classes)
    joint = np.divide(right, of_label, out=np.ones(classes), where=of_label > 0)
    return float(1 - joint @ given / max(given.sum(), 1))
