"""Groups are stars: every member is near its representative, and nobody is near by a chain."""

from collections.abc import Callable

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from curate.duplicates.bands import Band, hash_bands
from curate.duplicates.meetings import ROUNDS
from curate.duplicates.stars import star_groups

Rows = NDArray[np.int64]


def one_band(rows: int) -> Band:
    """Let every row meet every other."""
    return keyed(np.zeros(rows))


def keyed(keys: NDArray[np.generic]) -> Band:
    """Let rows of equal keys meet."""
    return Band(keys.astype(np.uint64)[:, None])


def within(values: NDArray[np.float64], reach: float) -> Callable[[Rows, Rows], NDArray[np.bool_]]:
    return lambda first, second: np.abs(values[first] - values[second]) <= reach


def greedy(values: NDArray[np.float64], reach: float) -> list[int]:
    """Group plainly: a row joins the first representative that it is near."""
    found: list[int] = []
    for row, value in enumerate(values):
        own = [r for r in range(row) if found[r] == r and abs(values[r] - value) <= reach]
        found.append(own[0] if own else row)
    return found


@given(arrays(np.int8, st.integers(0, 14), elements=st.integers(0, 12)))
def test_rows_that_all_meet_are_grouped_as_one_by_one(values: NDArray[np.int8]) -> None:
    numbers = values.astype(float)
    found = star_groups(len(numbers), [one_band(len(numbers))], within(numbers, 0))
    assert found.tolist() == greedy(numbers, 0)


@given(
    arrays(np.int8, st.integers(1, 40), elements=st.integers(0, 60)),
    st.integers(0, 6),
    st.integers(0, 2**32 - 1),
)
def test_every_member_is_near_a_representative_that_is_its_own(
    values: NDArray[np.int8], reach: int, seed: int
) -> None:
    numbers, rng = values.astype(float), np.random.default_rng(seed)
    rows = np.arange(len(numbers))
    bands = [keyed(rng.integers(0, 4, len(rows))) for _ in range(6)]
    near = within(numbers, reach)
    found = star_groups(len(rows), bands, near)
    assert near(found, rows).all()
    assert (found[found] == found).all()
    assert (found <= rows).all()


def test_a_chain_is_no_group() -> None:
    values = np.array([0.0, 1, 2, 3, 4])
    assert star_groups(5, [one_band(5)], within(values, 1)).tolist() == [0, 0, 2, 2, 4]


def test_members_follow_a_representative_only_to_one_that_they_are_near() -> None:
    # 1 is near 0; of its members 2 is near 0 too, 3 is not.
    values = np.array([0.0, 2, 1, 4])
    bands = [keyed(np.array([9, 1, 1, 1])), keyed(np.array([5, 5, 6, 7]))]
    assert star_groups(4, bands, within(values, 2)).tolist() == [0, 0, 0, 3]


def test_a_thousand_copies_are_compared_once_each() -> None:
    asked = 0

    def near(first: Rows, second: Rows) -> NDArray[np.bool_]:
        nonlocal asked
        asked += len(first)
        return np.ones(len(first), bool)

    bands = list(hash_bands(np.full((100_000, 1), 7, np.uint64)))
    assert not star_groups(100_000, bands, near).any()
    assert asked == 99_999


def test_comparisons_are_bounded_where_no_two_rows_are_near() -> None:
    asked = 0

    def near(first: Rows, second: Rows) -> NDArray[np.bool_]:
        nonlocal asked
        asked += len(first)
        return np.zeros(len(first), bool)

    found = star_groups(5_000, [one_band(5_000)], near)
    assert np.array_equal(found, np.arange(5_000))
    assert asked <= ROUNDS * 5_000
