"""No head learns from a copy of a row that it judges."""

from types import SimpleNamespace

import numpy as np
import pytest

from curate.heads import folds as module
from curate.heads.cross_fit import folds_of
from curate.heads.folds import Folds
from prototypes.fit.rounds import FOLDS

ROWS = 60
X = np.random.default_rng(0).normal(size=(ROWS, 8)).astype(np.float16)
FIRST = np.where(np.arange(ROWS) < 30, np.arange(ROWS) % 10, np.arange(ROWS))
"""Thirty rows are three copies each of ten pictures."""


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    monkeypatch.setattr(module, "gathered_features", lambda *parts: (X[parts[-1]], None))
    return SimpleNamespace(shards=(), features=None, run_rows=np.arange(ROWS))


def test_copies_share_the_fold_of_the_first_and_other_rows_keep_theirs(work) -> None:
    rows = np.arange(ROWS)
    found = Folds(work, None, FIRST).of(rows, X)
    assert (found == found[FIRST]).all()
    alone = rows == FIRST
    assert (found[alone] == folds_of(X, None)[alone]).all()
    assert (Folds(work).of(rows, X) == folds_of(X, None)).all()
    learned = Folds(work).learned(rows, X)
    assert (learned == (folds_of(X, None)[:, None] != np.arange(FOLDS))).all()


@pytest.mark.parametrize("bag", [None, np.arange(ROWS) // 4])
def test_no_head_learns_from_a_copy_of_what_it_judges(work, bag) -> None:
    rows = np.arange(ROWS)
    folds = Folds(work, bag, FIRST)
    judged_by, learned = folds.of(rows, X), folds.learned(rows, X)
    for row in rows:
        assert not learned[FIRST[row] == FIRST, judged_by[row]].any()
    assert learned[rows == FIRST].any()


def test_a_placeholder_in_all_bags_is_learned_from_by_none(work) -> None:
    rows, bag = np.arange(ROWS), np.arange(ROWS) // 4
    first = np.where(rows % 4 == 0, 0, rows)
    learned = Folds(work, bag, first).learned(rows, X)
    assert not learned[rows % 4 == 0].any()
    assert (learned[rows % 4 != 0].sum(axis=1) == FOLDS - 1).all()
