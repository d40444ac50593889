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
ISSUE_MARGIN = 0.2
"""A label is an issue if the cosine to another class is higher by this ..."""
ISSUE_COSINE = 0.2
"""... or the cosine to its own is below this."""
OUTLIER_COSINE = 0.4
"""No class fits an image whose cosine to every prototype is below this."""
COUNTED_RATIO, COUNTED_MARGIN = 5.0, 0.4
"""A label counts as wrong where another class is 5 times as likely, or closer by 0.4, or where
its image points away from its prototype; then right labels counted make up for wrong ones missed.
The margin is for few classes, where labels at random keep every likelihood ratio small."""


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
    g: NDArray[np.float32], labels: Labels, prototypes: NDArray[np.float32], temperature: float
) -> LabelQuality:
    """Compare rows g (n, d) with prototypes (C, d) of any length and with their labels."""
    known = counted(g, labels, len(prototypes))
    directions = unit_rows(prototypes)
    cosines, nearest = nearest_prototypes(g, directions, 1)
    best = cosines[:, 0]
    own = np.where(known, np.einsum("ij,ij->i", g, directions[labels]), np.float32(np.nan))
    distance = np.where(known, np.linalg.norm(prototypes[labels] - g, axis=1), np.nan)
    scale = log_partition(g, directions, temperature)
    # Rounding may lift a logarithm of a share above 0.
    quality = np.exp(np.minimum(own / np.float32(temperature) - scale, 0))
    suggested_quality = np.exp(np.minimum(best / np.float32(temperature) - scale, 0))
    return LabelQuality(
        distance.astype(np.float32),
        quality,
        nearest[:, 0],
        suggested_quality,
        issues(own, best),
        counted_wrong(own, best, temperature),
    )


def issues(own: NDArray[np.float32], best: NDArray[np.float32]) -> NDArray[np.int8]:
    """Tell wrong labels by the cosines to the given and to the nearest prototype: (n,).

    Not in the paper. NaN, no label, is no issue.
    """
    wrong = (own < ISSUE_COSINE) | (best - own > ISSUE_MARGIN)
    return np.where(wrong, np.where(best < OUTLIER_COSINE, 2, 1), 0).astype(np.int8)


def counted_wrong(
    own: NDArray[np.float32], best: NDArray[np.float32], temperature: float
) -> NDArray[np.bool_]:
    """Tell which labels count for the estimated share of wrong ones: (n,).

    The softmax makes exp((best − own) / τ) the ratio of two classes' likelihoods.
    """
    margin = min(temperature * np.log(COUNTED_RATIO), COUNTED_MARGIN)
    return np.asarray((best - own > margin) | (own < 0))
