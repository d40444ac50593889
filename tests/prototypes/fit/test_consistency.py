import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import logsumexp, softmax

from prototypes.engine import softmax as streamed
from prototypes.engine.blocks import unit_rows
from prototypes.engine.moments import add_up, class_sums
from prototypes.fit.consistency import (
    consistency,
    divergence,
    divergence_without_others,
    l2_divergence,
    l2_divergence_without_others,
    l2_targets,
    targets,
)
from prototypes.fit.relations import relations_of


def crawl(seed: int, n: int = 60, classes: int = 7) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    g, initial = unit_rows(rng.normal(size=(n, 5))), unit_rows(rng.normal(size=(classes, 5)))
    return g, rng.integers(0, classes, n), initial


@given(st.integers(0, 10_000), st.floats(0.01, 3))
@settings(max_examples=30, deadline=None)
def test_streamed_log_sum_exp_equals_the_plain_one(seed: int, temperature: float) -> None:
    g, _, initial = crawl(seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(streamed, "ROWS", 13)
        patch.setattr(streamed, "CLASSES", 3)
        found = streamed.log_partition(g, initial, temperature)
    plain = logsumexp(g.astype(float) @ initial.T.astype(float) / temperature, axis=1)
    assert np.allclose(found, plain, rtol=1e-5, atol=1e-5)


@given(st.integers(0, 10_000), st.floats(0.05, 1), st.floats(0.05, 1))
@settings(max_examples=30, deadline=None)
def test_divergence_equals_eq_4_written_out(seed: int, tau_v: float, tau_t: float) -> None:
    g, y, initial = crawl(seed)
    graph = np.random.default_rng(seed).random((7, 7))
    t = softmax(graph[y] / tau_t, axis=1)
    v = softmax(g.astype(float) @ initial.T / tau_v, axis=1)
    slow = (t * np.log(t / v)).sum(axis=1)
    expected = targets(relations_of(graph, initial), tau_t)
    assert np.allclose(divergence(g, y, initial, expected, tau_v), slow, rtol=1e-4, atol=1e-4)


@given(st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_l2_divergence_is_one_minus_the_cosine_of_the_similarities(seed: int) -> None:
    g, y, initial = crawl(seed)
    graph = np.random.default_rng(seed).normal(size=(7, 7))
    t = graph[y] / np.linalg.norm(graph[y], axis=1, keepdims=True)
    v = g.astype(float) @ initial.T
    v /= np.linalg.norm(v, axis=1, keepdims=True)
    slow = 1 - (t * v).sum(axis=1)
    found = l2_divergence(g, y, initial, l2_targets(relations_of(graph, initial)))
    assert np.allclose(found, slow, atol=1e-5)
    assert ((found >= 0) & (found <= 2)).all()


def pairs(seed: int, n: int = 60) -> np.ndarray:
    """Own label, then up to three others of the image, filled up with -1."""
    rng = np.random.default_rng(seed)
    labels = np.array([rng.permutation(7)[:4] for _ in range(n)])
    labels[:, 1:][np.arange(3) >= rng.integers(0, 4, n)[:, None]] = -1
    return labels


def left(labels: np.ndarray) -> np.ndarray:
    """Tell which of 7 classes (n, 7) are none of an image's other labels."""
    return np.array([[c not in row[1:] for c in range(7)] for row in labels])


@given(st.integers(0, 10_000), st.floats(0.05, 1), st.floats(0.05, 1))
@settings(max_examples=30, deadline=None)
def test_an_images_other_labels_are_on_neither_side_of_eq_4(
    seed: int, tau_v: float, tau_t: float
) -> None:
    g, _, initial = crawl(seed)
    labels, graph = pairs(seed), np.random.default_rng(seed).random((7, 7))
    graph[2] = np.nan
    np.fill_diagonal(graph, 1)
    relations, kept = relations_of(graph, initial), left(labels)
    related = np.asarray(relations.rows(labels[:, 0]), float)
    t = softmax(np.where(kept, related / tau_t, -np.inf), axis=1)
    v = softmax(np.where(kept, g.astype(float) @ initial.T / tau_v, -np.inf), axis=1)
    slow = np.where(kept, t * np.log(np.where(kept, t, 1) / np.where(kept, v, 1)), 0).sum(axis=1)
    expected = targets(relations, tau_t)
    found = divergence_without_others(g, labels, relations, expected, (tau_v, tau_t))
    assert np.allclose(found, slow, rtol=2e-3, atol=2e-3)


@given(st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_an_images_other_labels_do_not_count_in_l2_either(seed: int) -> None:
    g, _, initial = crawl(seed)
    labels, graph = pairs(seed), np.random.default_rng(seed).normal(size=(7, 7))
    relations, kept = relations_of(graph, initial), left(labels)
    t = graph[labels[:, 0]] * kept
    v = g.astype(float) @ initial.T * kept
    slow = 1 - (t * v).sum(axis=1) / np.linalg.norm(t, axis=1) / np.linalg.norm(v, axis=1)
    found = l2_divergence_without_others(g, labels, relations, l2_targets(relations))
    assert np.allclose(found, slow, atol=2e-3)


def test_without_other_labels_both_forms_are_the_same() -> None:
    g, y, initial = crawl(3)
    relations = relations_of(np.random.default_rng(3).random((7, 7)), initial)
    alone = np.column_stack([y, np.full((60, 2), -1)])
    expected = targets(relations, 0.3)
    found = divergence_without_others(g, alone, relations, expected, (0.2, 0.3))
    assert np.allclose(found, divergence(g, y, initial, expected, 0.2), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("epsilon", "gamma"), [(0.05, 30.0), (1e-6, 8.0)])
def test_p_that_a_float32_cannot_hold_is_refused(epsilon: float, gamma: float) -> None:
    with pytest.raises(ValueError, match="more than a float32 holds; use a γ of at most"):
        consistency(np.zeros(3, np.float32), epsilon, gamma)
    assert np.isfinite(consistency(np.zeros(3, np.float32), epsilon, 5.7)).all()


@pytest.mark.parametrize(("kl", "epsilon", "gamma"), [(0.1, 1e30, 2.0), (1e4, 0.05, 26.0)])
def test_p_is_never_too_small_to_make_a_prototype(kl: float, epsilon: float, gamma: float) -> None:
    p = consistency(np.full(2, kl, np.float32), epsilon, gamma)
    sums = class_sums(np.eye(2, dtype=np.float32), np.zeros(2, int), 1, p)
    assert np.allclose(add_up([sums]).means(), 0.5)


def test_similarities_of_zero_have_no_direction_and_give_no_nan() -> None:
    g, y, initial = crawl(0)
    initial = initial.copy()
    initial[:, 0], g[:3] = 0, np.eye(5, dtype=np.float32)[0]
    expected = l2_targets(relations_of(np.zeros((7, 7)), initial))
    assert np.allclose(l2_divergence(g, y, initial, expected), 1)


def test_an_image_just_as_its_class_should_look_has_the_greatest_consistency() -> None:
    _, _, initial = crawl(0)
    expected = targets(relations_of(initial @ initial.T, initial), 0.2)
    kl = divergence(initial, np.arange(7), initial, expected, 0.2)
    assert np.allclose(kl, 0, atol=1e-5)
    assert np.allclose(consistency(kl, 0.05, 2), 400, rtol=1e-3)


def test_consistency_falls_with_divergence() -> None:
    p = consistency(np.linspace(0, 9, 50, dtype=np.float32), 0.05, 2)
    assert (np.diff(p) < 0).all()
    assert np.isclose(p[0], 1 / 0.05**2)


def test_a_class_in_no_graph_keeps_its_visual_relations() -> None:
    _, _, initial = crawl(1)
    visual = initial @ initial.T
    graph = 0.3 + 0.5 * visual
    holed = graph.copy()
    holed[2], holed[:, 2] = np.nan, np.nan
    assert np.allclose(relations_of(holed, initial).rows(slice(None)), graph, atol=1e-5)
    unknown = np.full((7, 7), np.nan)
    assert np.allclose(relations_of(unknown, initial).rows(np.arange(7)), visual)
    assert np.allclose(relations_of(None, initial).rows(slice(2, 4)), visual[2:4])


def test_a_graph_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="there are 7 classes"):
        relations_of(np.eye(6), crawl(1)[2])
