"""Rows in single precision and of unit length."""

import numpy as np

from prototypes.engine.blocks import HALVES, in_single, unit_rows


def every_half() -> np.ndarray:
    """All that are finite: normal, subnormal, zeros of both signs."""
    halves = np.arange(2**16, dtype=np.uint16).view(np.float16)
    return halves[np.isfinite(halves)]


def test_every_half_is_the_same_number_in_single_precision() -> None:
    halves = every_half()
    found = in_single(halves[:, None])
    assert found.dtype == np.float32
    assert np.array_equal(found[:, 0].view(np.int32), halves.astype(np.float32).view(np.int32))


def test_halves_may_lie_anywhere_in_memory() -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(2 * HALVES + 3, 8)).astype(np.float16)
    swapped = rows.astype(rows.dtype.newbyteorder())
    for given in (rows, rows[::-2], rows[:, 2:5], np.asfortranarray(rows), rows[:0], swapped):
        assert np.array_equal(in_single(given), given.astype(np.float32))


def test_wider_rows_are_taken_to_single_precision() -> None:
    rows = np.random.default_rng(0).normal(size=(5, 3))
    assert np.array_equal(in_single(rows), rows.astype(np.float32))


def test_unit_rows_leave_what_they_are_given() -> None:
    rng = np.random.default_rng(1)
    for kind in (np.float16, np.float32, np.float64):
        rows = rng.normal(size=(40, 7)).astype(kind)
        rows[3] = 0
        before = rows.copy()
        length = np.linalg.norm(rows.astype(np.float64), axis=1, keepdims=True)
        expected = rows / np.where(length > 0, length, 1)
        assert np.allclose(unit_rows(rows), expected, atol=1e-6)
        assert np.array_equal(rows, before)
