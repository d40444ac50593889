"""Several labels of an image: each is held against the classes that the image was not given."""

import numpy as np
import pytest
from scipy.special import softmax

from prototypes.engine.blocks import unit_rows
from prototypes.engine.pairs import own_labels
from prototypes.engine.rivals import find_rivals, margin
from prototypes.fit.sample import LabelledSample
from prototypes.fit.space import AdaptedSpace
from prototypes.fit.temperature import label_temperature
from prototypes.method import Prototypes, adapted, fit_prototypes, fit_space, score_block
from prototypes.score.missing import missing_labels
from prototypes.score.quality import OUTLIER_COSINE, label_quality
from tests.blocks import in_memory

CLASSES, LABELS = 12, 4
NOBODY = np.zeros(CLASSES, np.float32)


def some_pairs(n: int = 80) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features, pairs (own label, others, -1 ...) and prototypes."""
    rng = np.random.default_rng(0)
    labels = np.full((n, LABELS), -1)
    for row in labels:
        count = rng.integers(1, LABELS + 1)
        row[:count] = rng.permutation(CLASSES)[:count]
    g, v = unit_rows(rng.normal(size=(n, 6))), rng.normal(size=(CLASSES, 6)).astype(np.float32)
    return g, labels, v / 3


def without_others(g: np.ndarray, labels: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Cosines (n, C), -inf at the other labels of a row's image."""
    cosines = g @ unit_rows(v).T
    for row, others in zip(cosines, labels[:, 1:], strict=True):
        row[others[others >= 0]] = -np.inf
    return cosines


def test_quality_is_the_softmax_over_the_label_and_the_classes_not_given() -> None:
    g, labels, v = some_pairs()
    found = label_quality(g, labels, v, 0.2, NOBODY)
    slow = softmax(without_others(g, labels, v) / 0.2, axis=1)
    every = np.arange(len(g))
    assert np.allclose(found.quality, slow[every, labels[:, 0]], rtol=1e-4, atol=1e-7)
    assert np.array_equal(found.suggested, slow.argmax(axis=1))
    assert np.allclose(found.suggested_quality, slow.max(axis=1), rtol=1e-4)


def test_margins_and_rivals_leave_the_other_labels_out() -> None:
    g, labels, v = some_pairs()
    cosines = without_others(g, labels, v)
    every, own = np.arange(len(g)), labels[:, 0]
    given = cosines[every, own]
    cosines[every, own] = -np.inf
    rivals = find_rivals(g, labels, unit_rows(v), 0.2)
    assert np.array_equal(rivals.most_likely, cosines.argmax(axis=1))
    assert np.allclose(rivals.logit, cosines.max(axis=1) / 0.2, atol=1e-5)
    assert np.allclose(rivals.log_partition, np.log(np.exp(cosines / 0.2).sum(axis=1)), atol=1e-4)
    assert np.allclose(rivals.own, given, atol=1e-6)
    assert np.allclose(margin(g, labels, unit_rows(v)), given - cosines.max(axis=1), atol=1e-6)


def test_one_label_an_image_is_the_same_in_both_forms() -> None:
    g, labels, v = some_pairs()
    labels[:, 1:] = -1
    flat = own_labels(labels)
    one, several = (label_quality(g, y, v, 0.2, NOBODY) for y in (flat, labels))
    assert np.allclose(one.quality, several.quality, atol=1e-6)
    assert np.array_equal(one.suggested, several.suggested)
    assert np.array_equal(one.issue, several.issue)
    taus = [label_temperature(LabelledSample(g, y), unit_rows(v)) for y in (flat, labels)]
    assert taus[0] == pytest.approx(taus[1], rel=1e-4)


def test_an_image_with_all_labels_has_no_rival_and_lacks_nothing() -> None:
    g, _, v = some_pairs(5)
    all_of_them = np.array([np.roll(np.arange(CLASSES), -row) for row in range(5)])
    found = label_quality(g, all_of_them, v, 0.2, NOBODY)
    assert np.allclose(found.quality, 1)
    assert np.array_equal(found.suggested, np.arange(5))
    assert len(missing_labels(g, all_of_them, v, 0.2).rows) == 0


