"""Copies that have the label of an earlier one do not vote."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from curate.duplicates.votes import again, contradicted, joined

ROWS = st.lists(st.tuples(st.integers(0, 3), st.integers(-1, 2)), min_size=1, max_size=30)


@given(ROWS)
def test_each_label_of_a_group_votes_once_by_its_first_row(rows: list[tuple[int, int]]) -> None:
    group, labels = np.array(rows).T
    silent = again(group, labels[:, None])
    seen: set[tuple[int, int]] = set()
    for row, (one, label) in enumerate(rows):
        assert silent[row] == ((one, label) in seen and label >= 0)
        seen.add((one, label))


@given(ROWS)
def test_labels_are_contradicted_by_others_of_their_group(rows: list[tuple[int, int]]) -> None:
    found = contradicted(*np.array(rows).T)
    for row, (one, label) in enumerate(rows):
        others = {other for of, other in rows if of == one and other >= 0}
        assert found[row] == (label >= 0 and len(others) > 1)


def test_lists_are_the_same_in_any_order() -> None:
    sets = np.array([[1, 2], [2, 1], [1, -1], [-1, -1], [-1, -1]])
    assert again(np.zeros(5, np.int64), sets).tolist() == [False, True, False, False, False]


SETS = st.lists(
    st.tuples(st.integers(0, 3), st.sets(st.integers(0, 5), max_size=3)), min_size=1, max_size=20
)


@given(SETS)
def test_of_lists_each_label_of_a_group_votes_once(rows: list[tuple[int, set[int]]]) -> None:
    group = np.array([row[0] for row in rows])
    sets = np.array([[*sorted(labels), -1, -1, -1][:3] for _, labels in rows])
    voting = joined(group, sets)
    for one in np.unique(group):
        labels = {label for other, some in rows if other == one for label in some}
        votes = voting[group == one]
        given_votes = votes[votes >= 0].tolist()
        assert set(given_votes) == labels
        if len(labels) <= sets.shape[1]:
            assert len(given_votes) == len(labels)
            voters = np.flatnonzero((votes >= 0).any(axis=1))
            assert len(voters) == min(len(labels), 1)
        else:
            whole = {tuple(some) for some in votes.tolist()}
            assert whole - {(-1, -1, -1)} <= {tuple(some) for some in sets.tolist()}
    alone = np.bincount(group)[group] == 1
    assert (voting[alone] == sets[alone]).all()
