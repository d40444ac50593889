import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.metrics import auroc, average_precision, f1_at_rate, precision_recall

ROWS = st.lists(st.tuples(st.booleans(), st.integers(0, 6)), min_size=2, max_size=40).filter(
    lambda rows: len({wrong for wrong, _ in rows}) == 2
)
Rows = list[tuple[bool, int]]


def arrays(rows: Rows) -> tuple[np.ndarray, np.ndarray]:
    wrong, score = zip(*rows, strict=True)
    return np.array(wrong), np.array(score, float)


@given(ROWS)
def test_auroc_is_the_chance_that_a_wrong_label_scores_below_a_right_one(rows: Rows) -> None:
    bad = [s for wrong, s in rows if wrong]
    good = [s for wrong, s in rows if not wrong]
    chances = [1.0 if b < g else 0.5 if b == g else 0.0 for b in bad for g in good]
    assert math.isclose(auroc(*arrays(rows)), sum(chances) / len(chances))


@given(ROWS)
def test_average_precision_is_its_sum_over_distinct_scores(rows: Rows) -> None:
    wrong_in_all = sum(wrong for wrong, _ in rows)
    total, recall = 0.0, 0.0
    for threshold in sorted({s for _, s in rows}):
        taken = [wrong for wrong, s in rows if s <= threshold]
        total += (sum(taken) / wrong_in_all - recall) * sum(taken) / len(taken)
        recall = sum(taken) / wrong_in_all
    assert math.isclose(average_precision(*arrays(rows)), total)


@given(ROWS, st.randoms())
def test_f1_at_the_true_rate_is_what_tied_rows_give_on_average(rows: Rows, random) -> None:  # type: ignore[no-untyped-def]
    wrong, score = arrays(rows)
    k = int(wrong.sum())
    last = sorted(score)[k - 1]
    sure, tied = wrong[score < last], wrong[score == last]
    expected = (sure.sum() + (k - len(sure)) * tied.mean()) / k
    assert math.isclose(f1_at_rate(wrong, score), expected)
    order = random.sample(range(len(rows)), len(rows))
    assert math.isclose(f1_at_rate(wrong[order], score[order]), expected)


def test_a_perfect_score_is_perfect_and_a_constant_one_knows_nothing() -> None:
    wrong = np.array([True, False, False, True, False])
    perfect = np.where(wrong, 0.1, 0.9)
    for measure in (auroc, average_precision, f1_at_rate):
        assert measure(wrong, perfect) == 1
    constant = np.ones(5)
    assert auroc(wrong, constant) == 0.5
    assert average_precision(wrong, constant) == pytest.approx(0.4)
    assert f1_at_rate(wrong, constant) == pytest.approx(0.4)


def test_precision_and_recall_of_a_flag() -> None:
    wrong = np.array([True, True, True, False])
    assert precision_recall(wrong, np.array([True, False, False, True])) == (1 / 2, 1 / 3)


def test_nothing_to_find_is_nan() -> None:
    nothing, score = np.zeros(3, bool), np.arange(3.0)
    assert math.isnan(auroc(nothing, score))
    assert math.isnan(auroc(~nothing, score))
    assert math.isnan(average_precision(nothing, score))
    assert math.isnan(f1_at_rate(nothing, score))
    assert all(math.isnan(value) for value in precision_recall(nothing, nothing))
