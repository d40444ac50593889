"""Copies that have the label of an earlier one do not vote."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from curate.duplicates.votes import again

ROWS = st.lists(st.tuples(st.integers(0, 3), st.integers(-1, 2)), min_size=1, max_size=30)


@given(ROWS)
def test_each_label_of_a_group_votes_once_by_its_first_row(rows: list[tuple[int, int]]) -> None:
    group, labels = np.array(rows).T
    silent = again(group, labels[:, None])
    seen: set[tuple[int, int]] = set()
    for row, (one, label) in enumerate(rows):
        assert silent[row] == ((one, label) in seen and label >= 0)
        seen.add((one, label))


def test_lists_are_the_same_in_any_order() -> None:
    sets = np.array([[1, 2], [2, 1], [1, -1], [-1, -1], [-1, -1]])
    assert again(np.zeros(5, np.int64), sets).tolist() == [False, True, False, False, False]
