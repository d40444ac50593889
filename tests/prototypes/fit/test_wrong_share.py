import numpy as np
import pytest

from prototypes.engine.pairs import MASKED
from prototypes.fit.wrong_share import (
    ALIKE,
    OVERCONFIDENCE,
    PER_CLASS,
    RIGHT_TEMPERATURE,
    share_by_agreement,
    wrong_share,
)


def crawl(
    classes: int, wrong: float, rows: int = 4000, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Draw cosines that are right by the estimate's own model, and labels wrong at random."""
    rng = np.random.default_rng(seed)
    tau = RIGHT_TEMPERATURE * (classes - 1) ** PER_CLASS
    cosines = rng.normal(0, 0.15, (rows, classes)).astype(np.float32)
    cosines[np.arange(rows), rng.integers(0, classes, rows)] += 0.6
    likely = np.exp(cosines / tau)
    likely /= likely.sum(axis=1, keepdims=True)
    true = (likely.cumsum(axis=1) > rng.random((rows, 1))).argmax(axis=1)
    flipped = rng.random(rows) < wrong
    return cosines, np.where(flipped, (true + rng.integers(1, classes, rows)) % classes, true)


def test_agreement_against_a_slow_reference() -> None:
    cosines, labels = crawl(12, 0.3, rows=300)
    tau = RIGHT_TEMPERATURE * 11**PER_CLASS
    p, q, agree = [], [], []
    for row, label in zip(cosines.astype(float), labels, strict=True):
        likely = np.exp(row / tau) / np.exp(row / tau).sum()
        top = int(likely.argmax())
        odds = np.log(likely[top] / (1 - likely[top])) - OVERCONFIDENCE
        p.append(1 / (1 + np.exp(-odds)))
        others = [likely[t] * likely[top] / (1 - likely[t]) for t in range(12) if t != top]
        alike = min(sum(others) / (1 - likely[top]), 1)
        q.append((1 - p[-1]) * (ALIKE * alike + (1 - ALIKE) / 11))
        agree.append(top == label)
    slow = (np.mean(p) - np.mean(agree)) / (np.mean(p) - np.mean(q))
    assert share_by_agreement(cosines, labels) == pytest.approx(slow, abs=1e-6)


@pytest.mark.parametrize("wrong", [0.0, 0.1, 0.3, 0.6])
@pytest.mark.parametrize("classes", [10, 100])
def test_finds_the_share_where_the_model_holds(classes: int, wrong: float) -> None:
    cosines, labels = crawl(classes, wrong)
    found = wrong_share(cosines, labels, lists=False)
    assert found.estimate == pytest.approx(wrong, abs=0.05)
    assert found.low <= wrong <= found.high


def test_a_class_without_images_changes_nothing() -> None:
    cosines, labels = crawl(12, 0.2)
    masked = np.hstack([cosines, np.full((len(cosines), 3), MASKED)])
    assert share_by_agreement(masked, labels) == pytest.approx(share_by_agreement(cosines, labels))


def test_images_that_support_their_own_labels_are_judged_by_cosines_too() -> None:
    cosines, labels = crawl(12, 0.3)
    plain = wrong_share(cosines, labels, lists=False)
    cosines[np.arange(len(labels)), labels] += 0.1
    supported = wrong_share(cosines, labels, lists=False, influence=0.1)
    own = cosines[np.arange(len(labels)), labels]
    far = ((cosines.max(axis=1) - own > 0.35) | (own < 0.1)).mean()
    assert supported.estimate == pytest.approx(
        max(far, share_by_agreement(cosines, labels)), abs=1e-4
    )
    assert supported.high - supported.estimate > plain.high - plain.estimate


def test_with_few_classes_unlike_images_count_too() -> None:
    cosines, labels = crawl(3, 0.0)
    before = wrong_share(cosines, labels, lists=False)
    cosines[:1000] = 0.1
    after = wrong_share(cosines, labels, lists=False)
    assert after.estimate > before.estimate + 0.1
    assert after.high - after.low > 0.2


@pytest.mark.parametrize("wrong", [0.0, 0.1, 0.4])
def test_wrong_labels_of_lists_have_any_rank(wrong: float) -> None:
    rng = np.random.default_rng(1)
    cosines = rng.normal(0, 0.1, (5000, 40)).astype(np.float32)
    labels = rng.integers(0, 40, 5000)
    right = rng.random(5000) >= wrong
    cosines[np.flatnonzero(right), labels[right]] += 0.5
    cosines[np.arange(5000), (labels + 1) % 40] = MASKED
    found = wrong_share(cosines, labels, lists=True)
    assert found.estimate == pytest.approx(wrong, abs=0.03)


@pytest.mark.parametrize("lists", [False, True])
@pytest.mark.parametrize("rows", [0, 5])
def test_there_is_an_estimate_of_any_rows(rows: int, lists: bool) -> None:
    for classes in (1, 2, 30):
        cosines = np.zeros((rows, classes), np.float32)
        found = wrong_share(cosines, np.zeros(rows, np.int64), lists)
        assert 0 <= found.low <= found.estimate <= found.high <= 1
