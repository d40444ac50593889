"""Nearest rows by cosine: the one place that knows FAISS."""

import faiss
import numpy as np
from numpy.typing import NDArray

Nearest = tuple[NDArray[np.float32], NDArray[np.int64]]


def nearest_prototypes(g: NDArray[np.float32], prototypes: NDArray[np.float32], k: int) -> Nearest:
    """Find for each row of g (n, d) the k nearest prototypes (C, d), nearest first.

    Returns cosines (n, k) and classes (n, k). Exact. Raises ValueError unless 1 ≤ k ≤ C.
    """
    return _search(g, prototypes, k)


def nearest_samples(g: NDArray[np.float32], samples: NDArray[np.float32], k: int) -> Nearest:
    """Find for each row of g (n, d) its k nearest among samples (N, d), nearest first.

    Returns cosines (n, k) and rows of ``samples`` (n, k); a row that is itself among the
    samples finds itself. Exact. Raises ValueError unless 1 ≤ k ≤ N.
    """
    return _search(g, samples, k)


def _search(queries: NDArray[np.float32], rows: NDArray[np.float32], k: int) -> Nearest:
    if not 1 <= k <= len(rows):
        raise ValueError(
            f"Asked for {k} neighbours among {len(rows)} rows: ask for 1 to that many."
        )
    cosines, found = faiss.knn(
        np.ascontiguousarray(queries, np.float32),
        np.ascontiguousarray(rows, np.float32),
        k,
        metric=faiss.METRIC_INNER_PRODUCT,
    )
    return cosines, found
