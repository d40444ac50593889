"""Any balance of classes: right labels are left alone, wrong ones found as by a regression."""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from prototypes.engine.blocks import unit_rows
from prototypes.engine.moments import add_moments, block_moments
from prototypes.fit.dominance import Discriminant, dominance, log_sizes
from prototypes.fit.space import discriminant
from prototypes.method import Scores, adapted, fit_prototypes, fit_space, score_block
from tests.blocks import in_memory

MOST_FLAGGED = 0.05


def scores(x: np.ndarray, y: np.ndarray) -> Scores:
    each = in_memory(x.astype(np.float32), y, 500)
    classes = int(y.max()) + 1
    space = fit_space(each, classes)
    prototypes = fit_prototypes(adapted(each, space), classes, space=space)
    return score_block(space.transform(x.astype(np.float32)), y, space, prototypes)


def gaussians(classes: int, share: float, noise: float, apart: float = 6) -> tuple[np.ndarray, ...]:
    """Features, given labels and true ones; the first class has most of the rows."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(classes, 32))
    centres *= apart / np.linalg.norm(centres, axis=1, keepdims=True)
    p = np.full(classes, (1 - share) / (classes - 1))
    p[0] = share
    true = rng.choice(classes, 3000, p=p)
    return centres[true] + rng.normal(size=(3000, 32)), flipped(true, classes, noise, rng), true


def flipped(true: np.ndarray, classes: int, noise: float, rng: np.random.Generator) -> np.ndarray:
    other = (true + rng.integers(1, classes, len(true))) % classes
    return np.where(rng.random(len(true)) < noise, other, true)


def regression_auroc(x: np.ndarray, given: np.ndarray, wrong: np.ndarray) -> float:
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    model = LogisticRegression(max_iter=1000)
    p = cross_val_predict(model, x, given, cv=folds, method="predict_proba")
    return float(roc_auc_score(wrong, -p[np.arange(len(given)), given]))


@pytest.mark.parametrize("share", [0.5, 0.8, 0.9, 0.97, 0.99])
@pytest.mark.parametrize("classes", [2, 10])
def test_no_right_label_is_flagged_at_any_balance(classes: int, share: float) -> None:
    x, given, _ = gaussians(classes, share, 0.0)
    assert (scores(x, given).label.issue > 0).mean() < 0.01


@pytest.mark.parametrize("share", [0.5, 0.8, 0.9, 0.97, 0.99])
@pytest.mark.parametrize("classes", [2, 10])
def test_wrong_labels_are_found_as_well_as_by_a_regression(classes: int, share: float) -> None:
    x, given, true = gaussians(classes, share, 0.05)
    found, wrong = scores(x, given).label, given != true
    flagged = found.issue > 0
    assert flagged[~wrong].mean() < 0.02
    assert flagged[wrong].mean() > 0.55
    assert abs(found.counted_wrong.mean() - wrong.mean()) < 0.06
    assert roc_auc_score(wrong, -found.quality) > regression_auroc(x, given, wrong) - 0.01


@pytest.mark.parametrize("apart", [5, 3.5])
@pytest.mark.parametrize("classes", [2, 5, 20])
def test_small_classes_most_of_whose_labels_are_wrong(classes: int, apart: float) -> None:
    x, given, true = gaussians(classes, 0.99, 0.1, apart)
    found, wrong = scores(x, given).label, given != true
    assert wrong[given > 0].mean() > 0.85
    assert (found.issue > 0)[~wrong].mean() < MOST_FLAGGED
    assert (found.issue > 0)[wrong].mean() > 0.65
    assert abs(found.counted_wrong.mean() - wrong.mean()) < 0.06
    assert roc_auc_score(wrong, -found.quality) > regression_auroc(x, given, wrong) - 0.02


@pytest.mark.parametrize("digit", [0, 1, 5, 8, 9])
def test_one_digit_is_told_from_the_rest(digit: int) -> None:
    digits = load_digits()
    true = (digits.target != digit).astype(int)
    given = flipped(true, 2, 0.05, np.random.default_rng(0))
    found, wrong = scores(digits.data, given).label, given != true
    assert (found.issue > 0)[~wrong].mean() < MOST_FLAGGED
    assert roc_auc_score(wrong, -found.quality) > regression_auroc(digits.data, given, wrong) - 0.01


def test_classes_without_company_are_refused_in_a_sentence() -> None:
    with pytest.raises(ValueError, match="Only 1 of the 3 classes have rows with features"):
        fit_space(in_memory(np.ones((5, 4), np.float32), np.full(5, 2)), 3)


def test_nothing_changes_until_a_class_outweighs_the_others() -> None:
    assert dominance(np.array([30.0, 30, 39])) == 0
    assert dominance(np.array([1.0, 1])) == pytest.approx(0.5)
    assert dominance(np.array([70.0, 10, 20])) == 1
    assert not log_sizes(np.array([30.0, 30, 39])).any()
    assert np.allclose(log_sizes(np.array([70.0, 10, 20])), np.log([0.7, 0.1, 0.2]))


def test_trust_is_the_posterior_of_discriminant_analysis_without_the_row() -> None:
    x, y, _ = gaussians(3, 0.9, 0.1)
    x = unit_rows(x[:300].astype(np.float32))
    y = y[:300]
    found = discriminant(add_moments([block_moments(x, y, 3)]))
    z = x @ found.projection
    for i in range(0, 300, 29):
        away = []
        for c in range(3):
            others = (y == c) & (np.arange(300) != i)
            away.append(((z[i] - z[others].mean(axis=0)) ** 2).sum())
        logits = np.log(np.bincount(y)) - np.array(away) / 2
        p = np.exp(logits - logits.max())
        assert np.isclose(found.trust(x, y)[i], max(p[y[i]] / p.sum(), 1e-6), rtol=1e-3)


def test_an_images_other_labels_do_not_make_its_own_less_trusted() -> None:
    z = np.eye(3)
    found = Discriminant(np.eye(3), 3 * z, np.array([80.0, 10, 10]))
    both = unit_rows((z[[0]] + z[[1]]).astype(np.float32))
    alone = found.trust(both, np.array([[1, -1]]))
    assert found.trust(both, np.array([[1, 0]])) > 2 * alone
