"""Of the labels of a picture at most one is right."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from curate.duplicates.conflicts import at_most_one, surely_known

SHARES = st.floats(0, 1, width=32)


def test_two_labels_by_hand() -> None:
    """With independent labels, each right by q: q₁(1 − q₂) over q₁(1 − q₂) + (1 − q₁)q₂ + both."""
    first, second = 0.8, 0.5
    expected = np.array([first * (1 - second), second * (1 - first), (1 - first) * (1 - second)])
    expected /= expected.sum()
    found = at_most_one(np.zeros(2, int), np.array([first, second], np.float32))
    np.testing.assert_allclose(found.quality, expected[:2], rtol=1e-6)
    np.testing.assert_allclose(found.none, expected[2], rtol=1e-6)
    assert found.best.tolist() == [0, 0]
    assert found.known.all()
    assert found.wrong.tolist() == [False, True]


@given(st.lists(st.tuples(st.integers(0, 3), SHARES), min_size=1, max_size=20))
def test_of_the_labels_of_a_picture_one_is_right_or_none(pairs: list[tuple[int, float]]) -> None:
    picture, before = np.array([one for one, _ in pairs]), np.array([q for _, q in pairs])
    found = at_most_one(picture, before.astype(np.float32))
    assert (found.quality <= before + 1e-6).all()
    for one in np.unique(picture):
        own = picture == one
        q = np.minimum(before[own], 1 - 1e-7)
        wrong = np.prod(1 - q)
        alone = [wrong / (1 - each) * each for each in q]
        np.testing.assert_allclose(
            found.quality[own], alone / (wrong + np.sum(alone)), rtol=1e-4, atol=1e-6
        )
        np.testing.assert_allclose(found.quality[own].sum() + found.none[own], 1, rtol=1e-5)
        assert (found.best[own] == np.flatnonzero(own)[found.quality[own].argmax()]).all()
        right = own & ~found.wrong
        assert right.sum() == (found.none[own][0] < 0.5)
        assert (right[found.best[own]] | (found.none[own] >= 0.5)).all()
        assert (found.known[own] == (found.quality[own].max() >= 0.5)).all()


def test_a_plain_picture_with_many_labels_is_right_for_none_of_them() -> None:
    found = at_most_one(np.zeros(1000, int), np.full(1000, 0.9, np.float32))
    assert found.quality.max() < 0.002
    assert found.quality.sum() <= 1
    assert not found.known.any()
    assert found.wrong.sum() >= 999


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
