from dataclasses import replace

import numpy as np
import pytest
from scipy.special import softmax

from prototypes.engine.blocks import unit_rows
from prototypes.engine.confusion import Confusion
from prototypes.engine.unseen import UNSEEN_COSINE
from prototypes.fit.prior import NO_PRIOR
from prototypes.score.quality import ISSUE_KINDS, issues, label_quality


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


def test_prior_odds_are_added_to_the_logit_of_the_label() -> None:
    g, y, v = crawl()
    prior = replace(NO_PRIOR, log_odds=1.5)
    found = label_quality(g, y, v, 0.2, NOBODY, prior=prior)
    odds = np.exp(g @ unit_rows(v).T / 0.2)
    own = odds[np.arange(100), y]
    slow = own * np.exp(1.5) / (own * np.exp(1.5) + odds.sum(axis=1) - own)
    assert np.allclose(found.quality, slow, rtol=1e-4, atol=1e-7)
    assert np.array_equal(found.suggested, odds.argmax(axis=1))
    rest = (1 - slow) * odds.max(axis=1) / (odds.sum(axis=1) - own)
    kept = found.suggested == y
    assert 0 < kept.sum() < 100
    assert np.allclose(found.suggested_quality, np.where(kept, slow, rest), rtol=1e-3)


def test_labels_of_low_quality_are_flagged_and_counted_as_wrong() -> None:
    g, y, v = crawl()
    y[:5] = -1
    prior = replace(NO_PRIOR, wrong_below=0.05, flagged_below=0.1)
    found = label_quality(g, y, v, 0.2, NOBODY, prior=prior)
    assert np.array_equal(found.counted_wrong, found.quality < 0.05)
    assert np.array_equal(found.issue > 0, found.quality < 0.1)
    assert 0 < found.counted_wrong.sum() < (found.issue > 0).sum() < 95


def test_flagged_labels_are_outliers_if_they_fit_no_other_class() -> None:
    other = np.array([0.3, 0.8, 0.3, 0.2, 0.9], np.float32)
    flagged = np.array([False, True, True, True, False])
    kinds = [ISSUE_KINDS[i] for i in issues(flagged, other)]
    assert kinds == [None, "relabel", "outlier", "outlier", None]


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
