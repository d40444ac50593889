import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs.blend import blend_rows, scale_of


def relation(seed: int, n: int = 12) -> np.ndarray:
    rng = np.random.default_rng(seed)
    S = rng.random((n, n)) ** 3
    S = ((S + S.T) / 2).astype(np.float32)
    np.fill_diagonal(S, 1)
    return S


def others(S: np.ndarray) -> np.ndarray:
    return np.where(np.eye(len(S), dtype=bool), np.nan, S)


def blend(relations: list[np.ndarray]) -> np.ndarray:
    return np.vstack(list(blend_rows(relations)))


def scaled(S: np.ndarray) -> np.ndarray:
    typical, spread = scale_of(S)
    return (S - typical) / spread


def test_the_median_pair_comes_to_0_and_the_nearest_class_to_a_third() -> None:
    S = others(scaled(relation(1)))
    assert np.nanmedian(S) == pytest.approx(0, abs=1e-6)
    assert np.median(np.nanmax(S, axis=1)) == pytest.approx(1 / 3, abs=1e-6)


@given(st.floats(0.01, 50), st.floats(-20, 20))
def test_the_scale_that_a_graph_came_on_does_not_count(slope: float, level: float) -> None:
    S, other = relation(2), relation(3)
    stretched = (slope * S.astype(np.float64) + level).astype(np.float32)
    np.testing.assert_allclose(blend([stretched, other]), blend([S, other]), atol=2e-2 / slope)


def test_two_classes_and_classes_all_alike_keep_the_diagonal_above_the_rest() -> None:
    for n in (2, 5):
        S = np.full((n, n), 0.4, np.float32)
        np.fill_diagonal(S, 1)
        np.testing.assert_allclose(scaled(S), np.eye(n), atol=1e-6)


def test_an_entry_is_the_mean_over_the_graphs_that_know_it() -> None:
    first, second = relation(4), relation(5)
    first[3] = first[:, 3] = np.nan
    both = blend([first, second])
    np.testing.assert_allclose(both[3], scaled(second)[3])
    known = np.arange(len(both)) != 3
    expected = (scaled(first) + scaled(second)) / 2
    np.testing.assert_allclose(both[known][:, known], expected[known][:, known], atol=1e-6)


def test_what_no_graph_knows_stays_nan() -> None:
    first, second = relation(6), relation(7)
    first[2] = first[:, 2] = second[2] = second[:, 2] = np.nan
    unknown = np.isnan(blend([first, second]))
    assert unknown[2].all()
    assert unknown.sum() == 2 * len(first) - 1


def test_a_graph_that_knows_no_class_adds_nothing() -> None:
    S = relation(8)
    np.testing.assert_allclose(blend([np.full_like(S, np.nan), S]), scaled(S))


def test_matrices_of_different_shapes_have_no_sum() -> None:
    with pytest.raises(ValueError, match="have no sum"):
        blend([relation(0, 3), relation(0, 4)])
    with pytest.raises(ValueError, match="have no sum"):
        blend([])


def test_blocks_of_rows_make_the_same_sum(monkeypatch):
    first, second = relation(8), relation(9)
    expected = blend([first, second])
    monkeypatch.setattr("graphs.row_blocks.CLASSES", 5)
    np.testing.assert_array_equal(blend([first, second]), expected)
