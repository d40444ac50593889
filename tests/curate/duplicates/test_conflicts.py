"""Of the labels of a picture at most one is right."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from curate.duplicates.conflicts import at_most_one

QUALITY = st.floats(0, 1, width=32)
ROWS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(-1, 2), QUALITY | st.just(np.nan)),
    min_size=1,
    max_size=20,
)


def test_two_labels_by_hand() -> None:
    """With independent labels, each right by q: q₁(1 − q₂) over q₁(1 − q₂) + (1 − q₁)q₂ + both."""
    first, second = 0.8, 0.5
    expected = np.array([first * (1 - second), second * (1 - first)])
    expected /= expected.sum() + (1 - first) * (1 - second)
    found = at_most_one(np.zeros(2, int), np.array([4, 7]), np.array([first, second], np.float32))
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@given(ROWS)
def test_qualities_of_labels_that_exclude_each_other_fall_and_no_others(
    rows: list[tuple[int, int, float]],
) -> None:
    group, labels = np.array([row[:2] for row in rows]).T
    before = np.array([row[2] for row in rows], np.float32)
    after = at_most_one(group, labels, before)
    judged = (labels >= 0) & ~np.isnan(before)
    for row in range(len(rows)):
        same = judged & (group == group[row])
        if judged[row] and len(np.unique(labels[same])) > 1:
            assert 0 <= after[row] <= before[row] + 1e-6
        else:
            np.testing.assert_equal(after[row], before[row])


def test_a_plain_picture_with_many_labels_is_right_for_none_of_them() -> None:
    found = at_most_one(np.zeros(1000, int), np.arange(1000), np.full(1000, 0.9, np.float32))
    assert found.max() < 0.002
    assert found.sum() <= 1
