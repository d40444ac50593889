"""What is said of every sample: quality of its label, the better label, and whether it is wrong."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prototypes.blocks import Labels, unit_rows
from prototypes.moments import counted
from prototypes.neighbours import nearest_prototypes
from prototypes.softmax import log_partition

ISSUE_KINDS = (None, "relabel", "outlier")
"""Names of the numbers in `LabelQuality.issue`."""
ISSUE_MARGIN = 0.25
"""A label is an issue if the cosine to another class is higher by this ..."""
ISSUE_COSINE = 0.15
"""... or the cosine to its own is below this."""
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
    """(n,): softmax over classes of the cosine to the prototypes, at the given label."""
    suggested: NDArray[np.int64]
    """(n,): the class of the nearest prototype."""
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
) -> LabelQuality:
    """Compare rows g (n, d) with prototypes (C·k, d) of any length and with their labels.

    Of a class's k prototypes, which lie side by side, the nearest counts.
    From the cosine to a row's own prototype comes off what the row itself has added to it,
    ``self_influence`` (C,) (see `AdaptedSpace`), so that a label does not vouch for itself; it is
    the same for any k, as it comes by way of the space.
    """
    k = len(prototypes) // len(self_influence)
    known = counted(g, labels, len(self_influence))
    directions = unit_rows(prototypes)
    mine = [labels * k + i for i in range(k)]
    own = np.maximum.reduce([np.einsum("ij,ij->i", g, directions[i]) for i in mine])
    own = np.where(known, own, np.float32(np.nan))
    fair = own - self_influence[labels]
    distance = np.minimum.reduce([np.linalg.norm(prototypes[i] - g, axis=1) for i in mine])
    other, suggested = _best_other(g, labels, directions, k)
    suggested = np.where(known & (fair >= other), labels, suggested)
    # Shares of the softmax over all classes, with the own class's cosine put right in each.
    scale = log_partition(g, directions, temperature, k)
    share = np.exp(np.minimum(own / np.float32(temperature) - scale, 0))
    fair_share = share * np.exp((fair - own) / np.float32(temperature))
    rest = np.where(known, np.maximum(1 - share, 0) + fair_share, 1)
    quality = fair_share / rest
    other_quality = np.exp(np.minimum(other / np.float32(temperature) - scale, 0)) / rest
    return LabelQuality(
        np.where(known, distance, np.nan).astype(np.float32),
        quality,
        suggested,
        np.where(suggested == labels, quality, np.minimum(other_quality, 1)),
        issues(fair, other),
        counted_wrong(fair, other),
    )


def _best_other(
    g: NDArray[np.float32], labels: Labels, directions: NDArray[np.float32], k: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Find the nearest prototype that is not the label's: its cosine (n,) and class (n,)."""
    cosines, nearest = nearest_prototypes(g, directions, k + 1)
    classes = nearest // k
    at = np.argmax(classes != labels[:, None], axis=1)
    rows = np.arange(len(g))
    return cosines[rows, at], classes[rows, at]


def issues(own: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.int8]:
    """Tell wrong labels by the cosines to the given and to the best other prototype: (n,).

    Not in the paper. NaN, no label, is no issue.
    """
    wrong = (own < ISSUE_COSINE) | (other - own > ISSUE_MARGIN)
    outlier = np.fmax(own, other) < OUTLIER_COSINE
    return np.where(wrong, np.where(outlier, 2, 1), 0).astype(np.int8)


def counted_wrong(own: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Tell which labels count for the estimated share of wrong ones: (n,)."""
    return np.asarray((own < COUNTED_COSINE) | (other - own > COUNTED_MARGIN))
