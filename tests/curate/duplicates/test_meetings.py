"""Rows meet in a band exactly if a plain comparison of all pairs says so."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from curate.duplicates.bands import BANDS, Band, hash_bands
from curate.duplicates.meetings import BLOCK, meetings

Pairs = set[tuple[int, int]]
BITS = 64


def everybody(rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    return np.ones(len(rows), bool)


def met(band: Band) -> Pairs:
    found = [zip(*pairs, strict=True) for pairs in meetings(band, everybody)]
    return {(int(one), int(other)) for pairs in found for one, other in pairs}


def plainly(band: Band) -> Pairs:
    """Compare every held look with every other row's looks."""
    found = set()
    for row, held in enumerate(band.looks[:, : band.held]):
        for other, looks in enumerate(band.looks):
            differ = held[:, None] ^ looks
            meet = (differ & band.mask == 0) & (np.bitwise_count(differ) <= band.reach)
            if row != other and meet.any():
                found.add((min(row, other), max(row, other)))
    return found


@given(
    arrays(np.uint64, st.tuples(st.integers(1, 8), st.integers(1, 4)), elements=st.integers(0, 9)),
    st.integers(1, 2),
    st.sampled_from([0, 1, 6, 2**64 - 1]),
    st.sampled_from([0, 1, BITS]),
)
def test_pairs_are_those_of_a_plain_comparison(
    looks: NDArray[np.uint64], held: int, mask: int, reach: int
) -> None:
    band = Band(looks, min(held, looks.shape[1]), np.uint64(mask), reach)
    assert met(band) == plainly(band)


def test_random_hashes_meet_as_in_a_plain_comparison() -> None:
    rng = np.random.default_rng(0)
    looks = rng.integers(0, 2**64, (400, 5), np.uint64)
    looks[300:] = looks[:100] ^ np.uint64(1) << rng.integers(0, 64, (100, 5), np.uint64)
    for band in hash_bands(looks, held=2, reach=12):
        assert met(band) == plainly(band)


def test_rows_that_are_not_free_meet_nobody() -> None:
    looks = np.zeros((40, 1), np.uint64)
    found = next(meetings(Band(looks), lambda rows: rows % 2 == 1))
    assert found[0].tolist() == [1] * 19
    assert found[1].tolist() == list(range(3, 40, 2))


def test_rows_of_other_blocks_meet() -> None:
    keys = np.arange(3 * BLOCK, dtype=np.uint64) % np.uint64(2 * BLOCK)
    earlier, later = next(meetings(Band(keys[:, None]), everybody))
    assert sorted(zip(earlier, later, strict=True)) == [(k, k + 2 * BLOCK) for k in range(BLOCK)]


@pytest.mark.parametrize("flips", [0, 3, 6])
def test_hashes_that_differ_in_few_bits_meet_in_a_band(flips: int) -> None:
    rng = np.random.default_rng(flips)
    first = rng.integers(0, 2**64, 2_000, np.uint64)
    second = first.copy()
    for row in range(len(second)):
        for bit in rng.choice(BITS, flips, replace=False):
            second[row] ^= np.uint64(1 << int(bit))
    bands = list(hash_bands(np.concatenate([first, second])[:, None]))
    found = set.union(*map(met, bands))
    assert len(bands) == BANDS + 1
    assert len(found & {(row, row + 2_000) for row in range(2_000)}) >= 0.95 * 2_000
