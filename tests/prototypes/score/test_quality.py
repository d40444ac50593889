from dataclasses import replace

import numpy as np
import pytest
from scipy.special import softmax

from prototypes.engine.blocks import unit_rows
from prototypes.engine.confusion import Confusion
from prototypes.engine.rivals import Rivals
from prototypes.engine.unseen import UNSEEN_COSINE
from prototypes.score.quality import ISSUE_KINDS, counted_wrong, few, issues, label_quality


def crawl() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    g, v = unit_rows(rng.normal(size=(100, 6))), rng.normal(size=(12, 6)).astype(np.float32)
    return g, rng.integers(0, 12, 100), v / 3


NOBODY = np.zeros(12, np.float32)


def test_quality_is_the_softmax_of_cosines_at_the_label() -> None:
    g, y, v = crawl()
    found = label_quality(g, y, v, 0.2, NOBODY)
    slow = softmax(g @ unit_rows(v).T / 0.2, axis=1)
    assert np.allclose(found.quality, slow[np.arange(100), y], rtol=1e-4, atol=1e-7)
    assert np.array_equal(found.suggested, slow.argmax(axis=1))
    assert np.allclose(found.suggested_quality, slow.max(axis=1), rtol=1e-4)


def test_self_influence_comes_off_the_cosine_to_the_own_prototype() -> None:
    g, y, v = crawl()
    influence = np.linspace(0, 0.8, 12, dtype=np.float32)
    found = label_quality(g, y, v, 0.2, influence)
    cosines = g @ unit_rows(v).T
    cosines[np.arange(100), y] -= influence[y]
    slow = softmax(cosines / 0.2, axis=1)
    assert np.allclose(found.quality, slow[np.arange(100), y], rtol=1e-3, atol=1e-6)
    assert np.array_equal(found.suggested, slow.argmax(axis=1))
    assert np.allclose(found.suggested_quality, slow.max(axis=1), rtol=1e-3)


def test_distance_is_to_the_prototype_of_the_label() -> None:
    g, y, v = crawl()
    slow = [np.linalg.norm(v[c] - row) for row, c in zip(g, y, strict=True)]
    assert np.allclose(label_quality(g, y, v, 0.2, NOBODY).distance, slow, atol=1e-5)


def test_of_several_prototypes_of_a_class_the_nearest_counts() -> None:
    g, y, _ = crawl()
    v = np.random.default_rng(1).normal(size=(12, 3, 6)).astype(np.float32)
    influence = np.linspace(0, 0.4, 12, dtype=np.float32)
    found = label_quality(g, y, v.reshape(36, 6), 0.2, influence)
    cosines = np.einsum("nd,ckd->nck", g, v / np.linalg.norm(v, axis=2, keepdims=True)).max(axis=2)
    cosines[np.arange(100), y] -= influence[y]
    slow = softmax(cosines / 0.2, axis=1)
    assert np.allclose(found.quality, slow[np.arange(100), y], rtol=1e-3, atol=1e-6)
    assert np.array_equal(found.suggested, slow.argmax(axis=1))
    assert np.allclose(found.suggested_quality, slow.max(axis=1), rtol=1e-3)
    away = np.linalg.norm(v[y] - g[:, None], axis=2).min(axis=1)
    assert np.allclose(found.distance, away, atol=1e-5)


def test_a_prototype_that_is_repeated_is_one() -> None:
    g, y, v = crawl()
    y[:5] = -1
    one = label_quality(g, y, v, 0.2, NOBODY)
    three = label_quality(g, y, np.repeat(v, 3, axis=0), 0.2, NOBODY)
    for field in ("quality", "suggested_quality", "distance", "issue", "suggested"):
        assert np.allclose(
            getattr(one, field), getattr(three, field), rtol=1e-4, atol=1e-6, equal_nan=True
        ), field


