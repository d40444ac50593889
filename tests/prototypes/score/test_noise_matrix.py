import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prototypes.score.noise_matrix import (
    OUTSIDE,
    NoiseCounts,
    empty_counts,
    estimated_truth,
    noise_counts,
)


def dense(counts: NoiseCounts) -> np.ndarray:
    matrix = np.zeros((counts.classes, counts.classes + 1))
    matrix[counts.given, counts.true] = counts.counts  # OUTSIDE, -1, is the last column
    return matrix


@given(st.integers(0, 10_000), st.integers(2, 6), st.integers(0, 60))
@settings(max_examples=60, deadline=None)
def test_counts_of_blocks_add_to_the_plain_matrix(seed: int, classes: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    g, t = rng.integers(-1, classes, n), rng.integers(-1, classes, n)
    slow = np.zeros((classes, classes + 1))
    for row in range(n):
        if g[row] >= 0:
            slow[g[row], t[row]] += 1
    cut = n // 3
    found = noise_counts(g[:cut], t[:cut], classes) + noise_counts(g[cut:], t[cut:], classes)
    assert np.array_equal(dense(found), slow)
    assert np.array_equal(dense(empty_counts(classes) + found), slow)
    assert (np.diff(found.cells) > 0).all()
    assert (found.counts > 0).all()


def test_shares_are_conditional_probabilities() -> None:
    rng = np.random.default_rng(0)
    g, t = rng.integers(0, 5, 900), rng.integers(-1, 5, 900)
    counts = noise_counts(g, t, 5)
    matrix = dense(counts)
    by_true = np.zeros((5, 6))
    by_true[counts.given, counts.true] = counts.given_by_true()
    by_given = np.zeros((5, 6))
    by_given[counts.given, counts.true] = counts.true_by_given()
    np.testing.assert_allclose(by_true, matrix / matrix.sum(axis=0))
    np.testing.assert_allclose(by_given, matrix / matrix.sum(axis=1, keepdims=True))
    np.testing.assert_allclose(counts.wrong(), 1 - np.diag(by_given))


def test_a_class_that_nobody_was_given_has_no_wrong_labels() -> None:
    counts = noise_counts(np.array([0, 0, 2]), np.array([0, 1, 2]), 4)
    assert counts.wrong().tolist() == [0.5, 0, 0, 0]


def test_fifty_thousand_classes_take_only_what_occurs() -> None:
    rng = np.random.default_rng(0)
    g, t = rng.integers(0, 50_000, 2000), rng.integers(-1, 50_000, 2000)
    counts = noise_counts(g, t, 50_000)
    assert len(counts.cells) <= 2000
    pairs = sorted(set(zip(g.tolist(), t.tolist(), strict=True)))
    assert list(zip(counts.given.tolist(), counts.true.tolist(), strict=True)) == pairs


def test_a_label_that_is_no_class_is_refused() -> None:
    with pytest.raises(ValueError, match="there are 3 classes"):
        noise_counts(np.array([0, 3]), np.array([0, 0]), 3)


def test_what_counts_as_wrong_is_the_suggested_class_or_none() -> None:
    given_labels, suggested = np.array([0, 0, 0, 0]), np.array([1, 1, 1, 0])
    wrong = np.array([False, True, True, True])
    outlier = np.array([True, False, True, False])
    truth = estimated_truth(given_labels, suggested, wrong, outlier)
    assert truth.tolist() == [0, 1, OUTSIDE, OUTSIDE]
