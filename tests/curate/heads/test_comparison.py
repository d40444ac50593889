"""Which of several heads is the best on verified rows, and how the choice is judged."""

from dataclasses import replace

import numpy as np
import pytest

from curate.heads.choose import LEAST_COMPARED, LISTS, ONE_LABEL, candidates
from curate.heads.comparison import Comparison
from curate.heads.gains import HeldOut
from curate.heads.spec import head_class
from curate.heads.task import Task

FOLDS, ROWS = 5, 200
ONE, SEVERAL = Task(2), Task(4, several=True)
EVERY = np.ones(ROWS, bool)


def rows_of(right: np.ndarray) -> HeldOut:
    """Give rows of class 0, all given class 1, that a head calls class 0 where it is right (n,)."""
    n = len(right)
    given, true = np.eye(2, dtype=np.float32)[[[1] * n, [0] * n]]
    p = np.where(right[:, None], true, given)
    return HeldOut(given, p, true, np.arange(n) % FOLDS, given)


def compared(*right: np.ndarray) -> Comparison:
    return Comparison(ONE, {f"head {n}": rows_of(each) for n, each in enumerate(right)})


def first(share: float, rows: int = ROWS) -> np.ndarray:
    return np.arange(rows) < round(share * rows)


def test_the_best_is_chosen_where_it_is_better_by_more_than_an_error() -> None:
    assert compared(first(0.5), first(0.6)).chosen == "head 1"
    assert compared(first(0.6), first(0.5)).chosen == "head 0"
    assert compared(first(0.5), first(0.8), first(0.805)).chosen == "head 1"


def test_on_equality_and_within_an_error_the_first_is_chosen() -> None:
    assert compared(first(0.6), first(0.6)).chosen == "head 0"
    assert compared(first(0.5), first(0.505)).chosen == "head 0"
    assert compared(~first(0.5), first(0.55)).chosen == "head 0"
    assert compared(first(0.5, 0)).chosen == "head 0"


@pytest.mark.parametrize("seed", range(5))
def test_the_choice_is_that_of_mcnemars_test(seed: int) -> None:
    rng = np.random.default_rng(seed)
    right = rng.random((4, ROWS)) < rng.uniform(0.4, 0.6, (4, 1))
    best = max(range(4), key=lambda head: int(right[head].sum()))
    for head in range(4):
        more, fewer = (right[best] & ~right[head]).sum(), (right[head] & ~right[best]).sum()
        if more <= fewer or (more - fewer) ** 2 / (more + fewer) <= 1:
            assert compared(*right).chosen == f"head {head}"
            break


def test_lists_are_as_right_as_they_overlap() -> None:
    rng = np.random.default_rng(0)
    true = (rng.random((ROWS, 4)) < 0.5).astype(np.float32)
    half, folds = np.where(np.arange(4) < 2, true, 0), np.arange(ROWS) % FOLDS
    heads = {
        "half": HeldOut(true, half, true, folds, true),
        "all": HeldOut(true, true, true, folds, true),
    }
    found = Comparison(SEVERAL, heads)
    assert found.chosen == "all"
    size = np.maximum(true.sum(axis=1), 1)
    overlap = np.where(true.any(axis=1), half.sum(axis=1) / size, 1)
    np.testing.assert_allclose(found.right["half"], overlap)
    assert found.shares["all"].mean == 1


def test_the_rows_of_a_fold_have_no_part_in_how_they_are_judged() -> None:
    rng = np.random.default_rng(1)
    right = rng.random((3, ROWS)) < [[0.5], [0.55], [0.6]]
    before = compared(*right)
    for fold in range(FOLDS):
        here = np.arange(ROWS) % FOLDS == fold
        other = {
            name: replace(rows, true=np.where(here[:, None], rows.given, rows.true))
            for name, rows in before.held_out.items()
        }
        after = Comparison(ONE, other).judged()
        np.testing.assert_array_equal(after.p[here], before.judged().p[here])


def test_where_all_folds_agree_the_choice_is_judged_as_the_chosen_head_is() -> None:
    found = compared(first(0.2)[::-1], ~first(0.2))
    assert found.chosen == "head 1"
    expected = found.held_out["head 1"].guarded(ONE)
    np.testing.assert_array_equal(found.judged().p, expected.p)


def test_the_best_of_many_guesses_is_not_judged_as_if_it_were_better() -> None:
    greatest, judged = [], []
    for seed in range(60):
        right = np.random.default_rng(seed).random((20, 100)) < 0.5
        verdict = compared(*right).judged().verdict(ONE)
        assert verdict is not None
        greatest.append(right.mean(axis=1).max())
        judged.append(verdict.after.mean)
    assert np.mean(greatest) > 0.58
    assert np.mean(judged) == pytest.approx(0.5, abs=0.02)


def test_heads_are_compared_where_there_are_rows_to_compare_them_by() -> None:
    assert candidates(False, 0, False) == candidates(True, 500, True) == ("nmn",)
    for several, names in ((False, ONE_LABEL), (True, LISTS)):
        assert candidates(several, LEAST_COMPARED, False) == names
        assert candidates(several, LEAST_COMPARED - 1, False) == names[:1]
    assert all(head_class(name).several for name in LISTS)
