"""The products on a device of torch's are the processor's own, but for rounding."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prototypes.engine import confusion, rivals, torch_products
from prototypes.engine.blocks import unit_rows
from prototypes.engine.confusion import Confusion
from prototypes.engine.pairs import MASKED, own_labels
from prototypes.engine.products import HOST
from prototypes.engine.torch_products import TorchProducts
from prototypes.fit import confusion_fit
from prototypes.fit.confusion_fit import confusion_of
from prototypes.fit.relations import relations_of
from prototypes.method import adapted, fit_prototypes, fit_space, score_block
from prototypes.options import Options
from tests.blocks import in_memory

CPU = TorchProducts("cpu")
TAU = 0.2


def rows(rng: np.random.Generator, n: int, d: int = 12) -> np.ndarray:
    return unit_rows(rng.normal(size=(n, d)))


@pytest.fixture(autouse=True)
def _small_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch_products, "TILE", 64)
    monkeypatch.setattr(torch_products, "MOMENT_ROWS", 16)


def labels_of(rng: np.random.Generator, n: int, classes: int, several: bool) -> np.ndarray:
    return rng.integers(-1, classes, (n, 3) if several else n)


def some_confusion(rng: np.random.Generator, classes: int) -> Confusion:
    S = rng.random((classes, classes)).astype(np.float32)
    return confusion_of(relations_of(S, rows(rng, classes)), 0.3, 0.6)


def test_the_second_moment_and_the_adapted_rows_are_the_same() -> None:
    rng = np.random.default_rng(0)
    x, A, mean = rng.normal(size=(50, 20)), rng.normal(size=(20, 6)), rng.normal(size=20) / 9
    x[[3, 49]] = 0
    x, A, mean = (v.astype(np.float32) for v in (x, A, mean))
    assert np.allclose(CPU.second_moment(x), HOST.second_moment(x), rtol=1e-5, atol=1e-4)
    for features in (x, x.astype(np.float16)):
        g = CPU.adapt(features, mean, A)
        assert np.allclose(g, HOST.adapt(features, mean, A), atol=1e-5)
        assert not g[[3, 49]].any()


@given(st.integers(0, 10_000), st.integers(2, 40), st.integers(1, 3), st.booleans(), st.booleans())
@settings(max_examples=60, deadline=None)
def test_rivals_are_the_same(seed: int, classes: int, k: int, several: bool, related: bool) -> None:
    rng = np.random.default_rng(seed)
    g, P = rows(rng, 30), rows(rng, classes * k)
    labels = labels_of(rng, 30, classes, several)
    known = some_confusion(rng, classes) if related else None
    found, expected = (v.find_rivals(g, labels, P, TAU, known, k) for v in (CPU, HOST))
    assert np.array_equal(found.most_likely, expected.most_likely)
    labelled = own_labels(labels) >= 0
    assert np.allclose(found.own[labelled], expected.own[labelled], atol=1e-5)
    for name in ("cosine", "logit", "log_partition"):
        values, slow = getattr(found, name), getattr(expected, name)
        masked = slow < MASKED / 10
        assert np.array_equal(values < MASKED / 10, masked)
        assert np.allclose(values[~masked], slow[~masked], atol=1e-4)


def test_of_many_classes_only_the_likeliest_are_added(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (confusion, confusion_fit, rivals):
        monkeypatch.setattr(module, "CLASSES", 16)
    monkeypatch.setattr(confusion_fit, "MOST_RELATED", 5)
    rng = np.random.default_rng(4)
    g, P, labels = rows(rng, 30), rows(rng, 40), labels_of(rng, 30, 40, False)
    known = some_confusion(rng, 40)
    assert known.related.shape == (40, 5)
    found, expected = (v.find_rivals(g, labels, P, TAU, known, 1) for v in (CPU, HOST))
    assert np.array_equal(found.most_likely, expected.most_likely)
    assert np.allclose(found.log_partition, expected.log_partition, atol=1e-4)


@given(st.integers(0, 10_000), st.integers(2, 40), st.booleans())
@settings(max_examples=30, deadline=None)
def test_partitions_and_nearest_rivals_are_the_same(seed: int, classes: int, several: bool) -> None:
    rng = np.random.default_rng(seed)
    g, P, labels = rows(rng, 30), rows(rng, classes), labels_of(rng, 30, classes, several)
    found, expected = (v.log_partition(g, P, TAU) for v in (CPU, HOST))
    assert np.allclose(found, expected, atol=1e-5)
    margin, slow = (v.margin(g, labels, P) for v in (CPU, HOST))
    labelled = own_labels(labels) >= 0
    assert np.allclose(margin[labelled], slow[labelled], atol=1e-6)


@pytest.mark.parametrize("options", [Options(), Options(rounds=2), Options(psi="l2")])
def test_a_crawl_is_judged_the_same(options: Options) -> None:
    rng = np.random.default_rng(1)
    y = rng.integers(0, 6, 900)
    x = rng.normal(size=(900, 24)) + 1.2 * rng.normal(size=(6, 24))[y]
    each, graph = in_memory(x.astype(np.float32), y, 200), rng.random((6, 6)).astype(np.float32)
    space = fit_space(each, 6)
    g = space.transform(x)
    assert np.allclose(fit_space(each, 6, None, CPU).transform(x, CPU), g, atol=1e-3)
    found, expected = (
        score_block(g, y, space, prototypes, None, None, products)
        for products in (CPU, HOST)
        for prototypes in [fit_prototypes(adapted(each, space), 6, graph, options, None, products)]
    )
    # Classes so far apart say little about the temperature: last digits move it by a hundredth.
    assert np.allclose(found.label.quality, expected.label.quality, atol=5e-3)
    assert np.allclose(found.consistency, expected.consistency, rtol=1e-2)
    assert (found.label.suggested == expected.label.suggested).mean() > 0.99
