"""Answers of people pass on to copies, and contradictions are left out."""

import numpy as np

from curate.duplicates.answers import answers_of_copies, partial_answers_of_copies

GROUP = np.array([0, 1, 0, 3, 1, 1, 6])
"""Rows 0 and 2 are copies, and so are 1, 4 and 5."""


def test_a_copy_takes_the_answer_of_its_group() -> None:
    found = answers_of_copies(GROUP, np.array([2, 4, 6]), np.array([7, 8, 7]))
    assert found.kept.all()
    assert found.rows.tolist() == [0, 1, 5]
    assert found.answer.tolist() == [0, 1, 1]


def test_answers_that_contradict_each_other_are_left_out_and_passed_on_to_none() -> None:
    found = answers_of_copies(GROUP, np.array([0, 1, 4]), np.array([7, 8, 9]))
    assert found.kept.tolist() == [True, False, False]
    assert found.rows.tolist() == [2]
    same = answers_of_copies(GROUP, np.array([0, 1, 4]), np.array([7, 8, 8]))
    assert same.kept.all()
    assert same.rows.tolist() == [2, 5]


def test_answers_to_single_labels_contradict_each_other_in_the_same_label_only() -> None:
    answered = np.array([1, 4])
    asked, labels = np.array([[3, 5], [5, -1]]), np.array([[3], [-1]])
    found = partial_answers_of_copies(GROUP, answered, asked, labels)
    assert found.kept.all()
    assert found.rows.tolist() == [5]
    against = partial_answers_of_copies(GROUP, answered, asked, np.array([[3], [5]]))
    assert not against.kept.any()
    assert not len(against.rows)


def test_rows_without_copies_pass_nothing_on() -> None:
    found = answers_of_copies(np.arange(5), np.array([1, 3]), np.array([0, 1]))
    assert found.kept.all()
    assert not len(found.rows)
