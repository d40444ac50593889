"""Scores of every row: quality of its label, a better label, and whether the label is wrong."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from prototypes.engine.blocks import Labels, unit_rows
from prototypes.engine.confusion import Confusion
from prototypes.engine.little_known import NONE
from prototypes.engine.moments import counted
from prototypes.engine.pairs import own_labels
from prototypes.engine.products import HOST, Products
from prototypes.engine.unseen import unseen_logit
from prototypes.fit.prior import NO_PRIOR, Prior
from prototypes.score.evidence import Evidence

ISSUE_KINDS = (None, "relabel", "outlier")
"""Names of the values of `LabelQuality.issue`."""
OUTLIER_COSINE = 0.4
"""A flagged image is an outlier if its cosine to every other class is below this."""


@dataclass(frozen=True)
class LabelQuality:
    """Scores of n rows; NaN, and no issue, where a label cannot be judged.

    These are rows without a label or without features, and labels of little-known classes.
    """

    distance: NDArray[np.float32]
    """(n,): ‖v_y − g‖ of Eq. 6, in [0, 2]."""
    quality: NDArray[np.float32]
    """(n,): the probability that the label is right: the softmax over the label and its rivals of
    the cosine to the prototypes, at the label, with the prior odds that a label is right."""
    suggested: NDArray[np.int64]
    """(n,): the class that the image looks most like, the label or a rival; -1 if there is neither,
    and for labels of little-known classes."""
    suggested_quality: NDArray[np.float32]
    """(n,): the probability of the suggested class. The odds among the classes that were not given
    are those of the softmax."""
    issue: NDArray[np.int8]
    """(n,): index into ISSUE_KINDS. For a person to review, so rather too many than too few."""
    counted_wrong: NDArray[np.bool_]
    """(n,): the share of these rows among labelled ones estimates the share of wrong labels."""


def label_quality(
    g: NDArray[np.float32],
    labels: Labels,
    prototypes: NDArray[np.float32],
    temperature: float,
    self_influence: NDArray[np.float32],
    confusion: Confusion | None = None,
    evidence: Evidence | None = None,
    products: Products = HOST,
    little_known: NDArray[np.int64] = NONE,
    prior: Prior = NO_PRIOR,
) -> LabelQuality:
    """Compare rows g (n, d) with prototypes (C·k, d) of any length and with their labels.

    The k prototypes of a class are adjacent, and the nearest counts. ``self_influence`` (C,) (see
    `AdaptedSpace`) is subtracted from the cosine to a row's own prototype: it is what the row
    itself has added to that cosine, so that a label does not support itself. It does not depend on
    k, as it comes from the space. ``confusion`` says which rivals a label is likely to be confused
    with. A crawl of few classes gets unseen ones (see `unseen`). ``evidence`` is added to all
    cosines, but does not change the distance. ``little_known`` (m,) are classes (see there) whose
    labels are not judged, and which are no rivals. ``prior`` says how often labels are right, and
    what quality is low. Not in the paper.
    """
    k = len(prototypes) // len(self_influence)
    given = own_labels(labels)
    unjudged = np.isin(given, little_known)
    known = counted(g, labels, len(self_influence)) & ~unjudged
    directions = unit_rows(prototypes)
    away = [prototypes[given * k + i] - g for i in range(k)]
    distance = np.sqrt(np.minimum.reduce([np.einsum("ij,ij->i", a, a) for a in away]))
    if evidence is not None and evidence.rows.size:
        g, directions = evidence.beside(g, directions, k)
    rivals = products.find_rivals(g, labels, directions, temperature, confusion, k, little_known)
    own = np.where(known, rivals.own - self_influence[given], np.float32(np.nan))
    if evidence is not None:
        own += evidence.own
    logit = own / np.float32(temperature)
    against = np.logaddexp(rivals.log_partition, unseen_logit(len(self_influence), temperature))
    better = ~(known & (logit >= rivals.logit))
    quality = expit(logit + np.float32(prior.log_odds) - against)
    other = np.where(known, 1 - quality, np.float32(1)) * np.exp(rivals.logit - against)
    return LabelQuality(
        np.where(known, distance, np.nan).astype(np.float32),
        quality,
        np.where(unjudged, -1, np.where(better, rivals.most_likely, given)),
        np.where(unjudged, np.float32(np.nan), np.where(better, other, quality)),
        issues(quality < prior.flagged_below, rivals.cosine),
        quality < prior.wrong_below,
    )


def issues(flagged: NDArray[np.bool_], rival: NDArray[np.float32]) -> NDArray[np.int8]:
    """Classify flagged labels (n,) by the cosine to the best other class (n,).

    The cosine to the given class tells nothing of the kind: images of none of the classes got the
    label that they are most like. Returns an index into ISSUE_KINDS (n,). Not in the paper.
    """
    return np.where(flagged, np.where(rival < OUTLIER_COSINE, 2, 1), 0).astype(np.int8)
