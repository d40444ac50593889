"""Of the labels of a picture at most one is right."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from curate.duplicates.conflicts import at_most_one, surely_known

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
    np.testing.assert_allclose(found.quality, expected, rtol=1e-6)
    np.testing.assert_allclose(found.probability, expected.max(), rtol=1e-6)
    assert found.likeliest.tolist() == [4, 4]
    assert found.wrong.tolist() == [False, True]


@given(ROWS)
def test_qualities_of_labels_that_exclude_each_other_fall_and_no_others(
    rows: list[tuple[int, int, float]],
) -> None:
    group, labels = np.array([row[:2] for row in rows]).T
    before = np.array([row[2] for row in rows], np.float32)
    found = at_most_one(group, labels, before)
    after = found.quality
    judged = (labels >= 0) & ~np.isnan(before)
    for row in range(len(rows)):
        same = judged & (group == group[row])
        if judged[row] and len(np.unique(labels[same])) > 1:
            assert 0 <= after[row] <= before[row] + 1e-6
        else:
            np.testing.assert_equal(after[row], before[row])
        if judged[row]:
            assert len(np.unique(labels[same & ~found.wrong])) <= 1
            assert found.likeliest[row] in labels[same]
            assert found.wrong[row] or found.likeliest[row] == labels[row]
        else:
            assert not found.wrong[row]
            assert np.isnan(found.probability[row])


def test_a_plain_picture_with_many_labels_is_right_for_none_of_them() -> None:
    found = at_most_one(np.zeros(1000, int), np.arange(1000), np.full(1000, 0.9, np.float32))
    assert found.quality.max() < 0.002
    assert found.quality.sum() <= 1
    assert found.wrong.all()


def test_a_label_that_all_copies_have_keeps_its_quality() -> None:
    found = at_most_one(np.array([0, 0, 1, 1]), np.zeros(4, int), np.float32([0.1, 0.2, 0.9, 0.7]))
    assert found.quality.tolist() == np.float32([0.1, 0.2, 0.9, 0.7]).tolist()
    assert found.wrong.tolist() == [True, True, False, False]


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), max_size=20),
    st.dictionaries(st.integers(0, 3), st.integers(-1, 2), max_size=4),
)
def test_what_is_surely_known_holds_whatever_label_is_right(
    rows: list[tuple[int, int]], answers: dict[int, int]
) -> None:
    group, labels = np.array(rows, int).reshape(-1, 2).T
    answered = np.isin(group, list(answers))
    answer = np.array([answers.get(int(one), -1) for one in group], int)
    found = surely_known(group, labels, answer, answered)
    least = 0
    for one in np.unique(group):
        own = labels[group == one]
        truths = [answers[int(one)]] if int(one) in answers else [-1, 0, 1, 2]
        least += min(int((own != true).sum()) for true in truths)
    assert found.wrong == least
    assert found.right == int((labels == answer)[answered].sum())
