"""Each label of a picture with copies, once."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from curate.duplicates import picture_labels
from curate.duplicates.picture_labels import PictureLabels

ROWS = st.lists(st.tuples(st.integers(0, 3), st.integers(-1, 3)), min_size=1, max_size=30)


@given(ROWS)
def test_the_first_row_of_a_picture_with_a_label_speaks_for_the_others(
    rows: list[tuple[int, int]],
) -> None:
    found = PictureLabels.among(*np.array(rows).T)
    for row, pair in enumerate(rows):
        at = found.of[row]
        assert (found.picture[at], found.label[at]) == pair
        assert found.speaker[at] == rows.index(pair)
        assert found.rows[at] == rows.count(pair)
        labels = {label for one, label in rows if one == pair[0] and label >= 0}
        assert found.several[at] == (pair[1] >= 0 and len(labels) > 1)


def test_a_picture_of_many_rows_and_labels_is_a_placeholder() -> None:
    picture = np.array([*[0] * 12, *[1] * 12, 2])
    labels = np.array([*range(6), *range(6), *range(6), *[0] * 6, 1])
    found = PictureLabels.among(picture, labels)
    assert found.picture[found.placeholders(6)].tolist() == [0] * 6 + [1] * 6
    labels[14:24] = 0
    found = PictureLabels.among(picture, labels)
    assert found.picture[found.placeholders(6)].tolist() == [0] * 6


@given(ROWS, st.integers(1, 5))
def test_sets_hold_the_own_label_and_the_commonest_others(
    rows: list[tuple[int, int]], most: int
) -> None:
    found = PictureLabels.among(*np.array(rows).T)
    kept, picture_labels.MOST_OTHERS = picture_labels.MOST_OTHERS, most
    try:
        sets = found.sets(np.arange(len(found.label)))
    finally:
        picture_labels.MOST_OTHERS = kept
    for at, (own, *others) in enumerate(sets.tolist()):
        assert own == found.label[at]
        counts = {
            label: rows.count((found.picture[at], label))
            for one, label in rows
            if one == found.picture[at] and label >= 0
        }
        taken = {label for label in others if label >= 0}
        commonest = sorted(counts, key=lambda label: (-counts[label], label))[:most]
        assert taken == {*commonest} - {own}
