from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prototypes.engine.blocks import unit_rows
from prototypes.engine.moments import add_moments, add_up, block_moments, class_sums
from tests.blocks import in_memory


def crawl(seed: int, n: int = 50, d: int = 6, classes: int = 5) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)).astype(np.float32), rng.integers(-1, classes, n)


@given(st.integers(0, 10_000), st.integers(1, 40))
@settings(max_examples=25, deadline=None)
def test_sums_of_blocks_add_to_the_plain_sums(seed: int, rows: int) -> None:
    x, y = crawl(seed)
    weights = np.random.default_rng(seed).random(len(x))
    each = in_memory(np.column_stack([x, weights]), y, rows)
    sums = add_up(each(lambda xw, labels: class_sums(xw[:, :-1], labels, 5, xw[:, -1])))
    for c in range(5):
        assert np.allclose(sums.total[c], (weights[y == c, None] * x[y == c]).sum(axis=0))
        assert np.isclose(sums.weight[c], weights[y == c].sum())


def test_the_second_moment_is_that_of_labelled_unit_rows() -> None:
    x, y = crawl(1)
    unit = unit_rows(x[y >= 0]).astype(np.float64)
    assert np.allclose(block_moments(x, y, 5).second, unit.T @ unit, atol=1e-5)


@pytest.mark.parametrize("rows", [300, 20_000])
def test_what_rows_have_in_common_does_not_round_away_what_they_differ_in(rows: int) -> None:
    rng = np.random.default_rng(0)
    x, y = (1 + 1e-3 * rng.normal(size=(rows, 12))).astype(np.float32), rng.integers(0, 3, rows)
    for some, exact in ((x, unit_rows(x).astype(np.float64)), (np.ones_like(x), None)):
        moments = add_moments(in_memory(some, y, 7_000)(partial(block_moments, classes=3)))
        mean = moments.by_class.total.sum(axis=0) / rows
        covariance = moments.second / rows - np.outer(mean, mean)
        expected = 0 if exact is None else np.cov(exact.T, bias=True)
        assert np.allclose(covariance, expected, rtol=1e-3, atol=1e-12)


def test_rows_without_label_or_features_count_nowhere() -> None:
    x, y = crawl(2)
    y[:10], x[10:20] = -1, 0
    seen, plain = (add_moments([block_moments(*some, 5)]) for some in ((x, y), (x[20:], y[20:])))
    assert np.array_equal(seen.by_class.weight, plain.by_class.weight)
    assert np.allclose(seen.second, plain.second, atol=1e-5)


def test_a_label_that_is_no_class_is_refused() -> None:
    with pytest.raises(ValueError, match="number the classes from 0 to 4"):
        class_sums(np.ones((2, 3)), np.array([0, 5]), 5)
