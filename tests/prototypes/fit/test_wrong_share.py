import numpy as np
import pytest

from prototypes.engine.pairs import MASKED
from prototypes.fit.wrong_share import (
    ABOVE,
    ALIKE,
    BELOW,
    CHANCE,
    CHANCE_ROWS,
    MOST_UNSEEN,
    OVERCONFIDENCE,
    PER_CLASS,
    RIGHT_TEMPERATURE,
    UNSEEN,
    Agreement,
    WrongShare,
    agreement,
    effective_classes,
    share_of_lists,
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
    assert agreement(cosines, labels).wrong == pytest.approx(slow, abs=1e-6)
    half = np.argsort(-np.array(p), kind="stable")[:150]
    slow = (np.array(p) - agree)[half].mean() / (np.array(p) - q)[half].mean()
    assert agreement(cosines, labels).of_surest == pytest.approx(slow, abs=1e-6)


@pytest.mark.parametrize("wrong", [0.0, 0.1, 0.3, 0.6])
@pytest.mark.parametrize("classes", [2, 10, 100])
def test_finds_the_share_where_the_model_holds(classes: int, wrong: float) -> None:
    cosines, labels = crawl(classes, wrong)
    found = agreement(cosines, labels)
    assert found.wrong == pytest.approx(wrong, abs=0.05)
    share = WrongShare.of(found, classes)
    assert share.low <= wrong <= share.high
    assert share.high - share.low < 0.3


def test_classes_of_equal_size_count_in_full_and_rare_ones_hardly() -> None:
    assert effective_classes(np.repeat([0, 3, 7], 5)) == pytest.approx(3)
    assert effective_classes(np.repeat([0, 1, 2], [500, 499, 1])) == pytest.approx(2, abs=0.03)
    assert effective_classes(np.zeros(0, np.int64)) == 1


def test_a_class_without_images_changes_nothing() -> None:
    cosines, labels = crawl(12, 0.2)
    masked = np.hstack([cosines, np.full((len(cosines), 3), MASKED)])
    found, plain = agreement(masked, labels), agreement(cosines, labels)
    assert found.wrong == pytest.approx(plain.wrong)
    assert found.of_surest == pytest.approx(plain.of_surest)


def test_wrong_labels_are_missed_where_only_unsure_images_disagree() -> None:
    cosines, labels = crawl(3, 0.0, rows=8000)
    cosines[4000:] *= 0.2
    labels[4000:] = np.random.default_rng(1).integers(0, 3, 4000)
    found = agreement(cosines, labels)
    assert found.wrong > found.of_surest + 0.02


def test_what_agreement_misses_widens_the_range() -> None:
    flat, steep = (WrongShare.of(Agreement(0.2, surest), 5) for surest in (0.2, 0.1))
    assert (flat.estimate, flat.low, flat.high) == pytest.approx((0.2, 0.2 - BELOW, 0.2 + ABOVE))
    missed = UNSEEN / 2 * 0.1
    assert steep.estimate == pytest.approx(0.2 + missed)
    assert steep.low == flat.low
    assert steep.high == pytest.approx(flat.high + MOST_UNSEEN * missed)
    assert WrongShare.of(Agreement(0.1, 0.2), 5) == flat


def test_few_images_widen_the_range_and_count_what_may_be_chance_less() -> None:
    sure, unsure = (WrongShare.of(Agreement(0.2, 0.15, error), 5) for error in (0.0, 0.05))
    assert unsure.low == pytest.approx(sure.low - CHANCE * 0.05)
    assert unsure.high == pytest.approx(sure.high + (CHANCE + UNSEEN / 4) * 0.05)
    assert unsure.estimate == pytest.approx(0.2 + UNSEEN / 2 * 0.05 / 2)


def test_the_sampling_error_is_that_of_fewer_than_500_images() -> None:
    cosines, labels = crawl(3, 0.2, rows=CHANCE_ROWS)
    found = agreement(cosines, labels)
    assert (found.error, found.misjudged) == (0, 0)
    errors = [agreement(cosines[:rows], labels[:rows]).error for rows in (400, 100, 25)]
    assert 0 < errors[0] < errors[1] < errors[2]


def test_few_images_may_be_misjudged() -> None:
    sure, unsure = (WrongShare.of(Agreement(0.4, 0.4, 0.0, part), 5) for part in (0.0, 0.1))
    assert unsure.low == pytest.approx(sure.low - 0.1)
    assert (unsure.estimate, unsure.high) == (sure.estimate, sure.high)


def test_ten_images_say_next_to_nothing() -> None:
    for seed in range(10):
        share = WrongShare.of(agreement(*crawl(2, 0.2, rows=10, seed=seed)), 2)
        assert share.low <= 0.2 <= share.high
        assert share.high - share.low > 0.3


@pytest.mark.parametrize("wrong", [0.0, 0.1, 0.4])
def test_wrong_labels_of_lists_have_any_rank(wrong: float) -> None:
    rng = np.random.default_rng(1)
    cosines = rng.normal(0, 0.1, (5000, 40)).astype(np.float32)
    labels = rng.integers(0, 40, 5000)
    right = rng.random(5000) >= wrong
    cosines[np.flatnonzero(right), labels[right]] += 0.5
    cosines[np.arange(5000), (labels + 1) % 40] = MASKED
    found = share_of_lists(cosines, labels)
    assert found.estimate == pytest.approx(wrong, abs=0.03)


@pytest.mark.parametrize("rows", [0, 5])
@pytest.mark.parametrize("classes", [1, 2, 30])
def test_there_is_an_estimate_of_any_rows(rows: int, classes: int) -> None:
    cosines, labels = np.zeros((rows, classes), np.float32), np.zeros(rows, np.int64)
    found = WrongShare.of(agreement(cosines, labels), classes)
    for share in (found, share_of_lists(cosines, labels)):
        assert 0 <= share.low <= share.estimate <= share.high <= 1
