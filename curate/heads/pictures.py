"""What a head says of a picture, which is said of all of its copies."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curate.crawl.stored_features import BLOCK_ROWS
from curate.duplicates.picture_labels import PictureLabels
from curate.heads.training import Positions
from curate.manifest.classes import NO_CLASS
from curate.weighted.work import Work

LEAST = 1e-7
"""No speaker holds a class for less probable than this."""


@dataclass(frozen=True)
class Pictures:
    """The P pictures that a file has copies of, and the rows that speak for them.

    Of each picture speaks the first row of each of its labels; without any label its first row.
    """

    of: Positions
    """(N,): the picture of each row of the file; -1 where that has no copies."""
    speakers: Positions
    """(S,): rows of the file, picture by picture."""
    start: Positions
    """(P + 1,): where the speakers of each picture begin, and where the last one's end."""
    sole: Positions
    """(P,): the label of all rows of the picture that have one; -1 where they have several or none.
    """

    @classmethod
    def among(cls, representative: Positions | None, work: Work) -> "Pictures | None":
        """Find them; ``representative`` (N,) is the same for copies. None without any."""
        if representative is None:
            return None
        rows = np.flatnonzero(np.bincount(representative)[representative] > 1)
        if not len(rows):
            return None
        found = PictureLabels.among(representative[rows], work.labels_of(rows)[:, 0])
        labelled = found.label != NO_CLASS
        speaks = labelled | ~np.isin(found.picture, found.picture[labelled])
        _, start, counts = np.unique(found.picture[speaks], return_index=True, return_counts=True)
        of = np.full(len(representative), -1, np.int64)
        of[rows] = np.unique(representative[rows], return_inverse=True)[1]
        sole = np.where(counts == 1, found.label[speaks][start], NO_CLASS)
        ends = np.append(start, speaks.sum())
        return cls(of, rows[found.speaker[speaks]], ends, sole)

    def pieces(self, pictures: Positions) -> Iterator[tuple[Positions, Positions]]:
        """Divide pictures (n,) into pieces of not too many speakers.

        Each piece is the rows that speak (s,), and where those of each of its pictures begin.
        """
        counts = self.start[pictures + 1] - self.start[pictures]
        full = np.flatnonzero(np.diff(np.cumsum(counts) // BLOCK_ROWS)) + 1
        for piece, of_each in zip(np.split(pictures, full), np.split(counts, full), strict=True):
            begin = np.cumsum(of_each) - of_each
            place = np.arange(of_each.sum()) - np.repeat(begin, of_each)
            yield self.speakers[np.repeat(self.start[piece], of_each) + place], begin


def agreed(p: NDArray[np.float32], begin: Positions) -> NDArray[np.float32]:
    """Return what speakers agree on (P, K), who hold p (s, K); those of a picture are together.

    The geometric mean, scaled to a sum of 1 (a logarithmic opinion pool: Genest and Zidek,
    "Combining probability distributions", 1986): what all know of the picture counts once, and each
    label by the same share. A row of zeros knows nothing.
    """
    total = p.sum(axis=1, keepdims=True, dtype=np.float64)
    known = total > 0
    logs = np.where(known, np.log(np.maximum(p / np.where(known, total, 1), LEAST)), 0)
    voices = np.add.reduceat(known[:, 0].astype(np.int64), begin)[:, None]
    mean = np.add.reduceat(logs, begin) / np.maximum(voices, 1)
    shared = np.exp(mean - mean.max(axis=1, keepdims=True))
    shared /= shared.sum(axis=1, keepdims=True)
    return np.where(voices > 0, shared, 0).astype(np.float32)
