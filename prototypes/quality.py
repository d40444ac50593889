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
"""A label is suspect if another class fits this many times as well."""
OUTLIER_DISTANCE = 1.2
"""No class fits an image farther than this from every prototype: the α of Eq. 6."""


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
    """(n,): index into ISSUE_KINDS."""


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
        issues(quality, suggested_quality, best),
    )


def issues(
    quality: NDArray[np.float32],
    suggested_quality: NDArray[np.float32],
    nearest: NDArray[np.float32],
) -> NDArray[np.int8]:
    """Tell wrong labels by the quality of the given and the suggested label: (n,).

    An issue is a label that another class fits ISSUE_RATIO times as well; it is an outlier
    where even the nearest prototype is farther than OUTLIER_DISTANCE. NaN is no issue.
    """
    wrong = suggested_quality > ISSUE_RATIO * quality
    outlier = nearest > OUTLIER_DISTANCE
    return np.where(wrong, np.where(outlier, 2, 1), 0).astype(np.int8)