def test_a_row_without_a_label_gets_a_suggestion_only() -> None:
    g, y, v = crawl()
    whole = label_quality(g, y, v, 0.2, NOBODY)
    y[:5] = -1
    found = label_quality(g, y, v, 0.2, NOBODY)
    assert np.isnan(found.quality[:5]).all()
    assert np.isnan(found.distance[:5]).all()
    assert not found.issue[:5].any()
    assert not found.counted_wrong[:5].any()
    assert np.array_equal(found.suggested, whole.suggested)


def rivals(cosine: np.ndarray) -> Rivals:
    nothing = np.zeros_like(cosine)
    return Rivals(nothing, cosine, cosine, np.zeros(len(cosine), np.int64), nothing, nothing)


def test_issues_are_labels_that_fit_badly() -> None:
    own = np.array([0.9, 0.5, 0.1, 0.1, 0.14, np.nan], np.float32)
    other = np.array([0.3, 0.8, 0.2, 0.1, 0.5, 0.9], np.float32)
    kinds = [ISSUE_KINDS[i] for i in issues(own, rivals(other))]
    assert kinds == [None, "relabel", "outlier", "outlier", "relabel", None]


def test_labels_count_as_wrong_by_margin_or_cosine() -> None:
    own = np.array([0.9, 0.5, 0.5, 0.05, np.nan], np.float32)
    other = np.array([0.3, 0.8, 0.9, 0.0, 0.9], np.float32)
    assert counted_wrong(own, rivals(other)).tolist() == [False, False, True, True, False]


def test_with_few_classes_the_own_cosine_may_be_lower() -> None:
    own, other = np.array([0.14, 0.02, -0.01], np.float32), np.zeros(3, np.float32)
    assert issues(own, rivals(other)).tolist() == [2, 2, 2]
    assert issues(own, rivals(other), few(2)).tolist() == [0, 0, 2]
    assert few(2) == pytest.approx(1 / 9)
    assert few(10) == few(1000) == 1


def test_an_image_midway_has_the_label_of_the_larger_class() -> None:
    own = np.array([-0.05, -0.2, -0.05], np.float32)
    larger = np.array([0.3, 0.3, 0.0], np.float32)
    found = rivals(-own)
    found = replace(found, sized=found.cosine - larger)
    assert issues(own, rivals(-own), few(2)).tolist() == [2, 2, 2]
    assert issues(own, found, few(2)).tolist() == [0, 2, 2]
    assert counted_wrong(own, found).tolist() == [False, True, True]
    smaller = replace(found, sized=found.cosine + larger)
    assert np.array_equal(smaller.size_shift, np.zeros(3))


@pytest.mark.parametrize("scale", [0, 1])
def test_rivals_are_weighed_by_their_odds_and_sizes(scale: int) -> None:
    g, y, v = crawl()
    rng = np.random.default_rng(3)
    odds = rng.normal(size=(12, 12)).astype(np.float32)
    sizes = np.float32(scale) * rng.normal(size=12).astype(np.float32)
    every = np.tile(np.arange(12, dtype=np.int32), (12, 1))
    confusion = Confusion(1.0, every, odds - np.float32(0.5), np.full(12, 0.5, np.float32), sizes)
    found = label_quality(g, y, v, 0.2, NOBODY, confusion)
    odds = odds + sizes - sizes[:, None]
    logits = g @ unit_rows(v).T / 0.2 + np.where(np.eye(12)[y] > 0, 0, odds[y])
    slow = softmax(logits, axis=1)
    assert np.allclose(found.quality, slow[np.arange(100), y], rtol=1e-4, atol=1e-7)
    assert np.array_equal(found.suggested, slow.argmax(axis=1))


def test_among_few_classes_an_image_must_look_like_one() -> None:
    directions = np.eye(3, 8, dtype=np.float32)
    g = unit_rows(directions[[0, 0]] + np.array([[0], [4]]) * np.eye(8)[7])
    quality = label_quality(g, np.array([0, 0]), directions, 0.3, NOBODY[:3]).quality
    cosine = g[1, 0]
    seven = 7 * np.exp(UNSEEN_COSINE / 0.3)
    assert quality[0] > 0.5 > quality[1]
    assert np.isclose(quality[1], np.exp(cosine / 0.3) / (np.exp(cosine / 0.3) + 2 + seven))
