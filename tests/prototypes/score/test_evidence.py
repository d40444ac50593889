import numpy as np
from scipy.special import softmax

from prototypes.engine.blocks import unit_rows
from prototypes.engine.moments import add_up
from prototypes.score.evidence import (
    ClassTexts,
    Evidence,
    limited,
    margin_moments,
    with_level,
    z_scores,
)
from prototypes.score.quality import label_quality

RNG = np.random.default_rng(0)


def test_agreement_is_in_standard_deviations_of_the_given_class() -> None:
    margins = RNG.normal(size=200).astype(np.float32)
    labels = RNG.integers(-1, 4, 200)
    margins[(labels == -1) | (RNG.random(200) < 0.2)] = np.nan
    halves = (slice(0, 90), slice(90, 200))
    moments = add_up(margin_moments(margins[half], labels[half], 4) for half in halves)
    found = z_scores(margins, labels, moments)
    for c in range(4):
        own = margins[labels == c]
        slow = (own - np.nanmean(own)) / np.nanstd(own)
        np.testing.assert_allclose(found[labels == c], slow, atol=1e-4)
    assert np.array_equal(np.isnan(found), np.isnan(margins))
    assert np.isfinite(limited(found)).all()


def test_captions_that_are_the_name_of_the_class_say_nothing() -> None:
    labels = RNG.integers(0, 3, 50)
    margins = np.array([0.1, 0.7, 0.3], np.float32)[labels]
    assert not z_scores(margins, labels, add_up([margin_moments(margins, labels, 3)])).any()


def test_the_prior_is_the_logits_of_zero_shot_classification() -> None:
    x = RNG.normal(size=(30, 9)).astype(np.float16)
    texts = ClassTexts(unit_rows(RNG.normal(size=(5, 4))), (3, 7))
    mean = RNG.normal(size=4).astype(np.float32) / 9
    rows, classes = texts.prior(x, mean)
    images = x[:, 3:7].astype(np.float64)
    images /= np.linalg.norm(images, axis=1, keepdims=True)
    slow = (images - mean) @ texts.vectors.T / 0.01
    np.testing.assert_allclose(rows @ classes.T, slow - slow.max(axis=1, keepdims=True), atol=1e-3)


def test_evidence_is_added_to_the_cosines() -> None:
    g, v = unit_rows(RNG.normal(size=(40, 6))), RNG.normal(size=(12, 6)).astype(np.float32)
    y = RNG.integers(0, 12, 40)
    own, rows, classes = RNG.normal(size=40), RNG.normal(size=(40, 2)), RNG.normal(size=(12, 2))
    evidence = Evidence(*(part.astype(np.float32) / 5 for part in (own, rows, classes)))
    nobody = np.zeros(12, np.float32)
    found = label_quality(g, y, v, 0.2, nobody, evidence=evidence)
    scores = g @ unit_rows(v).T + evidence.rows @ evidence.classes.T
    scores[np.arange(40), y] += evidence.own
    slow = softmax(scores / 0.2, axis=1)
    np.testing.assert_allclose(found.quality, slow[np.arange(40), y], rtol=1e-3, atol=1e-6)
    assert np.array_equal(found.suggested, slow.argmax(axis=1))
    plain = label_quality(g, y, v, 0.2, nobody)
    assert np.array_equal(found.distance, plain.distance)


def test_columns_beside_rows_and_prototypes_add_the_level_of_classes_with_rows() -> None:
    g, v = RNG.normal(size=(20, 6)), unit_rows(RNG.normal(size=(6, 6)))
    v[2:4] = 0
    level = np.array([0.1, 0.2, 0.3], np.float32)
    rows, directions = with_level(None, level, len(g)).beside(g.astype(np.float32), v, 2)
    expected = g @ v.T + np.repeat(level * [1, 0, 1], 2)
    np.testing.assert_allclose(rows @ directions.T, expected, atol=1e-5)
