"""Scores of every row: quality of its label, a better label, and whether the label is wrong."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prototypes.engine.blocks import Labels, unit_rows
from prototypes.engine.confusion import Confusion
from prototypes.engine.little_known import NONE
from prototypes.engine.moments import counted
from prototypes.engine.pairs import MASKED, own_labels
from prototypes.engine.products import HOST, Products
from prototypes.engine.rivals import Rivals
from prototypes.engine.unseen import USUAL_CLASSES, unseen_logit
from prototypes.score.evidence import Evidence

ISSUE_KINDS = (None, "relabel", "outlier")
"""Names of the values of `LabelQuality.issue`."""
ISSUE_MARGIN = 0.28
"""A label is an issue if the cosine to another class is higher than to its own by this ..."""
ISSUE_COSINE = 0.15
"""... or if the cosine to its own class is below this, or less with few classes (see `few`)."""
OUTLIER_COSINE = 0.4
"""An image is an outlier if its cosine to every prototype is below this."""
COUNTED_MARGIN, COUNTED_COSINE = 0.35, 0.1
"""The same for labels that count in the estimated share of wrong labels: with these thresholds as
many right labels are counted as wrong ones are missed."""


@dataclass(frozen=True)
class LabelQuality:
    """Scores of n rows; NaN, and no issue, where a label cannot be judged.

    These are rows without a label or without features, and labels of little-known classes.
    """

    distance: NDArray[np.float32]
    """(n,): ‖v_y − g‖ of Eq. 6, in [0, 2]."""
    quality: NDArray[np.float32]
    """(n,): softmax over the label and its rivals of the cosine to the prototypes, at the label."""
    suggested: NDArray[np.int64]
    """(n,): the most likely class, the label or a rival; -1 if there is neither, and for labels of
    little-known classes."""
    suggested_quality: NDArray[np.float32]
    """(n,): the softmax at the suggested class."""
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
) -> LabelQuality:
    """Compare rows g (n, d) with prototypes (C·k, d) of any length and with their labels.

    The k prototypes of a class are adjacent, and the nearest counts. ``self_influence`` (C,) (see
    `AdaptedSpace`) is subtracted from the cosine to a row's own prototype: it is what the row
    itself has added to that cosine, so that a label does not support itself. It does not depend on
    k, as it comes from the space. ``confusion`` says which rivals a label is likely to be confused
    with. A crawl of few classes gets unseen ones (see `unseen`). ``evidence`` is added to all
    cosines, but does not change the distance. ``little_known`` (m,) are classes (see there) whose
    labels are not judged, and which are no rivals.
    """
    k = len(prototypes) // len(self_influence)
    given = own_labels(labels)
    unjudged = np.isin(given, little_known)
    known = counted(g, labels, len(self_influence)) & ~unjudged
    directions = unit_rows(prototypes)
    away = [prototypes[given * k + i] - g for i in range(k)]
    distance = np.sqrt(np.minimum.reduce([np.einsum("ij,ij->i", a, a) for a in away]))
    if evidence is not None and evidence.rows.size:
        present = directions.any(axis=1, keepdims=True)
        g = np.hstack([g, evidence.rows])
        directions = np.hstack([directions, np.repeat(evidence.classes, k, axis=0) * present])
    rivals = products.find_rivals(g, labels, directions, temperature, confusion, k, little_known)
    own = np.where(known, rivals.own - self_influence[given], np.float32(np.nan))
    if evidence is not None:
        own += evidence.own
    logit = own / np.float32(temperature)
    against = np.logaddexp(rivals.log_partition, unseen_logit(len(self_influence), temperature))
    better = ~(known & (logit >= rivals.logit))
    everything = np.logaddexp(against, np.where(known, logit, MASKED))
    best = np.where(better, rivals.logit, logit)
    return LabelQuality(
        np.where(known, distance, np.nan).astype(np.float32),
        np.exp(logit - everything),
        np.where(unjudged, -1, np.where(better, rivals.most_likely, given)),
        np.where(unjudged, np.float32(np.nan), np.exp(best - everything)),
        issues(own, rivals, few(len(self_influence))),
        counted_wrong(own, rivals),
    )


def few(classes: int) -> float:
    """Return the factor by which few classes lower ISSUE_COSINE: 1 for USUAL_CLASSES or more.

    With two classes, an image midway between them has a cosine of 0 to both, and is still not
    unlike both of them.
    """
    return min((classes - 1) / (USUAL_CLASSES - 1), 1.0)


def issues(own: NDArray[np.float32], rivals: Rivals, few: float = 1.0) -> NDArray[np.int8]:
    """Classify labels by the cosines to the given (n,) and to the best other prototype: (n,).

    Returns an index into ISSUE_KINDS. NaN, a row without a label, is not an issue. Not in the
    paper.
    """
    unlike = own + rivals.size_shift < few * ISSUE_COSINE
    wrong = unlike | (rivals.sized - own > ISSUE_MARGIN)
    outlier = np.fmax(own, rivals.cosine) < OUTLIER_COSINE
    return np.where(wrong, np.where(outlier, 2, 1), 0).astype(np.int8)


def counted_wrong(own: NDArray[np.float32], rivals: Rivals) -> NDArray[np.bool_]:
    """Tell which labels (n,) count as wrong in the estimated share of wrong labels."""
    unlike = own + rivals.size_shift < COUNTED_COSINE
    return np.asarray(unlike | (rivals.sized - own > COUNTED_MARGIN))
