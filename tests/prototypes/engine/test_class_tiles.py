"""Scores of some of the classes: the first of them is not class 0."""

import numpy as np

from prototypes.engine.pairs import MASKED, mask_classes, mask_others, read_own


def test_own_scores_are_read_from_the_tile_that_has_them() -> None:
    scores = np.arange(12, dtype=np.float32).reshape(4, 3)  # of classes 5, 6, 7
    own = np.full(4, -9, np.float32)
    read_own(own, scores, np.array([4, 5, 7, 8]), first=5)
    assert own.tolist() == [-9, 3, 8, -9]


def test_classes_are_struck_where_the_tile_has_them() -> None:
    scores = np.zeros((3, 3), np.float32)  # of classes 5, 6, 7
    mask_classes(scores, np.array([[4, 8], [5, 7], [-1, 6]]), first=5)
    expected = [[0, 0, 0], [MASKED, 0, MASKED], [0, MASKED, 0]]
    assert scores.tolist() == np.array(expected, np.float32).tolist()


def test_other_labels_are_struck_and_the_own_one_is_not() -> None:
    scores = np.zeros((2, 4), np.float32)
    mask_others(scores, np.array([[0, 1, 3], [2, 0, -1]]))
    assert (scores == MASKED).tolist() == [[False, True, False, True], [True, False, False, False]]
    mask_others(scores[:, 1:], np.array([[0, 2], [2, 3]]), first=1)
    assert (scores == MASKED)[:, 1:].tolist() == [[True, True, True], [False, False, True]]
    plain = np.zeros((2, 4), np.float32)
    mask_others(plain, np.array([1, 2]))
    assert not plain.any()
