"""Group rows as stars: every member is near its representative, the earliest row of the group.

A chain a ~ b ~ c, where a and c are not alike, is no group of three. Of two near rows the later
one joins the earlier. When a representative joins another one, its members go along if they are
near the new one too; the others are free again.
"""

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from curate.duplicates.bands import Band, Words
from curate.duplicates.meetings import Rows as Rows
from curate.duplicates.meetings import meetings

HALF, LOWER = np.uint64(32), np.uint64(2**32 - 1)
Near = Callable[[Rows, Rows], NDArray[np.bool_]]
"""Tells which pairs of rows (m,), (m,) are copies of one another."""


def star_groups(rows: int, bands: Iterable[Band], near: Near) -> Rows:
    """Group ``rows`` rows: return the representative (rows,) of each, itself if it has none.

    ``near`` is asked only of rows that meet in a band. The result depends on the order of
    the rows and of the bands alone.
    """
    stars = _Stars(np.arange(rows), np.zeros(rows, bool), near)
    for band in bands:
        for earlier, later in meetings(band, stars.free):
            stars.join(earlier, later)
    return stars.of


class _Stars:
    """The representative of each row, as far as it is known."""

    def __init__(self, of: Rows, has_members: NDArray[np.bool_], near: Near) -> None:
        self.of = of
        self._has_members = has_members
        self._near = near

    def free(self, rows: Rows) -> NDArray[np.bool_]:
        """Tell which rows belong to no other."""
        return np.asarray(self.of[rows] == rows)

    def join(self, earlier: Rows, later: Rows) -> None:
        """Let free rows ``later`` (m,) join free rows ``earlier`` (m,), where they are near."""
        packed = _distinct(later.astype(np.uint64) << HALF | earlier.astype(np.uint64))
        later, earlier = (packed >> HALF).astype(np.int64), (packed & LOWER).astype(np.int64)
        near = self._near(earlier, later)
        later, first = np.unique(later[near], return_index=True)
        if not len(later):
            return
        self.of[later] = earlier[near][first]
        moved = self._settle(later, later)
        demoted = moved[self._has_members[moved]]
        self._has_members[self.of[moved]] = True
        if len(demoted):
            members = np.flatnonzero(np.isin(self.of, demoted))
            self._settle(members, members)
            self._has_members[self.of[members]] = True
            self._has_members[demoted] = False

    def _settle(self, rows: Rows, otherwise: Rows) -> Rows:
        """Let rows follow their representatives to the last one, or be free; return who did."""
        last = self.of[rows]
        while not (free := self.free(last)).all():
            last[~free] = self.of[last[~free]]
        direct = last == self.of[rows]
        direct[~direct] = self._near(last[~direct], rows[~direct])
        self.of[rows] = np.where(direct, last, otherwise)
        return np.asarray(rows[direct])


def _distinct(packed: Words) -> Words:
    """Sort numbers and leave out what comes again; `numpy.unique` takes ten times as long."""
    ordered = np.sort(packed)
    new = np.append(True, ordered[1:] != ordered[:-1])[: len(ordered)]
    return np.asarray(ordered[new])
