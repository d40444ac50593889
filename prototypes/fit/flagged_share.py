"""How many labels are flagged: as many as confident learning finds, but few if few are wrong."""

import numpy as np
from numpy.typing import NDArray

from prototypes.engine.softmax import log_softmax
from prototypes.engine.unseen import USUAL_CLASSES
from prototypes.fit.wrong_share import known_classes

MODEST = 0.92
"""Of the labels that the confident joint counts as wrong, so many are flagged. By label
quality, precision and recall are then both at least those of cleanlab's flags on 17 of 20 crawls
(docs/evidence.md)."""
AGREED, CLEAR = 1.1, 1.5
"""All that the confident joint counts are flagged if it counts at most 1.1 times the estimated
share of wrong labels, and MODEST of them if that is at most 1.5 times the estimate. Beyond that,
classes are hard to tell apart here, ..."""
FEW = 0.03
"""... and at most 3% are flagged if the estimate is so low that it may be that of a crawl without
wrong labels, ..."""
LOW, LOW_OF_FEW_CLASSES = (0.065, 0.1), (0.04, 0.09)
"""... which is up to the first of these; from the second on there is no limit."""
OF_FEW_CLASSES = 1.2
"""Most labels flagged with few classes, per label that is estimated to be wrong: the confident
joint is far too high where one of the classes has nearly all images."""
OF_LISTS = 1.2
"""Flagged labels of lists, per label that is estimated to be wrong: some more, to be reviewed."""

Rows = NDArray[np.float32]


def flagged_share(logits: Rows, labels: NDArray[np.integer], wrong: float, lists: bool) -> float:
    """Return the share of labels (m,) to flag, from the logits (m, C) of all classes.

    The other labels of an image, and classes without images, are MASKED. ``wrong`` is the estimated
    share of wrong labels. The confident joint of ``lists`` is far too high, as it takes a weak
    object for a wrong label.
    """
    joint = confident_joint(logits, labels)
    found = MODEST * joint
    if lists:
        return min(found, max(FEW, OF_LISTS * wrong))
    if joint <= AGREED * wrong:
        return joint
    if found <= CLEAR * wrong:
        return found
    few = known_classes(logits) < USUAL_CLASSES
    none, some = LOW_OF_FEW_CLASSES if few else LOW
    if few:
        found = max(min(found, OF_FEW_CLASSES * wrong), FEW)
    trusted = min(max((wrong - none) / (some - none), 0), 1)
    return min(found, FEW + (found - FEW) * trusted)


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
