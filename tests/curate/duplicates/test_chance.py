"""How improbable it is that different pictures look alike is what a crawl's pictures show."""

import numpy as np
import pytest
from scipy.stats import binom

from curate.duplicates.chance import LEAST_SHARE, ROUNDING, calibrated, tone_difference
from curate.images.picture_hash import BITS

ROWS = 400


def bits(rng: np.random.Generator, freedom: int) -> np.ndarray:
    """Draw hashes (ROWS,) with so many independent bits, each as often as the others."""
    independent = rng.integers(0, 2, (ROWS, freedom), np.uint8)
    repeated = np.repeat(independent, BITS // freedom, axis=1)
    return np.packbits(repeated, axis=1).view("<u8")[:, 0]


@pytest.mark.parametrize("freedom", [16, 32, 64])
def test_the_chance_of_a_distance_is_that_of_as_many_independent_bits(freedom: int) -> None:
    rng = np.random.default_rng(freedom)
    tones, units = rng.integers(0, 256, (ROWS, 3)).astype(np.int16), np.eye(ROWS, dtype=np.float32)
    found = calibrated(bits(rng, freedom), tones, units, 1)
    for share in (0.125, 0.25, 0.375):
        expected = binom.logcdf(share * freedom, freedom, 0.5) / np.log(10)
        distance = np.array([int(share * BITS)], np.uint8)
        assert found.of_looks(distance, np.array([BITS], np.uint8)) == pytest.approx(
            expected, abs=0.35
        )


def test_a_hash_that_tells_little_is_no_evidence() -> None:
    rng = np.random.default_rng(0)
    tones, units = np.zeros((ROWS, 3), np.int16), np.eye(ROWS, dtype=np.float32)
    found = calibrated(bits(rng, 64), tones, units, 20)
    telling = np.arange(BITS + 1).astype(np.uint8)
    chances = found.of_looks(np.zeros(BITS + 1, np.uint8), telling)
    assert chances[0] == 0
    assert (np.diff(chances) <= 0).all()
    assert chances[-1] < -15


def test_cosines_and_colours_count_as_rare_as_they_are() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(ROWS, 16)).astype(np.float32)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    tones = rng.integers(0, 256, (ROWS, 3)).astype(np.int16)
    found = calibrated(bits(rng, 64), tones, x, 1)
    first, second = np.triu_indices(ROWS, 1)
    for cosine in (0.2, 0.5):
        share = ((x @ x.T)[first, second] >= cosine).mean()
        assert 10 ** found.of_cosines(np.float32([cosine]))[0] == pytest.approx(share, rel=0.02)
    assert found.of_cosines(np.float32([1]))[0] == pytest.approx(np.log10(LEAST_SHARE))
    apart = tone_difference(tones[first], tones[second])
    assert 10 ** found.of_tones(np.array([40]))[0] == pytest.approx((apart <= 40).mean(), rel=0.02)
    assert found.of_tones(np.array([255]))[0] == 0


def test_a_small_crawl_tells_nothing_of_features() -> None:
    looks = np.arange(5, dtype=np.uint64)
    found = calibrated(looks, np.zeros((5, 3), np.int16), np.eye(5, dtype=np.float32), 1)
    assert found.of_cosines(np.float32([0.9, 1])).tolist() == [0, 0]
    assert found.same == ROUNDING


def test_copies_in_the_sample_do_not_hide_copies() -> None:
    rng = np.random.default_rng(2)
    looks = bits(rng, 64)
    looks[: ROWS // 2] = looks[0]
    units = np.eye(ROWS, dtype=np.float32)
    units[: ROWS // 2] = units[0]
    found = calibrated(looks, np.zeros((ROWS, 3), np.int16), units, 1)
    assert found.of_cosines(np.float32([0.9]))[0] == pytest.approx(np.log10(LEAST_SHARE))
    assert found.of_looks(np.array([0], np.uint8), np.array([BITS], np.uint8))[0] < -12
