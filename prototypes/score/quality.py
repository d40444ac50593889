"""What is said of every sample: quality of its label, the better label, and whether it is wrong."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prototypes.engine.blocks import Labels, unit_rows
from prototypes.engine.confusion import Confusion
from prototypes.engine.moments import counted
from prototypes.engine.pairs import STRUCK, own_labels
from prototypes.engine.products import HOST, Products
from prototypes.engine.rivals import Rivals
from prototypes.engine.unseen import USUAL_CLASSES, unseen_logit
from prototypes.score.evidence import Evidence

ISSUE_KINDS = (None, "relabel", "outlier")
"""Names of the numbers in `LabelQuality.issue`."""
ISSUE_MARGIN = 0.28
"""A label is an issue if the cosine to another class is higher by this ..."""
ISSUE_COSINE = 0.15
"""... or the cosine to its own is below this; with fewer classes than usual less (see `few`)."""
OUTLIER_COSINE = 0.4
"""No class fits an image whose cosine to every prototype is below this."""
COUNTED_MARGIN, COUNTED_COSINE = 0.35, 0.1
"""The same for the labels that count in the estimate: with these as many right labels are
counted as wrong ones are missed."""


@dataclass(frozen=True)
class LabelQuality:
    """Scores of n rows; NaN, and no issue, where a row has no label or no features."""

    distance: NDArray[np.float32]
    """(n,): ‖v_y − g‖ of Eq. 6, in [0, 2]."""
    quality: NDArray[np.float32]
    """(n,): softmax over the label and its rivals of the cosine to the prototypes, at the label."""
    suggested: NDArray[np.int64]
    """(n,): the likeliest class: the label or a rival; -1 where a row has neither."""
    suggested_quality: NDArray[np.float32]
    """(n,): the softmax at the suggested class."""
    issue: NDArray[np.int8]
    """(n,): index into ISSUE_KINDS; for a person to look at, so rather too many."""
    counted_wrong: NDArray[np.bool_]
    """(n,): their share of the labelled rows estimates the share of wrong labels."""


def label_quality(
    g: NDArray[np.float32],
    labels: Labels,
    prototypes: NDArray[np.float32],
    temperature: float,
    self_influence: NDArray[np.float32],
    confusion: Confusion | None = None,
    evidence: Evidence | None = None,
    products: Products = HOST,
) -> LabelQuality:
    """Compare rows g (n, d) with prototypes (C·k, d) of any length and with their labels.

    Of a class's k prototypes, which lie side by side, the nearest counts.
    From the cosine to a row's own prototype comes off what the row itself has added to it,
    ``self_influence`` (C,) (see `AdaptedSpace`), so that a label does not vouch for itself; it is
    the same for any k, as it comes by way of the space. ``confusion`` says which rivals a label is
    likely to be taken for, and few classes are made up to more (see `unseen`).
    ``evidence`` is added to the cosines, in all but the distance.
    """
    k = len(prototypes) // len(self_influence)
    known, given = counted(g, labels, len(self_influence)), own_labels(labels)
    directions = unit_rows(prototypes)
    away = [prototypes[given * k + i] - g for i in range(k)]
    distance = np.sqrt(np.minimum.reduce([np.einsum("ij,ij->i", a, a) for a in away]))
    if evidence is not None and evidence.rows.size:
        there = directions.any(axis=1, keepdims=True)
        g = np.hstack([g, evidence.rows])
        directions = np.hstack([directions, np.repeat(evidence.classes, k, axis=0) * there])
    rivals = products.find_rivals(g, labels, directions, temperature, confusion, k)
    own = np.where(known, rivals.own - self_influence[given], np.float32(np.nan))
    if evidence is not None:
        own += evidence.own
    logit = own / np.float32(temperature)
    against = np.logaddexp(rivals.log_partition, unseen_logit(len(self_influence), temperature))
    better = ~(known & (logit >= rivals.logit))
    everything = np.logaddexp(against, np.where(known, logit, STRUCK))
    best = np.where(better, rivals.logit, logit)
    return LabelQuality(
        np.where(known, distance, np.nan).astype(np.float32),
        np.exp(logit - everything),
        np.where(better, rivals.likeliest, given),
        np.exp(best - everything),
        issues(own, rivals, few(len(self_influence))),
        counted_wrong(own, rivals),
    )


def few(classes: int) -> float:
    """Return by how much fewer classes than usual lower the least cosine to the own one.

    Of two classes each is what the other is not: an image between both has a cosine of 0 to
    either, and is not unlike all that there is.
    """
    return min((classes - 1) / (USUAL_CLASSES - 1), 1.0)


def issues(own: NDArray[np.float32], rivals: Rivals, few: float = 1.0) -> NDArray[np.int8]:
    """Tell wrong labels by the cosines to the given (n,) and to the best other prototype: (n,).

    Not in the paper. NaN, no label, is no issue.
    """
    unlike = own + rivals.outweighed < few * ISSUE_COSINE
    wrong = unlike | (rivals.sized - own > ISSUE_MARGIN)
    outlier = np.fmax(own, rivals.cosine) < OUTLIER_COSINE
    return np.where(wrong, np.where(outlier, 2, 1), 0).astype(np.int8)


def counted_wrong(own: NDArray[np.float32], rivals: Rivals) -> NDArray[np.bool_]:
    """Tell which labels count for the estimated share of wrong ones: (n,)."""
    unlike = own + rivals.outweighed < COUNTED_COSINE
    return np.asarray(unlike | (rivals.sized - own > COUNTED_MARGIN))
