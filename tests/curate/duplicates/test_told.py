"""Labels that disagree within a group, and pictures that are everywhere, are told."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from curate.crawl.labels import Positions
from curate.duplicates.copies import Copies
from curate.duplicates.told import CopyCounts, Placeholder, count_copies
from curate.manifest.plan import Shard
from curate.store.folders import Folders


@pytest.fixture
def told(tmp_path: Any) -> Any:
    def count(representative: list[int], labels: Positions, classes: int) -> CopyCounts:
        store, rows = Folders(tmp_path), len(representative)
        shards = (Shard("a", 0, 0, 7, 0), Shard("b", 0, 7, rows - 7, 7))
        for shard in shards:
            own = slice(shard.first_row, shard.first_row + shard.rows)
            store.write(shard.name, {"labels": labels[own]})
        crawl: Any = SimpleNamespace(
            shards=shards,
            labels=store,
            classes=SimpleNamespace(names=("x",) * classes),
            lists=labels.ndim == 2,
        )
        return count_copies(Copies("", np.array(representative)), crawl)

    return count


def test_groups_of_different_labels_are_counted(told: Any) -> None:
    representative = [0, 1, 0, 1, 4, 4, 6, 7, 7]
    labels = np.array([0, 1, 0, 2, 3, -1, 5, 2, 2], np.int32)
    assert told(representative, labels, 9) == CopyCounts(4, 4, 1, 1, ())


def test_sets_of_labels_are_compared_as_sets(told: Any) -> None:
    representative = [0, 0, 2, 2, 4, 4, 6, 7, 7]
    labels = np.array(
        [[0, 1], [1, 0], [0, -1], [0, 1], [-1, -1], [3, -1], [0, 1], [2, -1], [2, -1]], np.int32
    )
    assert told(representative, labels, 9) == CopyCounts(4, 4, 1, 0, ())


def test_a_picture_that_many_rows_of_many_labels_have_is_a_placeholder(told: Any) -> None:
    representative = [0] * 12 + [12] * 12 + [24]
    labels = np.array([*range(6), *range(6), *[3] * 12, 1], np.int32)
    found = told(representative, labels, 9)
    assert found == CopyCounts(22, 2, 1, 10, (Placeholder(0, 12, 6),))


def test_a_picture_whose_rows_agree_but_for_some_errors_is_none(told: Any) -> None:
    representative = [0] * 30 + [30] * 30
    labels = np.array([*range(6), *[3] * 24, *range(8), *[3] * 22], np.int32)
    assert told(representative, labels, 9).placeholders == (Placeholder(30, 30, 8),)


def test_a_picture_whose_lists_have_a_label_in_common_is_none(told: Any) -> None:
    labels = np.array([[3, other] for other in [*range(3), *range(4, 9)] * 2], np.int32)
    assert told([0] * 16, labels, 9).placeholders == ()
    assert told([0] * 16, labels[:, 1:], 9).placeholders == (Placeholder(0, 16, 8),)


def test_no_copies_are_none(told: Any) -> None:
    assert told(list(range(9)), np.zeros(9, np.int32), 3) == CopyCounts(0, 0, 0, 0, ())
