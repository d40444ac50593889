"""Lists of labels of which one is in most images."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_predict

from prototypes.engine.blocks import unit_rows
from prototypes.engine.moments import add_up, class_sums
from prototypes.fit.prevalence import effects, level, levelled_distance, prevalence
from prototypes.method import adapted, fit_prototypes, fit_space, score_block
from prototypes.score.quality import LabelQuality
from tests.blocks import in_memory

CLASSES = 10


def crawl(share: float, noise: float) -> tuple[np.ndarray, list[set[int]], list[list[int]]]:
    """Features, true and given labels; the first label is in such a share of the images."""
    rng = np.random.default_rng(0)
    centres = 5 * unit_rows(rng.normal(size=(CLASSES, 32)))
    true, given = [], []
    for _ in range(1500):
        own = set(rng.permutation(np.arange(1, CLASSES))[: rng.integers(1, 3)].tolist())
        own |= {0} if rng.random() < share else set()
        absent = [c for c in range(CLASSES) if c not in own]
        wrong = {c: rng.random() < noise for c in own}
        given.append(sorted({int(rng.choice(absent)) if wrong[c] else c for c in own}))
        true.append(own)
    x = np.array([centres[list(own)].sum(axis=0) for own in true])
    return (x + rng.normal(size=x.shape)).astype(np.float32), true, given


def as_pairs(given: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    rows = np.array([row for row, labels in enumerate(given) for _ in labels])
    pairs = [[c, *(o for o in labels if o != c)] for labels in given for c in labels]
    return rows, np.array([pair + [-1] * (3 - len(pair)) for pair in pairs])


def judged(x: np.ndarray, pairs: np.ndarray) -> LabelQuality:
    each = in_memory(x, pairs, 500)
    space = fit_space(each, CLASSES)
    prototypes = fit_prototypes(adapted(each, space), CLASSES, space=space)
    return score_block(space.transform(x), pairs, space, prototypes, prototypes.p).label


def regression(x: np.ndarray, given: list[list[int]]) -> np.ndarray:
    """Return the probability (n, C) of each label by a regression of its own."""
    p = np.ones((len(x), CLASSES))
    for c in range(CLASSES):
        has = np.array([c in labels for labels in given])
        if has.any() and not has.all():
            model = LogisticRegression(max_iter=500)
            p[:, c] = cross_val_predict(model, x, has, cv=5, method="predict_proba")[:, 1]
    return p


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 1.0])
def test_no_right_label_is_flagged_however_frequent(share: float) -> None:
    x, _, given = crawl(share, 0.0)
    rows, pairs = as_pairs(given)
    found = judged(x[rows], pairs)
    assert (found.issue > 0).mean() < 0.01
    assert np.median(found.distance[pairs[:, 0] == 0]) < 1.2


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.97])
def test_wrong_labels_are_found_as_well_as_by_regressions(share: float) -> None:
    x, true, given = crawl(share, 0.05)
    rows, pairs = as_pairs(given)
    found, own = judged(x[rows], pairs), pairs[:, 0]
    wrong = np.array([c not in true[row] for row, c in zip(rows, own, strict=True)])
    flagged = found.issue > 0
    assert flagged[~wrong].mean() < 0.05
    assert flagged[wrong].mean() > 0.9
    assert abs(found.counted_wrong.mean() - wrong.mean()) < 0.03
    plain = roc_auc_score(wrong, -regression(x, given)[rows, own])
    assert roc_auc_score(wrong, -found.quality) > plain - 0.01


def test_prevalence_counts_images_as_the_mean_of_the_class_means_does() -> None:
    rng = np.random.default_rng(0)
    pairs = np.array([[0, 1], [1, 0], [0, -1], [2, 0], [0, 2], [1, -1]])
    g = unit_rows(rng.normal(size=(6, 4)))
    found = prevalence(in_memory(g, pairs, 4), np.array([3.0, 2, 1]))
    slow = np.zeros(3)
    for own, other in pairs:
        for c in (own, other):
            if c >= 0:
                slow[c] += 1 / 3 / [3, 2, 1][own]
    assert np.allclose(found, slow)


def test_effects_are_those_of_a_regression_on_all_labels() -> None:
    rng = np.random.default_rng(1)
    pairs = np.array([np.r_[rng.permutation(4)[:2], -1] for _ in range(900)])
    pairs[::3, 1] = -1
    centres = rng.normal(size=(4, 6))
    has = np.array([[c in row for c in range(4)] for row in pairs], float)
    g = (has @ centres + rng.normal(size=(900, 6)) / 50).astype(np.float32)
    frequent, found = effects(in_memory(g, pairs, 200), np.array([0.5, 0.1, 0.4, 0.3]))
    assert frequent.tolist() == [0, 2, 3]
    assert np.allclose(found, centres[[0, 2, 3]], atol=0.05)


def test_a_rare_label_is_lifted_by_nothing_and_one_that_all_have_is_taken_at_its_word() -> None:
    g = np.array([[1, 0], [0.6, 0.8], [0, 1]], np.float32)
    sums = add_up([class_sums(g, np.array([0, 1, 2]), 3)])
    found = level(sums, g, np.array([1e-6, 0.5, 1.0]), 0.1)
    assert found[0] < 1e-5
    assert 0 <= found[1] <= 1e-6
    assert np.isclose(found[2], 0, atol=1e-6)
    alike = add_up([class_sums(g[[1, 1, 1]], np.array([0, 1, 2]), 3)])
    assert np.allclose(level(alike, g, np.array([0.1, 0.2, 1.0]), 0.1)[2], 1 - 0.8)


def test_a_lifted_distance_is_that_at_the_lifted_cosine() -> None:
    v, g = np.array([[0.5, 0]], np.float32), np.array([[0.6, 0.8]], np.float32)
    away = np.linalg.norm(v - g, axis=1)
    assert np.isclose(levelled_distance(away, v, np.array([0.3]))[0] ** 2, 1 + 0.25 - 2 * 0.5 * 0.9)
