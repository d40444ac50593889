"""Rows that meet in a band, and so are compared.

A table holds a look for each pattern of the band's bits: the first that has it. The others with the
pattern are compared with that one; then the table holds the next. Nothing is sorted.
"""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from curate.duplicates.bands import Band, Words, slot_bits
from curate.images.picture_hash import BITS

ROUNDS = 16
"""So many looks with a pattern are held, one by one, so that time is linear in the rows."""
BLOCK = 2**14
"""Looks that are looked up at a time, so that they stay in the processor's cache."""
NOBODY = np.uint32(2**32 - 1)
MIX = np.uint64(0x9E3779B97F4A7C15)
"""Odd; the upper bits of a pattern times this depend on all of its bits (Dietzfelbinger et al.,
"A reliable randomized algorithm for the closest-pair problem", 1997)."""
Rows = NDArray[np.int64]
Places = NDArray[np.uint32]
"""Of looks: l · n + r, of the look l of row r of n."""
Pairs = tuple[Rows, Rows]
Free = Callable[[Rows], NDArray[np.bool_]]
"""Tells which rows (m,) are still to be compared."""


def meetings(band: Band, free: Free) -> Iterator[Pairs]:
    """Give pairs of free rows that meet, earlier and later (m,), round by round."""
    rows, looks = band.looks.shape
    table = _Table(band)
    left = np.flatnonzero(np.tile(free(np.arange(rows)), looks)).astype(np.uint32)
    for _ in range(ROUNDS):
        held = left[: np.searchsorted(left, rows * band.held)]
        if not len(held):
            return
        table.hold(held)
        left, pairs = _joined([table.compare(part) for part in _parts(left)])
        yield pairs
        table.let_go(left)
        left = left[free(left % rows)]


class _Table:
    """The first of the looks with a pattern, by pattern."""

    def __init__(self, band: Band) -> None:
        self._mask, self._reach = band.mask, band.reach
        self._rows = np.uint32(len(band.looks))
        self._looks = np.ascontiguousarray(band.looks.T).ravel()
        bits = slot_bits(len(band.looks) * band.held)
        self._shift = np.uint64(BITS - bits)
        self._held = np.full(1 << bits, NOBODY, np.uint32)

    def hold(self, places: Places) -> None:
        """Hold the first of the looks at ``places`` (m,), ascending, with each pattern."""
        for part in _parts(places):
            np.minimum.at(self._held, self._slots(self._looks[part]), part)

    def let_go(self, places: Places) -> None:
        """Hold no look any more whose pattern one of the looks at ``places`` (m,) has."""
        for part in _parts(places):
            self._held[self._slots(self._looks[part])] = NOBODY

    def compare(self, places: Places) -> tuple[Places, Pairs]:
        """Give the places (m,) of looks that are not held, and the pairs of rows that meet."""
        looks = self._looks[places]
        held = self._held[self._slots(looks)]
        others = np.flatnonzero((held != places) & (held != NOBODY))
        held, places = held[others], places[others]
        differ = looks[others] ^ self._looks[held]
        meet = (differ & self._mask) == 0
        meet &= np.bitwise_count(differ) <= self._reach
        one, other = self._rows_of(held[meet]), self._rows_of(places[meet])
        two = np.flatnonzero(one != other)
        one, other = one[two], other[two]
        return places, (np.minimum(one, other), np.maximum(one, other))

    def _rows_of(self, places: Places) -> Rows:
        return (places % self._rows).astype(np.int64)

    def _slots(self, looks: Words) -> NDArray[np.int64]:
        pattern = looks & self._mask
        pattern *= MIX
        pattern >>= self._shift
        return pattern.view(np.int64)


def _joined(found: list[tuple[Places, Pairs]]) -> tuple[Places, Pairs]:
    earlier, later = (np.concatenate(of) for of in zip(*(pairs for _, pairs in found), strict=True))
    return np.concatenate([places for places, _ in found]), (earlier, later)


def _parts(places: Places) -> Iterator[Places]:
    return (places[start : start + BLOCK] for start in range(0, len(places), BLOCK))
