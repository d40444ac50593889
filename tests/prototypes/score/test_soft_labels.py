import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prototypes.engine.blocks import unit_rows
from prototypes.score.soft_labels import HEAD_START, SHARPNESS, soft_labels


def crawl(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    g, v = unit_rows(rng.normal(size=(80, 6))), rng.normal(size=(9, 6)).astype(np.float32)
    influence = rng.uniform(0, 0.5, 9).astype(np.float32)
    return g, rng.integers(0, 9, 80), v / 3, influence


def slow(
    g: np.ndarray, y: int, v: np.ndarray, tau: float, influence: np.ndarray, k: int
) -> dict[int, float]:
    z = {c: float(g @ row) / float(np.linalg.norm(row)) for c, row in enumerate(v)}
    z[y] += HEAD_START - influence[y]
    others = sorted((c for c in z if c != y), key=lambda c: -z[c])[:k]
    mass = {c: np.exp(z[c] * SHARPNESS / tau) for c in [y, *others]}
    return {c: m / sum(mass.values()) for c, m in mass.items()}


@pytest.mark.parametrize("k", [1, 3, 8])
def test_targets_are_those_of_the_plain_formula_in_order(k: int) -> None:
    g, y, v, influence = crawl()
    found = soft_labels(g, y, v, 0.2, influence, k)
    assert found.classes.shape == found.probabilities.shape == (80, k + 1)
    for row in range(80):
        expected = slow(g[row], y[row], v, 0.2, influence, k)
        assert found.classes[row].tolist() == list(expected)
        np.testing.assert_allclose(found.probabilities[row], [*expected.values()], atol=1e-5)


@given(st.integers(0, 10_000), st.integers(1, 8), st.floats(1e-3, 10))
@settings(max_examples=40, deadline=None)
def test_they_are_probabilities_of_different_classes(seed: int, k: int, tau: float) -> None:
    g, y, v, influence = crawl(seed)
    found = soft_labels(g, y, v, tau, influence, k)
    np.testing.assert_allclose(found.probabilities.sum(axis=1), 1, atol=1e-5)
    assert (found.probabilities >= 0).all()
    assert (found.classes[:, 0] == y).all()
    assert all(len(set(row)) == k + 1 for row in found.classes.tolist())


def test_a_label_that_fits_stays_nearly_hard_and_one_that_does_not_gives_way() -> None:
    v = np.eye(4, dtype=np.float32)
    found = soft_labels(v[[0, 0]], np.array([0, 1]), v, 0.12, np.zeros(4, np.float32), 2)
    assert found.probabilities[0, 0] > 0.99
    assert found.probabilities[1, 0] < 0.01
    assert found.classes[1, :2].tolist() == [1, 0]


def test_rows_without_features_or_label() -> None:
    g, y, v, influence = crawl()
    g[3], y[5] = 0, -1
    found = soft_labels(g, y, v, 0.2, influence, 2)
    assert found.probabilities[3].tolist() == [1, 0, 0]
    assert found.classes[3, 0] == y[3]
    assert np.isnan(found.probabilities[5]).all()
    assert found.classes[5, 0] == -1


def test_more_classes_than_there_are_cannot_share() -> None:
    g, y, v, influence = crawl()
    with pytest.raises(ValueError, match="10 neighbours among 9"):
        soft_labels(g, y, v, 0.2, influence, 9)
