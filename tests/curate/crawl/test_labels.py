"""Lists of labels as sets, and every element's place in them."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from curate.crawl.labels import label_pairs, label_sets

CLASSES = 5


@given(st.lists(st.lists(st.integers(-1, CLASSES - 1), max_size=6), min_size=1, max_size=12))
def test_every_element_finds_its_pair_and_every_row_has_one(lists: list[list[int]]) -> None:
    elements = np.array([label for labels in lists for label in labels], np.int32)
    lengths = np.array([len(labels) for labels in lists], np.int32)
    sets, given_pairs = label_sets(elements, lengths, CLASSES)
    assert [sorted(set(labels) - {-1}) for labels in lists] == [
        [label for label in row if label >= 0] for row in sets.tolist()
    ]
    rows, places = label_pairs(sets)
    assert [row for row, labels in enumerate(lists) for _ in set(labels) - {-1} or {-1}] == (
        rows.tolist()
    )
    row_of = [row for row, labels in enumerate(lists) for _ in labels]
    for element, row, pair in zip(elements, row_of, given_pairs, strict=True):
        if element == -1:
            assert pair == -1
        else:
            assert (rows[pair], sets[rows[pair], places[pair]]) == (row, element)
