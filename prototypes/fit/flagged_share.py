"""How many labels are flagged: as many as confident learning finds, and few if few are wrong."""

import numpy as np
from numpy.typing import NDArray

from prototypes.engine.softmax import log_softmax

MODEST = 0.92
"""Of the labels that the confident joint counts as wrong, so many are flagged if the estimate is
lower: by label quality, precision and recall are then both at least those of cleanlab on the
most crawls (docs/evidence.md)."""
OF_WRONG = 1.2
"""Most labels flagged, per label that is estimated to be wrong: the confident joint is far too high
where classes are hard to tell apart, where one has nearly all images, and for lists."""
FEW, NONE, SOME = 0.03, 0.045, 0.08
"""At most 3% are flagged if up to 4.5% are evidently wrong: so many are found in crawls without
wrong labels. From 8% on the estimate is trusted."""

Rows = NDArray[np.float32]


def flagged_share(logits: Rows, labels: NDArray[np.integer], wrong: float, trust: float) -> float:
    """Return the share of labels (m,) to flag, from the logits (m, C) of all classes.

    The other labels of an image, and classes without images, are MASKED. ``wrong`` is the estimated
    share of wrong labels, and ``trust`` in [0, 1] tells how sure it is that any are wrong.
    """
    most = FEW + (max(OF_WRONG * wrong, FEW) - FEW) * trust
    joint = confident_joint(logits, labels)
    return min(joint, MODEST * max(joint, wrong), most)


def trust_in(evident: float) -> float:
    """Return the trust in an estimate if a share ``evident`` of labels disagrees with images."""
    return float(min(max((evident - NONE) / (SOME - NONE), 0), 1))


def confident_joint(logits: Rows, labels: NDArray[np.integer]) -> float:
    """Return the share of labels off the diagonal of the calibrated confident joint.

    Northcutt et al. (2021, arXiv 1911.00068), Eq. 1 and 3: an image counts as of the likeliest of
    the classes whose probability is at least the mean probability of that class among the images
    that were given it.
    """
    p = np.exp(log_softmax(logits.astype(np.float64)))
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
