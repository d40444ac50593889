"""Bands: keys of rows, of which two rows that are alike probably share one.

A band takes some bits of a hash of 64 bits. Rows that agree in all of them are candidates. Two
hashes that differ in f of 64 bits agree in a band of b random bits with probability
(1 - f/64)^b or so, and hardly ever disagree in all of twenty bands if f is small. More rows need
longer keys, so that few unlike rows share one; time is that of sorting the keys.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from curate.images.picture_hash import BITS

BANDS = 20
LEAST_BITS = 16
MIX = np.uint64(0x9E3779B97F4A7C15)
"""Odd; the upper half of a key times this depends on all bits of the key."""
HALF = np.uint64(32)
SEED = 1
Words = NDArray[np.uint64]


class Band(NamedTuple):
    """Keys (M,), and the row that each is of (M,); a row may have several."""

    keys: Words
    rows: NDArray[np.int64]


def hash_bands(hashes: Words) -> Iterator[Band]:
    """Give the bands of hashes (n, v), v of each row: first all of their bits, then some."""
    rows = np.tile(np.arange(len(hashes)), hashes.shape[1])
    entries = hashes.T.ravel()
    yield Band(mixed(entries), rows)
    for mask in _masks(len(entries)):
        yield Band(mixed(entries & mask), rows)


def mixed(keys: Words) -> Words:
    """Bring keys (M,) of 64 bits to 32; of unlike keys, one pair in 4e9 becomes the same."""
    folded = keys ^ (keys >> HALF)
    return (folded * MIX) >> HALF


def _masks(entries: int) -> Iterator[np.uint64]:
    """Choose the bits of each band: about twice as many keys are possible as there are entries."""
    bits = max(LEAST_BITS, entries.bit_length() + 1)
    rng = np.random.default_rng(SEED)
    for _ in range(BANDS):
        chosen = rng.choice(BITS, min(bits, BITS), replace=False)
        yield np.uint64(sum(1 << int(bit) for bit in chosen))
