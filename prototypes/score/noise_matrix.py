"""The estimated noise matrix: which labels the images of each true class were given.

Notation: g is the given class and t the true class, both from 0 to C − 1; t is `OUTSIDE` for an
image of none of the classes. Only pairs that occur are stored.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prototypes.engine.blocks import Labels

OUTSIDE = -1


@dataclass(frozen=True)
class NoiseCounts:
    """Number of images for each pair of given and true class; counts can be added."""

    classes: int
    cells: NDArray[np.int64]
    """(P,) ascending: (C + 1) g + (t + 1) of each pair that occurs."""
    counts: NDArray[np.int64]
    """(P,)"""

    def __add__(self, other: "NoiseCounts") -> "NoiseCounts":
        """Add the counts of two blocks."""
        at = np.searchsorted(self.cells, other.cells)
        known = np.append(self.cells, -1)[at] == other.cells
        counts = self.counts.copy()
        counts[at[known]] += other.counts[known]
        at, new = at[~known], ~known
        return NoiseCounts(
            self.classes,
            np.insert(self.cells, at, other.cells[new]),
            np.insert(counts, at, other.counts[new]),
        )

    @property
    def given(self) -> NDArray[np.int64]:
        """(P,): g of each pair."""
        return self.cells // (self.classes + 1)

    @property
    def true(self) -> NDArray[np.int64]:
        """(P,): t of each pair."""
        return self.cells % (self.classes + 1) - 1

    def given_by_true(self) -> NDArray[np.float64]:
        """Return p(g | t) of each pair (P,): for every t they sum to 1 over g.

        This is T_tg of loss correction (Patrini et al. CVPR 2017).
        """
        return self._share(self.true + 1)

    def true_by_given(self) -> NDArray[np.float64]:
        """Return p(t | g) of each pair (P,): for every g they sum to 1 over t, OUTSIDE included."""
        return self._share(self.given)

    def wrong(self) -> NDArray[np.float64]:
        """Return the share of wrong labels (C,) of each given class; 0 for one without labels."""
        right = np.zeros(self.classes)
        same = self.given == self.true
        right[self.given[same]] = self.counts[same]
        every = np.bincount(self.given, self.counts, minlength=self.classes)
        return np.asarray(np.where(every > 0, 1 - right / np.maximum(every, 1), 0))

    def _share(self, condition: NDArray[np.int64]) -> NDArray[np.float64]:
        return np.asarray(self.counts / np.bincount(condition, self.counts)[condition])


def noise_counts(given: Labels, true: Labels, classes: int) -> NoiseCounts:
    """Count the pairs of given (n,) and true (n,); rows with a given label of -1 do not count.

    Raises ValueError for a label that is neither -1 nor one of the classes.
    """
    for labels in (given, true):
        if labels.size and not (labels.min() >= -1 and labels.max() < classes):
            raise ValueError(
                f"Labels run from {labels.min()} to {labels.max()}, but there are {classes}"
                f" classes: number the classes from 0 to {classes - 1}."
            )
    kept = given >= 0
    found = (classes + 1) * given[kept].astype(np.int64) + true[kept] + 1
    cells, counts = np.unique(found, return_counts=True)
    return NoiseCounts(classes, cells, counts.astype(np.int64))


def estimated_truth(
    given: Labels,
    suggested: Labels,
    wrong: NDArray[np.bool_],
    outlier: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """Estimate the true class (n,) of rows with a given and a suggested class (n,).

    It is the given class unless the label counts as ``wrong`` (`LabelQuality.counted_wrong`), so
    that the noise matrix agrees with the estimated share of wrong labels. For a wrong label it is
    the suggested class, or OUTSIDE if the image is an ``outlier`` or its own class is the nearest,
    but too far away.

    Each image counts as 1. Expected counts from a softmax of the cosines, at any temperature and
    with or without a bonus for the given label, were no closer to the true matrix.
    """
    outside = wrong & (outlier | (suggested == given))
    return np.where(outside, OUTSIDE, np.where(wrong, suggested, given)).astype(np.int64)


def empty_counts(classes: int) -> NoiseCounts:
    """Return the counts of no images, to which others can be added."""
    nothing: NDArray[Any] = np.empty(0, np.int64)
    return NoiseCounts(classes, nothing, nothing)
