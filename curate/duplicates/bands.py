"""Bands: some bits of a hash of 64 bits, in all of which two rows that are alike may agree.

Two hashes that differ in f of 64 bits agree in b random ones with probability (1 - f/64)^b or so,
and hardly ever disagree in all of eighteen bands if f is small. More rows need more bits, so that
few unlike rows agree.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curate.images.picture_hash import BITS

BANDS = 18
LEAST_BITS = 16
ALL = np.uint64(2**64 - 1)
SEED = 1
Words = NDArray[np.uint64]


@dataclass(frozen=True)
class Band:
    """Bits by which rows meet: a look of one agrees in them with a held look of the other."""

    looks: Words
    """(n, v): v hashes of each row."""
    held: int = 1
    """So many looks of each row, the first ones, are held for others to meet."""
    mask: np.uint64 = ALL
    reach: int = BITS
    """Rows do not meet by looks that differ in more bits."""


def hash_bands(looks: Words, held: int = 1, reach: int = BITS) -> Iterator[Band]:
    """Give the bands of looks (n, v): first all of their bits, then some."""
    yield Band(looks, held, ALL, reach)
    for mask in _masks(len(looks) * held):
        yield Band(looks, held, mask, reach)


def slot_bits(held: int) -> int:
    """Return b, so that 2^b is at least four times the number of held looks."""
    return max(LEAST_BITS, held.bit_length() + 2)


def _masks(held: int) -> Iterator[np.uint64]:
    """Choose the bits of each band."""
    rng = np.random.default_rng(SEED)
    for _ in range(BANDS):
        chosen = rng.choice(BITS, slot_bits(held), replace=False)
        yield np.uint64(sum(1 << int(bit) for bit in chosen))
