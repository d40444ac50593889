"""Different pairs are those that sorting rows of two finds."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from curate.duplicates.pairs import different_pairs


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(-1, 9))))
def test_pairs_are_those_of_rows_of_two(rows: list[tuple[int, int]]) -> None:
    table = np.array(rows, np.int64).reshape(-1, 2)
    found = different_pairs(table[:, 0], table[:, 1])
    distinct, at, of, counts = np.unique(table, axis=0, return_index=True, return_inverse=True,
                                         return_counts=True)  # fmt: skip
    np.testing.assert_array_equal(np.column_stack(found[:2]), distinct)
    for mine, expected in zip(found[2:], (at, of.ravel(), counts), strict=True):
        np.testing.assert_array_equal(mine, expected)
