"""Rows without a label, and how often that is wrong."""

import numpy as np

from curate.heads.gains import HeldOut
from curate.heads.no_label import NoLabel
from curate.heads.task import Task


def ones(places: list[int], width: int) -> np.ndarray:
    return np.eye(width + 1, width, dtype=np.float32)[places]


def test_they_are_judged_by_rows_that_the_head_has_not_seen() -> None:
    task = Task(2, none=True)
    given, refined, true = ones([0, 0, 1, 3], 3), ones([2, 2, 1, 2], 3), ones([0, 2, 1, 2], 3)
    found = NoLabel.of(9, HeldOut(given, refined, true, np.zeros(4, np.int64), given), task)
    assert (found.rows, found.verified, found.right) == (9, 3, 1)
    assert "9 rows" in str(found)
    assert "Of 3 verified rows" in str(found)
    assert "1 had the right label" in str(found)


def test_of_lists_an_empty_one_counts_where_all_labels_were_asked_about() -> None:
    task = Task(2, several=True)
    given, refined = ones([0, 0, 2], 2), np.zeros((3, 2), np.float32)
    true = ones([0, 0, 2], 2)
    true[1, 1] = np.nan
    found = NoLabel.of(3, HeldOut(given, refined, true, np.zeros(3, np.int64), given), task)
    assert (found.verified, found.right) == (2, 1)


def test_without_verified_rows_nothing_is_said_of_them() -> None:
    assert "verified row" not in str(NoLabel.of(1, HeldOut.none(3), Task(3)))
