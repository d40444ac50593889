import numpy as np
import pytest

from prototypes.engine.blocks import unit_rows
from prototypes.engine.moments import add_up, constant
from prototypes.fit import clusters as module
from prototypes.fit.clusters import (
    Source,
    WeightedSample,
    cluster_centres,
    cluster_sums,
    fit_clusters,
    sample_block,
    sample_rates,
)
from tests.blocks import in_memory


def modes(rows: int, centres: np.ndarray, seed: int = 0) -> np.ndarray:
    """Rows around each of the centres (m, d) in turn."""
    noise = np.random.default_rng(seed).normal(size=(rows, centres.shape[1])) / 8
    return unit_rows(centres[np.arange(rows) % len(centres)] + noise)


AXES = np.eye(6, dtype=np.float32)


def ones(g: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return constant(g, labels, 1.0)


def fitted(g: np.ndarray, labels: np.ndarray, k: int, rows: int = 50) -> np.ndarray:
    """Prototypes (C, k, d) of classes that are plain means at first."""
    counts = np.bincount(labels).astype(float)
    v = np.stack([g[labels == c].mean(axis=0) for c in range(len(counts))])
    return fit_clusters([Source(in_memory(g, labels, rows), ones, counts)], v, k).reshape(
        len(v), k, -1
    )


def test_a_class_of_two_kinds_of_image_gets_two_prototypes_and_one_of_one_kind_one() -> None:
    g = np.vstack([modes(400, AXES[:2]), modes(12, AXES[2:4])])
    labels = np.repeat([0, 1], [400, 12])
    v = fitted(g, labels, 2)
    nearest = np.argmax(unit_rows(v[0]) @ AXES.T, axis=1)
    assert sorted(nearest) == [0, 1]
    for kind, prototype in zip(nearest, v[0], strict=True):
        assert np.allclose(prototype, g[:400][np.arange(400) % 2 == kind].mean(axis=0), atol=1e-4)
    assert np.array_equal(v[1, 0], v[1, 1])
    assert np.allclose(v[1, 0], g[400:].mean(axis=0), atol=1e-6)


@pytest.mark.parametrize("p", [1.0, 0.02])
def test_wrong_labels_that_are_alike_become_no_prototype(p: float) -> None:
    """A third of class 0 are images of class 1, whether or not consistency weighs them little."""
    g = np.vstack([modes(200, AXES[:1]), modes(100, AXES[1:2], 1), modes(300, AXES[1:2], 2)])
    labels = np.repeat([0, 0, 1], [200, 100, 300])
    weight = np.repeat([1.0, p, 1.0], [200, 100, 300]).astype(np.float32)
    v = np.stack([g[:200].mean(axis=0), g[300:].mean(axis=0)])
    centres = cluster_centres(WeightedSample(g, labels, weight), v, 3).reshape(2, 3, -1)
    assert (np.argmax(centres[0] @ AXES.T, axis=1) == 0).all()


@pytest.mark.parametrize("scale", [1e-34, 1e34])
def test_clusters_do_not_depend_on_the_scale_of_p(scale: float) -> None:
    g, labels = modes(200, AXES[:4]), np.arange(200) % 4 // 2
    v = np.stack([g[labels == c].mean(axis=0) for c in range(2)])
    p = 1 + np.arange(200, dtype=np.float32) % 3
    found, same = (
        cluster_centres(WeightedSample(g, labels, p * np.float32(by)), v, 2) for by in (scale, 1)
    )
    assert np.allclose(found, same, atol=1e-4)
    assert not np.allclose(found[0], found[1], atol=0.1)


def test_a_light_cluster_becomes_no_prototype() -> None:
    g = np.vstack([modes(200, AXES[:1]), modes(30, AXES[1:2], 1), modes(200, AXES[2:3], 2)])
    labels = np.repeat([0, 0, 1], [200, 30, 200])
    v = np.stack([g[:230].mean(axis=0), g[230:].mean(axis=0)])
    sample = WeightedSample(g, labels, np.ones(430, np.float32))
    assert np.array_equal(cluster_centres(sample, v, 2)[:2], v[[0, 0]])


def test_cluster_sums_are_those_of_the_rows_nearest_to_each_centre() -> None:
    rng = np.random.default_rng(0)
    g, labels = unit_rows(rng.normal(size=(90, 4))), rng.integers(-1, 3, 90)
    centres = rng.normal(size=(9, 4)).astype(np.float32)
    sums = add_up([cluster_sums(g, labels, ones, centres, 3)])
    slow = np.zeros((9, 4))
    for row, label in zip(g, labels, strict=True):
        if label >= 0:
            own = centres[label * 3 : label * 3 + 3]
            slow[label * 3 + np.argmin(((own - row) ** 2).sum(axis=1))] += row
    assert np.allclose(sums.total, slow, atol=1e-5)
    assert sums.weight.sum() == (labels >= 0).sum()


def test_the_sample_is_bounded_however_many_rows_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "SAMPLE_ROWS", 20)
    rng = np.random.default_rng(0)
    g, labels = unit_rows(rng.normal(size=(8000, 4))), np.repeat([0, 1], [7960, 40])
    rates = sample_rates(np.array([7960.0, 40.0, 0.0]), 4, 2)
    drawn = [
        sample_block(g[i : i + 500], labels[i : i + 500], ones, rates) for i in range(0, 8000, 500)
    ]
    taken = np.bincount(np.concatenate([sample.labels for sample in drawn]), minlength=2)
    assert taken[1] == 40
    assert 15 < taken[0] < 80
    monkeypatch.setattr(module, "SAMPLE_BYTES", 4 * 4 * 3 * 7)
    assert np.allclose(sample_rates(np.array([700.0, 70.0, 7.0]), 4, 2), [0.01, 0.1, 1])


def test_the_last_digits_which_depend_on_the_processor_draw_no_sample() -> None:
    g, labels = modes(400, AXES[:2]), np.arange(400) % 2
    rates = np.array([0.5, 0.1])
    found, same = (
        sample_block(some, labels, ones, rates).g for some in (g, g * np.float32(1 + 2e-7))
    )
    assert 0 < len(found) < 400
    assert np.allclose(found, same, atol=1e-5)


def test_the_same_blocks_give_the_same_prototypes() -> None:
    g, labels = modes(600, AXES[:4]), np.arange(600) % 2
    assert np.array_equal(fitted(g, labels, 3), fitted(g, labels, 3))
