"""Xiao's estimate of C: golden values, a brute-force reference, and the edges."""

import itertools
from dataclasses import replace

import numpy as np
import torch
from hypothesis import given as drawn
from hypothesis import strategies as st

from curate.heads.columns import Refined
from curate.heads.noise_types import (
    CONFUSING,
    FREE,
    RANDOM,
    confusing_matrix,
    noise_types,
    pair_counts,
    type_shares,
    uniform,
)
from curate.heads.task import Task
from curate.heads.xiao import Xiao

CIFAR10N_RANDOM1 = np.array(
    [
        [4242, 137, 147, 43, 34, 47, 41, 32, 204, 73],
        [71, 4233, 23, 44, 29, 23, 25, 24, 43, 485],
        [107, 76, 4200, 107, 136, 101, 115, 76, 50, 32],
        [79, 76, 220, 3715, 94, 542, 120, 79, 36, 39],
        [74, 76, 149, 96, 3800, 252, 93, 385, 44, 31],
        [70, 54, 118, 409, 83, 4117, 50, 63, 19, 17],
        [75, 70, 193, 179, 98, 113, 4135, 60, 50, 27],
        [74, 59, 37, 45, 103, 118, 36, 4475, 31, 22],
        [149, 148, 36, 31, 35, 30, 33, 34, 4397, 107],
        [80, 629, 23, 25, 33, 40, 27, 27, 47, 4069],
    ]
)
"""How often each true class (row) was given each label: counts of CIFAR-10N (Wei et al. 2022)."""


def pairs(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return given and true labels with these counts [true, given]."""
    true, given = np.divmod(np.repeat(np.arange(counts.size), counts.ravel()), counts.shape[1])
    return given, true


def test_golden_values_of_cifar10n() -> None:
    given, true = pairs(CIFAR10N_RANDOM1)
    C = confusing_matrix(pair_counts(given, true, 10, 10))
    assert (C > 0).sum(axis=0).tolist() == [3, 1, 3, 2, 2, 1, 2, 2, 3, 1]
    assert np.bincount(noise_types(given, true, C)).tolist() == [41383, 3852, 4765]
    assert round(float(np.linalg.norm(C)), 6) == 2.477015


@drawn(st.lists(st.integers(0, 6), min_size=25, max_size=25))
def test_no_other_choice_of_confusing_labels_is_likelier(numbers: list[int]) -> None:
    counts = np.array(numbers).reshape(5, 5)
    given, true = pairs(counts)
    C = confusing_matrix(pair_counts(given, true, 5, 5))
    assert (C.diagonal() == 0).all()
    np.testing.assert_allclose(
        C.sum(axis=0), [bool(row.sum() - row[c]) for c, row in enumerate(counts)]
    )
    for c in range(5):
        wrong = np.where(np.arange(5) == c, 0, counts[c])
        kept = C[:, c] > 0
        best = max(
            likelihood(wrong, np.isin(np.arange(5), chosen))
            for size in range(6)
            for chosen in itertools.combinations(np.flatnonzero(wrong), size)
        )
        np.testing.assert_allclose(likelihood(wrong, kept), best, atol=1e-9)


def likelihood(wrong: np.ndarray, confusing: np.ndarray) -> float:
    """Return the log likelihood per wrong label where some labels are confusing, others random."""
    if not wrong.sum():
        return 0.0
    share = wrong / wrong.sum()
    own = share[confusing & (share > 0)]
    return float((own * np.log(own / own.sum())).sum() + share[~confusing].sum() * np.log(1 / 4))


def test_a_class_without_noise_has_no_nan_and_none_of_the_classes_is_never_noise_free() -> None:
    given, true = np.array([0, 1, 2, 2, 1, 1]), np.array([0, 1, 2, 3, 3, 3])
    C = confusing_matrix(pair_counts(given, true, 3, 4))
    assert not C[:, :3].any()
    assert C[:, 3].tolist() == [0, 1, 0] or C[:, 3].sum() == 1
    assert noise_types(given, true, C)[:3].tolist() == [FREE] * 3
    assert set(noise_types(given, true, C)[3:].tolist()) <= {RANDOM, CONFUSING}
    assert uniform(0, 3) == 1 / 2
    assert uniform(3, 3) == 1 / 3


def test_shares_of_types_count_each_type_once_more() -> None:
    np.testing.assert_allclose(
        type_shares(np.array([FREE, FREE, CONFUSING])), [3 / 6, 1 / 6, 2 / 6]
    )
    np.testing.assert_allclose(type_shares(np.zeros(0, np.int64)), [1 / 3] * 3)


def test_rows_without_a_label_are_of_no_type() -> None:
    p = np.random.default_rng(0).random((40, 3)).astype(np.float32)
    labelled = np.arange(40) % 4 > 0
    none = np.zeros((40, 3), np.float32)
    found = Refined(none, none > 0, none, labelled, p, none, labelled)
    expected = [sum(labelled[n] and p[n].argmax() == kind for n in range(40)) for kind in range(3)]
    assert found.noise_types.tolist() == expected
    assert not replace(found, noise=None).noise_types.any()


def test_of_an_image_of_none_of_the_classes_the_label_is_never_noise_free() -> None:
    head = Xiao(Task(classes=3), 5)
    head.noise[2] = torch.tensor([[0, 0.9, 0], [1, 0, 1], [0, 0.1, 0]])
    given, p = torch.eye(3)[[0, 0, 1]], torch.zeros(3, 3)
    p[1, 0] = 1
    free, random, confusing = head.noise_type_of(given, p).T
    torch.testing.assert_close(free, torch.tensor([0.0, 1, 0]))
    torch.testing.assert_close(random + confusing, torch.tensor([1.0, 0, 1]))
    assert (random > 0)[[0, 2]].all() and (confusing > 0)[[0, 2]].all()
