import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs.order import block_order, nearest_classes


def test_the_nearest_are_best_first_without_the_class_itself_and_the_unknown() -> None:
    S = np.array([[1, 0.2, 0.9], [0.2, 1, np.nan], [0.9, np.nan, 1]])
    np.testing.assert_array_equal(nearest_classes(S, 2), [[2, 1], [0, -1], [0, -1]])
    np.testing.assert_array_equal(nearest_classes(S, 9)[:, 2], [-1, -1, -1])


def test_classes_of_a_block_come_side_by_side() -> None:
    block = np.random.default_rng(0).permutation(np.repeat(np.arange(4), 5))
    S = np.where(block[:, None] == block, 0.8, 0.1) + np.eye(20) * 0.2
    ordered = block[block_order(S)]
    assert (np.diff(ordered) != 0).sum() == 3


@pytest.mark.filterwarnings("error")
@given(st.integers(1, 9), st.integers(0, 99))
def test_an_order_has_every_class_once(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    S = rng.random((n, n))
    S[rng.random((n, n)) < 0.3] = np.nan
    assert sorted(block_order(S)) == list(range(n))
