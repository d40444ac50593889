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
ISSUE_RATIO = 3.0
"""A label is an issue if another class is this many times as likely ..."""
ISSUE_COSINE = 0.28
"""... or if its image is this far from its prototype: at a distance of 1.2, the α of Eq. 6."""
OUTLIER_COSINE = 0.4
"""No class fits an image whose cosine to every prototype is below this."""
COUNTED_RATIO = 5.0
"""At this ratio about as many right labels are counted wrong as wrong ones are missed."""


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
    quality = np.exp(own / np.float32(temperature) - scale)
    suggested_quality = np.exp(best / np.float32(temperature) - scale)
    return LabelQuality(
        distance.astype(np.float32),
        quality,
        nearest[:, 0],
        suggested_quality,
        issues(own, best, temperature),
        best - own > temperature * np.log(COUNTED_RATIO),
    )


def issues(
    own: NDArray[np.float32], best: NDArray[np.float32], temperature: float
) -> NDArray[np.int8]:
    """Tell wrong labels by the cosines to the given and to the nearest prototype: (n,).

    The softmax makes exp((best − own) / τ) the ratio of their likelihoods. NaN is no issue.
    """
    far = own < ISSUE_COSINE
    wrong = far | (best - own > temperature * np.log(ISSUE_RATIO))
    outlier = (best < OUTLIER_COSINE) | (best <= own)
    return np.where(wrong, np.where(outlier, 2, 1), 0).astype(np.int8)
