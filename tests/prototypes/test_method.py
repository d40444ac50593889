import pickle
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prototypes.engine.blocks import EachBlock, labelled, unit_rows
from prototypes.engine.little_known import LEAST_IMAGES
from prototypes.fit.space import AdaptedSpace
from prototypes.method import (
    Options,
    Prototypes,
    Scores,
    adapted,
    fit_prototypes,
    fit_space,
    score_block,
)
from prototypes.score.weights import sample_weight
from tests.blocks import in_memory

DEFAULT = Options()


def crawl(
    n: int, classes: int, noise: float, d: int = 24, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features, given labels and which of them are wrong."""
    rng = np.random.default_rng(seed)
    true = rng.integers(0, classes, n)
    x = rng.normal(size=(n, d)) + 1.5 * rng.normal(size=(classes, d))[true]
    wrong = rng.random(n) < noise
    given_labels = np.where(wrong, (true + rng.integers(1, classes, n)) % classes, true)
    return x.astype(np.float16), given_labels, wrong


def fit(
    each: EachBlock, classes: int, graph: Any = None, options: Options = DEFAULT
) -> tuple[AdaptedSpace, Prototypes]:
    space = fit_space(each, classes)
    return space, fit_prototypes(adapted(each, space), classes, graph, options)


def scores(x: np.ndarray, y: np.ndarray, classes: int, graph: Any = None) -> Scores:
    space, prototypes = fit(in_memory(x, y), classes, graph)
    return score_block(space.transform(x), y, space, prototypes)


def auroc(wrong: np.ndarray, quality: np.ndarray) -> float:
    below = quality[wrong][:, None] < quality[~wrong][None]
    return float(below.mean())


@pytest.mark.parametrize("classes", [2, 3, 12])
def test_wrong_labels_get_low_quality_low_weight_and_a_better_suggestion(classes: int) -> None:
    x, y, wrong = crawl(2000, classes, 0.3)
    found = scores(x, y, classes, np.eye(classes))
    assert auroc(wrong, found.label.quality) > 0.97
    assert auroc(wrong, sample_weight(found.label.distance)) > 0.95
    assert found.label.issue.astype(bool)[wrong].mean() > 0.85
    assert abs(found.label.counted_wrong.mean() - 0.3) < 0.06
    assert (found.label.suggested != y)[wrong].mean() > 0.95


def test_a_graph_of_nan_is_no_graph() -> None:
    x, y, _ = crawl(300, 4, 0.2)
    none, unknown = scores(x, y, 4), scores(x, y, 4, np.full((4, 4), np.nan))
    assert np.allclose(none.label.quality, unknown.label.quality, atol=1e-3)


def test_any_number_of_workers_gives_the_same_bits() -> None:
    x, y, _ = crawl(900, 5, 0.2)
    blocks = [(x[i : i + 100], y[i : i + 100]) for i in range(0, 900, 100)]

    def threads(fn: Callable[..., Any], *beside: Iterable[Any]) -> Iterator[Any]:
        with ThreadPoolExecutor(3) as pool:
            yield from pool.map(lambda block, *known: fn(*block, *known), blocks, *beside)

    for options in (Options(), Options(per_class=3)):
        one, several = (
            fit(in_memory(x, y, 100), 5, None, options)[1],
            fit(threads, 5, None, options)[1],
        )
        assert np.array_equal(one.v, several.v)
        assert one.tau == several.tau


def test_what_a_worker_is_sent_can_be_pickled() -> None:
    x, y, _ = crawl(200, 3, 0.2)

    def pickled(fn: Callable[..., Any], *beside: Iterable[Any]) -> Iterator[Any]:
        yield pickle.loads(pickle.dumps(fn))(x, y, *(next(iter(known)) for known in beside))

    space, prototypes = fit(pickled, 3)
    score = partial(score_block, space=space, prototypes=prototypes)
    assert len(list(adapted(pickled, space)(score))) == 1
    options = Options(per_class=2, psi="l2", prototypes="constant", verified="only")
    verified = adapted(labelled(pickled), space)
    fit_prototypes(adapted(pickled, space), 3, None, options, verified)


def test_p_is_kept_for_every_row_that_weighed() -> None:
    x, y, _ = crawl(400, 4, 0.2)
    x[:5], y[5:9] = 0, -1
    space, prototypes = fit(in_memory(x, y, 90), 4, np.eye(4))
    g = space.transform(x)
    assert prototypes.p is not None
    assert np.isnan(prototypes.p[:9]).all()
    judged = prototypes.consistency(g, y)
    np.testing.assert_allclose(prototypes.p, judged, rtol=1e-4)
    some = np.where(np.arange(400) % 3, prototypes.p, np.float32(np.nan))
    for known in (None, prototypes.p, some):
        found = score_block(g, y, space, prototypes, known).consistency
        np.testing.assert_allclose(found, judged, rtol=1e-4)
    assert fit(in_memory(x, y), 4, None, Options(rounds=2))[1].p is None


def test_rows_without_label_or_features_change_no_other_row() -> None:
    x, y, _ = crawl(400, 4, 0.2)
    more_x, more_y = np.vstack([x, x[:9], np.zeros_like(x[:9])]), np.append(y, [-1] * 9 + [2] * 9)
    plain, more = scores(x, y, 4), scores(more_x, more_y, 4)
    assert np.allclose(plain.label.quality, more.label.quality[:400], atol=1e-4)
    assert np.isnan(more.label.quality[400:]).all()
    assert np.isnan(more.consistency[400:]).all()
    assert np.array_equal(plain.label.suggested[:9], more.label.suggested[400:409])


@given(st.integers(0, 10_000), st.integers(2, 9), st.integers(2, 40), st.integers(2, 20))
@settings(max_examples=60, deadline=None)
def test_no_crawl_however_small_gives_nan(seed: int, classes: int, n: int, d: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.choice([0.0, 0.5, 1.0], size=(n, d)) + rng.random((n, d)) / 100
    x[:2, :2] = np.eye(2)
    y = rng.integers(0, classes, n)
    y[:2] = 0, 1
    found = scores(x, y, classes)
    judged = np.bincount(y, minlength=classes)[y] >= LEAST_IMAGES
    values = [found.consistency, found.label.quality, found.label.distance]
    assert all(np.array_equal(np.isfinite(v), judged) for v in values)
    quality = found.label.quality[judged]
    assert ((quality >= 0) & (quality <= 1)).all()
    assert (sample_weight(found.label.distance) >= 0).all()


@pytest.mark.parametrize(("n", "classes"), [(600, 20), (400, 10), (2000, 40)])
def test_without_its_self_influence_a_sample_is_as_near_its_prototype_as_a_new_one(
    n: int, classes: int
) -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(0, classes, 2 * n)
    x = rng.normal(size=(2 * n, 100)) + 0.35 * rng.normal(size=(classes, 100))[y]
    space, prototypes = fit(in_memory(x[:n], y[:n]), classes)
    own = np.einsum("ij,ij->i", space.transform(x), unit_rows(prototypes.v)[y])
    seen, new = own[:n].mean(), own[n:].mean()
    assert seen - new > 0.05
    assert abs(seen - space.self_influence[y[:n]].mean() - new) < (seen - new) / 2


def test_constant_prototypes_are_the_plain_means_of_the_candidates() -> None:
    x, y, wrong = crawl(900, 5, 0.3)
    space, prototypes = fit(in_memory(x, y, 100), 5, None, Options(prototypes="constant"))
    g = space.transform(x)
    candidates = ~np.isnan(prototypes.chosen.weigh(g, y))
    assert 0.2 < candidates.mean() < 0.5
    assert wrong[candidates].mean() < 0.02
    means = np.array([g[candidates & (y == c)].mean(axis=0) for c in range(5)])
    np.testing.assert_allclose(prototypes.v, unit_rows(means), atol=1e-5)
    np.testing.assert_allclose(prototypes.v, prototypes.consistency.initial, atol=1e-6)


def test_a_candidate_alone_is_left_out_of_its_constant_prototype() -> None:
    x, y, _ = crawl(900, 5, 0.3)
    space, prototypes = fit(in_memory(x, y, 100), 5, None, Options(prototypes="constant"))
    g = space.transform(x)
    weight = prototypes.chosen.weigh(g, y)
    found = score_block(g, y, space, prototypes).label.distance
    for row in (*np.flatnonzero(weight == 1)[:3], *np.flatnonzero(np.isnan(weight))[:3]):
        others = (weight == 1) & (y == y[row]) & (np.arange(900) != row)
        away = np.linalg.norm(prototypes.v[y[row]] - g[row])
        mass = others.sum() + (weight[row] == 1)
        assert np.isclose(found[row], min(away * mass / others.sum(), 2), atol=1e-4)
