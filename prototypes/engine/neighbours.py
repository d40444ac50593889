"""Nearest rows by cosine; the only module that imports FAISS, and only when it is first used."""

from functools import cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

ITERATIONS, STARTS, SEED = 20, 3, 1234
"""Of k-means: iterations, restarts (the best is kept), and the random seed."""
MOST_ON_GPU = 2048
"""Largest k that FAISS can search for on a GPU."""
Nearest = tuple[NDArray[np.float32], NDArray[np.int64]]


def nearest_prototypes(
    g: NDArray[np.float32], prototypes: NDArray[np.float32], k: int, gpu: bool = False
) -> Nearest:
    """Find the k nearest prototypes (C, d) of each row of g (n, d), nearest first.

    Returns cosines (n, k) and classes (n, k). Exact. Raises ValueError unless 1 ≤ k ≤ C.
    """
    return _search(g, prototypes, k, gpu)


def nearest_samples(g: NDArray[np.float32], samples: NDArray[np.float32], k: int) -> Nearest:
    """Find the k nearest samples (N, d) of each row of g (n, d), nearest first.

    Returns cosines (n, k) and rows of ``samples`` (n, k); a row that is among the samples finds
    itself. Exact. Raises ValueError unless 1 ≤ k ≤ N.
    """
    return _search(g, samples, k, False)


def k_means(
    rows: NDArray[np.float32], weights: NDArray[np.float32], k: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Cluster rows (m, d) with weights (m,) above 0 into k clusters by Euclidean distance.

    Returns the centres (k, d) and the cluster of each row (m,). The same input gives the same
    clusters. Runs on the CPU: the sample of a class has a few hundred rows, which are clustered
    before a GPU's memory would be set up. Raises ValueError unless 1 ≤ k ≤ m.
    """
    if not 1 <= k <= len(rows):
        raise ValueError(f"Asked for {k} clusters of {len(rows)} rows: ask for 1 to that many.")
    import faiss

    clustering = faiss.Kmeans(
        rows.shape[1],
        k,
        niter=ITERATIONS,
        nredo=STARTS,
        seed=SEED,
        min_points_per_centroid=1,
        max_points_per_centroid=len(rows),
    )
    clustering.train(rows, weights=np.ascontiguousarray(weights, np.float32))
    return np.array(clustering.centroids), clustering.assign(rows)[1]


def _search(queries: NDArray[np.float32], rows: NDArray[np.float32], k: int, gpu: bool) -> Nearest:
    if not 1 <= k <= len(rows):
        raise ValueError(
            f"Asked for {k} neighbours among {len(rows)} rows: ask for 1 to that many."
        )
    import faiss

    on_gpu = gpu and k <= MOST_ON_GPU and faiss.get_num_gpus() > 0
    search = partial(faiss.knn_gpu, _gpu_resources()) if on_gpu else faiss.knn
    cosines, found = search(
        np.ascontiguousarray(queries, np.float32),
        np.ascontiguousarray(rows, np.float32),
        k,
        metric=faiss.METRIC_INNER_PRODUCT,
    )
    return np.asarray(cosines), np.asarray(found)


@cache
def _gpu_resources() -> Any:
    """Allocate FAISS's scratch memory on the GPU, once per process."""
    import faiss

    return faiss.StandardGpuResources()
