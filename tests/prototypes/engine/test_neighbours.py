import faiss
import numpy as np
import pytest

from prototypes.engine import neighbours
from prototypes.engine.blocks import unit_rows
from prototypes.engine.neighbours import k_means, nearest_prototypes, nearest_samples


def test_neighbours_are_those_of_an_exhaustive_sort() -> None:
    rng = np.random.default_rng(0)
    rows = unit_rows(rng.normal(size=(300, 9)))
    cosines = rows @ rows[:50].T
    order = np.argsort(-cosines, axis=1)[:, :3]
    found, classes = nearest_prototypes(rows, rows[:50], 3)
    assert np.array_equal(classes, order)
    assert np.allclose(found, np.take_along_axis(cosines, order, axis=1), atol=1e-6)


def test_a_sample_finds_itself_first() -> None:
    rows = unit_rows(np.random.default_rng(1).normal(size=(40, 6)))
    assert np.array_equal(nearest_samples(rows, rows, 5)[1][:, 0], np.arange(40))


def test_no_queries_have_no_neighbours() -> None:
    assert nearest_prototypes(np.empty((0, 3), np.float32), np.eye(3), 2)[1].shape == (0, 2)


def test_more_neighbours_than_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="4 neighbours among 3 rows"):
        nearest_prototypes(np.eye(3, dtype=np.float32), np.eye(3, dtype=np.float32), 4)


def test_clusters_that_lie_apart_are_found_and_found_again() -> None:
    rng = np.random.default_rng(0)
    true = np.repeat([0, 1, 2], 40)
    rows = (5 * np.eye(3)[true] + rng.normal(size=(120, 3)) / 10).astype(np.float32)
    weights = rng.uniform(0.1, 400, 120).astype(np.float32)
    centres, cluster = k_means(rows, weights, 3)
    for c in range(3):
        own = cluster == cluster[40 * c]
        assert np.array_equal(own, true == c)
        mean = np.average(rows[own], axis=0, weights=weights[own])
        assert np.allclose(centres[cluster[40 * c]], mean, atol=1e-4)
    again = k_means(rows, weights, 3)
    assert np.array_equal(again[0], centres)
    assert np.array_equal(again[1], cluster)


def test_rows_that_are_all_the_same_are_cut_without_nan() -> None:
    rows = np.ones((9, 2), np.float32)
    assert np.isfinite(k_means(rows, np.ones(9, np.float32), 4)[0]).all()
    with pytest.raises(ValueError, match="10 clusters of 9 rows"):
        k_means(rows, np.ones(9, np.float32), 10)


def test_on_a_gpu_faiss_is_asked_to_search_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """There is none here: FAISS's own function for it is stood in for by the processor's."""
    asked = []

    def search(resources: object, *known: object, **options: object) -> object:
        asked.append(resources)
        return faiss.knn(*known, **options)

    neighbours._gpu_resources.cache_clear()
    monkeypatch.setattr(faiss, "get_num_gpus", lambda: 1)
    monkeypatch.setattr(faiss, "StandardGpuResources", lambda: "memory")
    monkeypatch.setattr(faiss, "knn_gpu", search)
    rows = unit_rows(np.random.default_rng(2).normal(size=(30, 5)))
    for gpu in (True, False):
        assert np.array_equal(nearest_prototypes(rows, rows, 2, gpu)[1][:, 0], np.arange(30))
    assert asked == ["memory"]
    neighbours._gpu_resources.cache_clear()
