"""Which labels an image is given."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from curate.heads.label_sets import label_sets
from curate.heads.task import Task

SEVERAL = Task(5, several=True)


def expected_ratio(p: np.ndarray, labels: np.ndarray) -> float:
    if not labels.any():
        return float((1 - p).prod())
    both = p[labels].sum()
    return float(both / (labels.sum() + p.sum() - both))


@pytest.mark.parametrize("seed", range(50))
def test_several_labels_overlap_most_of_all_sets(seed: int) -> None:
    p = np.random.default_rng(seed).beta(0.3, 1, 5)
    best = max(
        (np.array(labels, bool) for labels in product((0, 1), repeat=5)),
        key=lambda labels: expected_ratio(p, labels),
    )
    assert label_sets(SEVERAL, p[None].astype(np.float32))[0].tolist() == best.tolist()


def test_they_overlap_more_than_the_labels_above_one_half() -> None:
    rng = np.random.default_rng(0)
    p = rng.beta(0.2, 3, (20_000, 30)).astype(np.float32)
    true = rng.random(p.shape) < p

    def overlap(labels: np.ndarray) -> float:
        either = (labels | true).sum(axis=1)
        both = (labels & true).sum(axis=1)
        return float(np.where(either, both / np.maximum(either, 1), 1).mean())

    assert overlap(label_sets(Task(30, several=True), p)) > overlap(p >= 0.5) + 0.05


def test_what_is_certain_is_given_and_nothing_where_nothing_is_likely() -> None:
    p = np.array([[1, 0, 1, 0, 0], [0, 0, 0, 0, 0], [0.01, 0.02, 0, 0, 0]], np.float32)
    assert label_sets(SEVERAL, p).tolist() == (p > 0.5).tolist()


def test_where_no_image_is_empty_the_likeliest_label_is_given() -> None:
    p = np.array([[0.01, 0.02, 0, 0, 0]], np.float32)
    assert label_sets(replace(SEVERAL, empty=False), p).tolist() == [[False, True, *[False] * 3]]


def test_one_label_is_the_likeliest_the_first_of_equals() -> None:
    p = np.array([[0.1, 0.2, 0.7], [0.4, 0.4, 0.2]], np.float32)
    assert label_sets(Task(3), p).tolist() == [[False, False, True], [True, False, False]]
