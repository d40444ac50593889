"""The different labels of each picture with copies; one row of each speaks for the others."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from curate.duplicates.pairs import different_pairs
from curate.duplicates.placeholders import placeholders
from curate.duplicates.stars import Rows
from curate.manifest.classes import NO_CLASS

MOST_OTHERS = 256
"""Labels of one picture that are left out of its rivals: the commonest ones."""


@dataclass(frozen=True)
class PictureLabels:
    """Each label of each picture once: K pairs, picture by picture."""

    speaker: Rows
    """(K,): which of the m rows speaks, the first one of the picture that has the label."""
    picture: Rows
    """(K,)"""
    label: Rows
    """(K,): `NO_CLASS` for copies without a label."""
    rows: Rows
    """(K,): how many rows have it."""
    of: Rows
    """(m,): the pair of each row."""

    @classmethod
    def among(cls, group: Rows, labels: Rows) -> "PictureLabels":
        """Find the pairs of rows (m,) with these labels; ``group`` is the same for copies."""
        pairs = different_pairs(group, labels)
        return cls(pairs.at, pairs.first, pairs.second, pairs.counts, pairs.of)

    @cached_property
    def several(self) -> NDArray[np.bool_]:
        """Tell which pairs (K,) are labels of pictures with several."""
        labelled = self.label != NO_CLASS
        _, of = np.unique(self.picture, return_inverse=True)
        return np.asarray(labelled & (np.bincount(of, labelled)[of] > 1))

    def placeholders(self, classes: int) -> NDArray[np.bool_]:
        """Tell which pairs (K,) are of a placeholder, in a crawl of so many classes."""
        _, of = np.unique(self.picture, return_inverse=True)
        labelled, most = self.label != NO_CLASS, np.zeros(of.max(initial=-1) + 1, np.int64)
        np.maximum.at(most, of[labelled], self.rows[labelled])
        sizes, labels = np.bincount(of, self.rows), np.bincount(of, labelled)
        return np.isin(of, placeholders(sizes, labels, most, classes))

    @cached_property
    def _commonest(self) -> Rows:
        """Order the pairs (K,) picture by picture, the labels of most rows first."""
        return np.lexsort((self.label, -self.rows, self.label == NO_CLASS, self.picture))

    def sets(self, pairs: Rows) -> NDArray[np.int32]:
        """Return the labels (n, 1 + L) of the pictures of pairs (n,), each pair's own first.

        The others are the commonest `MOST_OTHERS`, filled up with `NO_CLASS`.
        """
        start = np.searchsorted(self.picture, self.picture[pairs])
        end = np.searchsorted(self.picture, self.picture[pairs], "right")
        width = min(int((end - start).max(initial=1)), MOST_OTHERS)
        at = start[:, None] + np.arange(width)
        others = self.label[self._commonest[np.minimum(at, len(self.label) - 1)]]
        own = self.label[pairs][:, None]
        others[(at >= end[:, None]) | (others == own)] = NO_CLASS
        return np.hstack([own, others]).astype(np.int32)
