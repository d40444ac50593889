from functools import partial

import numpy as np
import pytest

from prototypes.engine.blocks import unit_rows
from prototypes.engine.moments import ClassSums, constant
from prototypes.fit.rounds import FOLDS, CrossFitted, fold_of, fold_prototypes
from prototypes.method import fit_prototypes, passes
from prototypes.options import Options
from tests.blocks import in_memory


def rows(n: int, classes: int, d: int = 6, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = rng.integers(-1, classes, n)
    g = rng.normal(size=(n, d)) + rng.normal(size=(classes + 1, d))[labels]
    g[::17] = 0
    return unit_rows(g), labels


def weigh(g: np.ndarray, labels: np.ndarray) -> np.ndarray:
    p = 1 + np.abs(g[:, 0])
    return np.where((labels >= 0) & g.any(axis=1), p, np.nan).astype(np.float32)


def nothing_besides(crowd: ClassSums) -> ClassSums:
    return crowd


def test_folds_are_of_like_size_and_pictures_that_are_the_same_share_one() -> None:
    g, _ = rows(5000, 4)
    fold = fold_of(g[g.any(axis=1)])
    assert np.bincount(fold, minlength=FOLDS).min() > 800
    assert (fold_of(np.vstack([g, g]))[: len(g)] == fold_of(g)).all()


def test_the_last_digits_which_depend_on_the_processor_choose_no_fold() -> None:
    g, _ = rows(5000, 4, d=40)
    other = g * np.float32(1 + 2e-7)
    assert (other != g).any(axis=1).mean() > 0.9
    assert (fold_of(other) == fold_of(g)).mean() > 0.995


@pytest.mark.parametrize("block", [7, 1000])
def test_prototypes_of_the_other_folds_are_those_of_a_plain_loop(block: int) -> None:
    g, labels = rows(400, 3)
    before = np.ones((3, g.shape[1]), np.float32)
    found = fold_prototypes(in_memory(g, labels, block), weigh, before, nothing_besides)
    p, fold = weigh(g, labels), fold_of(g)
    assert found.shape == (FOLDS + 1, 3, g.shape[1])
    for k in range(FOLDS + 1):
        for c in range(3):
            chosen = (fold != k) & (labels == c) & ~np.isnan(p)
            mean = p[chosen] @ g[chosen]
            assert np.allclose(found[k, c], mean / np.linalg.norm(mean), atol=1e-5)


def test_a_class_of_one_row_keeps_what_it_had_where_that_row_is_left_out() -> None:
    g, labels = rows(60, 2)
    labels[labels == 1] = 0
    own = int(np.flatnonzero(g.any(axis=1))[0])
    labels[own] = 1
    before = unit_rows(np.ones((2, g.shape[1])))
    found = fold_prototypes(in_memory(g, labels), weigh, before, nothing_besides)
    kept = [bool((found[k, 1] == before[1]).all()) for k in range(FOLDS + 1)]
    assert [k for k, same in enumerate(kept) if same] == [fold_of(g[own : own + 1])[0]]


def test_a_row_is_judged_by_prototypes_that_its_label_has_not_made() -> None:
    g, labels = rows(200, 3)
    changed = labels.copy()
    changed[5] = (labels[5] + 1) % 3
    before = np.zeros((3, g.shape[1]), np.float32)
    one = fold_prototypes(in_memory(g, labels), weigh, before, nothing_besides)
    other = fold_prototypes(in_memory(g, changed), weigh, before, nothing_besides)
    own = fold_of(g[5:6])[0]
    assert (one[own] == other[own]).all()
    assert (one[:-1] != other[:-1]).any(axis=(1, 2)).sum() == FOLDS - 1


def test_each_fold_has_its_own_judge() -> None:
    g, labels = rows(300, 3)
    judge = CrossFitted(tuple(partial(constant, p=float(k)) for k in range(FOLDS)))
    p = judge(g, labels)
    known = (labels >= 0) & g.any(axis=1)
    assert (p[known] == fold_of(g)[known]).all()
    assert np.isnan(p[~known]).all()


def test_a_second_round_is_one_more_pass_and_moves_little_on_a_clear_crawl() -> None:
    g, labels = rows(3000, 5, seed=3)
    calls = []

    def each(fn, *beside):  # type: ignore[no-untyped-def]
        calls.append(fn)
        return in_memory(g, labels)(fn, *beside)

    options = Options(rounds=3)
    thrice = fit_prototypes(each, 5, options=options)
    assert len(calls) == passes(options) == passes(Options()) + 2
    once = fit_prototypes(in_memory(g, labels), 5)
    assert not np.array_equal(once.v, thrice.v)
    assert (np.sum(unit_rows(once.v) * unit_rows(thrice.v), axis=1) > 0.98).all()