def test_missing_labels_are_the_classes_not_given_that_fit() -> None:
    g, labels, v = some_pairs()
    labels[3] = -1
    cosines = g @ unit_rows(v).T
    for row, given in zip(cosines, labels, strict=True):
        row[given[given >= 0]] = -np.inf
    shares = softmax(cosines / 0.2, axis=1)
    slow = {
        (row, c): shares[row, c]
        for row, c in np.argwhere(cosines >= OUTLIER_COSINE)
    }  # fmt: skip
    found = missing_labels(g, labels, v, 0.2)
    pairs = list(zip(found.rows.tolist(), found.classes.tolist(), strict=True))
    assert len(pairs) > 30
    assert set(pairs) == set(slow)
    assert np.allclose(found.quality, [slow[pair] for pair in pairs], rtol=1e-4)
    assert pairs == sorted(pairs, key=lambda pair: (pair[0], -slow[pair]))


def blends(
    n: int = 3000, classes: int = 12, noise: float = 0.3
) -> tuple[np.ndarray, list[np.ndarray], list[np.ndarray]]:
    """Features that are sums of one to three classes', with missing and incorrect labels."""
    rng = np.random.default_rng(1)
    centres = rng.normal(size=(classes, 32))
    true = [rng.permutation(classes)[: rng.integers(1, 4)] for _ in range(n)]
    x = np.array([centres[own].sum(axis=0) for own in true]) + 1.2 * rng.normal(size=(n, 32))
    given = []
    for own in true:
        kept = own[rng.random(len(own)) >= noise]
        absent = rng.permutation(np.setdiff1d(np.arange(classes), own))[: len(kept)]
        given.append(np.where(rng.random(len(kept)) < noise, absent, kept))
    return x.astype(np.float32), true, given


def as_pairs(given: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    rows = np.array([row for row, labels in enumerate(given) for _ in range(max(len(labels), 1))])
    pairs = []
    for labels in given:
        for own in labels if len(labels) else [-1]:
            others = [other for other in labels if other != own]
            pairs.append([own, *others, *[-1] * (2 - len(others))])
    return rows, np.array(pairs)


def fitted(x: np.ndarray, labels: np.ndarray, classes: int) -> tuple[AdaptedSpace, Prototypes]:
    each = in_memory(x, labels, 500)
    space = fit_space(each, classes)
    return space, fit_prototypes(adapted(each, space), classes)


def auroc(low: np.ndarray, high: np.ndarray) -> float:
    return float((low[:, None] < high[None]).mean())


def test_wrong_labels_and_missing_ones_are_found_in_blends_of_classes() -> None:
    x, true, given = blends()
    rows, pairs = as_pairs(given)
    labelled = pairs[:, 0] >= 0
    wrong = np.array([own not in true[row] for row, own in zip(rows, pairs[:, 0], strict=True)])
    found = {}
    for form, labels in {"pairs": pairs, "rivals": pairs[:, 0]}.items():
        space, prototypes = fitted(x[rows], labels, 12)
        g = space.transform(x[rows])
        said = score_block(g, labels, space, prototypes, prototypes.p).label
        quality, flagged = said.quality, labelled & (said.issue > 0)
        ranking = auroc(quality[labelled & wrong], quality[labelled & ~wrong])
        found[form] = ranking, wrong[flagged].mean(), flagged[labelled & wrong].mean()
        noise = said.counted_wrong[labelled].mean()
        assert form == "rivals" or abs(noise - wrong[labelled].mean()) < 0.08
    assert found["pairs"][0] > max(0.98, found["rivals"][0])
    assert found["pairs"][1] > found["rivals"][1] + 0.05
    assert min(found["pairs"]) > 0.8

    space, prototypes = fitted(x[rows], pairs, 12)
    firsts = np.flatnonzero(np.diff(rows, prepend=-1))
    missing = missing_labels(space.transform(x), pairs[firsts], prototypes.v, prototypes.tau)
    right = [c in true[row] for row, c in zip(missing.rows, missing.classes, strict=True)]
    lacking = sum(len(set(true[row]) - set(given[row])) for row in range(len(x)))
    share = sum(12 - len(set(labels)) for labels in given)
    assert np.mean(right) > 0.9 > 5 * lacking / share
    assert sum(right) > 0.5 * lacking
